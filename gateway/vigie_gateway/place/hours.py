"""Opening hours: when a place is open, when it opens or closes next, and when its counts go back to zero.

Pure. Called by the site file's reader, the board and the day's curve, on any thread. Local times become epoch seconds
through the site's timezone, so that days of 23 and 25 hours come out right.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MINUTES_A_DAY = 1440
RESET_HOUR = 4
"""Local hour at which counts go back to zero on days without opening hours. Earlier catches people who stay late;
later catches cleaners."""
HORIZON_DAYS = 15
"""How far the next opening is looked for. Lower would not see past a holiday fortnight; higher costs a scan a view."""

_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")


class Span(NamedTuple):
    """One opening: minutes of local time since midnight; ``closes_min`` passes 1440 when it goes over midnight."""

    opens_min: int
    closes_min: int


class Opening(NamedTuple):
    """One opening of one day, in epoch seconds."""

    opens_ts: float
    closes_ts: float


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place or room is open.

    Attributes:
        weekly: Seven tuples of spans in order of time, from Monday; empty for a closed day.
        exceptions: By date, in place of its weekday; empty for a closed day.
    """

    weekly: tuple[tuple[Span, ...], ...]
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)


def parse_span(text: str) -> Span:
    """Read ``08:00-20:00``; a closing at or before the opening is on the next day, ``24:00`` is midnight.

    Raises:
        ValueError: Saying what was expected.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise ValueError("a span of hours such as 08:00-20:00")
    hours_from, minutes_from, hours_to, minutes_to = (int(part) for part in match.groups())
    opens_min, closes_min = hours_from * 60 + minutes_from, hours_to * 60 + minutes_to
    if opens_min >= MINUTES_A_DAY or closes_min > MINUTES_A_DAY:
        raise ValueError("a span of hours between 00:00 and 24:00")
    return Span(opens_min, closes_min if closes_min > opens_min else closes_min + MINUTES_A_DAY)


def find_overlap(spans: tuple[Span, ...]) -> tuple[Span, Span] | None:
    """The first two spans of one day that overlap or are not in order of time; None when all is well."""
    for earlier, later in pairwise(spans):
        if later.opens_min < earlier.closes_min:
            return earlier, later
    return None


def local_date(zone: ZoneInfo, at_ts: float) -> date:
    """The date that the calendar on the wall shows."""
    return datetime.fromtimestamp(at_ts, UTC).astimezone(zone).date()


def local_ts(zone: ZoneInfo, day: date, minutes: int) -> float:
    """Epoch seconds of a local time: one that the clocks skip is an hour later, of one that comes twice the first."""
    day += timedelta(days=minutes // MINUTES_A_DAY)
    hour, minute = divmod(minutes % MINUTES_A_DAY, 60)
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).timestamp()


def openings_of(hours: Hours, zone: ZoneInfo, day: date) -> list[Opening]:
    """The openings that begin on that local day, in order of time."""
    spans = hours.exceptions.get(day)
    if spans is None:
        spans = hours.weekly[day.weekday()]
    return [Opening(local_ts(zone, day, span.opens_min), local_ts(zone, day, span.closes_min)) for span in spans]


def current_opening(hours: Hours, zone: ZoneInfo, at_ts: float) -> Opening | None:
    """The opening that holds ``at_ts`` (from its opening, up to but not with its closing), or None when closed."""
    today = local_date(zone, at_ts)
    for day in (today - timedelta(days=1), today):
        for opening in openings_of(hours, zone, day):
            if opening.opens_ts <= at_ts < opening.closes_ts:
                return opening
    return None


def next_opening(hours: Hours, zone: ZoneInfo, at_ts: float) -> Opening | None:
    """The first opening that begins after ``at_ts``; None when there is none within HORIZON_DAYS."""
    today = local_date(zone, at_ts)
    for offset in range(HORIZON_DAYS + 1):
        for opening in openings_of(hours, zone, today + timedelta(days=offset)):
            if opening.opens_ts > at_ts:
                return opening
    return None


def day_bounds(hours: Hours | None, zone: ZoneInfo, day: date) -> Opening:
    """From the first opening to the last closing of a day; from midnight to midnight where it has none."""
    openings = openings_of(hours, zone, day) if hours is not None else []
    if openings:
        return Opening(openings[0].opens_ts, openings[-1].closes_ts)
    return Opening(local_ts(zone, day, 0), local_ts(zone, day, MINUTES_A_DAY))


def reset_of(hours: Hours | None, zone: ZoneInfo, day: date) -> float:
    """When the counts of a day go back to zero: at its last closing, or at RESET_HOUR where it has no opening.

    A closing over lunch resets nothing: people stay at their desks.
    """
    openings = openings_of(hours, zone, day) if hours is not None else []
    return openings[-1].closes_ts if openings else local_ts(zone, day, RESET_HOUR * 60)


def last_reset(hours: Hours | None, zone: ZoneInfo, at_ts: float) -> float:
    """The last reset at or before ``at_ts``."""
    return max(reset_ts for reset_ts in _resets_around(hours, zone, at_ts) if reset_ts <= at_ts)


def next_reset(hours: Hours | None, zone: ZoneInfo, at_ts: float) -> float:
    """The first reset after ``at_ts``."""
    return min(reset_ts for reset_ts in _resets_around(hours, zone, at_ts) if reset_ts > at_ts)


def resets_between(hours: Hours | None, zone: ZoneInfo, from_ts: float, to_ts: float) -> list[float]:
    """Every reset after ``from_ts``, up to and with ``to_ts``, in order of time."""
    day, last = local_date(zone, from_ts) - timedelta(days=2), local_date(zone, to_ts)
    found = []
    while day <= last:
        reset_ts = reset_of(hours, zone, day)
        if from_ts < reset_ts <= to_ts:
            found.append(reset_ts)
        day += timedelta(days=1)
    return sorted(found)


def _resets_around(hours: Hours | None, zone: ZoneInfo, at_ts: float) -> list[float]:
    # A day's reset is at most 48 h after its midnight, so that three days back and two ahead hold both sides.
    today = local_date(zone, at_ts)
    return [reset_of(hours, zone, today + timedelta(days=offset)) for offset in range(-3, 3)]


class Status(NamedTuple):
    """Whether a place is open at a time: ``closes_ts`` while it is, ``opens_ts`` while it is not (None: not known)."""

    is_open: bool
    closes_ts: float | None
    opens_ts: float | None


class OpeningWatch:
    """Answers for one set of hours, and remembers the answer until it changes: a board asks many times a second."""

    def __init__(self, hours: Hours, zone: ZoneInfo) -> None:
        self._hours = hours
        self._zone = zone
        self._status = Status(False, None, None)
        self._from_ts = self._until_ts = 0.0

    def at(self, at_ts: float) -> Status:
        """The status at a time, mostly at the same or a slightly later one than before."""
        if not self._from_ts <= at_ts < self._until_ts:
            self._look_up(at_ts)
        return self._status

    def _look_up(self, at_ts: float) -> None:
        opening = current_opening(self._hours, self._zone, at_ts)
        self._from_ts = at_ts
        if opening is not None:
            self._status = Status(True, opening.closes_ts, None)
            self._until_ts = opening.closes_ts
            return
        following = next_opening(self._hours, self._zone, at_ts)
        self._status = Status(False, None, None if following is None else following.opens_ts)
        self._until_ts = at_ts + 86_400 if following is None else following.opens_ts
