"""What a room's sheet says. Called by ``pages``; pure: a sheet in, rows of strings out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vigie_contract.quantities import QUANTITIES
from vigie_dashboard.correction_text import said_text, sheet_notes
from vigie_dashboard.history import UNITS
from vigie_dashboard.language import NBSP, Language
from vigie_dashboard.quantity_names import quantity_name
from vigie_dashboard.rooms_text import UNKNOWN, wifi_reasons, wifi_words, words_of
from vigie_dashboard.session_check_text import note_of
from vigie_dashboard.sessions_text import rows_of
from vigie_dashboard.sheet_view import Heard, OutletState, RoomSheet, SensorRow
from vigie_dashboard.unknown_words import unknown_words
from vigie_dashboard.view import BoardView, RoomState
from vigie_dashboard.warnings_text import alerts_word, warning_rows

SHAPES = {
    OutletState.FREE: "ok",
    OutletState.IN_USE: "",
    OutletState.NO_POWER: "crit",
    OutletState.OUT_OF_ORDER: "warn",
    OutletState.UNKNOWN: "unk",
}
"""By the state of an outlet: the shape beside its word."""
HEARD_SHAPES = {Heard.FRESH: "ok", Heard.OLD: "unk", Heard.SILENT: "unk", Heard.NEVER: "unk"}
YES_OR_NO = frozenset({"in_use", "occupied", "mains", "power_save", "closed", "out_of_order", "open"})
"""Quantities whose number is a yes or a no."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: ``shape`` is the icon of its state."""

    name: str
    shape: str
    word: str
    cells: tuple[str, ...]


def values_of(
    sheet: RoomSheet, language: Language, carried: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Everything that the template shows; ``carried`` are language and theme, which links keep."""
    view, room = sheet.board, sheet.room
    words = words_of(room, view, language)
    numbers = {number for number, one in enumerate(view.sessions) if one.room == room.id and one.ends_ts > view.now_ts}
    return {
        "room": room,
        "name": language.named(room.name),
        "notes": sheet_notes(sheet, language),
        "usable": [row.id for row in sheet.outlets if row.defect is None],
        "broken": [
            (row.id, said_text(row.defect, view.now_ts, view.timezone, language))
            for row in sheet.outlets
            if row.defect is not None
        ],
        "site": language.named(view.site_name),
        "state": words.label,
        "is_measured": room.state not in {RoomState.SILENT, RoomState.NO_SENSOR, RoomState.OLD, RoomState.INCONSISTENT},
        "confirmed": _heard(room.at_ts, view, language),
        "as_of": language.gettext("As of %(time)s", time=language.time(view.now_ts, view.timezone))
        if view.is_time_known
        else "",
        "alerts": alerts_word(view.current, language),
        "warnings": warning_rows(view, room.id, language),
        "sessions": [
            (row, note_of(view.sessions[row.number], view.now_ts, view.timezone, language, carried))
            for row in rows_of(view, language)
            if row.number in numbers
        ],
        "wifi": _wifi(sheet, language),
        "outlets": [
            Row(
                row.id,
                SHAPES[row.state],
                outlet_words(language)[row.state]
                + ("" if row.defect is None or not row.defect.reason else f" · {row.defect.reason}"),
                (
                    language.named(row.circuit),
                    UNKNOWN if row.power_va is None else f"{language.number(row.power_va, 0)}{NBSP}VA",
                    _heard(row.at_ts, view, language),
                ),
            )
            for row in sheet.outlets
        ],
        "access_points": [
            Row(
                language.named(row.name),
                "warn" if row.stations is not None and row.stations > row.limit else "",
                UNKNOWN if row.stations is None else language.number(row.stations, 0),
                (
                    language.number(row.limit, 0),
                    UNKNOWN if row.utilisation is None else f"{language.number(100 * row.utilisation, 0)}{NBSP}%",
                ),
            )
            for row in sheet.access_points
        ],
        "sensors": [
            Row(
                row.channel,
                HEARD_SHAPES[row.heard],
                heard_words(language)[row.heard],
                (
                    "" if row.quantity is None else quantity_name(row.quantity, language),
                    _value(row, language),
                    _heard(row.at_ts, view, language)
                    + ("" if row.is_node_online else " · " + language.gettext("node offline")),
                ),
            )
            for row in sheet.sensors
        ],
    }


def outlet_words(language: Language) -> dict[OutletState, str]:
    """One word for each state."""
    return {
        OutletState.FREE: language.pgettext("outlet", "Free"),
        OutletState.IN_USE: language.pgettext("outlet", "In use"),
        OutletState.NO_POWER: language.pgettext("outlet", "No power"),
        OutletState.OUT_OF_ORDER: language.pgettext("outlet", "Out of order"),
        OutletState.UNKNOWN: language.pgettext("outlet", "Not measured"),
    }


def heard_words(language: Language) -> dict[Heard, str]:
    """One word for each."""
    return {
        Heard.FRESH: language.pgettext("sensor", "Fresh"),
        Heard.OLD: language.pgettext("sensor", "Old"),
        Heard.SILENT: language.pgettext("sensor", "Silent"),
        Heard.NEVER: language.pgettext("sensor", "Never heard"),
    }


def _heard(at_ts: float | None, view: BoardView, language: Language) -> str:
    if at_ts is None:
        return UNKNOWN
    if not view.is_time_known:
        return language.ago(view.now_ts - at_ts)
    return language.when(at_ts, view.now_ts, view.timezone)


def _value(row: SensorRow, language: Language) -> str:
    if row.word is not None:
        return row.word
    if row.value is None:
        return UNKNOWN if row.reason is None else unknown_words(language).get(row.reason, row.reason)
    if row.quantity in YES_OR_NO:
        return language.gettext("yes") if row.value else language.gettext("no")
    unit = QUANTITIES[row.quantity].unit if row.quantity in QUANTITIES else ""
    factor, shown, digits = UNITS.get(unit, (1.0, unit, 1))
    if unit in {"VA", "W"} and abs(row.value) < 1_000:  # noqa: PLR2004 - a kVA: an outlet's power is told as above
        factor, shown, digits = 1.0, unit, 0
    number = language.number(row.value * factor, digits)
    return f"{number}{NBSP}{shown}" if shown else number


def _wifi(sheet: RoomSheet, language: Language) -> tuple[str, str, str] | None:
    """Shape, word and why; None where nothing tells of the room's Wi-Fi."""
    wifi = sheet.room.wifi
    if wifi is None:
        return None
    why = wifi_reasons(language).get(wifi.reason or "", "")
    if wifi.fit is None:
        return "unk", language.gettext("No reading"), why
    shape = {"video": "ok", "web": "ok", "slow": "warn", "down": "crit"}[wifi.fit]
    score = "" if wifi.score is None else language.gettext("%(score)s of 100 for a video call", score=round(wifi.score))
    return shape, wifi_words(language)[wifi.fit], " · ".join(part for part in (why, score) if part)
