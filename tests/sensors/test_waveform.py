"""True RMS of sampled currents of known shape."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.waveform import Waveform, measure_waveform

PERIODS = 10


def sampled(
    shape: Callable[[float], float], rate_hz: float, line_hz: float = 50, jitter: float = 0.3, pauses: bool = False
) -> list[tuple[float, float]]:
    """Ten periods, at a rate that wanders; ``shape`` is given the phase, 0 to 1."""
    chance, at_s, samples = random.Random(7), 0.0, []
    while at_s <= PERIODS / line_hz:
        samples.append((at_s, shape(at_s * line_hz % 1)))
        at_s += (1 + chance.uniform(-jitter, jitter)) / rate_hz
        if pauses and chance.random() < 0.01:
            at_s += 0.013
    return samples


def sine(phase: float) -> float:
    return 512 + 200 * math.sin(2 * math.pi * phase)


def rectifier(phase: float) -> float:
    """A switching supply: current only near the peaks of the voltage."""
    return 512 + (300 if 0.2 < phase < 0.3 else -300 if 0.7 < phase < 0.8 else 0)


def known(waveform: Waveform | None) -> Waveform:
    assert waveform is not None
    return waveform


@pytest.mark.parametrize("rate_hz", [1_000, 1_136, 5_000])
@pytest.mark.parametrize("line_hz", [50, 60])
def test_a_sine_has_its_rms_whatever_the_rate(rate_hz: float, line_hz: float) -> None:
    waveform = known(measure_waveform(sampled(sine, rate_hz, line_hz), line_hz))
    assert waveform.rms == pytest.approx(200 / math.sqrt(2), rel=0.02)
    assert waveform.offset == pytest.approx(512, abs=3)


@pytest.mark.parametrize("samples_a_period", [8, 9, 16])
def test_a_rate_that_beats_with_the_mains_does_not_matter(samples_a_period: int) -> None:
    """Every period is then sampled at the same few phases."""
    waveform = known(measure_waveform(sampled(sine, 50 * samples_a_period, jitter=0), 50))
    assert waveform.rms == pytest.approx(200 / math.sqrt(2), rel=0.001)


def test_a_square_wave_and_a_rectifier_have_theirs() -> None:
    square = known(measure_waveform(sampled(lambda phase: 612 if phase < 0.5 else 412, 3_000), 50))
    assert square.rms == pytest.approx(100, rel=0.01)
    supply = known(measure_waveform(sampled(rectifier, 3_000), 50))
    assert supply.rms == pytest.approx(300 * math.sqrt(0.2), rel=0.03)


def test_pauses_of_the_sampling_loop_do_not_matter() -> None:
    waveform = known(measure_waveform(sampled(sine, 2_000, pauses=True), 50))
    assert waveform.rms == pytest.approx(200 / math.sqrt(2), rel=0.02)


def test_the_offset_is_no_current() -> None:
    assert known(measure_waveform(sampled(lambda _: 530.0, 2_000), 50)) == Waveform(0, 530, 530, 530)


def test_extremes_are_told_for_clipping() -> None:
    waveform = known(measure_waveform(sampled(sine, 5_000), 50))
    assert waveform.low == pytest.approx(312, abs=1)
    assert waveform.high == pytest.approx(712, abs=1)


def test_too_few_samples_are_no_measure() -> None:
    assert measure_waveform([], 50) is None
    assert measure_waveform([(0.0, 500.0)], 50) is None
    assert measure_waveform(sampled(sine, 200, jitter=0), 50) is None
    one_phase = [(period / 50, 500.0) for period in range(200)]
    assert measure_waveform(one_phase, 50) is None


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 1_023)), max_size=400))
def test_any_samples_give_a_finite_rms_or_none(samples: list[tuple[float, float]]) -> None:
    waveform = measure_waveform(sorted(samples), 50)
    assert waveform is None or 0 <= waveform.rms <= 1_023
