"""What to do where a session does not simply fit: each idea is tried through the same model before it is told.

Pure. Called by ``check`` when the answer is no go.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.answer import Action, ActionKind
from vigie_gateway.capacity.judgement import SEVERITY, Gauge, Verdict, gauges, worst
from vigie_gateway.capacity.needs import groups_of, needed_bps
from vigie_gateway.capacity.planning import access_points_needed
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import NETWORK, Capacity, OtherSession, Radio, Rehearsal, Resource, Supply
from vigie_gateway.place.wifi import Path

MOST_ACTIONS = 4
"""Told at once. More is a list to read, not a thing to do."""
STRIP_OUTLETS = 5
"""That a power strip of six adds to the outlet that it takes."""
MOST_STRIPS = 4
"""That somebody carries in. More is another room."""
CHARGED_SHARE = 0.25
"""Of people, who plug in although asked to come charged."""
REHEARSAL_FACTOR = 1.3
"""Of the demand, which a rehearsal holds before it stops."""
_WORTH = 0.95
"""A ratio has to fall to this share for an idea to be worth its place when it does not change the verdict. Higher tells
of what nobody would notice, lower hides steps that add up."""

_ELECTRIC = frozenset({Resource.OUTLETS, Resource.POWER})
_LINE = frozenset({Resource.DOWNLOAD, Resource.UPLOAD, Resource.AIRTIME})
_COMMON = frozenset({Resource.DOWNLOAD, Resource.UPLOAD, Resource.ADDRESSES})
"""What two rooms of one place share for certain."""
_GOOD_PATH = Path(0.0, 0.0, 0.0)
"""What a rehearsal that holds will have found."""


@dataclass(frozen=True, slots=True)
class _Idea:
    """Something to try: the question and the supply that it would leave."""

    kind: ActionKind
    question: Question
    supply: Supply
    amount: int | None = None
    room: str | None = None
    equipment: str | None = None
    beside: tuple[Question, Supply] | None = None
    """The other half, where a session is split; the worse of both counts."""


def find_actions(
    question: Question,
    supply: Supply,
    activities: Activities,
    now: Sequence[Gauge],
    largest: Callable[[Verdict], int],
) -> tuple[Action, ...]:
    """The ideas that help, best verdict first, at most four.

    Args:
        question: As asked.
        supply: As it is.
        activities: What may be done instead.
        now: The gauges of the question as asked, tightest first.
        largest: The largest number of people whose verdict is at least that good; 0 when there is none.
    """
    short = {gauge.resource for gauge in now if gauge.verdict is not Verdict.GO}
    verdict_now = worst(now)
    tried = (_try(idea, activities, now) for idea in _ideas(question, supply, activities, short, verdict_now, largest))
    helping = [action for action in tried if _helps(action, verdict_now)]
    helping.sort(key=lambda action: SEVERITY[action.verdict])
    return tuple(helping[:MOST_ACTIONS])


def _ideas(
    question: Question,
    supply: Supply,
    activities: Activities,
    short: set[Resource],
    verdict: Verdict,
    largest: Callable[[Verdict], int],
) -> Iterator[_Idea]:
    """From the easiest to the most trouble."""
    if short & _LINE:
        yield from _lighter(question, supply, activities)
    if short & _ELECTRIC:
        yield from _electric(question, supply, activities, short)
    yield from _rooms(question, supply)
    for wanted in (Verdict.GO, Verdict.TIGHT) if verdict is Verdict.NO_GO else (Verdict.GO,):
        people = largest(wanted)
        if 0 < people < question.people:
            yield _Idea(ActionKind.FEWER_PEOPLE, replace(question, people=people), supply, people)
    if supply.is_free_after and question.people > 1:
        half = math.ceil(question.people / 2)
        yield _Idea(ActionKind.TWO_SESSIONS, replace(question, people=half), supply, half)
    if short & {Resource.AIRTIME, Resource.DEVICES}:
        yield from _access_points(question, supply, activities)
    if short & NETWORK and supply.rehearsal is None:
        yield _rehearsed(question, supply, activities)


def _lighter(question: Question, supply: Supply, activities: Activities) -> Iterator[_Idea]:
    if activities.by_id[question.activity].lighter is None:
        return
    for kind, share in ((ActionKind.LIGHTER_ACTIVITY, 0.5), (ActionKind.ALL_LIGHTER, 1.0)):
        if question.lighter_share < share:
            yield _Idea(kind, replace(question, lighter_share=share), supply)


def _electric(question: Question, supply: Supply, activities: Activities, short: set[Resource]) -> Iterator[_Idea]:
    if Resource.OUTLETS in short:
        for strips in range(1, MOST_STRIPS + 1):
            extra = question.extra_outlets + STRIP_OUTLETS * strips
            idea = _Idea(ActionKind.POWER_STRIP, replace(question, extra_outlets=extra), supply, STRIP_OUTLETS * strips)
            outlets = next(one for one in gauges(idea.question, supply, activities) if one.resource is Resource.OUTLETS)
            if outlets.verdict is Verdict.GO or strips == MOST_STRIPS:
                yield idea
                break
    if question.plugged_share is None or question.plugged_share > CHARGED_SHARE:
        yield _Idea(ActionKind.CHARGED_BEFORE, replace(question, plugged_share=CHARGED_SHARE), supply)
    for name, count in question.equipment:
        if count:
            kept = tuple(pair for pair in question.equipment if pair[0] != name)
            yield _Idea(ActionKind.WITHOUT_EQUIPMENT, replace(question, equipment=kept), supply, equipment=name)


def _rooms(question: Question, supply: Supply) -> Iterator[_Idea]:
    for other in supply.alternatives:
        elsewhere = replace(question, room=other.room)
        yield _Idea(ActionKind.OTHER_ROOM, elsewhere, other, question.people, other.room)
        if isinstance(supply.seats, Capacity) and isinstance(other.seats, Capacity) and question.people > 1:
            yield _split(question, supply, other, supply.seats.usual, other.seats.usual)


def _split(question: Question, supply: Supply, other: Supply, seats: float, other_seats: float) -> _Idea:
    """By seats; each half shares the line, and the addresses, with the other."""
    share = seats / (seats + other_seats) if seats + other_seats > 0 else 0.5
    here = min(question.people - 1, max(1, round(question.people * share)))
    there = question.people - here
    there_too = OtherSession(there, question.activity, _COMMON)
    here_too = OtherSession(here, question.activity, _COMMON)
    return _Idea(
        ActionKind.SPLIT_ROOMS,
        replace(question, people=here),
        replace(supply, others=(*supply.others, there_too)),
        here,
        other.room,
        beside=(
            replace(question, room=other.room, people=there, equipment=(), extra_outlets=0),
            replace(other, others=(*other.others, here_too)),
        ),
    )


def _access_points(question: Question, supply: Supply, activities: Activities) -> Iterator[_Idea]:
    """By the vendors' rules, whichever of throughput and clients asks for more."""
    radio = supply.radio
    mode = radio.mode() if isinstance(radio, Radio) else None
    if not isinstance(radio, Radio) or mode is None:
        return
    groups = groups_of(question, activities)
    per_person_bps = (needed_bps(groups, is_up=False) + needed_bps(groups, is_up=True)) / question.people
    if per_person_bps <= 0:
        return
    needed = access_points_needed(question.people, per_person_bps / 1e6, mode.rate_bps / 1e6).needed
    needed = max(radio.access_points + 1, needed)
    more = replace(supply, radio=replace(radio, access_points=needed))
    yield _Idea(ActionKind.MORE_ACCESS_POINTS, question, more, needed - radio.access_points)


