"""Rehearsals: ``/rehearsals`` for people, as plain forms, and ``/api/v1/rehearsals`` for programs.

``rehearsals_view`` also serves a page that offers one for the session that it is about.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from vigie_contract.commands import MOST_BPS, MOST_BYTES, Rehearsed
from vigie_dashboard.pages import render_rehearsals
from vigie_dashboard.rehearsal_view import OfferView, RehearsalsView, RehearsalView
from vigie_dashboard.sheet_view import THIS_MACHINE
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.corrections import GREATEST_ID
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_csrf, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem, described
from vigie_gateway.auth.access import Principal
from vigie_gateway.auth.roles import CHECKERS
from vigie_gateway.place.wifi import FIT_SCORE, VIDEO_CALL, WEB, WEB_SCORE
from vigie_gateway.place.wifi import Path as Delay
from vigie_gateway.rehearsals.evidence import is_within_the_place
from vigie_gateway.rehearsals.order import FORCIBLE, NotBegunError, Order, sessions_on
from vigie_gateway.store.rehearsals import Rehearsal

PAGE_ROWS = 20
"""Of the page. Fewer hides last month's; more is a long table on a phone."""
MOST_ROWS = 200
MOST_TYPED = 20
"""Characters of a number that the page repeats."""
MOST_ID = 64
_STATUS = {"demand": HTTPStatus.UNPROCESSABLE_ENTITY, "room": HTTPStatus.UNPROCESSABLE_ENTITY}
_STATUS |= dict.fromkeys(("busy", "no-node", "offline", *FORCIBLE), HTTPStatus.CONFLICT)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form or an address says, as it was typed; ``back`` leads to another page of ours."""

    room: str = ""
    down: str = ""
    up: str = ""
    back: str = ""
    force: bool = False


def router(gateway: Gateway) -> APIRouter:
    """The routes for people; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @routes.get("/rehearsals")
    @allowed(CHECKERS)
    def rehearsals(
        request: Request,
        shown: Annotated[int | None, Query(ge=1, le=GREATEST_ID)] = None,
        room: Annotated[str, Query(max_length=64)] = "",
        down: Annotated[str, Query(max_length=MOST_TYPED)] = "",
        up: Annotated[str, Query(max_length=MOST_TYPED)] = "",
    ) -> Response:
        return _page(gateway, request, Typed(room, down, up), shown)

    @routes.post("/rehearsals")
    @allowed(CHECKERS)
    async def begin(request: Request) -> Response:
        form = await read_form(request)
        check_csrf(principal_of(request), form.get("csrf", ""))
        typed = Typed(
            room=form.get("room", "")[:MOST_ID],
            down=form.get("down", "")[:MOST_TYPED],
            up=form.get("up", "")[:MOST_TYPED],
            back=own_address(form.get("back", "")),
            force=form.get("force") == "1",
        )
        try:
            begun = await run_in_threadpool(_begin, gateway, request, typed)
        except NotBegunError as error:
            return await run_in_threadpool(_page, gateway, request, typed, None, error)
        query = f"?{request.url.query}&" if request.url.query else "?"
        where = typed.back or f"/rehearsals{query}shown={begun.id}"
        return RedirectResponse(f"{where}#rehearsal", HTTPStatus.SEE_OTHER)

    return routes


def own_address(text: str) -> str:
    """An address of the check's page, with its question; "" for any other."""
    parts = urlsplit(text) if text.isascii() and text.isprintable() else None
    if parts is None or (parts.scheme, parts.netloc, parts.path) != ("", "", "/check"):
        return ""
    return f"/check?{parts.query}" if parse_qs(parts.query) else ""


def _begin(gateway: Gateway, request: Request, typed: Typed) -> Rehearsal:
    order = _order(typed)
    if order is None:
        raise NotBegunError("demand", "the demand is no number")
    return gateway.rehearsals.begin(order, principal_of(request).name or THIS_MACHINE)


def _order(typed: Typed) -> Order | None:
    """What was typed as an order; None where a rate is no number, or both are 0."""
    down, up = _rate_bps(typed.down), _rate_bps(typed.up)
    if down is None or up is None or down + up == 0:
        return None
    return Order(typed.room or None, down, up, is_forced=typed.force)


