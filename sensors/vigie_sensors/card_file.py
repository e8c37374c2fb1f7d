"""The journal's file on the card: its tables, and what is asked of them. Only the journal calls, under its lock.

SQLite, WAL, synchronous FULL: what a transaction wrote is there after a power cut. All but ``read`` belongs inside a
transaction, which raises ``CardError`` when the disk refuses.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from vigie_sensors.young import Row

_APPLICATION_ID = 0x56494A4E  # "VIJN"
_VERSION = 2
_SCHEMA = f"""
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), journal TEXT NOT NULL, last INTEGER NOT NULL,
    is_open INTEGER NOT NULL, reserved INTEGER NOT NULL, session TEXT NOT NULL, machine TEXT NOT NULL) STRICT;
CREATE TABLE cursor (gateway TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE boot (id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, offset_s REAL) STRICT;
CREATE TABLE channel (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE reading (number INTEGER PRIMARY KEY, channel INTEGER NOT NULL, at_ts REAL NOT NULL, at_mono REAL NOT NULL,
    boot INTEGER NOT NULL, is_dated INTEGER NOT NULL, value REAL, reason TEXT) STRICT;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_VERSION};
"""
_FROM_VERSION_1 = """
ALTER TABLE state ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
ALTER TABLE state ADD COLUMN session TEXT NOT NULL DEFAULT '';
ALTER TABLE state ADD COLUMN machine TEXT NOT NULL DEFAULT '';
UPDATE state SET reserved = last + 200;
PRAGMA user_version = 2;
"""
"""A journal of version 1 that was not closed may have used 200 numbers beyond its last."""
_QUANTITIES = "CREATE TABLE IF NOT EXISTS quantity (channel INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"
_DECLARED = "SELECT channel.name, quantity.name FROM channel JOIN quantity ON quantity.channel = channel.id"

_log = logging.getLogger(__name__)


class State(NamedTuple):
    """What the file knows of the journal as a whole.

    Attributes:
        journal: The random id.
        last: Greatest number given of which the card knows.
        is_open: A process has it, or had it and did not close it.
        reserved: No number above this one was ever given. Those up to it must not be given again when what is beyond
            ``last`` is not known any more.
        session: Of the young file that goes on where this one ends; empty for none.
        machine: Fingerprints of the machine that it was last opened on, separated by blanks.
    """

    journal: str
    last: int
    is_open: bool
    reserved: int
    session: str
    machine: str


class CardError(Exception):
    """The disk refuses; what SQLite says of it."""


class NewerVersionError(Exception):
    """The file is of a newer program, and left alone."""


class CardFile:
    """The open file."""

    def __init__(self, path: Path) -> None:
        """Open it or make it; one that SQLite finds damaged is set aside, beside the new one.

        Raises:
            CardError: It cannot be read or written.
            NewerVersionError: It was made by a newer program.
        """
        try:
            self.database = _connect(path)
        except sqlite3.Error as error:
            raise CardError(str(error)) from error

    def close(self) -> None:
        """Let go of it."""
        self.database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """What is written inside is on the card when this ends, or nothing of it."""
        try:
            self.database.execute("BEGIN IMMEDIATE")
            yield
            self.database.execute("COMMIT")
        except BaseException as error:
            if self.database.in_transaction:
                self.database.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise CardError(str(error)) from error
            raise

    def state(self) -> State | None:
        """None in a file that was just made."""
        query = "SELECT journal, last, is_open, reserved, session, machine FROM state"
        found = self.database.execute(query).fetchone()
        return None if found is None else State(found[0], found[1], bool(found[2]), *found[3:])

    def write_state(self, state: State) -> None:
        """Replace it."""
        self.database.execute(
            "INSERT OR REPLACE INTO state (one, journal, last, is_open, reserved, session, machine)"
            " VALUES (1, ?, ?, ?, ?, ?, ?)",
            state,
        )

    def reserve(self, number: int) -> None:
        """Let numbers up to this one be given."""
        self.database.execute("UPDATE state SET reserved = ?", (number,))

    def cursors(self) -> dict[str, int]:
        """Up to which number each gateway had everything."""
        return dict(self.database.execute("SELECT gateway, upto FROM cursor"))

    def write_cursors(self, cursors: Mapping[str, int]) -> None:
        """Remember them, beside those of gateways that are no longer configured."""
        self.database.executemany("INSERT OR REPLACE INTO cursor VALUES (?, ?)", cursors.items())

    def boots(self, boot: str) -> tuple[int, dict[int, float]]:
        """The key of this boot, and by such key how far wall and monotonic time are apart, where it was known."""
        self.database.execute("INSERT OR IGNORE INTO boot (boot) VALUES (?)", (boot,))
        (key,) = self.database.execute("SELECT id FROM boot WHERE boot = ?", (boot,)).fetchone()
        return key, dict(self.database.execute("SELECT id, offset_s FROM boot WHERE offset_s IS NOT NULL"))

    def remember_offset(self, boot: int, offset_s: float) -> None:
        """Of this boot: its clock was right."""
        self.database.execute("UPDATE boot SET offset_s = ? WHERE id = ?", (offset_s, boot))

    def channels(self) -> dict[int, str]:
        """Names by key."""
        return dict(self.database.execute("SELECT id, name FROM channel"))

    def add_channels(self, names: Mapping[int, str]) -> None:
        """Those that are not there yet."""
        self.database.executemany("INSERT OR IGNORE INTO channel VALUES (?, ?)", names.items())

    def rename_channel(self, key: int, name: str) -> None:
        """What is held under the key goes under another name."""
        self.database.execute("UPDATE channel SET name = ? WHERE id = ?", (name, key))

    def quantities(self) -> list[tuple[str, str]]:
        """What each channel was declared to measure, by its name."""
        self.database.execute(_QUANTITIES)
        return self.database.execute(_DECLARED).fetchall()

    def declare(self, quantities: Iterable[tuple[int, str]]) -> None:
        """What the channels, by key, measure from now on."""
        self.database.executemany("INSERT OR REPLACE INTO quantity VALUES (?, ?)", quantities)

    def append(self, rows: Sequence[Row]) -> None:
        """Add readings."""
        self.database.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def read(self, after: int, limit: int) -> list[Row]:
        """In sequence; raises CardError."""
        query = (
            "SELECT number, channel, at_ts, at_mono, boot, is_dated, value, reason FROM reading"
            " WHERE number > ? ORDER BY number LIMIT ?"
        )
        try:
            return self.database.execute(query, (after, limit)).fetchall()
        except sqlite3.Error as error:
            raise CardError(str(error)) from error

    def first_since(self, limit_ts: float, floor: int, offsets: Mapping[int, float]) -> int:
        """The first number, from the floor on, whose reading was not taken before ``limit_ts`` or has no date yet.

        Args:
            limit_ts: Epoch seconds.
            floor: The least number to look at.
            offsets: Between wall and monotonic time, by boot, as far as known.
        """
        query = "SELECT number, boot, at_ts, at_mono, is_dated FROM reading WHERE number >= ? ORDER BY number"
        for number, boot, at_ts, mono, is_dated in self.database.execute(query, (floor,)):
            offset_s = offsets.get(boot)
            taken_ts = at_ts if is_dated else None if offset_s is None else mono + offset_s
            if taken_ts is None or taken_ts >= limit_ts:
                return int(number)
            floor = number + 1
        return floor

    def least(self) -> int | None:
        """The least number that is here; None when none is."""
        least: int | None = self.database.execute("SELECT min(number) FROM reading").fetchone()[0]
        return least

    def delete_below(self, number: int) -> int:
        """How many were deleted."""
        return self.database.execute("DELETE FROM reading WHERE number < ?", (number,)).rowcount

    def renumber(self) -> int:
        """Give what is here numbers from 1, in sequence; returns the last."""
        least = self.least()
        if least is None:
            return 0
        # By way of negative numbers: no reading may meet one that has not moved yet.
        self.database.execute("UPDATE reading SET number = -number")
        return self.database.execute("UPDATE reading SET number = 1 - number - ?", (least,)).rowcount

    def held_bytes(self) -> int:
        """What the readings take, without pages that are free."""
        (pages,) = self.database.execute("PRAGMA page_count").fetchone()
        (free,) = self.database.execute("PRAGMA freelist_count").fetchone()
        (size,) = self.database.execute("PRAGMA page_size").fetchone()
        return int((pages - free) * size)


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
        _bring_up_to_date(database, path)
        verdict = database.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)  # noqa: TRY301 - the handler only closes; it is told one level up
    except BaseException:
        database.close()
        raise
    return database


def _bring_up_to_date(database: sqlite3.Connection, path: Path) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        database.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}COMMIT;")
    elif version == 1:
        database.executescript(f"BEGIN IMMEDIATE;{_FROM_VERSION_1}COMMIT;")
    elif version != _VERSION:
        raise NewerVersionError(f"the journal {path} is of version {version}, this program reads {_VERSION}")
