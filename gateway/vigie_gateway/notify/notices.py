"""What waits to be told, and what is sent. Pure values, shared by all of ``notify``.

A **notice** is one thing to tell one recipient: this alert fired. Notices that wait for the same recipient leave
together as one **dispatch**: one message, with a key that stays the same however often it is tried.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Occasion(StrEnum):
    """Why somebody is told."""

    FIRED = "fired"
    RESOLVED = "resolved"
    ESCALATED = "escalated"
    """Nobody has acknowledged it for so long."""
    REMINDED = "reminded"
    """A silence on it has ended, and it still fires: told also to whom it was told before."""
    TEST = "test"
    """Somebody pressed "test"; about no alert."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one recipient.

    Attributes:
        number: Given by the outbox, rising; 0 before.
        recipient: Id of ``[[told]]``.
        notifier: By which of the recipient's notifiers.
        occasion: Why.
        alert: Number of the alert; None of a test.
        at_ts: When what it is about happened.
        due_ts: Not to be told before: grouping, quiet hours, escalation.
    """

    number: int
    recipient: str
    notifier: str
    occasion: Occasion
    alert: int | None
    at_ts: float
    due_ts: float


@dataclass(frozen=True, slots=True)
class Message:
    """What a notifier is given: text only, whatever the names in it are.

    Attributes:
        key: The same for every try of the same dispatch: 32 hexadecimal digits.
        title: One line, without line breaks or control characters.
        body: Lines.
        severity: The worst of what it tells: a word of ``vigie_dashboard.notices.Severity``, or ``ok`` where all of it
            is over.
        language: Of its text.
        alerts: Numbers of the alerts that it tells of.
        at_ts: When the oldest of what it tells happened.
    """

    key: str
    title: str
    body: str
    severity: str
    language: str
    alerts: tuple[int, ...]
    at_ts: float


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One message on its way.

    Attributes:
        key: Of its message.
        notifier: By which.
        recipient: To whom.
        notices: Numbers of the notices in it, oldest first.
        claimed_ts: When it was made.
        tries: How often it was tried.
        retry_ts: Not to be tried before.
    """

    key: str
    notifier: str
    recipient: str
    notices: tuple[int, ...]
    claimed_ts: float
    tries: int = 0
    retry_ts: float = 0.0


class NotifierError(Exception):
    """A message did not get through; one line for a person, without any secret.

    Attributes:
        is_permanent: Trying the same again cannot help until somebody changes the settings.
    """

    def __init__(self, text: str, *, is_permanent: bool = False) -> None:
        super().__init__(text)
        self.is_permanent = is_permanent
