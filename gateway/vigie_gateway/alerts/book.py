"""The book of alerts: what is wrong, what was, and what happened to it, on the disk before anyone is told.

Written by the alert thread; read by it after a restart, by request threads and by ``vigie-gateway alerts``. A
transition, its events and the notices that it causes are one transaction: after a crash there are all of them or none.

What is written: an alert when it begins to be wrong, when its course goes on, and when it ends. Nothing in between, and
nothing at all while nothing happens.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from vigie_gateway.alerts.alert import Alert, Change, Event
from vigie_gateway.alerts.book_file import BookError, BookFile
from vigie_gateway.alerts.book_schema import Database
from vigie_gateway.alerts.rows import ALERT, EVENT, alert_of, alert_row, event_of, event_row, notice_row
from vigie_gateway.notify.notices import Notice
from vigie_gateway.store import DamagedError

log = logging.getLogger(__name__)
_Thing = TypeVar("_Thing")

KEPT_S = 400 * 86_400.0
"""An alert that fired is kept for so long after its end, with its course and what was told of it. Lower loses the same
month of last year, which people compare with; higher keeps who did what for longer than anybody needs it."""
DROPPED_KEPT_S = 7 * 86_400.0
"""One that was well again before it fired. Lower hides from an administrator what nearly fired last weekend; higher
fills the card where something flaps."""


class Rows(Protocol):
    """What gives rows of the file: ``BookFile``, or ``SeenFile`` for a command beside the gateway."""

    def read(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows, as they are now."""


