"""What a session came to, beside what was foretold of it. Pure; called on the checks' thread once a session is over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

AS_MANY = (0.8, 1.2)
"""Share of the people who were expected, between which a forecast can be compared at all. Wider takes an empty room for
a kept promise; narrower compares hardly any session."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was last told of a session before it began.

    Attributes:
        room: Its id.
        name: None where its calendar keeps it to itself.
        begins_ts: Of the session.
        ends_ts: Of the session.
        people: Who were expected.
        activity: What they were to do, an id.
        verdict: ``go``, ``tight`` or ``no-go``.
        limiting: The resource that was to give in first; None when none was checked.
        at_ts: When it was told.
    """

    room: str
    name: str | None
    begins_ts: float
    ends_ts: float
    people: int
    activity: str
    verdict: str
    limiting: str | None
    at_ts: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came.

    Attributes:
        people: Most that were counted; None when unknown.
        held: Resources that were measured throughout and did not give in.
        broke: Resources that gave in.
    """

    people: int | None
    held: frozenset[str]
    broke: frozenset[str]


def came_true(forecast: Forecast, outcome: Outcome) -> bool | None:
    """Whether the forecast held; None where it promised neither, or what came cannot be compared with it.

    A yes is only kept where the network was measured, and a no only broken where the resource that it named was.
    """
    least, most = (share * forecast.people for share in AS_MANY)
    if outcome.people is None or forecast.verdict not in {"go", "no-go"}:
        return None
    if forecast.verdict == "go":
        if outcome.broke:
            return False if outcome.people <= most else None
        return True if outcome.people >= least and "latency" in outcome.held else None
    if outcome.broke:
        return True
    return False if outcome.people >= least and forecast.limiting in outcome.held else None


def outcome_of(
    people: int | None,
    seats: int,
    free_outlets: Iterable[float | None],
    live: Iterable[float | None],
    lost_points: Iterable[float | None],
) -> Outcome:
    """From what was measured in each quarter of an hour; None is unknown.

    Args:
        people: Most that were counted.
        seats: Of the room.
        free_outlets: The fewest that were free, of all that it has.
        live: 1 while every circuit of the room had voltage, less when one had not for a part of the time.
        lost_points: Of Quality of Outcome, over what the activity may lose: above 1 it suffers.
    """
    gave_in = {
        "seats": [None if people is None else people > seats],
        "outlets": [None if free is None else free < 1 for free in free_outlets],
        "power": [None if share is None else share < 1 for share in live],
        "latency": [None if lost is None else lost > 1 for lost in lost_points],
    }
    broke = {resource for resource, told in gave_in.items() if True in told}
    held = {resource for resource, told in gave_in.items() if told and all(one is False for one in told)}
    return Outcome(people, frozenset(held), frozenset(broke))
