"""Synthetic seasons for ``forecast``: what a line leaves free, hour by hour, under several shapes of demand. Seeded."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime

from vigie_gateway.capacity.forecast import DAY_HOURS, HOUR_S, WEEK_HOURS, Sample

START_TS = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
"""A Monday, 00:00."""
SHAPES = ("office", "evening", "events", "growth", "moody", "two-lines")
LINES_BPS = (8e6, 20e6, 50e6, 100e6, 300e6)


@dataclass(frozen=True, slots=True)
class Shape:
    """How people use a line.

    Attributes:
        load: By hour of the week, the share of the line that is taken on an ordinary day.
        day_spread: How much whole days differ (standard deviation of the logarithm).
        memory: How much a day is like the one before it, 0 to 1.
        growth: By week, as a factor.
        events: Recurring sessions: first hour of the week, share of the line, how often they take place.
        spare_share: How often, by day, the main line is down and a spare one of a third takes over.
    """

    load: tuple[float, ...]
    day_spread: float = 0.10
    memory: float = 0.2
    growth: float = 1.0
    events: tuple[tuple[int, float, float], ...] = ()
    spare_share: float = 0.0


def shape(name: str, rng: random.Random) -> Shape:
    """A place of that kind."""
    peak = rng.uniform(0.35, 0.75)
    office = tuple(peak if hour // 24 < 5 and 9 <= hour % 24 < 18 else 0.08 for hour in range(WEEK_HOURS))
    if name == "evening":
        load = [peak if 18 <= hour % 24 < 23 else 0.35 * peak if 9 <= hour % 24 < 18 else 0.05 for hour in range(168)]
        return Shape(tuple(load))
    if name == "events":
        quiet = tuple(0.3 if hour // 24 < 5 and 9 <= hour % 24 < 18 else 0.05 for hour in range(WEEK_HOURS))
        starts = [rng.randrange(5) * 24 + rng.choice((9, 10, 14, 15, 18, 19)) for _ in range(4)]
        return Shape(quiet, events=tuple((start, rng.uniform(0.25, 0.5), 0.6) for start in starts))
    if name == "growth":
        return Shape(office, growth=1 + rng.uniform(-0.02, 0.04))
    if name == "moody":
        return Shape(office, day_spread=0.25, memory=0.5)
    return Shape(office, spare_share=0.06) if name == "two-lines" else Shape(office)


def season(name: str, weeks: int, rng: random.Random) -> list[Sample]:
    """So many weeks of what is free of a line, in b/s, one sample an hour, oldest first."""
    kind, line_bps = shape(name, rng), rng.choice(LINES_BPS)
    mood, factor, samples = 0.0, 1.0, []
    takes_place: dict[tuple[int, int], bool] = {}
    for hour in range(weeks * WEEK_HOURS):
        if hour % DAY_HOURS == 0:
            mood = kind.memory * mood + math.sqrt(1 - kind.memory**2) * rng.gauss(0, kind.day_spread)
            factor = 1 / 3 if rng.random() < kind.spare_share else 1.0
        week, place = divmod(hour, WEEK_HOURS)
        load = kind.load[place] * kind.growth**week
        for start, share, often in kind.events:
            if start <= place < start + 3 and takes_place.setdefault((start, week), rng.random() < often):
                load += share
        taken = min(0.97, load * math.exp(mood + rng.gauss(0, 0.25)))
        value = line_bps * factor * (1 - taken) * math.exp(-abs(rng.gauss(0, 0.05)))
        samples.append(Sample(START_TS + hour * HOUR_S, value))
    return samples
