"""What looks after the store from outside: write probe, nightly check, daily copy, ballast. Its own thread.

None of it is in the way of a reading. It reads the file over a connection of its own and writes beside it only; what it
finds damaged it tells the store, whose writer thread acts on it. ``report`` is the part ``store`` of ``/healthz``.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from vigie_contract.clock import Clock
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.store import DamagedError, SalvageReport, StoreError
from vigie_gateway.store.ballast import Ballast
from vigie_gateway.store.codec import is_whole
from vigie_gateway.store.copies import DailyCopies
from vigie_gateway.store.probe import probe_write
from vigie_gateway.store.schema import converted, first_damage, open_reader
from vigie_gateway.store.sqlite import SqliteStore

log = logging.getLogger(__name__)

ROUND_S = 5.0
"""How often it looks whether something is due."""
PROBE_S = 20.0
"""A disk that has taken no commit for so long is tried. Lower writes to the card for nothing (some 16 kB a try) where
commits are rare; higher tells later of a card that went read-only."""
BALLAST_S = 60.0
"""How often room is looked for to make the ballast again."""
REST_S = 600.0
"""After the start, before the first check of the whole file and the first copy: a start has other work to do."""
NIGHT_HOUR = 3
"""Of the place's day: from then on its check and its copy are due; a place that was switched off makes them later."""
RETRY_S = 3_600.0
"""Until a copy that could not be made is tried again."""
SALVAGE_TOLD_S = 7 * 86_400.0
"""How long a finished salvage is still a warning: a person should see it once."""


class _StoppedError(Exception):
    """The gateway stops; what was under way is given up."""


@dataclass(frozen=True, slots=True)
class Check:
    """The last look at the whole file.

    Attributes:
        at_ts: When.
        damage: The first thing that SQLite found; None when nothing.
        damaged_chunks: Rows whose blob is not what was written: queries over their time fail.
    """

    at_ts: float
    damage: str | None
    damaged_chunks: int


