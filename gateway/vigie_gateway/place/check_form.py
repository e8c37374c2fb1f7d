"""The form of the page "will it fit?": from the parameters of an address to a question, and back again.

Pure. Called by ``api.check_page`` for each request, with the place's activities and the time now. Everything stands in
the address, so that an answer can be sent to somebody; what was typed wrong is kept as it was, with what is wrong.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vigie_dashboard.check_view import (
    ActivityChoice,
    CheckForm,
    EquipmentChoice,
    RoomChoice,
    SessionChoice,
    Trouble,
)
from vigie_dashboard.notices import SessionView
from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.question import Question, problems
from vigie_gateway.place.hours import MINUTES_A_DAY, local_date, local_ts
from vigie_gateway.place.site import Room, Site

FIELDS = ("room", "date", "from", "to", "people", "activity", "lighter", "plugged", "strips")
"""Parameters of the page, besides one ``bring-`` and an id for each kind of equipment."""
BRING = "bring-"
OWN = "own"
"""Is 1 where the question is about a session that a calendar has already, and that is not in its own way."""
MOST_TYPED = 40
"""Characters of a field that the page repeats: a date has ten. Lower would cut what somebody mistyped."""
USUAL_PEOPLE = 20
"""That stand in the form at first, or the room's seats where it has fewer."""
USUAL_LENGTH_S = 2 * 3_600.0
"""Of a session, until somebody says otherwise."""
FARTHEST_S = 366 * 86_400.0
"""How far ahead a session may begin. Higher lets a mistyped year be answered with a straight face."""
MOST_SESSIONS = 12
"""Of the calendar, offered to fill the form with. More is a list to search, which a calendar is better at."""
_DATE, _TIME, _NUMBER = re.compile(r"\d{4}-\d\d-\d\d"), re.compile(r"\d\d:\d\d"), re.compile(r"-?\d{1,9}")
_FORM_FIELDS = {
    "starts_ts": "from",
    "ends_ts": "to",
    "people": "people",
    "activity": "activity",
    "lighter_share": "lighter",
    "plugged_share": "plugged",
    "extra_outlets": "strips",
    "room": "room",
}
"""By field of ``Question``: the one of the form."""


@dataclass(frozen=True, slots=True)
class TypedQuestion:
    """What an address asks.

    Attributes:
        question: None when it asks nothing yet, or something that cannot be answered.
        form: As it is shown.
        query: The parameters that ask the same again; empty when nothing was asked.
    """

    question: Question | None
    form: CheckForm
    query: Mapping[str, str]


def read_typed(
    parameters: Mapping[str, str],
    site: Site,
    activities: Activities,
    sessions: Sequence[SessionView],
    now_ts: float,
) -> TypedQuestion:
    """Read the parameters of a request; those of others are left alone.

    Args:
        parameters: By name.
        site: Of the place.
        activities: What may be asked for.
        sessions: Of the calendar, to be offered.
        now_ts: A session begins after it.
    """
    rooms = tuple(room for room in site.rooms if room.seats)
    names = (*FIELDS, *(BRING + name for name in activities.equipment), OWN)
    given = {name: parameters[name].strip()[:MOST_TYPED] for name in names if name in parameters}
    typed = first_values(rooms, activities, site.zone(), now_ts) | given
    troubles: list[Trouble] = []
    question = None
    if given:
        question = _question(typed, rooms, activities, site.zone(), now_ts, troubles)
    form = CheckForm(
        rooms=tuple(RoomChoice(room.id, room.name, room.seats) for room in rooms),
        activities=_activity_choices(activities),
        equipment=tuple(EquipmentChoice(one.id, one.names, one.power_w) for one in activities.equipment.values()),
        sessions=_session_choices(sessions, rooms, site.zone(), now_ts),
        typed=typed,
        troubles=tuple(troubles),
    )
    query = {name: typed[name] for name in names if name in typed} if given else {}
    return TypedQuestion(None if troubles else question, form, query)


