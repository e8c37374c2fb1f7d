"""One rule and one signal: what becomes of the alert about it, and why. The pure core of ``engine``.

Called by the engine, on the alert thread and on the thread that tries a rule on history. Time counts only while it is
looked at: ``for_s`` while the value is beyond the level, ``keep_firing_s`` while it is well.
"""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum

from vigie_gateway.alerts.alert import Alert, AlertKey, Change, Event, Phase, What
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import SIGNALS, Signal, Subject
from vigie_gateway.place.hours import OpeningWatch

ABSENT = "absent:"
"""Before the name of a signal: for how many seconds that one has not been known."""
LOST_GRACE_S = 300.0
"""For how long nothing is known before an alert's course says so. Lower fills it with every lost packet of a bad link;
higher leaves its reader believing an old value. The time itself is on the alert from its first second."""
OUTAGE_S = 300.0
"""For how long the gateway may have been off for the time to count as looked at, if what was wrong before is wrong
after. Lower starts a ``for`` anew at every update and restart; higher fires for what may have been well in between."""
SEEN_S = 60.0
"""How often an alert is written down while its time counts, that a restart may go on from there. Lower writes to the
card without need; it must stay well below OUTAGE_S, of which it takes its share."""
SEEN_FIRING_S = 600.0
"""The same for one that fires: all that a restart could lose is the worst value since. Lower writes without need."""


class Reason(StrEnum):
    """Why an alert changed, where the signal does not say it."""

    ABOVE = "above"
    BELOW = "below"
    WELL = "well"
    HOURS = "hours"
    """Its rule does not hold in these hours."""
    RULE_GONE = "rule-gone"
    RULE_OFF = "rule-off"
    SUBJECT_GONE = "subject-gone"
    """The place has it no longer."""


def is_about(rule: Rule, subject: Subject) -> bool:
    """Whether a rule judges a subject."""
    kind = SIGNALS[rule.signal.removeprefix(ABSENT)].subject
    return subject.kind is kind and (rule.subjects is None or subject in rule.subjects)


def hours_now(opening: OpeningWatch | None, now_ts: float, *, is_time_known: bool) -> bool | None:
    """Whether a place is open, to its rules; None for one that has no hours.

    While the time is not known it counts as open: a door that stands open is no alarm then, and what matters to people
    who are in is watched.
    """
    if opening is None:
        return None
    return opening.at(now_ts).is_open if is_time_known else True


def is_in_hours(rule: Rule, is_open: bool | None) -> bool:
    """Whether a rule holds now; ``is_open`` as of ``hours_now``."""
    return rule.when is When.ALWAYS or is_open is None or is_open is (rule.when is When.OPEN)


def known_value(signal: Signal) -> float | None:
    """The value, if it is one: what is no finite number is not known."""
    return None if signal.value is None or not math.isfinite(signal.value) else signal.value


def judge(rule: Rule, alert: Alert | None, signal: Signal, is_in_hours: bool, now_ts: float) -> Change | None:
    """One look at one signal by one rule.

    Args:
        rule: That is about the signal's subject.
        alert: The open one of that rule and subject; None where there is none.
        signal: Of the rule's name.
        is_in_hours: Whether the rule holds now.
        now_ts: By the gateway's clock, not before the last look.

    Returns:
        None when nothing changed but the value (see ``refreshed``). A change without events is a timer that was
        started, stopped or moved on.
    """
    value = known_value(signal)
    if alert is None:
        is_new = value is not None and is_in_hours and rule.is_wrong(value)
        return _begun(rule, signal, now_ts) if is_new else None
    fresh = refreshed(rule, alert, signal)
    if not is_in_hours and (fresh.phase is Phase.PENDING or rule.when is When.CLOSED):
        return ended(fresh, Reason.HOURS, now_ts, value)
    if value is None:
        return _not_known(fresh, signal, now_ts)
    found, events = _known_again(fresh, now_ts, value)
    looked = _pending if found.phase is Phase.PENDING else _firing
    after, event = looked(rule, found, signal, value, now_ts)
    if event is not None:
        events = (*events, event)
    return None if after is fresh and not events else Change(after, events)


def refreshed(rule: Rule, alert: Alert, signal: Signal) -> Alert:
    """The alert with what the signal measured; as it was where that is not known."""
    value = known_value(signal)
    if value is None:
        return alert
    return replace(
        alert,
        value=value,
        worst=worse(rule, alert.worst, value),
        at_ts=signal.at_ts,
        figures=signal.figures if rule.is_wrong(value) else alert.figures,
    )


