"""The engine over time: one episode after the other, restarts, clock steps, what is not known."""

from __future__ import annotations

import math
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from tests.gateway.alerts.alert_stream import ROOM, EveryRuleOnEverySignal, channel, rule, seen, told

from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Change, Phase, Silence, What
from vigie_gateway.alerts.engine import GONE_S, Engine
from vigie_gateway.alerts.judgement import LOST_GRACE_S, OUTAGE_S, SEEN_S, hours_now
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Signal, Subject, SubjectKind
from vigie_gateway.place.hours import Hours, OpeningWatch

NOW_TS = 1_000_000.0


class Bench:
    """An engine, and a clock that goes on by a second with each look."""

    def __init__(self, *rules: Rule) -> None:
        self.rules = list(rules)
        self.engine = Engine(self.rules)
        self.now_ts = NOW_TS
        self.is_open: bool | None = None
        self.book: dict[AlertKey, Alert] = {}

    def look(self, value: float | None, seconds: int = 1, *, since_ts: float | None = None) -> list[str]:
        """Say the same for so many seconds; what happened."""
        return [word for _ in range(seconds) for word in self.step(seen(value, since_ts=since_ts))]

    def step(self, *signals: Signal) -> list[str]:
        self.now_ts += 1
        changes = self.engine.step(signals, self.is_open, self.now_ts)
        self.write(changes)
        return told(changes)

    def write(self, changes: list[Change]) -> None:
        for change in changes:
            self.book[change.alert.key] = change.alert

    def restart(self, off_s: float) -> None:
        """Another process, which knows what was written down."""
        self.engine = Engine(self.rules, [alert for alert in self.book.values() if alert.is_open])
        self.now_ts += off_s

    @property
    def alert(self) -> Alert:
        """The one that is open."""
        (alert,) = self.engine.alerts()
        return alert


def test_a_value_beyond_the_level_fires_and_one_back_at_it_resolves() -> None:
    bench = Bench(rule())
    assert bench.look(10) == []
    assert bench.look(11) == ["began above", "fired above"]
    assert bench.look(10) == ["resolved well"]


def test_a_value_below_is_wrong_to_a_rule_about_too_little() -> None:
    bench = Bench(rule("battery", signal="people", level=20, clears=30, is_above=False))
    assert bench.look(20) == []
    assert bench.look(19) == ["began below", "fired below"]
    assert bench.look(25) == []
    assert bench.alert.worst == 19
    assert bench.look(30) == ["resolved well"]


def test_what_is_not_wrong_for_long_enough_is_dropped_and_never_fires() -> None:
    bench = Bench(rule(for_s=60))
    assert bench.look(11, 60) == ["began above"]
    assert bench.look(9) == ["dropped well"]
    assert bench.look(11, 61) == ["began above", "fired above"]


def test_a_reading_that_says_since_when_dates_the_alert_and_its_for() -> None:
    bench = Bench(rule(for_s=60))
    assert bench.look(11, since_ts=NOW_TS - 300) == ["began above", "fired above"]
    assert bench.alert.since_ts == NOW_TS - 300
    assert bench.alert.fired_ts == bench.now_ts


def test_a_reading_from_the_future_dates_nothing() -> None:
    bench = Bench(rule(for_s=60))
    assert bench.look(11, since_ts=NOW_TS + 500) == ["began above"]
    assert bench.alert.since_ts == bench.now_ts


def test_an_alert_takes_an_earlier_beginning_that_readings_tell_of_later_and_keeps_it_over_a_restart() -> None:
    bench = Bench(rule())
    assert bench.look(11) == ["began above", "fired above"]
    assert bench.look(11, since_ts=NOW_TS - 2_880) == []
    assert bench.alert.since_ts == NOW_TS - 2_880
    bench.restart(5)
    bench.look(11, since_ts=NOW_TS - 60)
    assert bench.alert.since_ts == NOW_TS - 2_880


