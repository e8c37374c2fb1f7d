"""The outbox: what is to be told, from the transition that caused it until it got through. Rows of ``alerts.db``.

``Book.write`` lets notices wait, in the transaction of what they are about. A notifier's thread then **claims** what is
due for one recipient (one message with a random key is on the disk before the first byte is sent), sends it, and
**marks** it. Killed anywhere, the same message is sent again under the same key; none is lost, and none changes.

To each recipient by each notifier one message is on its way at a time: what came later waits until it got through,
so that nobody reads "resolved" before "fired".
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from vigie_gateway.alerts.alert import Event, What
from vigie_gateway.alerts.book import insert_events, insert_notices
from vigie_gateway.alerts.book_file import BookError, BookFile
from vigie_gateway.alerts.book_schema import Database
from vigie_gateway.alerts.rows import DISPATCH, NOTICE, dispatch_of, message_of, message_text, notice_of, numbers_text
from vigie_gateway.notify.notices import Dispatch, Message, Notice

LONGEST_WAIT_S = 2 * 86_400.0
"""A notice that is due, or a try that is, later than this from now was dated by a clock that was wrong: it is due now.
Lower breaks into quiet hours; higher hides an alert for longer after such a clock was set."""


class Claimed(NamedTuple):
    """A message on its way, as it was first written down."""

    dispatch: Dispatch
    message: Message


@dataclass(frozen=True, slots=True)
class Delivery:
    """The last message to a recipient by a notifier.

    Attributes:
        message: It.
        state: ``claimed`` while it is tried, then ``sent``.
        tried_ts: When it was last tried; None when it never was.
        tries: How often.
        error: Why it did not get through the last time; "" when it did.
    """

    message: Message
    state: str
    tried_ts: float | None
    tries: int
    error: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The outbox in numbers.

    Attributes:
        waiting: Notices that were due and did not get through yet.
        oldest_ts: When the oldest of them happened; None when there is none.
        later: Notices that are not due yet.
        failing: Messages that were tried, did not get through, and are tried again.
    """

    waiting: int
    oldest_ts: float | None
    later: int
    failing: int


