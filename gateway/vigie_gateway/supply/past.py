"""The hours of the last months, read from the store once and then kept up to date: a form is answered from memory.

``network`` and ``building`` ask while somebody waits, on worker threads; the housekeeping thread calls ``refresh``.
"""

from __future__ import annotations

import math
import threading
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo

from vigie_dashboard.view import HistoryPoint
from vigie_gateway.capacity.forecast import HOUR_S, MEMORY_S, Sample
from vigie_gateway.capacity.supply import Capacity, Missing, measure
from vigie_gateway.store import Series, Store
from vigie_gateway.supply.diary import Asked

RECHECK_S = 8 * 86_400.0
"""So far back hours are read again each hour: a node that was away sends up to seven days late. Shorter misses what it
brings, until the next start; longer reads more each hour."""
OLDEST_S = 2 * HOUR_S
"""Age up to which what is kept is answered from while somebody waits. Lower makes every hour's first question slow;
higher answers from before lunch where nothing refreshes."""

SILENT_S = 28 * 86_400.0
"""Of a resource that was not measured for so long, nothing is known any more: the line or the wiring may be others by
now. Lower forgets a place over its holidays; higher promises last summer's line."""

Read = Callable[[float, float], list[Sample]]
"""Samples of ``from_ts < at_ts <= to_ts``, both on the hour; oldest first."""


@dataclass(slots=True)
class _Kept:
    read: Read
    upto_ts: float
    times: array[float] = field(default_factory=lambda: array("d"))
    values: array[float] = field(default_factory=lambda: array("d"))

    def samples(self) -> list[Sample]:
        return [Sample(*pair) for pair in zip(self.times, self.values, strict=True)]


class Past:
    """Hourly samples by name, for as long as a forecast remembers (MEMORY_S)."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def samples(self, name: str, now_ts: float, read: Read) -> list[Sample]:
        """What is kept under a name; read now where it is not there, or too old.

        Args:
            name: The same for the same ``read``, always.
            now_ts: The time.
            read: How to find it in the store.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._lock:
            kept = self._kept.get(name)
        if kept is None or not 0 <= now_ts - kept.upto_ts < OLDEST_S:
            kept = self._renewed(name, read, kept, _hour(now_ts))
        return kept.samples()

    def refresh(self, now_ts: float) -> None:
        """Read what has come since the last whole hour of everything that was asked for.

        Raises:
            StoreError: The store cannot be read.
        """
        hour_ts = _hour(now_ts)
        with self._lock:
            due = [(name, kept) for name, kept in self._kept.items() if kept.upto_ts != hour_ts]
        for name, kept in due:
            self._renewed(name, kept.read, kept, hour_ts)

    def _renewed(self, name: str, read: Read, kept: _Kept | None, hour_ts: float) -> _Kept:
        """Outside the lock: two that read the same at once both keep the same."""
        from_ts = hour_ts - MEMORY_S
        known: list[Sample] = []
        if kept is not None and from_ts < kept.upto_ts <= hour_ts:
            known_until_ts = kept.upto_ts - RECHECK_S
            known = [one for one in kept.samples() if from_ts < one.at_ts <= known_until_ts]
            from_ts = max(from_ts, known_until_ts)
        found = known + read(from_ts, hour_ts)
        renewed = _Kept(
            read, hour_ts, array("d", (one.at_ts for one in found)), array("d", (one.value for one in found))
        )
        with self._lock:
            self._kept[name] = renewed
        return renewed

    def series(self, name: str | None) -> Series | None:
        """The live series of a channel; None where the place names none, or its node was never heard of."""
        return None if name is None else next((one for one in self.store.series() if one.name == name), None)

    def hours(self, name: str | None, from_ts: float, to_ts: float) -> dict[float, HistoryPoint]:
        """The measured hours of a channel, by their middle."""
        series = self.series(name)
        if series is None:
            return {}
        points = self.store.history(series.id, from_ts, to_ts, round((to_ts - from_ts) / HOUR_S))
        return {point.at_ts - HOUR_S / 2: point for point in points if point.mean is not None}

    def why_unknown(self, names: Sequence[str | None], now_ts: float) -> str:
        """Why nothing is known of channels.

        Returns:
            The newest reading's own reason, ``silent``, ``no-history``, or ``no-sensor`` where none was ever heard of.
        """
        found = [series for name in names if (series := self.series(name)) is not None]
        if not found:
            return "no-sensor"
        latest = self.store.latest()
        newest = [latest[series.id] for series in found if series.id in latest]
        reasons = [one.reason for one in newest if one.reason is not None]
        if reasons:
            return reasons[0]
        return "silent" if newest and max(one.at_ts for one in newest) < now_ts - SILENT_S else "no-history"


def measured(samples: Sequence[Sample], asked: Asked, zone: tzinfo, why: Callable[[], str]) -> Capacity | Missing:
    """What was measured at such hours; nothing where that ended too long ago. ``why`` says the reason."""
    if samples and samples[-1].at_ts < asked.now_ts - SILENT_S:
        return Missing("silent")
    found = measure(samples, asked.starts_ts, asked.ends_ts, zone)
    return Missing(why()) if isinstance(found, Missing) else found


def _hour(at_ts: float) -> float:
    return math.floor(at_ts / HOUR_S) * HOUR_S