def test_what_waits_fires_as_soon_as_an_earlier_beginning_makes_it_long_enough() -> None:
    bench = Bench(rule(for_s=60))
    assert bench.look(11) == ["began above"]
    assert bench.look(11, since_ts=NOW_TS - 300) == ["fired above"]


def test_a_value_that_is_well_again_dates_no_alert_by_its_own_beginning() -> None:
    bench = Bench(rule(keep_firing_s=60))
    bench.look(11)
    bench.look(0, since_ts=NOW_TS - 300)
    assert bench.alert.since_ts == NOW_TS + 1


def test_the_board_s_time_of_before_a_clock_was_set_is_no_earlier_beginning() -> None:
    bench = Bench(rule())
    bench.look(11, 30, since_ts=NOW_TS)
    bench.write(bench.engine.moved(3_600))
    bench.now_ts += 3_600
    bench.look(11, 2, since_ts=NOW_TS)
    assert bench.alert.since_ts == NOW_TS + 3_600


def test_a_silence_is_shown_from_when_it_was_last_heard_and_its_for_counts_from_when_it_was_seen() -> None:
    bench = Bench(rule(for_s=60))
    heard_ts = NOW_TS - 660
    assert bench.step(replace(seen(11), heard_ts=heard_ts)) == ["began above"]
    assert bench.alert.since_ts == heard_ts
    assert bench.look(11, 59) == []
    assert bench.look(11, 1) == ["fired above"]
    assert bench.alert.since_ts == heard_ts


def test_a_silence_of_which_kept_readings_tell_later_is_dated_by_the_last_of_them() -> None:
    bench = Bench(rule(for_s=60))
    assert bench.step(replace(seen(11), heard_ts=NOW_TS - 86_400)) == ["began above"]
    bench.now_ts += 60
    assert bench.step(replace(seen(11), heard_ts=NOW_TS - 660)) == ["fired above"]
    assert bench.alert.since_ts == NOW_TS - 660


def test_a_value_around_the_level_is_one_alert_while_it_does_not_clear() -> None:
    bench = Bench(rule(level=10, clears=8))
    happened = [word for _ in range(100) for value in (11, 9) for word in bench.look(value)]
    assert happened == ["began above", "fired above"]
    assert bench.look(8) == ["resolved well"]


def test_an_inrush_does_not_fire_by_the_time_in_which_it_was_over() -> None:
    bench = Bench(rule(level=10, clears=8, for_s=60))
    assert bench.look(13, 2) == ["began above"]
    assert bench.look(9, 600) == []
    assert bench.look(13, 58) == []
    assert bench.look(13, 1) == ["fired above"]


def test_a_flapping_sensor_is_one_alert_while_it_is_not_well_for_long_enough() -> None:
    bench = Bench(rule(keep_firing_s=30))
    happened = [word for number in range(600) for word in bench.look(11 if number % 20 == 0 else 9)]
    assert happened == ["began above", "fired above"]
    assert bench.look(9, 60) == ["resolved well"]


def test_what_is_not_known_begins_nothing() -> None:
    bench = Bench(rule())
    assert bench.look(None, 1000) == []


def test_what_is_not_known_resolves_nothing_and_is_said_once() -> None:
    bench = Bench(rule())
    bench.look(11)
    assert bench.look(None, 5000) == ["lost silent"]
    assert bench.alert.phase is Phase.FIRING
    assert bench.alert.unknown_since_ts == NOW_TS + 2
    assert bench.look(12) == ["found"]
    known = bench.alert
    assert known.unknown_since_ts is None
    assert bench.look(9) == ["resolved well"]


def test_a_link_that_comes_and_goes_is_not_told_at_each_loss() -> None:
    bench = Bench(rule())
    bench.look(11)
    happened = [word for _ in range(20) for value in (None, 11) for word in bench.look(value, int(LOST_GRACE_S) - 1)]
    assert happened == []


def test_time_that_is_not_known_does_not_count_towards_for() -> None:
    bench = Bench(rule(for_s=60))
    bench.look(11, 31)
    assert bench.look(None, 200) == []
    assert bench.look(11, 29) == []
    assert bench.look(11, 2) == ["fired above"]


