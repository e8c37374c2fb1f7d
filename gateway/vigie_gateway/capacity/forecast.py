"""What a resource will probably offer at a time to come, from what was measured here at such hours before.

Pure: samples and times in, values out. Called by whoever fills a ``Supply`` from the store, and by ``./run bench
forecast``, which checks that what is called "held nine times in ten" is. The reasoning, the sources and the figures of
that check stand in docs/capacity.md.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

HOUR_S = 3600.0
DAY_HOURS, WEEK_HOURS = 24, 168
QUARTERS = 4
"""Of an hour: hours of the week are told apart no finer, against neighbourhoods of hours."""
SATURDAY = 5

DEPENDABLE = 0.10
"""Share of hours that may fall below what is called dependable. Lower refuses sessions that would be well; higher
breaks more than one promise in ten."""
HALF_LIFE_S = 28 * 86_400.0
"""After so long a sample counts half. Shorter forgets before a month has four comparable days; longer believes in the
line of before the last change of contract."""
WIDTHS_H = (1.5, 2.5, 4.0, 6.5, 10.0, 16.0)
"""How far a sample's hour of the week may be from the one asked for (deviation of a Gaussian), narrowest
first. Narrower than the first sees too few samples in a month; wider than the last knows no hours any more."""
ENOUGH_SAMPLES = 20.0
"""Effective samples at which no wider neighbourhood is tried. Fewer leave nothing below the tenth percentile to look
at; more mix evenings with afternoons."""
SAME_HOUR_WEIGHT = 0.5
"""Of the same hour on another day of the same kind (working day or weekend). 0 would wait a week for each sample; 1
takes a Monday for a Friday."""
ANY_HOUR_MASS = 0.25
"""What all samples of whatever hour weigh together, in samples: it decides only where nothing else was measured. Higher
draws quiet nights into busy evenings; 0 has no answer for an hour that was never measured."""
LEAST_LOWERING, MOST_LOWERING = 0.5, 1.0
"""Standard errors by which the level is lowered: the least where the narrowest neighbourhood has enough samples, the
most where it has none and other hours stand in for it. A whole one everywhere promises too little from four weeks on
(6 % fall below), a half everywhere too much in the first (16 % of four samples a day)."""
MEMORY_S = 16 * 7 * 86_400.0
"""Older samples are left out: they weigh a sixteenth. Shorter forgets what recurs each month, longer takes more time to
say the same."""
COMPARABLE_H = 3.0
"""So near in the hour of the week, a sample is of a comparable day: what people mean by "the last four Tuesdays"."""
COMPARABLE_WEIGHT = 0.1
"""From this weight on a sample may be the highest measured: two standard deviations away."""


class Sample(NamedTuple):
    """One measured value and when; higher is better (throughput, headroom, free places)."""

    at_ts: float
    value: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What may be expected at one time.

    Attributes:
        dependable: Nine times in ten there is at least so much.
        usual: Half of the time there is.
        highest: The most that was measured at such an hour.
        effective: How many equal samples would tell as much (Kish).
        days: Different dates, on the same day of the week about the same hour, that were measured.
        last_ts: Of the latest sample.
    """

    dependable: float
    usual: float
    highest: float
    effective: float
    days: int
    last_ts: float


class _Place(NamedTuple):
    """Where a time stands in the week, in local quarters of an hour from Monday, 00:00."""

    week_quarters: int
    is_weekend: bool
    date: date


class _Seen(NamedTuple):
    """A sample as seen from the time asked for, so many quarters of an hour away along the week.

    ``decay`` is 1 for one of now, half for one of a half-life ago.
    """

    value: float
    distance: int
    is_same_kind: bool
    decay: float
    date: date


def forecast(samples: Sequence[Sample], at_ts: float, zone: tzinfo) -> Forecast | None:
    """The weighted quantiles for one time.

    Args:
        samples: Of the past, in any order; those after ``at_ts`` and those older than MEMORY_S are left out.
        at_ts: The time asked for.
        zone: Of the place: people come by the clock on the wall.

    Returns:
        None without a sample.

    Weights are a Gaussian kernel of the hour of the week, plus the same hour on days of the same kind, times a decay;
    the neighbourhood is widened until it holds enough (nearest neighbours: Silverman 1986 §5.2). The standard error of
    a level q of n samples is √(q(1-q)/n), with n = (Σw)²/Σw² (Kish 1965).
    """
    target = _place(at_ts, zone)
    known = [sample for sample in samples if 0 <= at_ts - sample.at_ts <= MEMORY_S and math.isfinite(sample.value)]
    if not known:
        return None
    seen = [_see(sample, target, at_ts, zone) for sample in known]
    width_h, weights, narrow = _neighbourhood(seen)
    effective = effective_samples(weights)
    lack = max(0.0, 1 - narrow / ENOUGH_SAMPLES)
    lowering = LEAST_LOWERING + (MOST_LOWERING - LEAST_LOWERING) * lack
    level = max(0.0, DEPENDABLE - lowering * math.sqrt(DEPENDABLE * (1 - DEPENDABLE) / effective))
    values = [one.value for one in seen]
    near = [one.value for one in seen if _nearness(one.distance, one.is_same_kind, width_h) >= COMPARABLE_WEIGHT]
    dependable, usual = weighted_quantiles(values, weights, (level, 0.5))
    return Forecast(
        dependable=dependable,
        usual=usual,
        highest=max(near or values),
        effective=effective,
        days=len({one.date for one in seen if one.distance <= COMPARABLE_H * QUARTERS}),
        last_ts=max(sample.at_ts for sample in known),
    )


