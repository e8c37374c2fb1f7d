"""Which rules a value is wrong to, and which of them may judge it otherwise than the value before: by bisection.

Pure. Built by the ``engine`` from its rules. A place has few values near a limit at any time; what moves between the
same two boundaries as a second ago costs two comparisons, however many rules there are.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from vigie_gateway.alerts.judgement import is_about
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Subject


class Zone:
    """The values that every rule judges alike: a value above a boundary of one kind is beyond it, at it is not."""

    __slots__ = ("_from_below", "_over", "_under", "_upto")

    def __init__(self, over: float, upto: float, from_below: float, under: float) -> None:
        self._over = over
        self._upto = upto
        self._from_below = from_below
        self._under = under

    def holds(self, value: float) -> bool:
        """Whether a value is in it."""
        return self._over < value <= self._upto and self._from_below <= value < self._under


class Boundaries:
    """The levels, and where they clear, of the rules about one signal of one subject."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        above = sorted((rule for rule in rules if rule.is_above), key=lambda rule: rule.level)
        below = sorted((rule for rule in rules if not rule.is_above), key=lambda rule: rule.level)
        self._above, self._above_levels = above, [rule.level for rule in above]
        self._below, self._below_levels = below, [rule.level for rule in below]
        self._above_cuts, self._above_at = _cuts(above)
        self._below_cuts, self._below_at = _cuts(below)

    def wrong(self, value: float) -> list[Rule]:
        """The rules to which a value is wrong."""
        above = self._above[: bisect_left(self._above_levels, value)]
        return above + self._below[bisect_right(self._below_levels, value) :]

    def crossed(self, before: float, after: float) -> list[Rule]:
        """The rules that judge two values differently, or may: none is missing; one may be there twice."""
        return _between(
            self._above_at, bisect_left(self._above_cuts, before), bisect_left(self._above_cuts, after)
        ) + _between(self._below_at, bisect_right(self._below_cuts, before), bisect_right(self._below_cuts, after))

    def zone(self, value: float) -> Zone:
        """The zone of a value."""
        above, below = bisect_left(self._above_cuts, value), bisect_right(self._below_cuts, value)
        return Zone(*_around(self._above_cuts, above), *_around(self._below_cuts, below))


class BoundaryIndex:
    """The boundaries of every signal and subject; subjects without rules of their own share theirs."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules: dict[str, list[Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.signal, []).append(rule)
        self._named = {
            (name, subject)
            for name, about in self._rules.items()
            for rule in about
            if rule.subjects is not None
            for subject in rule.subjects
        }
        self._made: dict[tuple[str, Subject | str], Boundaries] = {}

    def of(self, name: str, subject: Subject) -> Boundaries:
        """Those of one signal."""
        key = (name, subject if (name, subject) in self._named else str(subject.kind))
        made = self._made.get(key)
        if made is None:
            about = [rule for rule in self._rules.get(name, ()) if is_about(rule, subject)]
            made = self._made[key] = Boundaries(about)
        return made


def _cuts(rules: Iterable[Rule]) -> tuple[list[float], list[Rule]]:
    cuts = sorted(((at, rule) for rule in rules for at in {rule.level, rule.clears}), key=lambda cut: cut[0])
    return [at for at, _ in cuts], [rule for _, rule in cuts]


def _between(rules: list[Rule], one: int, other: int) -> list[Rule]:
    return rules[min(one, other) : max(one, other)]


def _around(cuts: list[float], place: int) -> tuple[float, float]:
    return cuts[place - 1] if place else -math.inf, cuts[place] if place < len(cuts) else math.inf