def test_time_that_is_not_known_does_not_count_towards_keep_firing() -> None:
    bench = Bench(rule(keep_firing_s=60))
    bench.look(11)
    assert bench.look(9, 31) == []
    assert bench.look(None, 200) == []
    assert bench.look(9, 29) == []
    assert bench.look(9, 2) == ["resolved well"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_not_known(value: float) -> None:
    bench = Bench(rule())
    bench.look(11)
    assert bench.look(value, 10) == []
    assert (bench.alert.value, bench.alert.worst, bench.alert.unknown_since_ts) == (11, 11, NOW_TS + 2)


@pytest.mark.parametrize("when", [When.OPEN, When.CLOSED])
def test_outside_its_hours_a_rule_begins_nothing(when: When) -> None:
    bench = Bench(rule(when=when))
    bench.is_open = when is When.CLOSED
    assert bench.look(11, 100) == []
    bench.is_open = when is When.OPEN
    assert bench.look(11) == ["began above", "fired above"]


@pytest.mark.parametrize("when", [When.OPEN, When.CLOSED])
def test_what_is_pending_when_its_hours_end_is_dropped(when: When) -> None:
    bench = Bench(rule(when=when, for_s=60))
    bench.is_open = when is When.OPEN
    bench.look(11, 30)
    bench.is_open = not bench.is_open
    assert bench.look(11) == ["dropped hours"]


def test_a_door_open_out_of_hours_is_over_when_the_place_opens() -> None:
    bench = Bench(rule(when=When.CLOSED))
    bench.is_open = False
    bench.look(11)
    bench.is_open = True
    assert bench.look(None) == ["resolved hours"]


def test_what_fires_at_closing_time_is_over_when_it_is_well_and_not_before() -> None:
    bench = Bench(rule(when=When.OPEN))
    bench.is_open = True
    bench.look(11)
    bench.is_open = False
    assert bench.look(11, 100) == []
    assert bench.look(9) == ["resolved well"]
    assert bench.look(11) == []


def test_the_time_before_its_hours_does_not_count_towards_for() -> None:
    bench = Bench(rule(when=When.CLOSED, for_s=60))
    bench.is_open = True
    bench.look(11, 300, since_ts=NOW_TS)
    bench.is_open = False
    assert bench.look(11, 60, since_ts=NOW_TS) == ["began above"]
    assert bench.look(11, 1, since_ts=NOW_TS) == ["fired above"]


def test_a_door_is_no_alarm_while_the_time_is_not_known() -> None:
    night = OpeningWatch(Hours(((),) * 7), ZoneInfo("Europe/Paris"))
    assert hours_now(night, NOW_TS, is_time_known=True) is False
    assert hours_now(None, NOW_TS, is_time_known=False) is None
    bench = Bench(rule(when=When.CLOSED))
    bench.is_open = hours_now(night, NOW_TS, is_time_known=False)
    assert bench.look(11, 100) == []


def test_a_place_without_hours_is_watched_always() -> None:
    bench = Bench(rule(when=When.CLOSED), rule("other", when=When.OPEN))
    assert bench.look(11) == ["began above", "fired above"] * 2


@pytest.mark.parametrize("at", range(1, 120, 7))
def test_a_short_restart_at_any_time_loses_no_for_and_fires_nothing_twice(at: int) -> None:
    bench = Bench(rule(for_s=60))
    happened = bench.look(11, at)
    bench.restart(off_s=20)
    happened += bench.look(None, 3) + bench.look(11, 120)
    assert happened == ["began above", "fired above"]
    assert bench.alert.since_ts == NOW_TS + 1
    fired_ts = bench.alert.fired_ts
    assert fired_ts is not None
    assert fired_ts - bench.alert.since_ts <= 60 + 24, "it fired as if there had been no restart, or when it was back"


def test_after_a_long_outage_for_goes_on_from_where_it_was() -> None:
    bench = Bench(rule(for_s=600))
    bench.look(11, 301)
    bench.restart(off_s=3600)
    assert bench.look(11, 290) == []
    assert bench.look(11, 80) == ["fired above"]


def test_after_a_long_outage_keep_firing_goes_on_from_where_it_was() -> None:
    bench = Bench(rule(keep_firing_s=600))
    bench.look(11)
    bench.look(9, 301)
    bench.restart(off_s=3600)
    assert bench.look(9, 290) == []
    assert bench.look(9, 80) == ["resolved well"]


def test_what_got_well_while_the_gateway_was_off_resolves_by_its_readings() -> None:
    bench = Bench(rule(keep_firing_s=600))
    bench.look(11)
    bench.restart(off_s=3600)
    assert bench.look(0, since_ts=NOW_TS + 1800) == ["resolved well"]


def test_a_restart_keeps_who_has_it_in_hand_and_what_is_silenced() -> None:
    bench = Bench(rule())
    bench.look(11)
    marks = {"acknowledged": Acknowledgement("Desk", NOW_TS), "silence": Silence("Desk", NOW_TS, "Works", None)}
    bench.book[bench.alert.key] = replace(bench.alert, number=7, **marks)  # type: ignore[arg-type] # by their names
    bench.restart(off_s=10_000)
    assert bench.look(12, 10) == []
    assert (bench.alert.number, bench.alert.acknowledged, bench.alert.silence) == (7, *marks.values())
    assert bench.look(9) == ["resolved well"]


def test_what_the_book_and_people_say_is_taken_over_and_the_engine_keeps_its_times() -> None:
    bench = Bench(rule())
    bench.look(11)
    stored = replace(bench.alert, number=7, cause=3, fault="provider", phase=Phase.PENDING, value=0.0, worst=0.0)
    bench.look(14)
    bench.engine.replaced(stored)
    alert = bench.alert
    assert (alert.number, alert.cause, alert.fault) == (7, 3, "provider")
    assert (alert.phase, alert.value, alert.worst) == (Phase.FIRING, 14, 14)


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([], "rule-gone"),
        ([rule(is_on=False)], "rule-off"),
        ([rule(subjects=frozenset({Subject(SubjectKind.ROOM, "atelier")}))], "rule-gone"),
    ],
)
def test_an_alert_that_no_rule_looks_at_any_more_ends_with_the_reason(rules: list[Rule], reason: str) -> None:
    bench = Bench(rule(), rule("slow", for_s=100))
    bench.look(11)
    bench.rules = [*rules, *(replace(one, id="slow") for one in rules)]
    bench.restart(off_s=1)
    assert bench.look(11) == [f"resolved {reason}", f"dropped {reason}"]
    assert bench.engine.alerts() == []


