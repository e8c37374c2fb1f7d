"""iCalendar (RFC 5545): a feed in, the occurrences of some days out.

Runs as a process of its own, started by ``expansion``: what a feed asks for (a rule that repeats each second for fifty
years) is bounded by the process's time and memory, and the gateway never loads the libraries. Run as
``python -m vigie_gateway.calendars.ical FROM TO TIMEZONE``, feed on standard input, JSON on standard output.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import unicodedata
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

from vigie_gateway.calendars.convention import MOST_CHARACTERS, line_in
from vigie_gateway.calendars.events import CalendarEvent, FeedError

MEMORY_BYTES = 512 * 2**20
"""Address space of the process. Lower refuses honest feeds of some thousand events; higher lets one starve a Pi."""
NAME_CHARACTERS = 80
"""Of a name or location. Fewer cuts honest ones; more is never read on a board."""
MAX_EVENTS = 5_000
"""Occurrences of the days asked for. Fewer cuts a big venue (half a year of thirty a day); more is a mistake in the
feed, and fills every page."""


def events_of(feed: bytes, from_ts: float, to_ts: float, timezone: str) -> list[CalendarEvent]:
    """What takes place between two times, by begin; cancelled events and those without a length are left out.

    Args:
        feed: As received.
        from_ts: Begin.
        to_ts: End.
        timezone: Of the place: for dates, and for times that name no timezone.

    Raises:
        FeedError: It is no calendar, or has more than MAX_EVENTS in that time.
    """
    zone = ZoneInfo(timezone)
    begin_at, end_at = (datetime.fromtimestamp(at_ts, zone) for at_ts in (from_ts, to_ts))
    try:
        calendar = icalendar.Calendar.from_ical(feed)
        found = recurring_ical_events.of(calendar, skip_bad_series=True).between(begin_at, end_at)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise FeedError(f"is no calendar that can be read: {_clean(str(error)) or type(error).__name__}") from error
    if len(found) > MAX_EVENTS:
        hours = (to_ts - from_ts) / 3600
        raise FeedError(f"has {len(found)} events in {hours:.0f} hours, expected {MAX_EVENTS} at most")
    events = [event for one in found if (event := _event(one, zone)) is not None]
    return sorted(events, key=lambda event: (event.begins_ts, event.ends_ts, event.name or ""))


def _event(component: icalendar.Event, zone: ZoneInfo) -> CalendarEvent | None:
    if str(component.get("STATUS", "")).upper() == "CANCELLED":
        return None
    begins, ends = component.start, component.end
    begins_ts, ends_ts = _seconds(begins, zone), _seconds(ends, zone)
    if ends_ts <= begins_ts:
        return None
    is_open = str(component.get("CLASS", "PUBLIC")).upper() == "PUBLIC"
    name = _clean(str(component.get("SUMMARY", ""))) if is_open else ""
    location = _clean(str(component.get("LOCATION", "")))
    said = _clean(line_in(str(component.get("DESCRIPTION", ""))), MOST_CHARACTERS)
    return CalendarEvent(name or None, location, begins_ts, ends_ts, not isinstance(begins, datetime), said)


def _seconds(at: date, zone: ZoneInfo) -> float:
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day, tzinfo=zone)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=zone)
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)


def _clean(text: str, most_characters: int = NAME_CHARACTERS) -> str:
    """The text on one line, without control and direction characters, and not longer than that."""
    words = "".join(" " if char.isspace() else char for char in text)
    plain = "".join(char for char in words if not unicodedata.category(char).startswith("C"))
    return unicodedata.normalize("NFC", " ".join(plain.split()))[:most_characters]


def main(arguments: list[str]) -> int:
    """Expand standard input; the last line of standard error says what is wrong with it."""
    with contextlib.suppress(OSError, ValueError):  # a smaller limit of the system's own stands
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    from_ts, to_ts, timezone = arguments
    try:
        events = events_of(sys.stdin.buffer.read(), float(from_ts), float(to_ts), timezone)
    except FeedError as error:
        print(error, file=sys.stderr)
        return 1
    except (MemoryError, RecursionError):
        print("asks for more memory than a calendar may take", file=sys.stderr)
        return 1
    json.dump(events, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
