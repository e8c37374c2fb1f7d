"""Whom to tell of what changed, and when: changes of alerts in, notices out. Pure.

Called by the alert thread's ``watch`` before it writes: a change and its notices are one transaction. Whether a notice
is still worth telling when its time comes is for ``composition`` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from vigie_gateway.alerts.alert import Alert, Change, Event, Phase, What
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Subject
from vigie_gateway.notify.notices import Notice, Occasion
from vigie_gateway.notify.quiet import QuietHours
from vigie_gateway.notify.recipients import Recipient

GROUP_WAIT_S = 10.0
"""From a transition to its message: what else happens meanwhile is in it. Lower sends a message for each device of a
breaker; higher tells of an outage late."""
SETTLE_S = 120.0
"""The same for an alert whose cause is over while it still fires: after a cut, nodes take a minute or two to be back.
Lower tells of each of them; higher tells late of one that stays away."""

_FIRES = frozenset({What.FIRED, What.UNSILENCED, What.UNEXPLAINED})


@dataclass(frozen=True, slots=True)
class Plan:
    """What notices depend on beside the changes.

    Attributes:
        recipients: In the order of the site file.
        rules: By id; of an alert whose rule is gone nobody is told.
        rooms_of: Ids of the rooms that a subject is about; empty for the whole place.
        quiet: When somebody may be told.
        group_wait_s: From a transition to its message.
    """

    recipients: Sequence[Recipient]
    rules: Mapping[str, Rule]
    rooms_of: Callable[[Subject], Collection[str]]
    quiet: QuietHours
    group_wait_s: float = GROUP_WAIT_S

    def notices_of(self, changes: Sequence[Change], alerts: Sequence[Alert], now_ts: float) -> list[Notice]:
        """Whom to tell of changes, in their order.

        Args:
            changes: As they are about to be written.
            alerts: All that are open after them: an alert that fires and is explained in one round is not told.
            now_ts: From when on the group waits.
        """
        now = {alert.number: alert for alert in alerts}
        notices: list[Notice] = []
        for change in changes:
            alert = now.get(change.alert.number, change.alert)
            for event in change.events:
                notices += self._of_event(event, alert, now_ts)
        return notices

    def calls(self, notifier: str, alerts: Sequence[Alert], heard_at_ts: float | None = None) -> bool:
        """Whether something fires that nobody has in hand, and of which somebody wants to be told by that notifier.

        ``heard_at_ts`` is of one that is heard, the time: who has quiet hours then is not told by it.
        """
        return any(
            recipient.wants(rule.id, rule.severity, self.rooms_of(alert.key.subject))
            and (heard_at_ts is None or self.quiet.told_from(recipient, rule.severity, heard_at_ts) <= heard_at_ts)
            for alert in alerts
            if _is_to_be_told(alert) and alert.acknowledged is None and (rule := self.rules.get(alert.key.rule))
            for recipient in self.recipients
            if notifier in recipient.notifiers
        )

    def _of_event(self, event: Event, alert: Alert, now_ts: float) -> Iterator[Notice]:
        rule = self.rules.get(alert.key.rule)
        if rule is None:
            return
        if event.what in _FIRES and _is_to_be_told(alert):
            wait_s = SETTLE_S if event.what is What.UNEXPLAINED else self.group_wait_s
            due_ts = now_ts + max(wait_s, self.group_wait_s)
            occasion = Occasion.REMINDED if event.what is What.UNSILENCED else Occasion.FIRED
            yield from self._to_each(alert, rule, event, occasion, due_ts, self.recipients)
        elif event.what is What.RELEASED and _is_to_be_told(alert):
            # Whoever had it in hand has not any more: those who wait for that begin to wait anew.
            late = [one for one in self.recipients if one.after_s > 0]
            yield from self._to_each(alert, rule, event, Occasion.ESCALATED, now_ts + self.group_wait_s, late)
        elif event.what is What.RESOLVED and alert.fired_ts is not None:
            yield from self._to_each(alert, rule, event, Occasion.RESOLVED, now_ts + self.group_wait_s, self.recipients)

    def _to_each(
        self,
        alert: Alert,
        rule: Rule,
        event: Event,
        occasion: Occasion,
        from_ts: float,
        recipients: Iterable[Recipient],
    ) -> Iterator[Notice]:
        rooms = self.rooms_of(alert.key.subject)
        for recipient in recipients:
            if not recipient.wants(rule.id, rule.severity, rooms):
                continue
            is_over = occasion is Occasion.RESOLVED
            if is_over and not recipient.wants_resolved:
                continue
            is_late = recipient.after_s > 0 and not is_over
            # An escalation waits for its time, however short the group's.
            at_ts = max(from_ts, event.at_ts + recipient.after_s) if is_late else from_ts
            due_ts = self.quiet.told_from(recipient, rule.severity, at_ts)
            for notifier in recipient.notifiers:
                yield Notice(
                    0, recipient.id, notifier, Occasion.ESCALATED if is_late else occasion, alert.number, event.at_ts,
                    due_ts,
                )  # fmt: skip


def _is_to_be_told(alert: Alert) -> bool:
    return alert.phase is Phase.FIRING and alert.silence is None and alert.cause is None
