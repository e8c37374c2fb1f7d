"""Where the alerts of a place are put together: file, rules, thread. Called by ``app``, and by tests without one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vigie_contract.alerts import Firing
from vigie_contract.clock import Clock
from vigie_dashboard.alert_message import Sender
from vigie_dashboard.alert_text import works_reason
from vigie_dashboard.language import language_of
from vigie_gateway.alerts.alert import Alert, Change, Phase
from vigie_gateway.alerts.beacon import firing_of
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.causes import Causes, Graph
from vigie_gateway.alerts.desk import Desk
from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.faults import fault_of
from vigie_gateway.alerts.judgement import hours_now
from vigie_gateway.alerts.marks import Works, lapse
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Signal, Subject
from vigie_gateway.alerts.watch import Steps, Watch
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.notify.outbox import Outbox
from vigie_gateway.notify.plan import Plan
from vigie_gateway.notify.quiet import QuietHours
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.notify.words import Words
from vigie_gateway.place.alert_tables import recipients_of, rules_of
from vigie_gateway.place.board import Board
from vigie_gateway.place.hours import OpeningWatch, local_date
from vigie_gateway.place.sessions import Agenda
from vigie_gateway.place.site import Site
from vigie_gateway.store import Store

FILE_NAME = "alerts.db"
"""Beside the readings."""


@dataclass(frozen=True, slots=True)
class Alerts:
    """What the gateway has of alerts, while it serves one place.

    Attributes:
        file: Of the book and the outbox.
        book: What is and was wrong.
        outbox: What is to be told.
        watch: The thread.
        desk: What pages ask.
        people: Who asked to be told.
        words: What they are told.
        calls: Whether something fires for which a notifier of that name is to be lit, or heard: then not in the quiet
            hours of those that it is for. Any thread.
        firing: What is to be counted of what fires; any thread.
        is_cut_off: Whether no line of the place leads to the internet, as an alert says; any thread.
    """

    file: BookFile
    book: Book
    outbox: Outbox
    watch: Watch
    desk: Desk
    people: tuple[Recipient, ...]
    words: Words
    calls: Callable[[str, bool], bool]
    firing: Callable[[], Firing]
    is_cut_off: Callable[[], bool]

    def outbox_report(self, now_ts: float) -> dict[str, Any]:
        """The part "outbox" of ``/healthz``."""
        trouble = self.file.trouble or self.file.set_aside
        counts = self.outbox.counts(now_ts)
        is_late = bool(counts.failing)
        return {
            "status": "warn" if trouble or is_late else "pass",
            "trouble": trouble or ("a message does not get through: it is tried again" if is_late else None),
            **asdict(counts),
        }

    def close(self) -> None:
        """Close the file; the thread has ended."""
        self.file.close()


def build_alerts(
    site: Site,
    folder: Path,
    store: Store,
    board: Board,
    sense: Callable[[float], Iterable[Signal]],
    clock_watch: ClockWatch,
    clock: Clock,
    show: Callable[[], None],
    wake: Callable[[], None],
    monotonic: Callable[[], float] = time.monotonic,
    remote: Iterable[str] = (),
    by_broker: Iterable[str] = (),
    after_round: Callable[[], None] = lambda: None,
) -> Alerts:
    """Open the file and go on with what is open in it; nothing is started.

    Args:
        site: The place.
        folder: Where the file is.
        store: What is measured, for its names.
        board: Is told what fires.
        sense: What is now, at a time.
        clock_watch: Whether that is known.
        clock: The time.
        show: Tells browsers.
        wake: Has the notifiers look.
        monotonic: Real seconds.
        remote: Names of the notifiers that need internet: a line that is down explains why they fail.
        by_broker: Names of those that need the broker, as lamps do.
        after_round: Called after each round that went through.

    Raises:
        StoreError: The file is another program's.
    """
    file = BookFile(folder / FILE_NAME, local_date(site.zone(), clock.now_ts()).isoformat(), monotonic=monotonic)
    book, outbox = Book(file), Outbox(file)
    rules = {rule.id: rule for rule in rules_of(site)}
    hours = site.opening_hours()
    opening = None if hours is None else OpeningWatch(hours, site.zone())

    def is_open(now_ts: float) -> bool | None:
        return hours_now(opening, now_ts, is_time_known=clock_watch.is_known)

    def fault(alert: Alert, signals: Sequence[Signal]) -> str:
        rule = rules.get(alert.key.rule)
        return "" if rule is None else fault_of(rule.signal, alert, signals)

    def on_change(_alerts: Sequence[Alert]) -> None:
        board.alerts = tuple(desk.firing())
        show()

    fed_by = {node.id: node.circuit for node in site.nodes if node.circuit is not None}
    causes = Causes(rules, Graph(site, fed_by, remote, by_broker))

    def explain(alerts: Sequence[Alert]) -> Mapping[int, int]:
        return causes.explain(alerts, clock.now_mono())

    naming = _Named(site, store).now

    def rooms_of(subject: Subject) -> frozenset[str]:
        return frozenset(naming().room_ids(subject))

    people, group_wait_s = recipients_of(site), site.alerts.group_wait
    quiet = QuietHours(site.zone(), hours)
    plan = Plan(people, rules, rooms_of, quiet, group_wait_s)

    def lapsed(alerts: Sequence[Alert], now_ts: float) -> Sequence[Change]:
        return lapse(alerts, now_ts, _works(board.agenda, site), rooms_of)

    steps = Steps(sense, is_open, outbox.moved, lapsed, explain, fault, plan.notices_of)
    engine = Engine(rules.values(), book.open_alerts())
    watch = Watch(engine, book, steps, clock, on_change, wake, monotonic, after_round)
    desk = Desk(rules, book, watch, naming)
    board.count_alerts = watch.current
    words = Words({one.id: one for one in people}, rules, book.alert, desk.view, outbox, _sender(site), group_wait_s)
    lines = {line.id for line in site.uplinks if line.portal is not None}

    def is_cut_off() -> bool:
        return bool(lines) and lines <= _lines_down(watch.standing, rules)

    def calls(notifier: str, is_heard: bool) -> bool:
        return plan.calls(notifier, watch.standing, clock.now_ts() if is_heard else None)

    def firing() -> Firing:
        return firing_of(watch.standing, rules)

    return Alerts(file, book, outbox, watch, desk, people, words, calls, firing, is_cut_off)


class _Named:
    """The place's words, made anew when a channel came: rooms are asked for by each round, for each alert."""

    def __init__(self, site: Site, store: Store) -> None:
        self._site = site
        self._store = store
        self._series = store.series()
        self._naming = Naming(site, self._series)

    def now(self) -> Naming:
        series = self._store.series()
        if series != self._series:
            self._naming = Naming(self._site, series)
            self._series = series
        return self._naming


def _works(agenda: Agenda, site: Site) -> list[Works]:
    """The planned works of the calendar, in the words of the place."""
    language = language_of(site.languages[0])
    return [
        Works(
            one.name or works_reason(language),
            language.named(one.calendar),
            one.begins_ts,
            one.ends_ts,
            None if one.room is None else frozenset({one.room}),
        )
        for one in agenda.works
    ]


def _sender(site: Site) -> Callable[[str], Sender]:
    return lambda code: Sender(language_of(code).named(site.name), site.timezone, site.visitors.address)


def _lines_down(alerts: Sequence[Alert], rules: Mapping[str, Rule]) -> set[str]:
    """Lines to the internet of which an alert fires."""
    return {
        alert.key.subject.id
        for alert in alerts
        if alert.phase is Phase.FIRING and (rule := rules.get(alert.key.rule)) and rule.signal == "internet"
    }
