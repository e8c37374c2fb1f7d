"""A rule tried on the past: when it would have fired, and for how much of the time nothing was known.

Pure: the same engine, stepped through signals of then. ``recorded`` reads them from the store; the page and the command
that try a rule call it. A time of which nothing is known is never one in which the rule "did not fire".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from vigie_gateway.alerts.alert import Alert, Phase
from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.judgement import ABSENT, is_in_hours, known_value
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Signal, Subject

LOOK_S = 60.0
"""How often the past is looked at where no reading is. Lower costs a look each; higher dates what hours begin or end,
and what is absent, no better than that."""

IsOpen = Callable[[float], bool | None]
"""Whether the place was open at a time; None where it has no hours."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One time that it would have fired.

    Attributes:
        subject: About what.
        since_ts: When it began to be wrong.
        fired_ts: When somebody would have been told.
        ended_ts: When it would have been over; None when it still was not at the end of the period.
        worst: The worst value.
    """

    subject: Subject
    since_ts: float
    fired_ts: float
    ended_ts: float | None
    worst: float | None


@dataclass(frozen=True, slots=True)
class SubjectTrial:
    """What would have been of one subject.

    Attributes:
        subject: About what.
        episodes: Oldest first.
        dropped: How often it was wrong, and not for long enough.
        held_s: For how long the rule held: all of the period, or its hours in it.
        unknown_s: For how much of that nothing was known.
    """

    subject: Subject
    episodes: tuple[Episode, ...]
    dropped: int
    held_s: float
    unknown_s: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What would have been.

    Attributes:
        rule: What was tried.
        from_ts: Of the period.
        to_ts: Its end.
        is_told: Whether what is stored tells the rule's signal at all; where it does not, nothing follows from this.
        subjects: One for each that has a past.
    """

    rule: Rule
    from_ts: float
    to_ts: float
    is_told: bool
    subjects: tuple[SubjectTrial, ...]

    def episodes(self) -> list[Episode]:
        """Of every subject, oldest first."""
        return sorted(
            (episode for one in self.subjects for episode in one.episodes), key=lambda episode: episode.fired_ts
        )

    def unknown_share(self) -> float | None:
        """Of the time for which the rule held; None where it never did, or nothing tells."""
        held_s = sum(one.held_s for one in self.subjects)
        return sum(one.unknown_s for one in self.subjects) / held_s if held_s else None


def try_subject(
    rule: Rule, subject: Subject, past: Iterable[Signal], is_open: IsOpen, from_ts: float, to_ts: float
) -> SubjectTrial:
    """Step the engine through the past of one subject.

    Args:
        rule: Also one that is off.
        subject: That the rule is about.
        past: The signal (for a rule about absence: the one whose absence it is about), each time that it changed;
            ``at_ts`` is since when it was so. Oldest first; what lies before ``from_ts`` says how it was then.
        is_open: See there.
        from_ts: Of the period.
        to_ts: Its end.
    """
    engine = Engine([replace(rule, is_on=True)])
    ended: list[Alert] = []
    held_s = unknown_s = 0.0
    before_ts, was_unknown = from_ts, True
    for now_ts, signal in _looks(rule, subject, past, engine, from_ts, to_ts):
        if is_in_hours(rule, is_open(before_ts)):
            held_s += now_ts - before_ts
            unknown_s += now_ts - before_ts if was_unknown else 0.0
        before_ts, was_unknown = now_ts, known_value(signal) is None
        changes = engine.step((signal,), is_open(now_ts), now_ts)
        ended += [change.alert for change in changes if not change.alert.is_open]
    alerts = [*ended, *engine.alerts()]
    episodes = tuple(
        Episode(subject, alert.since_ts, alert.fired_ts, alert.ended_ts, alert.worst)
        for alert in alerts
        if alert.fired_ts is not None
    )
    return SubjectTrial(
        subject, episodes, sum(alert.phase is Phase.DROPPED for alert in alerts), held_s, unknown_s
    )  # fmt: skip


def _looks(
    rule: Rule, subject: Subject, past: Iterable[Signal], engine: Engine, from_ts: float, to_ts: float
) -> Iterator[tuple[float, Signal]]:
    """When to look, and what there was to see: at each change, when a timer is due, and every LOOK_S; last, the end."""
    signal = Signal(rule.signal.removeprefix(ABSENT), subject, None, why="never")
    now_ts = from_ts
    for following in past:
        next_ts = min(following.at_ts if following.at_ts is not None else from_ts, to_ts)
        while now_ts < next_ts:
            yield now_ts, signal
            now_ts = min(max(engine.next_ts(), now_ts + 1.0), now_ts + LOOK_S, next_ts)
        signal = following
    while now_ts < to_ts:
        yield now_ts, signal
        now_ts = min(max(engine.next_ts(), now_ts + 1.0), now_ts + LOOK_S, to_ts)
    yield to_ts, signal
