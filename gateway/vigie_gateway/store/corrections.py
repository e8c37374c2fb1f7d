"""The table ``correction``: what people said, who said it and why. Written by ``sqlite``, read from any thread.

The numbers are readings too, in the log and the chunks like all others; what has no place there is here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from vigie_gateway.store import Correction

_COLUMNS = "id, at_ms, kind, subject, value, was, until_ms, reason, author"


def insert(database: sqlite3.Connection, corrections: Sequence[Correction]) -> None:
    """Add them, in the caller's transaction."""
    database.executemany(
        "INSERT INTO correction (at_ms, kind, subject, value, was, until_ms, reason, author)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (round(one.at_ts * 1000), one.kind, one.subject, one.value, one.was, _ms(one.until_ts), one.reason,
             one.author)
            for one in corrections
        ],
    )  # fmt: skip


class CorrectionTable:
    """See ``Corrections``."""

    def __init__(self, reading: Callable[[], AbstractContextManager[sqlite3.Connection]]) -> None:
        """Read through connections that ``reading`` lends."""
        self._reading = reading

    def newest(self, limit: int, before: int | None = None) -> list[Correction]:
        """See ``Corrections``."""
        bound = "" if before is None else "WHERE id < ? "
        values = (limit,) if before is None else (before, limit)
        return self._read(f"{bound}ORDER BY id DESC LIMIT ?", *values)

    def standing(self) -> list[Correction]:
        """See ``Corrections``."""
        return self._read("WHERE id IN (SELECT max(id) FROM correction GROUP BY kind, subject) ORDER BY id")

    def between(self, kind: str, from_ts: float, to_ts: float) -> list[Correction]:
        """See ``Corrections``."""
        condition = "WHERE kind = ? AND at_ms > ? AND at_ms <= ? ORDER BY at_ms, id"
        return self._read(condition, kind, _ms(from_ts), _ms(to_ts))

    def _read(self, condition: str, *values: object) -> list[Correction]:
        with self._reading() as database:
            rows = database.execute(f"SELECT {_COLUMNS} FROM correction {condition}", values).fetchall()  # noqa: S608 - the texts above
        return [
            Correction(kind, subject, value, was, reason, author, at_ms / 1000, _ts(until_ms), number)
            for number, at_ms, kind, subject, value, was, until_ms, reason, author in rows
        ]


def _ms(at_ts: float | None) -> int | None:
    return None if at_ts is None else round(at_ts * 1000)


def _ts(at_ms: int | None) -> float | None:
    return None if at_ms is None else at_ms / 1000
