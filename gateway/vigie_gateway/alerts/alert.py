"""An alert from its first sign to its end, and what happened to it. Pure values, shared by all of ``alerts``.

One alert is one episode of one rule about one subject: pending, then firing, then resolved; or pending and dropped. Who
has it in hand and what is silenced are marks on it. All times are epoch seconds of the gateway's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from vigie_gateway.alerts.signals import Subject


class AlertKey(NamedTuple):
    """What there is at most one open alert of."""

    rule: str
    subject: Subject


class Phase(StrEnum):
    """Where an alert stands; the first two are open."""

    PENDING = "pending"
    """It is wrong, and not for long enough."""
    FIRING = "firing"
    RESOLVED = "resolved"
    DROPPED = "dropped"
    """It was well again before it fired: nobody was told."""


OPEN = frozenset({Phase.PENDING, Phase.FIRING})


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who said "I'm on it", when, and what they noted."""

    author: str
    at_ts: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nobody is told; it is measured, stored and shown as before.

    Attributes:
        author: Who silenced it; the name of a calendar for planned works.
        at_ts: When.
        reason: Never empty.
        until_ts: When it ends; None: with the alert. It ends with the alert in any case.
    """

    author: str
    at_ts: float
    reason: str
    until_ts: float | None


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode.

    Attributes:
        number: Given by the book, rising; 0 before.
        key: Its rule and subject.
        phase: Where it stands.
        since_ts: When it began to be wrong, by the readings where they tell.
        fired_ts: When it began to fire; None while it has not.
        ended_ts: When it was resolved or dropped; None while it is open.
        value: The last known value.
        worst: The worst of its known values.
        at_ts: When ``value`` was measured.
        unknown_since_ts: Since when nothing is known of it; None while something is.
        unknown_s: For how long, while it was pending, nothing was known of it, it was eased, or its silence was not yet
            seen as one: time that does not count.
        is_lost: Whether it was said (``What.LOST``) that nothing is known of it.
        eased_since_ts: While it is pending: since when it has been neither wrong nor well; None otherwise.
        well_since_ts: Since when it has been well again, while ``keep_firing_s`` runs; None otherwise. Moved on by the
            time in which nothing was known.
        seen_ts: When the engine last had it written down: a restart tells from it for how long nobody looked.
        figures: Of the signal, as it last was wrong.
        cause: Number of the alert that explains this one: that one is told, and names this one; None for none.
        acknowledged: Who has it in hand; None for nobody.
        silence: None when it is not silenced.
        heard_until_ts: Up to when planned works do not silence it, because somebody ended a silence of that end.
        fault: Where the fault lies: a word of ``faults.FAULTS``; "" where nothing tells.
    """

    number: int
    key: AlertKey
    phase: Phase
    since_ts: float
    fired_ts: float | None = None
    ended_ts: float | None = None
    value: float | None = None
    worst: float | None = None
    at_ts: float | None = None
    unknown_since_ts: float | None = None
    unknown_s: float = 0.0
    is_lost: bool = False
    eased_since_ts: float | None = None
    well_since_ts: float | None = None
    seen_ts: float | None = None
    figures: Mapping[str, float | str | None] = field(default_factory=dict)
    cause: int | None = None
    acknowledged: Acknowledgement | None = None
    silence: Silence | None = None
    heard_until_ts: float | None = None
    fault: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it is pending or firing."""
        return self.phase in OPEN


class What(StrEnum):
    """What can happen to an alert: a transition of its phase, or a mark."""

    BEGAN = "began"
    FIRED = "fired"
    DROPPED = "dropped"
    RESOLVED = "resolved"
    LOST = "lost"
    """Nothing is known of it any more; it stays as it was."""
    FOUND = "found"
    """Something is known of it again."""
    EXPLAINED = "explained"
    """Another alert is its cause."""
    UNEXPLAINED = "unexplained"
    ACKNOWLEDGED = "acknowledged"
    RELEASED = "released"
    SILENCED = "silenced"
    UNSILENCED = "unsilenced"
    NOTED = "noted"
    TOLD = "told"
    """A message about it got through."""
    NOT_TOLD = "not-told"
    """A message about it did not, and the reason says why."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to an alert: a line of its course, never changed.

    Attributes:
        number: Given by the book, rising over all alerts; 0 before.
        alert: The alert's number.
        what: What happened.
        at_ts: When.
        author: Who did it; "" for the gateway.
        reason: Why, in a word or in a person's own; may be empty.
        value: What was measured then; None where it is not about that.
    """

    number: int
    alert: int
    what: What
    at_ts: float
    author: str = ""
    reason: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One step of one alert: how it is now, and what happened. ``alert.number`` is 0 for one that began now."""

    alert: Alert
    events: tuple[Event, ...]
