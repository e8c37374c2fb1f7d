"""The tables of ``devices.db``, and how the file is opened. Called by ``registry`` alone."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from vigie_gateway.store.schema import BUSY_TIMEOUT_S, FileKind, check_identity, converted, migrate

APPLICATION_ID = 0x56494456  # "VIDV"

_FIRST = """
CREATE TABLE device (family TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, maker TEXT NOT NULL,
    model TEXT NOT NULL, software TEXT NOT NULL, area TEXT NOT NULL, first_ts REAL NOT NULL,
    PRIMARY KEY (family, id)) STRICT, WITHOUT ROWID;
"""

_ANNOUNCED = """
ALTER TABLE device ADD COLUMN software_name TEXT NOT NULL DEFAULT '';
ALTER TABLE device ADD COLUMN via TEXT NOT NULL DEFAULT ''
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _ANNOUNCED)
"""Script n takes a file from ``user_version`` n to n + 1, in one transaction. Never edited once released."""
DEVICES = FileKind(APPLICATION_ID, len(MIGRATIONS))


def open_database(path: Path) -> sqlite3.Connection:
    """Open the file to write, made when absent and migrated when older.

    Raises:
        StoreError: Another program's, a newer Vigie's, damaged, or not writable.
    """
    with converted(path, "the devices cannot be opened"):
        database = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            check_identity(database, path, DEVICES)
            database.execute("PRAGMA journal_mode = WAL")
            migrate(database, MIGRATIONS, APPLICATION_ID)
        except BaseException:
            database.close()
            raise
    return database
