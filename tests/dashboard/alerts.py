"""Alerts made by hand: those of the pictures, and others for the tests of what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.dashboard.places import NOW_TS, sample_view

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.language import NBSP, NNBSP
from vigie_dashboard.notices import Severity, WarningKind
from vigie_dashboard.view import BoardView


def plain(text: str) -> str:
    """With the spaces and apostrophes of a typewriter."""
    return text.replace(NBSP, " ").replace(NNBSP, " ").replace("\u2019", "'")


def alert(
    signal: str,
    rule: str = "",
    *,
    subject: str = "",
    name: str = "",
    rooms: tuple[str, ...] = (),
    figures: Mapping[str, float | str | None] | None = None,
    value: float | None = None,
    level: float | None = None,
    rule_name: Mapping[str, str] | None = None,
    severity: Severity = Severity.OUTAGE,
    number: int = 1,
) -> AlertView:
    """One that fires, of the rule that is called as its signal where none is given."""
    return AlertView(
        number=number,
        rule=rule or signal,
        signal=signal,
        severity=severity,
        subject_kind="",
        subject=subject or name,
        name={"fr": name, "en": name} if name else {},
        phase="firing",
        since_ts=NOW_TS - 600,
        rooms=tuple({"fr": room, "en": room} for room in rooms),
        figures=figures or {},
        value=value,
        level=level,
        rule_name=rule_name or {},
    )


DEAD = replace(
    alert("circuit-dead", subject="c4", name="C4", rooms=("Café",),
          figures={"outlets": 6.0, "room_outlets": 6.0, "power_w": 0.0}),
    since_ts=NOW_TS - 52 * 60, fault="power", taken_by="Accueil", taken_ts=NOW_TS - 40 * 60,
)  # fmt: skip
WIFI = alert(
    "wifi", "wifi-slow", subject="main-hall", name="Grande salle", rooms=("Grande salle",), severity=Severity.WARNING,
    figures={"reason": "too-many-stations", "stations": 41.0, "limit": 30.0, "latency_ms": 180.0}, number=2,
)  # fmt: skip
FULL = alert(
    "access-point-load", "access-point-full", name="Borne 1", rooms=("Grande salle",), severity=Severity.WARNING,
    figures={"stations": 41.0, "limit": 30.0, "latency_ms": 180.0}, number=3,
)  # fmt: skip
SILENT = replace(
    alert("node-silent", name="pi-mezzanine", rooms=("Mezzanine",), severity=Severity.UNKNOWN,
          figures={"battery_percent": 8.0, "rssi_dbm": -83.0}, number=4),
    since_ts=NOW_TS - 14 * 60, fault="battery",
)  # fmt: skip
DOOR = replace(
    alert("door-open", name="porte-fab-lab", rooms=("Fab-lab",), severity=Severity.WARNING, number=5),
    since_ts=NOW_TS - 185 * 60, is_silenced=True, silenced_by="Admin", silence_reason="travaux de peinture",
)  # fmt: skip
BATTERY = alert("battery", "battery-low", name="pi-atelier", rooms=("Atelier",), value=8.0, severity=Severity.WARNING,
                number=6)  # fmt: skip


def alerted_view() -> BoardView:
    """The board of the pictures with its alerts: the desk has the dead outlets in hand, nobody the Wi-Fi."""
    marks = {
        WarningKind.NO_POWER: (DEAD.number, DEAD.taken_by, DEAD.taken_ts),
        WarningKind.WIFI_SLOW: (WIFI.number, "", None),
    }
    view = sample_view()
    warnings = []
    for one in view.warnings:
        number, by, at_ts = marks.get(one.kind, (None, "", None))
        warnings.append(replace(one, alert=number, taken_by=by, taken_ts=at_ts))
    return replace(view, warnings=tuple(warnings), alerts=(replace(BATTERY, room_ids=("workshop",)),))
