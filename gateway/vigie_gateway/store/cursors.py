"""How far each follower of the log has come, and what it could not take: kept in the store's own file.

A follower (the InfluxDB sink) moves its cursor from its own thread, in memory. The writer thread writes the cursors
down beside what it writes anyway, so that a follower costs no transaction of its own; whatever is sent again after a
kill overwrites itself. Cursors are in the file of the readings, so that a copy that is restored holds both or neither.

Sealing is a follower too: what is before its cursor is in chunks, and stays in the log only for the others.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass, replace

from vigie_gateway.store import Behind, Cursor, Refused, SetAside
from vigie_gateway.store.codec import Value
from vigie_gateway.store.log import Batch, decode_batch

SEALING = "sealing"
HELD_READINGS = 8_000_000
"""Sealed readings that the log holds for followers: about 40 MB, three weeks of 40 channels every 10 s. Lower sends a
follower that was away for a week through all the chunks again; higher takes more of the card."""
MOST_SET_ASIDE = 1_000
"""Rows set aside that are kept to be looked at, the newest of each follower; all are counted. Higher lets a server that
refuses everything fill the card."""
WRITE_EVERY_S = 300.0
"""How often a moved cursor is written down. Lower adds a page (4 kB) to a commit more often; higher sends more again
after a kill."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one transaction writes of the cursors."""

    cursors: dict[str, Cursor]
    counts: dict[str, int]
    set_aside: list[tuple[str, SetAside]]


class Cursors:
    """The cursors in memory. ``load``, ``write`` and ``written`` belong to the writer; the rest to any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cursors: dict[str, Cursor] = {}
        self._followed: set[str] = set()
        self._refused: dict[str, Refused] = {}
        self._unwritten: list[tuple[str, SetAside]] = []
        self.is_moved = False
        self._written_mono: float | None = None

    def load(self, database: sqlite3.Connection) -> None:
        """Read what the file says."""
        for follower, row, series, at_ms, count in database.execute("SELECT * FROM cursor"):
            self._cursors[follower] = Cursor(row, None if series is None else (series, at_ms))
            self._refused[follower] = Refused(count, None)
        newest = (
            "SELECT follower, series, at_ms, value, unknown, reason, max(found_ms) FROM set_aside GROUP BY follower"
        )
        for follower, series, at_ms, value, unknown, reason, found_ms in database.execute(newest):
            last = SetAside(series, at_ms / 1000, value, unknown, reason, found_ms / 1000)
            self._refused[follower] = replace(self._refused.get(follower, Refused(0, None)), last=last)

    @property
    def sealed_row(self) -> int:
        """The log row up to which everything is in chunks."""
        return self._cursors.get(SEALING, Cursor(0)).row

    def follow(self, follower: str) -> Cursor | None:
        """See ``Store``."""
        with self._lock:
            self._followed.add(follower)
            return self._cursors.get(follower)

    def move(self, follower: str, cursor: Cursor, set_aside: tuple[SetAside, ...] = ()) -> None:
        """See ``Store``."""
        with self._lock:
            self.is_moved |= cursor != self._cursors.get(follower) or bool(set_aside)
            self._cursors[follower] = cursor
            if set_aside:
                self._unwritten = [*self._unwritten, *((follower, row) for row in set_aside)][-MOST_SET_ASIDE:]
                count = self._refused.get(follower, Refused(0, None)).count
                self._refused[follower] = Refused(count + len(set_aside), set_aside[-1])

    def refused(self, follower: str) -> Refused:
        """See ``Store``."""
        return self._refused.get(follower, Refused(0, None))

    def is_due(self, now_mono: float) -> bool:
        """Whether a cursor has moved and was not written down for WRITE_EVERY_S."""
        return self.is_moved and (self._written_mono is None or now_mono - self._written_mono >= WRITE_EVERY_S)

    def write(self, database: sqlite3.Connection, sealed_row: int | None = None) -> Snapshot:
        """Write the cursors down in the caller's transaction; ``written`` is called once it is committed."""
        with self._lock:
            cursors = {name: cursor for name, cursor in self._cursors.items() if name != SEALING}
            counts = {name: refused.count for name, refused in self._refused.items()}
            snapshot = Snapshot(cursors, counts, self._unwritten)
        if sealed_row is not None:
            cursors[SEALING] = Cursor(sealed_row)
        for follower, cursor in cursors.items():
            series, at_ms = (None, None) if cursor.fill is None else cursor.fill
            database.execute(
                "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?)",
                (follower, cursor.row, series, at_ms, counts.get(follower, 0)),
            )
        database.executemany(
            "INSERT INTO set_aside (follower, series, at_ms, value, unknown, reason, found_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    name,
                    row.series,
                    round(row.at_ts * 1000),
                    row.value,
                    row.unknown,
                    row.reason,
                    round(row.found_ts * 1000),
                )
                for name, row in snapshot.set_aside
            ],
        )
        if snapshot.set_aside:
            database.execute(
                "DELETE FROM set_aside WHERE id NOT IN (SELECT id FROM set_aside ORDER BY id DESC LIMIT ?)",
                (MOST_SET_ASIDE,),
            )
        return snapshot

    def written(self, snapshot: Snapshot, now_mono: float) -> None:
        """What was written is on disk."""
        with self._lock:
            if SEALING in snapshot.cursors:
                self._cursors[SEALING] = snapshot.cursors[SEALING]
            known = {id(row) for _, row in snapshot.set_aside}
            self._unwritten = [entry for entry in self._unwritten if id(entry[1]) not in known]
            others = {name: cursor for name, cursor in self._cursors.items() if name != SEALING}
            written = {name: cursor for name, cursor in snapshot.cursors.items() if name != SEALING}
            self.is_moved = bool(self._unwritten) or others != written
            self._written_mono = now_mono

    def free_row(self, database: sqlite3.Connection, sealed_row: int, snapshot: Snapshot) -> int:
        """The log row up to which nobody needs the log any more, or may need it.

        A follower that has no cursor yet has all of the chunks to read first: it holds everything that comes.
        """
        held = [snapshot.cursors.get(name, Cursor(0)).row for name in self._followed]
        free = min([sealed_row, *held])
        if free == sealed_row:
            return sealed_row
        over = database.execute(
            "SELECT max(id) FROM (SELECT id, sum(readings) OVER (ORDER BY id DESC) AS total FROM log WHERE id <= ?)"
            " WHERE total > ?",
            (sealed_row, HELD_READINGS),
        ).fetchone()[0]
        return max(free, over or 0)


