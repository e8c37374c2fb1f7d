"""Has a feed expanded by a process of its own (``ical``), within a time. Called on the calendars' thread."""

from __future__ import annotations

import json
import subprocess
import sys

from vigie_gateway.calendars.events import CalendarEvent, FeedError

EXPANSION_S = 20.0
"""How long the process may take: it starts in 0.2 s on a computer, and in some seconds on a loaded Pi Zero. Lower gives
up there; higher lets a hostile feed hold a core."""


def expand(feed: bytes, from_ts: float, to_ts: float, timezone: str) -> tuple[CalendarEvent, ...]:
    """What takes place between two times, by begin; see ``ical.events_of``.

    Raises:
        FeedError: It is no calendar, or takes too long.
    """
    command = [sys.executable, "-m", "vigie_gateway.calendars.ical", repr(from_ts), repr(to_ts), timezone]
    try:
        done = subprocess.run(command, input=feed, capture_output=True, timeout=EXPANSION_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise FeedError(f"takes longer than {EXPANSION_S:g} s to expand: a rule in it repeats too often") from error
    except OSError as error:
        raise FeedError(f"cannot be expanded: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise FeedError(said[-1][:200] if said else f"cannot be expanded: the process ended with {done.returncode}")
    return tuple(CalendarEvent(*event) for event in json.loads(done.stdout))
