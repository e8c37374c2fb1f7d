"""The page ``/check``: whether a session fits, asked and answered in one address that can be sent to somebody.

``/check.ics`` is the same session for a calendar, with the answer in its description. Programs ask ``/api/v1/check``.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vigie_dashboard.check_page import check_entry, render_check
from vigie_dashboard.check_view import AnswerView, CheckView
from vigie_dashboard.language import language_of
from vigie_dashboard.notices import SessionView
from vigie_dashboard.rehearsal_view import RehearsalsView
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.api.rehearsals import PAGE_ROWS, Typed, rehearsals_view
from vigie_gateway.api.sessions import hit_rate
from vigie_gateway.auth.roles import CHECKERS
from vigie_gateway.capacity.question import Question
from vigie_gateway.formats.icalendar import CONTENT_TYPE, Entry, encode
from vigie_gateway.place.check_answer import answer_view
from vigie_gateway.place.check_form import OWN, TypedQuestion, own_session, read_typed
from vigie_gateway.rehearsals.demand import demand_of
from vigie_gateway.rehearsals.evidence import FRESH_S
from vigie_gateway.rehearsals.order import Order
from vigie_gateway.store import StoreError

MAKER = "-//Vigie//Will it fit?//EN"


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description, which has a check of its own."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @routes.get("/check")
    @allowed(CHECKERS)
    def check(request: Request) -> Response:
        return _page(gateway, request)

    @routes.get("/check.ics")
    @allowed(CHECKERS)
    def entry(request: Request) -> Response:
        return _entry(gateway, request)

    return routes


def _page(gateway: Gateway, request: Request) -> Response:
    """The page: with 422 where something typed is wrong, and 503 where what was measured cannot be read."""
    now_ts, site = gateway.clock.now_ts(), gateway.site
    typed = _typed(gateway, request, now_ts)
    status = HTTPStatus.OK
    is_time_known = gateway.board_view().is_time_known
    answer, rehearsals = None, None
    if typed.form.troubles:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    elif typed.question is not None and is_time_known:
        try:
            answer = _answer(gateway, request, typed.question)
            rehearsals = _rehearsals(gateway, request, typed)
        except StoreError:
            status = HTTPStatus.SERVICE_UNAVAILABLE
    view = CheckView(
        site_name=site.name,
        timezone=site.timezone,
        now_ts=now_ts,
        form=typed.form,
        query=typed.query,
        answer=answer,
        hit_rate=hit_rate(gateway),
        is_time_known=is_time_known,
        is_store_read=status != HTTPStatus.SERVICE_UNAVAILABLE,
        rehearsals=rehearsals,
    )
    return page(render_check(view, chosen_language(request), chosen_theme(request)), status)


def _typed(gateway: Gateway, request: Request, now_ts: float) -> TypedQuestion:
    site = gateway.site
    return read_typed(request.query_params, site, site.session_activities(), gateway.board.agenda.sessions, now_ts)


def _answer(gateway: Gateway, request: Request, question: Question) -> AnswerView:
    answer = gateway.answer(question, session=_own(gateway, request, question))
    return answer_view(question, answer, gateway.site, gateway.site.session_activities())


def _rehearsals(gateway: Gateway, request: Request, typed: TypedQuestion) -> RehearsalsView | None:
    """The rehearsal that would try this session's rates, and the one that was; None where no node can try them."""
    question, places = typed.question, gateway.rehearsals.places()
    if question is None or not (places.line or question.room in places.rooms):
        return None
    demand = demand_of(question, gateway.site.session_activities())
    room = question.room if question.room in places.rooms else None
    carried = {name: request.query_params[name] for name in ("l", "theme") if name in request.query_params}
    return rehearsals_view(
        gateway,
        principal_of(request),
        Order(room, demand.download_bps, demand.upload_bps),
        _shown(gateway, room),
        typed=Typed(back=f"/check?{urlencode({**carried, **typed.query})}"),
    )


def _shown(gateway: Gateway, room: str | None) -> int | None:
    """The rehearsal of that room whose result is of use still; None shows one that is under way."""
    if gateway.rehearsals.current() is not None:
        return None
    now_ts = gateway.clock.now_ts()
    found = (one for one in gateway.rehearsals.newest(PAGE_ROWS) if one.room == room)
    return next((one.id for one in found if 0 <= now_ts - one.at_ts <= FRESH_S), None)


def _own(gateway: Gateway, request: Request, question: Question) -> SessionView | None:
    """The calendar's session that somebody asks about, when they came from it and left its room and time alone."""
    if request.query_params.get(OWN) != "1":
        return None
    return own_session(question, gateway.board.agenda.sessions)


def _entry(gateway: Gateway, request: Request) -> Response:
    """The session for a calendar; where it cannot be answered, a plain problem: a calendar has no form to show."""
    now_ts, lang = gateway.clock.now_ts(), chosen_language(request)
    typed = _typed(gateway, request, now_ts)
    question = typed.question
    if question is None:
        wrong = ", ".join(f"{one.field}: {one.kind}" for one in typed.form.troubles) or "nothing was asked"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"the session is wrong: {wrong}; /check shows its form")
    try:
        answer = _answer(gateway, request, question)
    except StoreError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the store cannot be read; try again in a moment") from error
    name, description = check_entry(answer, lang)
    address = f"{request.url.path.removesuffix('.ics')}?{request.url.query}"
    entry = Entry(
        uid=f"{question.room}-{question.starts_ts:.0f}-{question.ends_ts:.0f}@{gateway.site.id}.vigie",
        name=name,
        location=language_of(lang).named(dict(answer.room)),
        description=f"{description}\n{request.url.scheme}://{request.url.netloc}{address}",
        begins_ts=question.starts_ts,
        ends_ts=question.ends_ts,
        made_ts=now_ts,
    )
    headers = {
        "vary": "accept-language",
        # An id and a date alone are in the name: nothing that needs quoting.
        "content-disposition": f'attachment; filename="{question.room}_{typed.query["date"]}.ics"',
    }
    return Response(encode([entry], MAKER), headers=headers, media_type=CONTENT_TYPE)
