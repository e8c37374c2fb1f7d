"""The table ``rehearsal``: what was asked of a line, by whom, and what came of it. Never deleted.

Written by ``rehearsals`` on the writer thread, twice a rehearsal: when it is sent and when it has ended. Read from any
thread.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass

from vigie_contract.commands import Rehearsed

_COLUMNS = (
    "id, command, at_ms, node, room, author, download_bps, upload_bps, most_bytes, forced, state, ended_ms, reason,"
    " detail, result"
)
_UNDER_WAY = "state IN ('asked', 'running')"

STATES = {
    "asked": "sent to the node, which has not answered yet",
    "running": "the node is at it",
    "finished": "it ended; the result says what it found",
    "refused": "the node did not begin; the reason says why",
    "silent": "the node said nothing any more, or went away; what it found is not known",
    "lost": "the gateway was stopped meanwhile; what the node found is not known",
}
"""Where a rehearsal stands."""
ENDED = frozenset(STATES) - {"asked", "running"}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One that was begun.

    Attributes:
        command: The id under which the node knows it.
        node: Whom it was asked of.
        room: On whose access point; None for the line alone.
        download_bps: What the line is to hold, of content.
        upload_bps: The same.
        most_bytes: What it may move, both ways together.
        author: Who asked for it.
        at_ts: When.
        is_forced: During another session, or without knowing of any, because somebody said so.
        state: A word of STATES.
        share: How far it is, 0 to 1; not stored.
        ended_ts: When it ended; None before.
        reason: A word of the contract's REFUSED where it was; else "".
        detail: The node's line for a person; may be empty.
        result: Of one that has finished.
        id: Given by the store; 0 before.
    """

    command: str
    node: str
    room: str | None
    download_bps: float
    upload_bps: float
    most_bytes: int
    author: str
    at_ts: float
    is_forced: bool = False
    state: str = "asked"
    share: float = 0.0
    ended_ts: float | None = None
    reason: str = ""
    detail: str = ""
    result: Rehearsed | None = None
    id: int = 0

    @property
    def is_under_way(self) -> bool:
        """Whether something can still come of it."""
        return self.state not in ENDED


class RehearsalTable:
    """See the module. ``add`` and ``save``: the writer thread; the rest: any thread. Each raises StoreError."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[sqlite3.Connection]],
        written: Callable[[Callable[[sqlite3.Connection], int]], int],
    ) -> None:
        """Use the store's connections.

        Args:
            reading: Lends one to read.
            written: Does something in a transaction of its own, and gives back what that returns.
        """
        self._reading = reading
        self._written = written

    def add(self, rehearsal: Rehearsal) -> int:
        """Keep one that is begun now; its id."""
        row = (
            rehearsal.command, round(rehearsal.at_ts * 1000), rehearsal.node, rehearsal.room, rehearsal.author,
            rehearsal.download_bps, rehearsal.upload_bps, rehearsal.most_bytes, int(rehearsal.is_forced),
            *_ending(rehearsal),
        )  # fmt: skip

        def insert(database: sqlite3.Connection) -> int:
            marks = ", ".join("?" * len(row))
            text = f"INSERT INTO rehearsal ({_COLUMNS.removeprefix('id, ')}) VALUES ({marks})"  # noqa: S608 - texts of this module
            return database.execute(text, row).lastrowid or 0

        return self._written(insert)

    def save(self, rehearsal: Rehearsal) -> None:
        """Keep how it ended."""
        text = "UPDATE rehearsal SET state = ?, ended_ms = ?, reason = ?, detail = ?, result = ? WHERE id = ?"
        self._written(lambda database: database.execute(text, (*_ending(rehearsal), rehearsal.id)).rowcount)

    def newest(self, limit: int) -> list[Rehearsal]:
        """The newest first."""
        return self._read("ORDER BY id DESC LIMIT ?", limit)

    def one(self, number: int) -> Rehearsal | None:
        """By its id."""
        return next(iter(self._read("WHERE id = ?", number)), None)

    def of_command(self, command: str) -> Rehearsal | None:
        """By the id of its command, among those of late."""
        return next((one for one in self.newest(_LATE) if one.command == command), None)

    def under_way(self) -> list[Rehearsal]:
        """Those whose end was not written down."""
        return self._read(f"WHERE {_UNDER_WAY} ORDER BY id")

    def finished(self, since_ts: float) -> list[Rehearsal]:
        """Those that have a result, begun since then, the newest first."""
        return self._read("WHERE state = 'finished' AND at_ms >= ? ORDER BY id DESC", round(since_ts * 1000))

    def _read(self, condition: str, *values: object) -> list[Rehearsal]:
        with self._reading() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM rehearsal {condition}", values).fetchall()  # noqa: S608 - texts of this module
        return [_rehearsal(*row) for row in rows]


_LATE = 20
"""Rehearsals among which a late answer is looked for. Fewer loses a result that comes after a busy hour; more reads
the table for every answer that was meant for another gateway."""


def _ending(rehearsal: Rehearsal) -> tuple[object, ...]:
    ended_ms = None if rehearsal.ended_ts is None else round(rehearsal.ended_ts * 1000)
    result = None if rehearsal.result is None else json.dumps(asdict(rehearsal.result))
    return rehearsal.state, ended_ms, rehearsal.reason, rehearsal.detail, result


def _rehearsal(
    number: int, command: str, at_ms: int, node: str, room: str | None, author: str, download_bps: float,
    upload_bps: float, most_bytes: int, forced: int, state: str, ended_ms: int | None, reason: str, detail: str,
    result: str | None,
) -> Rehearsal:  # fmt: skip
    return Rehearsal(
        command, node, room, download_bps, upload_bps, most_bytes, author, at_ms / 1000, bool(forced), state,
        1.0 if state == "finished" else 0.0,
        None if ended_ms is None else ended_ms / 1000,
        reason, detail,
        None if result is None else Rehearsed(**json.loads(result)),
        number,
    )  # fmt: skip
