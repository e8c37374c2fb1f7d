"""Alerts as plain values: what pages and messages tell, before it is put in words.

Filled by ``vigie_gateway.alerts``; put in words by ``alert_text``, for pages and for messages alike. Times are epoch
seconds; None always means unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vigie_dashboard.notices import Severity


@dataclass(frozen=True, slots=True)
class AlertView:
    """One alert.

    Attributes:
        number: Its own.
        rule: Id of its rule.
        signal: What the rule looks at, a word of the gateway's SIGNALS.
        severity: How bad.
        subject_kind: ``circuit``, ``room``, ``node``...
        subject: Its id.
        name: By language, what the place calls the subject; the id where it has no name.
        rooms: By language, the names of the rooms that it is about; empty for the whole place.
        room_ids: Their ids, in the same order.
        phase: ``pending``, ``firing``, ``resolved`` or ``dropped``.
        since_ts: When it began.
        fired_ts: When it fired; None before.
        ended_ts: When it ended; None before.
        value: Last known.
        worst: The worst of it.
        level: Of the rule.
        unknown_since_ts: Since when nothing is known of it; None while something is.
        figures: Of the signal: what the sentence may tell beside the value.
        fault: Where the fault lies, a word; "" where nothing tells.
        taken_by: Who has it in hand; "" for nobody.
        taken_ts: Since when.
        note: What they noted.
        is_silenced: Whether nobody is told.
        silenced_by: Who silenced it.
        silence_reason: Why.
        silenced_until_ts: Until when; None: until it is over.
        cause: Number of the alert that explains it; None for none.
        dependants: The alerts that it explains.
        rule_name: By language, the place's own name of the rule; empty for Vigie's words.
        tell: By language, what to tell visitors, the place's own words; empty for Vigie's.
        runbook: By language, what to do, a line a step.
    """

    number: int
    rule: str
    signal: str
    severity: Severity
    subject_kind: str
    subject: str
    name: Mapping[str, str]
    phase: str
    since_ts: float
    rooms: tuple[Mapping[str, str], ...] = ()
    room_ids: tuple[str, ...] = ()
    fired_ts: float | None = None
    ended_ts: float | None = None
    value: float | None = None
    worst: float | None = None
    level: float | None = None
    unknown_since_ts: float | None = None
    figures: Mapping[str, float | str | None] = field(default_factory=dict)
    fault: str = ""
    taken_by: str = ""
    taken_ts: float | None = None
    note: str = ""
    is_silenced: bool = False
    silenced_by: str = ""
    silence_reason: str = ""
    silenced_until_ts: float | None = None
    cause: int | None = None
    dependants: tuple[AlertView, ...] = ()
    rule_name: Mapping[str, str] = field(default_factory=dict)
    tell: Mapping[str, str] = field(default_factory=dict)
    runbook: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of an alert's course: a word of ``alerts.alert.What``, when, who, why, and what was measured."""

    what: str
    at_ts: float
    author: str = ""
    reason: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class ToldView:
    """One way in which somebody is told.

    Attributes:
        recipient: Id of ``[[told]]``.
        name: By language, what they are called.
        notifier: Id of the notifier.
        means: What kind of notifier it is, a word (``mail``, ``lamp``, ...).
        least: The mildest severity that they are told of, a word of Severity.
        is_out_of_hours: Whether they are also told of it while the place is closed.
        lets_outages: Whether of outages they are told then all the same.
        last_ts: When the last message to them got through, or did not; None when there was none.
        is_last_sent: Whether it got through; None when there was none, or it is not known yet.
        error: Why it did not; one line without any secret; "" where it did.
        is_test: Whether it was a test.
        waiting: How many notices wait for them by it.
        is_here: Whether this machine has such a notifier; where it has not, nobody is told by it.
        rules: Ids of the rules that they asked for; None for any.
        rule_names: By id and language, what the place calls these; empty for Vigie's words.
        rooms: By language, the names of the rooms that they asked for; empty for any.
        after_s: They are told only of what nobody has acknowledged for so long.
    """

    recipient: str
    name: Mapping[str, str]
    notifier: str
    means: str
    least: Severity
    is_out_of_hours: bool = True
    lets_outages: bool = True
    last_ts: float | None = None
    is_last_sent: bool | None = None
    error: str = ""
    is_test: bool = False
    waiting: int = 0
    is_here: bool = True
    rules: tuple[str, ...] | None = None
    rule_names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rooms: tuple[Mapping[str, str], ...] = ()
    after_s: float = 0.0
