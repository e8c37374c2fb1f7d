"""The table of ``forecasts.db``, and how the file is opened. Called by ``forecast_log`` alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vigie_gateway.store.schema import BUSY_TIMEOUT_S, FileKind, check_identity, converted, migrate, pragma

APPLICATION_ID = 0x56494643  # "VIFC"

_FIRST = """
CREATE TABLE IF NOT EXISTS forecast (room TEXT NOT NULL, name TEXT NOT NULL, begins_ts REAL NOT NULL,
    ends_ts REAL NOT NULL, people INTEGER NOT NULL, activity TEXT NOT NULL, verdict TEXT NOT NULL, limiting TEXT,
    at_ts REAL NOT NULL, judged_ts REAL, came INTEGER, held TEXT, broke TEXT,
    PRIMARY KEY (room, begins_ts, ends_ts, name)) STRICT;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""Script n takes a file from ``user_version`` n to n + 1, in one transaction. Never edited once released."""
FORECASTS = FileKind(APPLICATION_ID, len(MIGRATIONS))


def open_database(path: Path) -> sqlite3.Connection:
    """Open the file to write, made when absent and migrated when older.

    Raises:
        StoreError: Another program's, a newer Vigie's, damaged, or not writable.
    """
    with converted(path, "the forecasts of sessions cannot be opened"):
        database = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            if not _is_nameless(database):
                check_identity(database, path, FORECASTS)
            database.execute("PRAGMA journal_mode = WAL")
            migrate(database, MIGRATIONS, APPLICATION_ID)
        except BaseException:
            database.close()
            raise
    return database


def _is_nameless(database: sqlite3.Connection) -> bool:
    """Whether it is of before these files said whose they are: no identity, and this one table."""
    tables = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    has_identity = pragma(database, "application_id") or pragma(database, "user_version")
    return not has_identity and tables == [("forecast",)]