class BookReader:
    """The alerts, to be read. Every method may be called from any thread, and raises BookError."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def open_alerts(self) -> list[Alert]:
        """Those that are pending or firing, the oldest first: what the engine goes on with after a restart."""
        return self._alerts("WHERE ended_ts IS NULL ORDER BY number")

    def alert(self, number: int) -> Alert | None:
        """One of them; None where there is none."""
        found = self._alerts("WHERE number = ?", number)
        return found[0] if found else None

    def ended(self, since_ts: float) -> list[Alert]:
        """Those that fired and ended after then, the last to end first."""
        return self._alerts("WHERE ended_ts > ? AND fired_ts IS NOT NULL ORDER BY ended_ts DESC", since_ts)

    def last_ended(self) -> Alert | None:
        """The last that fired and ended; None where none did."""
        found = self._alerts("WHERE ended_ts IS NOT NULL AND fired_ts IS NOT NULL ORDER BY ended_ts DESC LIMIT 1")
        return found[0] if found else None

    def history(self, before: int | None = None, limit: int = 100) -> list[Alert]:
        """Those that fired, open or not, the newest first; ``before`` is the number that the last page ended with."""
        text = "WHERE fired_ts IS NOT NULL AND (?1 IS NULL OR number < ?1) ORDER BY number DESC LIMIT ?2"
        return self._alerts(text, before, limit)

    def course(self, number: int) -> list[Event]:
        """What happened to an alert, in its order."""
        rows = self._rows.read(f"SELECT {EVENT} FROM event WHERE alert = ? ORDER BY number", number)  # noqa: S608 - columns
        return list(_readable(event_of, rows))

    def explained_by(self, number: int) -> list[Alert]:
        """Those whose cause an alert is, the oldest first."""
        return self._alerts("WHERE cause = ? ORDER BY number", number)

    def _alerts(self, rest: str, *values: object) -> list[Alert]:
        return list(_readable(alert_of, self._rows.read(f"SELECT {ALERT} FROM alert {rest}", *values)))  # noqa: S608 - columns


class Book(BookReader):
    """The same, to be written too."""

    def __init__(self, file: BookFile) -> None:
        """Go on in a file that is open."""
        super().__init__(file)
        self._file = file
        self._lock = threading.Lock()
        self._newest = int(file.read("SELECT max(number) FROM alert")[0][0] or 0)

    def numbered(self, changes: Sequence[Change]) -> list[Change]:
        """Give numbers to the alerts that began now, so that causes and notices can name them before ``write``.

        Nothing is written: a number that is never written is given to nobody else before the next start.
        """
        return [self._numbered(change) for change in changes]

    def _numbered(self, change: Change) -> Change:
        number = change.alert.number or self._next()
        events = tuple(replace(event, alert=number) for event in change.events)
        return Change(replace(change.alert, number=number), events)

    def _next(self) -> int:
        with self._lock:
            self._newest += 1
            return self._newest

    def write(self, changes: Sequence[Change], notices: Sequence[Notice] = ()) -> list[Alert]:
        """Write alerts, events and notices in one transaction; nothing to write touches no disk.

        When the disk refuses, they are in memory and ``BookFile.trouble`` says so: people are told all the same.

        Args:
            changes: In their order; those that ``numbered`` did not see are numbered now.
            notices: About alerts that have a number.

        Returns:
            The alerts, numbered, in the order of ``changes``.

        Raises:
            BookError: Neither the disk nor the memory takes them.
        """
        if not changes and not notices:
            return []
        numbered = self.numbered(changes)

        def work(database: Database) -> None:
            for change in numbered:
                _put(database, change.alert)
                insert_events(database, change.events)
            insert_notices(database, notices)

        try:
            self._file.change("the alerts cannot be written", work)
        except ValueError as error:
            raise BookError(f"{self._file.path}: an alert holds what no file can: {error}") from error
        return [change.alert for change in numbered]

    def expire(self, now_ts: float) -> int:
        """Forget what ended long ago, once a night, when the clock is known to be right. Returns how many alerts."""
        limits = (now_ts - KEPT_S, now_ts - DROPPED_KEPT_S)
        # The newest stays: its number must not be given again.
        chosen = (
            "ended_ts < CASE WHEN fired_ts IS NULL THEN ?2 ELSE ?1 END AND number < (SELECT max(number) FROM alert)"
        )
        (old,) = self._file.read(f"SELECT count(*) FROM alert WHERE {chosen}", *limits)[0]  # noqa: S608 - text above
        if not old:
            return 0

        def work(database: Database) -> None:
            of_old = f"alert IN (SELECT number FROM alert WHERE {chosen})"  # noqa: S608 - text above
            for table in ("event", "notice"):
                newest = f"(SELECT max(number) FROM {table})"  # noqa: S608 - two names
                database.execute(f"DELETE FROM {table} WHERE {of_old} AND number < {newest}", limits)  # noqa: S608
            database.execute(
                "DELETE FROM notice WHERE alert IS NULL AND state <> 'waiting' AND at_ts < ?"
                " AND number < (SELECT max(number) FROM notice)", (limits[0],)
            )  # fmt: skip
            database.execute("DELETE FROM dispatch WHERE state <> 'claimed' AND claimed_ts < ?", (limits[0],))
            database.execute(f"DELETE FROM alert WHERE {chosen}", limits)  # noqa: S608 - text above

        self._file.change("old alerts cannot be deleted", work)
        return int(old)


def _put(database: Database, alert: Alert) -> None:
    row = alert_row(alert)
    updates = ", ".join(f"{column} = excluded.{column}" for column in ALERT.split(", ")[1:])
    database.execute(
        f"INSERT INTO alert ({ALERT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET {updates}",  # noqa: S608 - columns
        row,
    )


def _readable(parse: Callable[[Sequence[Any]], _Thing], rows: Iterable[Sequence[Any]]) -> Iterator[_Thing]:
    """One row that says what nothing can say is told, and hides no other."""
    for row in rows:
        try:
            yield parse(row)
        except DamagedError as error:
            log.error("%s: left out", error)  # noqa: TRY400 - its one line says it all


def insert_events(database: Database, events: Iterable[Event]) -> None:
    """Within a transaction: number them and keep them."""
    rows = (event_row(event)[1:] for event in events)
    database.executemany(
        "INSERT INTO event (alert, what, at_ts, author, reason, value) VALUES (?, ?, ?, ?, ?, ?)", rows
    )


def insert_notices(database: Database, notices: Iterable[Notice]) -> list[Notice]:
    """Within a transaction: number them and let them wait."""
    added = []
    for notice in notices:
        row = notice_row(notice)[1:]
        inserted = database.execute(
            "INSERT INTO notice (recipient, notifier, occasion, alert, at_ts, due_ts, state)"
            " VALUES (?, ?, ?, ?, ?, ?, 'waiting') RETURNING number", row
        )  # fmt: skip
        added.append(replace(notice, number=inserted.fetchone()[0]))
    return added
