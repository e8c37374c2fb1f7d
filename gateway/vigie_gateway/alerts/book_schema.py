"""The tables of ``alerts.db``, and how it is opened. Called by ``book_file`` alone.

- What is searched by has a column; the rest of an alert is one JSON object, so that a field more needs no migration.
- Pages of 1024 bytes, as the readings have: a transition is a few small rows, and writes whole pages.
- Numbers rise and are never given twice: of the alerts, events and notices that retention deletes, the newest stays.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from vigie_gateway.store.schema import BUSY_TIMEOUT_S, Connect, FileKind, check_identity, converted, migrate, pragma

APPLICATION_ID = 0x5649414C  # "VIAL"

_FIRST = """
CREATE TABLE alert (
  number INTEGER PRIMARY KEY, rule TEXT NOT NULL, subject TEXT NOT NULL, phase TEXT NOT NULL, since_ts REAL NOT NULL,
  fired_ts REAL, ended_ts REAL, cause INTEGER, state TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX alert_open ON alert (rule, subject) WHERE ended_ts IS NULL;
CREATE INDEX alert_ended ON alert (ended_ts) WHERE ended_ts IS NOT NULL;
CREATE INDEX alert_cause ON alert (cause) WHERE cause IS NOT NULL;
CREATE TABLE event (
  number INTEGER PRIMARY KEY, alert INTEGER NOT NULL, what TEXT NOT NULL, at_ts REAL NOT NULL, author TEXT NOT NULL,
  reason TEXT NOT NULL, value REAL
) STRICT;
CREATE INDEX event_alert ON event (alert);
CREATE TABLE notice (
  number INTEGER PRIMARY KEY, recipient TEXT NOT NULL, notifier TEXT NOT NULL, occasion TEXT NOT NULL, alert INTEGER,
  at_ts REAL NOT NULL, due_ts REAL NOT NULL, state TEXT NOT NULL, dispatch TEXT
) STRICT;
CREATE INDEX notice_waiting ON notice (notifier, recipient) WHERE state = 'waiting';
CREATE INDEX notice_alert ON notice (alert) WHERE alert IS NOT NULL;
CREATE TABLE dispatch (
  number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, notifier TEXT NOT NULL, recipient TEXT NOT NULL,
  notices TEXT NOT NULL, claimed_ts REAL NOT NULL, tries INTEGER NOT NULL, retry_ts REAL NOT NULL, state TEXT NOT NULL,
  tried_ts REAL, error TEXT NOT NULL, message TEXT NOT NULL
) STRICT;
CREATE INDEX dispatch_unfinished ON dispatch (notifier) WHERE state = 'claimed';
CREATE INDEX dispatch_last ON dispatch (recipient, notifier);
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""Script n takes a file from ``user_version`` n to n + 1, in one transaction. Never edited once released."""
Database = sqlite3.Connection
"""For those who say what is done in a transaction."""
TABLES = ("alert", "event", "notice", "dispatch")
ALERTS = FileKind(APPLICATION_ID, len(MIGRATIONS))


def open_database(path: Path | None, connect: Connect = sqlite3.connect) -> sqlite3.Connection:
    """Open the file to write, made when absent and migrated when older; without a path, one in memory.

    Raises:
        StoreError: Another program's, a newer Vigie's, damaged, or not writable.
    """
    name = Path(":memory:") if path is None else path
    if path is not None:
        _make_private(path)
    with converted(name, "the alerts cannot be opened"):
        database = connect(name, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            check_identity(database, name, ALERTS)
            _prepare(database)
        except BaseException:
            database.close()
            raise
    return database


def _make_private(path: Path) -> None:
    """Who was told what is read by the gateway alone. Where it cannot be made, opening says why."""
    with suppress(OSError):
        path.touch(mode=0o600)


def _prepare(database: sqlite3.Connection) -> None:
    if not pragma(database, "user_version"):
        database.execute("PRAGMA page_size = 1024")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    # 256 kB of write-ahead log: a longer one takes more room beside the file, a shorter one copies pages more often.
    database.execute("PRAGMA wal_autocheckpoint = 256")
    database.execute("PRAGMA journal_size_limit = 262144")
    migrate(database, MIGRATIONS, APPLICATION_ID)
    # A file that can only be read is told now, not by the first alert.
    database.execute("BEGIN IMMEDIATE")
    database.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    database.execute("ROLLBACK")


def forget_waiting(path: Path) -> None:
    """In a copy that is to be restored: what waited when it was made was told since, or is over.

    Raises:
        StoreError: It cannot be written.
    """
    with (
        converted(path, "the alerts cannot be written"),
        closing(sqlite3.connect(path, isolation_level=None)) as database,
    ):
        database.executescript(
            "BEGIN; UPDATE notice SET state = 'dropped' WHERE state IN ('waiting', 'claimed');"
            " UPDATE dispatch SET state = 'dropped' WHERE state = 'claimed'; COMMIT"
        )
