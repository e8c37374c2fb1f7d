"""What the board says: every live text and attribute of it, by key, from a ``BoardView``.

``pages.render_board`` writes these into the page and ``pages.board_fields`` sends them to pages that are open, so that
both always agree. Keys: ``page.*`` the page itself, ``k.*`` the top figures, ``r.<room>.*`` the table,
``p.<room>.*`` the plan, ``a.<need>.*`` where to send a visitor, ``d.*`` today, ``s.*`` its sessions, ``w.*`` the
warnings, ``say.*`` what is announced. Rooms are put in words by ``rooms_text``, sessions by ``sessions_text``, warnings
by ``warnings_text``. An empty value empties the text, or removes the attribute. Pure: view in, strings out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from vigie_dashboard import curve
from vigie_dashboard.language import NBSP, Language
from vigie_dashboard.rooms_text import plan_fields, room_fields
from vigie_dashboard.sessions_text import has_today, session_fields
from vigie_dashboard.view import Advice, BoardView, DayCurve, Figures, RoomState, WifiFit
from vigie_dashboard.warnings_text import warning_fields

Fields = dict[str, str]

UNKNOWN = "\u2013"
"""What stands where a number is not known. Never 0."""

COMFORTABLE_SHARE = 0.70
"""Of the power limit: above it the margin is called small. Lower cries wolf at every kettle."""
TIGHT_SHARE = 0.85
"""Above it the margin is called very small: the threshold of the warning."""

LISTED_ROOMS = 3
"""More names than this under a figure are replaced by their number: the line is one line."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Which parts the board has at all: what a place does not measure is absent, not zero."""

    outlets: bool
    wifi: bool
    power: bool
    internet: bool
    plan: bool
    day: bool


def parts_of(view: BoardView) -> Parts:
    """What this place has."""
    figures = view.figures
    return Parts(
        outlets=figures.has_outlet_meters,
        wifi=figures.wifi is not None or any(room.wifi is not None for room in view.rooms),
        power=figures.has_power_meter,
        internet=not (figures.internet is None and figures.download_bps is None and figures.uplink is None),
        plan=any(room.corners for room in view.rooms),
        day=has_today(view),
    )


def fields_of(view: BoardView, language: Language) -> Fields:
    """Every live field of the board."""
    parts = parts_of(view)
    fields: Fields = {"page.shape": shape_of(view)}
    fields |= _page(view, language)
    fields |= _seats(view.figures, language)
    if parts.outlets:
        fields |= _outlets(view, language)
    if parts.wifi:
        fields |= _wifi(view, language)
    if parts.power:
        fields |= _power(view.figures, language)
    if parts.internet:
        fields |= _internet(view.figures, language)
    for room in view.rooms:
        if room.is_passage:
            continue
        fields |= room_fields(room, view, language, has_outlets=parts.outlets, has_wifi=parts.wifi)
    fields |= plan_fields(view, language)
    for advice in view.advice:
        fields |= _advice(advice, view, language)
    if view.day is not None:
        fields |= _day(view.day, view, language)
    return fields | session_fields(view, language) | warning_fields(view, language)


