"""The page of the one-time address: its first administrator chooses a name and a password, and is signed in."""

from __future__ import annotations

import math
import time
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.setup_text import AddressView, render_address
from vigie_gateway.api.answers import retry_after
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.language import chosen_language, chosen_theme, with_choices
from vigie_gateway.api.sign_in import BUSY_WAIT_S, sent_on
from vigie_gateway.auth.access import Caller
from vigie_gateway.auth.accounts import LONGEST_SESSION_S, AccountError
from vigie_gateway.auth.passwords import BusyError
from vigie_gateway.auth.roles import EVERYBODY
from vigie_gateway.auth.throttle import Throttle
from vigie_gateway.setup.address import SetupAddress, Standing

_CODE = "set-up address"
"""What is guessed, for the throttle: no account can be called so."""


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    pages = _Pages(gateway)
    routes.add_api_route("/setup/start/{code}", pages.show, methods=["GET"])
    routes.add_api_route("/setup/start/{code}", pages.begin, methods=["POST"])
    return routes


class _Pages:
    """The page and its form. The code in its address is what a form token is elsewhere: nobody else knows it."""

    def __init__(self, gateway: Gateway) -> None:
        self._access = gateway.access
        self._address: SetupAddress = gateway.setup.address
        self._throttle = Throttle()

    @allowed(EVERYBODY)
    def show(self, request: Request, code: str) -> Response:
        standing, wait_s = self._look(request, code)
        return self._page(request, standing, wait_s=wait_s)

    @allowed(EVERYBODY)
    async def begin(self, request: Request, code: str) -> Response:
        form, caller = await read_form(request), request.state.caller
        standing, wait_s = await run_in_threadpool(self._look, request, code)
        if standing is not Standing.VALID or not self._access.may_sign_in(caller):
            return self._page(request, standing, wait_s=wait_s)
        name, password = form.get("name", "").strip().lower(), form.get("password", "")
        if password != form.get("again", ""):
            return self._page(request, standing, name, "differ")
        now_ts = self._access.clock.now_ts()
        try:
            standing = await self._access.turns.run(
                caller.address, lambda: self._address.use(code, name, password, now_ts)
            )
            if standing is not Standing.VALID:
                return self._page(request, standing)
            secret = await run_in_threadpool(self._access.accounts.open_session, name, now_ts)
        except AccountError as error:
            return self._page(request, standing, name, error.kind)
        except BusyError:
            return self._page(request, standing, name, "busy", BUSY_WAIT_S)
        return sent_on(with_choices("/setup", request), secret, caller, LONGEST_SESSION_S)

    def _look(self, request: Request, code: str) -> tuple[Standing | None, float]:
        """What the address is, None for who has to wait first, and how long."""
        caller: Caller = request.state.caller
        wait_s = self._throttle.wait_s(_CODE, caller.address, time.monotonic())
        if wait_s > 0:
            return None, wait_s
        standing = self._address.standing(code)
        if standing is Standing.WRONG:
            self._throttle.tried(_CODE, caller.address, time.monotonic())
        return standing, 0

    def _page(
        self, request: Request, standing: Standing | None, name: str = "", trouble: str = "", wait_s: float = 0
    ) -> Response:
        may = self._access.may_sign_in(request.state.caller)
        view = AddressView("" if standing is None else str(standing), may, name, trouble, math.ceil(wait_s))
        html = render_address(view, chosen_language(request), chosen_theme(request))
        return HTMLResponse(html, _status(standing, may, trouble, wait_s), retry_after(wait_s))


def _status(standing: Standing | None, may_sign_in: bool, trouble: str, wait_s: float) -> HTTPStatus:
    if wait_s:
        return HTTPStatus.TOO_MANY_REQUESTS
    if standing in {Standing.OVER, Standing.EXPIRED}:
        return HTTPStatus.GONE
    if standing is not Standing.VALID:
        return HTTPStatus.NOT_FOUND
    if not may_sign_in:
        return HTTPStatus.FORBIDDEN
    return HTTPStatus.UNPROCESSABLE_ENTITY if trouble else HTTPStatus.OK
