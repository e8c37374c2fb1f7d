"""What the board says of each room, in the table and on the plan: the states of docs/board.md in words.

Called by ``board`` alone. Pure: a room in, strings out.
"""

from __future__ import annotations

from dataclasses import dataclass

from vigie_dashboard import curve
from vigie_dashboard.language import NBSP, Language
from vigie_dashboard.plan import Box, Plan, PlanRoom, number, plan_of, tide_y
from vigie_dashboard.view import MEASURED, BoardView, OutletsView, RoomState, RoomView, WifiFit, WifiView

UNKNOWN = "\u2013"

NARROW_UNITS = 150
"""Of the drawing: a narrower room has its words in the middle, under each other."""
SHORT_UNITS = 150
"""A lower room has no second line at its foot."""
FIGURE_SIZE = 50
"""Of a number on the plan, in drawing units."""
SHORT_WORD = 9
"""Letters: a word this long is no headline, and is set smaller."""
LEAST_NAME_SIZE = 13
"""In drawing units: a name that would be smaller takes two lines."""
SHOWN_REASON = 60
"""Letters of why a room is closed, in its row. More makes a row of a wall's board three lines high."""
LETTER_WIDTH = 0.6
"""Of a bold letter, in its size: the mean of the system fonts. Smaller makes words run over walls."""


@dataclass(frozen=True, slots=True)
class Words:
    """A room's state on the plan: a number *or* a word large, two small lines; and the word of the table."""

    figure: str
    word: str
    first: str
    second: str
    table: str
    label: str


def room_fields(
    room: RoomView, view: BoardView, language: Language, *, has_outlets: bool, has_wifi: bool
) -> dict[str, str]:
    """The fields of a row of the table."""
    key = f"r.{room.id}"
    words = words_of(room, view, language)
    is_counted = room.state in MEASURED or room.state is RoomState.OLD
    is_known = is_counted and room.free is not None
    share = _share(room) if is_counted else None
    fields = {
        f"{key}.s": _drawn_state(room),
        f"{key}.first": "true" if any(room.id in warning.rooms for warning in view.warnings) else "",
        f"{key}.free": language.number(room.free, 0) if is_known and room.free is not None else UNKNOWN,
        f"{key}.hide": "" if is_known else "true",
        f"{key}.sr": "" if is_known else language.pgettext("seats", "unknown"),
        f"{key}.w": curve.percent(0 if share is None else share),
        f"{key}.word": words.table,
        f"{key}.count": f"{language.number(room.people, 0)}/{language.number(room.seats, 0)}"
        if is_counted and room.people is not None
        else "",
    }
    if has_outlets:
        fields |= _outlet_fields(key, room.outlets, language)
    if has_wifi:
        fields |= _wifi_fields(key, room.wifi, language)
    return fields


def words_of(room: RoomView, view: BoardView, language: Language) -> Words:
    """The state of a room in words."""
    if room.state in MEASURED:
        return _measured_words(room, language)
    if room.state is RoomState.OLD:
        return _old_words(room, view, language)
    seats = language.ngettext("%(num)s seat", "%(num)s seats", room.seats)
    if room.state is RoomState.SILENT:
        silent, since = _silent_since(room, view, language)
        text = f"{silent} {since}".strip()
        return Words(UNKNOWN, "", silent, since, _sentence(text), text)
    if room.state is RoomState.NO_SENSOR:
        text = language.pgettext("room", "No sensor")
        return Words("", seats, text, "", text, f"{seats}, {text}")
    if room.state is RoomState.CLOSED:
        closed = language.pgettext("room", "Closed")
        opens = ""
        if room.opens_at_ts is not None:
            opens = language.opens(room.opens_at_ts, view.now_ts, view.timezone)
        text = " · ".join(part for part in (closed, _shortened(room.closed_reason or ""), opens) if part)
        return Words("", closed, opens, "", text, text)
    to_check = language.pgettext("room", "to check")
    counted = ""
    if room.people is not None:
        people, of = language.number(room.people, 0), language.number(room.seats, 0)
        counted = language.gettext("%(people)s counted of %(seats)s", people=people, seats=of)
    text = f"{to_check} · {counted}" if counted else to_check
    return Words("?", "", to_check, counted, _sentence(text), text)


def _shortened(reason: str) -> str:
    if len(reason) <= SHOWN_REASON:
        return reason
    return reason[: SHOWN_REASON - 1].rstrip() + "…"


def plan_fields(view: BoardView, language: Language) -> dict[str, str]:
    """The fields of the floor plan; none where the site has no plan."""
    plan = drawing_of(view)
    fields: dict[str, str] = {}
    for room in view.rooms:
        drawn = None if plan is None else plan.rooms.get(room.id)
        if drawn is not None and not room.is_passage:
            fields |= _plan_room(room, drawn, view, language)
    return fields


def drawing_of(view: BoardView) -> Plan | None:
    """The floor plan of the place; None where it has none."""
    return plan_of(tuple((room.id, room.corners) for room in view.rooms), view.doors)


