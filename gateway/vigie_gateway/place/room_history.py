"""A room's history page: people, outlets in use, power, latency and stations, as far as the room has them.

Reads the store for long; called by the API on a worker thread, without any lock.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence

from vigie_dashboard.history_view import HistorySeries
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.place.cells import Cell
from vigie_gateway.place.circuits import MAINS_V
from vigie_gateway.place.corrections import PEOPLE
from vigie_gateway.place.day import CounterPair, Days, Flow, accumulate, counted_on, net_flow
from vigie_gateway.place.hours import last_reset, resets_between
from vigie_gateway.place.site import Site
from vigie_gateway.place.wiring import RoomWiring, Wiring
from vigie_gateway.store import Correction, Store

STEPS_S = ((2 * 86_400, 60.0), (62 * 86_400, 900.0))
"""(a span of at most so many seconds, the step by which people are followed there): minutes, quarters of an hour, as
the store's roll-ups are; beyond, hours. Finer makes a year of a room take a second; coarser loses who was there in the
last part of an opening, since in a step that holds the closing nobody is left."""
LONG_STEP_S = 3_600.0

_PEOPLE = {"fr": "Personnes", "en": "People"}
_OUTLETS = {"fr": "Prises utilisées", "en": "Outlets in use"}
_STATIONS = {"fr": "Appareils connectés", "en": "Devices connected"}
_LATENCY = {"fr": "Latence (19 réponses sur 20 plus vite)", "en": "Latency (19 replies of 20 are faster)"}
_POWER = {"fr": "Puissance", "en": "Power"}


def room_lines(
    site: Site, store: Store, wiring: Wiring, room_id: str, from_ts: float, to_ts: float, points: int
) -> tuple[HistorySeries, ...]:
    """What a room's page shows from ``from_ts`` to ``to_ts``.

    Args:
        site: The place.
        store: Read only.
        wiring: Tells which channels the room has.
        room_id: A room of the site.
        from_ts: Epoch seconds; moved down to a whole step of STEPS_S.
        to_ts: After ``from_ts``.
        points: At most so many for each line.

    Raises:
        KeyError: The site has no such room.
        ValueError: ``to_ts`` is not after ``from_ts``, or ``points`` is below 1.
        StoreError: The store cannot be read.
    """
    if not to_ts > from_ts or points < 1:
        raise ValueError(f"no history of {points} points from {from_ts} to {to_ts}")
    room = next((one for one in wiring.rooms if one.site.id == room_id), None)
    if room is None:
        raise KeyError(room_id)
    return tuple(_Reader(site, store, wiring, from_ts, to_ts, points).lines(room))


def people_line(
    site: Site, store: Store, wiring: Wiring, room_id: str, from_ts: float, to_ts: float, points: int
) -> HistorySeries | None:
    """The people of a room alone; None where nothing counts them. Arguments and errors as of ``room_lines``."""
    room = next((one for one in wiring.rooms if one.site.id == room_id), None)
    if room is None:
        raise KeyError(room_id)
    return _Reader(site, store, wiring, from_ts, to_ts, points).people(room)


class _Reader:
    """The lines of one room over one span."""

    def __init__(self, site: Site, store: Store, wiring: Wiring, from_ts: float, to_ts: float, points: int) -> None:
        self._site = site
        self._store = store
        self._wiring = wiring
        self._points = points
        self._fine_s = next((step_s for most_s, step_s in STEPS_S if to_ts - from_ts <= most_s), LONG_STEP_S)
        self._from_ts = math.floor(from_ts / self._fine_s) * self._fine_s
        self._to_ts = math.ceil(to_ts / self._fine_s) * self._fine_s
        self._ids = {series.name: series.id for series in store.series()}

    def lines(self, room: RoomWiring) -> Iterable[HistorySeries]:
        people = self.people(room)
        if people is not None:
            yield people
        in_use = self._sum([one.in_use for one in room.outlets])
        if in_use:
            yield HistorySeries("outlets-in-use", _OUTLETS, "count", in_use)
        yield from self._power(room)
        latency = self._greatest(probe.latency.p95 for probe in room.probes if probe.latency is not None)
        if latency:
            yield HistorySeries("latency-p95", _LATENCY, "ms", latency)
        stations = self._sum([point.stations for point in room.access_points])
        if stations:
            yield HistorySeries("stations", _STATIONS, "count", stations)

    def people(self, room: RoomWiring) -> HistorySeries | None:
        """Its people; None where nothing counts them."""
        points = self._people(room)
        return HistorySeries("people", _PEOPLE, "count", points) if points else None

    def _people(self, room: RoomWiring) -> tuple[HistoryPoint, ...]:
        if not room.counters:
            return self._motion(room)
        named = self._wiring.door_pairs(self._site, room.site.id)
        pairs = [(self._ids.get(inward), self._ids.get(outward)) for inward, outward in named]
        doors = [
            CounterPair(inward, outward) for inward, outward in pairs if inward is not None and outward is not None
        ]
        if not doors or len(doors) < len(pairs):
            return ()
        hours, zone = self._site.opening_hours(), self._site.zone()
        reset_ts = last_reset(hours, zone, self._from_ts)
        said = [
            one for one in self._store.corrections.between(PEOPLE, reset_ts, self._to_ts) if one.subject == room.site.id
        ]
        base = Days(hours, zone).base(self._store, doors, self._from_ts)
        for one in said:
            if one.at_ts <= self._from_ts:
                base = counted_on(self._store, doors, one.value, one.at_ts, self._from_ts)
        steps = round((self._to_ts - self._from_ts) / self._fine_s)
        flow = net_flow(self._store, doors, self._from_ts, self._to_ts, steps)
        resets = resets_between(hours, zone, self._from_ts, self._to_ts)
        people = accumulate(base, flow, self._from_ts, resets, self._said(said, doors, flow, resets))
        return tuple(_gather(flow, people, math.ceil(steps / self._points)))

    def _said(
        self, said: Sequence[Correction], doors: Sequence[CounterPair], flow: Flow, resets: Sequence[float]
    ) -> dict[int, float]:
        """By the index of an interval in which somebody counted: how many are in at its end, with who came since."""
        found = {}
        for one in said:
            index = bisect_left(flow.ends_ts, one.at_ts)
            if one.at_ts <= self._from_ts or index == len(flow.ends_ts):
                continue
            end_ts = flow.ends_ts[index]
            if not any(one.at_ts <= reset_ts < end_ts for reset_ts in resets):
                found[index] = counted_on(self._store, doors, one.value, one.at_ts, end_ts)
        return found

    def _motion(self, room: RoomWiring) -> tuple[HistoryPoint, ...]:
        if room.site.seats != 1:
            return ()
        return self._greatest(room.motions)

    def _power(self, room: RoomWiring) -> Iterable[HistorySeries]:
        for circuit in self._site.circuits:
            if not any(one.site.circuit == circuit.id for one in room.outlets):
                continue
            meter = self._wiring.meters.get(circuit.id)
            parts = [meter] if meter is not None else self._parts(circuit.id)
            points = self._sum(parts)
            if points:
                label = {language: f"{_POWER[language]}, {name}" for language, name in circuit.name.items()}
                yield HistorySeries(f"power-{circuit.id}", label, "VA", points)

    def _parts(self, circuit: str) -> list[Cell | None]:
        outlets = [one.power for one in self._wiring.outlets if one.site.circuit == circuit]
        for child in self._wiring.tree.children[circuit]:
            meter = self._wiring.meters.get(child)
            outlets += [meter] if meter is not None else self._parts(child)
        return outlets

    def _history(self, cell: Cell) -> dict[float, HistoryPoint] | None:
        series = self._ids.get(cell.name)
        if series is None:
            return None
        factor = MAINS_V if cell.quantity == "current" else 1.0
        found = self._store.history(series, self._from_ts, self._to_ts, self._points)
        return {point.at_ts: point if factor == 1 else _scaled(point, factor) for point in found}

    def _sum(self, cells: Sequence[Cell | None]) -> tuple[HistoryPoint, ...]:
        """Point by point; unknown where a part is unknown, nothing at all where a part has no channel."""
        histories = [None if cell is None else self._history(cell) for cell in cells]
        known = [history for history in histories if history is not None]
        if not known or len(known) < len(histories):
            return ()
        if len(known) == 1:
            return tuple(known[0].values())
        return tuple(_added([history.get(at_ts) for history in known], at_ts) for at_ts in known[0])

    def _greatest(self, cells: Iterable[Cell]) -> tuple[HistoryPoint, ...]:
        """Point by point, the one with the greatest mean."""
        known = [history for cell in cells if (history := self._history(cell)) is not None]
        if not known:
            return ()
        return tuple(
            max(
                (history[at_ts] for history in known if at_ts in history),
                key=lambda point: (point.mean is not None, point.mean or 0.0),
            )
            for at_ts in known[0]
        )


def _scaled(point: HistoryPoint, factor: float) -> HistoryPoint:
    mean, low, high, last = (
        None if value is None else value * factor for value in (point.mean, point.low, point.high, point.last)
    )
    return HistoryPoint(point.at_ts, mean, low, high, last, point.coverage)


def _added(points: list[HistoryPoint | None], at_ts: float) -> HistoryPoint:
    """Means and last values add up; the sums of lows and highs are bounds, since no two need fall together."""
    known = [point for point in points if point is not None]
    coverage = min((point.coverage for point in known), default=0.0)
    if len(known) < len(points) or any(point.mean is None for point in known):
        return HistoryPoint(at_ts, None, None, None, None, 0.0)
    mean, low, high, last = (
        sum(values) if None not in values else None
        for values in zip(*((point.mean, point.low, point.high, point.last) for point in known), strict=True)
    )
    return HistoryPoint(at_ts, mean, low, high, last, coverage)


def _gather(flow: Flow, people: Sequence[float | None], width: int) -> Iterable[HistoryPoint]:
    """So many fine steps into one point each."""
    for begin in range(0, len(people), width):
        known = [one for one in people[begin : begin + width] if one is not None]
        size = len(people[begin : begin + width])
        at_ts = flow.ends_ts[begin + size - 1]
        if not known:
            yield HistoryPoint(at_ts, None, None, None, None, 0.0)
            continue
        coverage = sum(flow.coverage[begin : begin + size]) / size
        yield HistoryPoint(at_ts, sum(known) / len(known), min(known), max(known), known[-1], coverage)
