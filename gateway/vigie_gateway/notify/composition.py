"""What leaves now as one message: the notices that are due for one recipient in, its items out. Pure.

Called through ``words`` by a notifier's thread when it may send. A notice that is not worth telling any more is dropped
with its reason; one whose alert began and ended while nobody could be told is told once, with both times.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.alert import Alert
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.notify.notices import Notice, Occasion
from vigie_gateway.notify.plan import GROUP_WAIT_S, SETTLE_S


@dataclass(frozen=True, slots=True)
class Item:
    """One alert in a message; ``occasion`` is why it is told, an alert that has ended is told with its end."""

    alert: Alert
    occasion: Occasion


@dataclass(frozen=True, slots=True)
class Content:
    """What becomes of notices: each of those that were due is in one of the two.

    Attributes:
        items: One for each alert, oldest first; empty when nothing is to be told.
        told: Numbers of the notices that the items tell.
        dropped: By its number, why a notice need not be told any more.
    """

    items: tuple[Item, ...]
    told: tuple[int, ...]
    dropped: Mapping[int, str] = field(default_factory=dict)


def content_of(
    due: Sequence[Notice],
    later: Sequence[Notice],
    alerts: Mapping[int, Alert],
    rules: Mapping[str, Rule],
    was_told: Callable[[int], bool],
    group_wait_s: float = GROUP_WAIT_S,
) -> Content:
    """Sort the notices of one recipient by one notifier.

    Args:
        due: To be told now, oldest first.
        later: What waits for its time: an end that belongs to what is told now goes with it.
        alerts: By number, as they are now; one that is not there is not known any more.
        rules: By id.
        was_told: Whether a message by the same notifier told the recipient that an alert fired.
        group_wait_s: What was over sooner than this is told to nobody.
    """
    items: list[Item] = []
    told: list[int] = []
    dropped: dict[int, str] = {}
    by_alert: dict[int, list[Notice]] = {}
    for notice in due:
        by_alert.setdefault(notice.alert or 0, []).append(notice)
    for number, notices in by_alert.items():
        alert = alerts.get(number)
        if alert is None:
            dropped |= {one.number: "unknown" for one in notices}
            continue
        rule = rules.get(alert.key.rule)
        severity = Severity.UNKNOWN if rule is None else rule.severity
        begins = [one for one in notices if one.occasion is not Occasion.RESOLVED]
        is_told = was_told(number)
        refused = {one.number: _why_not(one, alert, severity, group_wait_s, is_told=is_told) for one in begins}
        worth = [one for one in begins if not refused[one.number]]
        dropped |= {one: why for one, why in refused.items() if why}
        ends = [one for one in notices if one.occasion is Occasion.RESOLVED]
        if worth:
            items.append(Item(alert, worth[-1].occasion))
            if alert.ended_ts is not None:  # else it ended after it was read, and its end is told by itself
                ends += [one for one in later if one.alert == number and one.occasion is Occasion.RESOLVED]
            told += [one.number for one in (*worth, *ends)]
        elif ends and is_told:
            items.append(Item(alert, Occasion.RESOLVED))
            told += [one.number for one in ends]
        else:
            dropped |= {one.number: "never-told" for one in ends}
    return Content(tuple(items), tuple(told), dropped)


def _why_not(notice: Notice, alert: Alert, severity: Severity, group_wait_s: float, *, is_told: bool) -> str:
    """Why it need not be told that an alert fired; "" when it has to."""
    if is_told and notice.occasion is not Occasion.REMINDED:
        return "told-before"
    if alert.silence is not None:
        return "silenced"
    if alert.cause is not None:
        return "explained"
    is_late = notice.occasion is Occasion.ESCALATED
    if is_late and alert.acknowledged is not None:
        return "acknowledged"
    if alert.ended_ts is None:
        return ""
    # Put off on purpose, for the night or for whoever is first: what is over by then is told if it was an outage.
    is_put_off = notice.due_ts > notice.at_ts + group_wait_s + 1.0
    # Within its wait: of what settles after its cause that is longer than the group's.
    is_short = alert.ended_ts < notice.due_ts <= notice.at_ts + SETTLE_S + 1.0
    is_soon = alert.ended_ts - notice.at_ts < group_wait_s
    is_over = is_soon or is_short or (is_put_off and severity is not Severity.OUTAGE)
    return "over" if is_over or is_late else ""
