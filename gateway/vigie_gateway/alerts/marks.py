"""What people say of an alert: "I'm on it", silence, a note; and what ends by itself. Pure.

Request threads call the verbs through ``watch.mark``; the alert thread calls ``lapse`` once a round. Nothing here
stops the measuring: a mark only changes who is told.

A silence ends at its time, with the alert, or by somebody's word. An alert that still fires then is UNSILENCED, and
whoever asked is told. "I'm on it" stays until the alert is over, or until it is released.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from vigie_gateway.alerts.alert import Acknowledgement, Alert, Change, Event, Silence, What
from vigie_gateway.alerts.signals import Subject

LONGEST_NOTE = 500
"""Characters of a note or reason. Shorter cuts an explanation off; longer is an essay in every message."""
LONGEST_SILENCE_S = 30 * 86_400.0
"""Longer is a rule that should be off; shorter does not last for the works of a month."""


class MarkError(Exception):
    """What was said of an alert cannot stand: nothing changes.

    Attributes:
        field: ``author``, ``reason``, ``note``, ``until_ts`` or ``alert``.
        reason: A word: ``missing``, ``too-long``, ``not-text``, ``past``, ``too-far``, ``closed`` or ``nothing``.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def acknowledge(alert: Alert, author: str, now_ts: float, note: str = "") -> Change:
    """Have somebody say "I'm on it"; of somebody else's alert it takes it over."""
    _check_open(alert)
    author, note = _text("author", author), _text("note", note, is_required=False)
    changed = replace(alert, acknowledged=Acknowledgement(author, now_ts, note))
    return _change(changed, What.ACKNOWLEDGED, now_ts, author, note)


def release(alert: Alert, author: str, now_ts: float) -> Change:
    """Nobody has it in hand any more."""
    _check_open(alert)
    if alert.acknowledged is None:
        raise MarkError("alert", "nothing")
    return _change(replace(alert, acknowledged=None), What.RELEASED, now_ts, _text("author", author))


def silence(alert: Alert, author: str, now_ts: float, reason: str, until_ts: float | None) -> Change:
    """Tell nobody.

    Args:
        alert: Open.
        author: Who says so.
        now_ts: Now.
        reason: Required.
        until_ts: When it ends, such as the end of today's opening hours; None: with the alert.
    """
    _check_open(alert)
    author, reason = _text("author", author), _text("reason", reason)
    if until_ts is not None and not until_ts > now_ts:
        raise MarkError("until_ts", "past")
    if until_ts is not None and until_ts - now_ts > LONGEST_SILENCE_S:
        raise MarkError("until_ts", "too-far")
    changed = replace(alert, silence=Silence(author, now_ts, reason, until_ts))
    return _change(changed, What.SILENCED, now_ts, author, reason)


def unsilence(alert: Alert, author: str, now_ts: float) -> Change:
    """End a silence before its time."""
    _check_open(alert)
    if alert.silence is None:
        raise MarkError("alert", "nothing")
    until_ts = max(alert.heard_until_ts or 0.0, alert.silence.until_ts or 0.0)
    heard = replace(alert, silence=None, heard_until_ts=until_ts or None)
    return _change(heard, What.UNSILENCED, now_ts, _text("author", author))


def note(alert: Alert, author: str, now_ts: float, text: str) -> Change:
    """A line in the course of the alert, also of one that is over."""
    return _change(alert, What.NOTED, now_ts, _text("author", author), _text("note", text))


@dataclass(frozen=True, slots=True)
class Works:
    """An event of a calendar that the site has for planned works.

    Attributes:
        name: The event's.
        calendar: The name of its calendar.
        begins_ts: Its begin.
        ends_ts: Its end; from then on nothing is silenced by it.
        rooms: Whose alerts it silences; None: of the whole place.
    """

    name: str
    calendar: str
    begins_ts: float
    ends_ts: float
    rooms: frozenset[str] | None = None


class RoomsOf(Protocol):
    """Asked for the rooms that a subject is about."""

    def __call__(self, subject: Subject) -> frozenset[str]:
        """Ids; empty for the whole place."""


def lapse(
    alerts: Iterable[Alert], now_ts: float, works: Sequence[Works] = (), rooms_of: RoomsOf | None = None
) -> list[Change]:
    """The marks that begin or end by themselves: silences whose time is over, and those of planned works.

    An alert that somebody silenced keeps that silence, and one whose silence somebody ended is not silenced again by
    works that are over by then. Given what came of it, a second call at the same time changes nothing.
    """
    changes = []
    for alert in alerts:
        if not alert.is_open:
            continue
        ended = alert.silence is not None and alert.silence.until_ts is not None and alert.silence.until_ts <= now_ts
        one = replace(alert, silence=None) if ended else alert
        planned = None if one.silence is not None else _works_of(one, now_ts, works, rooms_of)
        if planned is not None:
            quiet = Silence(planned.calendar, now_ts, planned.name, planned.ends_ts)
            changes.append(_change(replace(one, silence=quiet), What.SILENCED, now_ts, planned.calendar, planned.name))
        elif ended:
            changes.append(_change(one, What.UNSILENCED, now_ts, "", "time"))
    return changes


def _works_of(alert: Alert, now_ts: float, works: Sequence[Works], rooms_of: RoomsOf | None) -> Works | None:
    """Those under way that concern the alert; the ones that last longest."""
    heard_until_ts = alert.heard_until_ts or now_ts
    current = [one for one in works if one.begins_ts <= now_ts < one.ends_ts and one.ends_ts > heard_until_ts]
    if not current:
        return None
    rooms = frozenset() if rooms_of is None else rooms_of(alert.key.subject)
    # What is about the whole place is not silenced by works in one room.
    found = [one for one in current if one.rooms is None or (rooms and rooms <= one.rooms)]
    return max(found, key=lambda one: one.ends_ts, default=None)


def _check_open(alert: Alert) -> None:
    if not alert.is_open:
        raise MarkError("alert", "closed")


def _text(field: str, text: str, *, is_required: bool = True) -> str:
    text = text.strip()
    if is_required and not text:
        raise MarkError(field, "missing")
    if len(text) > LONGEST_NOTE:
        raise MarkError(field, "too-long")
    # A line break is a note's; anything else that cannot be seen has no business in a message.
    if not text.replace("\n", "").replace("\r", "").isprintable():
        raise MarkError(field, "not-text")
    return text


def _change(alert: Alert, what: What, now_ts: float, author: str, reason: str = "") -> Change:
    return Change(alert, (Event(0, alert.number, what, now_ts, author, reason),))