def _rate_bps(text: str) -> float | None:
    try:
        rate_bps = float(text.strip().replace(",", ".")) * 1e6
    except ValueError:
        return None
    return rate_bps if 0 <= rate_bps <= MOST_BPS and math.isfinite(rate_bps) else None


def _page(
    gateway: Gateway, request: Request, typed: Typed, shown: int | None, error: NotBegunError | None = None
) -> Response:
    order = _order(typed)
    view = rehearsals_view(gateway, principal_of(request), order, shown, typed=typed)
    if error is not None:
        view = _with_trouble(view, error.kind, typed)
    elif order is None and (typed.down or typed.up):
        view = _with_trouble(view, "number", typed)
    html = render_rehearsals(view, chosen_language(request), chosen_theme(request))
    return page(html, HTTPStatus.OK if error is None else status_of(error))


def _with_trouble(view: RehearsalsView, kind: str, typed: Typed) -> RehearsalsView:
    wrong = "room" if kind in {"room", "no-node"} else ""
    if kind in {"number", "demand"}:
        wrong = "down" if not _rate_bps(typed.down) else "up"
    return replace(view, trouble=kind, wrong=wrong)


def rehearsals_view(
    gateway: Gateway, principal: Principal, order: Order | None, shown: int | None, *, typed: Typed | None = None
) -> RehearsalsView:
    """All that a page shows of rehearsals.

    Args:
        gateway: The place.
        principal: Who reads it.
        order: What its button would begin; None for no button.
        shown: Number of the one to show in full; None shows what is under way.
        typed: To be shown again.
    """
    typed = typed or Typed()
    now_ts = gateway.clock.now_ts()
    agenda, site = gateway.board.agenda, gateway.site
    names = {room.id: dict(room.name) for room in site.rooms}
    places = gateway.rehearsals.places()
    rows = [_view(one, names) for one in gateway.rehearsals.newest(PAGE_ROWS)]
    current = gateway.rehearsals.current()
    chosen = current if shown is None else gateway.rehearsals.one(shown)
    on = sessions_on(agenda, now_ts)
    finished = (one.result.far_end for one in rows if one.result is not None)
    return RehearsalsView(
        site_name=dict(site.name),
        timezone=site.timezone,
        now_ts=now_ts,
        csrf=principal.csrf if principal.may_rehearse else "",
        rooms=tuple((room, names[room]) for room in places.rooms),
        has_line=places.line,
        has_nodes=places.has_nodes,
        far_end=next(finished, ""),
        offer=None if order is None else _offer(order),
        session=names.get(on[0].room) if on else None,
        is_calendar_known=not site.calendars or (agenda.until_ts is not None and not agenda.stale),
        shown=None if chosen is None else _view(chosen, names),
        rows=tuple(rows),
        typed={"room": typed.room, "down": typed.down, "up": typed.up},
        back=typed.back,
    )


def _offer(order: Order) -> OfferView:
    cost = order.cost()
    return OfferView(
        order.room or "", order.download_bps, order.upload_bps, cost.usual_bytes, cost.most_bytes, cost.usual_s,
        cost.longest_s,
    )  # fmt: skip


def _view(one: Rehearsal, names: dict[str, dict[str, str]]) -> RehearsalView:
    return RehearsalView(
        id=one.id,
        room=None if one.room is None else names.get(one.room, {"en": one.room}),
        node=one.node,
        author=one.author,
        at_ts=one.at_ts,
        download_bps=one.download_bps,
        upload_bps=one.upload_bps,
        is_forced=one.is_forced,
        state=one.state,
        share=one.share,
        reason=one.reason,
        detail=one.detail,
        result=one.result,
        call=call_of(one.result),
        is_within=one.result is not None and is_within_the_place(one.result.far_end),
    )


def call_of(result: Rehearsed | None) -> str | None:
    """What a video call would be like at the delay under load: ``fluid``, ``pages`` or ``slow``; None: not measured."""
    if result is None:
        return None
    delay = Delay(result.loaded_ms, result.loaded_p95_ms, result.lost_share)
    call, pages = delay.score(VIDEO_CALL), delay.score(WEB)
    if call is None or pages is None:
        return None
    if call >= FIT_SCORE:
        return "fluid"
    return "pages" if pages >= WEB_SCORE else "slow"


