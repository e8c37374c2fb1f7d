"""What leaves as one message, and what need not be told any more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Phase, Silence
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.notify.composition import Content, content_of
from vigie_gateway.notify.notices import Notice, Occasion
from vigie_gateway.notify.plan import SETTLE_S

RULES = {rule.id: rule for rule in DEFAULT_RULES}
OUTAGE = AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, "c4"))
WARNING = AlertKey("wifi-slow", Subject(SubjectKind.ROOM, "salle"))
FIRED_TS = 1_000.0
ALERT = Alert(7, OUTAGE, Phase.FIRING, FIRED_TS - 10, fired_ts=FIRED_TS)
OVER = replace(ALERT, phase=Phase.RESOLVED, ended_ts=FIRED_TS + 600)


def notice(number: int, occasion: Occasion = Occasion.FIRED, alert: int = 7, wait_s: float = 10.0) -> Notice:
    """About an alert that fired at FIRED_TS; of an end, that it ended at FIRED_TS + 600."""
    at_ts = FIRED_TS + 600 if occasion is Occasion.RESOLVED else FIRED_TS
    return Notice(number, "desk", "mail", occasion, alert, at_ts, at_ts + wait_s)


def content(due: list[Notice], alert: Alert, later: tuple[Notice, ...] = (), *, was_told: bool = False) -> Content:
    """Of notices about one alert."""
    return content_of(due, later, {alert.number: alert}, RULES, lambda _alert: was_told)


def test_what_fires_is_told_once() -> None:
    found = content([notice(1)], ALERT)
    assert [(item.alert.number, item.occasion) for item in found.items] == [(7, Occasion.FIRED)]
    assert found.told == (1,)
    assert not found.dropped


@pytest.mark.parametrize(
    ("alert", "given_notice", "why"),
    [
        (replace(ALERT, silence=Silence("a", FIRED_TS, "works", None)), notice(1), "silenced"),
        (replace(ALERT, cause=3), notice(1), "explained"),
        (replace(ALERT, acknowledged=Acknowledgement("a", FIRED_TS)), notice(1, Occasion.ESCALATED), "acknowledged"),
        (replace(OVER, ended_ts=FIRED_TS + 9), notice(1), "over"),
        (OVER, notice(1, Occasion.ESCALATED, wait_s=900), "over"),
        (replace(OVER, key=WARNING), notice(1, wait_s=8 * 3_600), "over"),
        (replace(ALERT, number=8), notice(1), "unknown"),
        (OVER, notice(1, Occasion.RESOLVED), "never-told"),
    ],
)
def test_what_is_not_worth_telling_any_more_is_dropped_with_its_reason(
    alert: Alert, given_notice: Notice, why: str
) -> None:
    assert content([given_notice], alert) == Content((), (), {1: why})


def test_an_acknowledged_alert_is_still_told_to_the_others() -> None:
    assert content([notice(1)], replace(ALERT, acknowledged=Acknowledgement("a", FIRED_TS))).told == (1,)


def test_an_end_that_comes_while_the_message_is_composed_is_told_by_itself() -> None:
    assert content([notice(1)], ALERT, (notice(2, Occasion.RESOLVED),)).told == (1,)


def test_what_was_told_is_not_told_again_after_its_silence_or_its_cause() -> None:
    assert content([notice(3)], ALERT, was_told=True) == Content((), (), {3: "told-before"})


def test_an_outage_that_settles_after_its_cause_is_told_to_nobody() -> None:
    assert content([notice(1, wait_s=SETTLE_S)], replace(OVER, ended_ts=FIRED_TS + 30)).dropped == {1: "over"}
    assert content([notice(1, wait_s=SETTLE_S)], OVER).told == (1,)


def test_what_began_and_ended_while_nobody_could_be_told_is_told_once_with_its_end() -> None:
    found = content([notice(1)], OVER, (notice(2, Occasion.RESOLVED),))
    assert [(item.alert.ended_ts, item.occasion) for item in found.items] == [(FIRED_TS + 600, Occasion.FIRED)]
    assert found.told == (1, 2)
    assert content([notice(1), notice(2, Occasion.RESOLVED)], OVER).told == (1, 2)


def test_an_outage_of_the_night_is_told_in_the_morning_though_it_is_over() -> None:
    assert content([notice(1, wait_s=8 * 3_600)], OVER).told == (1,)


def test_the_end_is_told_to_whom_the_beginning_was() -> None:
    found = content([notice(2, Occasion.RESOLVED)], OVER, was_told=True)
    assert [item.occasion for item in found.items] == [Occasion.RESOLVED]


def test_the_end_of_what_was_silenced_after_it_was_told_is_told() -> None:
    silenced = replace(OVER, silence=Silence("a", FIRED_TS + 60, "works", None))
    assert content([notice(2, Occasion.RESOLVED)], silenced, was_told=True).told == (2,)


def test_forty_alerts_are_one_message() -> None:
    alerts = {number: replace(ALERT, number=number) for number in range(1, 41)}
    due = [notice(number, alert=number) for number in alerts]
    found = content_of(due, (), alerts, RULES, lambda _alert: False)
    assert len(found.items) == len(found.told) == 40


_ALERTS = st.builds(
    Alert,
    number=st.integers(1, 4),
    key=st.sampled_from([OUTAGE, WARNING]),
    phase=st.just(Phase.FIRING),
    since_ts=st.just(FIRED_TS - 10),
    fired_ts=st.just(FIRED_TS),
    ended_ts=st.none() | st.floats(FIRED_TS, FIRED_TS + 2_000),
    cause=st.none() | st.just(9),
    acknowledged=st.none() | st.just(Acknowledgement("a", FIRED_TS)),
    silence=st.none() | st.just(Silence("a", FIRED_TS, "works", None)),
)
_NOTICES = st.builds(
    notice, st.just(0), st.sampled_from([Occasion.FIRED, Occasion.ESCALATED, Occasion.RESOLVED]), st.integers(1, 5),
    st.sampled_from([10.0, 900.0]),
)  # fmt: skip


@given(st.lists(_ALERTS, max_size=4), st.lists(_NOTICES, max_size=8), st.lists(_NOTICES, max_size=4), st.booleans())
def test_every_notice_that_was_due_is_told_or_dropped_and_no_alert_is_told_twice(
    alerts: list[Alert], due: list[Notice], later: list[Notice], was_told: bool
) -> None:
    due = [replace(one, number=number) for number, one in enumerate(due, 1)]
    later = [replace(one, number=number) for number, one in enumerate(later, 100)]
    found = content_of(due, later, {one.number: one for one in alerts}, RULES, lambda _alert: was_told)
    assert {one.number for one in due} <= {*found.told, *found.dropped}
    assert not set(found.told) & set(found.dropped)
    assert len(found.told) == len(set(found.told))
    numbers = [item.alert.number for item in found.items]
    assert len(numbers) == len(set(numbers))
    for item in found.items:
        is_begin = item.occasion is not Occasion.RESOLVED
        assert not (is_begin and (item.alert.silence is not None or item.alert.cause is not None))
        assert is_begin or was_told


def test_whoever_was_told_is_reminded_when_a_silence_has_ended_and_told_again_of_nothing_else() -> None:
    assert content([notice(1, Occasion.REMINDED)], ALERT, was_told=True).told == (1,)
    assert content([notice(1)], ALERT, was_told=True) == Content((), (), {1: "told-before"})