def test_an_alert_of_what_the_place_no_longer_has_ends_after_a_grace() -> None:
    bench = Bench(rule())
    bench.look(11)
    happened = [word for _ in range(int(GONE_S)) for word in bench.step()]
    assert happened == ["lost missing"]
    assert bench.step() == ["resolved subject-gone"]
    assert bench.engine.alerts() == []


def test_a_subject_that_comes_late_after_a_start_keeps_its_alert() -> None:
    bench = Bench(rule())
    bench.look(11)
    bench.restart(off_s=1)
    happened = [word for _ in range(200) for word in bench.step()]
    assert happened + bench.look(11) == []


@pytest.mark.parametrize("step_s", [-7_200.0, 3_600.0, 1_000_000_000.0])
def test_a_step_of_the_clock_neither_fires_nor_resolves(step_s: float) -> None:
    pending, firing, waiting = rule("pending", for_s=600), rule("firing"), rule("waiting", level=12, keep_firing_s=600)
    absent = rule("absent", signal="absent:people", level=600)
    bench, untouched = (Bench(pending, firing, waiting, absent) for _ in range(2))
    for one in (bench, untouched):
        one.look(13)
        one.look(11, 100)
        one.look(None, 100)
    bench.now_ts += step_s
    bench.write(bench.engine.moved(step_s))
    moved = {alert.key: alert.since_ts - step_s for alert in bench.engine.alerts()}
    assert moved == {alert.key: alert.since_ts for alert in untouched.engine.alerts()}
    expected = [(number, untouched.look(None if number < 400 else 11)) for number in range(1500)]
    assert [(number, bench.look(None if number < 400 else 11)) for number in range(1500)] == expected


