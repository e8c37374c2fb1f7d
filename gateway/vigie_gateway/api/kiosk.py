"""The board on a wall: its page, how a screen elsewhere is let in, and the sign of life that kiosks ask for."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from vigie_dashboard.kiosk import render_kiosk, render_waiting_kiosk
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed, principal_of
from vigie_gateway.api.headers import policy
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.access import KIOSK_COOKIE, PLAIN_KIOSK_COOKIE, Caller
from vigie_gateway.auth.accounts import AccountError
from vigie_gateway.auth.kiosks import shown_code
from vigie_gateway.auth.roles import EVERYBODY, WATCHERS, Role

COOKIE_S = 400 * 86_400
"""As long as browsers keep a cookie at most; each night it is set anew."""


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    kiosks = _Kiosks(gateway)
    routes.add_api_route("/kiosk", kiosks.show, methods=["GET"])
    routes.add_api_route("/kiosk/wait", kiosks.wait, methods=["GET"])
    routes.add_api_route("/kiosk/wait", kiosks.ask, methods=["POST"])
    routes.add_api_route("/kiosk/alive", kiosks.alive, methods=["GET"], status_code=HTTPStatus.NO_CONTENT)
    return routes


class _Kiosks:
    """The pages of a screen on a wall."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._access = gateway.access
        self._waiting = gateway.access.waiting_kiosks

    @allowed(WATCHERS, entrance="/kiosk/wait")
    def show(self, request: Request) -> Response:
        view = self._gateway.board_view()
        is_loud = request.query_params.get("sound") == "on"
        answer = page(render_kiosk(view, chosen_language(request), chosen_theme(request), is_loud=is_loud))
        self._may_ask_second(answer)
        if principal_of(request).role is Role.KIOSK:
            _keep(answer, self._access.kiosk_secret(request.cookies), request.state.caller)
        return answer

    @allowed(EVERYBODY)
    def wait(self, request: Request) -> Response:
        """A screen that nobody has let in yet: it shows a code, and asks."""
        if principal_of(request).role in WATCHERS:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/kiosk{query}", HTTPStatus.SEE_OTHER)
        caller: Caller = request.state.caller
        secret, code = self._access.kiosk_secret(request.cookies), None
        if self._access.may_sign_in(caller):
            code = self._waiting.code_of(secret)
            if code is None:
                secret, code = self._waiting.begin()
        site = self._gateway.site
        text = render_waiting_kiosk(
            site.name,
            chosen_language(request),
            chosen_theme(request),
            code=None if code is None else shown_code(code),
            second_address=site.second_address,
        )
        answer = HTMLResponse(text)
        self._may_ask_second(answer)
        if code is not None:
            _keep(answer, secret, caller)
        return answer

    @allowed(EVERYBODY)
    def ask(self, request: Request) -> Response:
        """``in``: the board is there now; ``waiting``; ``unknown``: the page has to be loaded for a new code."""
        secret = self._access.kiosk_secret(request.cookies)
        code = self._waiting.code_of(secret)
        state = "unknown" if code is None else "waiting"
        if principal_of(request).role in WATCHERS:
            state = "in"
        elif code is not None and self._is_accepted(code, secret):
            self._waiting.end(secret)
            state = "in"
        return JSONResponse({"state": state})

    def _is_accepted(self, code: str, secret: str) -> bool:
        try:
            return self._access.accounts.claim_kiosk(code, secret, self._access.clock.now_ts())
        except AccountError as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from error

    @allowed(EVERYBODY)
    def alive(self) -> Response:
        # A page of the other gateway's asks, and learns nothing but that somebody is here.
        headers = {"cross-origin-resource-policy": "cross-origin"}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    def _may_ask_second(self, answer: Response) -> None:
        address = self._gateway.site.second_address
        if address is not None:
            second = urlsplit(address)
            answer.headers["content-security-policy"] = policy(connect=f"'self' {second.scheme}://{second.netloc}")


def _keep(answer: Response, secret: str, caller: Caller) -> None:
    """Lax, for a kiosk comes from the other gateway's page too."""
    answer.set_cookie(
        KIOSK_COOKIE if caller.is_secure else PLAIN_KIOSK_COOKIE,
        secret,
        max_age=COOKIE_S,
        path="/",
        secure=caller.is_secure,
        httponly=True,
        samesite="lax",
    )
