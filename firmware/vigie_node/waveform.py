"""True RMS of a mains current from samples of an input. Pure; called by ``sensors``.

As ``vigie_sensors.waveform``, where it is explained: samples of several periods are laid over each other by their
phase, and each stands for the stretch of the period up to half-way to its neighbours. A sample is one small whole
number, since a list of pairs would take a Pico's memory: its phase in microseconds times 4,096, and its value, 0 to
4,095.
"""

import math

STEPS = 4_096
"""Of a value: what the boards' inputs tell apart."""
MAX_GAP = 0.15
"""The widest stretch of the period without a sample: as ``vigie_sensors.waveform.MAX_GAP_PERIODS``."""


def rms(samples: list[int], period_us: int) -> tuple[float, int, int] | None:
    """RMS of the alternating part, as a share of the reference voltage; the least and the greatest value.

    Args:
        samples: Of whole periods; sorted in place.
        period_us: Of the mains.

    Returns:
        None when a part of the period has no sample, so that nothing is known of it.
    """
    count = len(samples)
    if count < 2:
        return None
    samples.sort()
    weight_us, total, square, widest = 0, 0.0, 0.0, 0
    low = high = samples[0] % STEPS
    # Around the middle, so that no large squares are taken from each other: floats here may have 24 bits only.
    for index, sample in enumerate(samples):
        before_us = (sample // STEPS - samples[index - 1] // STEPS) % period_us
        after_us = (samples[(index + 1) % count] // STEPS - sample // STEPS) % period_us
        widest = max(widest, after_us)
        raw = sample % STEPS
        low, high = min(low, raw), max(high, raw)
        value = raw / STEPS - 0.5
        weight_us += before_us + after_us
        total += (before_us + after_us) * value
        square += (before_us + after_us) * value * value
    if weight_us == 0 or widest > MAX_GAP * period_us:
        return None
    offset = total / weight_us
    return math.sqrt(max(0.0, square / weight_us - offset * offset)), low, high
