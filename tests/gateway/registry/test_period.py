"""The period of a device's channel, learnt from when it is heard."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.registry import period as period_module
from vigie_gateway.registry.period import ASSUMED_S, LADDER_S, USUAL_TIMES, Period

HOUR_S, DAY_S = 3600.0, 86_400.0
START_TS = 1_790_000_000.0
EARLY_OR_LATE = "bluetooth thermometer, each 8 to 12 s"


class Heard:
    """A period, and what became of it: when it changed, and to what."""

    def __init__(self, told_s: float | None = None, known_s: float | None = None) -> None:
        self.period = Period(told_s, known_s)
        self.at_ts = START_TS
        self.changes: list[tuple[float, float]] = []

    def hear(self, intervals_s: Iterable[float], for_s: float) -> float:
        """Hear a device at its intervals for a while; its period after that."""
        end_ts = self.at_ts + for_s
        for interval_s in intervals_s:
            if self.at_ts + interval_s > end_ts:
                break
            self.at_ts += interval_s
            if self.period.heard(self.at_ts):
                self.changes.append((self.at_ts, self.period.period_s))
        return self.period.period_s


def regular(every_s: float, jitter: float = 0.0, seed: int = 1) -> Iterator[float]:
    chance = random.Random(seed)
    while True:
        yield every_s * (1 + chance.uniform(-jitter, jitter))


def with_changes(every_s: float, change_s: float, *, busy_share: float = 0.4, seed: int = 1) -> Iterator[float]:
    """A report at its own interval, whatever else is said, and reports at changes through part of each day."""
    chance = random.Random(seed)
    now_s, due_s = 0.0, every_s
    while True:
        is_busy = now_s % DAY_S < busy_share * DAY_S
        change_at_s = now_s + chance.expovariate(1 / change_s) if is_busy else math.inf
        next_s = min(due_s, change_at_s)
        if next_s == due_s:
            due_s += every_s
        yield next_s - now_s
        now_s = next_s


PATTERNS: dict[str, tuple[Callable[[], Iterator[float]], float]] = {
    "tasmota, each 300 s and at changes": (lambda: with_changes(300.0, 12.0), 300.0),
    "shelly, each 60 s and at changes": (lambda: with_changes(60.0, 5.0), 60.0),
    "zigbee, each hour and at changes": (lambda: with_changes(HOUR_S, 90.0), 3600.0),
    "bluetooth thermometer, each 10 s": (lambda: regular(10.0, 0.08), 10.0),
    EARLY_OR_LATE: (lambda: regular(10.0, 0.2), 20.0),
    "teleinfo, each 2 s": (lambda: regular(2.0, 0.05), 10.0),
    "a leak sensor, each day": (lambda: regular(DAY_S, 0.01), DAY_S),
    "a plug, each 30 s": (lambda: regular(30.0, 0.01), 30.0),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_way_of_speaking_has_its_period_after_some_days(pattern: str) -> None:
    intervals, expected_s = PATTERNS[pattern]
    assert Heard().hear(intervals(), 5 * expected_s if expected_s == DAY_S else 1.5 * DAY_S) == expected_s


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_period_once_learnt_stays_as_it_is(pattern: str) -> None:
    intervals, expected_s = PATTERNS[pattern]
    heard = Heard(known_s=expected_s)
    heard.hear(intervals(), 2.2 * DAY_S if expected_s < HOUR_S else 12 * DAY_S)
    assert heard.changes == []


def test_before_anything_is_heard_it_is_what_a_tasmota_has_or_what_was_learnt_before() -> None:
    assert (Period().period_s, Period(known_s=3600.0).period_s) == (ASSUMED_S, 3600.0)
    assert Period(known_s=100.0).period_s == 120.0, "what a device told once is no step of the ladder"


def test_a_burst_of_changes_makes_no_period_shorter() -> None:
    heard = Heard()
    heard.hear(regular(300.0), 6 * HOUR_S)
    assert heard.hear(regular(1.0), 2 * HOUR_S) == 300.0
    heard.hear(regular(300.0), 6 * HOUR_S)
    assert heard.changes == []


def test_changes_nearly_all_day_make_no_period_shorter() -> None:
    heard = Heard(known_s=300.0)
    heard.hear(with_changes(300.0, 30.0, busy_share=0.9), 3 * DAY_S)
    assert heard.changes == []


def test_an_outage_is_no_period_not_even_when_it_comes_each_night() -> None:
    heard = Heard(known_s=10.0)
    for _ in range(4):
        heard.hear(regular(10.0), 10 * HOUR_S)
        heard.hear([14 * HOUR_S - 1], 14 * HOUR_S)
    assert heard.changes == []


def test_a_night_of_silence_does_not_keep_a_period_long() -> None:
    heard = Heard()
    for _ in range(2):
        heard.hear(regular(10.0), 10 * HOUR_S)
        heard.hear([14 * HOUR_S - 1], 14 * HOUR_S)
    assert heard.period.period_s == 10.0


def test_packets_lost_here_and_there_are_no_period() -> None:
    heard = Heard(known_s=10.0)
    heard.hear(regular(10.0), HOUR_S)
    for _ in range(10):
        heard.hear([20.0], HOUR_S)
        heard.hear(regular(10.0), HOUR_S)
    assert heard.changes == []


def test_a_silence_that_repeats_is_a_period() -> None:
    heard = Heard(known_s=60.0)
    assert heard.hear([7200.0] * USUAL_TIMES, DAY_S) == 60.0, "two intervals after the first word are not enough"
    assert heard.hear([7200.0], DAY_S) == 7200.0


def test_a_sensor_that_says_each_thing_twice_has_the_period_of_its_reports() -> None:
    heard = Heard()
    assert heard.hear([7200.0, 0.5] * 4, DAY_S) == 7200.0


@pytest.mark.parametrize(("before_s", "after_s"), [(10.0, 60.0), (300.0, 3600.0), (60.0, 900.0)])
def test_a_longer_period_is_followed_within_a_few_intervals(before_s: float, after_s: float) -> None:
    heard = Heard(known_s=before_s)
    heard.hear(regular(before_s, 0.1), 2 * DAY_S)
    assert heard.changes == []
    assert heard.hear(regular(after_s, 0.1), (USUAL_TIMES + 2) * after_s) == after_s


def test_a_longer_period_between_changes_is_followed_within_a_day() -> None:
    heard = Heard(known_s=300.0)
    heard.hear(with_changes(300.0, 60.0), DAY_S)
    assert heard.hear(with_changes(HOUR_S, 60.0), DAY_S) == HOUR_S


@pytest.mark.parametrize(("before_s", "after_s"), [(300.0, 10.0), (3600.0, 300.0), (60.0, 30.0)])
def test_a_shorter_period_is_followed_within_a_day_and_not_within_hours(before_s: float, after_s: float) -> None:
    heard = Heard(known_s=before_s)
    heard.hear(regular(before_s, 0.1), 2 * DAY_S)
    assert heard.hear(regular(after_s, 0.05), 12 * HOUR_S) == before_s
    assert heard.hear(regular(after_s, 0.05), 12 * HOUR_S + after_s) == after_s


@given(st.floats(12.0, 5000.0), st.integers(0, 9))
def test_a_fifth_too_early_or_too_late_never_sends_a_period_to_and_fro(every_s: float, seed: int) -> None:
    heard = Heard()
    intervals = regular(every_s, 0.2, seed)
    days_s = min(2 * DAY_S, 1500 * every_s)
    heard.hear(intervals, max(days_s, 1.1 * DAY_S))
    learnt_s = heard.period.period_s
    assert every_s <= 1.25 * learnt_s, "late as it is, it is not called old"
    heard.changes.clear()
    heard.hear(intervals, days_s)
    assert all(period_s > learnt_s for _, period_s in heard.changes)
    assert len(heard.changes) <= 1


@given(
    st.lists(st.floats(-1e5, 1e6, allow_nan=False), max_size=60),
    st.none() | st.floats(1e-3, 1e9),
    st.lists(st.floats(-1e7, 1e7), max_size=3),
)
def test_a_learnt_period_is_a_step_of_the_ladder_whatever_is_heard(
    intervals_s: list[float], known_s: float | None, steps_s: list[float]
) -> None:
    period = Period(known_s=known_s)
    at_ts = START_TS
    for index, interval_s in enumerate(intervals_s):
        at_ts += interval_s
        before_s = period.period_s
        assert period.heard(at_ts) is (period.period_s != before_s)
        assert period.period_s in LADDER_S
        if index < len(steps_s):
            period.moved(steps_s[index])
            at_ts += steps_s[index]


@given(st.lists(st.sampled_from([1.0, 10.0, 300.0, 3600.0, 50_000.0]), max_size=60), st.sampled_from([-1e6, 0.5, 1e8]))
def test_a_step_of_the_clock_is_neither_an_interval_nor_an_outage(intervals_s: list[float], step_s: float) -> None:
    stepped, steady = Heard(), Heard()
    for interval_s in intervals_s:
        steady.hear([interval_s], math.inf)
        stepped.period.moved(step_s)
        stepped.at_ts += step_s
        stepped.hear([interval_s], math.inf)
        assert stepped.period.period_s == steady.period.period_s


def test_what_is_told_counts_and_not_what_is_heard() -> None:
    heard = Heard(told_s=1080.0)
    assert heard.hear(regular(10.0), 3 * DAY_S) == 360.0, "fresh for as long as the device itself says"
    assert heard.changes == []
    assert heard.period.tell(None) is True
    assert heard.period.period_s == 10.0, "what was learnt meanwhile"
    assert heard.period.tell(None) is False


@pytest.mark.parametrize(
    ("told_s", "period_s"), [(0.01, 1.0), (1e9, DAY_S), (math.nan, ASSUMED_S), (math.inf, ASSUMED_S), (-5.0, ASSUMED_S)]
)
def test_what_is_told_beyond_reason_is_held_to_what_a_channel_may_have(told_s: float, period_s: float) -> None:
    assert Period(told_s).period_s == period_s


def test_a_word_that_overtook_another_teaches_nothing() -> None:
    heard = Heard()
    heard.hear([300.0, 300.0, -200.0, 0.0, 200.0, 300.0], math.inf)
    assert heard.changes == []


MUTANTS: list[tuple[str, object, Callable[[], None]]] = [
    ("RISING", 1.0, lambda: test_a_longer_period_is_followed_within_a_few_intervals(10.0, 60.0)),
    ("RISING", 3.0, lambda: test_a_longer_period_is_followed_within_a_few_intervals(300.0, 600.0)),
    ("STAYING", 1.6, lambda: test_each_way_of_speaking_has_its_period_after_some_days(EARLY_OR_LATE)),
    ("STAYING", 0.9, lambda: test_a_shorter_period_is_followed_within_a_day_and_not_within_hours(300.0, 10.0)),
    ("USUAL_SHARE", 0.0, test_packets_lost_here_and_there_are_no_period),
    ("USUAL_SHARE", 0.6, test_changes_nearly_all_day_make_no_period_shorter),
    ("USUAL_TIMES", 1, test_an_outage_is_no_period_not_even_when_it_comes_each_night),
    ("OUTAGE_PERIODS", 1e9, test_a_night_of_silence_does_not_keep_a_period_long),
    ("DAY_S", HOUR_S, lambda: test_a_shorter_period_is_followed_within_a_day_and_not_within_hours(300.0, 10.0)),
    ("DAY_S", 3 * DAY_S, lambda: test_a_shorter_period_is_followed_within_a_day_and_not_within_hours(300.0, 10.0)),
    ("BLOCK_S", DAY_S, lambda: test_a_shorter_period_is_followed_within_a_day_and_not_within_hours(300.0, 10.0)),
]


@pytest.mark.parametrize(("name", "value", "claim"), MUTANTS)
def test_a_wrong_constant_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, claim: Callable[[], None]
) -> None:
    monkeypatch.setattr(period_module, name, value)
    with pytest.raises(AssertionError):
        claim()
