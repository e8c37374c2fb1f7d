"""One event as iCalendar (RFC 5545), for who takes a session into a calendar of their own. Pure.

Times are in UTC, which every program turns into its own: no timezone has to be described. Reading calendars is
``calendars.ical``'s; writing needs no library.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

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
    """

    uid: str
    name: str
    location: str
    description: str
    begins_ts: float
    ends_ts: float
    made_ts: float


def encode(entry: Entry, maker: str) -> str:
    """A calendar with that event; ``maker`` names the program that wrote it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:{_text(maker)}",
        "BEGIN:VEVENT",
        f"UID:{_text(entry.uid)}",
        f"DTSTAMP:{_moment(entry.made_ts)}",
        f"DTSTART:{_moment(entry.begins_ts)}",
        f"DTEND:{_moment(entry.ends_ts)}",
        f"SUMMARY:{_text(entry.name)}",
        *([f"LOCATION:{_text(entry.location)}"] if entry.location else []),
        f"DESCRIPTION:{_text(entry.description)}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(_folded(line) + "\r\n" for line in lines)


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
