"""Signing in and out, and one's own password. Plain forms: everything works without JavaScript."""

from __future__ import annotations

import math
import time
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.account import Trouble, render_account, render_sign_in
from vigie_gateway.api.answers import retry_after
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme, with_choices
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.access import COOKIE, PLAIN_COOKIE, Caller
from vigie_gateway.auth.accounts import LONGEST_SESSION_S
from vigie_gateway.auth.passwords import LEAST_LENGTH, MOST_LENGTH, BusyError
from vigie_gateway.auth.roles import EVERYBODY, STAFF
from vigie_gateway.auth.throttle import Throttle

MOST_NAME = 64
"""Characters of a name that are looked at; an account's has at most 32. Higher lets a flood of names take memory."""
BUSY_WAIT_S = 5.0
"""What is said to whoever got no turn: by then those before are done. Lower brings them back too soon."""


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    forms = _Forms(gateway)
    routes.add_api_route("/sign-in", forms.sign_in_form, methods=["GET"])
    routes.add_api_route("/sign-in", forms.sign_in, methods=["POST"])
    routes.add_api_route("/sign-out", forms.sign_out, methods=["POST"])
    routes.add_api_route("/account", forms.account, methods=["GET"])
    routes.add_api_route("/account/password", forms.change_password, methods=["POST"])
    return routes


class _Forms:
    """The forms and what they do."""

    def __init__(self, gateway: Gateway) -> None:
        self._site = gateway.site
        self._access = gateway.access
        self._accounts = gateway.access.accounts
        self._throttle = Throttle()

    @allowed(EVERYBODY)
    def sign_in_form(self, request: Request) -> Response:
        return self._sign_in_page(request, None, is_nobody=not self._accounts.users())

    @allowed(EVERYBODY)
    async def sign_in(self, request: Request) -> Response:
        form = await read_form(request)
        name, password = form.get("name", "").strip().lower()[:MOST_NAME], form.get("password", "")
        caller: Caller = request.state.caller
        if not self._access.may_sign_in(caller):
            return self._sign_in_page(request, Trouble.NOT_SECURE)
        trouble, wait_s = await self._try(name, password, caller)
        if trouble is not None:
            return self._sign_in_page(request, trouble, name, wait_s)
        now_ts = self._access.clock.now_ts()
        previous = principal_of(request).session
        if previous is not None:
            await run_in_threadpool(self._accounts.end_session, previous, now_ts)
        secret = await run_in_threadpool(self._accounts.open_session, name, now_ts)
        return sent_on(with_choices("/board", request), secret, caller, LONGEST_SESSION_S)

    async def _try(self, name: str, password: str, caller: Caller) -> tuple[Trouble | None, float]:
        """Look at a password; what is wrong, None when it is right, and how long the next try has to wait."""
        wait_s = self._throttle.wait_s(name, caller.address, time.monotonic())
        if wait_s > 0:
            return Trouble.WAIT, wait_s
        self._throttle.tried(name, caller.address, time.monotonic())
        try:
            is_right = await self._access.turns.run(caller.address, lambda: self._accounts.has_password(name, password))
        except BusyError:
            self._throttle.untried(name, caller.address)
            return Trouble.WAIT, BUSY_WAIT_S
        if not is_right:
            return Trouble.WRONG, 0
        self._throttle.succeeded(name, caller.address)
        return None, 0

    @allowed(STAFF)
    async def sign_out(self, request: Request) -> Response:
        principal = principal_of(request)
        check_form(principal, (await read_form(request)).get("csrf", ""))
        if principal.session is not None:
            await run_in_threadpool(self._accounts.end_session, principal.session, self._access.clock.now_ts())
        return sent_on("/sign-in", "", request.state.caller, 0)

    @allowed(STAFF)
    def account(self, request: Request) -> Response:
        return self._account_page(request, None)

    @allowed(STAFF)
    async def change_password(self, request: Request) -> Response:
        principal, form = principal_of(request), await read_form(request)
        check_form(principal, form.get("csrf", ""))
        if principal.session is None:
            raise Problem(HTTPStatus.FORBIDDEN, "a token has no password")
        new, caller = form.get("new", ""), request.state.caller
        if not LEAST_LENGTH <= len(new) <= MOST_LENGTH:
            return self._account_page(request, Trouble.LENGTH)
        trouble, wait_s = await self._try(principal.name, form.get("password", ""), caller)
        if trouble is not None:
            return self._account_page(request, trouble, wait_s)
        now_ts = self._access.clock.now_ts()
        try:
            await self._access.turns.run(
                caller.address,
                lambda: self._accounts.set_password(principal.name, new, principal.name, now_ts),
            )
        except BusyError:
            return self._account_page(request, Trouble.WAIT, BUSY_WAIT_S)
        # Every session of the account has ended, this one too: whoever knew the old password is out.
        return sent_on("/sign-in", "", caller, 0)

    def _sign_in_page(
        self,
        request: Request,
        trouble: Trouble | None,
        name: str = "",
        wait_s: float = 0,
        *,
        is_nobody: bool = False,
    ) -> Response:
        may = self._access.may_sign_in(request.state.caller)
        page = render_sign_in(
            self._site.name,
            chosen_language(request),
            chosen_theme(request),
            trouble=trouble if may else Trouble.NOT_SECURE,
            name=name,
            wait_s=math.ceil(wait_s),
            may_sign_in=may,
            is_nobody=is_nobody,
        )
        return _answer(page, trouble, wait_s)

    def _account_page(self, request: Request, trouble: Trouble | None, wait_s: float = 0) -> Response:
        principal = principal_of(request)
        page = render_account(
            self._site.name,
            chosen_language(request),
            chosen_theme(request),
            name=principal.name if principal.session is not None else "",
            role=str(principal.role),
            csrf="" if principal.session is None else principal.session.csrf,
            trouble=trouble,
            wait_s=math.ceil(wait_s),
        )
        return _answer(page, trouble, wait_s)


_STATUS = {
    None: HTTPStatus.OK,
    Trouble.WAIT: HTTPStatus.TOO_MANY_REQUESTS,
    Trouble.LENGTH: HTTPStatus.UNPROCESSABLE_ENTITY,
}


def _answer(page: str, trouble: Trouble | None, wait_s: float) -> Response:
    return HTMLResponse(page, _STATUS.get(trouble, HTTPStatus.FORBIDDEN), retry_after(wait_s))


def sent_on(to: str, secret: str, caller: Caller, seconds: float) -> Response:
    """To another page, with the session's cookie; "" takes it away."""
    answer = RedirectResponse(to, HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        COOKIE if caller.is_secure else PLAIN_COOKIE,
        secret,
        max_age=int(seconds),
        path="/",
        secure=caller.is_secure,
        httponly=True,
        samesite="lax",
    )
    return answer
