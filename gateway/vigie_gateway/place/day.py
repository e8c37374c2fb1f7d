"""People over a day: what the door counters stored, added up from the last reset on; and what is usual.

Reads the store's histories, and nothing else: the board calls it each minute on a thread that may take long.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from vigie_dashboard.view import DayCurve
from vigie_gateway.place.corrections import PEOPLE
from vigie_gateway.place.hours import (
    MINUTES_A_DAY,
    Hours,
    day_bounds,
    last_reset,
    local_date,
    local_ts,
    openings_of,
    resets_between,
)
from vigie_gateway.store import Store

STEP_S = 900.0
"""Between two points of a curve. Finer is more than a hand's breadth on a screen shows; coarser hides a lunch break."""
LIKE_WEEKS = 8
"""How far back the same weekday is looked for. Fewer follows one odd week; more remembers another season."""
LIKE_DAYS = 8
"""How many days of the same kind are enough where the same weekday is not on record twice."""
USUAL_S = 600.0
"""How long the usual day is remembered: past days still change while nodes send what they kept. Lower reads eight
days of history each minute; higher shows for longer what was true before."""
LEAST_DAYS = 2
"""Like days that make a usual one: one day is an anecdote."""
LEAST_MEASURED = 0.5
"""Share of a day's points that must be measured for it to count as a day."""
SATURDAY = 5


class CounterPair(NamedTuple):
    """One door, by its stored series: ``inward`` adds people, ``outward`` takes them away."""

    inward: int
    outward: int


class Flow(NamedTuple):
    """Net flow through some doors, one entry an interval.

    ``net`` is what is known to have come in less what went out; ``coverage`` is 0 where a door was not measured, so
    that ``net`` may miss people who are only heard of later.
    """

    ends_ts: list[float]
    net: list[float]
    coverage: list[float]


def net_flow(store: Store, doors: Iterable[CounterPair], from_ts: float, to_ts: float, points: int) -> Flow:
    """People who came in less those who went out, by equal intervals; unmeasured where any of the doors is."""
    width_s = (to_ts - from_ts) / points
    flow = Flow([from_ts + width_s * (index + 1) for index in range(points)], [0.0] * points, [1.0] * points)
    for door in doors:
        for series, sign in ((door.inward, 1), (door.outward, -1)):
            by_index = {
                round((point.at_ts - from_ts) / width_s) - 1: point
                for point in store.history(series, from_ts, to_ts, points)
            }
            for index in range(points):
                point = by_index.get(index)
                if point is None or point.mean is None:
                    flow.coverage[index] = 0.0
                else:
                    flow.net[index] += sign * point.mean
                    flow.coverage[index] = min(flow.coverage[index], point.coverage)
    return flow


def counted_on(store: Store, doors: Sequence[CounterPair], people: float, from_ts: float, to_ts: float) -> float:
    """How many are in at ``to_ts``, of ``people`` who were in at ``from_ts``; never negative."""
    if to_ts <= from_ts:
        return people
    # By quarters of an hour: one interval of more than a day would come from a roll-up of whole UTC days.
    points = max(1, round((to_ts - from_ts) / STEP_S))
    return max(0.0, people + sum(net_flow(store, doors, from_ts, to_ts, points).net))


def accumulate(
    base: float, flow: Flow, from_ts: float, resets: Sequence[float], said: Mapping[int, float] | None = None
) -> list[float | None]:
    """People at the end of each interval: never negative, from zero after each reset, None where not measured.

    An interval that ends with a reset still shows who was there; in one that holds a reset nobody is left. ``said``
    has, by the index of an interval, how many were in at its end because somebody had counted them within it.
    """
    said = said or {}
    people: list[float | None] = []
    running = max(0.0, base)
    begin_ts = from_ts
    resets = sorted(resets)
    for index, (end_ts, net, coverage) in enumerate(zip(flow.ends_ts, flow.net, flow.coverage, strict=True)):
        first, end = bisect_left(resets, begin_ts), bisect_left(resets, end_ts)
        if first < end and resets[first] == begin_ts:
            running = 0.0
            first += 1
        running = 0.0 if first < end else max(0.0, running + net)
        running = said.get(index, running)
        people.append(running if coverage > 0 or index in said else None)
        begin_ts = end_ts
    return people


