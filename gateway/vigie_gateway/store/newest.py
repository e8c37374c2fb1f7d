"""When the newest reading on the disk is from, asked beside the gateway that runs: no lock, no migration."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from vigie_gateway.store import StoreError

_NEWEST = "SELECT max(at_ms) FROM (SELECT max(at_ms) AS at_ms FROM log UNION ALL SELECT max(last_ms) FROM head)"


def newest_ts(database: Path) -> float | None:
    """Of the last commit, or the newest sealed reading; None when there is none, or no database yet.

    Raises:
        StoreError: It is there and cannot be read.
    """
    try:
        if not database.exists():
            return None
        with contextlib.closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as found:
            (at_ms,) = found.execute(_NEWEST).fetchone()
    except PermissionError as error:
        raise StoreError(f"{database} may not be looked at by this user: use sudo") from error
    except sqlite3.Error as error:
        raise StoreError(f"{database} cannot be read: {error}") from error
    return None if at_ms is None else at_ms / 1000
