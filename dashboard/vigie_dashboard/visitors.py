"""What the public page says: a visitor's questions in the order of a visitor's needs, from a ``VisitorsView``.

Called by ``pages.render_visitors`` alone. Pure: view in, strings out. What may be told is decided before
(``vigie_gateway.place.visitors``); here it is only put in words.
"""

from __future__ import annotations

from dataclasses import dataclass

from vigie_dashboard.curve import percent
from vigie_dashboard.language import Language
from vigie_dashboard.view import AtLeast, VisitorRoom, VisitorState, VisitorsView, WifiFit

UNKNOWN = "\u2013"
"""What stands where a number is not known. Never 0."""


@dataclass(frozen=True, slots=True)
class Pick:
    """The answer on top: ``is_known`` is False where it says that nobody knows."""

    heading: str
    answer: str
    detail: str
    is_known: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One room: its name, what of it is free, how full its bar is (``None``: no bar), and small words below.

    ``notes`` are pairs of a kind (``ko`` broken, ``lo`` poor, ``""`` plain) and a text.
    """

    name: str
    free: str
    level: str | None
    is_full: bool
    notes: tuple[tuple[str, str], ...]


def opening_of(view: VisitorsView, language: Language) -> str:
    """What kind of place it is, and until when it is open."""
    parts = [] if view.kind is None else [language.named(view.kind)]
    if view.is_open and view.closes_at_ts is not None:
        parts.append(language.gettext("open until %(time)s", time=language.time(view.closes_at_ts, view.timezone)))
    elif view.is_open is False and view.opens_at_ts is not None:
        opens = language.opens(view.opens_at_ts, view.now_ts, view.timezone)
        parts.append(language.gettext("closed, %(opens)s", opens=opens))
    elif view.is_open is False:
        parts.append(language.pgettext("place", "closed"))
    text = " · ".join(parts)
    return text[:1].upper() + text[1:]


def measured_of(view: VisitorsView, language: Language) -> tuple[bool, str]:
    """Whether something is wrong, and of when the figures are."""
    if not view.is_time_known:
        return True, language.gettext("Time not known: the figures are of now")
    if view.silent_since_ts is not None:
        when = language.when(view.silent_since_ts, view.now_ts, view.timezone)
        return True, language.gettext("Readings stopped at %(time)s", time=when)
    if view.measured_ts is not None:
        when = language.when(view.measured_ts, view.now_ts, view.timezone)
        return False, language.gettext("Measured at %(time)s", time=when)
    return view.is_open is not False, language.gettext("No reading yet")


def pick_of(view: VisitorsView, language: Language) -> Pick | None:
    """A seat with an outlet, or the honest word that nobody knows; None while the place is closed."""
    if view.is_open is False:
        return None
    heading = language.gettext("A seat with an outlet")
    if view.measured_ts is None:
        detail = language.gettext("The sensors are not answering.")
        if view.phone is not None:
            detail += " " + language.gettext("Call the front desk: %(phone)s.", phone=view.phone)
        else:
            detail += " " + language.gettext("Ask at the front desk.")
        return Pick(heading, language.gettext("We do not know"), detail, is_known=False)
    room = next((found for found in view.rooms if found.id == view.pick), None)
    if room is None or view.pick_count is None:
        return Pick(heading, language.gettext("Nowhere right now"), "", is_known=True)
    if view.pick_has_outlet:
        count = view.pick_count
        seats = language.ngettext("%(num)s seat with an outlet", "%(num)s seats with an outlet", count.count)
        detail = _or_more(seats, count, language)
    else:
        heading = language.gettext("A seat")
        detail = _seats(view.pick_count, language)
        detail += " · " + language.gettext("no outlet known to be free")
    if room.where is not None:
        detail += " · " + language.named(room.where)
    return Pick(heading, language.named(room.name), detail, is_known=True)


def warning_of(view: VisitorsView, language: Language) -> tuple[str, str] | None:
    """What a visitor should know, and what to do about it; None when there is nothing."""
    if view.is_open is False:
        return None
    if view.internet == "none":
        return language.gettext("Internet is down."), ""
    for room in view.rooms:
        if room.wifi in {WifiFit.SLOW, WifiFit.DOWN} and room.state is not VisitorState.CLOSED:
            name = language.named(room.name)
            if room.wifi is WifiFit.DOWN:
                what = language.gettext("%(room)s: Wi-Fi down.", room=name)
            else:
                what = language.gettext("%(room)s: slow Wi-Fi.", room=name)
            other = _for_calls(view, room.id)
            if other is None:
                return what, ""
            return what, language.gettext("For a video call, prefer %(room)s.", room=language.named(other.name))
    return None


def _for_calls(view: VisitorsView, besides: str) -> VisitorRoom | None:
    fit = (room for room in view.rooms if room.wifi is WifiFit.VIDEO and room.id != besides)
    return next((room for room in fit if room.state in {VisitorState.FREE, VisitorState.NEAR}), None)


def total_of(view: VisitorsView, language: Language) -> str:
    """All free seats, to the nearest ten."""
    if view.seats_free is None:
        return ""
    round_numbers = {
        10: language.gettext("about 10 seats"),
        20: language.gettext("about 20 seats"),
        30: language.gettext("about 30 seats"),
        40: language.gettext("about 40 seats"),
        50: language.gettext("about 50 seats"),
        60: language.gettext("about 60 seats"),
        100: language.gettext("about 100 seats"),
    }
    plain = language.ngettext("about %(num)s seat", "about %(num)s seats", view.seats_free)
    return round_numbers.get(view.seats_free, plain)


def rows_of(view: VisitorsView, language: Language) -> list[Row]:
    """Every room in words."""
    is_silent = view.measured_ts is None
    return [_row(room, view, language, is_silent=is_silent) for room in view.rooms]


def _row(room: VisitorRoom, view: VisitorsView, language: Language, *, is_silent: bool) -> Row:
    name = language.named(room.name)
    if room.state is VisitorState.CLOSED:
        notes = []
        if room.opens_at_ts is not None:
            notes.append(("", language.opens(room.opens_at_ts, view.now_ts, view.timezone)))
        return Row(name, language.pgettext("room", "Closed"), None, is_full=False, notes=tuple(notes))
    if room.state is VisitorState.UNKNOWN:
        about = language.ngettext("%(num)s seat in all", "%(num)s seats in all", room.seats)
        if room.silent_since_ts is not None and not is_silent and view.is_time_known:
            when = language.when(room.silent_since_ts, view.now_ts, view.timezone)
            about = language.gettext("no reading since %(time)s", time=when)
        free = UNKNOWN if is_silent else language.gettext("Ask on site")
        return Row(name, free, None, is_full=False, notes=(("", about), *_notes(room, view, language)))
    is_full = room.state is VisitorState.FULL
    if room.free is None:
        free = language.pgettext("booth", "In use") if is_full else language.pgettext("booth", "Free")
        level = percent(1 if is_full else 0)
    else:
        free = language.pgettext("room", "Full") if is_full else _seats(room.free, language)
        level = percent(1 - room.free.count / room.seats)
    return Row(name, free, level, is_full, _notes(room, view, language))


def _notes(room: VisitorRoom, view: VisitorsView, language: Language) -> tuple[tuple[str, str], ...]:
    """Its session, outlets and Wi-Fi; what is not known is left out."""
    notes = []
    if room.changes_ts is not None:
        time = language.when(room.changes_ts, view.now_ts, view.timezone)
        if room.session is not None:
            session = room.session or language.pgettext("session", "Booked")
            notes.append(("", language.gettext("%(session)s until %(time)s", session=session, time=time)))
        elif room.free is None and room.state is VisitorState.FREE:
            notes.append(("", language.gettext("until %(time)s", time=time)))
    if room.are_outlets_cut:
        notes.append(("ko", language.gettext("outlets without power")))
    elif room.outlets is not None:
        outlets = language.ngettext("%(num)s outlet", "%(num)s outlets", room.outlets.count)
        notes.append(("", _or_more(outlets, room.outlets, language)))
    words = {
        WifiFit.VIDEO: ("", language.gettext("Wi-Fi: video calls")),
        WifiFit.WEB: ("", language.gettext("Wi-Fi: web, email")),
        WifiFit.SLOW: ("lo", language.gettext("Slow Wi-Fi")),
        WifiFit.DOWN: ("ko", language.gettext("Wi-Fi down")),
    }
    if room.wifi is not None:
        notes.append(words[room.wifi])
    return tuple(notes)


def _seats(count: AtLeast, language: Language) -> str:
    if count.is_exact:
        return language.ngettext("%(num)s seat free", "%(num)s seats free", count.count)
    return language.ngettext("%(num)s seat or more", "%(num)s seats or more", count.count)


def _or_more(text: str, count: AtLeast, language: Language) -> str:
    return text if count.is_exact else language.gettext("%(count)s or more", count=text)
