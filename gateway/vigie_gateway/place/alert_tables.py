"""``[[rules]]``, ``[alerts]`` and ``[[told]]`` of ``site.toml``: when something is wrong here, and who is told of it.

Read by ``site``; what comes out are the values of ``alerts.rules``, Vigie's own with the site's changes, and of
``notify.recipients``. What they name of the place is checked by ``references``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.judgement import ABSENT
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import SIGNALS, Subject, SubjectKind
from vigie_gateway.notify.plan import GROUP_WAIT_S
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.place.entries import ChannelName, Id, Names, Number, RoomRef
from vigie_gateway.place.hours import Span, parse_span
from vigie_gateway.place.problem import one_of
from vigie_gateway.place.table import Table

if TYPE_CHECKING:
    from vigie_gateway.place.site import Site

LONGEST_S = 30 * 86_400.0
"""Of a duration in the file: a month. Longer is a typing error, or never."""
DEFAULT_FOR_S = 60.0
"""Of a rule that the site adds. Lower tells of what ends by itself."""

_UNITS_S = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}
_DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,3})?) ?(s|min|h|d)", re.ASCII)
BY_ID = {rule.id: rule for rule in DEFAULT_RULES}
"""Vigie's own."""
SEVERITIES = {"outage": Severity.OUTAGE, "warning": Severity.WARNING, "unknown": Severity.UNKNOWN}
"""By the word of the file."""
KINDS = {
    "circuits": SubjectKind.CIRCUIT,
    "rooms": SubjectKind.ROOM,
    "doors": SubjectKind.DOOR,
    "access_points": SubjectKind.ACCESS_POINT,
    "uplinks": SubjectKind.UPLINK,
    "nodes": SubjectKind.NODE,
    "channels": SubjectKind.CHANNEL,
}
"""By the key that narrows a rule down, what it lists."""


def duration_s(value: Any) -> float:
    """Seconds of ``"5 min"``, ``"30 s"``, ``"1 h"``, ``"2 d"``, or of a number of seconds."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())) is not None:
        value = float(match[1]) * _UNITS_S[match[2]]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= LONGEST_S:
        raise ValueError('how long, such as "30 s", "5 min" or "1 h" (30 d at most), or a number of seconds')
    return float(value)


def _runbook(value: Any, info: ValidationInfo) -> Any:
    """A line, or lines, alone are the same in every language of the site."""
    languages = (info.context or {}).get("languages", ("fr", "en"))
    if not isinstance(value, dict):
        value = dict.fromkeys(languages, value)
    steps = {language: (one,) if isinstance(one, str) else one for language, one in value.items()}
    is_right = all(
        language in ("fr", "en")
        and isinstance(one, list | tuple)
        and one
        and all(isinstance(line, str) and line.strip() and line.isprintable() for line in one)
        for language, one in steps.items()
    )
    if not steps or not is_right:
        raise ValueError('a line a step: ["…", "…"], or one list for each language: { fr = ["…"], en = ["…"] }')
    return steps


def _known_signal(value: Any) -> Any:
    if not isinstance(value, str) or value not in SIGNALS:
        raise ValueError(one_of(str(value), SIGNALS, "a signal"))
    return value


def _quiet(value: Any) -> Any:
    """The word "closed" as it is, spans read."""
    if value == "closed":
        return value
    if not isinstance(value, list):
        raise ValueError('spans of hours such as ["22:00-07:00"], or "closed"')  # noqa: TRY004 - pydantic reports ValueError alone
    return tuple(parse_span(one if isinstance(one, str) else "") for one in value)


def _wanted(value: Any) -> Any:
    if value not in ("all", "outages") and not (isinstance(value, list) and value):
        raise ValueError('"all", "outages", or a list of ids of rules')
    return tuple(value) if isinstance(value, list) else value


def _some(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        raise ValueError('a list of names of notifiers, such as ["mail"]')
    return value


Duration = Annotated[float, BeforeValidator(duration_s)]
Runbook = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_runbook)]
SignalName = Annotated[str, BeforeValidator(_known_signal)]


class RuleTable(Table):
    """``[[rules]]``: one of Vigie's changed, or a new one."""

    id: Id
    off: bool = False
    signal: SignalName | None = None
    channel: ChannelName | None = None
    above: Number | None = None
    below: Number | None = None
    clears: Number | None = None
    for_: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    absent: Duration | None = None
    when: Literal["always", "open", "closed"] | None = None
    rooms: tuple[RoomRef, ...] | None = None
    circuits: tuple[Id, ...] | None = None
    doors: tuple[Id, ...] | None = None
    access_points: tuple[Id, ...] | None = None
    uplinks: tuple[Id, ...] | None = None
    nodes: tuple[Id, ...] | None = None
    channels: tuple[ChannelName, ...] | None = None
    severity: Literal["outage", "warning", "unknown"] | None = None
    name: Names | None = None
    tell: Names | None = None
    runbook: Runbook | None = None

    @model_validator(mode="after")
    def _check(self) -> RuleTable:
        if self.above is not None and self.below is not None:
            raise ValueError("either above or below, not both")
        known = BY_ID.get(self.id)
        if known is None:
            self._check_new()
        elif self.signal is not None or self.channel is not None:
            raise ValueError(f'another id for a rule of its own: "{self.id}" is Vigie\'s, about {known.signal}')
        rule = self._compared()
        if not rule.is_well(rule.clears) or rule.is_wrong(rule.clears):
            side = "at or below" if rule.is_above else "at or above"
            raise ValueError(f"clears {side} {rule.level:g}, the level (it is {rule.clears:g})")
        self._check_kinds(rule)
        return self

    def _check_new(self) -> None:
        if (self.signal is None) == (self.channel is None):
            what = one_of(self.id, BY_ID, "one of Vigie's rules")
            raise ValueError(f"signal or channel of a new rule; or as id {what}")
        if self.above is None and self.below is None:
            raise ValueError("above or below, the level of a new rule")

    def _check_kinds(self, rule: Rule) -> None:
        kind = SIGNALS[rule.signal].subject
        for key in self._narrowed():
            if self.channel is not None or KINDS[key] is not kind:
                right = [one for one, its in KINDS.items() if its is kind and self.channel is None]
                raise ValueError(f"{right[0] if right else 'no list'} in place of {key}: it is about a {kind}")

    def _narrowed(self) -> list[str]:
        return [key for key in KINDS if getattr(self, key) is not None]

    def _compared(self) -> Rule:
        """With its signal, level and where it clears."""
        known = BY_ID.get(self.id)
        base = known or Rule(
            self.id, self.signal or "reading", True, 0.0, 0.0, DEFAULT_FOR_S, 0.0, When.ALWAYS, Severity.WARNING,
            is_own=True,
        )  # fmt: skip
        level = self.above if self.above is not None else self.below
        if level is not None:
            is_above = self.above is not None
            # The width of Vigie's own hysteresis moves with the level.
            width = abs(base.level - base.clears) if known is not None and base.is_above is is_above else 0.0
            base = replace(base, is_above=is_above, level=level, clears=level - width if is_above else level + width)
        return base if self.clears is None else replace(base, clears=self.clears)

    def to_rules(self) -> Iterator[Rule]:
        """The rule, and the one for its missing data."""
        rule = self._compared()
        given: dict[str, Any] = {
            "for_s": self.for_,
            "keep_firing_s": self.keep_firing_for,
            "when": None if self.when is None else When(self.when),
            "severity": None if self.severity is None else SEVERITIES[self.severity],
            "subjects": self._subjects(),
            "name": self.name,
            "tell": self.tell,
            "runbook": self.runbook,
        }
        rule = replace(rule, is_on=not self.off, **{name: one for name, one in given.items() if one is not None})
        yield rule
        if self.absent is not None:
            yield replace(
                rule,
                id=f"{rule.id}.absent",
                signal=ABSENT + rule.signal,
                is_above=True,
                level=self.absent,
                clears=0.0,
                for_s=0.0,
                keep_firing_s=0.0,
                severity=Severity.UNKNOWN,
            )

    def _subjects(self) -> frozenset[Subject] | None:
        if self.channel is not None:
            return frozenset({Subject(SubjectKind.CHANNEL, self.channel)})
        narrowed = self._narrowed()
        return frozenset(Subject(KINDS[key], one) for key in narrowed for one in getattr(self, key)) or None


