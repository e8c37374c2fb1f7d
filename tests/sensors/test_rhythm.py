"""``rhythm``: what a pin shows at a moment, and for how long."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from vigie_sensors.rhythm import OFF, ON, Rhythm

LASTING = st.floats(0.01, 100)


@given(LASTING, LASTING, st.floats(0, 10_000))
@example(0.01, 0.01, 0.94)
def test_what_it_shows_lasts_until_it_says_and_then_is_the_other(on_s: float, off_s: float, elapsed_s: float) -> None:
    rhythm = Rhythm(on_s, off_s)
    is_on, lasts_s = rhythm.at(elapsed_s)
    assert 0 < lasts_s <= (on_s if is_on else off_s) * 1.001
    assert rhythm.at(elapsed_s + lasts_s + 0.001)[0] is not is_on
    assume(lasts_s > 1e-6)  # less is lost in the sum
    assert rhythm.at(elapsed_s + lasts_s - min(0.001, lasts_s / 2))[0] is is_on


@pytest.mark.parametrize(("rhythm", "is_on"), [(ON, True), (OFF, False)])
def test_what_is_steady_never_changes(rhythm: Rhythm, is_on: bool) -> None:
    assert rhythm.at(0) == rhythm.at(1e9) == (is_on, math.inf)
