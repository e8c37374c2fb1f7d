"""The alert thread's round: everything in its order, nothing lost when a part of it fails."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pytest
from tests.conftest import ManualClock

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Change, Event, Phase, What
from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.marks import silence
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Signal, Subject, SubjectKind
from vigie_gateway.alerts.watch import STALLED_S, NotOpenError, Steps, Watch
from vigie_gateway.notify.notices import Notice, Occasion

C4, SOCKETS = Subject(SubjectKind.CIRCUIT, "c4"), Subject(SubjectKind.NODE, "prises")
DOOR = Subject(SubjectKind.NODE, "porte")
DEAD = Rule("circuit-dead", "circuit-dead", True, 0.5, 0.5, 60.0, 0.0, When.ALWAYS, Severity.OUTAGE)
SILENT = Rule("node-silent", "node-silent", True, 90.0, 0.0, 0.0, 0.0, When.ALWAYS, Severity.WARNING)


@dataclass
class Disk:
    """A book that keeps what it is given, in memory, and can refuse."""

    changes: list[Change] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    writes: int = 0
    refuses: bool = False
    last: int = 0

    def numbered(self, changes: Sequence[Change]) -> list[Change]:
        return [self._numbered(change) for change in changes]

    def _numbered(self, change: Change) -> Change:
        if change.alert.number:
            return change
        self.last += 1
        events = tuple(replace(event, alert=self.last) for event in change.events)
        return Change(replace(change.alert, number=self.last), events)

    def write(self, changes: Sequence[Change], notices: Sequence[Notice] = ()) -> list[Alert]:
        if self.refuses:
            raise OSError("the disk refuses")
        self.writes += 1
        self.changes += changes
        self.notices += notices
        return [change.alert for change in changes]

    def open(self) -> list[Alert]:
        rows = {change.alert.number: change.alert for change in self.changes}
        return [alert for alert in rows.values() if alert.is_open]

    def course(self) -> list[tuple[int, What]]:
        return [(event.alert, event.what) for change in self.changes for event in change.events]


@dataclass
class World:
    """What the signals say, and what came of it."""

    clock: ManualClock
    disk: Disk = field(default_factory=Disk)
    values: dict[tuple[str, Subject], float | None] = field(default_factory=dict)
    causes: dict[int, int] = field(default_factory=dict)
    is_planless: bool = False
    shown: list[list[Phase]] = field(default_factory=list)
    woken: int = 0
    follows: int = 0
    steps_s: list[float] = field(default_factory=list)
    is_outbox_shut: bool = False
    fault: str = ""
    since_ts: float | None = None

    def sense(self, now_ts: float) -> list[Signal]:
        return [Signal(name, subject, value, now_ts, self.since_ts) for (name, subject), value in self.values.items()]

    def plan(self, changes: Sequence[Change], alerts: Sequence[Alert], now_ts: float) -> list[Notice]:
        if self.is_planless:
            raise RuntimeError("no plan")
        fired = [change.alert.number for change in changes if any(e.what is What.FIRED for e in change.events)]
        return [Notice(0, "desk", "mail", Occasion.FIRED, number, now_ts, now_ts) for number in fired]

    def explain(self, alerts: Sequence[Alert]) -> Mapping[int, int]:
        numbers = {alert.number for alert in alerts}
        return {one: cause for one, cause in self.causes.items() if cause in numbers}

    def moved(self, step_s: float) -> None:
        if self.is_outbox_shut:
            raise RuntimeError("the outbox cannot be written")
        self.steps_s.append(step_s)

    def wake(self) -> None:
        self.woken += 1

    def followed(self) -> None:
        self.follows += 1

    def watch(self, rules: Sequence[Rule] = (DEAD, SILENT)) -> Watch:
        """A thread's round, going on with what the disk has."""
        steps = Steps(
            self.sense,
            lambda _ts: True,
            self.moved,
            lambda _alerts, _ts: (),
            self.explain,
            lambda _one, _all: self.fault,
            self.plan,
        )
        return Watch(
            Engine(rules, self.disk.open()),
            self.disk,
            steps,
            self.clock,
            lambda alerts: self.shown.append([alert.phase for alert in alerts]),
            self.wake,
            self.clock.now_mono,
            self.followed,
        )

    def run(self, watch: Watch, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.pass_time(1)
            watch.look()


@pytest.fixture
def world(clock: ManualClock) -> World:
    return World(clock, values={("circuit-dead", C4): 0.0, ("node-silent", SOCKETS): 0.0})


def test_a_fault_is_written_with_whom_to_tell_and_only_then_are_they_woken(world: World) -> None:
    watch = world.watch()
    world.run(watch, 5)
    assert (world.disk.writes, world.woken) == (0, 0)
    world.values["circuit-dead", C4] = 1.0
    world.run(watch, 62)
    assert world.disk.course() == [(1, What.BEGAN), (1, What.FIRED)]
    assert [notice.alert for notice in world.disk.notices] == [1]
    assert world.woken == 1
    assert world.shown[-1] == [Phase.FIRING]


def test_what_follows_alerts_is_called_after_each_round_that_went_through_and_after_no_other(world: World) -> None:
    watch = world.watch()
    world.run(watch, 2)
    assert world.follows == 2
    world.values["node-silent", SOCKETS] = 120.0
    world.disk.refuses = True
    world.run(watch, 3)
    assert world.follows == 2
    world.disk.refuses = False
    world.run(watch, 1)
    assert world.follows == 3


def test_what_the_disk_refused_is_written_with_the_next_round_and_once(world: World) -> None:
    watch = world.watch()
    world.values["node-silent", SOCKETS] = 120.0
    world.disk.refuses = True
    world.run(watch, 3)
    assert watch.internal == 3
    assert watch.report()["unwritten"] > 0
    world.disk.refuses = False
    world.run(watch, 3)
    assert world.disk.course() == [(1, What.BEGAN), (1, What.FIRED)]
    assert len(world.disk.notices) == 1
    assert (watch.report()["unwritten"], watch.rounds, watch.internal) == (0, 3, 3)


def test_a_round_that_fails_after_the_engine_has_judged_loses_no_transition(world: World) -> None:
    watch = world.watch()
    world.is_planless = True
    world.values["node-silent", SOCKETS] = 120.0
    world.run(watch, 1)
    world.values["node-silent", SOCKETS] = 0.0
    world.run(watch, 1)
    world.is_planless = False
    world.run(watch, 1)
    assert world.disk.course() == [(1, What.BEGAN), (1, What.FIRED), (1, What.RESOLVED)]


def test_a_restart_while_pending_goes_on_where_it_was(world: World) -> None:
    world.values["circuit-dead", C4] = 1.0
    world.run(world.watch(), 30)
    began_ts = world.disk.open()[0].since_ts
    after = world.watch()
    world.run(after, 60)
    assert world.disk.course() == [(1, What.BEGAN), (1, What.FIRED)]
    fired = world.disk.open()[0]
    assert fired.since_ts == began_ts
    assert fired.fired_ts == pytest.approx(began_ts + 60, abs=1.5)


def test_a_restart_while_firing_tells_nobody_again(world: World) -> None:
    world.values["node-silent", SOCKETS] = 120.0
    world.run(world.watch(), 5)
    world.run(world.watch(), 5)
    assert len(world.disk.notices) == 1


def test_a_step_of_the_clock_that_could_not_be_written_is_made_whole_by_the_next_round(world: World) -> None:
    watch = world.watch()
    world.values["circuit-dead", C4] = 1.0
    world.run(watch, 30)
    before = world.disk.open()[0]
    world.clock.now -= 3_600.0
    world.is_outbox_shut = True
    world.run(watch, 3)
    assert watch.internal == 3
    world.is_outbox_shut = False
    world.run(watch, 1)
    assert world.steps_s == [pytest.approx(-3_600.0)]
    assert world.disk.open()[0].since_ts == pytest.approx(before.since_ts - 3_600.0)


def test_where_a_fault_lies_is_shown_when_it_is_found_though_nothing_happened(world: World) -> None:
    watch = world.watch()
    world.values["circuit-dead", C4] = 1.0
    world.run(watch, 5)
    shown = len(world.shown)
    world.fault = "breaker"
    world.run(watch, 2)
    assert len(world.shown) == shown + 1
    assert watch.standing[0].fault == "breaker"


def test_an_earlier_beginning_is_written_and_shown_when_it_is_told_though_nothing_happened(world: World) -> None:
    watch = world.watch()
    world.values["circuit-dead", C4] = 1.0
    world.run(watch, 15)
    shown = len(world.shown)
    world.since_ts = world.clock.now_ts() - 2_880
    world.run(watch, 2)
    assert len(world.shown) == shown + 1
    assert watch.standing[0].since_ts == world.disk.open()[0].since_ts == world.since_ts


@pytest.mark.parametrize("step_s", [3_600.0, -3_600.0, -1_700_000_000.0])
def test_a_clock_that_is_set_makes_nothing_fire_or_end_and_moves_what_is_dated(world: World, step_s: float) -> None:
    watch = world.watch()
    world.values["circuit-dead", C4] = 1.0
    world.run(watch, 30)
    before = world.disk.open()[0]
    world.clock.now += step_s
    world.run(watch, 20)
    after = world.disk.open()[0]
    assert world.steps_s == [pytest.approx(step_s)]
    assert after.phase is Phase.PENDING
    assert after.since_ts == pytest.approx(before.since_ts + step_s)
    world.run(watch, 12)
    assert world.disk.course() == [(1, What.BEGAN), (1, What.FIRED)]


def test_a_cause_is_named_and_unnamed_once(world: World) -> None:
    watch = world.watch()
    world.values |= {("circuit-dead", C4): 1.0, ("node-silent", SOCKETS): 120.0}
    world.run(watch, 2)
    world.causes = {2: 1}
    world.run(watch, 3)
    assert [alert.cause for alert in world.disk.open()] == [None, 1]
    world.causes = {}
    world.run(watch, 3)
    told = [what for number, what in world.disk.course() if number == 2 and "explained" in what]
    assert told == [What.EXPLAINED, What.UNEXPLAINED]


def _take(alert: Alert, now_ts: float) -> Change:
    event = Event(0, alert.number, What.ACKNOWLEDGED, now_ts, "desk")
    return Change(replace(alert, acknowledged=Acknowledgement("desk", now_ts)), (event,))


def test_a_mark_is_on_the_disk_when_it_returns_and_stays_through_rounds_and_a_restart(world: World) -> None:
    watch = world.watch()
    world.values["node-silent", SOCKETS] = 120.0
    world.run(watch, 2)
    watch.mark(1, _take)
    assert world.disk.open()[0].acknowledged is not None
    world.run(watch, 5)
    again = world.watch()
    world.run(again, 5)
    assert [alert.acknowledged is not None for alert in again.standing] == [True]


def test_a_mark_right_after_a_restart_is_kept(world: World) -> None:
    world.values["node-silent", SOCKETS] = 120.0
    world.run(world.watch(), 2)
    again = world.watch()
    again.mark(1, _take)
    world.run(again, 5)
    assert [alert.acknowledged is not None for alert in again.standing] == [True]


def test_a_mark_is_not_taken_away_by_what_was_owed_from_before(world: World) -> None:
    watch = world.watch()
    world.values["circuit-dead", C4] = 1.0
    world.run(watch, 58)
    world.disk.refuses = True
    world.run(watch, 5)
    world.disk.refuses = False
    watch.mark(1, _take)
    world.run(watch, 2)
    assert [(one.phase, one.acknowledged is not None) for one in world.disk.open()] == [(Phase.FIRING, True)]


def test_a_mark_on_what_is_not_open_is_refused(world: World) -> None:
    watch = world.watch()
    world.run(watch, 1)
    with pytest.raises(NotOpenError, match="number 7"):
        watch.mark(7, _take)


def test_a_mark_that_the_disk_refuses_is_none(world: World) -> None:
    watch = world.watch()
    world.values["node-silent", SOCKETS] = 120.0
    world.run(watch, 2)
    world.disk.refuses = True
    with pytest.raises(OSError, match="refuses"):
        watch.mark(1, _take)
    assert [alert.acknowledged for alert in watch._engine.alerts()] == [None]


def test_a_thread_that_does_not_come_round_is_told_by_health_and_the_watchdog(world: World) -> None:
    watch = world.watch()
    watch.start()
    try:
        assert watch.is_progressing()
        with watch._lock:
            world.clock.pass_time(STALLED_S + 1)
            assert not watch.is_progressing()
            assert watch.report()["status"] == "fail"
    finally:
        watch.stop()
    assert not watch.is_progressing()


def test_rounds_that_fail_are_no_progress_and_end_no_thread(world: World) -> None:
    world.is_planless = True
    world.values["node-silent", SOCKETS] = 120.0
    watch = world.watch()
    failed = threading.Event()
    look = watch.look

    def looked() -> bool:
        went = look()
        failed.set()
        return went

    watch.look = looked  # type: ignore[method-assign] # to be told of the thread's first round
    watch.start()
    try:
        assert failed.wait(10)
        assert "no plan" in watch.report()["trouble"]
        world.clock.pass_time(STALLED_S + 1)
        assert not watch.is_progressing()
        assert watch._thread.is_alive()
    finally:
        watch.stop()


def test_while_nothing_happens_nothing_is_written(world: World) -> None:
    watch = world.watch()
    world.values["node-silent", SOCKETS] = 120.0
    world.run(watch, 2)
    before = world.disk.writes
    world.run(watch, 50)
    assert world.disk.writes <= before + 1
    assert AlertKey("node-silent", SOCKETS) in {alert.key for alert in watch.standing}


def test_how_many_are_current_counts_neither_silenced_nor_explained_and_is_unknown_before_and_without_rounds(
    world: World,
) -> None:
    world.values |= {("node-silent", SOCKETS): 120.0, ("node-silent", DOOR): 120.0}
    watch = world.watch()
    assert watch.current() is None
    watch.start()
    try:
        with watch._lock:
            world.run(watch, 2)
            assert watch.current() == 2
            world.causes = {2: 1}
            watch.look()
            assert watch.current() == 1
            world.causes = {}
            watch.look()
            watch.mark(1, lambda alert, now_ts: silence(alert, "Technician", now_ts, "works", None))
            assert watch.current() == 1
            world.clock.pass_time(STALLED_S + 1)
            assert watch.current() is None
    finally:
        watch.stop()
