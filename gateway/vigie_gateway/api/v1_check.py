"""``/api/v1/check``: whether a session fits, for programs. The page is ``check``.

Names and shapes here are promised: they change only with the number in the path. Asking keeps nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vigie_contract.senml import LATEST_TS
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.problems import Problem, described
from vigie_gateway.auth.roles import CHECKERS
from vigie_gateway.capacity.answer import Action, ActionKind, Answer, Confidence, Obstacle, Unsaid
from vigie_gateway.capacity.judgement import Caution, Gauge, Verdict
from vigie_gateway.capacity.needs import Need
from vigie_gateway.capacity.question import FieldProblem, ProblemKind, Question
from vigie_gateway.capacity.supply import Basis, Capacity, Resource
from vigie_gateway.store import StoreError

MOST_KINDS = 50
"""Of equipment in one question. Lower refuses a long list; higher is a mistake."""
UNITS = {
    Resource.SEATS: "count",
    Resource.OUTLETS: "count",
    Resource.POWER: "W",
    Resource.DEVICES: "count",
    Resource.ADDRESSES: "count",
    Resource.DOWNLOAD: "bit/s",
    Resource.UPLOAD: "bit/s",
    Resource.AIRTIME: "/",
    Resource.LATENCY: "/",
}
"""Of a gauge's need and capacity, in the words of SenML; air is a share of the time, of a radio that was only rehearsed
bit/s, and latency a share of the points that may be lost."""
_SAID = {
    ProblemKind.TOO_FEW: "expected at least {bound:g}",
    ProblemKind.TOO_MANY: "expected at most {bound:g}",
    ProblemKind.NOT_AFTER: "expected a time after starts_ts ({bound:.0f})",
    ProblemKind.TOO_LONG: "expected at most {bound:g} s after starts_ts",
    ProblemKind.PAST: "expected a time to come (it is {bound:.0f})",
    ProblemKind.UNKNOWN: "this place has none of that name",
}


def _whole(value: object) -> object:
    """JSON has one kind of number: 12.0 is a whole one (JSON Schema, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Moment = Annotated[float, Field(strict=True, ge=0, lt=LATEST_TS, allow_inf_nan=False, description="Epoch seconds")]
Whole = Annotated[int, Field(strict=True), BeforeValidator(_whole)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]


class CheckBody(BaseModel):
    """A session that somebody means to hold; what is left out of it is as the activity says."""

    model_config = ConfigDict(extra="forbid")

    room: Annotated[str, Field(max_length=64, description="Id of a room with seats")]
    starts_ts: Moment
    ends_ts: Moment
    people: Annotated[Whole, Field(description="1 to 5,000")]
    activity: Annotated[str, Field(max_length=64, description="What they mostly do, an id of docs/capacity.md")]
    lighter_share: Annotated[Share, Field(description="Of the people, at the activity's lighter one")] = 0.0
    equipment: Annotated[dict[str, Whole], Field(max_length=MOST_KINDS, description="How many of each, by id")] = {}
    plugged_share: Annotated[Share | None, Field(description="Of the people, who plug in")] = None
    extra_outlets: Annotated[Whole, Field(description="That brought power strips add")] = 0

    def question(self) -> Question:
        """For the capacity check."""
        return Question(**(dict(self) | {"equipment": tuple(sorted(self.equipment.items()))}))


@dataclass(frozen=True, slots=True)
class QuestionAnswer:
    """A question, as one may send it again."""

    room: str
    starts_ts: float
    ends_ts: float
    people: int
    activity: str
    lighter_share: float
    equipment: dict[str, int]
    plugged_share: float | None
    extra_outlets: int


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """At least, probably and at most; of a ratio null where there is nothing of the resource at all."""

    low: float | None
    mid: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class CapacityAnswer:
    """How much there is: nine times in ten, on good days, and the highest measured (null: a rehearsal met no end)."""

    dependable: float
    usual: float
    highest: float | None
    basis: Basis
    days: int | None
    effective_samples: float | None
    last_ts: float | None


@dataclass(frozen=True, slots=True)
class GaugeAnswer:
    """One resource. ``missing`` says why ``capacity`` is null; ``margin`` is the share of what is dependable left."""

    resource: Resource
    unit: str
    verdict: Verdict
    need: RangeAnswer | None
    capacity: CapacityAnswer | None
    missing: str | None
    ratio: RangeAnswer | None
    margin: float | None
    cautions: tuple[Caution, ...]


@dataclass(frozen=True, slots=True)
class ActionAnswer:
    """Something to do, with the verdict that it would get, and the question to ask then."""

    kind: ActionKind
    verdict: Verdict
    resource: Resource
    amount: int | None
    room: str | None
    equipment: str | None
    before: float | None
    after: float | None
    question: QuestionAnswer


@dataclass(frozen=True, slots=True)
class BreakAnswer:
    """Up to how many people a resource holds, nine times in ten."""

    resource: Resource
    people: int


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """Whether a session fits. Gauges are tightest first; docs/capacity.md explains each word.

    ``unknown_calendar`` says why it is not known what else takes place; null when it is.
    """

    verdict: Verdict
    gauges: tuple[GaugeAnswer, ...]
    limiting: Resource | None
    second: Resource | None
    breaks_at: tuple[BreakAnswer, ...]
    fits_people: int | None
    go_people: int
    actions: tuple[ActionAnswer, ...]
    obstacles: tuple[Obstacle, ...]
    unsaid: tuple[Unsaid, ...]
    confidence: Confidence
    doubts: tuple[Unsaid, ...]
    most_people_seen: int | None
    unknown_calendar: str | None
    question: QuestionAnswer


def api_router(gateway: Gateway) -> APIRouter:
    """The route of version 1."""
    routes = APIRouter(prefix="/api/v1", tags=["v1"], route_class=GuardedRoute)

    @routes.post(
        "/check",
        summary="Will a session fit?",
        description="Nothing is kept of the question: a token of any scope may ask.",
        responses=described(413, 422),
    )
    @allowed(CHECKERS)
    def check(body: CheckBody) -> CheckAnswer:
        question = body.question()
        wrong = gateway.supplies.problems(question)
        if wrong:
            raise _refusal(question, wrong)
        try:
            answer = gateway.answer(question)
        except StoreError as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error
        return _answer(question, answer)

    return routes


def _refusal(question: Question, wrong: tuple[FieldProblem, ...]) -> Problem:
    errors = []
    for one in wrong:
        value = getattr(question, one.field)
        shown = f"{value:.15g}" if isinstance(value, float) else repr(value)[:80]
        said = _SAID[one.kind].format(bound=one.bound or 0.0)
        errors.append(
            {"parameter": f"body.{one.field}", "pointer": f"#/{one.field}", "detail": f"{one.field} is {shown}, {said}"}
        )
    detail = "; ".join(one["detail"] for one in errors)
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors=errors)


