"""Will it fit? The one question that the rest of the gateway asks of this package.

Pure. Called by the page, the API, and before each session of the calendar; an example stands in docs/capacity.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from vigie_gateway.capacity.actions import find_actions
from vigie_gateway.capacity.activities import BUILT_IN, Activities
from vigie_gateway.capacity.answer import Answer, Obstacle, confidence, unsaid
from vigie_gateway.capacity.judgement import SEVERITY, Gauge, Verdict, gauges, worst
from vigie_gateway.capacity.question import MOST_PEOPLE, Question, problems
from vigie_gateway.capacity.supply import Resource, Supply

SECOND_WITHIN = 0.8
"""Of the limiting resource's ratio, from which on another is named with it: it would be the next to give in."""
_ROUNDING = 1e-9

_WithPeople = Callable[[int], tuple[Gauge, ...]]
"""The gauges of the same session with so many people."""


def check(question: Question, supply: Supply, activities: Activities = BUILT_IN) -> Answer:
    """Whether a session fits, what gives in first and at how many people, how sure that is, and what to do.

    Args:
        question: As it was asked; see ``question.problems`` for what is wrong with one.
        supply: Of that room at that time; what is not given there is not known, and no go comes of it where it is radio
            or uplink.
        activities: What may be asked for; those of the site.

    Returns:
        The same answer for the same values, always: nothing is read and no clock asked. More people never make it
        better, more of a resource never makes it worse.

    Raises:
        ValueError: When the question cannot be answered; names the field and the limit.
    """
    wrong = problems(question, activities)
    if wrong:
        first = wrong[0]
        value = getattr(question, first.field)
        limit = "" if first.bound is None else f", {first.bound:g}"
        raise ValueError(f"{first.field} is {value!r}, expected one that is not {first.kind}{limit}")
    found = gauges(question, supply, activities)
    obstacles = _obstacles(supply)
    verdict = _verdict(found, obstacles)

    @cache  # every search halves the same numbers
    def with_people(people: int) -> tuple[Gauge, ...]:
        return gauges(replace(question, people=people), supply, activities)

    largest = _largest(with_people)
    limiting = next((gauge for gauge in found if gauge.ratio is not None), None)
    breaks_at = _breaks_at(with_people, found)
    sure, doubts = confidence(question, supply, found)
    return Answer(
        verdict=verdict,
        gauges=found,
        limiting=None if limiting is None else limiting.resource,
        second=None if limiting is None else _second(limiting, found),
        breaks_at=breaks_at,
        fits_people=min((people for _, people in breaks_at), default=None),
        go_people=0 if obstacles else largest(Verdict.GO),
        actions=() if worst(found) is Verdict.GO else find_actions(question, supply, activities, found, largest),
        obstacles=obstacles,
        unsaid=unsaid(question, supply, found),
        confidence=sure,
        doubts=doubts,
        most_people_seen=supply.most_people_seen,
        unknown_calendar=supply.unknown_calendar,
    )


def _obstacles(supply: Supply) -> tuple[Obstacle, ...]:
    found = ((Obstacle.CLOSED, not supply.is_open), (Obstacle.BOOKED, supply.is_booked))
    return tuple(obstacle for obstacle, stands in found if stands)


def _verdict(found: tuple[Gauge, ...], obstacles: tuple[Obstacle, ...]) -> Verdict:
    """A closed or booked room may still have the resources, but is never a plain yes: somebody has to be asked."""
    verdict = worst(found)
    return Verdict.TIGHT if obstacles and verdict is Verdict.GO else verdict


def _second(limiting: Gauge, found: tuple[Gauge, ...]) -> Resource | None:
    if limiting.ratio is None:
        return None
    near = [
        gauge
        for gauge in found
        if gauge is not limiting and gauge.ratio is not None and gauge.ratio.mid >= SECOND_WITHIN * limiting.ratio.mid
    ]
    return near[0].resource if near and limiting.ratio.mid > 0 else None


def _breaks_at(with_people: _WithPeople, now: tuple[Gauge, ...]) -> tuple[tuple[Resource, int], ...]:
    """By resource, up to how many people need no more than is dependable; left out where more than MOST_PEOPLE do."""

    def holds(resource: Resource, people: int) -> bool:
        ratio = next(gauge.ratio for gauge in with_people(people) if gauge.resource is resource)
        return ratio is not None and ratio.high <= 1 + _ROUNDING

    depending = [one.resource for one in now if one.ratio is not None and one.resource is not Resource.LATENCY]
    found = [(resource, _largest_that(partial(holds, resource))) for resource in depending]
    return tuple(sorted((pair for pair in found if pair[1] < MOST_PEOPLE), key=lambda pair: pair[1]))


def _largest(with_people: _WithPeople) -> Callable[[Verdict], int]:
    """How many people could come for a verdict that is at least so good."""

    def holds(verdict: Verdict, people: int) -> bool:
        return SEVERITY[worst(with_people(people))] <= SEVERITY[verdict]

    return lambda verdict: _largest_that(partial(holds, verdict))


def _largest_that(holds: Callable[[int], bool]) -> int:
    """The largest number of people up to MOST_PEOPLE for which it holds, when it holds for all below; 0 for none."""
    low, high = 0, MOST_PEOPLE
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low
