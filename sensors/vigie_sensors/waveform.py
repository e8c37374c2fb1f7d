"""True RMS of a mains current from ADC samples: pure, called by the ``current`` driver at every sample.

Samples of several periods are laid over each other by their phase, and each stands for the stretch of the period up to
half-way to its neighbours. Pauses of the sampling loop, a rate that wanders and one that beats with the mains then do
not matter, whatever the shape of the current.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MAX_GAP_PERIODS = 0.15
"""The widest stretch of the period without a sample. Lower asks more of a slow bus than it can give; higher lets the
short peaks of a switching supply fall into the gap."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """What was sampled, in the unit of the samples.

    Attributes:
        rms: Of the alternating part, over whole periods.
        offset: Mean: the bias of the input.
        low: Least sample.
        high: Greatest sample.
    """

    rms: float
    offset: float
    low: float
    high: float


def measure_waveform(samples: Sequence[tuple[float, float]], line_hz: float) -> Waveform | None:
    """Measure.

    Args:
        samples: (seconds, value), in the order they were taken.
        line_hz: Mains frequency.

    Returns:
        None when a part of the period has no sample, so that nothing is known of it.
    """
    if not samples:
        return None
    start_s = samples[0][0]
    whole_periods = math.floor(round((samples[-1][0] - start_s) * line_hz, 6))
    periods = [((at_s - start_s) * line_hz, value) for at_s, value in samples]
    by_phase = sorted((at % 1, value) for at, value in periods if at < whole_periods)
    if not by_phase:
        return None
    # Round the circle: the last sample of the period has the first as its neighbour.
    gaps = [(right[0] - left[0]) % 1 for left, right in zip(by_phase, by_phase[1:] + by_phase[:1], strict=True)]
    if len(by_phase) == 1 or max(gaps) > MAX_GAP_PERIODS:
        return None
    weights = [(before + after) / 2 for before, after in zip(gaps[-1:] + gaps[:-1], gaps, strict=True)]
    found = [value for _, value in by_phase]
    offset = _weighted(weights, found)
    square = _weighted(weights, [(value - offset) ** 2 for value in found])
    values = [value for _, value in samples]
    return Waveform(math.sqrt(square), offset, min(values), max(values))


def _weighted(weights: list[float], values: list[float]) -> float:
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True))
