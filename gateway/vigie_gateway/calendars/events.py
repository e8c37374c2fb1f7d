"""One event of a calendar, and the one error of everything that reads calendars."""

from __future__ import annotations

from typing import NamedTuple


class FeedError(Exception):
    """A calendar cannot be read: one line for a person, without the feed's path, which is often its secret."""


class CalendarEvent(NamedTuple):
    """One occurrence. Nothing of who organises it or who comes is ever read; of what is written about it, one line.

    Attributes:
        name: None for an event that is marked private or confidential, or has no name.
        location: As written; empty when there is none.
        begins_ts: Its begin.
        ends_ts: Its end, after its begin.
        is_all_day: It has dates, not times: it lasts from midnight to midnight in the place's timezone.
        said: What a line of its description says to Vigie (``convention``); "" without one.
    """

    name: str | None
    location: str
    begins_ts: float
    ends_ts: float
    is_all_day: bool
    said: str = ""
