"""Today's curve against a usual day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import pytest

from vigie_gateway.place.day import CounterPair, Days, Flow, accumulate
from vigie_gateway.place.hours import Hours, Span
from vigie_gateway.store import Correction, Store

PARIS = ZoneInfo("Europe/Paris")
TUESDAY = datetime(2026, 11, 24, 8, tzinfo=PARIS)
HOURS = Hours(((Span(480, 720),),) * 7)
"""Eight to noon: seventeen points of a quarter of an hour."""


class Keeper(Store, Protocol):
    """The store of the tests, which can be filled."""

    def put(self, name: str, quantity: str, readings: Mapping[float, float | None], period_s: float = 60) -> None: ...


def _keep(store: Keeper, days: Mapping[int, float]) -> CounterPair:
    """So many days ago so many came in at nine; both counters are heard each quarter of an hour."""
    came_in: dict[float, float | None] = {}
    went_out: dict[float, float | None] = {}
    total = 0.0
    for ago in sorted(days, reverse=True):
        opens = TUESDAY - timedelta(days=ago)
        opens_ts = datetime(opens.year, opens.month, opens.day, 8, tzinfo=PARIS).timestamp()
        for quarter in range(17):
            total += days[ago] if quarter == 4 else 0
            came_in[opens_ts + quarter * 900] = total
            went_out[opens_ts + quarter * 900] = 0
    store.put("n.in", "people_in", came_in, 900)
    store.put("n.out", "people_out", went_out, 900)
    ids = {series.name: series.id for series in store.series()}
    return CounterPair(ids["n.in"], ids["n.out"])


def _at(hour: int, minute: int = 0) -> float:
    return TUESDAY.replace(hour=hour, minute=minute).timestamp()


def test_today_goes_from_the_opening_to_the_last_whole_step(store: Keeper) -> None:
    doors = [_keep(store, {0: 5})]
    curve = Days(HOURS, PARIS).curve(store, doors, _at(9, 40))
    assert curve is not None
    assert (curve.opens_ts, curve.closes_ts, curve.step_s) == (_at(8), _at(12), 900)
    assert list(curve.people) == [0, 0, 0, 0, 5, 5, 5]
    assert (curve.usual, curve.like) == ((), None)


def test_what_somebody_counted_moves_the_whole_place_by_as_many(store: Keeper) -> None:
    doors = [_keep(store, {0: 5})]
    said = (
        ("hall", _at(9, 20), 9, 5),
        ("hall", _at(9, 25), 7, 9),
        ("booth", _at(9, 20), 1, 0),
        ("hall", _at(9), 3, None),
    )
    for room, at_ts, people, was in said:
        store.commit([], {}, (), [Correction("people", room, people, was, "", "lou", at_ts)])
    curve = Days(HOURS, PARIS, {"hall"}).curve(store, doors, _at(9, 46))
    assert curve is not None
    assert list(curve.people) == [0, 0, 0, 0, 5, 5, 7, 7]


def test_the_usual_day_is_the_median_of_the_same_weekday(store: Keeper) -> None:
    doors = [_keep(store, {7: 10, 14: 30, 21: 12, 1: 99})]
    curve = Days(HOURS, PARIS).curve(store, doors, _at(8))
    assert curve is not None
    assert curve.like == "weekday"
    assert len(curve.usual) == 17
    assert curve.usual[0] == 0
    assert curve.usual[-1] == 12


def test_with_one_like_weekday_other_working_days_stand_in_and_week_ends_do_not(store: Keeper) -> None:
    doors = [_keep(store, {7: 10, 1: 20, 2: 500, 3: 500})]  # Tuesday, Monday, and a week-end
    curve = Days(HOURS, PARIS).curve(store, doors, _at(8))
    assert curve is not None
    assert (curve.like, curve.usual[-1]) == ("kind", 15)


def test_a_usual_day_that_comes_in_late_is_found(store: Keeper) -> None:
    doors = [_keep(store, {0: 5})]
    days = Days(HOURS, PARIS)
    first = days.curve(store, doors, _at(9))
    assert first is not None
    assert first.like is None
    _keep(store, {7: 10, 14: 30, 0: 5})
    later = days.curve(store, doors, _at(9, 1))
    assert later is not None
    assert later.like == "weekday"


def test_without_any_history_there_is_no_curve(store: Keeper) -> None:
    store.put("n.in", "people_in", {})
    store.put("n.out", "people_out", {})
    assert Days(HOURS, PARIS).curve(store, [CounterPair(1, 2)], _at(9)) is None
    assert Days(HOURS, PARIS).curve(store, [], _at(9)) is None


def test_what_was_not_measured_is_unknown_and_not_zero(store: Keeper) -> None:
    store.put("n.in", "people_in", {_at(8): 0, _at(8, 15): 2, _at(9): 6}, 900)
    store.put("n.out", "people_out", {_at(8): 0, _at(8, 15): 0, _at(9): 0}, 900)
    curve = Days(HOURS, PARIS).curve(store, [CounterPair(1, 2)], _at(9, 20))
    assert curve is not None
    assert list(curve.people) == [0, 2, None, None, 6, None]


def test_before_the_opening_today_has_no_point_and_the_usual_day_is_there(store: Keeper) -> None:
    doors = [_keep(store, {7: 10, 14: 30})]
    curve = Days(HOURS, PARIS).curve(store, doors, _at(7))
    assert curve is not None
    assert curve.people == ()
    assert curve.like == "weekday"


@pytest.mark.parametrize(("day", "points"), [((2026, 3, 29), 23 * 4), ((2026, 10, 25), 25 * 4)])
def test_without_hours_a_day_has_the_quarters_that_the_calendar_gives_it(
    store: Keeper, day: tuple[int, int, int], points: int
) -> None:
    midnight_ts = datetime(*day, tzinfo=PARIS).timestamp()
    readings: dict[float, float | None] = {midnight_ts + quarter * 900: quarter for quarter in range(points + 1)}
    store.put("n.in", "people_in", readings, 900)
    store.put("n.out", "people_out", dict.fromkeys(readings, 0.0), 900)
    curve = Days(None, PARIS).curve(store, [CounterPair(1, 2)], midnight_ts + points * 900 - 1)
    assert curve is not None
    assert curve.closes_ts - curve.opens_ts == points * 900
    assert len(curve.people) == points
    four_ts = datetime(*day, 4, tzinfo=PARIS).timestamp()
    four = round((four_ts - midnight_ts) / 900)
    assert curve.people[four + 1] == 1, "everybody has gone at four, and one came in since"


@pytest.mark.parametrize("change", [datetime(2026, 3, 29, tzinfo=PARIS), datetime(2026, 10, 25, tzinfo=PARIS)])
def test_the_usual_day_keeps_its_hours_on_a_day_of_23_or_25_hours(store: Keeper, change: datetime) -> None:
    """One person comes at nine each Sunday, by the clock on the wall: so says the usual day at nine."""
    came_in: dict[float, float | None] = {}
    for week in (3, 2, 1):
        midnight = change - timedelta(weeks=week)
        nine_ts = midnight.replace(hour=9).timestamp()
        came_in |= {
            at_ts: 3 - week + (at_ts > nine_ts)
            for at_ts in (midnight.timestamp() + quarter * 900 for quarter in range(97))
        }
    store.put("n.in", "people_in", came_in, 900)
    store.put("n.out", "people_out", dict.fromkeys(came_in, 0.0), 900)
    curve = Days(None, PARIS).curve(store, [CounterPair(1, 2)], change.replace(hour=12).timestamp())
    assert curve is not None
    assert curve.like == "weekday"
    by_hour = {
        datetime.fromtimestamp(curve.opens_ts + index * 900, PARIS).strftime("%H:%M"): value
        for index, value in enumerate(curve.usual)
    }
    assert (by_hour["09:00"], by_hour["09:15"], by_hour["01:00"], by_hour["22:00"]) == (0, 1, 0, 1)


def test_adding_up_never_goes_below_zero_and_starts_anew_at_a_reset() -> None:
    flow = Flow([10, 20, 30, 40, 50, 60], [2.0, -5.0, 3.0, 4.0, 5.0, 1.0], [1.0, 1.0, 1.0, 1.0, 0.0, 1.0])
    assert accumulate(1, flow, 0, [35]) == [3, 0, 3, 0, None, 6]
    assert accumulate(1, flow, 0, [30]) == [3, 0, 3, 4, None, 10]
