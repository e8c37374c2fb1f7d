"""A room's sheet, and the plain forms on it with which the front desk corrects what the sensors say."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.history_view import HistoryView
from vigie_dashboard.pages import render_sheet
from vigie_dashboard.sheet_view import THIS_MACHINE, CorrectionForms
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_correction, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.access import Principal
from vigie_gateway.auth.roles import CHECKERS, DESK, STAFF
from vigie_gateway.place.corrections import (
    CLOSED,
    OUT_OF_ORDER,
    PEOPLE,
    CorrectionError,
    most_people,
    read_word,
)
from vigie_gateway.place.past import Past
from vigie_gateway.store import StoreError

MOST_TYPED = 400
"""Characters of a field that the page repeats. Lower cuts a long reason that is to be shortened."""
_DEEDS = {
    "people": (PEOPLE, None),
    "close": (CLOSED, "1"),
    "open": (CLOSED, "0"),
    "out-of-order": (OUT_OF_ORDER, "1"),
    "in-order": (OUT_OF_ORDER, "0"),
}
"""By form: what is corrected, and the value, None where it is typed."""
UNSTORED = frozenset({"clock", "store", "busy"})
"""Kinds of CorrectionError that are not the fault of what was typed."""


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    past = Past(gateway.site, gateway.store, gateway.board, gateway.older)

    @routes.get("/rooms/{room_id}")
    @allowed(STAFF)
    def sheet(request: Request, room_id: str) -> Response:
        return _sheet(gateway, past, request, room_id)

    @routes.post("/rooms/{room_id}")
    @allowed(DESK)
    async def correct(request: Request, room_id: str) -> Response:
        form = await read_form(request)
        check_correction(principal_of(request), form.get("csrf", ""))
        try:
            await run_in_threadpool(_enter, gateway, request, room_id, form)
        except CorrectionError as error:
            return await run_in_threadpool(_sheet, gateway, past, request, room_id, form, error)
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/rooms/{room_id}{query}#correct", HTTPStatus.SEE_OTHER)

    return routes


def _enter(gateway: Gateway, request: Request, room_id: str, form: dict[str, str]) -> None:
    kind, value = _DEEDS.get(form.get("do", ""), ("", None))
    word = read_word(
        gateway.site,
        gateway.clock.now_ts(),
        kind=kind,
        subject=form.get("outlet", "") if kind == OUT_OF_ORDER else room_id,
        value=form.get("value", "") if value is None else value,
        reason=form.get("reason", ""),
        until=form.get("until", ""),
    )
    gateway.desk.enter(word, principal_of(request).name or THIS_MACHINE)


def _sheet(
    gateway: Gateway,
    past: Past,
    request: Request,
    room_id: str,
    form: dict[str, str] | None = None,
    error: CorrectionError | None = None,
) -> Response:
    """The page; with the form that was refused, and why, where one was."""
    now_ts = gateway.clock.now_ts()
    found = gateway.board.sheet(room_id, now_ts)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, f"no room with seats has the id {room_id[:40]!r}; /board lists them")
    day = _people_of(past, room_id, now_ts) if found.board.is_time_known else None
    principal = principal_of(request)
    forms = _forms(principal, found.room.seats, form or {}, error)
    may_check = principal.role in CHECKERS
    html = render_sheet(found, chosen_language(request), chosen_theme(request), day, forms, may_check=may_check)
    if error is None:
        return page(html)
    return page(html, HTTPStatus.SERVICE_UNAVAILABLE if error.kind in UNSTORED else HTTPStatus.UNPROCESSABLE_ENTITY)


def _people_of(past: Past, room_id: str, now_ts: float) -> HistoryView | None:
    try:
        return past.people_of(room_id, now_ts)
    except StoreError:
        return None  # what is true now is shown all the same; the health page says what the store has


def _forms(
    principal: Principal, seats: int, form: dict[str, str], error: CorrectionError | None
) -> CorrectionForms | None:
    if not principal.may_correct:
        return None
    return CorrectionForms(
        csrf=principal.csrf,
        most_people=most_people(seats),
        do=form.get("do", ""),
        typed={name: form.get(name, "")[:MOST_TYPED] for name in ("value", "reason", "until", "outlet")},
        field="" if error is None else error.field,
        trouble="" if error is None else error.kind,
    )
