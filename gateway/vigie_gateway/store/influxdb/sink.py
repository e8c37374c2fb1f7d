"""The sink's thread: follows the store's log and copies every reading to InfluxDB.

Nothing waits for it. It moves its cursor once the server has answered, so that whatever happens in between (the server
away, slow or cut off, this process killed) is sent again, and what is sent again overwrites itself.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from vigie_contract.clock import Clock
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store import Cursor, Sample, SetAside, Store, StoreError
from vigie_gateway.store.influxdb import FOLLOWER, AwayError, MisconfiguredError, RefusedError, lines
from vigie_gateway.store.influxdb.batches import BATCH_READINGS, next_batch

log = logging.getLogger(__name__)

IDLE_S = 3.0
"""Between looks at the log when it has nothing new. Lower asks for nothing; higher shows a reading later in Grafana."""
BACKOFF_S = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
"""Waits while the server does not answer. A longer last one lets a server wait that is back."""
LONGEST_RETRY_S = 300.0
"""Most that a server's Retry-After is followed. Higher lets one wrong header stop the copy for a day."""
MISCONFIGURED_S = 60.0
"""Wait after a refusal that only a person can mend. Lower fills the server's log; higher keeps a person waiting."""
STORE_RETRY_S = 10.0
"""Wait when the store cannot be read."""
STOP_S = 1.0
"""What a stop waits for a write that is under way. Higher delays the stop of the gateway; what is cut off is sent again
at the next start."""
LATE_S = 300.0
"""How long readings may wait until /healthz warns, as for every other backlog."""


class LineWriter(Protocol):
    """What the sink needs of ``writer.Writer``."""

    def write(self, lines: list[str]) -> None:
        """See ``Writer``."""

    def close(self) -> None:
        """See ``Writer``."""


class _StoppedError(Exception):
    """The gateway ends."""


