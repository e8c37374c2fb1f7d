"""``/api/v1/alerts``: alerts for programs. The pages are ``alerts``.

Names and shapes here are promised: they change only with the number in the path.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from vigie_contract.senml import LATEST_TS
from vigie_dashboard.alert_view import AlertView, ToldView
from vigie_dashboard.notices import Severity
from vigie_dashboard.sheet_view import THIS_MACHINE
from vigie_gateway.alerts.desk import Desk
from vigie_gateway.alerts.marks import LONGEST_NOTE
from vigie_gateway.alerts.showing import AlertDetail, MarkError
from vigie_gateway.api.alerts import MARK_STATUS, RECOVERED_S
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.corrections import GREATEST_ID
from vigie_gateway.api.guard import GuardedRoute, allowed, check_may_correct, principal_of
from vigie_gateway.api.problems import Problem, described
from vigie_gateway.auth.roles import ADMIN_ONLY, DESK, STAFF

MOST_ROWS = 500
"""Of one answer. Lower asks more often; higher holds more memory."""
SEVERITIES: Mapping[Severity, Literal["outage", "warning", "unknown"]] = {
    Severity.OUTAGE: "outage",
    Severity.WARNING: "warning",
    Severity.UNKNOWN: "unknown",
}

Number = Annotated[int, Path(ge=1, le=GREATEST_ID, description="Of the alert")]
Text = Annotated[str, Field(max_length=LONGEST_NOTE)]
Moment = Annotated[float, Field(strict=True, ge=0, lt=LATEST_TS, allow_inf_nan=False, description="Epoch seconds")]


@dataclass(frozen=True, slots=True)
class AlertAnswer:
    """One alert. Times are epoch seconds; null is what is not known, or has not happened.

    ``explains`` are the numbers of the alerts that this one is the cause of; ``cause`` is the other way round.
    """

    number: int
    rule: str
    signal: str
    severity: Literal["outage", "warning", "unknown"]
    phase: Literal["pending", "firing", "resolved", "dropped"]
    subject_kind: str
    subject: str
    name: dict[str, str]
    since_ts: float
    fired_ts: float | None
    ended_ts: float | None
    value: float | None
    worst: float | None
    level: float | None
    unknown_since_ts: float | None
    fault: str
    taken_by: str
    taken_ts: float | None
    note: str
    is_silenced: bool
    silenced_by: str
    silence_reason: str
    silenced_until_ts: float | None
    cause: int | None
    explains: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class EventAnswer:
    """One line of an alert's course; ``author`` is empty for the gateway itself."""

    what: str
    at_ts: float
    author: str
    reason: str
    value: float | None


@dataclass(frozen=True, slots=True)
class AlertDetailAnswer:
    """An alert and what happened to it, oldest first."""

    alert: AlertAnswer
    course: tuple[EventAnswer, ...]


@dataclass(frozen=True, slots=True)
class ToldAnswer:
    """One way in which somebody is told: a person of `[[told]]` by one of their notifiers.

    ``kind`` is what it is (``email``, ``screen``...); null, with ``is_here`` false: this machine has none of that name,
    and they are not told by it. ``rules`` null: of all. ``least`` is the mildest that they are told of. ``is_sent``
    null: nothing was sent, or nobody knows yet; ``error`` is empty where it got through.
    """

    recipient: str
    name: str
    notifier: str
    is_here: bool
    kind: str | None
    least: Literal["outage", "warning", "unknown"]
    rules: tuple[str, ...] | None
    last_ts: float | None
    is_sent: bool | None
    is_test: bool
    error: str
    waiting: int


class NoteBody(BaseModel):
    """What is said of it."""

    model_config = ConfigDict(extra="forbid")

    note: Text


class AcknowledgeBody(BaseModel):
    """``note`` may be empty; ``known``: who is known to have it, and is put aside."""

    model_config = ConfigDict(extra="forbid")

    note: Text = ""
    known: Text = ""


class SilenceBody(BaseModel):
    """``until_ts`` null: until it is over, which ends it in any case."""

    model_config = ConfigDict(extra="forbid")

    reason: Text
    until_ts: Moment | None = None


def api_router(gateway: Gateway) -> APIRouter:
    """The routes of version 1."""
    routes = APIRouter(prefix="/api/v1", tags=["v1"], route_class=GuardedRoute)
    desk = gateway.alerts

    @routes.get("/alerts", summary="Alerts that fire, are silenced, recovered, or ever were", responses=described(422))
    @allowed(STAFF)
    def alerts(
        state: Annotated[
            Literal["current", "silenced", "recovered", "history"],
            Query(description="`recovered`: within 24 hours; `history`: the highest number first"),
        ] = "current",
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="At most so many")] = 100,
        before: Annotated[int | None, Query(ge=1, le=GREATEST_ID, description="Of the history: lower numbers")] = None,
    ) -> list[AlertAnswer]:
        if state == "history":
            found = desk.history(before, limit)
        elif state == "recovered":
            found = desk.recovered(gateway.clock.now_ts() - RECOVERED_S)
        else:
            found = desk.silenced() if state == "silenced" else desk.current()
        return [_answer(one) for one in found[:limit]]

    @routes.get("/alerts/told", summary="Who is told of alerts, and what became of the last message")
    @allowed(STAFF)
    def told() -> list[ToldAnswer]:
        return [_told(one) for one in gateway.roll.told()]

    @routes.get("/alerts/{number}", summary="An alert and its course", responses=described(404, 422))
    @allowed(STAFF)
    def alert(number: Number) -> AlertDetailAnswer:
        return _found(desk, number)

    _add_marks(routes, desk)
    return routes


