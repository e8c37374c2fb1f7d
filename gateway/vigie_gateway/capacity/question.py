"""What an organiser asks: a room, a time, how many people, what they do and bring; and what is wrong with that.

Pure. Made by the form and the API, changed by ``actions``, read by ``needs``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vigie_gateway.capacity.activities import Activities

MOST_PEOPLE = 5_000
"""Above, it is a typing error or a stadium. Lower refuses a fair; higher reckons numbers that no room has."""
LONGEST_S = 14 * 86_400.0
"""A session is judged by its worst hour: of more than a fortnight that says nothing."""
MOST_PIECES = 100
"""Of one kind of equipment. Above, it is a typing error."""


@dataclass(frozen=True, slots=True)
class Question:
    """A session that somebody means to hold.

    Attributes:
        room: Its id.
        starts_ts: Epoch seconds.
        ends_ts: After that.
        people: How many come.
        activity: What they mostly do, an id.
        lighter_share: Of them, who do the activity's lighter one instead (cameras off).
        equipment: Ids of what is brought, and how many of each.
        plugged_share: Of the people who plug in; None takes the activity's.
        extra_outlets: That brought power strips add.
    """

    room: str
    starts_ts: float
    ends_ts: float
    people: int
    activity: str
    lighter_share: float = 0.0
    equipment: tuple[tuple[str, int], ...] = ()
    plugged_share: float | None = None
    extra_outlets: int = 0


class ProblemKind(StrEnum):
    """Why a question cannot be answered."""

    TOO_FEW = "too-few"
    TOO_MANY = "too-many"
    NOT_AFTER = "not-after"
    TOO_LONG = "too-long"
    PAST = "past"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One field to put right.

    Attributes:
        field: Of ``Question``.
        kind: What is wrong.
        bound: The limit that was passed; None where there is none.
    """

    field: str
    kind: ProblemKind
    bound: float | None = None


def problems(question: Question, activities: Activities, now_ts: float | None = None) -> tuple[FieldProblem, ...]:
    """Everything that is wrong with a question, in the order of its fields; empty when it can be answered.

    Args:
        question: As it was asked. Whether there is such a room is the asker's to say.
        activities: What may be asked for.
        now_ts: To refuse the past; None does not, for a look back.
    """
    found = _time_problems(question, now_ts)
    found += _number_problem("people", question.people, 1, MOST_PEOPLE)
    activity = activities.by_id.get(question.activity)
    if activity is None:
        found.append(FieldProblem("activity", ProblemKind.UNKNOWN))
    found += _number_problem("lighter_share", question.lighter_share, 0, 1)
    if activity is not None and activity.lighter is None and question.lighter_share > 0:
        found.append(FieldProblem("lighter_share", ProblemKind.TOO_MANY, 0))
    for name, count in question.equipment:
        if name not in activities.equipment:
            found.append(FieldProblem("equipment", ProblemKind.UNKNOWN))
        found += _number_problem("equipment", count, 0, MOST_PIECES)
    if question.plugged_share is not None:
        found += _number_problem("plugged_share", question.plugged_share, 0, 1)
    found += _number_problem("extra_outlets", question.extra_outlets, 0, MOST_PEOPLE)
    return tuple(found)


def _time_problems(question: Question, now_ts: float | None) -> list[FieldProblem]:
    found = []
    if now_ts is not None and question.starts_ts < now_ts:
        found.append(FieldProblem("starts_ts", ProblemKind.PAST, now_ts))
    if not question.ends_ts > question.starts_ts:
        found.append(FieldProblem("ends_ts", ProblemKind.NOT_AFTER, question.starts_ts))
    elif question.ends_ts - question.starts_ts > LONGEST_S:
        found.append(FieldProblem("ends_ts", ProblemKind.TOO_LONG, LONGEST_S))
    return found


def _number_problem(field: str, value: float, least: float, most: float) -> list[FieldProblem]:
    if value > most:
        return [FieldProblem(field, ProblemKind.TOO_MANY, most)]
    return [] if value >= least else [FieldProblem(field, ProblemKind.TOO_FEW, least)]