class Sink:
    """The thread and its state; ``report`` may be called from any thread.

    Args:
        store: Followed.
        settings: Of InfluxDB, with its ``url``.
        site: The site's id, a tag of every reading.
        clock: Dates what is set aside, and waits.
        connect: Makes a writer; called on the thread, since importing the client takes its time.
    """

    def __init__(
        self,
        store: Store,
        settings: InfluxdbSettings,
        site: str,
        clock: Clock,
        connect: Callable[[InfluxdbSettings], LineWriter] | None = None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._site = site
        self._clock = clock
        self._connect = connect or _connect
        self._writer: LineWriter | None = None
        self._keys = self._known_keys()
        self._cursor: Cursor | None = store.follow(FOLLOWER)
        self._stop = threading.Event()
        # A daemon: a server that never answers must not keep the gateway from ending.
        self._thread = threading.Thread(target=self._run, name="influxdb", daemon=True)
        self._failures = 0
        self._trouble: str | None = None
        self._success_ts: float | None = None
        self._written = 0

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread, or leave it to its last write."""
        self._stop.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        wait_s = 0.0
        while not self._clock.wait(self._stop, wait_s):
            try:
                wait_s = self.turn()
            except _StoppedError:
                break
            except Exception as error:  # this loop owns recovery: a fault of ours must not end the copy for good
                log.exception("a turn of the InfluxDB sink failed; it goes on")
                wait_s = self._failed(f"a fault of Vigie: {error!r}", STORE_RETRY_S)
        self._disconnect()

    def turn(self) -> float:
        """Send one batch; returns how long to wait before the next turn."""
        try:
            batch = next_batch(self._store, self._cursor, self._clock.now_ts())
            set_aside = self._send(batch.samples)
        except AwayError as error:
            wait_s = BACKOFF_S[min(self._failures, len(BACKOFF_S) - 1)]
            asked_s = min(error.retry_after_s or 0.0, LONGEST_RETRY_S)
            return self._failed(str(error), max(wait_s, asked_s))
        except MisconfiguredError as error:
            return self._failed(str(error), MISCONFIGURED_S)
        except StoreError as error:
            return self._failed(str(error), STORE_RETRY_S)
        if self._stop.is_set():
            raise _StoppedError  # the store may be closed by now
        if batch.cursor != self._cursor:
            self._cursor = batch.cursor
            self._store.move(FOLLOWER, batch.cursor, tuple(set_aside))
        if batch.samples:
            self._worked(len(batch.samples) - len(set_aside))
        return 0.0 if batch.has_more else IDLE_S

    def _worked(self, count: int) -> None:
        if self._trouble is not None:
            log.info("InfluxDB takes readings again")
        self._trouble = None
        self._failures = 0
        self._success_ts = self._clock.now_ts()
        self._written += count

    def _failed(self, text: str, wait_s: float) -> float:
        if self._trouble is None:
            log.warning("readings wait for InfluxDB: %s", text)
        self._trouble = text
        self._failures += 1
        self._disconnect()  # the next try reads the token anew and resolves the name again
        return wait_s

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _send(self, samples: list[Sample]) -> list[SetAside]:
        set_aside: list[SetAside] = []
        for start in range(0, len(samples), BATCH_READINGS):
            set_aside += self._deliver(samples[start : start + BATCH_READINGS])
        return set_aside

    def _deliver(self, samples: list[Sample]) -> list[SetAside]:
        """Write readings; what is refused is halved until the bad ones stand alone.

        Returns:
            Those.
        """
        set_aside: list[SetAside] = []
        is_probed = False
        parts = [samples]
        while parts:
            part = parts.pop()
            try:
                self._write([lines.line(self._key(sample.series), sample) for sample in part])
            except RefusedError as error:
                if len(part) > 1:
                    # The first half on top: of two readings with one time the later one must be written last.
                    parts += [part[len(part) // 2 :], part[: len(part) // 2]]
                    continue
                if not is_probed:
                    self._probe()
                    is_probed = True
                (sample,) = part
                found_ts = self._clock.now_ts()
                set_aside.append(SetAside(*sample, str(error), found_ts))
        if set_aside:
            log.warning("InfluxDB refuses %d readings, the last one %s", len(set_aside), self._told(set_aside[-1]))
        return set_aside

    def _probe(self) -> None:
        """Make sure that it is this reading that is refused, and not everything."""
        try:
            self._write([lines.probe(self._site, self._clock.now_ts())])
        except RefusedError as error:
            raise MisconfiguredError(f"{self._settings.url} refuses even what is right: {error}") from error

    def _write(self, some: list[str]) -> None:
        if self._stop.is_set():
            raise _StoppedError
        if self._writer is None:
            self._writer = self._connect(self._settings)
        self._writer.write(some)

    def _key(self, series: int) -> str:
        if series not in self._keys:
            self._keys = self._known_keys()
        return self._keys[series]

    def _known_keys(self) -> dict[int, str]:
        return {entry.id: lines.key(self._site, entry) for entry in self._store.every_series()}

    def report(self) -> dict[str, Any]:
        """For ``/healthz``: how far it is, what waits since when, what was set aside, what is wrong."""
        now_ts = self._clock.now_ts()
        cursor, trouble = self._cursor, self._trouble
        try:
            waits = self._store.behind(0 if cursor is None else cursor.row)
        except StoreError:
            waits = None  # told by the store's own part
        refused = self._store.refused(FOLLOWER)
        last = refused.last
        is_late = waits is not None and waits.since_ts is not None and now_ts - waits.since_ts > LATE_S
        return {
            "status": "warn" if trouble is not None or is_late or refused.count else "pass",
            "trouble": trouble,
            "cursor": None if cursor is None else cursor.row,
            "is_filling": cursor is None or cursor.fill is not None,
            "waiting_readings": None if waits is None else waits.readings,
            "waiting_since_ts": None if waits is None else waits.since_ts,
            "written_readings": self._written,
            "written_ts": self._success_ts,
            "set_aside": refused.count,
            "set_aside_last": None if last is None else self._told(last),
        }

    def _told(self, row: SetAside) -> str:
        sample = Sample(row.series, row.at_ts, row.value, row.unknown)
        # Of a series that is no more there, its number.
        return f"{lines.line(self._keys.get(row.series, f'series {row.series}'), sample)}: {row.reason}"


def _connect(settings: InfluxdbSettings) -> LineWriter:
    from vigie_gateway.store.influxdb.writer import Writer  # half a second and 30 MB

    return Writer(settings)