def _rehearsed(question: Question, supply: Supply, activities: Activities) -> _Idea:
    groups = groups_of(question, activities)
    down_bps, up_bps = (REHEARSAL_FACTOR * needed_bps(groups, is_up=is_up) for is_up in (False, True))
    rehearsal = Rehearsal(down_bps, up_bps, path=_GOOD_PATH, at_ts=question.starts_ts)
    return _Idea(ActionKind.REHEARSE, question, replace(supply, rehearsal=rehearsal))


def _try(idea: _Idea, activities: Activities, now: Sequence[Gauge]) -> Action:
    then = gauges(idea.question, idea.supply, activities)
    verdict = worst(then)
    if idea.beside is not None:
        verdict = max(verdict, worst(gauges(*idea.beside, activities)), key=SEVERITY.__getitem__)
    resource = _at_stake(now, then)
    return Action(
        kind=idea.kind,
        verdict=verdict,
        resource=resource,
        question=idea.question,
        amount=idea.amount,
        room=idea.room,
        equipment=idea.equipment,
        before=_ratio_of(now, resource),
        after=_ratio_of(then, resource),
    )


def _at_stake(now: Sequence[Gauge], then: Sequence[Gauge]) -> Resource:
    """The tightest resource that the idea relieves; the tightest of all where it relieves none."""
    for gauge in now:
        before, after = gauge.ratio, _ratio_of(then, gauge.resource)
        if gauge.verdict is not Verdict.GO and before is not None and after is not None and after < before.high:
            return gauge.resource
    return now[0].resource


def _ratio_of(found: Sequence[Gauge], resource: Resource) -> float | None:
    ratio = next(gauge.ratio for gauge in found if gauge.resource is resource)
    return None if ratio is None else ratio.high


def _helps(action: Action, now: Verdict) -> bool:
    """A better verdict; or, of what stays tight, at least more margin."""
    if SEVERITY[action.verdict] != SEVERITY[now]:
        return SEVERITY[action.verdict] < SEVERITY[now]
    if now is Verdict.NO_GO or action.before is None or action.after is None:
        return False
    return action.after <= action.before * _WORTH
