"""Accounts and tokens in the browser: who may sign in and as what, which programs may read. For the admin."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from vigie_dashboard.account import AccountLine, TokenLine, UsersView, render_users
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.form import read_form
from vigie_gateway.api.guard import GuardedRoute, allowed, check_form, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.access import Caller
from vigie_gateway.auth.accounts import LONGEST_TOKEN_DAYS, SCOPES, AccountError, role_of, shown_secret
from vigie_gateway.auth.kiosks import typed_code
from vigie_gateway.auth.passwords import BusyError
from vigie_gateway.auth.roles import ADMIN_ONLY, SIGNED_IN_ROLES

AUDIT_SHOWN = 30

Form = dict[str, str]


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    users = _Users(gateway)
    routes.add_api_route("/users", users.show, methods=["GET"])
    routes.add_api_route("/users", users.change, methods=["POST"])
    return routes


class _Users:
    """The page, and the one form handler behind all of its forms."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._accounts = gateway.access.accounts
        self._changes: dict[str, Callable[[Form, str, float], str]] = {
            "add": self._add,
            "role": self._role,
            "password": self._password,
            "remove": self._remove,
            "add-token": self._add_token,
            "remove-token": self._remove_token,
            "accept-kiosk": self._accept_kiosk,
        }

    @allowed(ADMIN_ONLY)
    def show(self, request: Request) -> Response:
        return self._page(request, {}, "")

    @allowed(ADMIN_ONLY)
    async def change(self, request: Request) -> Response:
        principal, form = principal_of(request), await read_form(request)
        check_form(principal, form.get("csrf", ""))
        change = self._changes.get(form.get("do", ""))
        if change is None:
            return await run_in_threadpool(self._page, request, form, "missing")
        now_ts = self._gateway.access.clock.now_ts()
        try:
            caller: Caller = request.state.caller
            secret = await self._gateway.access.turns.run(caller.address, lambda: change(form, principal.name, now_ts))
        except AccountError as error:
            return await run_in_threadpool(self._page, request, form, error.kind)
        except BusyError:
            return await run_in_threadpool(self._page, request, form, "busy")
        if secret:  # told once, and never by an address
            return await run_in_threadpool(self._page, request, {}, "", secret)
        return RedirectResponse("/users", HTTPStatus.SEE_OTHER)

    def _add(self, form: Form, who: str, now_ts: float) -> str:
        name = form.get("name", "").strip().lower()
        self._accounts.add_user(name, role_of(form.get("role", "")), form.get("password", ""), who, now_ts)
        return ""

    def _role(self, form: Form, who: str, now_ts: float) -> str:
        self._accounts.set_role(form.get("name", ""), role_of(form.get("role", "")), who, now_ts)
        return ""

    def _password(self, form: Form, who: str, now_ts: float) -> str:
        self._accounts.set_password(form.get("name", ""), form.get("password", ""), who, now_ts)
        return ""

    def _remove(self, form: Form, who: str, now_ts: float) -> str:
        self._accounts.remove_user(form.get("name", ""), who, now_ts)
        return ""

    def _add_token(self, form: Form, who: str, now_ts: float) -> str:
        days = form.get("days", "")
        if re.fullmatch(r"[0-9]{1,6}", days) is None or not 0 < int(days) <= LONGEST_TOKEN_DAYS:
            raise AccountError(f"days is {days[:20]!r}, expected 1 to {LONGEST_TOKEN_DAYS}", "days")
        name = form.get("name", "").strip().lower()
        scope = form.get("scope", "")
        secret = self._accounts.add_token(name, scope, now_ts + int(days) * 86_400.0, who, now_ts)
        return shown_secret(secret, scope)

    def _remove_token(self, form: Form, who: str, now_ts: float) -> str:
        self._accounts.remove_token(form.get("name", ""), who, now_ts)
        return ""

    def _accept_kiosk(self, form: Form, who: str, now_ts: float) -> str:
        code = typed_code(form.get("code", ""))
        if code is None or not self._gateway.access.waiting_kiosks.is_shown(code):
            raise AccountError(f"no screen shows the code {form.get('code', '')[:20]!r}", "code")
        self._accounts.accept_kiosk(form.get("name", "").strip().lower(), code, who, now_ts)
        return ""

    def _page(self, request: Request, form: Form, trouble: str, secret: str = "") -> Response:
        gateway, session = self._gateway, principal_of(request).session
        view = UsersView(
            site_name=gateway.site.name,
            timezone=gateway.site.timezone,
            accounts=[AccountLine(one.name, str(one.role), one.created_ts) for one in self._accounts.users()],
            tokens=[TokenLine(one.name, one.scope, one.expires_ts, one.used_ts) for one in self._accounts.tokens()],
            audit=self._accounts.audit(AUDIT_SHOWN),
            roles=[str(role) for role in SIGNED_IN_ROLES],
            scopes=sorted(SCOPES, reverse=True),
            csrf="" if session is None else session.csrf,
            trouble=trouble,
            typed={key: form.get(key, "") for key in ("do", "name", "role", "scope", "days", "code")},
            secret=secret,
        )
        page = render_users(view, chosen_language(request), chosen_theme(request))
        status = {"": HTTPStatus.OK, "busy": HTTPStatus.TOO_MANY_REQUESTS}.get(trouble, HTTPStatus.UNPROCESSABLE_ENTITY)
        return HTMLResponse(page, status)
