"""True RMS of a mains current from ADC samples: pure, called by the ``current`` driver at every sample.

Samples of several periods are laid over each other by their phase, each phase weighing the same: pauses of the
sampling loop and a sampling rate that drifts then do not matter, whatever the shape of the current.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

PHASES = 10
"""Slices of a period. Lower blurs the peaks of a switching supply's current; higher asks for more samples."""
MIN_SAMPLES_PER_PHASE = 3
"""Lower lets chance decide (30 samples of a sine are good to a few percent); higher asks more than a busy Pi Zero
can give."""


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
        None when a phase of the period has too few samples to say anything of it.
    """
    if not samples:
        return None
    start_s = samples[0][0]
    whole_periods = math.floor(round((samples[-1][0] - start_s) * line_hz, 6))
    by_phase: list[list[float]] = [[] for _ in range(PHASES)]
    for at_s, value in samples:
        periods = (at_s - start_s) * line_hz
        if periods < whole_periods:
            by_phase[int(periods % 1 * PHASES)].append(value)
    if any(len(values) < MIN_SAMPLES_PER_PHASE for values in by_phase):
        return None
    offset = _mean_of_means(by_phase)
    squares = [[(value - offset) ** 2 for value in values] for values in by_phase]
    values = [value for _, value in samples]
    return Waveform(math.sqrt(_mean_of_means(squares)), offset, min(values), max(values))


def _mean_of_means(by_phase: list[list[float]]) -> float:
    return math.fsum(math.fsum(values) / len(values) for values in by_phase) / len(by_phase)
