"""What an organiser is told: the verdict, each resource, how many fit, what to do, and what nobody measured.

Pure values, made by ``check``; words and numbers become sentences in the pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from vigie_gateway.capacity.judgement import Caution, Gauge, Verdict
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import Latency, Missing, Radio, Resource, Supply

FEW_EFFECTIVE, MANY_EFFECTIVE = 5.0, 20.0
"""Effective samples under which confidence is low, and over which it is high. Lower calls two Tuesdays a habit; higher
never trusts a month."""
OLD_S = 7 * 86_400.0
"""Age of the latest sample from which on the line may be another one by now."""


class ActionKind(StrEnum):
    """What can be done, in words of the pages."""

    FEWER_PEOPLE = "fewer-people"
    LIGHTER_ACTIVITY = "lighter-activity"
    """Half of the people do the activity's lighter one."""
    ALL_LIGHTER = "all-lighter"
    POWER_STRIP = "power-strip"
    CHARGED_BEFORE = "charged-before"
    """Laptops come charged: one in four plugs in."""
    WITHOUT_EQUIPMENT = "without-equipment"
    OTHER_ROOM = "other-room"
    SPLIT_ROOMS = "split-rooms"
    TWO_SESSIONS = "two-sessions"
    """One after the other, in the same room."""
    MORE_ACCESS_POINTS = "more-access-points"
    REHEARSE = "rehearse"
    """Its verdict is the one that holds if the rehearsal does."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something to do, tried through the same model.

    Attributes:
        kind: What.
        verdict: What the answer would be then.
        resource: The one that was at stake.
        question: The question to ask then, for a link that tries it.
        amount: People (in this room), outlets or access points, by kind; None where a number says nothing.
        room: The other room.
        equipment: What is left at home.
        before: The most that is needed of ``resource`` now, over what is dependable; None where that is not known.
        after: The same then.
    """

    kind: ActionKind
    verdict: Verdict
    resource: Resource
    question: Question
    amount: int | None = None
    room: str | None = None
    equipment: str | None = None
    before: float | None = None
    after: float | None = None


class Obstacle(StrEnum):
    """What stands in the way besides resources; said first."""

    CLOSED = "closed"
    BOOKED = "booked"


class Unsaid(StrEnum):
    """What the measure does not tell."""

    OWN_MOBILE_DATA = "own-mobile-data"
    NOISE = "noise"
    NEIGHBOURS = "neighbours"
    RATE_ESTIMATED = "rate-estimated"
    """The radio's rate follows from the least that receivers must do, and from frames that travel together by guess."""
    LATENCY_NOT_LOADED = "latency-not-loaded"
    NEVER_SO_MANY = "never-so-many"
    FEW_DAYS = "few-days"
    OTHERS_UNKNOWN = "others-unknown"
    NOT_CHECKED = "not-checked"


class Confidence(StrEnum):
    """How sure the answer is."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole answer.

    Attributes:
        verdict: Go, tight or no-go.
        gauges: Every resource, tightest first.
        limiting: The tightest that was checked; None when none was.
        second: Another within a fifth of it; None when there is none.
        breaks_at: By resource, the largest number of people that is held nine times in ten; a resource that does not
            depend on them, or was not checked, is not there.
        fits_people: The least of those; None when none is known.
        go_people: The largest number with which the verdict would be go; 0 when with none.
        actions: None on a go, else two to four where so many help at all, best first.
        obstacles: Closed or booked.
        unsaid: What the measure does not tell.
        confidence: In words.
        doubts: What lowered it.
        most_people_seen: As of the supply.
        unknown_calendar: As of the supply.
    """

    verdict: Verdict
    gauges: tuple[Gauge, ...]
    limiting: Resource | None
    second: Resource | None
    breaks_at: tuple[tuple[Resource, int], ...]
    fits_people: int | None
    go_people: int
    actions: tuple[Action, ...]
    obstacles: tuple[Obstacle, ...]
    unsaid: tuple[Unsaid, ...]
    confidence: Confidence
    doubts: tuple[Unsaid, ...]
    most_people_seen: int | None
    unknown_calendar: str | None = None


def unsaid(question: Question, supply: Supply, gauges: Sequence[Gauge]) -> tuple[Unsaid, ...]:
    """What has to be said with the answer, the particular before the general."""
    cautions = {caution for gauge in gauges for caution in gauge.cautions}
    told: Iterator[tuple[Unsaid, bool]] = iter(
        (
            (Unsaid.NOT_CHECKED, any(gauge.verdict is Verdict.NOT_CHECKED for gauge in gauges)),
            (Unsaid.FEW_DAYS, Caution.FEW_DAYS in cautions),
            (Unsaid.OTHERS_UNKNOWN, Caution.OTHERS_UNKNOWN in cautions),
            (Unsaid.NEVER_SO_MANY, _is_larger_than_seen(question, supply)),
            (Unsaid.LATENCY_NOT_LOADED, _is_latency_unloaded(supply)),
            (Unsaid.RATE_ESTIMATED, isinstance(supply.radio, Radio)),
            (Unsaid.OWN_MOBILE_DATA, True),
            (Unsaid.NOISE, True),
            (Unsaid.NEIGHBOURS, True),
        )
    )
    return tuple(word for word, holds in told if holds)


def confidence(question: Question, supply: Supply, gauges: Sequence[Gauge]) -> tuple[Confidence, tuple[Unsaid, ...]]:
    """From facts: how many samples, how old, and what was not measured at all. Each doubt lowers it by one step."""
    capacities = [gauge.capacity for gauge in gauges if gauge.capacity is not None]
    effective = min((one.effective for one in capacities if one.effective is not None), default=0.0)
    step = 0 if effective < FEW_EFFECTIVE else 1 if effective <= MANY_EFFECTIVE else 2
    doubts = []
    if isinstance(supply.radio, Missing):
        doubts.append(Unsaid.NOT_CHECKED)
    if _is_latency_unloaded(supply):
        doubts.append(Unsaid.LATENCY_NOT_LOADED)
    if _is_larger_than_seen(question, supply):
        doubts.append(Unsaid.NEVER_SO_MANY)
    latest_ts = max((one.last_ts for one in capacities if one.last_ts is not None), default=None)
    if latest_ts is not None and supply.asked_ts is not None and supply.asked_ts - latest_ts > OLD_S:
        doubts.append(Unsaid.FEW_DAYS)
    words = (Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
    return words[max(0, step - len(doubts))], tuple(doubts)


def _is_larger_than_seen(question: Question, supply: Supply) -> bool:
    return supply.most_people_seen is not None and question.people > supply.most_people_seen


def _is_latency_unloaded(supply: Supply) -> bool:
    is_rehearsed = supply.rehearsal is not None and supply.rehearsal.path is not None
    return isinstance(supply.latency, Latency) and not supply.latency.is_loaded and not is_rehearsed
