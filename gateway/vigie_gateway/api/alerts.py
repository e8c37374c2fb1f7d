"""Alerts for people: ``/alerts`` and ``/alerts/{number}``, and their forms; ``alert_feed`` is the feed.

Who keeps the place going takes an alert in hand and notes; silences are the administrator's. ``v1_alerts`` is the same
for programs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.alert_trace import AlertTrace
from vigie_dashboard.alerts_page import AlertForms, AlertsView, render_alerts
from vigie_dashboard.gateway_text import Reach
from vigie_dashboard.health_view import HealthView
from vigie_dashboard.pages import THEMES
from vigie_dashboard.sheet_view import THIS_MACHINE
from vigie_gateway.alerts.measuring import alerts_by_node
from vigie_gateway.alerts.showing import AlertDetail, MarkError
from vigie_gateway.alerts.trace import trace_of
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.corrections import GREATEST_ID
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_correction, check_form, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.access import Principal
from vigie_gateway.auth.roles import ADMIN_ONLY, DESK, STAFF, Role
from vigie_gateway.health_page import health_view
from vigie_gateway.place.hours import current_opening
from vigie_gateway.place.wiring import Wiring
from vigie_gateway.store import StoreError

PAGE_ROWS = 30
"""Of the history. Fewer has people turn many pages; more is a long list on a phone."""
RECOVERED_S = 86_400.0
"""How far back "recovered" goes. Lower hides what happened before the opening; higher is what the history is for."""
HEALTH_KEPT_S = 60.0
"""How long what the sensors measured in a day is kept between two looks at the page. Lower reads the store for every
reload; higher shows a sensor that came back as silent for longer."""
HOUR_S = 3_600.0
MOST_ALSO = 50
"""Alerts that one press takes in hand. Fewer leaves some of a large place's rooms; more keeps the alert thread busy."""
MOST_REPEATED = 600
"""Characters of a field that a page repeats: one more than stands. Lower cuts off what somebody typed too much of."""

MARK_STATUS = {
    "unknown": HTTPStatus.NOT_FOUND,
    "over": HTTPStatus.CONFLICT,
    "taken": HTTPStatus.CONFLICT,
    "reason": HTTPStatus.UNPROCESSABLE_ENTITY,
    "long": HTTPStatus.UNPROCESSABLE_ENTITY,
    "text": HTTPStatus.UNPROCESSABLE_ENTITY,
    "until": HTTPStatus.UNPROCESSABLE_ENTITY,
    "soon": HTTPStatus.TOO_MANY_REQUESTS,
    "store": HTTPStatus.SERVICE_UNAVAILABLE,
}
"""By the kind of a mark that was not taken."""

Number = Annotated[int, Path(ge=1, le=GREATEST_ID)]
Form = dict[str, str]


