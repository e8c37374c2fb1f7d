"""Histories finer than the store alone can still give, with the single readings that InfluxDB has kept.

Called by the API on the thread of a request. The store says what is missing (``Store.missing``), InfluxDB
is asked for just that, and the store joins the two with the code that rolls up its own readings. Where InfluxDB does
not answer in time the store answers alone, coarser, and the reason is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vigie_contract.clock import Clock
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store import Older, Sample, Series, Store
from vigie_gateway.store.influxdb import InfluxdbError, MisconfiguredError
from vigie_gateway.store.influxdb.query import Answer, ask, name, string

PAGE_READINGS = 20_000
"""Readings of one query. Lower pays more round trips; higher waits longer for the first byte and holds more memory."""
MOST_READINGS = 200_000
"""Readings of one history: 23 days of one every 10 s, about a second of a Pi 4 and 40 MB for that long. Lower shows
long spans coarsely; higher lets one request hold the processor."""
REST_S = 30.0
"""How long InfluxDB is not asked again after it did not answer. Lower makes each page wait for it; higher shows coarse
curves for longer once it is back."""
MOST_AT_ONCE = 2
"""Histories that wait for InfluxDB at the same time; another one is answered without it. Higher lets a slow server take
all the threads that answer requests."""


@dataclass(frozen=True, slots=True)
class JoinedHistory:
    """A history, and of what it was made.

    Attributes:
        points: See Store.history.
        older: ``none`` where the store has all that was asked for; ``joined`` where InfluxDB gave the rest;
            ``unavailable`` where it could not be had: then the points are coarser.
        detail: Why it could not be had.
    """

    points: list[HistoryPoint]
    older: Literal["none", "joined", "unavailable"] = "none"
    detail: str | None = None


class OlderReadings:
    """What reads back; one for all threads."""

    def __init__(
        self,
        settings: InfluxdbSettings,
        site: str,
        clock: Clock,
        query: Callable[[InfluxdbSettings, str, float], Answer] = ask,
    ) -> None:
        self._settings = settings
        self._site = site
        self._clock = clock
        self._query = query
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)
        self._rest: tuple[float, str] | None = None

    def read(self, series: Series, after_ts: float, upto_ts: float) -> Older:
        """The single readings of a series in ``(after_ts, upto_ts]``.

        Raises:
            InfluxdbError: They cannot be had now; one line for a person.
        """
        rest = self._rest
        if rest is not None and self._clock.now_mono() < rest[0]:
            raise InfluxdbError(rest[1])
        if not self._free.acquire(blocking=False):
            raise InfluxdbError(f"{MOST_AT_ONCE} histories wait for InfluxDB already")
        try:
            found = self._read(series, round(after_ts * 1000), round(upto_ts * 1000))
        except InfluxdbError as error:
            if not isinstance(error, _TooManyError):
                self._rest = (self._clock.now_mono() + REST_S, str(error))
            raise
        finally:
            self._free.release()
        self._rest = None
        return found

    def _read(self, series: Series, after_ms: int, upto_ms: int) -> Older:
        deadline_mono = self._clock.now_mono() + self._settings.read_timeout_s * self._clock.speed
        samples: list[Sample] = []
        page_ms = after_ms
        while True:
            rows = self._ask(
                f"SELECT {name('value')}, {name('unknown')} {self._from(series)} AND time > {page_ms}ms"
                f" AND time <= {upto_ms}ms ORDER BY time ASC LIMIT {PAGE_READINGS}",
                deadline_mono,
            )
            samples += [_sample(series.id, row) for row in rows]
            if len(rows) < PAGE_READINGS:
                break
            if len(samples) >= MOST_READINGS:
                raise _TooManyError(f"more than {MOST_READINGS} single readings: ask for a shorter span or wider steps")
            page_ms = int(rows[-1][0])
        rows = self._ask(
            f"SELECT {name('value')} {self._from(series)} AND time <= {after_ms}ms ORDER BY time DESC LIMIT 1",
            deadline_mono,
        )
        return Older(samples, float(rows[0][1]) if rows else None)

    def _ask(self, statement: str, deadline_mono: float) -> Sequence[list[Any]]:
        left_s = (deadline_mono - self._clock.now_mono()) / self._clock.speed
        if left_s <= 0:
            raise InfluxdbError(f"{self._settings.url} took longer than {self._settings.read_timeout_s:g} s")
        return self._query(self._settings, statement, left_s).rows

    def _from(self, series: Series) -> str:
        tags = {"site": self._site, "node": series.node, "channel": series.channel.id}
        where = " AND ".join(f"{name(tag)} = {string(value)}" for tag, value in tags.items())
        return f"FROM {name(series.channel.quantity)} WHERE {where}"


class _TooManyError(InfluxdbError):
    """The server works; the question is too large."""


def _sample(series: int, row: Sequence[Any]) -> Sample:
    at_ms, value, unknown = row
    if value is None:
        return Sample(series, at_ms / 1000, None, str(unknown or ""))
    if not isinstance(value, int | float):
        raise MisconfiguredError(
            f"InfluxDB has {value!r} in the field value, expected a number: who else writes there?"
        )
    return Sample(series, at_ms / 1000, float(value))


def joined_history(
    store: Store, older: OlderReadings | None, series: Series, from_ts: float, to_ts: float, points: int
) -> JoinedHistory:
    """The history of a series, made whole where it can be.

    Raises:
        StoreError: See Store.history.
        ValueError: The same.
    """
    span = None if older is None else store.missing(series.id, from_ts, to_ts, points)
    if older is None or span is None:
        return JoinedHistory(store.history(series.id, from_ts, to_ts, points))
    try:
        found = older.read(series, *span)
    except InfluxdbError as error:
        return JoinedHistory(store.history(series.id, from_ts, to_ts, points), "unavailable", str(error))
    return JoinedHistory(store.history(series.id, from_ts, to_ts, points, found), "joined")
