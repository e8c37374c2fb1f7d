"""What pages and programs see of alerts: an alert joined with its rule and the names of the place. Pure.

Called by ``desk``, which handlers of ``api`` ask on worker threads.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vigie_dashboard.alert_view import AlertView, EventView
from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.alert import Alert, Event
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.rules import Rule


class MarkError(Exception):
    """What somebody did with an alert is not taken.

    Attributes:
        kind: ``unknown`` (no such alert, or no such recipient and notifier), ``over`` (it is not open), ``taken``
            (somebody else has it in hand), ``reason`` (it needs some words), ``long`` (too many of them), ``text``
            (something in them is none), ``until`` (not after now, or too far), ``soon`` (it was tested just now),
            ``store`` (it cannot be written).
        author: Of ``taken``: who has it; else "".
    """

    def __init__(self, kind: str, text: str, author: str = "") -> None:
        super().__init__(text)
        self.kind = kind
        self.author = author


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """One alert and what happened to it, oldest first."""

    view: AlertView
    course: tuple[EventView, ...]


def view_of(alert: Alert, rule: Rule | None, naming: Naming, dependants: Iterable[AlertView] = ()) -> AlertView:
    """An alert in the place's own words.

    Args:
        alert: As the book has it.
        rule: Its rule; None where the place has none of that name any more.
        naming: Of the place.
        dependants: What it explains.
    """
    taken, silence = alert.acknowledged, alert.silence
    return AlertView(
        number=alert.number,
        rule=alert.key.rule,
        signal=alert.key.rule if rule is None else rule.signal,
        severity=Severity.UNKNOWN if rule is None else rule.severity,
        subject_kind=str(alert.key.subject.kind),
        subject=alert.key.subject.id,
        name=naming.name(alert.key.subject),
        phase=str(alert.phase),
        since_ts=alert.since_ts,
        rooms=naming.rooms(alert.key.subject),
        room_ids=naming.room_ids(alert.key.subject),
        fired_ts=alert.fired_ts,
        ended_ts=alert.ended_ts,
        value=alert.value,
        worst=alert.worst,
        level=None if rule is None else rule.level,
        unknown_since_ts=alert.unknown_since_ts,
        figures=alert.figures,
        fault=alert.fault,
        taken_by="" if taken is None else taken.author,
        taken_ts=None if taken is None else taken.at_ts,
        note="" if taken is None else taken.note,
        is_silenced=silence is not None,
        silenced_by="" if silence is None else silence.author,
        silence_reason="" if silence is None else silence.reason,
        silenced_until_ts=None if silence is None else silence.until_ts,
        cause=alert.cause,
        dependants=tuple(dependants),
        rule_name={} if rule is None else rule.name,
        tell={} if rule is None else rule.tell,
        runbook={} if rule is None else rule.runbook,
    )


def course_of(events: Sequence[Event]) -> tuple[EventView, ...]:
    """What happened to an alert, in the same order."""
    return tuple(EventView(str(one.what), one.at_ts, one.author, one.reason, one.value) for one in events)