class Upkeep:
    """The thread and its jobs.

    Attributes:
        probe_trouble: Why the disk takes no write; None when it does.
        check: The last look at the whole file; None when there was none since the start.
        copy_trouble: Why the last copy could not be made; None when it was.
        at_night: Called on this thread with the time, after the start and each night, when it is known.
    """

    def __init__(
        self,
        store: SqliteStore,
        path: Path,
        copies: DailyCopies,
        clock: Clock,
        watch: ClockWatch,
        zone: tzinfo,
        on_probe: Callable[[bool], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look after a store that is open.

        Args:
            store: Open.
            path: Its file.
            copies: The daily ones.
            clock: Says when it is night.
            watch: Says whether that is known.
            zone: The place's.
            on_probe: Told, on this thread, whether the disk takes writes, when that has changed.
            monotonic: The machine's, as the store's ``written_mono``.
        """
        self._store = store
        self._path = path
        self._copies = copies
        self._clock = clock
        self._watch = watch
        self._zone = zone
        self._on_probe = on_probe
        self._monotonic = monotonic
        self.at_night: Callable[[float], object] = lambda _now_ts: None
        self._ballast: Ballast = store.file.ballast
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep")
        self._reader: sqlite3.Connection | None = None
        self._began_mono = monotonic()
        self._probed_mono = self._began_mono
        self._ballast_mono = self._began_mono
        self._copy_mono = self._began_mono
        self._night: datetime | None = None
        self.probe_trouble: str | None = None
        self.check: Check | None = None
        self.copy_trouble: str | None = None
        self._ballast.keep()

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End it; a check or a copy under way is given up."""
        self._stop.set()
        reader = self._reader
        if reader is not None:
            reader.interrupt()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(ROUND_S):
            try:
                self.round()
            except _StoppedError:
                return
            except Exception:  # this loop owns recovery: what failed is said, and tried again in its time
                log.exception("the upkeep of %s failed", self._path)

    def round(self) -> None:
        """Do what is due."""
        now_mono = self._monotonic()
        written_mono = self._store.file.written_mono
        if written_mono > self._probed_mono:
            self._set_trouble(None)
        if now_mono - max(written_mono, self._probed_mono) >= PROBE_S:
            self._probed_mono = now_mono
            self._set_trouble(self._probe())
        if now_mono - self._ballast_mono >= BALLAST_S:
            self._ballast_mono = now_mono
            self._ballast.keep()
        if now_mono - self._began_mono < REST_S or self._stop.is_set():
            return
        if self.check is None:
            self._look_at_all()
        # A date that is not known to be right names no copy.
        if self._watch.is_known:
            self._serve_night(now_mono)

    def _probe(self) -> str | None:
        """Why the disk takes no write; None when it does."""
        try:
            probe_write(self._path.parent)
        except OSError as error:
            return f"{self._path.parent} takes no write: {error.strerror}"
        return None

    def _set_trouble(self, trouble: str | None) -> None:
        before, self.probe_trouble = self.probe_trouble, trouble
        if (before is None) != (trouble is None):
            log.warning("%s", trouble or f"{self._path.parent} takes writes again")
            self._on_probe(trouble is None)

    def _serve_night(self, now_mono: float) -> None:
        now = datetime.fromtimestamp(self._clock.now_ts(), self._zone)
        night = (now - timedelta(hours=NIGHT_HOUR)).replace(hour=0, minute=0, second=0, microsecond=0)
        if self._night is not None and self._night != night:
            self._look_at_all()
        if self._night != night:
            self.at_night(now.timestamp())
        self._night = night
        if self._copies.kept and now_mono >= self._copy_mono and not self._copies.of(night.date()).exists():
            self._copy(night)

    def _copy(self, night: datetime) -> None:
        try:
            self._copies.make(self._path, night.date(), self._go_on)
        except StoreError as error:
            self._copy_mono = self._monotonic() + RETRY_S
            self.copy_trouble = str(error)
            log.warning("no copy was made: %s", error)
        else:
            self.copy_trouble = None

    def _go_on(self, _share: float) -> None:
        if self._stop.is_set():
            raise _StoppedError

    def _look_at_all(self) -> None:
        """Check the whole file and every blob in it."""
        damage, damaged_chunks = None, 0
        try:
            with closing(open_reader(self._path)) as self._reader, converted(self._path, "could not be checked"):
                damage = first_damage(self._reader)
                for (data,) in self._reader.execute("SELECT data FROM chunk"):
                    damaged_chunks += not is_whole(data)
        except DamagedError as error:
            damage = damage or str(error)
        except StoreError as error:
            if self._stop.is_set():
                raise _StoppedError from error
            raise
        finally:
            self._reader = None
        self.check = Check(self._clock.now_ts(), damage, damaged_chunks)
        if damage is not None:
            self._store.file.found_damaged(damage)

    def report(self, trouble: str | None) -> dict[str, Any]:
        """What ``/healthz`` says of the store.

        Args:
            trouble: Why the last commit failed; None when it did not.
        """
        salvage = self._store.salvage_report
        warning = (
            self.copy_trouble or self._ballast_trouble() or self._check_trouble() or self._salvage_trouble(salvage)
        )
        trouble = trouble or self.probe_trouble
        copies = self._copies.all()
        check = self.check
        return {
            "status": "fail" if trouble else "warn" if warning else "pass",
            "trouble": trouble or warning,
            "size_bytes": self._size_bytes(),
            "checked_ts": None if check is None else check.at_ts,
            "check": None if check is None else check.damage or "ok",
            "damaged_chunks": None if check is None else check.damaged_chunks,
            "copies": len(copies) if self._copies.kept else None,
            "newest_copy": copies[-1].name if copies else None,
            "is_ballast_kept": self._ballast.is_kept() if self._ballast.size_bytes else None,
            "salvage": None if salvage is None else self._salvage_fields(salvage),
        }

    def _size_bytes(self) -> int | None:
        """Of the database and its write-ahead log; None while the file cannot be looked at."""
        try:
            log_file = self._path.with_name(f"{self._path.name}-wal")
            return self._path.stat().st_size + (log_file.stat().st_size if log_file.exists() else 0)
        except OSError:
            return None

    def _ballast_trouble(self) -> str | None:
        if not self._ballast.size_bytes or self._ballast.is_kept():
            return None
        return "the disk is full or was: the ballast is not there, make room"

    def _check_trouble(self) -> str | None:
        if self.check is None or not self.check.damaged_chunks:
            return None
        return f"{self.check.damaged_chunks} rows of history were damaged after they were written"

    def _salvage_trouble(self, salvage: SalvageReport | None) -> str | None:
        if salvage is None:
            return None
        if salvage.done_ts is None:
            return f"{salvage.file} was damaged: what can be read comes back"
        if self._clock.now_ts() - salvage.done_ts > SALVAGE_TOLD_S:
            return None
        return f"{salvage.file} was damaged: {salvage.readings} readings came back"

    def _salvage_fields(self, salvage: SalvageReport) -> dict[str, Any]:
        return {
            "file": salvage.file,
            "reason": salvage.reason,
            "begun_ts": salvage.begun_ts,
            "done_ts": salvage.done_ts,
            "readings": salvage.readings,
            "rollups": salvage.rollups,
            "unreadable_rows": salvage.unreadable,
        }
