"""What the strip above the board shows: what is wrong now, with the alert that is about it, and what else fires.

Pure. Called by the board's ``view``, after ``find_warnings``. A warning is there at once; its alert follows when it has
lasted, and brings who has it in hand. What somebody silenced leaves the strip; ``/alerts`` shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.notices import WarningKind, WarningView

_SIGNALS: dict[WarningKind, frozenset[str]] = {
    WarningKind.NO_POWER: frozenset({"circuit-dead"}),
    WarningKind.INTERNET_DOWN: frozenset({"internet"}),
    WarningKind.PORTAL: frozenset({"internet"}),
    WarningKind.WIFI_DOWN: frozenset({"wifi"}),
    WarningKind.WIFI_SLOW: frozenset({"wifi"}),
    WarningKind.NOT_RECORDING: frozenset({"store"}),
    WarningKind.INCONSISTENT: frozenset({"people"}),
    WarningKind.SILENT: frozenset({"node-silent", "channel-silent"}),
    WarningKind.OLD: frozenset({"node-silent", "channel-silent"}),
}
"""What the alerts look at that can be about a warning of that kind."""


class Calm:
    """Since when the strip has been empty."""

    def __init__(self) -> None:
        self._is_empty = True
        self._since_ts: float | None = None

    def since(self, now_ts: float, *, is_empty: bool) -> float | None:
        """When the last line left it, by the first look without; None with one, or where there was none yet."""
        if is_empty and not self._is_empty:
            self._since_ts = now_ts
        self._is_empty = is_empty
        return self._since_ts if is_empty else None

    def move(self, step_s: float) -> None:
        """The clock was set."""
        self._since_ts = None if self._since_ts is None else self._since_ts + step_s


def joined(
    warnings: Iterable[WarningView], alerts: Sequence[AlertView]
) -> tuple[tuple[WarningView, ...], tuple[AlertView, ...]]:
    """The warnings with their alerts, and the alerts that no warning tells of; neither has what is silenced.

    Args:
        warnings: In the order of the strip.
        alerts: What fires, without what another one explains: that is in its ``dependants``. In the order of the strip.
    """
    shown: list[WarningView] = []
    told: set[int] = set()
    for warning in warnings:
        about = [one for one in alerts if _is_about(one, warning)]
        told |= {one.number for one in about}
        heard = [one for one in about if not one.is_silenced]
        if about and not heard and _covers(about, warning):
            continue
        shown.append(_marked(warning, heard))
    return tuple(shown), tuple(one for one in alerts if one.number not in told and not one.is_silenced)


def _covers(alerts: Sequence[AlertView], warning: WarningView) -> bool:
    """Whether they are about every room of it: of one that is not among them nothing is silenced."""
    rooms = {room for alert in alerts for one in (alert, *alert.dependants) for room in one.room_ids}
    return warning.kind is WarningKind.NO_POWER or rooms.issuperset(warning.rooms)


def _marked(warning: WarningView, alerts: Sequence[AlertView]) -> WarningView:
    """With the first alert that nobody has in hand; with the first of all where somebody has each of them."""
    if not alerts:
        return warning
    idle = [one for one in alerts if not one.taken_by]
    alert = (idle or alerts)[0]
    others = tuple(one.number for one in idle[1:])
    return replace(warning, alert=alert.number, others=others, taken_by=alert.taken_by, taken_ts=alert.taken_ts)


def _is_about(alert: AlertView, warning: WarningView) -> bool:
    """Whether the alert, or one that it explains, is about what the warning says."""
    return _is_same(alert, warning) or any(_is_about(one, warning) for one in alert.dependants)


def _is_same(alert: AlertView, warning: WarningView) -> bool:
    if alert.signal not in _SIGNALS[warning.kind]:
        return False
    if warning.kind is WarningKind.NO_POWER:
        return alert.subject in warning.circuits
    if not warning.rooms:
        return True
    return not set(alert.room_ids).isdisjoint(warning.rooms)
