"""Short words for rules, signals and looks, and the engine without its index: what the real one is compared with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts import judgement
from vigie_gateway.alerts.alert import Alert, AlertKey, Change
from vigie_gateway.alerts.engine import GONE_S
from vigie_gateway.alerts.judgement import ABSENT, is_about, is_in_hours, judge, known_value
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Signal, Subject, SubjectKind

ROOM = Subject(SubjectKind.ROOM, "cafe")


def channel(number: int) -> Subject:
    """One of many channels."""
    return Subject(SubjectKind.CHANNEL, f"node.c{number}")


def rule(
    id: str = "full",  # noqa: A002 - as the attribute of Rule is called
    *,
    signal: str = "people",
    level: float = 10.0,
    clears: float | None = None,
    is_above: bool = True,
    for_s: float = 0.0,
    keep_firing_s: float = 0.0,
    when: When = When.ALWAYS,
    subjects: frozenset[Subject] | None = None,
    is_on: bool = True,
) -> Rule:
    """A rule: wrong above 10, unless told otherwise."""
    clears = level if clears is None else clears
    return Rule(
        id, signal, is_above, level, clears, for_s, keep_firing_s, when, Severity.WARNING, subjects, is_on=is_on
    )


def seen(
    value: float | None, subject: Subject = ROOM, *, name: str = "people", since_ts: float | None = None
) -> Signal:
    """A signal, without a time of its own."""
    return Signal(name, subject, value, since_ts=since_ts, why="silent" if value is None else "")


def told(changes: Iterable[Change]) -> list[str]:
    """What happened, in words: ``fired`` or ``resolved well``."""
    return [f"{event.what} {event.reason}".strip() for change in changes for event in change.events]


class EveryRuleOnEverySignal:
    """The engine as it would be without an index: slow, and plain to see."""

    def __init__(self, rules: Iterable[Rule], alerts: Iterable[Alert] = ()) -> None:
        self.rules = [one for one in rules if one.is_on]
        self.open = {alert.key: alert for alert in alerts}
        self.absent_from = {
            (one.signal.removeprefix(ABSENT), alert.key.subject): alert.at_ts - alert.value
            for one in self.rules
            for alert in self.open.values()
            if one.id == alert.key.rule and one.signal.startswith(ABSENT) and alert.value and alert.at_ts is not None
        }
        self.missing_from: dict[AlertKey, float] = {}
        self.left: set[tuple[str, Subject]] = set()
        self.is_first = True

    def step(self, signals: list[Signal], is_open: bool | None, now_ts: float) -> list[Change]:
        changes = []
        if self.is_first:
            self.open = {key: judgement.resumed(alert, now_ts) for key, alert in self.open.items()}
            self.is_first = False
        there = {(signal.name, signal.subject): signal for signal in (*signals, *self._absences(signals, now_ts))}
        for one in self.rules:
            subjects = {subject for name, subject in there if name == one.signal}
            subjects |= {key.subject for key in self.open if key.rule == one.id}
            for subject in subjects:
                if not is_about(one, subject):
                    continue
                signal = there.get((one.signal, subject))
                changes += self._date(one, AlertKey(one.id, subject), signal, now_ts)
                change = self._look(one, AlertKey(one.id, subject), signal, is_open, now_ts)
                if change is not None:
                    changes.append(change)
        self._forget_what_left()
        return changes

    def _date(self, one: Rule, key: AlertKey, signal: Signal | None, now_ts: float) -> list[Change]:
        before = self.open.get(key)
        if signal is None or before is None:
            return []
        after = judgement.dated(one, before, signal)
        if after is before:
            return []
        self.open[key] = replace(after, seen_ts=now_ts)
        return [Change(self.open[key], ())]

    def _look(
        self, one: Rule, key: AlertKey, signal: Signal | None, is_open: bool | None, now_ts: float
    ) -> Change | None:
        alert = self.open.pop(key, None)
        if signal is not None:
            self.missing_from.pop(key, None)
        elif alert is not None:
            missing_from = self.missing_from.setdefault(key, now_ts)
            if now_ts - missing_from >= GONE_S:
                return judgement.ended(alert, judgement.Reason.SUBJECT_GONE, now_ts)
            signal = Signal(one.signal, key.subject, None, why="missing")
        assert signal is not None
        change = judge(one, alert, signal, is_in_hours(one, is_open), now_ts)
        after = change.alert if change is not None else alert
        if after is None:
            return None
        after = after if change is not None else judgement.refreshed(one, after, signal)
        events = () if change is None else change.events
        is_written = bool(events) or now_ts >= judgement.write_ts(after)
        after = replace(after, seen_ts=now_ts) if is_written else after
        if after.is_open:
            self.open[key] = after
        return Change(after, events) if is_written else None

    def _absences(self, signals: list[Signal], now_ts: float) -> Iterable[Signal]:
        for signal in signals:
            place = (signal.name, signal.subject)
            if known_value(signal) is not None:
                self.absent_from.pop(place, None)
            from_ts = now_ts if known_value(signal) is not None else self.absent_from.setdefault(place, now_ts)
            yield Signal(ABSENT + signal.name, signal.subject, now_ts - from_ts, now_ts)
        there = {(signal.name, signal.subject) for signal in signals}
        self.left = {place for place in self.absent_from if place not in there}

    def _forget_what_left(self) -> None:
        """Without an open alert, what comes back unknown is absent from then on."""
        alerting = {(one.signal, key.subject) for one in self.rules for key in self.open if key.rule == one.id}
        for name, subject in self.left:
            if (ABSENT + name, subject) not in alerting:
                del self.absent_from[name, subject]
