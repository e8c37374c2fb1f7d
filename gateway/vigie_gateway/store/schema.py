"""The store's file: its tables, how it is opened, and what is refused. Called by ``sqlite`` when it opens.

Plain rows of readings are nowhere: a commit is one row of ``log``, which fills the last page of its table, so that a
commit every ten seconds dirties one page or two. Sealing makes rows of ``chunk`` and deletes the log's.

- Pages of 1024 bytes: each commit writes at least one page to the write-ahead log, with 24 bytes before it, so that it
  touches two blocks of the card when pages are as large as those (4096), and mostly one when they are smaller. A day of
  40 series writes 82 MB with 4096, 58 MB with 1024 (``./run bench wear``); still smaller ones do not hold a commit.
- auto_vacuum INCREMENTAL: pages that retention frees are used again, and can be given back when there are many
  (``maintain``), without a VACUUM that would write the whole file.
- WAL with synchronous FULL: a commit that has returned survives a power cut, and readers never block the writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from vigie_gateway.store import DamagedError, DiskFullError, ForeignError, StoreError

APPLICATION_ID = 0x56494749
"""``VIGI``: tells file(1) and us that a database is ours."""
CHECK_BELOW_BYTES = 16 * 1024 * 1024
"""Files up to this size are checked whole when opened. Higher delays the start on a Pi (a card reads about 40 MB/s);
lower leaves more damage to be found by the query that meets it."""
SQLITE, OLDEST_SQLITE = sqlite3.sqlite_version_info, (3, 37)
"""The version that this Python has, and the first with STRICT tables, without which nothing here opens."""
BUSY_TIMEOUT_S = 5.0
"""A backup may hold the write lock for a moment. Lower makes a commit fail for it; higher hides a second writer."""

_FIRST = """
CREATE TABLE series (
  id INTEGER PRIMARY KEY, node TEXT NOT NULL, channel TEXT NOT NULL, quantity TEXT NOT NULL, period_s REAL NOT NULL,
  room TEXT, label TEXT NOT NULL, labels TEXT NOT NULL, retired INTEGER NOT NULL DEFAULT 0,
  UNIQUE (node, channel, quantity)
) STRICT;
CREATE TABLE log (
  id INTEGER PRIMARY KEY, readings INTEGER NOT NULL, at_ms INTEGER NOT NULL, progress TEXT NOT NULL, data BLOB
) STRICT;
CREATE TABLE head (
  series INTEGER PRIMARY KEY, row INTEGER NOT NULL, last_ms INTEGER NOT NULL, last_value REAL, last_reason TEXT,
  known REAL
) STRICT;
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY, series INTEGER NOT NULL, tier INTEGER NOT NULL, first_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL, count INTEGER NOT NULL, data BLOB NOT NULL
) STRICT;
CREATE INDEX chunk_place ON chunk (series, tier, first_ms);
CREATE TABLE retained (
  series INTEGER NOT NULL, tier INTEGER NOT NULL, from_ms INTEGER NOT NULL, known REAL, PRIMARY KEY (series, tier)
) STRICT, WITHOUT ROWID;
CREATE TABLE progress (
  node TEXT NOT NULL, journal TEXT NOT NULL, upto INTEGER NOT NULL, PRIMARY KEY (node, journal)
) STRICT, WITHOUT ROWID;
CREATE TABLE gap (
  id INTEGER PRIMARY KEY, node TEXT NOT NULL, journal TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
  reason TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
"""

_CURSORS = """
CREATE TABLE cursor (
  follower TEXT PRIMARY KEY, row INTEGER NOT NULL, fill_series INTEGER, fill_ms INTEGER, set_aside INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE set_aside (
  id INTEGER PRIMARY KEY, follower TEXT NOT NULL, series INTEGER NOT NULL, at_ms INTEGER NOT NULL, value REAL,
  unknown TEXT, reason TEXT NOT NULL, found_ms INTEGER NOT NULL
) STRICT;
"""

_SALVAGE = """
CREATE TABLE salvage (
  file TEXT PRIMARY KEY, reason TEXT NOT NULL, begun_ms INTEGER NOT NULL, done_ms INTEGER, readings INTEGER NOT NULL,
  rollups INTEGER NOT NULL, unreadable INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""

# Without an index: the rows of one look like those of ``progress`` to what reads a damaged file page by page.
_CORRECTIONS = """
CREATE TABLE correction (
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, value INTEGER NOT NULL,
  was INTEGER, until_ms INTEGER, reason TEXT NOT NULL, author TEXT NOT NULL
) STRICT;
"""

_REHEARSALS = """
CREATE TABLE rehearsal (
  id INTEGER PRIMARY KEY, command TEXT NOT NULL, at_ms INTEGER NOT NULL, node TEXT NOT NULL, room TEXT,
  author TEXT NOT NULL, download_bps REAL NOT NULL, upload_bps REAL NOT NULL, most_bytes INTEGER NOT NULL,
  forced INTEGER NOT NULL, state TEXT NOT NULL, ended_ms INTEGER, reason TEXT NOT NULL, detail TEXT NOT NULL,
  result TEXT
) STRICT;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _CURSORS, _SALVAGE, _CORRECTIONS, _REHEARSALS)
"""Script n takes a file from ``user_version`` n to n + 1, in one transaction. Never edited once released."""


class FileKind(NamedTuple):
    """What tells a database of ours: its ``application_id``, and the newest ``user_version`` that we know."""

    application_id: int
    version: int


READINGS = FileKind(APPLICATION_ID, len(MIGRATIONS))
"""The store's own file; others, beside it, are copied and restored by the same code."""

SIGNS = (b"CREATE TABLE chunk (", b"CREATE TABLE log (")
"""What stands in the first START_BYTES of every file of ours, whatever else of it is damaged."""
START_BYTES = 65_536
"""Tables are made before anything is stored: what says so lies some 17 kB from the start. Lower would miss it."""

Connect = Callable[..., sqlite3.Connection]
"""``sqlite3.connect``, or what stands in for it where a test cuts the power under the file."""


@contextmanager
def converted(path: Path, doing: str) -> Iterator[None]:
    """Turn what sqlite3 raises into a StoreError that names the file, what was tried and why it failed."""
    try:
        yield
    except sqlite3.Error as error:
        name = getattr(error, "sqlite_errorname", None)
        word = str(name).split("_")[1] if name else ""
        reason = _REASONS.get(word, str(error))
        kind = _KINDS.get(word, StoreError)
        raise kind(f"{path}: {doing}: {reason}{f' ({name})' if name else ''}") from error
    except UnicodeDecodeError as error:
        # SQLite names what it cannot read, in the bytes that it found there.
        raise DamagedError(f"{path}: {doing}: {_REASONS['CORRUPT']} (its text is not UTF-8)") from error


_REASONS = {
    "FULL": "the disk is full",
    "READONLY": "the file or its folder is read-only",
    "NOTADB": "this is not a database",
    "CORRUPT": "the file is damaged",
    "CANTOPEN": "it cannot be opened or made: does its folder exist, and may this user write there?",
    "BUSY": "another process is writing to it",
}
_KINDS = {"FULL": DiskFullError, "CORRUPT": DamagedError, "NOTADB": DamagedError}


def damage_of(path: Path, connect: Connect = sqlite3.connect) -> str | None:
    """What is damaged about a file of ours; None when nothing is, or nothing is there.

    A file above CHECK_BELOW_BYTES is only asked what it is.

    Raises:
        StoreError: Another program's, no database, of a newer Vigie, or it cannot be opened.
    """
    if not path.exists():
        return None
    if path.stat().st_size == 0:
        return "it is empty"
    try:
        with closing(open_reader(path, connect)) as database, converted(path, "could not be read"):
            check_identity(database, path)
            found = first_damage(database) if path.stat().st_size <= CHECK_BELOW_BYTES else None
    except DamagedError as error:
        if not _is_ours(path):
            raise
        return str(error).removeprefix(f"{path}: ")
    except ForeignError:
        # A write-ahead log that was left lying beside the file speaks for it.
        if not _is_ours(path):
            raise
        return "its write-ahead log belongs to another file"
    return found


def _is_ours(path: Path) -> bool:
    """Whether the bytes of its start say so, or say nothing any more."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    identity = start[68:72] == APPLICATION_ID.to_bytes(4, "big")
    return identity or any(sign in start for sign in SIGNS) or not start.strip(b"\0")


def check_identity(database: sqlite3.Connection, path: Path, kind: FileKind = READINGS) -> None:
    """Refuse what another program or a newer Vigie wrote.

    Raises:
        ForeignError: Another program.
        StoreError: A newer Vigie.
    """
    version, application = pragma(database, "user_version"), pragma(database, "application_id")
    tables = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != kind.application_id and (tables or application):
        raise ForeignError(f"{path}: this is a database of another program (application_id {application:#x})")
    if version > kind.version:
        raise StoreError(
            f"{path}: written by a newer Vigie (schema {version}, this one knows {kind.version}): update Vigie"
        )


def first_damage(database: sqlite3.Connection) -> str | None:
    """The first thing that ``quick_check`` finds, on one line; None when it finds nothing."""
    found = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
    return None if found == "ok" else " ".join(found.split())


def open_writer(path: Path, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """Open the file for the one writer; made when absent, migrated when older.

    Raises:
        StoreError: Not a database, not ours, newer, damaged, or not writable.
    """
    with converted(path, "could not be opened"):
        database = connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            check_identity(database, path)
            _prepare(database)
        except BaseException:
            database.close()
            raise
    return database


def _prepare(database: sqlite3.Connection) -> None:
    if not database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        database.execute("PRAGMA page_size = 1024")
        database.execute("PRAGMA auto_vacuum = INCREMENTAL")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    # 1 MB of WAL: shorter copies the log's last page into the file more often, longer takes more room beside it.
    database.execute("PRAGMA wal_autocheckpoint = 1024")
    database.execute("PRAGMA journal_size_limit = 1048576")
    migrate(database, MIGRATIONS, APPLICATION_ID)
    # A file that can only be read is told now, not by the first commit.
    database.execute("BEGIN IMMEDIATE")
    database.execute("UPDATE series SET id = id WHERE id = 0")
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    database.execute("ROLLBACK")


def migrate(database: sqlite3.Connection, scripts: Sequence[str], application_id: int) -> None:
    """Take a file to the newest ``user_version``, a transaction for each script.

    Args:
        database: Open to write, of this kind or new.
        scripts: Script n takes it from n to n + 1.
        application_id: What tells a file of this kind.
    """
    for number in range(pragma(database, "user_version"), len(scripts)):
        database.executescript(
            f"BEGIN IMMEDIATE; {scripts[number]}; PRAGMA application_id = {application_id}; "
            f"PRAGMA user_version = {number + 1}; COMMIT"
        )


def pragma(database: sqlite3.Connection, name: str) -> int:
    """A setting of the file that is a number."""
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])


def open_reader(path: Path, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """Open the file to read: a connection of the pool, used by one thread at a time."""
    with converted(path, "could not be opened to read"):
        database = connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
        )
        # Lower reads a chunk's pages again and again; four readers at the default of 2 MB would be 8 MB of RSS.
        database.execute("PRAGMA cache_size = -512")
    return database