def shape_of(view: BoardView) -> str:
    """A digest of what is not live: a page whose shape differs loads itself again (a new day, an edited site file)."""
    day = view.day
    parts = (
        parts_of(view),
        view.site_name,
        view.timezone,
        view.second_address,
        [(room.id, room.name, room.seats, room.corners) for room in view.rooms],
        view.doors,
        [advice.need for advice in view.advice],
        [(one.room, one.name, one.begins_ts, one.ends_ts, one.is_all_day) for one in view.sessions],
        None if day is None else (day.opens_ts, day.closes_ts),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def room_name(room: str, view: BoardView, language: Language) -> str:
    """The name of the room with that id; the id itself where the site has no such room."""
    return next((language.named(each.name) for each in view.rooms if each.id == room), room)


def _room_list(rooms: list[str], view: BoardView, language: Language) -> str:
    if len(rooms) > LISTED_ROOMS:
        return language.ngettext("%(num)s room", "%(num)s rooms", len(rooms))
    return language.joined([room_name(room, view, language) for room in rooms])


def _page(view: BoardView, language: Language) -> Fields:
    day = language.date(view.now_ts, view.timezone)
    if view.is_open and view.closes_at_ts is not None:
        note = language.gettext("until %(time)s", time=language.time(view.closes_at_ts, view.timezone))
    elif view.is_open is False and view.opens_at_ts is not None:
        opens = language.opens(view.opens_at_ts, view.now_ts, view.timezone)
        note = language.gettext("closed, %(opens)s", opens=opens)
    elif view.is_open is False:
        note = language.pgettext("place", "closed")
    else:
        note = ""
    clock = language.time(view.now_ts, view.timezone)
    fields = {
        "page.clock": clock,
        "page.closed": "true" if view.is_open is False else "",
        "page.date": f"{day} · {note}" if note else day,
        "page.as_of": language.gettext("As of %(time)s", time=clock),
        "page.untimed": "hidden",
    }
    if not view.is_time_known:
        fields |= {
            "page.clock": UNKNOWN,
            "page.date": language.gettext("time not known"),
            "page.as_of": language.gettext("Time not known"),
            "page.untimed": "",
        }
    return fields


def _of(total: str, unit: str = "") -> str:
    return f"{NBSP}/{NBSP}{total}{NBSP}{unit}" if unit else f"{NBSP}/{NBSP}{total}"


def _seats(figures: Figures, language: Language) -> Fields:
    if figures.seats_free is None:
        return {"k.seats": UNKNOWN, "k.seats.of": "", "k.seats.note": language.gettext("no room is measured")}
    if figures.rooms_unmeasured:
        note = language.ngettext("%(num)s room not measured", "%(num)s rooms not measured", figures.rooms_unmeasured)
    elif figures.people is not None:
        note = language.ngettext("%(num)s person here", "%(num)s people here", figures.people)
    else:
        note = ""
    return {
        "k.seats": language.number(figures.seats_free, 0),
        "k.seats.of": _of(language.number(figures.seats_total, 0)),
        "k.seats.note": note,
    }


def _outlets(view: BoardView, language: Language) -> Fields:
    figures = view.figures
    cut = {room: number for room, number in figures.outlets_cut.items() if number}
    note = ""
    if cut:
        note = language.ngettext(
            "%(num)s without power: %(rooms)s",
            "%(num)s without power: %(rooms)s",
            sum(cut.values()),
            rooms=_room_list(list(cut), view, language),
        )
    if figures.outlets_free is None:
        return {
            "k.outlets": UNKNOWN,
            "k.outlets.of": "",
            "k.outlets.note": note or language.gettext("no reading"),
            "k.outlets.s": "crit" if cut else "",
        }
    return {
        "k.outlets": language.number(figures.outlets_free, 0),
        "k.outlets.of": _of(language.number(figures.outlets_total, 0)),
        "k.outlets.note": note,
        "k.outlets.s": "crit" if cut else "",
    }


def _wifi(view: BoardView, language: Language) -> Fields:
    figures = view.figures
    if figures.wifi is None:
        return {"k.wifi": UNKNOWN, "k.wifi.of": "", "k.wifi.note": language.gettext("no reading")}
    words = {
        WifiFit.VIDEO: (language.pgettext("Wi-Fi", "Video"), language.pgettext("Wi-Fi", "calls possible")),
        WifiFit.WEB: (language.pgettext("Wi-Fi", "Web"), language.pgettext("Wi-Fi", "and email")),
        WifiFit.SLOW: (language.pgettext("Wi-Fi", "Slow"), ""),
        WifiFit.DOWN: (language.pgettext("Wi-Fi", "Down"), ""),
    }
    word, more = words[figures.wifi]
    return {"k.wifi": word, "k.wifi.of": f" {more}" if more else "", "k.wifi.note": _wifi_note(view, language)}


def _wifi_note(view: BoardView, language: Language) -> str:
    """Where it is less good, and how many open rooms nobody can tell of: one line under the figure."""
    listed = [room for room in view.rooms if not room.is_passage and room.state is not RoomState.CLOSED]
    unmeasured = sum(room.wifi is None or room.wifi.fit is None for room in listed)
    lower = list(view.figures.wifi_except)
    if not lower and not unmeasured:
        return language.gettext("in every room") if listed else ""
    if not lower:
        return language.ngettext("%(num)s room not measured", "%(num)s rooms not measured", unmeasured)
    notes = [language.gettext("except %(rooms)s", rooms=_room_list(lower, view, language))]
    if unmeasured:
        notes.append(language.ngettext("%(num)s not measured", "%(num)s not measured", unmeasured))
    return " · ".join(notes)


def _power(figures: Figures, language: Language) -> Fields:
    limit = figures.power_limit_va
    if figures.power_va is None:
        return {"k.power": UNKNOWN, "k.power.of": "", "k.power.note": language.gettext("no reading")}
    value = language.number(figures.power_va / 1000, 1)
    if limit is None:
        return {"k.power": value, "k.power.of": f"{NBSP}kVA", "k.power.note": ""}
    share = figures.power_va / limit
    if share > 1:
        note = language.gettext("over the limit")
    elif share > TIGHT_SHARE:
        note = language.gettext("very little margin")
    elif share > COMFORTABLE_SHARE:
        note = language.gettext("little margin")
    else:
        note = language.gettext("comfortable margin")
    digits = 0 if limit % 1000 == 0 else 1
    return {"k.power": value, "k.power.of": _of(language.number(limit / 1000, digits), "kVA"), "k.power.note": note}


def _internet(figures: Figures, language: Language) -> Fields:
    line = language.named(figures.uplink) if figures.uplink else ""
    if figures.internet == "none":
        return {"k.net": language.pgettext("internet", "Down"), "k.net.of": "", "k.net.note": line}
    if figures.internet == "portal":
        note = language.gettext("the provider asks to sign in")
        return {"k.net": language.pgettext("internet", "Portal"), "k.net.of": "", "k.net.note": note}
    if figures.download_bps is not None:
        megabits = figures.download_bps / 1e6
        value = language.number(megabits, 0 if megabits >= 10 else 1)  # noqa: PLR2004 - two significant digits
        return {"k.net": value, "k.net.of": f"{NBSP}Mb/s", "k.net.note": line}
    if figures.internet == "open":
        note = line or language.gettext("speed not measured")
        return {"k.net": language.pgettext("internet", "Open"), "k.net.of": "", "k.net.note": note}
    return {"k.net": UNKNOWN, "k.net.of": "", "k.net.note": language.gettext("no reading")}


def _advice(advice: Advice, view: BoardView, language: Language) -> Fields:
    key = f"a.{advice.need}"
    if advice.room is None:
        return {
            f"{key}.s": "none",
            f"{key}.room": language.gettext("Nowhere right now"),
            f"{key}.n": "",
            f"{key}.unit": "",
            f"{key}.why": language.gettext("no room with fresh readings fits"),
        }
    seats = next((room.seats for room in view.rooms if room.id == advice.room), 0)
    count, unit = "", ""
    if seats == 1 and advice.until_ts is not None:
        unit = language.gettext("free until %(time)s", time=language.time(advice.until_ts, view.timezone))
    elif seats == 1:
        unit = language.pgettext("booth", "free")
    elif advice.count is not None:
        count = language.number(advice.count, 0)
        unit = _counted(advice, language)
    reasons = {
        "near": language.gettext("nearly full"),
        "no-outlets": language.gettext("no outlet there"),
        "wifi-unknown": language.gettext("Wi-Fi not measured"),
    }
    why = [reasons[advice.reason]] if advice.reason in reasons else []
    if seats == 1 and advice.until_ts is not None:
        why.append(language.gettext("booked after that"))
    if advice.otherwise is not None:
        name = room_name(advice.otherwise, view, language)
        if advice.otherwise_count is None:
            why.append(language.gettext("else %(room)s", room=name))
        else:
            number = language.number(advice.otherwise_count, 0)
            why.append(language.gettext("else %(room)s (%(number)s)", room=name, number=number))
    return {
        f"{key}.s": "some",
        f"{key}.room": room_name(advice.room, view, language),
        f"{key}.n": count,
        f"{key}.unit": unit,
        f"{key}.why": " · ".join(why),
    }


def _counted(advice: Advice, language: Language) -> str:
    if advice.need == "work":
        return language.npgettext("after a number", "seat with an outlet", "seats with an outlet", advice.count or 0)
    return language.npgettext("after a number", "seat", "seats", advice.count or 0)


def _day(day: DayCurve, view: BoardView, language: Language) -> Fields:
    width_s = max(day.closes_ts - day.opens_ts, day.step_s)
    top = max([value for value in (*day.people, *day.usual) if value is not None] + [4.0]) * 1.08
    people = tuple((index * day.step_s / width_s, value) for index, value in enumerate(day.people))
    usual = tuple((index * day.step_s / width_s, value) for index, value in enumerate(day.usual))
    known = [value for value in day.people if value is not None]
    now = view.figures.people
    share = min(1.0, max(0.0, (view.now_ts - day.opens_ts) / width_s))
    last = day.people[-1] if day.people else None
    fields = {
        "d.people": curve.line(people, 0, top),
        "d.area": curve.filled(people, 0, top),
        "d.usual": curve.line(usual, 0, top),
        "d.x": curve.percent(share),
        "d.side": "end" if share > 0.9 else "start",  # noqa: PLR2004 - so that the number stays inside the drawing
        "d.n": "" if now is None else language.number(now, 0),
        # Not higher: the number above the line would leave the drawing.
        "d.y": curve.percent(max(0.26, 1 - (0 if last is None else last) / top)),
        "d.legend": _people_legend(now, has_some=bool(known), language=language),
        "d.like": _like(day, view, language),
    }
    for index, at_ts in enumerate(day_rows(day)):
        for name, values in (("people", day.people), ("usual", day.usual)):
            at = round((at_ts - day.opens_ts) / day.step_s)
            value = values[at] if at < len(values) else None
            is_past = at_ts <= view.now_ts or name == "usual"
            fields[f"d.{name}.{index}"] = (
                language.number(round(value), 0) if value is not None else UNKNOWN if is_past and values else ""
            )
    return fields


def day_rows(day: DayCurve) -> list[float]:
    """The moments of the table beside the curve: every hour of the day, from its opening."""
    return [day.opens_ts + index * 3600 for index in range(int((day.closes_ts - day.opens_ts) // 3600) + 1)]


def _people_legend(now: int | None, *, has_some: bool, language: Language) -> str:
    if now is not None:
        return language.gettext("people here: %(number)s", number=language.number(now, 0))
    return language.gettext("people here") if has_some else language.gettext("people here: no reading yet today")


def _like(day: DayCurve, view: BoardView, language: Language) -> str:
    if day.like == "weekday":
        return language.gettext("a usual %(weekday)s", weekday=language.weekday_name(day.opens_ts, view.timezone))
    if day.like == "kind":
        return language.gettext("a usual day of this kind")
    return ""