def test_a_clock_that_is_set_moves_what_is_said_about_an_alert() -> None:
    bench = Bench(rule())
    bench.look(11)
    bench.engine.replaced(
        replace(
            bench.alert,
            acknowledged=Acknowledgement("Desk", NOW_TS),
            silence=Silence("Desk", NOW_TS, "Works", NOW_TS + 3600),
        )
    )
    (change,) = bench.engine.moved(50.0)
    assert change.alert.acknowledged == Acknowledgement("Desk", NOW_TS + 50)
    assert change.alert.silence == Silence("Desk", NOW_TS + 50, "Works", NOW_TS + 3650)


def test_no_reading_for_a_while_is_a_rule_as_any_other() -> None:
    bench = Bench(rule("absent", signal="absent:people", level=60))
    assert bench.look(5) == []
    assert bench.look(None, 61) == []
    assert bench.look(None) == ["began above", "fired above"]
    assert bench.look(5) == ["resolved well"]


def test_what_was_never_known_is_absent_from_the_start_on() -> None:
    bench = Bench(rule("absent", signal="absent:people", level=60))
    assert bench.look(None, 61) == []
    assert bench.look(None) == ["began above", "fired above"]


def test_what_is_not_there_is_not_absent() -> None:
    bench = Bench(rule("absent", signal="absent:people", level=60))
    assert [word for _ in range(200) for word in bench.step()] == []


@pytest.mark.parametrize("off_s", [1.0, 86_400.0])
def test_a_restart_does_not_make_what_is_absent_well_again(off_s: float) -> None:
    bench = Bench(rule("absent", signal="absent:people", level=60))
    bench.look(None, 100)
    bench.restart(off_s)
    assert bench.look(None, 200) == []
    assert bench.alert.value == pytest.approx(299 + off_s)


def test_a_rule_of_one_subject_is_not_about_another() -> None:
    bench = Bench(rule(signal="reading", subjects=frozenset({channel(1)})), rule("all", signal="reading", level=20))
    changes = bench.engine.step([seen(11, channel(1), name="reading"), seen(21, channel(2), name="reading")], None, 0.0)
    assert [change.alert.key for change in changes] == [AlertKey("full", channel(1)), AlertKey("all", channel(2))]


def test_an_alert_is_written_once_a_minute_while_its_time_counts() -> None:
    bench = Bench(rule(for_s=1e6))
    written = sum(
        len(bench.engine.step([seen(11 + number % 3)], None, NOW_TS + number)) for number in range(int(SEEN_S * 10))
    )
    assert written == 10


def test_the_worst_value_is_kept_though_no_rule_had_to_judge_it() -> None:
    bench = Bench(rule())
    for value in (11, 15, 12):
        bench.look(value)
    assert (bench.alert.value, bench.alert.worst) == (12, 15)
    bench.look(9)
    assert bench.book[AlertKey("full", ROOM)].worst == 15


def test_an_engine_without_a_rule_says_nothing() -> None:
    assert Engine([]).step([seen(11)], True, NOW_TS) == []


def test_the_plain_engine_of_these_tests_fires_too() -> None:
    assert told(EveryRuleOnEverySignal([rule()]).step([seen(11)], None, NOW_TS)) == ["began above", "fired above"]


def test_what_happens_is_dated_and_says_what_was_measured() -> None:
    engine = Engine([rule(for_s=10)])
    engine.step([seen(11)], None, NOW_TS)
    (change,) = engine.step([seen(12)], None, NOW_TS + 10)
    (event,) = change.events
    assert (event.what, event.at_ts, event.value) == (What.FIRED, NOW_TS + 10, 12)


def test_for_is_not_lost_between_two_readings_that_are_written_down() -> None:
    assert SEEN_S < OUTAGE_S / 2
