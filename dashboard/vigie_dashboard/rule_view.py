"""Rules of alerts, and one tried on history, as plain values: None is unknown, times are epoch seconds.

``vigie_gateway.alerts.rule_list`` fills these; ``rules_page`` shows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vigie_dashboard.notices import Severity

Names = Mapping[str, str]
"""By language."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as it holds.

    Attributes:
        id: Of the rule.
        signal: What it looks at, a word of the gateway's.
        kind: What that is about: ``room``, ``circuit``, ...
        unit: Of its level: ``1`` of a state, ``/`` of a share; "" where it is that of a channel.
        is_above: Whether a value above the level is wrong.
        level: In that unit.
        clears: From where on it is well again.
        for_s: For how long it must be wrong.
        keep_firing_s: For how long it must be well.
        when: ``always``, ``open`` or ``closed``.
        severity: How bad.
        is_on: Whether it is looked at.
        is_own: Of the place; else one of Vigie's.
        is_changed: One of Vigie's with changes of the place.
        absent_s: After how long without data that is told; None: it is not told.
        name: What the place calls it; empty for Vigie's words.
        about: The names of what it is about; None for all that there is.
    """

    id: str
    signal: str
    kind: str
    unit: str
    is_above: bool
    level: float
    clears: float
    for_s: float
    keep_firing_s: float
    when: str
    severity: Severity
    is_on: bool
    is_own: bool
    is_changed: bool
    absent_s: float | None
    name: Names
    about: tuple[Names, ...] | None


@dataclass(frozen=True, slots=True)
class EpisodeView:
    """One time that a rule would have fired.

    Attributes:
        name: Of what it is about; empty for the gateway.
        rooms: The names of its rooms.
        since_ts: When it began to be wrong.
        fired_ts: When somebody would have been told.
        ended_ts: When it would have been over; None: not within the period.
        worst: In the rule's unit.
        path: Of the page of its history; "" where there is none.
    """

    name: Names
    rooms: tuple[Names, ...]
    since_ts: float
    fired_ts: float
    ended_ts: float | None
    worst: float | None
    path: str


@dataclass(frozen=True, slots=True)
class TrialView:
    """A rule tried on history.

    Attributes:
        days: How far back.
        from_ts: Of the period.
        to_ts: Its end.
        trouble: Why nothing was tried: ``busy``, ``long`` or ``store``; "" where something was.
        is_told: Whether stored readings tell what the rule looks at.
        unknown_share: Of the time that the rule held, of which nothing is known; None where it never held.
        episodes: Oldest first, at most as many as the page shows.
        count: How many there are.
        dropped: How often it was wrong, and not for long enough.
    """

    days: int
    from_ts: float
    to_ts: float
    trouble: str = ""
    is_told: bool = True
    unknown_share: float | None = None
    episodes: tuple[EpisodeView, ...] = ()
    count: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class RulesView:
    """The page of all rules.

    Attributes:
        site_name: By language.
        rules: Vigie's own in their order, then the place's.
        csrf: Of an administrator's session; "" for who may only read.
        base: Digest of the site file that the form was made from.
        channels: Name, label and unit of each channel that a new rule can look at.
        fields: What stands in the form of a new rule.
        troubles: A word by the name of a field.
        notice: What just happened or is in the way, a word; "" for nothing.
        said: What the gateway says of the file, in English.
    """

    site_name: Names
    rules: Sequence[RuleView]
    csrf: str
    base: str
    channels: Sequence[tuple[str, str, str]] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    troubles: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    said: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RulePageView:
    """The page of one rule.

    Attributes:
        site_name: By language.
        timezone: IANA name.
        now_ts: For times.
        csrf: Of the session; "" for who may only read.
        rule: As it holds.
        languages: Of the place.
        subjects: Id and name of each thing that it can be narrowed down to.
        base: Digest of the site file that the form was made from.
        fields: What stands in the form; a box that is not ticked is not there.
        troubles: A word by the name of a field.
        notice: What just happened or is in the way, a word; "" for nothing.
        said: What the gateway says of the file, in English.
        file: Where the site file is.
        trial: What came of trying it; None where nobody tried.
        has_level: Whether its level is a number that one chooses.
        spans_d: The periods that it can be tried on, in days.
        days: The chosen one.
    """

    site_name: Names
    timezone: str
    now_ts: float
    csrf: str
    rule: RuleView
    languages: Sequence[str]
    subjects: Sequence[tuple[str, Names]]
    base: str
    fields: Mapping[str, str]
    file: str
    spans_d: Sequence[int]
    has_level: bool
    days: int = 7
    troubles: Mapping[str, str] = field(default_factory=dict)
    notice: str = ""
    said: Sequence[str] = ()
    trial: TrialView | None = None