def router(gateway: Gateway) -> APIRouter:
    """The routes for people; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    pages = _Pages(gateway)

    @routes.get("/alerts")
    @allowed(STAFF)
    def listed(
        request: Request,
        tab: Literal["current", "silenced", "recovered", "history"] = "current",
        before: Annotated[int | None, Query(ge=1, le=GREATEST_ID)] = None,
    ) -> Response:
        return pages.answer(request, tab, before)

    @routes.get("/alerts/{number}")
    @allowed(STAFF)
    def one(
        request: Request,
        number: Number,
        tab: Literal["current", "silenced", "recovered", "history"] = "current",
    ) -> Response:
        return pages.answer(request, tab, number=number)

    @routes.post("/alerts/told/test")
    @allowed(ADMIN_ONLY)
    async def test(request: Request) -> Response:
        return await pages.test(request)

    @routes.post("/alerts/{number}/acknowledge")
    @allowed(DESK)
    async def acknowledge(request: Request, number: Number) -> Response:
        return await pages.change(request, number, "acknowledge")

    @routes.post("/alerts/{number}/release")
    @allowed(DESK)
    async def release(request: Request, number: Number) -> Response:
        return await pages.change(request, number, "release")

    @routes.post("/alerts/{number}/note")
    @allowed(DESK)
    async def note(request: Request, number: Number) -> Response:
        return await pages.change(request, number, "note")

    @routes.post("/alerts/{number}/silence")
    @allowed(ADMIN_ONLY)
    async def silence(request: Request, number: Number) -> Response:
        return await pages.change(request, number, "silence", check_form)

    @routes.post("/alerts/{number}/unsilence")
    @allowed(ADMIN_ONLY)
    async def unsilence(request: Request, number: Number) -> Response:
        return await pages.change(request, number, "unsilence", check_form)

    return routes


class _Pages:
    """The page, and the one handler behind all of its forms."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._desk = gateway.alerts
        self._wiring = Wiring(gateway.site)
        self._lock = threading.Lock()
        self._health: HealthView | None = None

    def answer(
        self,
        request: Request,
        tab: str,
        before: int | None = None,
        number: int | None = None,
        forms: AlertForms | None = None,
        status: int = HTTPStatus.OK,
    ) -> Response:
        """The page, with an alert in full where one is asked for."""
        now_ts = self._gateway.clock.now_ts()
        current, silenced, count = self._desk.current(), self._desk.silenced(), self._desk.count()
        recovered = self._desk.recovered(now_ts - RECOVERED_S)
        rows = {"current": current, "silenced": silenced, "recovered": recovered}.get(tab)
        older = None
        if rows is None:
            found = self._desk.history(before, PAGE_ROWS + 1)
            rows = found[:PAGE_ROWS]
            older = rows[-1].number if len(found) > PAGE_ROWS else None
        detail = None if number is None else self._desk.one(number)
        if number is not None and detail is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"no alert has the number {number}; /alerts lists them")
        trace, is_readable = self._trace(detail, now_ts)
        counts = {"silenced": len(silenced), "recovered": len(recovered)}
        view = AlertsView(
            site_name=self._gateway.site.name,
            timezone=self._gateway.site.timezone,
            now_ts=now_ts,
            tab=tab,
            counts=counts if count is None else {"current": count, **counts},
            rows=tuple(rows),
            selected=None if detail is None else detail.view,
            course=() if detail is None else detail.course,
            older=older,
            last=None if current else self._desk.last_ended(),
            health=self._kept_health(now_ts),
            reach=self._reach(request),
            by_node=alerts_by_node(self._wiring, (*current, *silenced, *recovered)),
            told=tuple(self._gateway.roll.told()),
            trace=trace,
            is_trace_readable=is_readable,
            is_watched=count is not None,
        )
        forms = forms or self._forms(principal_of(request))
        return page(render_alerts(view, chosen_language(request), chosen_theme(request), forms), status)

    async def change(
        self, request: Request, number: int, verb: str, check: Callable[[Principal, str], None] = check_correction
    ) -> Response:
        """Do what a form says, and go back to the alert; what cannot stand is said there, with what was typed."""
        form, principal = await read_form(request), principal_of(request)
        check(principal, form.get("csrf", ""))
        try:
            await run_in_threadpool(self._do, verb, number, principal.name or THIS_MACHINE, form)
        except MarkError as error:
            if error.kind == "unknown":
                raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
            refused = self._forms(principal, form, verb, error.kind, error.author)
        else:
            return RedirectResponse(_back(request, number, form), HTTPStatus.SEE_OTHER)
        status = MARK_STATUS[refused.trouble]
        return await run_in_threadpool(self.answer, request, "current", None, number, refused, status)

    async def test(self, request: Request) -> Response:
        """Send somebody a test message; what became of it stands beside them on the page that follows."""
        form, principal = await read_form(request), principal_of(request)
        check_form(principal, form.get("csrf", ""))
        recipient, notifier = form.get("recipient", ""), form.get("notifier", "")
        try:
            await run_in_threadpool(self._gateway.roll.test, recipient, notifier, principal.name or THIS_MACHINE)
        except MarkError as error:
            if error.kind == "unknown":
                raise Problem(HTTPStatus.NOT_FOUND, str(error)) from error
            refused = self._forms(principal, form, "test", error.kind)
            status = MARK_STATUS[error.kind]
            return await run_in_threadpool(self.answer, request, "current", None, None, refused, status)
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/alerts{query}#told", HTTPStatus.SEE_OTHER)

    def _reach(self, request: Request) -> Reach:
        site, figures = self._gateway.site, self._gateway.board_view().figures
        host = request.headers.get("host", "")
        return Reach(host, site.visitors.address, site.second_address, figures.uplink, figures.internet)

    def _trace(self, detail: AlertDetail | None, now_ts: float) -> tuple[AlertTrace | None, bool]:
        """The curve of an alert, and whether the store could be read: what is wrong may be the store itself."""
        if detail is None:
            return None, True
        rule = self._desk.rules.get(detail.view.rule)
        try:
            return trace_of(self._gateway.site, self._gateway.store, detail.view, rule, now_ts), True
        except StoreError:
            return None, False

    def _do(self, verb: str, number: int, author: str, form: Form) -> None:
        if verb == "acknowledge":
            self._desk.acknowledge(number, author, form.get("note", ""), known=form.get("known", ""))
            for other in numbers_in(form.get("also", "")):
                # Whatever became of one meanwhile (over, in other hands) is no reason to refuse the others.
                with suppress(MarkError):
                    self._desk.acknowledge(other, author)
        elif verb == "release":
            self._desk.release(number, author)
        elif verb == "note":
            self._desk.note(number, author, form.get("note", ""))
        elif verb == "silence":
            self._desk.silence(number, author, form.get("reason", ""), self._until(form.get("until", "")))
        else:
            self._desk.unsilence(number, author)

    def _until(self, choice: str) -> float | None:
        """When a silence ends; None: with the alert."""
        now_ts = self._gateway.clock.now_ts()
        if choice == "hour":
            return now_ts + HOUR_S
        if choice == "closing":
            closes_ts = self._closes_ts(now_ts)
            if closes_ts is None:
                raise MarkError("until", "the place is closed")
            return closes_ts
        if choice == "end":
            return None
        raise MarkError("until", f"until is {choice[:20]!r}, expected hour, closing or end")

    def _closes_ts(self, now_ts: float) -> float | None:
        hours = self._gateway.site.opening_hours()
        opening = None if hours is None else current_opening(hours, self._gateway.site.zone(), now_ts)
        return None if opening is None else opening.closes_ts

    def _forms(
        self, principal: Principal, form: Form | None = None, verb: str = "", trouble: str = "", by: str = ""
    ) -> AlertForms:
        is_admin = principal.role is Role.ADMIN and principal.session is not None
        typed = {key: value[:MOST_REPEATED] for key, value in (form or {}).items() if key != "csrf"}
        return AlertForms(
            csrf=principal.csrf if principal.may_correct else "",
            may_silence=is_admin,
            author=principal.name or THIS_MACHINE,
            can_close=self._closes_ts(self._gateway.clock.now_ts()) is not None,
            typed=typed,
            verb=verb,
            trouble=trouble,
            by=by,
        )

    def _kept_health(self, now_ts: float) -> HealthView:
        with self._lock:
            if self._health is None or not 0 <= now_ts - self._health.now_ts < HEALTH_KEPT_S:
                report = self._gateway.health.report()
                self._health = health_view(self._gateway.site, self._gateway.store, report)
            return self._health


def numbers_in(text: str) -> list[int]:
    """Of the alerts that a line of the board names beside the first: ``3,5``; what is no number is passed over."""
    found = [int(one) for one in text.split(",")[:MOST_ALSO] if one.isascii() and one.isdigit()]
    return [number for number in found if 1 <= number <= GREATEST_ID]


def _back(request: Request, number: int, form: Form) -> str:
    """Where a form leads: to its alert, or to the board that it stood on, which it names by a word and no address."""
    if form.get("from") == "board":
        kept = {"l": chosen_language(request)}
        if form.get("theme") in THEMES:
            kept["theme"] = form["theme"]
        return f"/board?{urlencode(kept)}"
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/alerts/{number}{query}#alert"
