"""Every rule on every signal, once a second: what began, fired, ended or was lost.

Pure: the time is given, nothing is read or written. Built by the alert thread's ``watch`` from the rules of the place
and the open alerts of the ``book``, and stepped by it; also by ``trial``, on history. A signal that stays between the
same two boundaries, with no timer due, is not judged: docs/alerts.md, "Rules". What comes out is the same as if each
rule were judged on each signal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from vigie_gateway.alerts import judgement
from vigie_gateway.alerts.alert import Alert, AlertKey, Change
from vigie_gateway.alerts.boundaries import Boundaries, BoundaryIndex, Zone
from vigie_gateway.alerts.judgement import ABSENT, Reason, is_about, is_in_hours, judge, known_value, worse
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Signal, Subject

GONE_S = 900.0
"""For how long a subject may have no signal at all before its alerts end: the place has it no longer. Lower ends those
of a node whose birth comes late after a start; higher keeps alerts of what was taken away."""
STEP_SETTLED_S = 10.0
"""After the clock was set, for how long no signal dates an open alert earlier. Lower takes a time of before the step
for an earlier beginning, since the board follows the clock on its own thread; higher shows the right one later."""
_MISSING = "missing"


class _Place(NamedTuple):
    """One signal of one subject."""

    name: str
    subject: Subject


class _Open:
    """An open alert, with what would be too much to write into it every second."""

    __slots__ = ("alert", "due_ts", "rule", "worst")

    def __init__(self, rule: Rule, alert: Alert) -> None:
        self.rule = rule
        self.take(alert)

    def take(self, alert: Alert) -> None:
        self.alert = alert
        self.worst = alert.worst
        self.due_ts = min(judgement.due_ts(self.rule, alert), judgement.write_ts(alert))

    def current(self, last: Signal | None) -> Alert:
        """The alert as of the last known signal."""
        if last is None:
            return self.alert
        return replace(judgement.refreshed(self.rule, self.alert, last), worst=self.worst)


class _Cell:
    """One signal of one subject.

    Attributes:
        boundaries: Of the rules about it.
        zone: Where it was at the last look; None when it was not known, or all must be judged anew.
        last: The last known signal.
        is_looked: It was looked at since all had to be judged anew.
        open: By rule, its open alerts.
        due_ts: When the first of these has to be looked at, whatever the signal.
        look: Number of the last step that had it.
        missing_since_ts: Since when there is none; None while there is.
    """

    __slots__ = ("boundaries", "due_ts", "is_looked", "last", "look", "missing_since_ts", "open", "zone")

    def __init__(self, boundaries: Boundaries) -> None:
        self.boundaries = boundaries
        self.zone: Zone | None = None
        self.last: Signal | None = None
        self.is_looked = False
        self.open: dict[str, _Open] = {}
        self.due_ts = math.inf
        self.look = 0
        self.missing_since_ts: float | None = None

    def forget(self) -> None:
        """Every rule judges it anew at the next look."""
        self.zone = None
        self.is_looked = False

    def worsen(self, value: float) -> None:
        """Of a value that no rule needs to judge, the worst is still kept."""
        for one in self.open.values():
            one.worst = worse(one.rule, one.worst, value)

    def to_judge(self, value: float | None, now_ts: float) -> Iterator[Rule]:
        """The rules whose judgement may be another one now."""
        if value is None:
            is_due = self.zone is not None or not self.is_looked
            yield from (one.rule for one in list(self.open.values()) if is_due or one.due_ts <= now_ts)
            return
        if self.zone is None or self.last is None or self.last.value is None:
            due, crossed = list(self.open.values()), self.boundaries.wrong(value)
        else:
            due = [one for one in self.open.values() if one.due_ts <= now_ts]
            crossed = [] if self.zone.holds(value) else self.boundaries.crossed(self.last.value, value)
        yield from {rule.id: rule for rule in (*(one.rule for one in due), *crossed)}.values()


class Engine:
    """The rules of a place at work. Used by one thread.

    Args:
        rules: Of the place; one that is off is not judged.
        alerts: Open ones, as the book gives them back after a restart.
    """

    def __init__(self, rules: Iterable[Rule], alerts: Iterable[Alert] = ()) -> None:
        self._rules = {rule.id: rule for rule in rules}
        working = [rule for rule in self._rules.values() if rule.is_on]
        self._index = BoundaryIndex(working)
        self._watched = {rule.signal.removeprefix(ABSENT) for rule in working if rule.signal.startswith(ABSENT)}
        self._has_hours = any(rule.when is not When.ALWAYS for rule in working)
        self._unknown_from: dict[_Place, float] = {}
        self._cells: dict[tuple[str, Subject], _Cell] = {}
        self._busy: dict[_Place, _Cell] = {}
        self._given = [alert for alert in alerts if alert.is_open]
        self._is_open: bool | None = None
        self._look = 0
        self._settled_ts = -math.inf

    def alerts(self) -> list[Alert]:
        """The open ones, as of the last step."""
        return self._given + [one.current(cell.last) for cell in self._busy.values() for one in cell.open.values()]

    def next_ts(self) -> float:
        """When the next step is due though all signals stay as they are; infinite for never."""
        return min((cell.due_ts for cell in self._busy.values()), default=math.inf)

    def step(self, signals: Iterable[Signal], is_open: bool | None, now_ts: float) -> list[Change]:
        """Look at every signal of the place.

        Args:
            signals: One of each name and subject; a subject that has none is not there.
            is_open: Whether the place is, as of ``judgement.hours_now``; None when it has no hours.
            now_ts: By the gateway's clock.

        Returns:
            What is to be written down: what happened and, without events, alerts whose timers moved on since.
        """
        self._look += 1
        if self._settled_ts == math.inf:
            self._settled_ts = now_ts + STEP_SETTLED_S
        changes: list[Change] = []
        if self._given:
            changes += self._resume(now_ts)
        if is_open is not self._is_open:
            self._is_open = is_open
            if self._has_hours:
                for cell in self._cells.values():
                    cell.forget()
        for signal in signals:
            self._take(signal, now_ts, changes)
            if signal.name in self._watched:
                self._take(self._absence(signal, now_ts), now_ts, changes)
        self._look_for_missing(now_ts, changes)
        return changes

    def replaced(self, alert: Alert) -> None:
        """Take over what the book and people say of an open alert: number, cause, fault and marks.

        Its phase, times and values are the engine's own. One that is not open here is left alone.
        """
        for one in self._opened(alert.key):
            one.alert = replace(
                one.alert,
                number=alert.number,
                cause=alert.cause,
                fault=alert.fault,
                acknowledged=alert.acknowledged,
                silence=alert.silence,
            )

    def moved(self, step_s: float) -> list[Change]:
        """The gateway's clock was set by so much: all times move with it, and nothing fires or ends by it.

        Returns:
            The open alerts with their new times, to be written down.
        """
        self._settled_ts = math.inf  # until the next step tells the time
        self._given = [judgement.moved(alert, step_s) for alert in self._given]
        self._unknown_from = {place: from_ts + step_s for place, from_ts in self._unknown_from.items()}
        for cell in self._cells.values():
            if cell.last is not None and cell.last.at_ts is not None:
                cell.last = replace(cell.last, at_ts=cell.last.at_ts + step_s)
        for cell in self._busy.values():
            if cell.missing_since_ts is not None:
                cell.missing_since_ts += step_s
            for one in cell.open.values():
                one.take(judgement.moved(one.current(cell.last), step_s))
            cell.due_ts = min(one.due_ts for one in cell.open.values())
        return [Change(alert, ()) for alert in self.alerts()]

    def _resume(self, now_ts: float) -> Iterator[Change]:
        """Take up the alerts of before the restart; those end that no rule looks at any more."""
        given, self._given = self._given, []
        for alert in given:
            rule = self._rules.get(alert.key.rule)
            if rule is None or not is_about(rule, alert.key.subject):
                yield judgement.ended(alert, Reason.RULE_GONE, now_ts)
            elif not rule.is_on:
                yield judgement.ended(alert, Reason.RULE_OFF, now_ts)
            else:
                self._open(rule, judgement.resumed(alert, now_ts))

    def _open(self, rule: Rule, alert: Alert) -> None:
        place = _Place(rule.signal, alert.key.subject)
        cell = self._busy[place] = self._cell(place)
        cell.open[rule.id] = _Open(rule, alert)
        cell.due_ts = min(cell.due_ts, cell.open[rule.id].due_ts)
        if rule.signal.startswith(ABSENT) and alert.value and alert.at_ts is not None:
            watched = _Place(rule.signal.removeprefix(ABSENT), alert.key.subject)
            self._unknown_from[watched] = alert.at_ts - alert.value

    def _cell(self, place: _Place) -> _Cell:
        cell = self._cells.get(place)
        if cell is None:
            cell = self._cells[place] = _Cell(self._index.of(*place))
        return cell

    def _opened(self, key: AlertKey) -> Iterator[_Open]:
        rule = self._rules.get(key.rule)
        cell = None if rule is None else self._busy.get(_Place(rule.signal, key.subject))
        if cell is not None and key.rule in cell.open:
            yield cell.open[key.rule]

    def _absence(self, signal: Signal, now_ts: float) -> Signal:
        place = _Place(signal.name, signal.subject)
        if known_value(signal) is not None:
            self._unknown_from.pop(place, None)
            return Signal(ABSENT + signal.name, signal.subject, 0.0, now_ts)
        from_ts = self._unknown_from.setdefault(place, now_ts)
        return Signal(ABSENT + signal.name, signal.subject, max(0.0, now_ts - from_ts), now_ts)

    def _take(self, signal: Signal, now_ts: float, changes: list[Change]) -> None:
        """The way of every signal, every second: what comes before ``_judge`` decides what a thousand rules cost."""
        cell = self._cells.get((signal.name, signal.subject))
        if cell is None:
            cell = self._cell(_Place(signal.name, signal.subject))
        cell.look = self._look
        cell.missing_since_ts = None
        if cell.open and signal.since_ts is not None and now_ts >= self._settled_ts:
            self._date(cell, signal, now_ts, changes)
        value, zone = signal.value, cell.zone
        if value is not None and zone is not None and now_ts < cell.due_ts and zone.holds(value):
            cell.last = signal
            if cell.open:
                cell.worsen(value)
            return
        if known_value(signal) is None and zone is None and cell.is_looked and now_ts < cell.due_ts:
            return
        self._judge(cell, signal, now_ts, changes)

    @staticmethod
    def _date(cell: _Cell, signal: Signal, now_ts: float, changes: list[Change]) -> None:
        """Its open alerts began earlier than was known when they began here."""
        for one in cell.open.values():
            after = judgement.dated(one.rule, one.current(cell.last), signal)
            if after.since_ts < one.alert.since_ts:
                one.take(replace(after, seen_ts=now_ts))
                changes.append(Change(one.alert, ()))
        cell.due_ts = min(one.due_ts for one in cell.open.values())

    def _judge(self, cell: _Cell, signal: Signal, now_ts: float, changes: list[Change]) -> None:
        value = known_value(signal)
        for rule in list(cell.to_judge(value, now_ts)):
            one = cell.open.get(rule.id)
            before = None if one is None else one.current(cell.last)
            change = judge(rule, before, signal, is_in_hours(rule, self._is_open), now_ts)
            after = change.alert if change is not None else before
            if after is None:
                continue
            if change is None:
                after = judgement.refreshed(rule, after, signal)
            events = () if change is None else change.events
            if events or now_ts >= judgement.write_ts(after):
                after = replace(after, seen_ts=now_ts)
                changes.append(Change(after, events))
            self._keep(cell, rule, after)
        if value is None:
            cell.zone = None
        else:
            cell.zone = cell.boundaries.zone(value)
            cell.worsen(value)
            cell.last = signal
        cell.is_looked = True
        cell.due_ts = min((one.due_ts for one in cell.open.values()), default=math.inf)
        place = _Place(signal.name, signal.subject)
        if cell.open:
            self._busy[place] = cell
        else:
            self._busy.pop(place, None)

    @staticmethod
    def _keep(cell: _Cell, rule: Rule, alert: Alert) -> None:
        if not alert.is_open:
            cell.open.pop(rule.id, None)
        elif rule.id in cell.open:
            cell.open[rule.id].take(alert)
        else:
            cell.open[rule.id] = _Open(rule, alert)

    def _look_for_missing(self, now_ts: float, changes: list[Change]) -> None:
        """A subject without a signal is one of which nothing is known; after GONE_S the place has it no longer."""
        for place, cell in list(self._busy.items()):
            if cell.look == self._look:
                continue
            if cell.missing_since_ts is None:
                cell.missing_since_ts = now_ts
            if now_ts - cell.missing_since_ts < GONE_S:
                self._judge(cell, Signal(*place, None, why=_MISSING), now_ts, changes)
                continue
            changes += [
                judgement.ended(one.current(cell.last), Reason.SUBJECT_GONE, now_ts) for one in cell.open.values()
            ]
            del self._busy[place], self._cells[place]
        for place in [place for place in self._unknown_from if self._is_gone(place)]:
            del self._unknown_from[place]

    def _is_gone(self, place: _Place) -> bool:
        absent = _Place(ABSENT + place.name, place.subject)
        cell = self._cells.get(absent)
        return absent not in self._busy and (cell is None or cell.look != self._look)