class Days:
    """The curves of one place; remembers the usual day for a while."""

    def __init__(self, hours: Hours | None, zone: ZoneInfo, counted: Collection[str] = ()) -> None:
        """Know the place; what somebody said of a room is added up for the ``counted`` ones."""
        self._counted = counted
        self._hours = hours
        self._zone = zone
        self._usual_of: tuple[date, int] | None = None
        self._usual_until_ts = 0.0
        self._usual: tuple[tuple[float | None, ...], str | None] = ((), None)

    def curve(self, store: Store, doors: Sequence[CounterPair], now_ts: float) -> DayCurve | None:
        """Today against a usual day; None while nothing at all was ever measured."""
        if not doors:
            return None
        today = local_date(self._zone, now_ts)
        bounds = day_bounds(self._hours, self._zone, today)
        points = max(1, round((bounds.closes_ts - bounds.opens_ts) / STEP_S))
        done = min(points, int((now_ts - bounds.opens_ts) // STEP_S)) if now_ts >= bounds.opens_ts else -1
        people = self._people(store, doors, bounds.opens_ts, done) if done >= 0 else ()
        if self._usual_of != (today, points) or self._usual[1] is None or now_ts >= self._usual_until_ts:
            self._usual = self._find_usual(store, doors, today, points)
            self._usual_of = (today, points)
            self._usual_until_ts = now_ts + USUAL_S
        usual, like = self._usual
        if like is None and all(one is None for one in people):
            return None
        return DayCurve(bounds.opens_ts, bounds.closes_ts, STEP_S, people, usual, like)

    def forget(self) -> None:
        """Look for the usual day anew, after late readings have changed the past."""
        self._usual_of = None

    def base(self, store: Store, doors: Sequence[CounterPair], at_ts: float) -> float:
        """People in at a time, counted from the last reset; 0 where nothing was measured since."""
        reset_ts = last_reset(self._hours, self._zone, at_ts)
        if reset_ts >= at_ts:
            return 0.0
        said = sum(change for _, change in self._changes(store, reset_ts, at_ts))
        return max(0.0, counted_on(store, doors, 0.0, reset_ts, at_ts) + said)

    def _changes(self, store: Store, from_ts: float, to_ts: float) -> list[tuple[float, float]]:
        """By how many people somebody corrected the whole place, and when."""
        return [
            (one.at_ts, one.value - one.was)
            for one in store.corrections.between(PEOPLE, from_ts, to_ts)
            if one.subject in self._counted and one.was is not None
        ]

    def _people(
        self, store: Store, doors: Sequence[CounterPair], from_ts: float, points: int
    ) -> tuple[float | None, ...]:
        """At ``from_ts`` and at the end of each of the steps that follow."""
        base = self.base(store, doors, from_ts)
        if points == 0:
            return (base,)
        to_ts = from_ts + points * STEP_S
        flow = net_flow(store, doors, from_ts, to_ts, points)
        for at_ts, change in self._changes(store, from_ts, to_ts):
            flow.net[min(bisect_left(flow.ends_ts, at_ts), points - 1)] += change
        people = accumulate(base, flow, from_ts, resets_between(self._hours, self._zone, from_ts, to_ts))
        # Nothing is known at the opening where nothing is known just after it, either.
        return (base if flow.coverage[0] > 0 else None, *people)

    def _find_usual(
        self, store: Store, doors: Sequence[CounterPair], today: date, points: int
    ) -> tuple[tuple[float | None, ...], str | None]:
        same = [today - timedelta(weeks=week) for week in range(1, LIKE_WEEKS + 1)]
        is_weekend = today.weekday() >= SATURDAY
        before = (today - timedelta(days=day) for day in range(1, 7 * LIKE_WEEKS))
        kind = [day for day in before if (day.weekday() >= SATURDAY) == is_weekend]
        for days, like, enough in ((same, "weekday", LIKE_WEEKS), (kind, "kind", LIKE_DAYS)):
            curves = self._measured(store, doors, today, points, days, enough)
            if len(curves) >= LEAST_DAYS:
                return tuple(_middle(values) for values in zip(*curves, strict=True)), like
        return (), None

    def _by_wall_clock(
        self, curve: tuple[float | None, ...], start_ts: float, today_ts: float
    ) -> tuple[float | None, ...]:
        """A curve from ``start_ts`` put under the hours of today's from ``today_ts``: the same, but for 23 or 25 hours.

        A time of today that the other day did not have, or did not reach, is unknown.
        """
        zone = self._zone
        begin_s, today_s = _wall_s(zone, start_ts), _wall_s(zone, today_ts)
        by_wall = {
            round(_wall_s(zone, start_ts + index * STEP_S) - begin_s): value for index, value in enumerate(curve)
        }
        walls = (round(_wall_s(zone, today_ts + index * STEP_S) - today_s) for index in range(len(curve)))
        return tuple(by_wall.get(wall) for wall in walls)

    def _measured(
        self,
        store: Store,
        doors: Sequence[CounterPair],
        today: date,
        points: int,
        days: Iterable[date],
        enough: int,
    ) -> list[tuple[float | None, ...]]:
        curves: list[tuple[float | None, ...]] = []
        bounds = day_bounds(self._hours, self._zone, today)
        minutes = round((bounds.opens_ts - local_ts(self._zone, today, 0)) / 60)
        if self._hours is None:
            minutes = 0
        for day in days:
            if self._hours is not None and not openings_of(self._hours, self._zone, day):
                continue
            start_ts = local_ts(self._zone, day, minutes % MINUTES_A_DAY)
            curve = self._by_wall_clock(self._people(store, doors, start_ts, points), start_ts, bounds.opens_ts)
            if sum(one is not None for one in curve) >= LEAST_MEASURED * len(curve):
                curves.append(curve)
            if len(curves) == enough:
                break
        return curves


def _wall_s(zone: ZoneInfo, at_ts: float) -> float:
    """What the clock on the wall shows, as seconds that have no zone."""
    return datetime.fromtimestamp(at_ts, UTC).astimezone(zone).replace(tzinfo=UTC).timestamp()


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(median(known)) if known else None
