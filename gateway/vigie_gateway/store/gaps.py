"""The table ``gap``: readings that can never come. Called by ``sqlite``."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from vigie_gateway.store import Gap


def insert(database: sqlite3.Connection, gaps: Sequence[Gap]) -> None:
    """Put them on record, in the caller's transaction."""
    database.executemany(
        "INSERT INTO gap (node, journal, first, last, reason, at_ms) VALUES (?, ?, ?, ?, ?, ?)",
        [(gap.node, gap.journal, gap.first, gap.last, gap.reason, round(gap.at_ts * 1000)) for gap in gaps],
    )


def all_gaps(database: sqlite3.Connection) -> list[Gap]:
    """Those on record, in the order found."""
    rows = database.execute("SELECT node, journal, first, last, reason, at_ms FROM gap ORDER BY id").fetchall()
    return [Gap(node, journal, first, last, reason, at_ms / 1000) for node, journal, first, last, reason, at_ms in rows]
