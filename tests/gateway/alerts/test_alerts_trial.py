"""A rule tried on the past of one subject."""

from __future__ import annotations

import pytest
from tests.gateway.alerts.alert_stream import ROOM, rule

from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Signal
from vigie_gateway.alerts.trial import IsOpen, SubjectTrial, Trial, try_subject

HOUR_S = 3600.0


def tried(one: Rule, *past: tuple[float, float | None], is_open: IsOpen = lambda _: None) -> SubjectTrial:
    """Ten hours of people; ``past`` says since when how many."""
    signals = [Signal("people", ROOM, value, at_ts) for at_ts, value in past]
    return try_subject(one, ROOM, signals, is_open, 0.0, 10 * HOUR_S)


def test_each_time_that_it_would_have_fired_is_an_episode() -> None:
    found = tried(rule(for_s=600), (0, 5), (HOUR_S, 12), (2 * HOUR_S, 14), (3 * HOUR_S, 5), (9 * HOUR_S, 11))
    first, second = found.episodes
    assert (first.since_ts, first.fired_ts, first.ended_ts, first.worst) == (3600, 4200, 10_800, 14)
    assert (second.since_ts, second.fired_ts, second.ended_ts, second.worst) == (32_400, 33_000, None, 11)


def test_what_was_not_wrong_for_long_enough_is_counted_apart() -> None:
    found = tried(rule(for_s=601), (0, 5), (HOUR_S, 12), (HOUR_S + 600, 5))
    assert (found.episodes, found.dropped) == ((), 1)


def test_for_how_long_nothing_was_known_is_told() -> None:
    found = tried(rule(), (HOUR_S, 5), (3 * HOUR_S, None), (5 * HOUR_S, 6))
    assert (found.held_s, found.unknown_s) == (10 * HOUR_S, 3 * HOUR_S)


def test_what_was_said_before_the_period_holds_at_its_beginning() -> None:
    found = tried(rule(), (-HOUR_S, 12), (HOUR_S, 5))
    (episode,) = found.episodes
    assert (episode.since_ts, episode.ended_ts, found.unknown_s) == (0, HOUR_S, 0)


def test_out_of_its_hours_a_rule_is_not_tried() -> None:
    found = tried(
        rule(when=When.OPEN), (0, 12), (7 * HOUR_S, None), is_open=lambda at_ts: 2 * HOUR_S <= at_ts < 8 * HOUR_S
    )
    (episode,) = found.episodes
    assert episode.fired_ts == 2 * HOUR_S
    assert (found.held_s, found.unknown_s) == (6 * HOUR_S, HOUR_S)


def test_a_rule_that_is_off_is_tried_too() -> None:
    assert len(tried(rule(is_on=False), (0, 12)).episodes) == 1


def test_a_rule_about_absence_is_tried_on_what_was_absent() -> None:
    found = tried(rule(signal="absent:people", level=1800), (0, 5), (HOUR_S, None), (2 * HOUR_S, 5))
    (episode,) = found.episodes
    assert episode.fired_ts == pytest.approx(1.5 * HOUR_S, abs=61)
    assert episode.ended_ts == 2 * HOUR_S


def test_of_nothing_the_share_that_is_unknown_is_not_zero() -> None:
    assert Trial(rule(), 0.0, 1.0, is_told=True, subjects=()).unknown_share() is None
    assert Trial(rule(), 0.0, 1.0, is_told=True, subjects=(tried(rule()),)).unknown_share() == 1.0
