"""Which sessions take place in which room today.

Pure. ``place_events`` is called by the calendars' thread, once they were read; ``sessions_today`` by the board's view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from vigie_dashboard.notices import SessionCheck, SessionView, StaleCalendar
from vigie_gateway.calendars.convention import Expected, read_line
from vigie_gateway.calendars.events import CalendarEvent
from vigie_gateway.capacity.activities import Activities
from vigie_gateway.place.hours import local_date, local_ts
from vigie_gateway.place.site import Calendar, Site


class SessionKey(NamedTuple):
    """What makes a session the same one when the calendar is read again; one that was moved is another."""

    room: str
    name: str | None
    begins_ts: float
    ends_ts: float


def key_of(session: SessionView) -> SessionKey:
    """The key of a session."""
    return SessionKey(session.room, session.name, session.begins_ts, session.ends_ts)


@dataclass(frozen=True, slots=True)
class PlannedWorks:
    """An event during which nobody is told of what fires in its room; without a room, in the whole place.

    ``name`` is None where the calendar keeps it to itself; ``calendar`` its name by language.
    """

    name: str | None
    calendar: dict[str, str]
    begins_ts: float
    ends_ts: float
    room: str | None


@dataclass(frozen=True, slots=True)
class Agenda:
    """What the calendars say.

    Attributes:
        sessions: By begin, of some months before and after today.
        stale: The calendars whose last read failed.
        works: Planned ones; no sessions.
        until_ts: Up to when ``sessions`` has them; None until every calendar was read once, or tried.
    """

    sessions: tuple[SessionView, ...] = ()
    stale: tuple[StaleCalendar, ...] = ()
    until_ts: float | None = None
    works: tuple[PlannedWorks, ...] = ()


def works_of(events: Sequence[CalendarEvent], calendar: Calendar, site: Site) -> tuple[tuple[PlannedWorks, ...], int]:
    """The events of a calendar of planned works.

    Returns:
        The works, and how many events have a location that is no room: a name that is mistyped silences nothing.
    """
    room_of = _finder(calendar, site)
    works = tuple(
        PlannedWorks(event.name, calendar.name, event.begins_ts, event.ends_ts, room)
        for event in events
        if (room := room_of(event)) is not None or not event.location.strip()
    )
    return works, len(events) - len(works)


def _finder(calendar: Calendar, site: Site) -> Callable[[CalendarEvent], str | None]:
    """Finds the room of an event: the calendar's own, else by its location, else by a room's id or name."""
    by_location = {_plain(name): room.id for room in site.rooms for name in (room.id, *room.name.values())}
    by_location |= {_plain(location): room for location, room in calendar.rooms.items()}
    return lambda event: calendar.room or by_location.get(_plain(event.location))


def place_events(
    events: Sequence[CalendarEvent], calendar: Calendar, site: Site
) -> tuple[tuple[SessionView, ...], int]:
    """Put events into rooms.

    Returns:
        The sessions, and how many events have a location that is no room.
    """
    room_of = _finder(calendar, site)
    activities = site.session_activities()
    sessions = []
    for event in events:
        room = room_of(event)
        if room is not None:
            expected = _expected(event, calendar, activities)
            sessions.append(
                SessionView(
                    room,
                    event.name,
                    event.begins_ts,
                    event.ends_ts,
                    event.is_all_day,
                    expected.people,
                    expected.activity,
                    expected.equipment,
                    expected.unread,
                )
            )
    return tuple(sessions), len(events) - len(sessions)


def _expected(event: CalendarEvent, calendar: Calendar, activities: Activities) -> Expected:
    """What the event says, else what holds for all of its calendar; nothing, where it says what nobody understands."""
    said = read_line(event.said, activities)
    if said.unread:
        return said
    people = calendar.people if said.people is None else said.people
    return replace(said, people=people, activity=said.activity or calendar.activity)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def sessions_today(agenda: Agenda, zone: ZoneInfo, now_ts: float) -> tuple[SessionView, ...]:
    """Those that take place on the local day of ``now_ts``, wholly or in part."""
    today = local_date(zone, now_ts)
    begin_ts, end_ts = local_ts(zone, today, 0), local_ts(zone, today + timedelta(days=1), 0)
    return tuple(one for one in agenda.sessions if one.begins_ts < end_ts and one.ends_ts > begin_ts)


def with_checks(sessions: Sequence[SessionView], checks: Mapping[SessionKey, SessionCheck]) -> tuple[SessionView, ...]:
    """The same sessions, each with what came of asking whether it will fit."""
    return tuple(replace(one, check=checks.get(key_of(one))) for one in sessions)