def _add_marks(routes: APIRouter, desk: Desk) -> None:
    """What people do with alerts."""
    refused = described(400, 404, 409, 413, 422)

    def marked(request: Request, number: int, do: Callable[[str], None]) -> AlertDetailAnswer:
        _mark(request, do)
        return _found(desk, number)

    @routes.post("/alerts/{number}/acknowledge", summary="Take an alert in hand", responses=refused)
    @allowed(DESK)
    def acknowledge(request: Request, number: Number, body: AcknowledgeBody) -> AlertDetailAnswer:
        return marked(request, number, lambda who: desk.acknowledge(number, who, body.note, known=body.known))

    @routes.post("/alerts/{number}/release", summary="Give an alert back to nobody", responses=refused)
    @allowed(DESK)
    def release(request: Request, number: Number) -> AlertDetailAnswer:
        return marked(request, number, lambda who: desk.release(number, who))

    @routes.post("/alerts/{number}/note", summary="Note something of an alert", responses=refused)
    @allowed(DESK)
    def note(request: Request, number: Number, body: NoteBody) -> AlertDetailAnswer:
        return marked(request, number, lambda who: desk.note(number, who, body.note))

    @routes.post("/alerts/{number}/silence", summary="Tell nobody of an alert", responses=refused)
    @allowed(ADMIN_ONLY)
    def silence(request: Request, number: Number, body: SilenceBody) -> AlertDetailAnswer:
        return marked(request, number, lambda who: desk.silence(number, who, body.reason, body.until_ts))

    @routes.post("/alerts/{number}/unsilence", summary="Tell of an alert again", responses=refused)
    @allowed(ADMIN_ONLY)
    def unsilence(request: Request, number: Number) -> AlertDetailAnswer:
        return marked(request, number, lambda who: desk.unsilence(number, who))


def _mark(request: Request, do: Callable[[str], None]) -> None:
    principal = principal_of(request)
    check_may_correct(principal)
    if principal.session is not None:
        raise Problem(HTTPStatus.FORBIDDEN, "a browser has the forms of /alerts; a program sends a token")
    try:
        do(principal.name or THIS_MACHINE)
    except MarkError as error:
        raise Problem(MARK_STATUS[error.kind], str(error)) from error


def _found(desk: Desk, number: int) -> AlertDetailAnswer:
    detail = desk.one(number)
    if detail is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no alert has the number {number}; /api/v1/alerts lists them")
    return _detail(detail)


def _detail(detail: AlertDetail) -> AlertDetailAnswer:
    course = tuple(EventAnswer(one.what, one.at_ts, one.author, one.reason, one.value) for one in detail.course)
    return AlertDetailAnswer(_answer(detail.view), course)


def _told(one: ToldView) -> ToldAnswer:
    return ToldAnswer(
        recipient=one.recipient,
        name=next(iter(one.name.values()), ""),
        notifier=one.notifier,
        is_here=one.is_here,
        kind=one.means if one.is_here else None,
        least=SEVERITIES[one.least],
        rules=one.rules,
        last_ts=one.last_ts,
        is_sent=one.is_last_sent,
        is_test=one.is_test,
        error=one.error,
        waiting=one.waiting,
    )


def _answer(view: AlertView) -> AlertAnswer:
    return AlertAnswer(
        number=view.number,
        rule=view.rule,
        signal=view.signal,
        severity=SEVERITIES[view.severity],
        phase=view.phase,  # type: ignore[arg-type]  # a word of Phase
        subject_kind=view.subject_kind,
        subject=view.subject,
        name=dict(view.name),
        since_ts=view.since_ts,
        fired_ts=view.fired_ts,
        ended_ts=view.ended_ts,
        value=view.value,
        worst=view.worst,
        level=view.level,
        unknown_since_ts=view.unknown_since_ts,
        fault=view.fault,
        taken_by=view.taken_by,
        taken_ts=view.taken_ts,
        note=view.note,
        is_silenced=view.is_silenced,
        silenced_by=view.silenced_by,
        silence_reason=view.silence_reason,
        silenced_until_ts=view.silenced_until_ts,
        cause=view.cause,
        explains=tuple(one.number for one in view.dependants),
    )
