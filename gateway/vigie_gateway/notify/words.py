"""The words for what is due: a recipient's notices in, one message out. Called by the notifiers' threads.

Joins what ``composition`` says is worth telling with the place's names and the dashboard's sentences. Reads the book
and the outbox; keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from vigie_dashboard.alert_message import Letter, Sender, Told, letter_of, letter_of_test
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.language import language_of
from vigie_gateway.alerts.alert import Alert
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.notify.composition import content_of
from vigie_gateway.notify.notices import Message, Notice
from vigie_gateway.notify.plan import GROUP_WAIT_S
from vigie_gateway.notify.recipients import Recipient


class Past(Protocol):
    """What is asked of ``outbox.Outbox``."""

    def later(self, recipient: str, notifier: str, now_ts: float) -> Sequence[Notice]:
        """What waits and is not due yet."""

    def was_told(self, recipient: str, notifier: str, alert: int) -> bool:
        """Whether a message on its way, or one that got through, says that the alert fired."""


@dataclass(frozen=True, slots=True)
class Composition:
    """What becomes of some notices; see ``composition.Content``."""

    message: Message | None
    told: tuple[int, ...]
    dropped: tuple[int, ...]


class Words:
    """Composes messages. Any thread.

    Args:
        recipients: By id.
        rules: By id.
        alert: The alert of a number; None where it is not known any more.
        view: It in the place's words, with what it explains.
        past: What was told before.
        sender: From where, in a language.
        group_wait_s: What was over sooner is told to nobody.
    """

    def __init__(
        self,
        recipients: Mapping[str, Recipient],
        rules: Mapping[str, Rule],
        alert: Callable[[int], Alert | None],
        view: Callable[[Alert], AlertView],
        past: Past,
        sender: Callable[[str], Sender],
        group_wait_s: float = GROUP_WAIT_S,
    ) -> None:
        self._recipients = recipients
        self._rules = rules
        self._alert = alert
        self._view = view
        self._past = past
        self._sender = sender
        self._group_wait_s = group_wait_s

    def compose(self, recipient: str, due: Sequence[Notice], now_ts: float) -> Composition:
        """One message for notices of one recipient by one notifier; at least one notice."""
        notifier = due[0].notifier
        numbers = {one.alert for one in due if one.alert is not None}
        alerts = {number: found for number in numbers if (found := self._alert(number)) is not None}
        content = content_of(
            due,
            self._past.later(recipient, notifier, now_ts),
            alerts,
            self._rules,
            lambda alert: self._past.was_told(recipient, notifier, alert),
            self._group_wait_s,
        )
        dropped = tuple(content.dropped)
        if not content.items:
            return Composition(None, (), dropped)
        told = [Told(self._view(item.alert), str(item.occasion)) for item in content.items]
        code = self._language(recipient)
        letter = letter_of(told, self._sender(code), now_ts, language_of(code))
        at_ts = min(one.view.since_ts for one in told)
        message = _message(letter, code, tuple(item.alert.number for item in content.items), at_ts)
        return Composition(message, content.told, dropped)

    def test(self, recipient: str, author: str, now_ts: float) -> Message:
        """What the "test" button sends to somebody."""
        code = self._language(recipient)
        return _message(letter_of_test(author, self._sender(code), language_of(code)), code, (), now_ts)

    def _language(self, recipient: str) -> str:
        found = self._recipients.get(recipient)
        return "fr" if found is None else found.language


def _message(letter: Letter, code: str, alerts: tuple[int, ...], at_ts: float) -> Message:
    """Without a key: the outbox gives it one when it is claimed."""
    return Message("", letter.title, letter.body, letter.severity, code, alerts, at_ts)
