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
WEEK_QUARTERS = WEEK_HOURS * QUARTERS
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


class _Standing(NamedTuple):
    """Where times stand in the week, and how much they have faded.

    Attributes:
        codes: Of each the local quarter of an hour from Monday, 00:00; on a weekend WEEK_QUARTERS more.
        decays: Of each half after a half-life, and 1 for the last.
        dates: Of each, local.
        last_ts: The last.
    """

    codes: tuple[int, ...]
    decays: tuple[float, ...]
    dates: tuple[date, ...]
    last_ts: float


class _Weighing(NamedTuple):
    """How much each of some times says of one to come.

    Attributes:
        weights: Of each, in no unit.
        effective: How many equal ones would say as much.
        narrow: The same in the narrowest neighbourhood.
        near: Which of them may be the highest measured.
        days: Different dates among those of a comparable day.
    """

    weights: list[float]
    effective: float
    narrow: float
    near: list[int]
    days: int


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
    times, values = _known(samples, at_ts)
    return _forecast(times, values, at_ts, zone) if times else None


def _known(samples: Sequence[Sample], at_ts: float) -> tuple[tuple[float, ...], list[float]]:
    known = [sample for sample in samples if 0 <= at_ts - sample.at_ts <= MEMORY_S and math.isfinite(sample.value)]
    return tuple([sample.at_ts for sample in known]), [sample.value for sample in known]


def _forecast(times: tuple[float, ...], values: list[float], at_ts: float, zone: tzinfo) -> Forecast:
    # Most series of a place were measured in the same hours, and weigh the same: that is reckoned once.
    weighing = _weigh(times, at_ts, zone)
    lack = max(0.0, 1 - weighing.narrow / ENOUGH_SAMPLES)
    lowering = LEAST_LOWERING + (MOST_LOWERING - LEAST_LOWERING) * lack
    level = max(0.0, DEPENDABLE - lowering * math.sqrt(DEPENDABLE * (1 - DEPENDABLE) / weighing.effective))
    dependable, usual = weighted_quantiles(values, weighing.weights, (level, 0.5))
    return Forecast(
        dependable=dependable,
        usual=usual,
        highest=max([values[index] for index in weighing.near] or values),
        effective=weighing.effective,
        days=weighing.days,
        last_ts=max(times),
    )


def forecast_span(samples: Sequence[Sample], starts_ts: float, ends_ts: float, zone: tzinfo) -> Forecast | None:
    """The same for the worst hour of a session: the one with the least that is dependable.

    What was measured after its start is left out.

    Raises:
        ValueError: When the session ends before it starts.
    """
    if ends_ts <= starts_ts:
        raise ValueError(f"ends_ts is {ends_ts:g}, expected a time after starts_ts, {starts_ts:g}")
    hours = max(1, math.ceil((ends_ts - starts_ts) / HOUR_S))
    step_s = (ends_ts - starts_ts) / hours
    times, values = _known(samples, starts_ts)
    if not times:
        return None
    found = [_forecast(times, values, starts_ts + (hour + 0.5) * step_s, zone) for hour in range(hours)]
    return min(found, key=lambda one: one.dependable)


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
    pairs = [pair for pair in sorted(zip(values, weights, strict=True)) if pair[1] > 0]
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


@lru_cache(maxsize=48)  # three hours of a session, and the few sets of hours in which its resources were measured
def _weigh(times: tuple[float, ...], at_ts: float, zone: tzinfo) -> _Weighing:
    """In the narrowest neighbourhood that has enough samples, else in the widest."""
    standing = _stand(times, zone)
    target = _code(at_ts, zone)[0]
    # All weights may be scaled alike: what matters of the decay until now is how it stands against ANY_HOUR_MASS.
    faded = 2.0 ** (-(at_ts - standing.last_ts) / HALF_LIFE_S)
    any_hour = ANY_HOUR_MASS / (faded * sum(standing.decays))
    narrow = effective = 0.0
    weights: list[float] = []
    nearness: tuple[float, ...] = ()
    for width_h in WIDTHS_H:
        nearness = _nearnesses(target, width_h)
        weights = [
            (nearness[code] + any_hour) * decay for code, decay in zip(standing.codes, standing.decays, strict=True)
        ]
        effective = effective_samples(weights)
        narrow = narrow or effective
        if effective >= ENOUGH_SAMPLES:
            break
    near = [index for index, code in enumerate(standing.codes) if nearness[code] >= COMPARABLE_WEIGHT]
    quarters = target % WEEK_QUARTERS
    comparable = {
        code
        for code in set(standing.codes)
        if _around(code % WEEK_QUARTERS - quarters, WEEK_QUARTERS) <= COMPARABLE_H * QUARTERS
    }
    days = {day for code, day in zip(standing.codes, standing.dates, strict=True) if code in comparable}
    return _Weighing(weights, effective, narrow, near, len(days))


@lru_cache(maxsize=32)  # as many sets of hours as the resources of three rooms have
def _stand(times: tuple[float, ...], zone: tzinfo) -> _Standing:
    last_ts = max(times)
    codes, dates = zip(*(_code(at_ts, zone) for at_ts in times), strict=True)
    decays = tuple(2.0 ** ((at_ts - last_ts) / HALF_LIFE_S) for at_ts in times)
    return _Standing(codes, decays, dates, last_ts)


@lru_cache(maxsize=64)
def _nearnesses(target: int, width_h: float) -> tuple[float, ...]:
    """Of each code to that of the time asked for."""
    return tuple(
        _nearness(
            _around(code % WEEK_QUARTERS - target % WEEK_QUARTERS, WEEK_QUARTERS),
            code // WEEK_QUARTERS == target // WEEK_QUARTERS,
            width_h,
        )
        for code in range(2 * WEEK_QUARTERS)
    )


def _nearness(distance: int, is_same_kind: bool, width_h: float) -> float:
    """Of a sample so many quarters of an hour away along the week."""
    nearness = math.exp(-0.5 * (distance / QUARTERS / width_h) ** 2)
    if is_same_kind:
        # Narrower by three than along the week: the same hour, not the same part of the day.
        clock_h = _around(distance, DAY_HOURS * QUARTERS) / QUARTERS
        nearness += SAME_HOUR_WEIGHT * math.exp(-0.5 * (3 * clock_h / width_h) ** 2)
    return nearness


@lru_cache(maxsize=32_768)  # the hours of the last months are asked about again and again
def _code(at_ts: float, zone: tzinfo) -> tuple[int, date]:
    local = datetime.fromtimestamp(at_ts, UTC).astimezone(zone)
    weekday = local.weekday()
    quarters = (weekday * DAY_HOURS + local.hour) * QUARTERS + local.minute * QUARTERS // 60
    return quarters + (WEEK_QUARTERS if weekday >= SATURDAY else 0), local.date()


def _around(distance: int, circle: int) -> int:
    distance = abs(distance) % circle
    return min(distance, circle - distance)