def forecast_span(samples: Sequence[Sample], starts_ts: float, ends_ts: float, zone: tzinfo) -> Forecast | None:
    """The same for the worst hour of a session: the one with the least that is dependable.

    Raises:
        ValueError: When the session ends before it starts.
    """
    if ends_ts <= starts_ts:
        raise ValueError(f"ends_ts is {ends_ts:g}, expected a time after starts_ts, {starts_ts:g}")
    hours = max(1, math.ceil((ends_ts - starts_ts) / HOUR_S))
    step_s = (ends_ts - starts_ts) / hours
    found = [forecast(samples, starts_ts + (hour + 0.5) * step_s, zone) for hour in range(hours)]
    return min((one for one in found if one is not None), key=lambda one: one.dependable, default=None)


def weighted_quantiles(values: Sequence[float], weights: Sequence[float], levels: Sequence[float]) -> list[float]:
    """Quantiles whose samples stand at the middle of their weight (Hazen; type 5 of Hyndman and Fan 1996).

    Args:
        values: In any order; at least one.
        weights: Of each, 0 or more; not all 0.
        levels: Each 0 to 1.

    Returns:
        One a level. Between two samples it is interpolated; before the first and after the last it is theirs.

    Raises:
        ValueError: When there is no value or no weight, or a level is none.
    """
    for level in levels:
        if not 0 <= level <= 1:
            raise ValueError(f"level is {level!r}, expected 0 to 1")
    pairs = sorted((value, weight) for value, weight in zip(values, weights, strict=True) if weight > 0)
    total = sum(weight for _, weight in pairs)
    if not pairs or not math.isfinite(total):
        raise ValueError(f"weights are {list(weights)[:5]!r}, expected at least one above 0")
    ends = accumulate(weight for _, weight in pairs)
    middles = [(end - weight / 2) / total for end, (_, weight) in zip(ends, pairs, strict=True)]
    return [_interpolated(pairs, middles, level) for level in levels]


def _interpolated(pairs: Sequence[tuple[float, float]], middles: Sequence[float], level: float) -> float:
    after = bisect_left(middles, level)
    if after == 0:
        return pairs[0][0]
    if after == len(pairs):
        return pairs[-1][0]
    (before_value, _), (value, _) = pairs[after - 1], pairs[after]
    span = middles[after] - middles[after - 1]
    return before_value + (value - before_value) * (level - middles[after - 1]) / span if span > 0 else value


def effective_samples(weights: Sequence[float]) -> float:
    """How many samples of equal weight tell as much: (Σw)²/Σw² (Kish, Survey Sampling, 1965, §11.7)."""
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 / squares if squares > 0 else 0.0


def _neighbourhood(seen: Sequence[_Seen]) -> tuple[float, list[float], float]:
    """The narrowest width with enough samples, the weights there, and the effective samples of the narrowest of all."""
    width_h, narrow = WIDTHS_H[0], 0.0
    weights: list[float] = []
    for width_h in WIDTHS_H:
        weights = _weights(seen, width_h)
        effective = effective_samples(weights)
        narrow = narrow or effective
        if effective >= ENOUGH_SAMPLES:
            break
    return width_h, weights, narrow


def _weights(seen: Sequence[_Seen], width_h: float) -> list[float]:
    any_hour = ANY_HOUR_MASS / sum(one.decay for one in seen)
    return [(_nearness(one.distance, one.is_same_kind, width_h) + any_hour) * one.decay for one in seen]


@lru_cache(maxsize=8192)  # of all distances, kinds and widths there are 4,044
def _nearness(distance: int, is_same_kind: bool, width_h: float) -> float:
    nearness = math.exp(-0.5 * (distance / QUARTERS / width_h) ** 2)
    if is_same_kind:
        # Narrower by three than along the week: the same hour, not the same part of the day.
        clock_h = _around(distance, DAY_HOURS * QUARTERS) / QUARTERS
        nearness += SAME_HOUR_WEIGHT * math.exp(-0.5 * (3 * clock_h / width_h) ** 2)
    return nearness


def _see(sample: Sample, target: _Place, at_ts: float, zone: tzinfo) -> _Seen:
    place = _place(sample.at_ts, zone)
    return _Seen(
        sample.value,
        _around(place.week_quarters - target.week_quarters, WEEK_HOURS * QUARTERS),
        place.is_weekend == target.is_weekend,
        2.0 ** (-(at_ts - sample.at_ts) / HALF_LIFE_S),
        place.date,
    )


@lru_cache(maxsize=32_768)  # a session of three hours asks three times about the same samples, for each resource
def _place(at_ts: float, zone: tzinfo) -> _Place:
    local = datetime.fromtimestamp(at_ts, UTC).astimezone(zone)
    weekday = local.weekday()
    quarters = (weekday * DAY_HOURS + local.hour) * QUARTERS + local.minute * QUARTERS // 60
    return _Place(quarters, weekday >= SATURDAY, local.date())


def _around(distance: int, circle: int) -> int:
    distance = abs(distance) % circle
    return min(distance, circle - distance)
