"""The index gives exactly what judging every rule on every signal gives."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.gateway.alerts.alert_stream import EveryRuleOnEverySignal, channel, rule

from vigie_gateway.alerts.alert import Change
from vigie_gateway.alerts.boundaries import Boundaries
from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Signal

CHANNELS = tuple(channel(number) for number in range(5))
LEVELS = st.integers(-3, 3).map(float)


@st.composite
def rules(draw: st.DrawFn, id: str = "r") -> Rule:  # noqa: A002 - as the attribute of Rule is called
    level, is_above = draw(LEVELS), draw(st.booleans())
    margin = draw(st.integers(0, 2))
    return rule(
        id,
        signal=draw(st.sampled_from(["reading", "reading", "reading", "absent:reading"])),
        level=level,
        clears=level - margin if is_above else level + margin,
        is_above=is_above,
        for_s=draw(st.sampled_from([0.0, 3.0, 60.0])),
        keep_firing_s=draw(st.sampled_from([0.0, 3.0, 60.0])),
        when=draw(st.sampled_from(list(When))),
        subjects=draw(st.none() | st.frozensets(st.sampled_from(CHANNELS), max_size=3)),
        is_on=draw(st.sampled_from([True, True, True, False])),
    )


rule_lists = st.lists(rules(), min_size=1, max_size=12).map(
    lambda many: [rule_with_id(one, f"r{number}") for number, one in enumerate(many)]
)


def rule_with_id(one: Rule, id: str) -> Rule:  # noqa: A002 - as the attribute of Rule is called
    return rule(
        id,
        signal=one.signal,
        level=one.level,
        clears=one.clears,
        is_above=one.is_above,
        for_s=one.for_s,
        keep_firing_s=one.keep_firing_s,
        when=one.when,
        subjects=one.subjects,
        is_on=one.is_on,
    )


def moments(seed: int) -> Iterator[tuple[list[Signal], bool | None, float]]:
    """Values that mostly stay, sometimes jump, are unknown, no number, or not there; hours that change."""
    chance = random.Random(seed)
    now_ts, is_open = 1_000.0, chance.choice([None, True, False])
    values: list[float | None] = [0.0] * len(CHANNELS)
    away: set[int] = set()
    for _ in range(120):
        now_ts += chance.choice([1.0, 1.0, 1.0, 1.5, 70.0, 301.0])
        if chance.random() < 0.05:
            is_open = chance.choice([None, True, False])
        for number in range(len(values)):
            if chance.random() < 0.3:
                values[number] = chance.choice([None, math.nan, math.inf, *(step / 2 for step in range(-7, 8))])
            if chance.random() < 0.03:
                away ^= {number}
        yield (
            [
                Signal(
                    "reading", CHANNELS[number], value, now_ts - 1, chance.choice([None, now_ts - 5]),
                    figures={"at": now_ts},
                )
                for number, value in enumerate(values)
                if number not in away
            ],
            is_open,
            now_ts,
        )  # fmt: skip


def in_order(changes: list[Change]) -> list[Change]:
    return sorted(changes, key=lambda change: (change.alert.key, len(change.events)))


def compare(many: list[Rule], seed: int, restart_at: int) -> None:
    """Both engines through the same moments, with a restart of both in between."""
    engine, plain = Engine(many), EveryRuleOnEverySignal(many)
    for number, (signals, is_open, now_ts) in enumerate(moments(seed)):
        if number == restart_at:
            kept = engine.alerts()
            engine, plain = Engine(many, kept), EveryRuleOnEverySignal(many, kept)
        assert in_order(engine.step(signals, is_open, now_ts)) == in_order(plain.step(signals, is_open, now_ts))
        assert {alert.key: alert for alert in engine.alerts()} == plain.open


@settings(max_examples=25, deadline=None)
@given(rule_lists, st.integers(0, 10**6), st.integers(1, 119))
def test_the_index_gives_what_judging_every_rule_on_every_signal_gives(
    many: list[Rule], seed: int, restart_at: int
) -> None:
    compare(many, seed, restart_at)


@pytest.mark.long
@settings(max_examples=1_000, deadline=None)
@given(rule_lists, st.integers(0, 10**6), st.integers(1, 119))
def test_the_index_gives_the_same_in_many_more_places(many: list[Rule], seed: int, restart_at: int) -> None:
    compare(many, seed, restart_at)


@given(rule_lists, LEVELS | st.sampled_from([-0.5, 0.5, math.inf, -math.inf]), LEVELS | st.sampled_from([-0.5, 0.5]))
@example([rule(level=1.0)], 1.0, 1.5)
def test_two_values_of_one_zone_are_judged_alike_by_every_rule(many: list[Rule], one: float, other: float) -> None:
    boundaries = Boundaries(many)
    assert {each.id for each in boundaries.wrong(one)} == {each.id for each in many if each.is_wrong(one)}
    differing = {each.id for each in many if _judgement(each, one) != _judgement(each, other)}
    assert differing <= {each.id for each in boundaries.crossed(one, other)}
    if boundaries.zone(one).holds(other):
        assert not differing


def _judgement(one: Rule, value: float) -> tuple[bool, bool]:
    return one.is_wrong(value), one.is_well(value)
