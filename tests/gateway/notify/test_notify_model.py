"""Book and outbox against a model that is a few lists: whatever is done in whatever order, and whenever it is reopened.

Seeded mistakes, each as small as one that could be made, prove that the comparison finds them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from vigie_gateway.alerts import alert as alerts
from vigie_gateway.alerts.alert import Alert, AlertKey, Change, Event, What
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookError, BookFile
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify import outbox as outbox_module
from vigie_gateway.notify.notices import Message, Notice, Occasion
from vigie_gateway.notify.outbox import Outbox

NOW_TS = 1_795_527_000.0
RULES = ("heat", "disk", "clock")
PEOPLE = ("desk", "admin")
people = st.sampled_from(PEOPLE)


@dataclass
class Sent:
    """A message of the model: its words, its notices, how often it was tried, and whether it got through."""

    recipient: str
    title: str
    notices: tuple[int, ...]
    alerts: tuple[int, ...]
    tries: int = 0
    is_through: bool = False


@dataclass
class Model:
    """What must be in the file."""

    open: dict[str, Alert] = field(default_factory=dict)
    course: dict[int, list[What]] = field(default_factory=dict)
    waiting: dict[int, Notice] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)

    def on_its_way(self, recipient: str | None = None) -> list[str]:
        return [key for key, one in self.sent.items() if not one.is_through and recipient in {None, one.recipient}]


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "alerts.db"
        self.model = Model()
        self.now_ts = NOW_TS
        self.numbers = 0
        self.notices = 0
        self.open_file()

    def open_file(self) -> None:
        self.file = BookFile(self.path, "2026-11-24")
        self.book, self.outbox = Book(self.file), Outbox(self.file)

    def teardown(self) -> None:
        self.file.close()
        self.folder.cleanup()

    @rule(of=st.sets(st.sampled_from(RULES), min_size=1), delay_s=st.sampled_from([0.0, 30.0]))
    def something_begins_or_ends(self, of: set[str], delay_s: float) -> None:
        changes, notices = [], []
        for name in sorted(of):
            before = self.model.open.get(name)
            if before is None:
                subject = Subject(SubjectKind.GATEWAY, "")
                after = Alert(0, AlertKey(name, subject), alerts.Phase.FIRING, self.now_ts, self.now_ts)
                what = What.FIRED
            else:
                after, what = replace(before, phase=alerts.Phase.RESOLVED, ended_ts=self.now_ts), What.RESOLVED
            changes.append(Change(after, (Event(0, 0, what, self.now_ts),)))
        numbered = self.book.numbered(changes)
        for change in numbered:
            occasion = Occasion.FIRED if change.alert.is_open else Occasion.RESOLVED
            number = change.alert.number
            notices += [Notice(0, who, "mail", occasion, number, self.now_ts, self.now_ts + delay_s) for who in PEOPLE]
        written = self.book.write(numbered, notices)
        self.expect(numbered, written, notices)

    def expect(self, numbered: list[Change], written: list[Alert], notices: list[Notice]) -> None:
        for change, alert in zip(numbered, written, strict=True):
            name = alert.key.rule
            if alert.is_open:
                assert alert.number > self.numbers
                self.numbers = alert.number
                self.model.open[name] = alert
            else:
                del self.model.open[name]
            self.model.course.setdefault(alert.number, []).extend(event.what for event in change.events)
        for notice in notices:
            self.notices += 1
            self.model.waiting[self.notices] = replace(notice, number=self.notices)

    def due(self, recipient: str) -> list[Notice]:
        return [one for one in self.model.waiting.values() if one.recipient == recipient and one.due_ts <= self.now_ts]

    @rule(recipient=people, tells=st.integers(0, 3), drops=st.integers(0, 2))
    def claim(self, recipient: str, tells: int, drops: int) -> None:
        due = self.due(recipient)
        told, dropped = due[:tells], due[tells : tells + drops]
        numbers = tuple(one.number for one in told)
        about = tuple(one.alert for one in told if one.alert is not None)
        message = Message("", f"message {len(self.model.sent)}", "", "ok", "en", about, NOW_TS) if told else None
        given = (recipient, "mail", numbers, [one.number for one in dropped], message, self.now_ts)
        if message is not None and self.model.on_its_way(recipient):
            with pytest.raises(BookError):
                self.outbox.claim(*given)
            return
        claimed = self.outbox.claim(*given)
        for one in (*told, *dropped):
            del self.model.waiting[one.number]
        if message is None:
            assert claimed is None
            return
        assert claimed is not None
        assert claimed.dispatch.key not in self.model.sent
        self.model.sent[claimed.dispatch.key] = Sent(recipient, message.title, numbers, about)

    @precondition(lambda self: self.model.sent)
    @rule(which=st.integers(-3, -1), error=st.sampled_from(["", "no answer"]))
    def mark(self, which: int, error: str) -> None:
        keys = list(self.model.sent)
        key = keys[max(which, -len(keys))]
        one = self.model.sent[key]
        if error:
            self.outbox.failed(key, self.now_ts, error, self.now_ts + 60)
        else:
            self.outbox.sent(key, self.now_ts)
        if one.is_through:
            return
        one.tries += 1
        one.is_through = not error
        if not error or one.tries == 1:
            for number in one.alerts:
                self.model.course[number].append(What.NOT_TOLD if error else What.TOLD)

    @rule(seconds=st.sampled_from([1.0, 40.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.now_ts += seconds

    @rule(step_s=st.sampled_from([-7200.0, 7200.0]))
    def clock_is_set(self, step_s: float) -> None:
        self.now_ts += step_s
        self.outbox.moved(step_s)
        for number, one in self.model.waiting.items():
            self.model.waiting[number] = replace(one, due_ts=one.due_ts + min(step_s, 0.0))

    @rule()
    def it_is_reopened(self) -> None:
        self.file.close()
        self.open_file()

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        assert {alert.key.rule: alert for alert in self.book.open_alerts()} == self.model.open
        for number, whats in self.model.course.items():
            assert [event.what for event in self.book.course(number)] == whats
        for recipient in PEOPLE:
            assert self.outbox.waiting(recipient, "mail", self.now_ts) == self.due(recipient)
        unfinished = self.outbox.unfinished("mail")
        assert [one.dispatch.key for one in unfinished] == self.model.on_its_way()
        for one in unfinished:
            expected = self.model.sent[one.dispatch.key]
            assert (one.message.key, one.message.title) == (one.dispatch.key, expected.title)
            assert (one.dispatch.notices, one.dispatch.tries) == (expected.notices, expected.tries)
        is_late = len(self.due("desk")) + len(self.due("admin"))
        on_its_way = sum(len(self.model.sent[key].notices) for key in self.model.on_its_way())
        assert self.outbox.counts(self.now_ts).waiting == is_late + on_its_way


def run(examples: int, phases: tuple[Phase, ...] = tuple(Phase), *, is_seeded: bool = False) -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples, stateful_step_count=20, deadline=None, phases=phases, derandomize=is_seeded,
            suppress_health_check=list(HealthCheck), database=None,
        ),
    )  # fmt: skip


def test_whatever_is_done_and_whenever_it_is_reopened_the_file_says_what_the_model_says() -> None:
    run(15)


@pytest.mark.long
def test_the_same_many_times() -> None:
    run(600)


def _no_claim(outbox: Outbox, *given: Any) -> Any:
    """The notices wait on: they would be told twice."""
    recipient, notifier, told, dropped, message, now_ts = given
    with suppress(BookError):
        return _REAL["claim"](outbox, recipient, notifier, told, dropped, message, now_ts)


def _recomposed(outbox: Outbox, notifier: str) -> Any:
    return [one._replace(message=replace(one.message, title="anew")) for one in _REAL["unfinished"](outbox, notifier)]


def _marked_on_failure(outbox: Outbox, key: str, at_ts: float, error: str, retry_ts: float) -> None:
    outbox.sent(key, at_ts)


def _stranded(outbox: Outbox, step_s: float) -> None:
    """Waits do not move with the clock."""


def _written_apart(book: Book, changes: Any, notices: Any = ()) -> Any:
    """Whom to tell is forgotten."""
    return _REAL["write"](book, changes)


def _never_settled(*_given: Any) -> None:
    """What was claimed waits on."""


_REAL: dict[str, Callable[..., Any]] = {
    "claim": Outbox.claim, "unfinished": Outbox.unfinished, "write": Book.write,
}  # fmt: skip

MUTANTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "a second message to the same person is let through": (Outbox, "_refuse_a_second", staticmethod(_never_settled)),
    "a message is composed anew for each try": (Outbox, "unfinished", _recomposed),
    "a message that failed is marked as sent": (Outbox, "failed", _marked_on_failure),
    "what waits does not move with the clock": (Outbox, "moved", _stranded),
    "whom to tell is not written with the transition": (Book, "write", _written_apart),
    "what was claimed waits on": (outbox_module, "_settle", _never_settled),
    "a claim that is refused is passed over": (Outbox, "claim", _no_claim),
}


@pytest.mark.parametrize("mistake", MUTANTS)
def test_a_mistake_in_the_outbox_is_found(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, wrong = MUTANTS[mistake]
    monkeypatch.setattr(where, name, wrong)
    with pytest.raises((AssertionError, BookError, pytest.fail.Exception)):
        run(60, (Phase.generate,), is_seeded=True)
