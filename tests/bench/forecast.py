"""Whether "held nine times in ten" holds: forecasts and verdicts of synthetic seasons against what came.

Each season is a place with a line of its own and people of one of several habits (``_seasons``). A forecast knows the
weeks before; what it calls dependable is compared with what the week after brought in opening hours. The seeds are not
those that the estimator was made with. The baseline is the plain tenth percentile of all that was measured, and the one
of the same hour of the week: what one would do without thinking.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from statistics import fmean, median
from typing import NamedTuple

from tests.bench._seasons import SHAPES, season
from tests.bench.load import print_line

from vigie_gateway.capacity.activities import BUILT_IN
from vigie_gateway.capacity.forecast import (
    DAY_HOURS,
    DEPENDABLE,
    WEEK_HOURS,
    Sample,
    forecast,
    weighted_quantiles,
)
from vigie_gateway.capacity.judgement import Verdict, gauges, worst
from vigie_gateway.capacity.needs import groups_of, needed_bps
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import Latency, Radio, Supply, declared, measure
from vigie_gateway.place.wifi import Path

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
    for weeks in WEEKS:
        print_line(**verdict_line([one for seed in SEEDS for one in events(weeks, SEASONS, seed)], weeks))


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


class Event(NamedTuple):
    """One simulated session: what was said, whether the line held, and what the median alone would have said."""

    verdict: Verdict
    has_held: bool
    is_go_by_median: bool


def verdict_line(found: list[Event], weeks: int) -> dict[str, object]:
    """How often a go held and a no-go did not; a tight one promises neither."""
    by_verdict = {verdict: [one.has_held for one in found if one.verdict is verdict] for verdict in _SAID}
    said = [one for one in found if one.verdict is not Verdict.TIGHT]
    return {
        "name": "verdict",
        "weeks": weeks,
        "events": len(found),
        "hit_share": _share([one.has_held == (one.verdict is Verdict.GO) for one in said]),
        "tight_share": _share([one.verdict is Verdict.TIGHT for one in found]),
        "held_share": {str(verdict): _share(held) for verdict, held in by_verdict.items()},
        "count": {str(verdict): len(held) for verdict, held in by_verdict.items()},
        "median_go_held_share": _share([one.has_held for one in found if one.is_go_by_median]),
    }


_SAID = (Verdict.GO, Verdict.TIGHT, Verdict.NO_GO)


def events(weeks: int, seasons: int, seed: str) -> Iterator[Event]:
    """Sessions of two hours in the week after, of 5 to 60 people, in a room where only the line can give in."""
    for name in SHAPES:
        for number in range(seasons):
            rng = random.Random(f"event {seed} {name} {weeks} {number}")
            samples = season(name, weeks + 1, rng)
            known = samples[: weeks * WEEK_HOURS]
            for _ in range(TARGETS):
                first = weeks * WEEK_HOURS + rng.randrange(5) * DAY_HOURS + rng.randrange(9, 20)
                yield _event(known, samples[first : first + 2], rng)


def _event(known: list[Sample], actual: list[Sample], rng: random.Random) -> Event:
    starts_ts = actual[0].at_ts
    question = Question("hall", starts_ts, starts_ts + 7_200, rng.randint(5, 60), rng.choice(_ACTIVITIES))
    download = measure(known, starts_ts, starts_ts + 7_200, UTC)
    verdict = worst(gauges(question, replace(_HALL, download_bps=download), BUILT_IN))
    need_bps = needed_bps(groups_of(question, BUILT_IN), is_up=False)
    median_bps = median(one.value for one in known)
    return Event(verdict, need_bps <= min(one.value for one in actual), need_bps <= median_bps)


_ACTIVITIES = ("web-write", "watch-video", "video-call", "download-code")
_GOOD_PATH = Path(10.0, 30.0, 0.0)
_HALL = Supply(
    "hall",
    devices=declared(10_000),
    upload_bps=declared(1e12),
    radio=Radio(-45, 0.0, 0.0, 0.0, width_mhz=160, streams=2, access_points=100),
    latency=Latency(_GOOD_PATH, _GOOD_PATH, _GOOD_PATH, is_loaded=True),
)
"""Everything but the line down is there for certain."""


def _outcome(name: str, known: list[Sample], actual: Sample) -> Outcome:
    told = forecast(known, actual.at_ts, UTC)
    if told is None:
        raise SystemExit("bench forecast: a season without a single sample")
    at_hour = [one.value for one in known if (actual.at_ts - one.at_ts) % (WEEK_HOURS * 3600) == 0]
    return Outcome(
        name, told.dependable, actual.value, _p10([one.value for one in known]), _p10(at_hour) if at_hour else None
    )


def _p10(values: list[float]) -> float:
    return weighted_quantiles(values, [1.0] * len(values), [DEPENDABLE])[0]


def _share(hits: list[bool]) -> float | None:
    """None of nothing: of one week's history no go is ever said."""
    return round(fmean(hits), 3) if hits else None


if __name__ == "__main__":
    main()