class Outbox:
    """The outbox in the open file. Every method may be called from any thread, and raises BookError."""

    def __init__(self, file: BookFile) -> None:
        """Go on in a file that is open."""
        self._file = file

    def add(self, notices: Iterable[Notice]) -> list[Notice]:
        """Let notices wait that no transition caused: tests. Returns them numbered."""
        given = list(notices)
        return self._file.change("the outbox cannot be written", lambda database: insert_notices(database, given))

    def waiting(self, recipient: str, notifier: str, now_ts: float) -> list[Notice]:
        """What is due and not claimed, oldest first."""
        rows = self._file.read(
            f"SELECT {NOTICE} FROM notice WHERE state = 'waiting' AND notifier = ?3 AND recipient = ?4 AND {_IS_DUE}"  # noqa: S608 - columns
            " ORDER BY number",
            now_ts, LONGEST_WAIT_S, notifier, recipient,
        )  # fmt: skip
        return [notice_of(row) for row in rows]

    def later(self, recipient: str, notifier: str, now_ts: float) -> list[Notice]:
        """What waits for its time, oldest first."""
        rows = self._file.read(
            f"SELECT {NOTICE} FROM notice WHERE state = 'waiting' AND notifier = ?3 AND recipient = ?4"  # noqa: S608 - columns
            f" AND NOT {_IS_DUE} ORDER BY number",
            now_ts, LONGEST_WAIT_S, notifier, recipient,
        )  # fmt: skip
        return [notice_of(row) for row in rows]

    def was_told(self, recipient: str, notifier: str, alert: int) -> bool:
        """Whether a message to them that is on its way, or got through, says that the alert fired."""
        return bool(
            self._file.read(
                "SELECT 1 FROM notice WHERE alert = ? AND recipient = ? AND notifier = ?"
                " AND occasion <> 'resolved' AND state IN ('claimed', 'sent') LIMIT 1",
                alert, recipient, notifier,
            )
        )  # fmt: skip

    def claim(
        self,
        recipient: str,
        notifier: str,
        told: Sequence[int],
        dropped: Sequence[int],
        message: Message | None,
        now_ts: float,
    ) -> Claimed | None:
        """Write down what is about to be sent, under a new key.

        Args:
            recipient: To whom.
            notifier: By which.
            told: Numbers of the notices that the message tells.
            dropped: Of those that need not be told any more.
            message: It; its ``key`` is replaced. None when nothing is left to tell.
            now_ts: Now.

        Returns:
            What is to be sent; None without a message.

        Raises:
            BookError: A notice does not wait for that recipient, or one to the same is on its way: nothing was claimed.
        """
        if (message is None) == bool(told):
            raise BookError(
                f"{recipient} by {notifier}: a message tells at least one notice, and no message tells none"
            )
        # As text it is what a notifier gives to receivers that know one again: 128 bits, which no two messages share.
        key = secrets.token_hex(16)

        def work(database: Database) -> None:
            if message is not None:
                self._refuse_a_second(database, notifier, recipient)
                dispatch = (key, notifier, recipient, numbers_text(told), now_ts, 0, now_ts)
                database.execute(
                    f"INSERT INTO dispatch ({DISPATCH}, state, error, message)"  # noqa: S608 - columns
                    " VALUES (?, ?, ?, ?, ?, ?, ?, 'claimed', '', ?)",
                    (*dispatch, message_text(replace(message, key=key))),
                )
            _settle(database, notifier, recipient, told, "claimed", key)
            _settle(database, notifier, recipient, dropped, "dropped", None)

        self._file.change("the outbox cannot be written", work)
        if message is None:
            return None
        return Claimed(
            Dispatch(key, notifier, recipient, tuple(told), now_ts, 0, now_ts), replace(message, key=key)
        )  # fmt: skip

    @staticmethod
    def _refuse_a_second(database: Database, notifier: str, recipient: str) -> None:
        text = "SELECT 1 FROM dispatch WHERE state = 'claimed' AND notifier = ? AND recipient = ?"
        if database.execute(text, (notifier, recipient)).fetchone() is not None:
            raise BookError(f"{recipient} by {notifier}: a message is on its way already")

    def unfinished(self, notifier: str) -> list[Claimed]:
        """What was claimed and did not get through yet, oldest first; tried before anything that waits."""
        rows = self._file.read(
            f"SELECT {DISPATCH}, message FROM dispatch WHERE state = 'claimed' AND notifier = ? ORDER BY number",  # noqa: S608 - columns
            notifier,
        )  # fmt: skip
        return [Claimed(dispatch_of(row), message_of(text)) for *row, text in rows]

    def sent(self, key: str, at_ts: float) -> None:
        """It got through. A second time changes nothing."""
        self._mark(key, at_ts, "sent", "", None)

    def failed(self, key: str, at_ts: float, error: str, retry_ts: float) -> None:
        """It did not get through, why in one line, and when it is to be tried again. Nothing is ever given up."""
        self._mark(key, at_ts, "claimed", error, retry_ts)

    def _mark(self, key: str, at_ts: float, state: str, error: str, retry_ts: float | None) -> None:
        def work(database: Database) -> None:
            row = database.execute(
                "SELECT notifier, recipient, tries, retry_ts, message FROM dispatch WHERE key = ? AND"
                " state = 'claimed'",
                (key,),
            ).fetchone()
            if row is None:
                return
            notifier, recipient, tries, last_retry_ts, text = row
            database.execute(
                "UPDATE dispatch SET state = ?, tried_ts = ?, tries = ?, error = ?, retry_ts = ? WHERE key = ?",
                (state, at_ts, tries + 1, error, last_retry_ts if retry_ts is None else retry_ts, key),
            )
            if state != "claimed":
                database.execute("UPDATE notice SET state = ? WHERE dispatch = ?", (state, key))
            # Of many tries the first that fails is an event, and how it ended.
            if state != "claimed" or tries == 0:
                reason = f"{recipient} {notifier}" + (f": {error}" if error else "")
                what = What.NOT_TOLD if error else What.TOLD
                insert_events(
                    database, [Event(0, number, what, at_ts, "", reason) for number in message_of(text).alerts]
                )

        self._file.change("the outbox cannot be written", work)

    def last_by(self, recipient: str, notifier: str) -> Delivery | None:
        """The last message to somebody, and what became of it; None when there was none."""
        rows = self._file.read(
            "SELECT message, state, tried_ts, tries, error FROM dispatch WHERE recipient = ? AND notifier = ?"
            " ORDER BY number DESC LIMIT 1",
            recipient, notifier,
        )  # fmt: skip
        return Delivery(message_of(rows[0][0]), *rows[0][1:]) if rows else None

    def counts(self, now_ts: float) -> Counts:
        """For health and metrics."""
        is_late = f"state = 'claimed' OR (state = 'waiting' AND {_IS_DUE})"
        ((waiting, oldest_ts, later),) = self._file.read(
            f"SELECT count(*) FILTER (WHERE {is_late}), min(at_ts) FILTER (WHERE {is_late}),"  # noqa: S608 - text above
            f" count(*) FILTER (WHERE NOT ({is_late})) FROM notice WHERE state IN ('waiting', 'claimed')",
            now_ts, LONGEST_WAIT_S,
        )  # fmt: skip
        ((failing,),) = self._file.read("SELECT count(*) FROM dispatch WHERE state = 'claimed' AND error <> ''")
        return Counts(waiting, oldest_ts, later, failing)

    def keep_only(self, told_by: Collection[tuple[str, str]], now_ts: float) -> int:
        """Drop what is to be told to others: the settings name them no more, and nobody would ever send it.

        Args:
            told_by: Every recipient with each of their notifiers.
            now_ts: Now.

        Returns:
            How many notices and messages were dropped; the course of their alerts says so.
        """
        text = (
            "SELECT number, NULL, recipient, notifier, alert FROM notice WHERE state = 'waiting'"
            " UNION ALL SELECT number, message, recipient, notifier, NULL FROM dispatch WHERE state = 'claimed'"
        )
        left = [row for row in self._file.read(text) if (row[2], row[3]) not in told_by]
        if not left:
            return 0

        def work(database: Database) -> None:
            events: dict[tuple[int, str], Event] = {}
            for number, message, recipient, notifier, alert in left:
                if message is None:
                    database.execute("UPDATE notice SET state = 'dropped' WHERE number = ?", (number,))
                else:
                    database.execute(
                        "UPDATE notice SET state = 'dropped' WHERE state = 'claimed' AND dispatch ="
                        " (SELECT key FROM dispatch WHERE number = ?)",
                        (number,),
                    )
                    database.execute("UPDATE dispatch SET state = 'dropped' WHERE number = ?", (number,))
                reason = f"{recipient} {notifier}: no longer in the settings"
                for one in (alert,) if message is None else message_of(message).alerts:
                    if one is not None:
                        events[one, reason] = Event(0, one, What.NOT_TOLD, now_ts, "", reason)
            insert_events(database, list(events.values()))

        self._file.change("the outbox cannot be written", work)
        return len(left)

    def moved(self, step_s: float) -> None:
        """The clock was set: nothing must wait for a time that was meant by the clock of before.

        Set back, all waits move with it. Set forward, an escalation does, so that nobody is asked why they have not
        acknowledged within the hour that was skipped; all else is told at the time that was written down, or now.
        """

        def work(database: Database) -> None:
            only = "" if step_s < 0 else " AND occasion = 'escalated'"
            database.execute(f"UPDATE notice SET due_ts = due_ts + ? WHERE state = 'waiting'{only}", (step_s,))  # noqa: S608 - text above
            if step_s < 0:
                database.execute("UPDATE dispatch SET retry_ts = retry_ts + ? WHERE state = 'claimed'", (step_s,))

        if self._file.read("SELECT 1 FROM notice WHERE state IN ('waiting', 'claimed') LIMIT 1"):
            self._file.change("the outbox cannot be written", work)


_IS_DUE = "(due_ts <= ?1 OR due_ts > ?1 + ?2)"


def _settle(
    database: Database, notifier: str, recipient: str, numbers: Sequence[int], state: str, key: str | None
) -> None:
    for number in numbers:
        found = database.execute(
            "UPDATE notice SET state = ?, dispatch = ? WHERE number = ? AND state = 'waiting' AND notifier = ?"
            " AND recipient = ? RETURNING number",
            (state, key, number, notifier, recipient),
        ).fetchall()
        if not found:
            raise BookError(f"notice {number} does not wait for {recipient} by {notifier}")
