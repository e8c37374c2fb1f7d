"""The node's journal: every reading under its sequence number, until each configured gateway has it on disk.

One SQLite file. Sensor threads append, the publisher's thread reads and hands in acknowledgements, the daemon's main
thread flushes once a second; a lock makes each call whole.

**What is promised.** A reading counts as taken when it is committed: at most a second or ``COMMIT_READINGS`` readings
later. It can be read, and so sent, at once, from memory. Numbers must never be used twice, though: if the process dies
with numbers sent and not committed, a gateway would take their next bearers for duplicates. So a journal that was not
closed goes on ``COMMIT_READINGS`` numbers further, and the numbers between hold unknowns, reason ``restarted``, of no
channel (the publisher puts them on channels of the birth). Readings that every gateway acknowledged before their
commit are never written.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple, NoReturn

from vigie_contract.clock import Clock
from vigie_contract.readings import Reading
from vigie_sensors.dating import Dating

COMMIT_READINGS = 200
"""At most so many readings wait in memory. Lower wears the card with more commits; higher loses more at a power cut,
and is the number of unknowns that a start after one sends."""
BULK_READINGS = 10_000
"""Readings of one transaction when many are appended at once. Higher holds the lock for longer than 50 ms."""
NO_CHANNEL = ""
"""The channel of numbers that were perhaps used before a crash."""
AGE_CHECK_S = 3_600.0
"""How often readings older than ``keep_days`` are looked for."""

_APPLICATION_ID = 0x56494A4E  # "VIJN"
_VERSION = 1
_LEAST_EVICTED = 1_000
"""Readings evicted at once at least, so that a full ring does not evict at each commit."""
_SCHEMA = f"""
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), journal TEXT NOT NULL, last INTEGER NOT NULL,
    is_open INTEGER NOT NULL) STRICT;
