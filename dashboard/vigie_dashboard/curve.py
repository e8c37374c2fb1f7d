"""Lines of charts as SVG paths, with their ticks; gaps stay gaps.

A chart's path lies in a box of ``SPAN`` by ``SPAN`` units that the page stretches to its place
(``preserveAspectRatio="none"``); words are placed beside it in percent, so that they keep their size. Pure functions.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SPAN = 1000
"""Units across and down: finer than a wide screen's pixels."""

Values = tuple[tuple[float, float | None], ...]
"""A line: (share of the width from 0 to 1, value or None), from left to right."""


@lru_cache(maxsize=64)
def line(values: Values, low: float, high: float) -> str:
    """The path of the line; a None ends one piece, the next value begins another.

    A value alone between two unknown ones is drawn as a dot (a piece of no length, with round ends).
    """
    pieces: list[str] = []
    is_open = False
    for share, value in values:
        if value is None:
            is_open = False
            continue
        pieces.append(f"{'L' if is_open else 'M'}{_x(share)} {_y(value, low, high)}")
        if not is_open:
            pieces.append("h0")
        is_open = True
    return "".join(pieces)


@lru_cache(maxsize=16)
def filled(values: Values, low: float, high: float) -> str:
    """The surface between the line and the bottom, with the same gaps."""
    pieces: list[str] = []
    run: list[tuple[float, float]] = []
    for share, value in (*values, (1.0, None)):
        if value is not None:
            run.append((share, value))
        elif run:
            top = "L".join(f"{_x(at)} {_y(of, low, high)}" for at, of in run)
            pieces.append(f"M{_x(run[0][0])} {SPAN}L{top}V{SPAN}Z")
            run = []
    return "".join(pieces)


def value_ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Round values from ``low`` to ``high`` (1, 2 or 5 times a power of ten apart), about ``wanted`` of them."""
    if high <= low:
        return [low]
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 10) for index in range(first, math.floor(high / step + 1e-9) + 1)]


def time_ticks(from_ts: float, to_ts: float, timezone: str, wanted: int = 7) -> list[float]:
    """Whole hours, days or months of the place's own time, at most about ``wanted``, also over a change of clocks."""
    zone = ZoneInfo(timezone)
    start, end = datetime.fromtimestamp(from_ts, zone), datetime.fromtimestamp(to_ts, zone)
    hours = (to_ts - from_ts) / 3600
    if hours <= 48:  # noqa: PLR2004 - two days: hours are still readable
        step = next((of for of in (1, 2, 3, 4, 6, 12) if hours / of <= wanted), 12)
        at = start.replace(minute=0, second=0, microsecond=0)
        marks = [at + timedelta(hours=index) for index in range(int(hours) + 2)]
        # A mark in the hour that clocks skip in spring is the next hour's, by its time.
        marks = [mark for mark in marks if datetime.fromtimestamp(mark.timestamp(), zone).hour % step == 0]
    elif hours <= 24 * 62:
        step = max(1, math.ceil(hours / 24 / wanted))
        at = start.replace(hour=0, minute=0, second=0, microsecond=0)
        marks = [at + timedelta(days=index * step) for index in range(int(hours / 24 / step) + 2)]
    else:
        step = max(1, math.ceil(hours / 24 / 30 / wanted))
        first = start.year * 12 + start.month - 1
        last = end.year * 12 + end.month
        marks = [datetime(month // 12, month % 12 + 1, 1, tzinfo=zone) for month in range(first, last, step)]
    return sorted({mark.timestamp() for mark in marks if from_ts <= mark.timestamp() <= to_ts})


def percent(share: float) -> str:
    """For SVG attributes and lengths: ``54.2%``."""
    return f"{share * 100:.1f}".removesuffix(".0") + "%"


def _x(share: float) -> int:
    return round(share * SPAN)


def _y(value: float, low: float, high: float) -> int:
    return SPAN if high <= low else round(SPAN - (value - low) / (high - low) * SPAN)