def _answer(question: Question, answer: Answer) -> CheckAnswer:
    return CheckAnswer(
        answer.verdict,
        tuple(_gauge(one) for one in answer.gauges),
        answer.limiting,
        answer.second,
        tuple(BreakAnswer(resource, people) for resource, people in answer.breaks_at),
        answer.fits_people,
        answer.go_people,
        tuple(_action(one) for one in answer.actions),
        answer.obstacles,
        answer.unsaid,
        answer.confidence,
        answer.doubts,
        answer.most_people_seen,
        answer.unknown_calendar,
        _question(question),
    )


def _question(question: Question) -> QuestionAnswer:
    return QuestionAnswer(
        question.room,
        question.starts_ts,
        question.ends_ts,
        question.people,
        question.activity,
        question.lighter_share,
        dict(question.equipment),
        question.plugged_share,
        question.extra_outlets,
    )


def _gauge(gauge: Gauge) -> GaugeAnswer:
    return GaugeAnswer(
        gauge.resource,
        UNITS[gauge.resource],
        gauge.verdict,
        _range(gauge.need),
        _capacity(gauge.capacity),
        gauge.missing,
        _range(gauge.ratio),
        None if gauge.margin is None else _finite(gauge.margin),
        gauge.cautions,
    )


def _capacity(capacity: Capacity | None) -> CapacityAnswer | None:
    if capacity is None:
        return None
    return CapacityAnswer(
        capacity.dependable,
        capacity.usual,
        _finite(capacity.highest),
        capacity.basis,
        capacity.days,
        capacity.effective,
        capacity.last_ts,
    )


def _action(action: Action) -> ActionAnswer:
    return ActionAnswer(
        action.kind,
        action.verdict,
        action.resource,
        action.amount,
        action.room,
        action.equipment,
        None if action.before is None else _finite(action.before),
        None if action.after is None else _finite(action.after),
        _question(action.question),
    )


def _range(need: Need | None) -> RangeAnswer | None:
    return None if need is None else RangeAnswer(*(_finite(one) for one in need))


def _finite(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None