def held_after(
    database: sqlite3.Connection, after_row: int, readings: int
) -> list[tuple[int, list[tuple[int, int, Value]]]] | None:
    """The commits after a row, until they hold so many readings; None when some of them are held no more.

    Each is its row and its readings: series, milliseconds, value; a str is the reason of an unknown.
    """
    oldest = database.execute("SELECT min(id) FROM log").fetchone()[0]
    if oldest is None:
        oldest = (
            1
            + database.execute("SELECT coalesce(max(row), 0) FROM cursor WHERE follower = ?", (SEALING,)).fetchone()[0]
        )
    if after_row + 1 < oldest:
        return None
    found = []
    rows = database.execute("SELECT id, readings, data FROM log WHERE id > ? ORDER BY id", (after_row,))
    for row, count, data in rows:
        found.append((row, _readings(decode_batch(data)) if count else []))
        readings -= count
        if readings <= 0:
            break
    return found


def _readings(batch: Batch) -> list[tuple[int, int, Value]]:
    found: list[tuple[int, int, Value]] = []
    start = 0
    for series, count in zip(batch.series, batch.counts, strict=True):
        for place in range(start, start + count):
            value: Value = batch.reasons[place] if place in batch.reasons else batch.values[place]
            found.append((series, batch.times[place], value))
        start += count
    return found


def behind(database: sqlite3.Connection, after_row: int) -> Behind:
    """What was committed after a row and is still held."""
    count, since_ms = database.execute(
        "SELECT coalesce(sum(readings), 0), min(at_ms) FROM log WHERE id > ? AND readings > 0", (after_row,)
    ).fetchone()
    return Behind(count, None if since_ms is None else since_ms / 1000)
