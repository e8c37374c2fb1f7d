"""What was measured while a session took place, from the store. Called on the checks' thread once it is over."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from vigie_gateway.place.board import Board
from vigie_gateway.place.cells import Cell
from vigie_gateway.place.room_history import people_line
from vigie_gateway.place.wifi import Path
from vigie_gateway.place.wiring import RoomWiring
from vigie_gateway.sessions.outcome import Forecast, Outcome, outcome_of
from vigie_gateway.store import Store

STEP_S = 900.0
"""Of what is looked at. Shorter calls one late packet a broken session; longer hides some minutes without power."""

_Values = list[float | None]


class Observer:
    """Looks back at the sessions of one place."""

    def __init__(self, board: Board, store: Store) -> None:
        self._board = board
        self._store = store
        self._activities = board.site.session_activities()

    def outcome(self, forecast: Forecast) -> Outcome:
        """What came of a session that is over.

        Raises:
            StoreError: The store cannot be read.
        """
        room = next((one for one in self._board.wiring.rooms if one.site.id == forecast.room), None)
        if room is None:
            return Outcome(None, frozenset(), frozenset())  # the place has changed since
        span = _Span(self._store, forecast)
        return outcome_of(
            self._people(forecast, span.points),
            room.site.seats,
            self._free_outlets(room, span),
            self._live(room, span),
            self._lost_points(room, forecast, span),
        )

    def _people(self, forecast: Forecast, points: int) -> int | None:
        site, wiring = self._board.site, self._board.wiring
        begins_ts, ends_ts = forecast.begins_ts, forecast.ends_ts
        line = people_line(site, self._store, wiring, forecast.room, begins_ts, ends_ts, points)
        counted = [] if line is None else [one.high for one in line.points if one.high is not None]
        return round(max(counted)) if counted else None

    def _free_outlets(self, room: RoomWiring, span: _Span) -> _Values:
        """None where one of them did not tell."""
        in_use = [span.values(one.in_use, "high") for one in room.outlets]
        return [
            None if None in at_once else len(at_once) - sum(value for value in at_once if value is not None)
            for at_once in zip(*in_use, strict=True)
        ]

    def _live(self, room: RoomWiring, span: _Span) -> _Values:
        wiring = self._board.wiring
        above = {name for one in room.outlets for name in wiring.tree.watches[one.site.circuit]}
        return _together(min, [span.values(wiring.mains.get(name), "low") for name in sorted(above)])

    def _lost_points(self, room: RoomWiring, forecast: Forecast, span: _Span) -> _Values:
        activity = self._activities.by_id.get(forecast.activity)
        cells = next((probe.latency for probe in room.probes if probe.latency is not None), None)
        if activity is None or cells is None:
            return []
        p50, p95, loss = (span.values(cell, "mean") for cell in (cells.p50, cells.p95, cells.loss))
        scores = [Path(*at_once).score(activity.requirement) for at_once in zip(p50, p95, loss, strict=True)]
        may_lose = 100 - activity.least_score
        return [None if score is None else (100 - score) / may_lose for score in scores]


class _Span:
    """The quarters of an hour of a session."""

    def __init__(self, store: Store, forecast: Forecast) -> None:
        self._store = store
        self._from_ts, self._to_ts = forecast.begins_ts, forecast.ends_ts
        self.points = max(1, math.ceil((self._to_ts - self._from_ts) / STEP_S))
        self._ids = {series.name: series.id for series in store.series()}

    def values(self, cell: Cell | None, which: str) -> _Values:
        """One for each quarter of an hour; None where nothing was measured."""
        series = None if cell is None else self._ids.get(cell.name)
        if series is None:
            return [None] * self.points
        found = self._store.history(series, self._from_ts, self._to_ts, self.points)
        values: _Values = [getattr(point, which) for point in found][: self.points]
        return values + [None] * (self.points - len(values))


def _together(choose: Callable[[Sequence[float]], float], columns: Sequence[_Values]) -> _Values:
    """Of several channels at once; None where one of them did not tell."""
    return [
        None if None in at_once else choose([value for value in at_once if value is not None])
        for at_once in zip(*columns, strict=True)
    ]
