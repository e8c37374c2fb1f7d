"""The audit list of corrections: ``/corrections`` for people, as CSV, and ``/api/v1/corrections`` for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from vigie_dashboard.pages import render_corrections
from vigie_dashboard.sheet_view import THIS_MACHINE, CorrectionRow, CorrectionsView
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed, check_may_correct, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem, described
from vigie_gateway.api.sheet import UNSTORED
from vigie_gateway.auth.roles import DESK
from vigie_gateway.formats.csv import CONTENT_TYPE, Cell, encode
from vigie_gateway.place.corrections import MOST_REASON, OUT_OF_ORDER, CorrectionError, read_word
from vigie_gateway.place.sheet import said_of
from vigie_gateway.place.site import Site
from vigie_gateway.store import Correction

PAGE_ROWS = 50
"""Of a page for people. Fewer has them turn many; more is a long table on a phone."""
MOST_ROWS = 1_000
"""Of one answer to a program, and of one read for the CSV. Lower asks more often; higher holds more memory."""
GREATEST_ID = 2**53
CSV_COLUMNS = ("id", "at", "author", "kind", "subject", "was", "value", "until", "reason")

Before = Annotated[int | None, Query(ge=1, le=GREATEST_ID, description="Only those with a lower id")]


def router(gateway: Gateway) -> APIRouter:
    """The routes for people; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @routes.get("/corrections")
    @allowed(DESK)
    def listed(request: Request, before: Before = None) -> Response:
        found = gateway.store.corrections.newest(PAGE_ROWS + 1, before)
        view = CorrectionsView(
            gateway.site.name,
            gateway.site.timezone,
            tuple(_row(one, gateway.site) for one in found[:PAGE_ROWS]),
            found[PAGE_ROWS - 1].id if len(found) > PAGE_ROWS else None,
        )
        return page(render_corrections(view, chosen_language(request), chosen_theme(request)))

    @routes.get("/corrections.csv")
    @allowed(DESK)
    def table() -> Response:
        headers = {"content-disposition": 'attachment; filename="corrections.csv"'}
        return Response(encode(CSV_COLUMNS, _csv_rows(gateway)), headers=headers, media_type=CONTENT_TYPE)

    return routes


def _row(correction: Correction, site: Site) -> CorrectionRow:
    is_outlet = correction.kind == OUT_OF_ORDER
    room_id = correction.subject
    if is_outlet:
        room_id = next((one.room for one in site.all_outlets() if one.id == correction.subject), "")
    room = next((one for one in site.rooms if one.id == room_id and one.seats > 0), None)
    said = said_of(correction)
    assert said is not None  # noqa: S101 - of a correction it is something
    return CorrectionRow(
        correction.id,
        None if room is None else room.id,
        {} if room is None else room.name,
        correction.subject if is_outlet else None,
        correction.subject,
        correction.kind,
        correction.was,
        said,
    )


def _csv_rows(gateway: Gateway) -> Iterator[list[Cell]]:
    """All of them, the newest first; times on the place's clock, with their offset."""
    zone = gateway.site.zone()

    def moment(at_ts: float | None) -> str | None:
        return None if at_ts is None else datetime.fromtimestamp(at_ts, UTC).astimezone(zone).isoformat()

    before: int | None = None
    while found := gateway.store.corrections.newest(MOST_ROWS, before):
        for one in found:
            yield [
                one.id, moment(one.at_ts), one.author, one.kind, one.subject, one.was, one.value, moment(one.until_ts),
                one.reason,
            ]  # fmt: skip
        before = found[-1].id


@dataclass(frozen=True, slots=True)
class CorrectionAnswer:
    """What somebody said. Times are epoch seconds; ``was`` is null where that was unknown.

    ``subject`` is the id of a room, of an outlet where ``kind`` is ``out_of_order``; ``value`` is a number of people,
    or 1 and 0.
    """

    id: int
    at_ts: float
    author: str
    kind: str
    subject: str
    was: int | None
    value: int
    until_ts: float | None
    reason: str


def _whole(value: object) -> object:
    """JSON has one kind of number: 12.0 is a whole one (JSON Schema, 6.1.1)."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class CorrectionBody(BaseModel):
    """What is said. ``until`` is a time of the place (2026-11-24T18:00) or RFC 3339, with a closing only."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["people", "closed", "out_of_order"]
    subject: Annotated[str, Field(max_length=64, description="Id of a room, or of an outlet")]
    value: Annotated[
        int, Field(strict=True, ge=0, le=10_000, description="People, or 1 and 0"), BeforeValidator(_whole)
    ]
    reason: Annotated[str, Field(max_length=MOST_REASON)] = ""
    until: Annotated[str | None, Field(max_length=40)] = None


def api_router(gateway: Gateway) -> APIRouter:
    """The routes of version 1."""
    routes = APIRouter(prefix="/api/v1", tags=["v1"], route_class=GuardedRoute)

    @routes.get("/corrections", summary="What people said, the newest first", responses=described(422))
    @allowed(DESK)
    def corrections(
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="At most so many")] = 100, before: Before = None
    ) -> list[CorrectionAnswer]:
        return [_answer(one) for one in gateway.store.corrections.newest(limit, before)]

    @routes.post(
        "/corrections",
        summary="Say how many people are in a room, or that it is closed, or that an outlet is out of order",
        description="For a token of scope `correct` or `admin`, or on the gateway itself; browsers have forms.",
        status_code=HTTPStatus.CREATED,
        responses=described(404, 413, 422),
    )
    @allowed(DESK)
    def correct(request: Request, body: CorrectionBody) -> CorrectionAnswer:
        principal = principal_of(request)
        check_may_correct(principal)
        if principal.session is not None:
            raise Problem(HTTPStatus.FORBIDDEN, "a browser corrects on a room's sheet; a program sends a token")
        try:
            word = read_word(
                gateway.site,
                gateway.clock.now_ts(),
                kind=body.kind,
                subject=body.subject,
                value=str(body.value),
                reason=body.reason,
                until=body.until or "",
            )
            said = gateway.desk.enter(word, principal.name or THIS_MACHINE)
        except CorrectionError as error:
            status = HTTPStatus.NOT_FOUND if error.kind == "unknown" else HTTPStatus.UNPROCESSABLE_ENTITY
            status = HTTPStatus.SERVICE_UNAVAILABLE if error.kind in UNSTORED else status
            raise Problem(status, str(error)) from error
        # No two are of one moment; where others came since, it is not far down.
        return _answer(next((one for one in gateway.store.corrections.newest(20) if one.at_ts == said.at_ts), said))

    return routes


def _answer(one: Correction) -> CorrectionAnswer:
    return CorrectionAnswer(
        one.id, one.at_ts, one.author, one.kind, one.subject, one.was, one.value, one.until_ts, one.reason
    )
