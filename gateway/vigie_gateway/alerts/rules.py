"""What an alert rule says. Pure values: made by ``defaults`` and from the site file, read by the ``engine``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.signals import Subject


class When(StrEnum):
    """During which hours of the place a rule holds. Of a place without opening hours, always."""

    ALWAYS = "always"
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Rule:
    """When something is wrong.

    Attributes:
        id: ``[a-z0-9-]{1,32}``; the name of one of Vigie's own rules, or the site's. ``.absent`` after it: the rule
            that its ``absent_s`` makes.
        signal: A word of ``signals.SIGNALS``. After ``absent:``, for how many seconds that signal has not been known.
        is_above: Whether a value above ``level`` is wrong; else one below it. A value at the level is not.
        level: In the signal's unit.
        clears: From where on, back, it is well again; between the two an alert stays as it is (hysteresis).
        for_s: For how long it must have been wrong before it is an alert.
        keep_firing_s: For how long it must have been well before it is none.
        when: During which hours it holds. Outside them nothing begins. What fires when the place closes stays until it
            is well; what was wrong because the place was closed is over when it opens.
        severity: How bad.
        subjects: Whom it is about; None for every subject of its signal.
        name: By language, what the place calls it; empty for Vigie's own words.
        tell: By language, what to tell visitors; empty for Vigie's own words.
        runbook: By language, what to do, a line a step.
        is_on: Whether it is evaluated; one that is off can still be tried on history.
        is_own: Of the place; else one of Vigie's.
    """

    id: str
    signal: str
    is_above: bool
    level: float
    clears: float
    for_s: float
    keep_firing_s: float
    when: When
    severity: Severity
    subjects: frozenset[Subject] | None = None
    name: Mapping[str, str] = field(default_factory=dict)
    tell: Mapping[str, str] = field(default_factory=dict)
    runbook: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_on: bool = True
    is_own: bool = False

    def is_wrong(self, value: float) -> bool:
        """Whether a value is beyond the level."""
        return value > self.level if self.is_above else value < self.level

    def is_well(self, value: float) -> bool:
        """Whether a value is back at ``clears`` or better."""
        return value <= self.clears if self.is_above else value >= self.clears
