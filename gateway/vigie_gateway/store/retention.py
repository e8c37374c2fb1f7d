"""What is past its retention, deleted a little at a time. Called by ``sqlite`` from ``maintain``, on its thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

from vigie_gateway.store import Series
from vigie_gateway.store.chunks import RAW, TIERS_S, Chunks
from vigie_gateway.store.rollup import Rule

MINUTE_DAYS = 100
"""Roll-ups of 1 and 5 minutes are kept so long: a season. Lower loses last term's detail; a year of
them is about 2.5 MB a series."""
QUARTER_DAYS = 3 * 365
"""Roll-ups of 15 minutes and 2 hours: what a report compares over years. Those of a day are kept for
ever (30 bytes each)."""
EXPIRE_CHUNKS = 64
"""Chunks deleted in one call; see STEP_READINGS."""
SPARE_PAGES = 2_048
"""Free pages (8 MB) above which some are given back to the file system. Lower gives away what the next round takes."""

_DAY_MS = 86_400_000


def expire(
    database: sqlite3.Connection, due: Sequence[int], known: Sequence[Series], rules: Mapping[int, Rule], now_ms: int
) -> tuple[int, list[int]]:
    """Delete some, in the caller's transaction.

    Args:
        database: The writer's.
        due: Series still to be looked at.
        known: Every series.
        rules: Of each, by id.
        now_ms: What retention counts back from.

    Returns:
        How many chunks were deleted, and the series that are still due.
    """
    quantities = {series.id: series.quantity for series in known}
    expired, rest = 0, list(due)
    while rest and expired < EXPIRE_CHUNKS:
        chunks = Chunks(database, rest[0], rules[rest[0]])
        kept_days = (quantities[rest[0]].keep_days, MINUTE_DAYS, MINUTE_DAYS, QUARTER_DAYS, QUARTER_DAYS)
        for tier, days in zip((RAW, *TIERS_S[:-1]), kept_days, strict=True):
            expired += chunks.expire(tier, now_ms - days * _DAY_MS, EXPIRE_CHUNKS)
        rest = rest if expired >= EXPIRE_CHUNKS else rest[1:]
    database.execute("DELETE FROM gap WHERE at_ms < ?", (now_ms - QUARTER_DAYS * _DAY_MS,))
    return expired, rest


def give_back(database: sqlite3.Connection) -> None:
    """Give free pages back to the file system when there are many."""
    free = database.execute("PRAGMA freelist_count").fetchone()[0]
    total = database.execute("PRAGMA page_count").fetchone()[0]
    if free > max(SPARE_PAGES, total // 4):
        database.execute(f"PRAGMA incremental_vacuum({SPARE_PAGES // 8})").fetchall()
