"""The history pages' values: of a room, of one series, and the list of all that has a history.

Called by ``api.history`` on a worker thread; reads the store, without any lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from vigie_dashboard.history_view import HistorySeries, HistoryView, PeriodView, SeriesEntry, SeriesListView
from vigie_gateway.place.board import Board
from vigie_gateway.place.channel_names import channel_names
from vigie_gateway.place.period import Period, period_view, read_period
from vigie_gateway.place.room_history import people_line, room_lines
from vigie_gateway.place.site import Site
from vigie_gateway.place.usual import LEAST_STEP_S, LONGEST_S, MOST_WEEKS, usual_of, weeks_before
from vigie_gateway.store import Series, Store
from vigie_gateway.store.influxdb.older import OlderReadings, joined_history

Lines = Callable[[float, float, int], tuple[HistorySeries, ...]]
"""Reads lines: from, to, at most so many points each."""


class Past:
    """Reads histories of one place."""

    def __init__(self, site: Site, store: Store, board: Board, older: OlderReadings | None = None) -> None:
        self._site = site
        self._store = store
        self._board = board
        self._older = older

    def of_room(self, room_id: str, period: Period, shown: PeriodView, now_ts: float, *, compare: bool) -> HistoryView:
        """A room's page.

        Raises:
            KeyError: The site has no such room.
            StoreError: The store cannot be read.
        """
        room = next((one for one in self._site.rooms if one.id == room_id), None)
        if room is None:
            raise KeyError(room_id)

        def lines(from_ts: float, to_ts: float, points: int) -> tuple[HistorySeries, ...]:
            return room_lines(self._site, self._store, self._board.wiring, room_id, from_ts, to_ts, points)

        view = self._view(lines, period, shown, now_ts, compare=compare)
        return replace(view, path=f"/history/{room_id}", name=room.name, is_room=True)

    def people_of(self, room_id: str, now_ts: float) -> HistoryView | None:
        """A room's people over the last 24 hours, for its sheet; None where nothing counts them.

        Raises:
            KeyError: The site has no such room.
            StoreError: The store cannot be read.
        """
        period = read_period({}, self._site.zone(), now_ts)

        def lines(from_ts: float, to_ts: float, points: int) -> tuple[HistorySeries, ...]:
            line = people_line(self._site, self._store, self._board.wiring, room_id, from_ts, to_ts, points)
            return () if line is None else (line,)

        shown = period_view(period, {}, self._site.zone(), now_ts)
        view = self._view(lines, period, shown, now_ts, compare=False)
        return view if view.series else None

    def of_series(self, name: str, period: Period, shown: PeriodView, now_ts: float, *, compare: bool) -> HistoryView:
        """The page of one series.

        Raises:
            KeyError: No live series is called ``node.channel`` like that.
            StoreError: The store cannot be read.
        """
        series = next((one for one in self._store.series() if one.name == name), None)
        if series is None:
            raise KeyError(name)

        def lines(from_ts: float, to_ts: float, points: int) -> tuple[HistorySeries, ...]:
            return (self._line(series, from_ts, to_ts, points),)

        view = self._view(lines, period, shown, now_ts, compare=compare)
        return replace(view, path=f"/history/series/{name}", name=self._title(series), is_room=False)

    def listed(self, now_ts: float) -> SeriesListView:
        """Every room, and every live series with the time of its newest reading."""
        latest = self._store.latest()
        rooms = {room.id: room.name for room in self._site.rooms}
        series = self._store.series()
        names = channel_names(self._site, series)
        entries = [
            SeriesEntry(
                name=one.name,
                node=one.node,
                channel=one.channel.id,
                label=one.channel.label,
                quantity=one.channel.quantity,
                unit=one.quantity.unit,
                room=rooms.get(one.channel.room or ""),
                at_ts=latest[one.id].at_ts if one.id in latest else None,
                called=names[one.name],
            )
            for one in series
        ]
        order = list(rooms.values())
        entries.sort(key=lambda one: (len(order) if one.room is None else order.index(one.room), one.node, one.channel))
        return SeriesListView(self._site.name, self._site.timezone, now_ts, tuple(rooms.items()), tuple(entries))

    def _view(self, lines: Lines, period: Period, shown: PeriodView, now_ts: float, *, compare: bool) -> HistoryView:
        can_compare = period.to_ts - period.from_ts <= LONGEST_S
        from_ts, to_ts, points = period.grid(LEAST_STEP_S if compare and can_compare else 0)
        found = lines(from_ts, to_ts, points)
        if compare and can_compare:
            found = self._compared(lines, found, from_ts, to_ts, points)
        return HistoryView(
            site_name=self._site.name,
            timezone=self._site.timezone,
            path="",
            name={},
            is_room=False,
            now_ts=now_ts,
            from_ts=from_ts,
            to_ts=to_ts,
            period=shown,
            is_compared=compare and can_compare,
            can_compare=can_compare,
            series=found,
        )

    def _compared(
        self, lines: Lines, found: tuple[HistorySeries, ...], from_ts: float, to_ts: float, points: int
    ) -> tuple[HistorySeries, ...]:
        zone, length_s = self._site.zone(), to_ts - from_ts
        weeks: list[Mapping[str, HistorySeries]] = []
        for week in range(1, MOST_WEEKS + 1):
            begin_ts = weeks_before(from_ts, week, zone)
            weeks.append({line.id: line for line in lines(begin_ts, begin_ts + length_s, points)})
        return tuple(
            replace(line, usual=usual_of([one[line.id].points for one in weeks if line.id in one], len(line.points)))
            for line in found
        )

    def _line(self, series: Series, from_ts: float, to_ts: float, points: int) -> HistorySeries:
        joined = joined_history(self._store, self._older, series, from_ts, to_ts, points)
        return HistorySeries(
            id=series.name,
            label={},
            unit=series.quantity.unit,
            points=tuple(joined.points),
            quantity=series.channel.quantity,
            average=series.quantity.average.value,
            labels=series.channel.labels,
            is_coarse=joined.older == "unavailable",
        )

    def _title(self, series: Series) -> dict[str, str]:
        """What the channel is called, with its room."""
        called = dict(channel_names(self._site, self._store.series()).get(series.name) or {"en": series.name})
        room = next((one for one in self._site.rooms if one.id == series.channel.room), None)
        if room is None:
            return called
        first = next(iter(called.values()))
        return {code: f"{called.get(code, first)} \N{EN DASH} {name}" for code, name in room.name.items()}
