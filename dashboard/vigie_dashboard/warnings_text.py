"""What the strip above the board says: what is wrong, since when, why, what to tell visitors, and who has it in hand.

Called by ``board`` alone. Pure: a view in, strings out. The strip has a fixed number of places that are filled and
emptied, so that a page that is open changes without loading itself again. Keys: ``w.<place>.*``, ``w.more``,
``w.calm``, ``w.count``, ``say.*``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vigie_dashboard.alert_text import since, tell_line, unknown_line
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.alert_words import figures_line, headline
from vigie_dashboard.authors import author_name
from vigie_dashboard.language import Language
from vigie_dashboard.notices import Severity, WarningKind, WarningView
from vigie_dashboard.rooms_text import wifi_reasons
from vigie_dashboard.view import BoardView

SHOWN = 3
"""Places of the strip. Fewer hides what matters; more pushes the rooms off a screen in a hall."""
LISTED_ROOMS = 2
"""More names than this become their number: the sentence is one line."""


def warning_fields(view: BoardView, language: Language) -> dict[str, str]:
    """The fields of the strip."""
    lines = _lines(view, language)
    fields = {"w.any": "", "w.none": "true", "w.more": "", "w.calm": "", "w.count": str(len(lines) or "")}
    fields["w.current"] = alerts_word(view.current, language)
    if lines:
        fields |= {"w.any": "true", "w.none": ""}
    else:
        fields["w.calm"] = _calm(view, language)
    more = len(lines) - SHOWN
    if more > 0:
        fields["w.more"] = language.ngettext("and %(num)s other", "and %(num)s others", more)
    for place in range(SHOWN):
        fields |= _place(f"w.{place}", lines[place] if place < len(lines) else None, view, language)
    return fields | _spoken(lines, view, language)


def alerts_word(current: int | None, language: Language) -> str:
    """What leads to the page of alerts, with how many there are: ``Alerts: 3``."""
    if current is None:
        return language.gettext("Alerts: not known")
    if current == 0:
        return language.gettext("Alerts: none")
    return language.gettext("Alerts: %(num)s", num=language.number(current, 0))


class _Line(NamedTuple):
    """One line of the strip: a warning, or an alert that no warning tells of.

    ``spoken`` is ``what`` without a number that changes; ``alert`` None where there is none yet; ``others`` go with it.
    """

    severity: Severity
    what: str
    spoken: str
    when: str
    tell: str
    alert: int | None
    others: tuple[int, ...]
    taken_by: str
    taken_ts: float | None


def _lines(view: BoardView, language: Language) -> list[_Line]:
    """Worst first; warnings before other alerts among equals."""
    lines = [_warning_line(one, view, language) for one in view.warnings]
    lines += [_alert_line(one, view, language) for one in view.alerts]
    return sorted(lines, key=lambda line: _SEVERITY_ORDER[line.severity])


def _warning_line(warning: WarningView, view: BoardView, language: Language) -> _Line:
    return _Line(
        warning.severity,
        what_of(warning, view, language, is_counted=True),
        what_of(warning, view, language, is_counted=False),
        _when(warning, view, language),
        tell_of(warning, view, language),
        warning.alert,
        warning.others,
        warning.taken_by,
        warning.taken_ts,
    )


def _alert_line(alert: AlertView, view: BoardView, language: Language) -> _Line:
    what = headline(alert, language)
    if view.is_time_known:
        when = since(alert, view.now_ts, view.timezone, language)
        unknown = unknown_line(alert, view.now_ts, view.timezone, language)
    else:
        when, unknown = language.ago(view.now_ts - alert.since_ts), ""
    return _Line(
        alert.severity,
        what,
        what,
        " · ".join(part for part in (when, figures_line(alert, language), unknown) if part),
        tell_line(alert, language),
        alert.number,
        (),
        alert.taken_by,
        alert.taken_ts,
    )


_SEVERITY_ORDER = {severity: number for number, severity in enumerate(Severity)}


def _place(key: str, line: _Line | None, view: BoardView, language: Language) -> dict[str, str]:
    """The fields of one place of the strip; empty where nothing stands in it.

    ``taken`` says who has it in hand; ``act`` is where somebody takes it and ``also`` what with it, and ``idle`` hides
    that where nobody can.
    """
    parts = ("s", "word", "what", "when", "tell", "taken", "act", "also", "link")
    if line is None:
        return {f"{key}.{part}": "" for part in parts} | {f"{key}.off": "true", f"{key}.idle": "true"}
    is_idle = line.alert is None or bool(line.taken_by)
    where = "" if line.alert is None else f"/alerts/{line.alert}"
    values = (
        str(line.severity),
        severity_words(language)[line.severity],
        line.what,
        line.when,
        line.tell,
        _taken(line, view, language),
        where and f"{where}/acknowledge?l={language.code}",
        ",".join(map(str, line.others)),
        where and f"{where}?l={language.code}",
    )
    fields = {f"{key}.{part}": value for part, value in zip(parts, values, strict=True)}
    return fields | {f"{key}.off": "", f"{key}.idle": "true" if is_idle else ""}


def _taken(line: _Line, view: BoardView, language: Language) -> str:
    if not line.taken_by:
        return ""
    who = author_name(line.taken_by, language)
    if line.taken_ts is None or not view.is_time_known:
        return who
    return f"{who}, {language.when(line.taken_ts, view.now_ts, view.timezone)}"


def warning_rows(view: BoardView, room: str, language: Language) -> list[tuple[str, str, str, str, str]]:
    """Of the warnings and alerts about a room: severity, its word, what, when and why, what to tell; worst first."""
    lines = [_warning_line(one, view, language) for one in view.warnings if room in one.rooms]
    lines += [_alert_line(one, view, language) for one in view.alerts if _is_about(one, room)]
    words = severity_words(language)
    return [
        (str(line.severity), words[line.severity], line.what, line.when, line.tell)
        for line in sorted(lines, key=lambda line: _SEVERITY_ORDER[line.severity])
    ]


def _is_about(alert: AlertView, room: str) -> bool:
    return room in alert.room_ids or any(_is_about(one, room) for one in alert.dependants)


def severity_words(language: Language) -> dict[Severity, str]:
    """One word for each, for those who do not see its shape."""
    return {
        Severity.OUTAGE: language.pgettext("warning", "Outage"),
        Severity.WARNING: language.pgettext("warning", "Warning"),
        Severity.UNKNOWN: language.pgettext("warning", "No reading"),
    }


def _spoken(lines: Sequence[_Line], view: BoardView, language: Language) -> dict[str, str]:
    """What a screen reader is told when it comes or goes, a line each: neither counts nor ages, which change often."""
    outages = [line.spoken for line in lines if line.severity is Severity.OUTAGE]
    others = [line.spoken for line in lines if line.severity is not Severity.OUTAGE]
    if not view.is_time_known:
        others.insert(0, language.gettext("The gateway does not know what time it is"))
    taken = [
        language.gettext("%(who)s is on it: %(what)s", who=author_name(line.taken_by, language), what=line.spoken)
        for line in lines
        if line.taken_by
    ]
    return {"say.outages": "\n".join(outages), "say.warnings": "\n".join(others), "say.taken": "\n".join(taken)}


def _calm(view: BoardView, language: Language) -> str:
    if view.calm_since_ts is None or not view.is_time_known:
        calm = language.gettext("Nothing to report")
    else:
        time = language.when(view.calm_since_ts, view.now_ts, view.timezone)
        calm = language.gettext("Nothing to report since %(time)s", time=time)
    if not view.silenced:
        return calm
    silenced = language.ngettext("%(num)s silenced alert", "%(num)s silenced alerts", view.silenced)
    return f"{calm} · {silenced}"


def _names(rooms: tuple[str, ...], view: BoardView, language: Language) -> list[str]:
    by_id = {room.id: language.named(room.name) for room in view.rooms}
    return [by_id.get(room, room) for room in rooms]


def _about(warning: WarningView, view: BoardView, language: Language) -> str:
    if len(warning.rooms) > LISTED_ROOMS:
        return language.ngettext("%(num)s room", "%(num)s rooms", len(warning.rooms))
    return language.joined(_names(warning.rooms, view, language))


def what_of(warning: WarningView, view: BoardView, language: Language, *, is_counted: bool) -> str:
    """What is wrong, where; with the number of outlets if ``is_counted``."""
    room = _about(warning, view, language)
    kind = warning.kind
    if kind is WarningKind.NO_POWER and is_counted:
        return language.ngettext(
            "%(room)s: %(num)s outlet without power",
            "%(room)s: %(num)s outlets without power",
            warning.count or 0,
            room=room,
        )
    if not warning.rooms and kind in {WarningKind.WIFI_DOWN, WarningKind.WIFI_SLOW}:
        is_down = kind is WarningKind.WIFI_DOWN
        return language.gettext("Wi-Fi down everywhere") if is_down else language.gettext("Slow Wi-Fi everywhere")
    return {
        WarningKind.NO_POWER: language.gettext("%(room)s: outlets without power"),
        WarningKind.INTERNET_DOWN: language.gettext("Internet is down"),
        WarningKind.PORTAL: language.gettext("No internet: the provider asks to sign in"),
        WarningKind.WIFI_DOWN: language.gettext("%(room)s: Wi-Fi down"),
        WarningKind.NOT_RECORDING: language.gettext("Readings are not being recorded"),
        WarningKind.WIFI_SLOW: language.gettext("%(room)s: slow Wi-Fi"),
        WarningKind.INCONSISTENT: language.gettext("%(room)s: a count that cannot be"),
        WarningKind.SILENT: language.gettext("%(room)s: silent sensor"),
        WarningKind.OLD: language.gettext("%(room)s: no reading"),
    }[kind] % {"room": room}


def _when(warning: WarningView, view: BoardView, language: Language) -> str:
    """Since when, and the cause in figures where it is known."""
    parts = [_cause(warning, view, language)]
    if warning.since_ts is not None and not view.is_time_known:
        parts.insert(0, language.ago(view.now_ts - warning.since_ts))
    elif warning.since_ts is not None:
        time = language.when(warning.since_ts, view.now_ts, view.timezone)
        parts.insert(0, language.gettext("since %(time)s", time=time))
    return " · ".join(part for part in parts if part)


def _cause(warning: WarningView, view: BoardView, language: Language) -> str:
    kind = warning.kind
    if kind is WarningKind.NO_POWER and warning.circuit is not None:
        return language.gettext("breaker %(name)s", name=language.named(warning.circuit))
    if kind is WarningKind.INCONSISTENT and warning.count is not None and warning.limit is not None:
        people, seats = language.number(warning.count, 0), language.number(warning.limit, 0)
        return language.gettext("%(people)s counted of %(seats)s", people=people, seats=seats)
    if kind is WarningKind.OLD and warning.count is not None and len(warning.rooms) == 1:
        if any(room.seats == 1 for room in view.rooms if room.id in warning.rooms):
            return language.gettext("last value: free") if warning.count else language.gettext("last value: in use")
        return language.ngettext("last value: %(num)s seat free", "last value: %(num)s seats free", warning.count)
    if warning.reason == "too-many-stations" and warning.count is not None and warning.limit is not None:
        limit = language.number(warning.limit, 0)
        return language.ngettext(
            "%(num)s device, access point meant for %(limit)s",
            "%(num)s devices, access point meant for %(limit)s",
            warning.count,
            limit=limit,
        )
    return wifi_reasons(language).get(warning.reason or "", "")


def tell_of(warning: WarningView, view: BoardView, language: Language) -> str:
    """What to say to visitors, in quotation marks; or what to do, without."""
    kind = warning.kind
    rooms = _either(_names(warning.instead, view, language), language)
    if kind is WarningKind.NO_POWER:
        if rooms:
            return language.gettext("“To plug in a computer, try %(rooms)s.”", rooms=rooms)
        return language.gettext("“There is no free outlet elsewhere right now.”")
    if kind in {WarningKind.WIFI_SLOW, WarningKind.WIFI_DOWN}:
        if rooms:
            return language.gettext("“For a video call, try %(rooms)s.”", rooms=rooms)
        return language.gettext("“No room is known to be fit for a video call right now.”")
    return {
        WarningKind.INTERNET_DOWN: language.gettext("“Nobody here has internet right now; we are looking into it.”"),
        WarningKind.PORTAL: language.gettext("Open any web page on this network and sign in."),
        WarningKind.NOT_RECORDING: language.gettext(
            "The board is true, and sensors keep their readings meanwhile. Tell the administrator."
        ),
        WarningKind.INCONSISTENT: language.gettext("Count with your own eyes before you send somebody there."),
        WarningKind.SILENT: language.gettext("Have a look before you send somebody there."),
        WarningKind.OLD: language.gettext("Have a look before you send somebody there."),
    }[kind]


def _either(names: list[str], language: Language) -> str:
    if len(names) == 2:  # noqa: PLR2004 - "one or the other"
        return language.gettext("%(first)s or %(second)s", first=names[0], second=names[1])
    return "".join(names)
