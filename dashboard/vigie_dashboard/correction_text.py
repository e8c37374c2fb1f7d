"""What is said of corrections: on a room's sheet, and in their list. Called by ``pages``; pure."""

from __future__ import annotations

from dataclasses import dataclass

from vigie_dashboard.authors import author_name
from vigie_dashboard.language import Language
from vigie_dashboard.sheet_view import CorrectionForms, CorrectionRow, CorrectionsView, RoomSheet, Said

UNKNOWN = "\u2013"


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the list: what it was before, and what it is since; ``room`` is "" where there is none to lead to."""

    when: str
    room: str
    subject: str
    what: str
    was: str
    is_now: str
    why: str
    who: str


def said_text(said: Said, now_ts: float, timezone: str, language: Language) -> str:
    """``water leak · lou, 14:05 · until 18:00``, as far as there is a reason and an end."""
    when = language.when(said.at_ts, now_ts, timezone)
    parts = [said.reason, f"{author_name(said.author, language)}, {when}"]
    if said.until_ts is not None:
        parts.append(language.gettext("until %(time)s", time=language.when(said.until_ts, now_ts, timezone)))
    return " · ".join(part for part in parts if part)


def sheet_notes(sheet: RoomSheet, language: Language) -> dict[str, str]:
    """What somebody said of the room: by ``counted`` and ``closing``, "" where nothing is in force."""
    view = sheet.board

    def told(said: Said | None) -> str:
        return "" if said is None else said_text(said, view.now_ts, view.timezone, language)

    counted = sheet.counted
    text = ""
    if counted is not None:
        people = language.ngettext("%(num)s person counted", "%(num)s people counted", counted.value)
        text = f"{people} · {told(counted)}"
    return {"counted": text, "closing": told(sheet.closing)}


FIELDS = {
    "people": {"value", "reason"},
    "close": {"reason", "until"},
    "open": {"reason"},
    "out-of-order": {"subject", "reason"},
}
"""By form, the fields that it has."""


def is_beside_a_field(forms: CorrectionForms | None, sheet: RoomSheet) -> bool:
    """Whether what was wrong is told at a field: not where that form is none, or is not on the sheet any more."""
    if forms is None or forms.do == ("open" if sheet.closing is None else "close"):
        return False
    return forms.field in FIELDS.get(forms.do, ())


def trouble_of(forms: CorrectionForms | None, language: Language) -> str:
    """Why the last form was not taken; "" where it was, or none was sent."""
    if forms is None or not forms.trouble:
        return ""
    most = language.number(forms.most_people, 0)
    return {
        "number": language.gettext("Type a whole number from 0 to %(most)s.", most=most),
        "too-many": language.gettext("More than %(most)s people do not fit in this room.", most=most),
        "no-reason": language.gettext("Say why: others read it on the board."),
        "long": language.gettext("Shorten the reason to 200 characters."),
        "characters": language.gettext("The reason holds characters that cannot be shown."),
        "time": language.gettext("Type a day and a time, such as 2026-11-24T18:00."),
        "past": language.gettext("That time is past."),
        "far": language.gettext("Choose a time within a year."),
        "clock": language.gettext("Nothing can be corrected while the gateway does not know what time it is."),
        "store": language.gettext("It could not be stored: the health page says why. Nothing was changed."),
        "busy": language.gettext("The gateway is busy with its disk. Nothing was changed: try again."),
    }.get(forms.trouble, language.gettext("That is not there any more."))


def lines_of(view: CorrectionsView, language: Language) -> list[Line]:
    """The rows of the list."""
    return [_line(row, view, language) for row in view.rows]


def _line(row: CorrectionRow, view: CorrectionsView, language: Language) -> Line:
    name = language.named(dict(row.name)) if row.name else row.subject
    is_now = _value(row.kind, row.said.value, language)
    if row.said.until_ts is not None:
        until = language.gettext("until %(time)s", time=language.moment(row.said.until_ts, view.timezone))
        is_now = f"{is_now} {until}"
    return Line(
        when=language.moment(row.said.at_ts, view.timezone),
        room=row.room or "",
        subject=name,
        what=_what(row, language),
        was=_value(row.kind, row.was, language),
        is_now=is_now,
        why=row.said.reason,
        who=author_name(row.said.author, language),
    )


def _what(row: CorrectionRow, language: Language) -> str:
    if row.outlet is not None:
        return language.gettext("Outlet %(outlet)s", outlet=row.outlet)
    is_people = row.kind == "people"
    return language.pgettext("correction", "People") if is_people else language.pgettext("correction", "Opening")


def _value(kind: str, value: int | None, language: Language) -> str:
    if value is None:
        return UNKNOWN
    if kind == "people":
        return language.number(value, 0)
    if kind == "closed":
        return language.pgettext("correction", "closed") if value else language.pgettext("correction", "open")
    return language.pgettext("correction", "out of order") if value else language.pgettext("correction", "in order")
