"""The alert thread: once a second, from what is now to whom it is told.

Signals, engine, marks that end by themselves, causes, whom to tell: then all of it is written in one transaction, and
only then do the notifiers look. Built by ``app``. Request threads call ``mark``; health and pages read ``standing`` and
``report``. Whatever a round has reckoned and could not write is owed, and written with the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from vigie_contract.clock import Clock
from vigie_gateway.alerts.alert import Alert, Change, Event, Phase, What
from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.judgement import moved
from vigie_gateway.alerts.signals import Signal
from vigie_gateway.clock.belief import STEP_S
from vigie_gateway.notify.notices import Notice

log = logging.getLogger(__name__)

ROUND_S = 1.0
"""Between two looks, by the gateway's clock. Lower judges what no sensor has measured anew; higher tells that much
later and makes every ``for`` that much coarser."""
LEAST_REAL_S = 0.25
"""The same in real time, for a simulated day that runs fast. Lower takes the machine from the pages; higher skips
minutes of the day."""
STALLED_S = 20.0
"""Real seconds without a whole round until the thread counts as stalled and the watchdog is not fed. Lower kills a
gateway whose card takes ten seconds for one write; higher leaves a place without alerts for longer."""
PATIENCE_S = 10.0
"""How long whoever marks an alert waits for the round under way. Lower refuses what a slow card would have taken;
higher leaves a person before a page that does not come."""


class BusyError(Exception):
    """A round holds the alerts for too long; nothing was done."""


class NotOpenError(Exception):
    """No alert with that number is pending or firing."""


class Ledger(Protocol):
    """What is needed of ``book.Book``."""

    def numbered(self, changes: Sequence[Change]) -> list[Change]:
        """Give numbers to what began now."""

    def write(self, changes: Sequence[Change], notices: Sequence[Notice] = ()) -> list[Alert]:
        """All of it, in one transaction."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What a round asks, in this order.

    Attributes:
        sense: What is now, at a time.
        is_open: Whether the place is, at a time; None where nobody knows.
        moved: Told by how much the clock was set: what waits to be told is dated too.
        lapse: Of the open alerts, those whose marks begin or end by themselves at a time.
        explain: By number of an open alert, the number of the one that is its cause.
        fault_of: Where the fault lies that an alert is about, by what is now: a word, or "".
        plan: Whom to tell of changes, among the open alerts, at a time.
    """

    sense: Callable[[float], Iterable[Signal]]
    is_open: Callable[[float], bool | None]
    moved: Callable[[float], None]
    lapse: Callable[[Sequence[Alert], float], Sequence[Change]]
    explain: Callable[[Sequence[Alert]], Mapping[int, int]]
    fault_of: Callable[[Alert, Sequence[Signal]], str]
    plan: Callable[[Sequence[Change], Sequence[Alert], float], Sequence[Notice]]


class Watch:
    """The thread and its round.

    Args:
        engine: With the rules of the place and the alerts that were open.
        ledger: Where all is written.
        steps: What a round does in between.
        clock: The time.
        show: Called after a round in which something happened, with the open alerts: the strip, the pages.
        wake: Called when something was written for somebody.
        monotonic: Real seconds, for the watchdog.
        after_round: Called after each round that went through, whether anything happened in it or not.
    """

    def __init__(
        self,
        engine: Engine,
        ledger: Ledger,
        steps: Steps,
        clock: Clock,
        show: Callable[[Sequence[Alert]], None],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
        after_round: Callable[[], None] = lambda: None,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._steps = steps
        self._clock = clock
        self._show = show
        self._wake = wake
        self._monotonic = monotonic
        self._after_round = after_round
        self._offset_s = clock.now_ts() - clock.now_mono()
        self._owed: list[Change] = []
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="alerts")
        self._progress_mono = monotonic()
        self._is_woken = False
        self._trouble: str | None = None
        self.rounds = 0
        self.internal = 0
        self.standing: tuple[Alert, ...] = tuple(engine.alerts())

    def start(self) -> None:
        """Start the thread."""
        self._progress_mono = self._monotonic()
        self._thread.start()

    def stop(self) -> None:
        """End it after the round under way."""
        self._stop.set()
        self._thread.join()

    def is_progressing(self) -> bool:
        """Whether the thread lives and came through a whole round lately: what the watchdogs ask."""
        return self._thread.is_alive() and self._came_round()

    def _came_round(self) -> bool:
        return self._monotonic() - self._progress_mono < STALLED_S

    def look(self) -> bool:
        """One round; whether it went through. Called by the thread, and by tests without one."""
        try:
            with self._lock:
                self._round()
            self._progress_mono = self._monotonic()
            self.rounds += 1
            self._after_round()
        except Exception as error:  # this loop owns recovery: what was reckoned is owed to the next round
            self.internal += 1
            if self._trouble is None:
                log.exception("alerts could not be looked through; what was found is not lost")
            self._trouble = f"a round failed: {type(error).__name__}: {error}"
            return False
        self._trouble = None
        return True

    def mark(self, number: int, do: Callable[[Alert, float], Change | None]) -> Alert:
        """Have somebody's mark put on an open alert; on the disk when it returns. From any thread.

        Args:
            number: Of the alert.
            do: Gives what changes on it at a time; None where nothing does. What it raises is passed on.

        Raises:
            NotOpenError: There is no such open alert.
            BusyError: A round takes too long.
        """
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise BusyError("the gateway is busy with its disk: try again")
        try:
            if not self.rounds:
                self._round()  # the engine takes up the alerts of before a restart with its first step
            found = next((alert for alert in self._engine.alerts() if alert.number == number), None)
            if found is None:
                raise NotOpenError(f"no open alert has the number {number}")
            now_ts = self._clock.now_ts()
            change = do(found, now_ts)
            if change is None:
                return found
            # Behind what is owed: written before it, an older row of the same alert would take the mark away again.
            marked = [change.alert if one.number == number else one for one in self._engine.alerts()]
            self._write([*self._owed, change], marked, now_ts)
            self._engine.replaced(change.alert)
            self._tell()
            return change.alert
        finally:
            self._lock.release()

    def current(self) -> int | None:
        """How many alerts fire that are told of: neither silenced nor explained by another that fires.

        None while nobody knows: before the first round, and where the thread does not come round.
        """
        if not self.rounds or not self._came_round():
            return None
        firing = [alert for alert in self.standing if alert.phase is Phase.FIRING]
        numbers = {alert.number for alert in firing}
        return sum(alert.silence is None and alert.cause not in numbers for alert in firing)

    def report(self) -> dict[str, Any]:
        """The part "alerts" of ``/healthz``."""
        standing = self.standing
        phases = Counter(alert.phase for alert in standing)
        return {
            "status": "fail" if not self.is_progressing() else "warn" if self._trouble else "pass",
            "trouble": self._trouble or (None if self.is_progressing() else "the alert thread does not come round"),
            "pending": phases[Phase.PENDING],
            "firing": phases[Phase.FIRING],
            "acknowledged": sum(alert.acknowledged is not None for alert in standing),
            "current": self.current(),
            "silenced": sum(alert.silence is not None for alert in standing),
            "explained": sum(alert.cause is not None for alert in standing),
            "unwritten": len(self._owed),
            "rounds": self.rounds,
            "internal": self.internal,
        }

    def _run(self) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(max(LEAST_REAL_S, ROUND_S / self._clock.speed))

    def _round(self) -> None:
        now_ts = self._clock.now_ts()
        self._follow_clock(now_ts)
        is_open = self._steps.is_open(now_ts)
        # Owed from here on: the engine has made the transition, and does not tell of it a second time.
        signals = tuple(self._steps.sense(now_ts))
        self._owe(self._engine.step(signals, is_open, now_ts))
        self._owe(self._steps.lapse(self._engine.alerts(), now_ts))
        explained = self._explained(signals, now_ts)
        self._owe(explained)
        shown_ts = {alert.number: alert.since_ts for alert in self.standing}
        has_news = bool(explained) or any(_is_news(change, shown_ts) for change in self._owed)
        self._write(self._owed, self._engine.alerts(), now_ts)
        if has_news or not self.rounds:
            self._tell()

    def _write(self, changes: Sequence[Change], alerts: Sequence[Alert], now_ts: float) -> None:
        """All that is owed and whom it is told to, in one transaction; after it nothing is owed.

        ``alerts`` are the open ones with the changes.
        """
        if not changes:
            return
        notices = self._steps.plan(changes, alerts, now_ts)
        self._ledger.write(changes, notices)
        self._owed = []
        self._is_woken = self._is_woken or bool(notices)

    def _follow_clock(self, now_ts: float) -> None:
        """A clock that was set moves what is dated by it; what creeps adds up to no step."""
        offset_s = now_ts - self._clock.now_mono()
        step_s = offset_s - self._offset_s
        if abs(step_s) > STEP_S * max(1.0, self._clock.speed):
            self._steps.moved(step_s)  # first: where it cannot be written, the next round makes the whole step
            self._owed = [_dated(change, step_s) for change in self._owed]
            self._owe(self._engine.moved(step_s))
        self._offset_s = offset_s

    def _owe(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        numbered = self._ledger.numbered(changes)
        self._owed += numbered
        for change in numbered:
            self._engine.replaced(change.alert)

    def _explained(self, signals: Sequence[Signal], now_ts: float) -> list[Change]:
        """Open alerts whose cause or fault is another one than it was. What ends keeps what it had."""
        alerts = self._engine.alerts()
        causes = self._steps.explain(alerts)
        changes = []
        for alert in alerts:
            # Where nothing tells any more, what told last stands.
            cause, fault = causes.get(alert.number), self._steps.fault_of(alert, signals) or alert.fault
            if (cause, fault) == (alert.cause, alert.fault):
                continue
            events: tuple[Event, ...] = ()
            if cause != alert.cause:
                what = What.UNEXPLAINED if cause is None else What.EXPLAINED
                named = alert.cause if cause is None else cause
                events = (Event(0, alert.number, what, now_ts, reason=str(named)),)
            changes.append(Change(replace(alert, cause=cause, fault=fault), events))
        return changes

    def _tell(self) -> None:
        self.standing = tuple(self._engine.alerts())
        self._show(self.standing)
        if self._is_woken:
            self._is_woken = False
            self._wake()


def _is_news(change: Change, shown_ts: Mapping[int, float]) -> bool:
    """Whether pages have to show it: something happened, or it began earlier than they say."""
    return bool(change.events) or change.alert.since_ts != shown_ts.get(change.alert.number)


def _dated(change: Change, step_s: float) -> Change:
    """What is owed of before the clock was set, by the clock as it is now."""
    events = tuple(replace(event, at_ts=event.at_ts + step_s) for event in change.events)
    return Change(moved(change.alert, step_s), events)
