"""A gateway's alerts reduced to what a crash can fall between: store, claim, send, mark. Run by the crash matrix.

``python crash_child.py FOLDER PORT POINT NTH``: dies by SIGKILL the NTH time it comes to POINT, else works until
nothing waits. The points lie in wrappers that are here alone; what they wrap is
the gateway's own.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from vigie_gateway.alerts.alert import Alert, AlertKey, Change, Event, Phase, What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.notices import Message, Notice, Occasion
from vigie_gateway.notify.outbox import Outbox

NOW_TS = 1_795_527_000.0
RECIPIENTS = ("desk", "admin")
RULES = ("circuit-dead", "heat", "disk")
POINTS = (
    "before-store", "within-store", "after-store", "before-claim", "within-claim", "after-claim", "before-send",
    "after-send", "before-mark", "within-mark", "after-mark",
)  # fmt: skip


class Killer:
    """Ends this process at one of its points."""

    def __init__(self, point: str, nth: int) -> None:
        self._point, self._left = point, nth

    def at(self, point: str) -> None:
        if point == self._point:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, step: str, work: Callable[..., Any], *given: Any) -> Any:
        self.at(f"before-{step}")
        result = work(*given)
        self.at(f"after-{step}")
        return result


class KilledFile(BookFile):
    """Can be killed when all of a transaction is done but its commit."""

    killer: Killer
    step = ""

    def change(self, doing: str, work: Callable[..., Any]) -> Any:
        def and_die(database: Any) -> Any:
            result = work(database)
            self.killer.at(f"within-{self.step}")
            return result

        return super().change(doing, and_die)


def store(file: KilledFile, book: Book, killer: Killer) -> None:
    """An alert for each rule that has none: it begins and fires at once."""
    file.step = "store"
    there = {alert.key.rule for alert in book.open_alerts()}
    for rule in RULES:
        if rule in there:
            continue
        alert = Alert(0, AlertKey(rule, Subject(SubjectKind.GATEWAY, "")), Phase.FIRING, NOW_TS, NOW_TS)
        changes = book.numbered([Change(alert, (Event(0, 0, What.FIRED, NOW_TS),))])
        number = changes[0].alert.number
        notices = [Notice(0, who, "hook", Occasion.FIRED, number, NOW_TS, NOW_TS) for who in RECIPIENTS]
        killer.around("store", book.write, changes, notices)


def message_of(recipient: str, notices: Sequence[Notice]) -> Message:
    """With a mark of this process, so that words that were composed anew would be seen."""
    alerts = tuple(notice.alert for notice in notices if notice.alert is not None)
    title = f"{recipient}: {', '.join(map(str, alerts))}"
    return Message("", title, f"composed by {os.getpid()}", "critical", "en", alerts, NOW_TS)


def send(port: int, message: Message) -> None:
    told = {"text": f"{message.title}/{message.body}", "alerts": message.alerts, "to": message.title.split(":")[0]}
    request = Request(f"http://127.0.0.1:{port}/", json.dumps(told).encode(), {"Idempotency-Key": message.key})
    urlopen(request, timeout=20).close()  # noqa: S310 - the test's own


def tell(file: KilledFile, outbox: Outbox, killer: Killer, port: int) -> None:
    def finish(claimed: Any) -> None:
        killer.around("send", send, port, claimed.message)
        file.step = "mark"
        killer.around("mark", outbox.sent, claimed.dispatch.key, NOW_TS)

    for claimed in outbox.unfinished("hook"):
        finish(claimed)
    for recipient in RECIPIENTS:
        for notice in outbox.waiting(recipient, "hook", NOW_TS):
            file.step = "claim"
            message = message_of(recipient, [notice])
            finish(killer.around("claim", outbox.claim, recipient, "hook", [notice.number], [], message, NOW_TS))


def main(folder: str, port: str, point: str, nth: str) -> None:
    killer = Killer(point, int(nth))
    with closing(KilledFile(Path(folder) / "alerts.db", "2026-11-24")) as file:
        file.killer = killer
        store(file, Book(file), killer)
        tell(file, Outbox(file), killer, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