def dated(rule: Rule, alert: Alert, signal: Signal) -> Alert:
    """The alert from when its signal now says that it began, where that is earlier: the store, or a late node, knew."""
    since_ts, value = signal.since_ts, known_value(signal)
    is_earlier = since_ts is not None and since_ts < alert.since_ts
    if since_ts is None or value is None or not is_earlier or rule.when is not When.ALWAYS or not rule.is_wrong(value):
        return alert
    return replace(alert, since_ts=since_ts)


def worse(rule: Rule, worst: float | None, value: float) -> float:
    """The worse of two values, to the rule."""
    if worst is None:
        return value
    return max(worst, value) if rule.is_above else min(worst, value)


def ended(alert: Alert, reason: Reason, now_ts: float, value: float | None = None) -> Change:
    """The end of an open alert."""
    is_firing = alert.phase is Phase.FIRING
    after = replace(alert, phase=Phase.RESOLVED if is_firing else Phase.DROPPED, ended_ts=now_ts, seen_ts=now_ts)
    return Change(after, (_event(after, What.RESOLVED if is_firing else What.DROPPED, now_ts, reason, value),))


def resumed(alert: Alert, now_ts: float) -> Alert:
    """An open alert after the gateway was off: a time too long to be bridged is one in which nothing was known."""
    if alert.unknown_since_ts is not None:
        return alert
    seen_ts = alert.seen_ts
    if seen_ts is None:
        seen_ts = max(ts for ts in (alert.since_ts, alert.fired_ts, alert.at_ts) if ts is not None)
    return _unseen(alert, seen_ts) if now_ts - seen_ts > OUTAGE_S else alert


def moved(alert: Alert, step_s: float) -> Alert:
    """The alert after the gateway's clock was set: as old as it was."""

    def after(at_ts: float | None) -> float | None:
        return None if at_ts is None else at_ts + step_s

    said, silence = alert.acknowledged, alert.silence
    return replace(
        alert,
        since_ts=alert.since_ts + step_s,
        fired_ts=after(alert.fired_ts),
        ended_ts=after(alert.ended_ts),
        at_ts=after(alert.at_ts),
        unknown_since_ts=after(alert.unknown_since_ts),
        eased_since_ts=after(alert.eased_since_ts),
        well_since_ts=after(alert.well_since_ts),
        seen_ts=after(alert.seen_ts),
        heard_until_ts=after(alert.heard_until_ts),
        acknowledged=None if said is None else replace(said, at_ts=said.at_ts + step_s),
        silence=None
        if silence is None
        else replace(silence, at_ts=silence.at_ts + step_s, until_ts=after(silence.until_ts)),
    )


def due_ts(rule: Rule, alert: Alert) -> float:
    """When a signal that stays as it is would change the alert; infinite for never."""
    if alert.unknown_since_ts is not None:
        return math.inf if alert.is_lost else alert.unknown_since_ts + LOST_GRACE_S
    if alert.phase is Phase.PENDING:
        return math.inf if alert.eased_since_ts is not None else _fires_ts(rule, alert)
    return math.inf if alert.well_since_ts is None else alert.well_since_ts + rule.keep_firing_s


def write_ts(alert: Alert) -> float:
    """When an alert is to be written down again though nothing happened to it."""
    is_counting = alert.phase is Phase.PENDING or alert.well_since_ts is not None
    return (alert.seen_ts or 0.0) + (SEEN_S if is_counting else SEEN_FIRING_S)


def _begun(rule: Rule, signal: Signal, now_ts: float) -> Change:
    # Of certain hours only the time within them counts: a door may well have stood open all afternoon.
    is_dated = signal.since_ts is not None and rule.when is When.ALWAYS
    since_ts = min(signal.since_ts, now_ts) if is_dated and signal.since_ts is not None else now_ts
    shown_ts = since_ts if signal.heard_ts is None else min(signal.heard_ts, since_ts)
    begun = Alert(0, AlertKey(rule.id, signal.subject), Phase.PENDING, shown_ts, unknown_s=since_ts - shown_ts)
    alert = refreshed(rule, begun, signal)
    events = (_event(alert, What.BEGAN, shown_ts, _beyond(rule), alert.value),)
    if now_ts < _fires_ts(rule, alert):
        return Change(alert, events)
    after, fired = _fired(rule, alert, now_ts)
    return Change(after, (*events, fired))


