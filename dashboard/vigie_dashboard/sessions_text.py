"""What the board says of today's sessions: lanes above the day's curve, their table, and a line below a room's name.

Called by ``board`` and ``pages``. Pure: a view in, strings out. Which sessions there are is part of the page's shape;
whether one is past, under way or to come is live (``s.<number>.s``), as are whether it will fit (its verdict ``.v``,
icon ``.i`` and words ``.w``) and the line of a room (``r.<room>.next``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigie_dashboard import curve
from vigie_dashboard.check_words import VERDICT_SHAPES, verdict_words
from vigie_dashboard.language import Language
from vigie_dashboard.notices import SessionCheck, SessionView, StaleCalendar
from vigie_dashboard.view import BoardView, DayCurve

LANES = 4
"""Rooms with a lane. Fewer hides a busy place; more pushes the curve off a screen in a hall. The table has all."""
HALF_HOUR_S = 1800.0
LEAST_NAMED_SHARE = 0.06
"""Of a lane: a narrower bar has no name on it. Lower shows two letters; higher hides the name of an hour."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One session in a lane: the number of its fields, its place, and what it says."""

    number: int
    x: str
    width: str
    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One room: its name, and its sessions by begin."""

    room: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One session in the table."""

    number: int
    room: str
    name: str
    time: str


def has_today(view: BoardView) -> bool:
    """Whether there is anything to say under "Today"."""
    return view.day is not None or bool(view.sessions or view.stale_calendars)


def session_fields(view: BoardView, language: Language) -> dict[str, str]:
    """The live fields of sessions."""
    fields = {}
    for number, one in enumerate(view.sessions):
        verdict = "" if one.check is None else one.check.verdict
        fields[f"s.{number}.s"] = _state(one, view.now_ts)
        fields[f"s.{number}.v"] = verdict
        fields[f"s.{number}.i"] = f"#i-{VERDICT_SHAPES[verdict]}" if verdict else ""
        fields[f"s.{number}.w"] = check_words(one.check, language)
    for room in view.rooms:
        if not room.is_passage:
            fields[f"r.{room.id}.next"] = _line([one for one in view.sessions if one.room == room.id], view, language)
    if has_today(view):
        fields["s.stale"] = stale_text(view.stale_calendars, view.now_ts, view.timezone, language)
    return fields


def check_words(check: SessionCheck | None, language: Language) -> str:
    """Whether a session will fit, in a few words; empty while nobody has asked."""
    if check is None:
        return ""
    return verdict_words(language).get(check.verdict) or language.pgettext("session", "Not checked")


def lanes_of(view: BoardView, language: Language) -> list[Lane]:
    """The lanes, in the order of the rooms; none without the curve that they share their hours with."""
    if view.day is None:
        return []
    lanes = []
    for room in view.rooms:
        bars = [
            _bar(number, one, view.day, view, language)
            for number, one in enumerate(view.sessions)
            if one.room == room.id and one.begins_ts < view.day.closes_ts and one.ends_ts > view.day.opens_ts
        ]
        if bars:
            lanes.append(Lane(language.named(room.name), tuple(bars)))
    return lanes[:LANES]


def rows_of(view: BoardView, language: Language) -> list[Row]:
    """All of today's sessions, by begin."""
    by_id = {room.id: language.named(room.name) for room in view.rooms}
    return [
        Row(number, by_id.get(one.room, one.room), session_name(one, language), _span(one, view, language))
        for number, one in enumerate(view.sessions)
    ]


def _bar(number: int, session: SessionView, day: DayCurve, view: BoardView, language: Language) -> Bar:
    width_s = max(day.closes_ts - day.opens_ts, HALF_HOUR_S)
    begin = max(0.0, (session.begins_ts - day.opens_ts) / width_s)
    end = min(1.0, (session.ends_ts - day.opens_ts) / width_s)
    name = session_name(session, language)
    label = f"{name}, {_span(session, view, language)}"
    shown = name if end - begin >= LEAST_NAMED_SHARE else ""
    return Bar(number, curve.percent(begin), curve.percent(max(end - begin, 0.01)), shown, label)


def session_name(session: SessionView, language: Language) -> str:
    """As its calendar names it."""
    return session.name or language.pgettext("session", "Booked")


def _state(session: SessionView, now_ts: float) -> str:
    if session.ends_ts <= now_ts:
        return "past"
    return "now" if session.begins_ts <= now_ts else "next"


def _span(session: SessionView, view: BoardView, language: Language) -> str:
    if session.is_all_day:
        return language.gettext("all day")
    begin, end = (language.time(at_ts, view.timezone) for at_ts in (session.begins_ts, session.ends_ts))
    return language.gettext("%(begin)s to %(end)s", begin=begin, end=end)


def _line(sessions: list[SessionView], view: BoardView, language: Language) -> str:
    """The session under way that began last, else the next; empty without either."""
    ahead = [one for one in sessions if one.ends_ts > view.now_ts]
    under_way = [one for one in ahead if one.begins_ts <= view.now_ts]
    if not ahead:
        return ""
    session = under_way[-1] if under_way else ahead[0]
    name = session_name(session, language)
    if session.is_all_day:
        return language.gettext("%(session)s, all day", session=name)
    if under_way:
        return language.gettext(
            "%(session)s until %(time)s",
            session=name,
            time=language.when(session.ends_ts, view.now_ts, view.timezone),
        )
    return language.gettext(
        "%(session)s at %(time)s", session=name, time=language.time(session.begins_ts, view.timezone)
    )


def stale_text(calendars: Sequence[StaleCalendar], now_ts: float, timezone: str, language: Language) -> str:
    """Which calendars could not be read lately, and from when what is shown of them is; empty when all could."""
    notes = []
    for calendar in calendars:
        name = language.named(calendar.name)
        if calendar.read_ts is None:
            notes.append(language.gettext("calendar %(name)s: never read", name=name))
        else:
            time = language.when(calendar.read_ts, now_ts, timezone)
            notes.append(language.gettext("calendar %(name)s: as of %(time)s", name=name, time=time))
    return " · ".join(notes)