def first_values(rooms: Sequence[Room], activities: Activities, zone: ZoneInfo, now_ts: float) -> dict[str, str]:
    """What stands in the form at first: the largest room at the next whole hour."""
    begins_ts = math.floor(now_ts / 3_600 + 1) * 3_600.0
    midnight_ts = local_ts(zone, local_date(zone, begins_ts), MINUTES_A_DAY)
    values = _when(begins_ts, min(begins_ts + USUAL_LENGTH_S, midnight_ts), zone)
    room = max(rooms, key=lambda one: one.seats, default=None)
    if room is not None:
        values |= {"room": room.id, "people": str(min(USUAL_PEOPLE, room.seats))}
    values["activity"] = next(iter(activities.by_id), "")
    return (
        values
        | {"lighter": "0", "plugged": "", "strips": "0"}
        | dict.fromkeys((BRING + name for name in activities.equipment), "0")
    )


def _when(begins_ts: float, ends_ts: float, zone: ZoneInfo) -> dict[str, str]:
    begins, ends = (datetime.fromtimestamp(at_ts, UTC).astimezone(zone) for at_ts in (begins_ts, ends_ts))
    return {"date": f"{begins:%Y-%m-%d}", "from": f"{begins:%H:%M}", "to": f"{ends:%H:%M}"}


def _question(
    typed: Mapping[str, str],
    rooms: Sequence[Room],
    activities: Activities,
    zone: ZoneInfo,
    now_ts: float,
    troubles: list[Trouble],
) -> Question | None:
    """The question, and everything that is wrong with it; None where a part of it cannot even be read."""
    if typed.get("room") not in {room.id for room in rooms}:
        troubles.append(Trouble("room", "unknown"))
    begins_ts, ends_ts = _span(typed, zone, troubles)
    people = _number("people", typed, troubles)
    lighter = _number("lighter", typed, troubles)
    plugged = _number("plugged", typed, troubles) if typed["plugged"] else None
    brought = [(name, _number(BRING + name, typed, troubles)) for name in activities.equipment]
    strips = _number("strips", typed, troubles)
    if begins_ts is None or ends_ts is None or people is None or lighter is None or strips is None:
        return None
    question = Question(
        room=typed.get("room", ""),
        starts_ts=begins_ts,
        ends_ts=ends_ts,
        people=people,
        activity=typed["activity"],
        lighter_share=lighter / 100,
        equipment=tuple((name, count) for name, count in brought if count),
        plugged_share=None if plugged is None else share_of(plugged),
        extra_outlets=strips,
    )
    found = problems(question, activities, now_ts)
    troubles += [_trouble(one.field, one.kind, one.bound, brought) for one in found]
    if begins_ts - now_ts > FARTHEST_S:
        troubles.append(Trouble("date", "too-late", FARTHEST_S))
    return question


_THIRDS = {33: 1 / 3, 67: 2 / 3}


def share_of(percent: int) -> float:
    """A share of the people; of thirds the exact one, so that 36 laptops of 2 in 3 are 24 outlets and not 25."""
    return _THIRDS.get(percent, percent / 100)


def _trouble(field: str, kind: str, bound: float | None, brought: Sequence[tuple[str, int | None]]) -> Trouble:
    if field == "equipment":
        wrong = next((name for name, count in brought if count is not None and (count < 0 or count > (bound or 0))), "")
        return Trouble(BRING + wrong, kind, bound)
    if bound is not None and field in {"lighter_share", "plugged_share"}:
        bound = 100 * bound
    return Trouble(_FORM_FIELDS.get(field, field), kind, bound)


def _span(typed: Mapping[str, str], zone: ZoneInfo, troubles: list[Trouble]) -> tuple[float, float] | tuple[None, None]:
    """Begin and end: 00:00 ends at midnight; any other end before the begin is refused later, never the next day."""
    day = _date(typed["date"])
    begins, ends = _minutes(typed["from"]), _minutes(typed["to"])
    if day is None:
        troubles.append(Trouble("date", "no-date" if typed["date"] else "missing"))
    for field, minutes in (("from", begins), ("to", ends)):
        if minutes is None:
            troubles.append(Trouble(field, "no-time" if typed[field] else "missing"))
    if day is None or begins is None or ends is None:
        return None, None
    return local_ts(zone, day, begins), local_ts(zone, day, ends or MINUTES_A_DAY)