def drawn_rooms(view: BoardView) -> list[RoomView]:
    """The rooms that have a place on the floor plan, in the order in which they are drawn."""
    plan, rooms = drawing_of(view), {room.id: room for room in view.rooms}
    return [] if plan is None else [rooms[room] for room in plan.rooms]


def is_narrow(box: Box) -> bool:
    """Whether the words of a room stand in its middle."""
    return box.width < NARROW_UNITS


def fitting_size(text: str, width: float, largest: float, smallest: float = 11) -> float:
    """The size at which the text is not wider than ``width``, within bounds."""
    return max(smallest, min(largest, width / (LETTER_WIDTH * max(len(text), 1))))


def name_lines(name: str, width: float) -> list[str]:
    """The name of a narrow room on one line, or on two where it would be too small on one."""
    before, space, after = name.partition(" ")
    if not space or fitting_size(name, width, LEAST_NAME_SIZE + 1) > LEAST_NAME_SIZE:
        return [name]
    return [before, after]


def _measured_words(room: RoomView, language: Language) -> Words:
    seats = language.number(room.seats, 0)
    if room.seats == 1:
        full = room.state is RoomState.FULL
        word = language.pgettext("booth", "In use") if full else language.pgettext("booth", "Free")
        return Words("", word, "", "", word, word)
    if room.state is RoomState.FULL:
        word = language.pgettext("room", "Full")
        return Words("", word, "", "", word, word)
    free = room.free or 0
    after = language.npgettext("after a number", "free", "free", free)
    of = language.gettext("of %(seats)s", seats=seats)
    figure = UNKNOWN if room.free is None else language.number(room.free, 0)
    if room.state is RoomState.NEAR:
        table = language.gettext("Nearly full")
    elif room.state is RoomState.EMPTY:
        table = language.pgettext("room", "Empty")
    else:
        table = language.gettext("Seats free")
    label = language.ngettext("%(num)s free of %(seats)s", "%(num)s free of %(seats)s", free, seats=seats)
    return Words(figure, "", after, of, table, f"{label}, {table}" if room.state is RoomState.NEAR else label)


def _old_words(room: RoomView, view: BoardView, language: Language) -> Words:
    ago = "" if room.at_ts is None else language.ago(view.now_ts - room.at_ts)
    if room.seats == 1:
        word = language.pgettext("booth", "Free?") if room.free else language.pgettext("booth", "In use?")
        return Words("", word, ago, "", ago, f"{word} {ago}")
    figure = UNKNOWN if room.free is None else language.number(room.free, 0)
    after = language.npgettext("after a number", "free?", "free?", room.free or 0)
    return Words(figure, "", after, ago, ago, f"{figure} {after} {ago}")


def _silent_since(room: RoomView, view: BoardView, language: Language) -> tuple[str, str]:
    if room.at_ts is None:
        return language.pgettext("sensor", "silent"), ""
    if not view.is_time_known:
        return language.pgettext("sensor", "silent"), language.ago(view.now_ts - room.at_ts)
    return language.pgettext("sensor", "silent since"), language.when(room.at_ts, view.now_ts, view.timezone)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _share(room: RoomView) -> float | None:
    if room.people is None or room.seats <= 0:
        return None
    return min(1.0, max(0.0, room.people / room.seats))


def _drawn_state(room: RoomView) -> str:
    """The state as the style sheet knows it: those without a count are dotted alike."""
    if room.state in {RoomState.SILENT, RoomState.NO_SENSOR, RoomState.CLOSED}:
        return "none"
    return "odd" if room.state is RoomState.INCONSISTENT else str(room.state)


def _outlet_fields(key: str, outlets: OutletsView | None, language: Language) -> dict[str, str]:
    state, figure, of, note = outlets_text(outlets, language)
    return {
        f"{key}.o": state,
        f"{key}.on": figure,
        f"{key}.of": of,
        f"{key}.ow": language.pgettext("outlets", "no power") if state == "cut" else "",
        f"{key}.onote": note,
        f"{key}.osr": language.pgettext("outlets", "not measured") if state == "none" else "",
    }


def outlets_text(outlets: OutletsView | None, language: Language) -> tuple[str, str, str, str]:
    """Of a room's outlets: ``ok``, ``cut`` or ``none``; the number free; out of how many; and a note."""
    if outlets is None or (outlets.free is None and not outlets.cut):
        return "none", UNKNOWN, "", ""
    if outlets.cut and outlets.cut >= outlets.measured:
        return "cut", "", "", ""
    note = ""
    if outlets.cut:
        note = language.ngettext("%(num)s without power", "%(num)s without power", outlets.cut)
    elif outlets.out_of_order:
        note = language.ngettext("%(num)s out of order", "%(num)s out of order", outlets.out_of_order)
    elif outlets.measured < outlets.total:
        note = language.ngettext("%(num)s not measured", "%(num)s not measured", outlets.total - outlets.measured)
    if outlets.free is None:
        return "none", UNKNOWN, "", note
    of = f"{NBSP}/{NBSP}{language.number(outlets.measured, 0)}"
    return "ok", language.number(outlets.free, 0), of, note