CREATE TABLE cursor (gateway TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE boot (id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, offset_s REAL) STRICT;
CREATE TABLE channel (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE reading (number INTEGER PRIMARY KEY, channel INTEGER NOT NULL, at_ts REAL NOT NULL, at_mono REAL NOT NULL,
    boot INTEGER NOT NULL, is_dated INTEGER NOT NULL, value REAL, reason TEXT) STRICT;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
"""

_QUANTITIES = "CREATE TABLE IF NOT EXISTS quantity (channel INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"
_DECLARED = "SELECT channel.name, quantity.name FROM channel JOIN quantity ON quantity.channel = channel.id"

_log = logging.getLogger(__name__)

_Row = tuple[int, int, float, float, int, int, float | None, str | None]


class JournalError(Exception):
    """The journal cannot be opened or written; one line for a person, naming the file and what to do."""


class Entry(NamedTuple):
    """A reading in the journal.

    Attributes:
        number: Its sequence number.
        reading: Its ``at_ts`` is right when ``at_mono`` is None.
        at_mono: When it was taken, on this boot's monotonic clock, where its date is not known: it must be sent as an
            age, computed at the moment of sending.
    """

    number: int
    reading: Reading
    at_mono: float | None


def boot_id() -> str:
    """The kernel's random id of this boot, without its dashes so that it is an id of the protocol."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")


class Journal:
    """An open journal. Made by ``Journal.open``; every method may be called from any thread.

    Attributes:
        id: Random, made with the file.
        evicted: Readings that the ring let go unacknowledged since the journal was opened.
    """

    @classmethod
    def open(
        cls, path: Path, gateways: Sequence[str], keep_days: float, max_bytes: int, clock: Clock, boot: str = ""
    ) -> Journal:
        """Open the file, or make it.

        Args:
            path: Of the file; its folder is made when missing. A file that SQLite finds damaged is set aside, beside
                the new one.
            gateways: A reading is freed when all of these have acknowledged it.
            keep_days: A reading is let go when it is older, acknowledged or not.
            max_bytes: The oldest are let go when the file holds more.
            clock: Of the readings: their times and ages are taken from it.
            boot: The id of this boot; empty asks the kernel.

        Raises:
            JournalError: Another process has it open, or it cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise JournalError(f"the journal {path} cannot be written: {error.strerror}") from error
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise JournalError(
                    f"the journal {path} is in use by another vigie-sensors: stop that one, or give this one its own "
                    "node id and journal directory"
                ) from error
            return cls(lock, _connect(path), path, gateways, keep_days, max_bytes, clock, boot or boot_id())
        except sqlite3.Error as error:
            os.close(lock)
            raise JournalError(f"the journal {path} cannot be written: {error}") from error
        except BaseException:
            os.close(lock)
            raise

    def __init__(
        self,
        lock: int,
        database: sqlite3.Connection,
        path: Path,
        gateways: Sequence[str],
        keep_days: float,
        max_bytes: int,
        clock: Clock,
        boot: str,
    ) -> None:
        """Use ``Journal.open``."""
        self._lock_file = lock
        self._database = database
        self._path = path
        self._keep_s = keep_days * 86_400
        self._max_bytes = max_bytes
        self._dating = Dating(clock)
        self._opened_mono = self._dating.now_mono
        self._checked_mono = self._dating.now_mono
        self._lock = threading.Lock()
        self._pending: list[_Row] = []
        self._is_failing = False
        self.evicted = 0
        with self._transaction():
            self.id, was_open = self._state()
            self._boot, self._offsets = self._boots(boot)
            self._names: dict[int, str] = dict(database.execute("SELECT id, name FROM channel"))
            self._channels = {name: number for number, name in self._names.items()}
            stored = dict(database.execute("SELECT gateway, upto FROM cursor"))
            self._cursors: dict[str, int] = {gateway: stored.get(gateway, 0) for gateway in gateways}
            self._last: int = database.execute("SELECT last FROM state").fetchone()[0]
            self._committed = self._last
            least = database.execute("SELECT min(number) FROM reading").fetchone()[0]
            self._floor: int = self._last + 1 if least is None else least
            if was_open:
                self._go_past_used_numbers()
            self._evict_old()

    @property
    def last(self) -> int:
        """The greatest number given, 0 when none ever was."""
        return self._last

    @property
    def floor(self) -> int:
        """The least number still held; ``last + 1`` when none is."""
        return self._floor

    @property
    def is_writable(self) -> bool:
        """False from a commit that failed until one that did not."""
        return not self._is_failing

    def acknowledged(self, gateway: str) -> int:
        """Up to which number a configured gateway has everything; 0 when nothing."""
        return self._cursors[gateway]

    def declare(self, quantities: Mapping[str, str]) -> None:
        """Say what each channel measures from now on; called once, before the first reading.

        What is still held of a channel that measured something else keeps its number, of no channel: under the new
        quantity its values would be wrong ones.

        Raises:
            JournalError: It cannot be written.
        """
        with self._lock:
            execute = self._database.execute
            try:
                with self._transaction():
                    execute(_QUANTITIES)
                    for name, former in execute(_DECLARED).fetchall():
                        if quantities.get(name, former) != former:
                            key = self._channels.pop(name)
                            # The blanks make it nobody's id; the number keeps two such changes apart.
                            self._names[key] = f"{name} as {former} until {self._last}, {key}"
                            execute("UPDATE channel SET name = ? WHERE id = ?", (self._names[key], key))
                    for name in quantities:
                        if name not in self._channels:
                            self._new_channel(name)
                    self._database.executemany("INSERT OR IGNORE INTO channel VALUES (?, ?)", self._names.items())
                    self._database.executemany(
                        "INSERT OR REPLACE INTO quantity VALUES (?, ?)",
                        [(self._channels[name], quantity) for name, quantity in quantities.items()],
                    )
            except sqlite3.Error as error:
                raise JournalError(f"the journal {self._path} cannot be written: {error}") from error

    def append(self, readings: Iterable[Reading]) -> int:
        """Give each reading the next number. Many at once are committed as they come, in bounded memory.

        Returns:
            The last number given.

        Raises:
            JournalError: What waits for its commit is all that may, and it cannot be committed (a full or broken
                disk): the reading is not taken.
        """
        source = iter(readings)
        with self._lock:
            self._dating.look()
            while bulk := list(islice(source, BULK_READINGS)):
                if self._is_failing and len(self._pending) + len(bulk) > COMMIT_READINGS:
                    self._commit()  # the disk may be back; else this raises and nothing was taken
                self._take(bulk)
                if len(self._pending) >= COMMIT_READINGS:
                    self._commit()
            return self._last

    def read(self, after: int, limit: int) -> list[Entry]:
        """Up to ``limit`` readings numbered above ``after``, in sequence, without a hole from the first on.

        Raises:
            JournalError: The disk does not give them back.
        """
        with self._lock:
            self._dating.look()
            rows: list[_Row] = []
            pending_from = self._pending[0][0] if self._pending else self._last + 1
            if after + 1 < pending_from:
                query = (
                    "SELECT number, channel, at_ts, at_mono, boot, is_dated, value, reason FROM reading"
                    " WHERE number > ? ORDER BY number LIMIT ?"
                )
                try:
                    rows = self._database.execute(query, (max(after, self._floor - 1), limit)).fetchall()
                except sqlite3.Error as error:
                    raise JournalError(f"the journal {self._path} cannot be read: {error}") from error
            if len(rows) < limit:
                start = max(0, after + 1 - pending_from)
                # Only numbers that a crash would skip may be seen before their commit.
                visible = [row for row in self._pending[start:] if row[0] <= self._committed + COMMIT_READINGS]
                rows += visible[: limit - len(rows)]
            return [self._entry(row) for row in rows]

    def acknowledge(self, gateway: str, journal: str, upto: int) -> bool:
        """A gateway has everything of ``journal`` up to and with ``upto`` on disk.

        A gateway restored from a backup says a lower number than before: it is believed, and gets what is still held.

        Returns:
            False when this is not about us: another journal, a gateway that is not configured, or a number never given.
        """
        with self._lock:
            if journal != self.id or gateway not in self._cursors or upto > self._last:
                return False
            self._cursors[gateway] = upto
            freed_upto = min(self._cursors.values())
            if freed_upto >= self._floor:
                self._floor = freed_upto + 1
                count = 0
                while count < len(self._pending) and self._pending[count][0] <= freed_upto:
                    count += 1
                del self._pending[:count]
            return True

    def flush(self) -> None:
        """Commit what waits; nothing is written when no reading was taken since the last commit.

        Raises:
            JournalError: The disk refuses; what waits is kept and tried again.
        """
        with self._lock:
            if self._last > self._committed or self._pending:
                self._commit()

    def close(self) -> None:
        """Commit, mark the journal closed, and let others have it. Safe to call twice."""
        with self._lock:
            if self._lock_file < 0:
                return
            try:
                self._commit(is_open=False)
            finally:
                self._database.close()
                os.close(self._lock_file)
                self._lock_file = -1

    def _take(self, readings: list[Reading]) -> None:
        dating, boot, channels, number = self._dating, self._boot, self._channels, self._last
        is_dated = int(dating.is_synchronised)
        for channel, at_ts, value, reason in readings:
            number += 1
            key = channels.get(channel)
            if key is None:
                key = self._new_channel(channel)
            mono = dating.mono_of(at_ts)
            # A reading stamped before the clock was set is re-dated, see Dating.
            self._pending.append((number, key, mono + dating.offset_s, mono, boot, is_dated, value, reason))
        self._last = number

    def _new_channel(self, name: str) -> int:
        key = max(self._names, default=0) + 1
        self._names[key] = name
        self._channels[name] = key
        return key

    def _entry(self, row: _Row) -> Entry:
        number, key, at_ts, mono, boot, is_dated, value, reason = row
        channel = self._names[key]
        if is_dated:
            return Entry(number, Reading(channel, at_ts, value, reason), None)
        if boot == self._boot:
            if self._dating.is_synchronised:
                return Entry(number, Reading(channel, mono + self._dating.offset_s, value, reason), None)
            return Entry(number, Reading(channel, at_ts, value, reason), mono)
        offset_s = self._offsets.get(boot)
        if offset_s is not None:
            return Entry(number, Reading(channel, mono + offset_s, value, reason), None)
        # Taken in an earlier boot whose clock was never right: when that was, nobody can tell any more.
        started = Reading(channel, self._opened_mono + self._dating.offset_s, None, "restarted")
        return Entry(number, started, None if self._dating.is_synchronised else self._opened_mono)

    def _commit(self, *, is_open: bool = True) -> None:
        try:
            with self._transaction():
                self._write(is_open)
        except sqlite3.Error as error:
            self._is_failing = True
            raise JournalError(f"the journal {self._path} cannot be written: {error}") from error
        self._is_failing = False
        self._pending.clear()
        self._committed = self._last

    def _write(self, is_open: bool) -> None:
        execute = self._database.execute
        known = execute("SELECT coalesce(max(id), 0) FROM channel").fetchone()[0]
        self._database.executemany(
            "INSERT INTO channel (id, name) VALUES (?, ?)", [item for item in self._names.items() if item[0] > known]
        )
        self._database.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._pending)
        self._database.executemany("INSERT OR REPLACE INTO cursor VALUES (?, ?)", self._cursors.items())
        execute("DELETE FROM reading WHERE number < ?", (self._floor,))
        execute("UPDATE state SET last = ?, is_open = ?", (self._last, int(is_open)))
        if self._dating.is_synchronised:
            self._remember_offset()
        if self._dating.now_mono - self._checked_mono > AGE_CHECK_S:
            self._checked_mono = self._dating.now_mono
            self._evict_old()
        while self._held_bytes() > self._max_bytes and self._floor <= self._last:
            held = self._last - self._floor + 1
            self._evict(self._floor + min(held, max(_LEAST_EVICTED, held // 20)), "full")

    def _remember_offset(self) -> None:
        offset_s = self._dating.offset_s
        if abs(self._offsets.get(self._boot, -offset_s) - offset_s) > 1.0:
            self._offsets[self._boot] = offset_s
            self._database.execute("UPDATE boot SET offset_s = ? WHERE id = ?", (offset_s, self._boot))

    def _held_bytes(self) -> int:
        (pages,) = self._database.execute("PRAGMA page_count").fetchone()
        (free,) = self._database.execute("PRAGMA freelist_count").fetchone()
        (size,) = self._database.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * size)

    def _evict_old(self) -> None:
        """Let go of the oldest readings, one by one from the floor, while they are past their days.

        Readings whose date is not known yet stay: the size bounds them.
        """
        if not self._dating.is_synchronised:
            return
        limit_ts = self._dating.now_mono + self._dating.offset_s - self._keep_s
        query = "SELECT number, boot, at_ts, at_mono, is_dated FROM reading WHERE number >= ? ORDER BY number"
        end = self._floor
        for number, boot, at_ts, mono, is_dated in self._database.execute(query, (self._floor,)):
            offset_s = self._dating.offset_s if boot == self._boot else self._offsets.get(boot)
            taken_ts = at_ts if is_dated else None if offset_s is None else mono + offset_s
            if taken_ts is None or taken_ts >= limit_ts:
                break
            end = number + 1
        if end > self._floor:
            self._evict(end, "older than keep_days")

    def _evict(self, floor: int, why: str) -> None:
        count = self._database.execute("DELETE FROM reading WHERE number < ?", (floor,)).rowcount
        self._floor = floor
        self.evicted += count
        _log.warning("journal %s: %d readings that no gateway fetched were let go", why, count)

    def _state(self) -> tuple[str, bool]:
        found = self._database.execute("SELECT journal, is_open FROM state").fetchone()
        if found is None:
            journal = secrets.token_hex(8)
            self._database.execute("INSERT INTO state VALUES (1, ?, 0, 1)", (journal,))
            return journal, False
        self._database.execute("UPDATE state SET is_open = 1")
        return found[0], bool(found[1])

    def _boots(self, boot: str) -> tuple[int, dict[int, float]]:
        self._database.execute("INSERT OR IGNORE INTO boot (boot) VALUES (?)", (boot,))
        (number,) = self._database.execute("SELECT id FROM boot WHERE boot = ?", (boot,)).fetchone()
        known = self._database.execute("SELECT id, offset_s FROM boot WHERE offset_s IS NOT NULL")
        return number, dict(known)

    def _go_past_used_numbers(self) -> None:
        started_ts = self._opened_mono + self._dating.offset_s
        self._take([Reading(NO_CHANNEL, started_ts, None, "restarted")] * COMMIT_READINGS)
        self._write(is_open=True)
        self._pending.clear()
        self._committed = self._last

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._database.execute("COMMIT")
        except BaseException:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise


def _connect(path: Path) -> sqlite3.Connection:
    try:
        return _prepare(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) or not path.exists():
            raise
        aside = path.with_suffix(".damaged")
        _log.error("the journal %s is damaged (%s): set aside as %s, a new one is begun", path, error, aside.name)
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _prepare(path)


def _prepare(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute("PRAGMA cache_size = -1024")  # 1 MB: the ring is read and written in sequence
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            database.executescript(f"BEGIN;{_SCHEMA}COMMIT;")
        elif version != _VERSION:
            _refuse(JournalError(f"the journal {path} is of version {version}, this program reads {_VERSION}"))
        verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            _refuse(sqlite3.DatabaseError(verdict))
    except BaseException:
        database.close()
        raise
    return database


def _refuse(error: Exception) -> NoReturn:
    raise error
