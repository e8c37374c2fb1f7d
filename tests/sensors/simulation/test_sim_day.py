"""The simulated day: people never appear from nowhere, and every process lives the same one."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_sensors.simulation import place
from vigie_sensors.simulation.day import GAP_S, Day
from vigie_sensors.simulation.life import Life

TUESDAY = dt.date(2026, 11, 17)
ALL_ROOMS = ("hall", *place.ROOMS, *place.BOOTHS)
days = st.builds(
    lambda date, seed, is_eventful: Day(date, seed, is_eventful=is_eventful),
    st.dates(dt.date(2020, 1, 1), dt.date(2037, 12, 31)),
    st.integers(0, 2**31),
    st.booleans(),
)


@pytest.fixture(scope="module")
def tuesday() -> Day:
    return Day(TUESDAY, 1, is_eventful=True)


@given(days)
@settings(max_examples=40)
def test_no_room_ever_holds_fewer_than_none_or_more_than_its_seats(day: Day) -> None:
    for room in ALL_ROOMS:
        counts = [day.people(room, crossing.at_ts) for crossing in day.crossings]
        assert min(counts, default=0) >= 0
        if room in place.ROOMS:
            assert max(counts, default=0) <= place.ROOMS[room].seats
        if room in place.BOOTHS:
            assert max(counts, default=0) <= 1


@given(days)
@settings(max_examples=40)
def test_everybody_comes_after_opening_and_is_out_before_closing(day: Day) -> None:
    assert day.crossings
    assert day.at(place.OPENS_S / 3600) <= day.crossings[0].at_ts
    assert day.crossings[-1].at_ts < day.at(place.CLOSES_S / 3600)
    assert {room: day.people(room, day.ends_ts) for room in ALL_ROOMS} == dict.fromkeys(ALL_ROOMS, 0)


@given(days)
@settings(max_examples=40)
def test_two_people_are_never_in_one_door_at_once(day: Day) -> None:
    for door in (place.ENTRANCE, *place.ROOMS, *place.BOOTHS):
        times = [crossing.at_ts for crossing in day.crossings if crossing.door == door]
        assert all(later - earlier >= GAP_S - 0.02 for earlier, later in pairwise(times))


@given(days, st.floats(0, 86_399))
@settings(max_examples=40)
def test_what_follows_from_the_people_is_within_its_range(day: Day, second: float) -> None:
    at_ts = day.starts_ts + second
    assert all(0 <= day.amps(outlet, at_ts) < 10 for outlet in place.OUTLETS)
    assert 0 < day.apparent_power_va(at_ts) < place.SUBSCRIBED_VA
    for access_point in place.ACCESS_POINTS:
        stations, utilisation = day.radio_load(access_point, at_ts)
        assert stations >= 0
        assert 0 < utilisation < 1


def test_another_process_lives_the_same_day(tuesday: Day) -> None:
    code = (
        "import datetime as dt; from vigie_sensors.simulation.day import Day\n"
        "day = Day(dt.date(2026, 11, 17), 1, is_eventful=True)\n"
        "print(len(day.crossings), day.crossings[700], day.amps('p09', day.at(15)), day.booth_stays)"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    expected = f"{len(tuesday.crossings)} {tuesday.crossings[700]} {tuesday.amps('p09', tuesday.at(15))}"
    assert told == f"{expected} {tuesday.booth_stays}"


def test_days_of_another_seed_or_date_differ(tuesday: Day) -> None:
    assert Day(TUESDAY, 2, is_eventful=True).crossings != tuesday.crossings
    assert Day(TUESDAY + dt.timedelta(days=7), 1, is_eventful=True).crossings[5] != tuesday.crossings[5]


def test_the_session_fills_the_big_room_and_its_access_point_on_the_demo_s_day(tuesday: Day) -> None:
    for hour in (14.2, 14.42, 15.0, 15.7):
        assert tuesday.people("salle", tuesday.at(hour)) == place.ROOMS["salle"].seats
        stations, utilisation = tuesday.radio_load("borne-1", tuesday.at(hour))
        assert stations == 41
        assert utilisation == pytest.approx(0.8, abs=0.02)


@given(st.integers(0, 800))
@settings(max_examples=60)
def test_the_demo_s_beginning_shows_rooms_of_every_kind_on_any_tuesday(week: int) -> None:
    tuesday = Day(TUESDAY + dt.timedelta(weeks=week), 1, is_eventful=True)
    now_ts = tuesday.at(14 + 25 / 60)
    free = {room: found.seats - tuesday.people(room, now_ts) for room, found in place.ROOMS.items()}
    assert free["salle"] == 0
    assert 0 < free["atelier"] <= 2
    assert free["biblio"] >= 4
    assert free["cafe"] >= 4
    assert (tuesday.people("cabine-1", now_ts), tuesday.people("cabine-2", now_ts)) == (1, 0)
    assert not tuesday.has_mains("c4", now_ts)
    assert tuesday.is_deaf("mezzanine", now_ts)


def test_at_noon_people_go_from_their_desks_to_the_cafe(tuesday: Day) -> None:
    work, meal = tuesday.at(11.75), tuesday.at(12.75)
    assert tuesday.people("atelier", meal) < tuesday.people("atelier", work)
    assert tuesday.people("cafe", meal) > tuesday.people("cafe", work)


def test_the_cafe_s_circuit_trips_under_its_kettle_and_comes_back(tuesday: Day) -> None:
    cafe = [outlet for outlet, found in place.OUTLETS.items() if found.circuit == "c4"]
    before, during, after = tuesday.at(13.66), tuesday.at(14.0), tuesday.at(14.7)
    assert [tuesday.has_mains("c4", at_ts) for at_ts in (before, during, after)] == [True, False, True]
    assert sum(tuesday.amps(outlet, before) for outlet in cafe) > 9.4
    assert {tuesday.amps(outlet, during) for outlet in cafe} == {0.0}
    assert all(tuesday.has_mains(circuit, during) for circuit in ("c1", "c2", "c3"))


def test_nothing_breaks_on_a_calm_day() -> None:
    calm = Day(TUESDAY, 1, is_eventful=False)
    hours = [calm.at(quarter / 4) for quarter in range(96)]
    assert calm.events_ts == ()
    assert all(calm.has_mains("c4", at_ts) and not calm.is_deaf("mezzanine", at_ts) for at_ts in hours)


def test_a_weekend_is_quieter_than_a_weekday() -> None:
    sunday = Day(TUESDAY - dt.timedelta(days=2), 1, is_eventful=False)
    assert len(sunday.crossings) < len(Day(TUESDAY, 1, is_eventful=False).crossings) * 0.7


@pytest.mark.parametrize("date", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_opening_is_at_eight_by_the_wall_when_summer_time_begins_or_ends(date: dt.date) -> None:
    day = Day(date, 1, is_eventful=False)
    assert day.ends_ts - day.starts_ts != 86_400
    assert day.at(8) - day.starts_ts in (7 * 3600, 9 * 3600)


def test_eternal_counters_go_on_over_midnight_and_never_back() -> None:
    life = Life(1, TUESDAY - dt.timedelta(days=3), TUESDAY)
    start_ts = life.day(TUESDAY - dt.timedelta(days=2)).starts_ts
    times = [start_ts + 1800 * step for step in range(96)]
    passages = [life.passages("entree", at_ts) for at_ts in times]
    assert all(a <= c and b <= d for (a, b), (c, d) in pairwise(passages))
    assert passages[0][0] == passages[0][1] > 0
    energy_wh = [life.energy_wh(at_ts) for at_ts in times]
    assert all(0 < later - earlier < 4_500 for earlier, later in pairwise(energy_wh))