class AlertsTable(Table):
    """``[alerts]``: how messages wait for each other, and which calendar's events are planned works."""

    group_wait: Duration = GROUP_WAIT_S
    planned_works: Id | None = None


class ToldTable(Table):
    """``[[told]]``: a person, a group or a screen."""

    id: Id
    name: str = Field(min_length=1, max_length=100)
    language: Literal["fr", "en"] | None = None
    by: Annotated[tuple[Id, ...], BeforeValidator(_some)]
    for_: Annotated[Any, BeforeValidator(_wanted)] = Field(default="all", alias="for")
    """``all``, ``outages``, or a tuple of ids, which ``references`` knows to be of rules."""
    rooms: tuple[RoomRef, ...] | None = None
    quiet: Annotated[Any, BeforeValidator(_quiet)] = ()
    """``closed``, or a tuple of spans."""
    quiet_lets: Literal["outages", "nothing"] = "outages"
    after: Duration = 0.0
    resolved: bool = True

    def to_recipient(self, language: str) -> Recipient:
        """As the messages' plan takes it; ``language`` is that of the site."""
        spans: tuple[Span, ...] = () if self.quiet == "closed" else self.quiet
        return Recipient(
            id=self.id,
            name=self.name,
            language=self.language or language,
            notifiers=self.by,
            rules=frozenset(self.for_) if isinstance(self.for_, tuple) else None,
            is_for_outages=self.for_ == "outages",
            rooms=None if self.rooms is None else frozenset(self.rooms),
            quiet=spans,
            is_quiet_when_closed=self.quiet == "closed",
            lets_outages=self.quiet_lets == "outages",
            after_s=self.after,
            wants_resolved=self.resolved,
        )


def rules_of(site: Site) -> tuple[Rule, ...]:
    """Vigie's own in their order, changed where the site says so, then the site's; those that are off included."""
    changed = {table.id: tuple(table.to_rules()) for table in site.rules}
    own = [rule for rule in DEFAULT_RULES for rule in changed.pop(rule.id, (rule,))]
    return (*own, *(rule for rules in changed.values() for rule in rules))


def recipients_of(site: Site) -> tuple[Recipient, ...]:
    """Who is told of alerts, in the order of the file."""
    return tuple(one.to_recipient(site.languages[0]) for one in site.told)
