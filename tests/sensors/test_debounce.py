"""Bounces and blips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.debounce import PulseCounter, Settled


def test_a_state_is_unknown_until_it_has_lasted() -> None:
    settled = Settled(0.1)
    told = [settled.feed(0, active=True), settled.state, settled.advance(0.1), settled.state, settled.advance(9)]
    assert told == [None, None, (0, True), True, None]


def test_a_blip_changes_nothing() -> None:
    settled = Settled(0.1)
    settled.feed(0, active=True)
    settled.advance(1)
    assert settled.feed(5.0, active=False) is None
    assert settled.feed(5.09, active=True) is None
    assert settled.advance(60) is None
    assert settled.state is True


def test_a_change_is_told_with_the_time_it_began_even_if_it_is_over_by_now() -> None:
    settled = Settled(0.1)
    settled.feed(0, active=True)
    settled.advance(1)
    assert settled.feed(5, active=False) is None
    assert settled.feed(8, active=True) == (5, False)
    assert settled.state is False
    assert settled.advance(10) == (8, True)


@pytest.mark.parametrize(
    ("edges", "count"),
    [
        ([(0, False), (1, True), (1.2, False), (2, True)], 2),
        ([(0, True), (1, False), (2, True)], 1),  # held down while the daemon started
        ([(0, False), (1, True), (1.001, False), (1.002, True), (1.003, False), (1.004, True)], 1),
        ([(0, False), (1, True), (1.5, False), (1.502, True), (1.504, False)], 1),  # bounces on release
        ([(0, False), (1, True), (1.01, True)], 1),  # the release was not heard
    ],
)
def test_a_press_counts_once_with_its_bounces(edges: list[tuple[float, bool]], count: int) -> None:
    presses = PulseCounter(0.03)
    begun = [presses.feed(at_s, active) for at_s, active in edges]
    assert presses.count == count == sum(begun)


def test_the_first_press_counts_however_soon_it_comes() -> None:
    presses = PulseCounter(0.03)
    presses.feed(5, active=False)
    assert presses.feed(5, active=True)


@given(st.lists(st.tuples(st.floats(0, 10), st.booleans()), max_size=50))
def test_never_more_pulses_than_activations_at_rest(edges: list[tuple[float, bool]]) -> None:
    presses, at_s, activations = PulseCounter(0.03), 0.0, 0
    for after_s, active in edges:
        at_s += after_s
        activations += active
        presses.feed(at_s, active)
    assert presses.count <= activations
