"""Events as iCalendar (RFC 5545), for who takes sessions into a calendar of their own. Pure.

Times are in UTC, which every program turns into its own: no timezone has to be described. Reading calendars is
``calendars.ical``'s; writing needs no library.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

CONTENT_TYPE = "text/calendar; charset=utf-8"
MOST_LINE_BYTES = 75
"""Of a line without its end (§3.1); longer ones are folded."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What takes place.

    Attributes:
        uid: The same for the same event, so that taking it twice makes one of it.
        name: In a line.
        location: Where; "" for nowhere.
        description: Lines of plain text.
        begins_ts: Its begin.
        ends_ts: Its end.
        made_ts: When this was written.
        whole_days_of: The zone in whose days it lasts from midnight to midnight; None for one that has hours.
    """

    uid: str
    name: str
    location: str
    description: str
    begins_ts: float
    ends_ts: float
    made_ts: float
    whole_days_of: ZoneInfo | None = None


def encode(entries: Iterable[Entry], maker: str, *, name: str = "", refresh_s: int | None = None) -> str:
    """A calendar with those events.

    Args:
        entries: In any order.
        maker: Names the program that wrote it.
        name: Of the calendar, for who subscribes to it; "" for one that is taken once.
        refresh_s: How often whoever subscribed may ask again (RFC 7986 §5.7); None as ``name``.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{_text(maker)}"]
    if name:
        lines += [f"NAME:{_text(name)}", f"X-WR-CALNAME:{_text(name)}"]
    if refresh_s is not None:
        lines += [f"REFRESH-INTERVAL;VALUE=DURATION:PT{refresh_s}S", f"X-PUBLISHED-TTL:PT{refresh_s}S"]
    for entry in entries:
        lines += _event(entry)
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines)


def _event(entry: Entry) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"DTSTAMP:{_moment(entry.made_ts)}",
        f"DTSTART{_time(entry.begins_ts, entry.whole_days_of)}",
        f"DTEND{_time(entry.ends_ts, entry.whole_days_of)}",
        f"SUMMARY:{_text(entry.name)}",
        *([f"LOCATION:{_text(entry.location)}"] if entry.location else []),
        f"DESCRIPTION:{_text(entry.description)}",
        "END:VEVENT",
    ]


def _time(at_ts: float, zone: ZoneInfo | None) -> str:
    if zone is None:
        return f":{_moment(at_ts)}"
    return f";VALUE=DATE:{datetime.fromtimestamp(at_ts, zone):%Y%m%d}"


def _moment(at_ts: float) -> str:
    return f"{datetime.fromtimestamp(at_ts, UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    """Escaped (§3.3.11); control characters but line ends are left out."""
    plain = "".join(char for char in text if char == "\n" or char.isprintable() or char in "\u00a0\u202f")
    for char, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        plain = plain.replace(char, escaped)
    return plain


def _folded(line: str) -> str:
    """In lines of at most MOST_LINE_BYTES, broken between characters and gone on with after a space."""
    parts, size = [""], 0
    for char in line:
        width = len(char.encode())
        if size + width > MOST_LINE_BYTES:
            parts.append("")
            size = 1  # the space that the next line begins with
        parts[-1] += char
        size += width
    return "\r\n ".join(parts)
