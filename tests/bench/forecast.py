"""Whether "held nine times in ten" holds: forecasts and verdicts of synthetic seasons against what came.

Each season is a place with a line of its own and people of one of several habits (``_seasons``). A forecast knows the
weeks before; what it calls dependable is compared with what the week after brought in opening hours. The seeds are not
those that the estimator was made with. The baseline is the plain tenth percentile of all that was measured, and the one
of the same hour of the week: what one would do without thinking.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC
from statistics import fmean
from typing import NamedTuple

from tests.bench._seasons import SHAPES, season
from tests.bench.load import print_line

from vigie_gateway.capacity.forecast import (
    DAY_HOURS,
    DEPENDABLE,
    WEEK_HOURS,
    Sample,
    forecast,
    weighted_quantile,
)

WEEKS = (1, 2, 4, 8)
SEEDS = ("harbour", "quay", "lighthouse")
SEASONS = 14
"""Of each seed, shape and length. Fewer leave more than a percent to chance; more take minutes."""
TARGETS = 6
"""Hours of the following week that are forecast in each season."""
CADENCES = (24, 4)
"""Samples a day: the light probe each hour, and a place that measures four times a day."""


class Outcome(NamedTuple):
    """One forecast and what came; the baselines are None where nothing was measured at that hour."""

    shape: str
    dependable: float
    actual: float
    global_p10: float
    hour_p10: float | None


def main() -> None:
    """Print a line a length and cadence, then the verdict's."""
    for a_day in CADENCES:
        for weeks in WEEKS:
            print_line(**line({seed: list(outcomes(weeks, a_day, SEASONS, seed)) for seed in SEEDS}, weeks, a_day))


def line(by_seed: dict[str, list[Outcome]], weeks: int, a_day: int) -> dict[str, object]:
    """The shares of one length of history."""
    found = [one for ones in by_seed.values() for one in ones]
    by_shape = {name: [one for one in found if one.shape == name] for name in SHAPES}
    by_hour = [one for one in found if one.hour_p10 is not None]
    return {
        "name": "forecast",
        "weeks": weeks,
        "samples_a_day": a_day,
        "under_p10_share": _share([one.actual < one.dependable for one in found]),
        "by_seed": {seed: _share([one.actual < one.dependable for one in ones]) for seed, ones in by_seed.items()},
        "by_shape": {name: _share([one.actual < one.dependable for one in ones]) for name, ones in by_shape.items()},
        "global_p10_share": _share([one.actual < one.global_p10 for one in found]),
        "hour_of_week_p10_share": _share([one.actual < (one.hour_p10 or 0.0) for one in by_hour]),
        "outcomes": len(found),
    }


def outcomes(weeks: int, a_day: int, seasons: int, seed: str) -> Iterator[Outcome]:
    """Forecasts for hours from 9 to 20 of the working days after so many weeks."""
    for name in SHAPES:
        for number in range(seasons):
            rng = random.Random(f"{seed} {name} {weeks} {a_day} {number}")
            samples = season(name, weeks + 1, rng)
            known = [one for one in samples[: weeks * WEEK_HOURS] if rng.random() < a_day / DAY_HOURS]
            for _ in range(TARGETS):
                hour = weeks * WEEK_HOURS + rng.randrange(5) * DAY_HOURS + rng.randrange(9, 20)
                yield _outcome(name, known, samples[hour])


def _outcome(name: str, known: list[Sample], actual: Sample) -> Outcome:
    told = forecast(known, actual.at_ts, UTC)
    if told is None:
        raise SystemExit("bench forecast: a season without a single sample")
    at_hour = [one.value for one in known if (actual.at_ts - one.at_ts) % (WEEK_HOURS * 3600) == 0]
    return Outcome(
        name, told.dependable, actual.value, _p10([one.value for one in known]), _p10(at_hour) if at_hour else None
    )


def _p10(values: list[float]) -> float:
    return weighted_quantile(values, [1.0] * len(values), DEPENDABLE)


def _share(hits: list[bool]) -> float:
    return round(fmean(hits), 3)


if __name__ == "__main__":
    main()