def _date(text: str) -> date | None:
    """A day of a year that epoch seconds can count; None when it is none."""
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
    return day if day is not None and date(1971, 1, 1) <= day <= date(9998, 12, 31) else None


def _minutes(text: str) -> int | None:
    """Minutes since midnight; None when it is no time."""
    try:
        at = time.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        return None
    return None if at is None else at.hour * 60 + at.minute


def _number(field: str, typed: Mapping[str, str], troubles: list[Trouble]) -> int | None:
    text = typed.get(field, "").replace("\u202f", "").replace("\u00a0", "").replace(" ", "")
    if not _NUMBER.fullmatch(text):
        troubles.append(Trouble(field, "no-number" if text else "missing"))
        return None
    return int(text)


def query_of(question: Question, activities: Activities, zone: ZoneInfo) -> dict[str, str]:
    """The parameters that ask a question."""
    plugged = "" if question.plugged_share is None else str(round(100 * question.plugged_share))
    counts = dict(question.equipment)
    return {
        "room": question.room,
        **_when(question.starts_ts, question.ends_ts, zone),
        "people": str(question.people),
        "activity": question.activity,
        "lighter": str(round(100 * question.lighter_share)),
        "plugged": plugged,
        "strips": str(question.extra_outlets),
        **{BRING + name: str(counts.get(name, 0)) for name in activities.equipment},
    }


def _activity_choices(activities: Activities) -> tuple[ActivityChoice, ...]:
    return tuple(
        ActivityChoice(
            one.id,
            one.names,
            one.download_bps,
            one.upload_bps,
            one.shared_upload_bps,
            one.lighter,
        )
        for one in activities.by_id.values()
    )


def _session_choices(
    sessions: Sequence[SessionView], rooms: Sequence[Room], zone: ZoneInfo, now_ts: float
) -> tuple[SessionChoice, ...]:
    """Those that are still to come, each of one day: the form asks for one day."""
    ids = {room.id for room in rooms}
    coming = [one for one in sessions if one.begins_ts > now_ts and one.room in ids and not one.is_all_day]
    coming.sort(key=lambda one: (one.begins_ts, one.room))
    return tuple(
        SessionChoice(
            one.room,
            one.name,
            one.begins_ts,
            one.ends_ts,
            query_of_session(one, zone),
        )
        for one in coming
        if is_of_one_day(one, zone)
    )[:MOST_SESSIONS]


def query_of_session(session: SessionView, zone: ZoneInfo) -> dict[str, str]:
    """The parameters that ask about a session of one day, as far as its calendar says them."""
    said = {"people": session.people, "activity": session.activity}
    return {
        "room": session.room,
        **_when(session.begins_ts, session.ends_ts, zone),
        **{name: str(value) for name, value in said.items() if value is not None},
        **{BRING + name: str(count) for name, count in session.equipment},
        OWN: "1",
    }


def own_session(question: Question, sessions: Sequence[SessionView]) -> SessionView | None:
    """The session of a calendar that a question is about: of exactly its room and time; None when there is none.

    Times are compared by the minute, which is what an address tells.
    """

    def minutes(begins_ts: float, ends_ts: float) -> tuple[float, float]:
        return begins_ts // 60, ends_ts // 60

    asked = minutes(question.starts_ts, question.ends_ts)
    return next(
        (one for one in sessions if one.room == question.room and minutes(one.begins_ts, one.ends_ts) == asked), None
    )


def is_of_one_day(session: SessionView, zone: ZoneInfo) -> bool:
    """Whether the form can say its hours."""
    begins, ends = (datetime.fromtimestamp(at_ts, zone) for at_ts in (session.begins_ts, session.ends_ts))
    return begins.date() == (ends - timedelta(minutes=1)).date()