def status_of(error: NotBegunError) -> HTTPStatus:
    """How a refusal is told."""
    return _STATUS.get(error.kind, HTTPStatus.SERVICE_UNAVAILABLE)


@dataclass(frozen=True, slots=True)
class RehearsalAnswer:
    """One rehearsal. Times are epoch seconds; null is unknown, never zero.

    ``state`` is asked, running, finished, refused, silent (the node does not answer) or lost (the gateway was stopped
    meanwhile). ``usual_bytes`` is what it moves where the line holds, ``most_bytes`` what it may move. ``call`` is what
    a video call would be like meanwhile: fluid, pages (only those), slow.
    """

    id: int
    at_ts: float
    room: str | None
    node: str
    author: str
    download_bps: float
    upload_bps: float
    usual_bytes: int
    most_bytes: int
    is_forced: bool
    state: str
    is_under_way: bool
    share: float
    ended_ts: float | None
    reason: str
    detail: str
    result: Rehearsed | None
    call: str | None


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Rate = Annotated[float, Field(strict=True, ge=0, le=MOST_BPS, allow_inf_nan=False)]


class RehearsalBody(BaseModel):
    """What the line is to hold, in bit/s of content, one way at least; without a room it is the line alone."""

    model_config = ConfigDict(extra="forbid")

    room: Annotated[str | None, Field(max_length=64, description="Id of a room")] = None
    download_bps: Rate
    upload_bps: Rate
    most_bytes: Annotated[
        int | None, Field(strict=True, ge=1, le=MOST_BYTES, description="It ends there"), BeforeValidator(_whole)
    ] = None
    force: Annotated[bool, Field(strict=True, description="Also during a session, or without knowing of any")] = False


def api_router(gateway: Gateway) -> APIRouter:
    """The routes of version 1."""
    routes = APIRouter(prefix="/api/v1", tags=["v1"], route_class=GuardedRoute)

    @routes.get("/rehearsals", summary="Rehearsals, the newest first", responses=described(422))
    @allowed(CHECKERS)
    def rehearsals(
        limit: Annotated[int, Query(ge=1, le=MOST_ROWS, description="At most so many")] = 20,
    ) -> list[RehearsalAnswer]:
        return [_answer(one) for one in gateway.rehearsals.newest(limit)]

    @routes.get("/rehearsals/{number}", summary="How far one is, or its result", responses=described(404, 422))
    @allowed(CHECKERS)
    def rehearsal(number: Annotated[int, Path(ge=1, le=GREATEST_ID)]) -> RehearsalAnswer:
        found = gateway.rehearsals.one(number)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"there is no rehearsal {number}")
        return _answer(found)

    @routes.post(
        "/rehearsals",
        summary="Have a node try whether the line holds a demand",
        description="For a token of scope `correct` or `admin`, or on the gateway itself; browsers have forms.",
        status_code=HTTPStatus.ACCEPTED,
        responses=described(409, 413, 422),
    )
    @allowed(CHECKERS)
    def begin(request: Request, response: Response, body: RehearsalBody) -> RehearsalAnswer:
        principal = principal_of(request)
        if not principal.may_rehearse:
            raise Problem(HTTPStatus.FORBIDDEN, "sign in, or send a token of scope correct")
        if principal.session is not None:
            raise Problem(HTTPStatus.FORBIDDEN, "a browser begins one on a page; a program sends a token")
        order = Order(body.room, body.download_bps, body.upload_bps, body.most_bytes, body.force)
        try:
            begun = gateway.rehearsals.begin(order, principal.name or THIS_MACHINE)
        except NotBegunError as error:
            raise Problem(status_of(error), str(error), reason=error.kind) from error
        response.headers["location"] = f"/api/v1/rehearsals/{begun.id}"
        return _answer(begun)

    return routes


def _answer(one: Rehearsal) -> RehearsalAnswer:
    cost = Order(one.room, one.download_bps, one.upload_bps, one.most_bytes).cost()
    return RehearsalAnswer(
        one.id, one.at_ts, one.room, one.node, one.author, one.download_bps, one.upload_bps, cost.usual_bytes,
        one.most_bytes, one.is_forced, one.state, one.is_under_way, one.share, one.ended_ts, one.reason, one.detail,
        one.result, call_of(one.result),
    )  # fmt: skip
