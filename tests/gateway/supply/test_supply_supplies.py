"""A supply is filled from the place's own measurements; where they say nothing, it says why and does not say go."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.gateway.supply.conftest import NOW_TS, Build, Town, question

from vigie_contract.messages import Channel
from vigie_dashboard.notices import SessionView, StaleCalendar
from vigie_gateway.capacity.answer import Unsaid
from vigie_gateway.capacity.judgement import Caution, Verdict
from vigie_gateway.capacity.supply import Basis, Capacity, Latency, Missing, Radio, Resource
from vigie_gateway.place.board import Board
from vigie_gateway.place.sessions import Agenda
from vigie_gateway.place.site import load_site
from vigie_gateway.store import Sample
from vigie_gateway.supply.supplies import Supplies

DAY_S = 86_400.0
HOUR_S = 3_600.0


def rooms_beside(town: Town, room: str = "salle") -> list[str]:
    asked = question(room)
    return [one.room for one in town.supplies.with_alternatives(town.supplies.at(asked), asked).alternatives]


def test_a_place_that_measures_everything_says_that_a_small_session_fits(town: Town) -> None:
    town.live_well()
    supply = town.supplies.at(question())
    assert isinstance(supply.download_bps, Capacity)
    assert (supply.download_bps.dependable, supply.download_bps.basis) == (200e6, Basis.MEASURED)
    assert isinstance(supply.devices, Capacity)
    assert supply.devices.usual == 55
    assert isinstance(supply.power_w, Capacity)
    assert supply.power_w.usual == 20 * 230 - 2 * 230
    assert isinstance(supply.radio, Radio)
    assert supply.radio.rssi_dbm == -55
    assert supply.radio.usual_busy == pytest.approx(0.1)
    assert isinstance(supply.latency, Latency)
    assert (supply.latency.usual.p50_ms, supply.latency.usual.p95_ms, supply.latency.usual.loss) == (12, 25, 0)
    assert supply.is_open
    assert rooms_beside(town) == ["atelier"]
    assert town.ask(question()).verdict is Verdict.GO


CALENDAR = """
[[calendars]]
id = "a"
name = "Agenda"
url = "http://calendar.example/feed.ics"
"""


def _without(channel: str) -> Callable[[Town], None]:
    return lambda town: town.live_well(without=channel)


def _asleep(town: Town) -> None:
    town.live_well(without="power-save")
    town.put("power-save", "power_save", 1.0)


def _counters_back(town: Town) -> None:
    town.live_well(without="busy")
    town.put("busy", "channel_utilisation", lambda _at_ts: None, reason="counter-back")


def _tests_refused(town: Town) -> None:
    town.live_well(without="up")
    town.put("up", "upload", lambda _at_ts: None, reason="inconclusive")


def _radio_gone(town: Town) -> None:
    town.live_well(without="busy")
    town.put("busy", "channel_utilisation", 0.1, until_ts=NOW_TS - 5 * 7 * 86_400)


def _never_heard(_town: Town) -> None:
    """A node that the site file names and that was never there."""


@pytest.mark.parametrize(
    ("live", "resource", "missing"),
    [
        (_without("busy"), Resource.AIRTIME, "no-sensor"),
        (_without("rssi"), Resource.AIRTIME, "no-sensor"),
        (_counters_back, Resource.AIRTIME, "counter-back"),
        (_radio_gone, Resource.AIRTIME, "silent"),
        (_asleep, Resource.LATENCY, "power-save"),
        (_never_heard, Resource.LATENCY, "no-sensor"),
    ],
)
def test_radio_that_was_not_measured_is_not_checked_says_why_and_forbids_a_go(
    town: Town, live: Callable[[Town], None], resource: Resource, missing: str
) -> None:
    live(town)
    answer = town.ask(question())
    gauge = next(one for one in answer.gauges if one.resource is resource)
    assert (gauge.verdict, gauge.missing) == (Verdict.NOT_CHECKED, missing)
    assert answer.verdict is Verdict.TIGHT
    assert Unsaid.NOT_CHECKED in answer.unsaid


@pytest.mark.parametrize(
    ("live", "resource", "caution"),
    [
        (lambda town: town.live_well(weeks=1), Resource.DOWNLOAD, Caution.FEW_DAYS),
        (_without("up"), Resource.UPLOAD, Caution.FEW_DAYS),
        (_tests_refused, Resource.UPLOAD, Caution.FEW_DAYS),
        (_without("stations"), Resource.DEVICES, Caution.ESTIMATED),
        (_without("c1"), Resource.POWER, Caution.ESTIMATED),
        (_without("main"), Resource.POWER, Caution.ESTIMATED),
    ],
)
def test_what_rests_on_a_promise_or_on_few_days_is_never_a_go(
    town: Town, live: Callable[[Town], None], resource: Resource, caution: Caution
) -> None:
    live(town)
    answer = town.ask(question())
    gauge = next(one for one in answer.gauges if one.resource is resource)
    assert gauge.verdict is Verdict.TIGHT
    assert caution in gauge.cautions
    assert answer.verdict is Verdict.TIGHT


@pytest.mark.parametrize(
    ("agenda", "why"),
    [
        (Agenda(), "calendar-starting"),
        (Agenda((), (StaleCalendar({"en": "Agenda"}, NOW_TS - 7200),), NOW_TS + 60 * DAY_S), "calendar-failed"),
        (Agenda((), (), NOW_TS + DAY_S), "calendar-ends"),
        (Agenda((), (), NOW_TS + 60 * DAY_S), None),
    ],
)
def test_a_calendar_that_does_not_tell_forbids_a_go(build: Build, agenda: Agenda, why: str | None) -> None:
    town = build(CALENDAR)
    town.live_well()
    town.board.agenda = agenda
    assert town.supplies.at(question()).unknown_calendar == why
    answer = town.ask(question())
    assert answer.verdict is (Verdict.GO if why is None else Verdict.TIGHT)
    assert (Unsaid.OTHERS_UNKNOWN in answer.unsaid) == (why is not None)
    assert answer.unknown_calendar == why


def test_hours_in_which_a_radio_slept_are_left_out_and_no_others(town: Town) -> None:
    town.live_well(without="local")
    town.put("power-save", "power_save", lambda at_ts: float(at_ts % DAY_S < DAY_S / 2))
    town.put("local-p50", "latency_p50", lambda at_ts: 400.0 if at_ts % DAY_S < DAY_S / 2 else 4.0)
    town.put("local-p95", "latency_p95", lambda at_ts: 900.0 if at_ts % DAY_S < DAY_S / 2 else 9.0)
    town.put("local-loss", "loss", 0.0)
    latency = town.supplies.at(question()).latency
    assert isinstance(latency, Latency)
    assert (latency.worst.p50_ms, latency.worst.p95_ms) == (12, 25)


def test_a_target_that_answers_no_probe_is_no_path(town: Town) -> None:
    town.live_well(without="local")
    for suffix in ("p50", "p95"):
        town.put(f"local-{suffix}", f"latency_{suffix}", lambda _at_ts: None)
    town.put("local-loss", "loss", 1.0)
    latency = town.supplies.at(question()).latency
    assert isinstance(latency, Latency)
    assert (latency.usual.p50_ms, latency.usual.loss) == (12, 0)


def test_two_tests_a_day_are_two_samples_a_day(town: Town) -> None:
    """A roll-up lets a reading of each half day speak for twelve hours; that would be a day full of tests."""
    town.live_well(without="down")
    series = town.store.register("n", [Channel("down", "download", DAY_S / 2)])["down"]
    town.store.commit([Sample(series.id, NOW_TS - number * DAY_S / 2, 90e6) for number in range(111, -1, -1)], {})
    download = town.supplies.at(question()).download_bps
    assert isinstance(download, Capacity)
    assert download.effective is not None
    assert download.effective < 112
    assert download.usual == 90e6


def _session(room: str, begins_ts: float, hours: float = 2, people: int | None = None) -> SessionView:
    return SessionView(room, "Talk", begins_ts, begins_ts + hours * HOUR_S, False, people, "web-write")


def _agenda(*sessions: SessionView) -> Agenda:
    return Agenda(sessions, (), NOW_TS + 60 * DAY_S)


def test_a_session_in_the_room_books_it_but_the_one_that_was_asked_about(build: Build) -> None:
    town = build(CALENDAR)
    town.live_well()
    asked = question()
    session = _session("salle", asked.starts_ts + HOUR_S)
    town.board.agenda = _agenda(session)
    assert town.supplies.at(asked).is_booked
    assert not town.supplies.at(asked, session=session).is_booked
    assert town.supplies.at(asked, session=session).others == ()


def test_a_session_elsewhere_takes_of_the_line_and_of_the_circuit_that_both_rooms_hang_on(build: Build) -> None:
    town = build(CALENDAR)
    town.live_well()
    asked = question()
    town.board.agenda = _agenda(_session("atelier", asked.starts_ts, people=9))
    (other,) = town.supplies.at(asked).others
    assert (other.people, other.activity) == (9, "web-write")
    assert other.shares == {Resource.DOWNLOAD, Resource.UPLOAD, Resource.ADDRESSES, Resource.POWER}
    assert rooms_beside(town) == []


def test_a_room_is_free_after_where_as_long_a_session_could_follow(build: Build) -> None:
    town = build(CALENDAR)
    asked = question(starts_ts=NOW_TS + DAY_S, ends_ts=NOW_TS + DAY_S + 2 * HOUR_S)
    town.board.agenda = _agenda()
    assert town.supplies.at(asked).is_free_after is True
    town.board.agenda = _agenda(_session("salle", asked.ends_ts + HOUR_S))
    assert town.supplies.at(asked).is_free_after is False
    town.board.agenda = Agenda((), (), asked.ends_ts)
    assert town.supplies.at(asked).is_free_after is None


def test_the_hours_of_the_sessions_before_are_not_taken_for_the_places_own(build: Build) -> None:
    """A weekly session of fifty devices is not told that fifty devices are always there."""
    town = build(CALENDAR)
    asked = question()
    weekly = [_session("salle", asked.starts_ts - week * 7 * DAY_S) for week in range(1, 9)]

    def stations(at_ts: float) -> float:
        return 55.0 if any(one.begins_ts < at_ts <= one.ends_ts + HOUR_S for one in weekly) else 5.0

    town.live_well(without="stations")
    town.put("stations", "stations", stations)
    town.board.agenda = _agenda()
    without = town.supplies.at(asked).devices
    town.board.agenda = _agenda(*weekly)
    devices = town.supplies.at(asked).devices
    assert isinstance(without, Capacity)
    assert isinstance(devices, Capacity)
    assert (without.dependable, devices.dependable) == (5, 55)


def test_a_room_closed_by_hand_or_out_of_hours_is_closed(town: Town) -> None:
    asked = question()
    assert town.supplies.at(asked).is_open
    assert not town.supplies.at(question(ends_ts=asked.starts_ts + 4 * HOUR_S)).is_open
    town.say("closed", "salle", 1, until_ts=asked.starts_ts - HOUR_S)
    assert town.supplies.at(asked).is_open
    town.clock.pass_time(60)
    town.say("closed", "salle", 1)
    assert not town.supplies.at(asked).is_open
    assert rooms_beside(town, "atelier") == []


def test_an_outlet_that_is_out_of_order_is_not_offered(town: Town) -> None:
    town.say("out_of_order", "p-3", 1)
    outlets = town.supplies.at(question()).outlets
    assert isinstance(outlets, Capacity)
    assert (outlets.dependable, outlets.basis) == (29, Basis.DECLARED)


def test_outlets_in_use_are_not_free(town: Town) -> None:
    town.put("q1", "in_use", 1.0)
    town.put("q2", "in_use", 0.0)
    outlets = town.supplies.at(question("atelier")).outlets
    assert isinstance(outlets, Capacity)
    assert (outlets.dependable, outlets.highest, outlets.basis) == (1, 1, Basis.MEASURED)


def test_seats_that_people_usually_sit_on_are_not_free(town: Town) -> None:
    """Ten come each morning at nine, and nobody is seen to leave before the place closes."""

    def came(at_ts: float) -> float:
        return 10.0 * ((at_ts - NOW_TS + 3 * HOUR_S) // DAY_S + 100)

    town.put("door-in", "people_in", came)
    town.put("door-out", "people_out", 0.0)
    supply = town.supplies.at(question())
    assert isinstance(supply.seats, Capacity)
    assert (supply.seats.usual, supply.seats.basis) == (30, Basis.MEASURED)


def test_addresses_that_the_router_still_gives_are_those_that_no_station_has(build: Build) -> None:
    town = build("addresses = 50")
    town.live_well()
    addresses = town.supplies.at(question()).addresses
    assert isinstance(addresses, Capacity)
    assert (addresses.dependable, addresses.basis) == (45, Basis.MEASURED)


def test_an_hour_later_the_new_hour_counts_and_late_readings_too(town: Town) -> None:
    town.live_well(without="down")
    town.put("down", "download", 50e6)
    before = town.supplies.at(question()).download_bps
    town.clock.pass_time(3 * HOUR_S)
    town.put("down", "download", 70e6, weeks=1)
    town.supplies.refresh()
    after = town.supplies.at(question()).download_bps
    assert isinstance(before, Capacity)
    assert isinstance(after, Capacity)
    assert (before.highest, after.highest) == (50e6, 70e6)


def test_a_place_without_lines_outlets_or_access_points_declares_none(build: Build, tmp_path: Path) -> None:
    town = build("")
    bare = tmp_path / "bare.toml"
    bare.write_text('id = "p"\nname = "P"\ntimezone = "Europe/Paris"\n[[rooms]]\nid = "salle"\nname = "H"\nseats = 4\n')
    site = load_site(bare)
    supply = Supplies(site, town.store, Board(site, town.clock), town.clock).at(question())
    nothing = Missing("not-declared")
    found = (supply.outlets, supply.power_w, supply.devices, supply.addresses, supply.download_bps, supply.upload_bps)
    assert found == (nothing,) * 6
    assert (supply.radio, supply.latency) == (Missing("no-sensor"), Missing("no-sensor"))
    assert supply.is_open


def test_another_room_shares_the_line_and_has_its_own_radio(town: Town) -> None:
    town.live_well()
    asked = question("atelier")
    supply = town.supplies.at(asked)
    (beside,) = town.supplies.with_alternatives(supply, asked).alternatives
    assert beside == town.supplies.at(question("salle"))
    assert beside.download_bps == supply.download_bps
    assert beside.radio != supply.radio