def _beyond(rule: Rule) -> Reason:
    return Reason.ABOVE if rule.is_above else Reason.BELOW


def _fires_ts(rule: Rule, alert: Alert) -> float:
    return alert.since_ts + alert.unknown_s + rule.for_s


def _fired(rule: Rule, alert: Alert, now_ts: float) -> tuple[Alert, Event]:
    after = replace(alert, phase=Phase.FIRING, fired_ts=now_ts)
    return after, _event(after, What.FIRED, now_ts, _beyond(rule), after.value)


def _unseen(alert: Alert, since_ts: float) -> Alert:
    """Nothing is known of it since then; what was eased until then does not count either."""
    eased_s = 0.0 if alert.eased_since_ts is None else since_ts - alert.eased_since_ts
    return replace(alert, unknown_since_ts=since_ts, eased_since_ts=None, unknown_s=alert.unknown_s + max(0.0, eased_s))


def _not_known(alert: Alert, signal: Signal, now_ts: float) -> Change | None:
    after = alert if alert.unknown_since_ts is not None else _unseen(alert, now_ts)
    if not after.is_lost and after.unknown_since_ts is not None and now_ts >= after.unknown_since_ts + LOST_GRACE_S:
        after = replace(after, is_lost=True)
        return Change(after, (_event(after, What.LOST, now_ts, signal.why),))
    return None if after is alert else Change(after, ())


def _known_again(alert: Alert, now_ts: float, value: float) -> tuple[Alert, tuple[Event, ...]]:
    """With the time in which nothing was known taken off the timer that runs."""
    if alert.unknown_since_ts is None:
        return alert, ()
    unknown_s = max(0.0, now_ts - alert.unknown_since_ts)
    after = replace(alert, unknown_since_ts=None, is_lost=False)
    if alert.phase is Phase.PENDING:
        after = replace(after, unknown_s=alert.unknown_s + unknown_s)
    elif alert.well_since_ts is not None:
        after = replace(after, well_since_ts=min(alert.well_since_ts + unknown_s, now_ts))
    return after, (_event(after, What.FOUND, now_ts, value=value),) if alert.is_lost else ()


def _pending(rule: Rule, alert: Alert, signal: Signal, value: float, now_ts: float) -> tuple[Alert, Event | None]:
    if rule.is_well(value):
        change = ended(alert, Reason.WELL, now_ts, value)
        return change.alert, change.events[0]
    if not rule.is_wrong(value):
        return (alert if alert.eased_since_ts is not None else replace(alert, eased_since_ts=now_ts)), None
    if alert.eased_since_ts is not None:
        eased_s = max(0.0, now_ts - alert.eased_since_ts)
        alert = replace(alert, eased_since_ts=None, unknown_s=alert.unknown_s + eased_s)
    return _fired(rule, _heard_later(alert, signal), now_ts) if now_ts >= _fires_ts(rule, alert) else (alert, None)


def _heard_later(alert: Alert, signal: Signal) -> Alert:
    """Dated from when it was last heard: what a node had kept came after the alert began, and tells of later."""
    if signal.heard_ts is None or signal.heard_ts <= alert.since_ts:
        return alert
    return replace(alert, since_ts=signal.heard_ts)


def _firing(rule: Rule, alert: Alert, signal: Signal, value: float, now_ts: float) -> tuple[Alert, Event | None]:
    """Between level and ``clears`` it goes on as it was: firing, or on its way to its end."""
    if rule.is_wrong(value):
        return (alert if alert.well_since_ts is None else replace(alert, well_since_ts=None)), None
    if alert.well_since_ts is None:
        if not rule.is_well(value):
            return alert, None
        since_ts = now_ts if signal.since_ts is None else min(max(signal.since_ts, alert.since_ts), now_ts)
        alert = replace(alert, well_since_ts=since_ts)
    if alert.well_since_ts is not None and now_ts >= alert.well_since_ts + rule.keep_firing_s:
        change = ended(alert, Reason.WELL, now_ts, value)
        return change.alert, change.events[0]
    return alert, None


def _event(alert: Alert, what: What, at_ts: float, reason: str = "", value: float | None = None) -> Event:
    return Event(0, alert.number, what, at_ts, "", str(reason), value)