def _wifi_fields(key: str, wifi: WifiView | None, language: Language) -> dict[str, str]:
    if wifi is None:
        return {f"{key}.wf": "none", f"{key}.ww": UNKNOWN, f"{key}.wn": ""}
    reason = "" if wifi.reason is None else wifi_reasons(language).get(wifi.reason, "")
    if wifi.fit is None:
        return {f"{key}.wf": "unknown", f"{key}.ww": language.gettext("No reading"), f"{key}.wn": reason}
    return {f"{key}.wf": str(wifi.fit), f"{key}.ww": wifi_words(language)[wifi.fit], f"{key}.wn": reason}


def wifi_words(language: Language) -> dict[WifiFit, str]:
    """One word for each fit."""
    return {
        WifiFit.VIDEO: language.pgettext("Wi-Fi", "Video calls"),
        WifiFit.WEB: language.pgettext("Wi-Fi", "Web, email"),
        WifiFit.SLOW: language.pgettext("Wi-Fi", "Slow"),
        WifiFit.DOWN: language.pgettext("Wi-Fi", "Down"),
    }


def wifi_reasons(language: Language) -> dict[str, str]:
    """What made it so, by the words of ``view.WIFI_REASONS``."""
    return {
        "no-sensor": language.pgettext("Wi-Fi", "no sensor"),
        "silent": language.pgettext("Wi-Fi", "silent sensor"),
        "power-save": language.pgettext("Wi-Fi", "radio asleep"),
        "signal": language.pgettext("Wi-Fi", "weak signal"),
        "latency": language.pgettext("Wi-Fi", "slow to answer"),
        "loss": language.pgettext("Wi-Fi", "packets lost"),
        "channel-busy": language.pgettext("Wi-Fi", "busy channel"),
        "too-many-stations": language.pgettext("Wi-Fi", "too many devices"),
        "throughput": language.pgettext("Wi-Fi", "low throughput"),
        "portal": language.pgettext("Wi-Fi", "sign-in page"),
        "no-internet": language.pgettext("Wi-Fi", "no internet"),
        "dns": language.pgettext("Wi-Fi", "names not found"),
        "starting": language.pgettext("Wi-Fi", "starting"),
        "inconclusive": language.pgettext("Wi-Fi", "no answer to probes"),
    }


def _plan_room(room: RoomView, drawn: PlanRoom, view: BoardView, language: Language) -> dict[str, str]:
    key, box = f"p.{room.id}", drawn.words
    words = words_of(room, view, language)
    figure, word, first, second = words.figure, words.word, words.first, words.second
    if is_narrow(box):
        # Number or word, one under the name: the table has the rest.
        figure, word, first, second = "", word or figure, "", ""
    state, _count, _of, _note = outlets_text(room.outlets, language)
    if state == "ok" and room.outlets is not None and room.outlets.free is not None:
        foot = language.ngettext("%(num)s outlet", "%(num)s outlets", room.outlets.free)
    else:
        foot = language.gettext("outlets without power") if state == "cut" else ""
    wifi_foot = ""
    if room.wifi is not None and room.wifi.fit in {WifiFit.SLOW, WifiFit.DOWN}:
        is_slow = room.wifi.fit is WifiFit.SLOW
        wifi_foot = language.gettext("Slow Wi-Fi") if is_slow else language.gettext("Wi-Fi down")
    fits = not is_narrow(box) and box.height >= SHORT_UNITS
    return {
        f"{key}.s": _drawn_state(room),
        f"{key}.y": number(_level(room, drawn)),
        f"{key}.n": figure,
        f"{key}.word": word,
        f"{key}.size": number(fitting_size(word, box.width - (18 if is_narrow(box) else 30), _largest(word, box))),
        f"{key}.first": first,
        f"{key}.second": second,
        # Beside a number, or below a word.
        f"{key}.x": number(box.x + (28 + 38 * len(figure) if figure else 20)),
        f"{key}.y1": number(box.y + (68 if figure else 110)),
        f"{key}.y2": number(box.y + (90 if figure else 131)),
        f"{key}.label": f"{language.named(room.name)}{NBSP if language.code == 'fr' else ''}: {words.label}",
        f"{key}.o": state if fits and foot else "",
        f"{key}.foot": foot if fits else "",
        f"{key}.wf": str(room.wifi.fit) if wifi_foot and fits and room.wifi is not None else "",
        f"{key}.wifi": wifi_foot if fits else "",
    }


def _largest(word: str, box: Box) -> float:
    if is_narrow(box):
        return 22
    return 42 if len(word) < SHORT_WORD else 28


def _level(room: RoomView, drawn: PlanRoom) -> float:
    share = _share(room)
    bounds = drawn.bounds
    if room.state is RoomState.INCONSISTENT:
        return bounds.y - 10
    if share is None or room.state not in MEASURED | {RoomState.OLD} or share == 0:
        return bounds.y + bounds.height + 10
    return bounds.y - 10 if share >= 1 else tide_y(drawn.corners, share)
