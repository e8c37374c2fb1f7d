"""The health page, and on it a person's word on the clock where there is no NTP."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.pages import render_health
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.roles import ADMIN_ONLY, STAFF, Role
from vigie_gateway.clock.vouching import RefusedError
from vigie_gateway.clock.word import WordError
from vigie_gateway.health_page import health_view
from vigie_gateway.store import StoreError


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    def answer(request: Request, refused: str = "") -> Response:
        report = gateway.health.report()
        view = health_view(gateway.site, gateway.store, report)
        principal = principal_of(request)
        # Only who has signed in as an administrator is asked, and only while the time is not known.
        session = principal.session if principal.role is Role.ADMIN else None
        is_asked = session is not None and not report["parts"]["clock"]["is_known"]
        html = render_health(
            view,
            chosen_language(request),
            chosen_theme(request),
            csrf=session.csrf if session is not None and is_asked else "",
            refused=refused,
            current=report["parts"]["alerts"]["current"],
            is_admin=principal.role is Role.ADMIN,
        )
        status = HTTPStatus.CONFLICT if refused else HTTPStatus.OK
        return page(html, status)

    @routes.get("/health")
    @allowed(STAFF)
    def health(request: Request) -> Response:
        return answer(request)

    @routes.post("/health/clock")
    @allowed(ADMIN_ONLY)
    async def vouch(request: Request) -> Response:
        check_form(principal_of(request), (await read_form(request)).get("csrf", ""))
        try:
            await run_in_threadpool(gateway.vouch)
        except (RefusedError, WordError, StoreError) as error:
            return await run_in_threadpool(answer, request, str(error))
        return RedirectResponse("/health", HTTPStatus.SEE_OTHER)

    return routes
