"""When a rare, costly measurement is due: at a random minute, never on the hour, within the hours it is allowed. Pure.

Tests on the hour find servers slammed by everybody else's; a random minute each time finds the network as it is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import datetime, timedelta

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY_MINUTES = 1_440


def parse_hours(texts: Sequence[str]) -> list[tuple[int, int]]:
    """``["01:00-06:00"]`` as minutes of the day, start included and end not; an end before its start passes midnight.

    Raises:
        ValueError: One is not of this form; one line.
    """
    found: list[tuple[int, int]] = []
    for text in texts:
        match = _HOURS.fullmatch(text)
        if match is None:
            raise ValueError(f'hours: {text!r:.40} is no time span, expected "HH:MM-HH:MM"')
        first_hour, first_minute, last_hour, last_minute = map(int, match.groups())
        found.append((first_hour * 60 + first_minute, last_hour * 60 + last_minute))
    return found


def is_allowed(at: datetime, hours: Sequence[tuple[int, int]]) -> bool:
    """Whether a local time is within one of the spans; any time is when there are none."""
    minute = at.hour * 60 + at.minute
    return not hours or any(
        start <= minute < end if start < end else minute >= start or minute < end for start, end in hours
    )


def window_of(at_ts: float, times_a_day: int) -> int:
    """Which of the equal parts of the days since 1970 a time is in: at most one measurement is due in each."""
    return int(at_ts * times_a_day // 86_400)


def pick_due_ts(
    now_at: datetime, last_ts: float, times_a_day: int, hours: Sequence[tuple[int, int]], chance: random.Random
) -> float | None:
    """When the next measurement is due.

    Args:
        now_at: Now, aware, in the place's own time zone.
        last_ts: Epoch seconds of the last one; 0 for none.
        times_a_day: At most so many, 1 to 24.
        hours: Allowed spans of the local day; empty for any time.
        chance: Draws the minute.

    Returns:
        Epoch seconds in this window of the day, or in the next where this one has had its measurement or has no
        allowed minute left; None when neither has one (ask again later).
    """
    now_ts = now_at.timestamp()
    current = window_of(now_ts, times_a_day)
    for window in (current, current + 1):
        if last_ts and window_of(last_ts, times_a_day) >= window:
            continue
        start_ts = max(now_ts, window * 86_400 / times_a_day)
        end_ts = (window + 1) * 86_400 / times_a_day
        first = datetime.fromtimestamp(start_ts, now_at.tzinfo).replace(second=0, microsecond=0) + timedelta(minutes=1)
        minutes = (first + timedelta(minutes=step) for step in range(_DAY_MINUTES + 1))
        allowed = [
            minute.timestamp()
            for minute in minutes
            if minute.timestamp() < end_ts and minute.minute != 0 and is_allowed(minute, hours)
        ]
        if allowed:
            return chance.choice(allowed)
    return None
