"""Who may ask for a route: every endpoint says so with ``allowed``, or the application is not built at all.

Checked before a parameter is looked at. What changes something also needs a person's session with its form token, or a
token of scope ``admin``, and must come from a page of ours.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from vigie_gateway.api.problems import Problem, described
from vigie_gateway.auth.access import Access, Caller, Principal
from vigie_gateway.auth.roles import Role

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
SAFE_METHODS = frozenset({"GET", "HEAD"})
MOST_JSON_BYTES = 16_384
"""Of what a program sends. Lower refuses a correction with a long reason; higher lets a token take the memory."""
_ROLES = "__vigie_roles__"
_ENTRANCE = "__vigie_entrance__"


def allowed(roles: frozenset[Role], entrance: str = "/sign-in") -> Callable[[Endpoint], Endpoint]:
    """Say which roles may ask for an endpoint. Stands below the route's own decorator.

    ``entrance`` is where a browser is sent that is nobody yet.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _ROLES, roles)
        setattr(endpoint, _ENTRANCE, entrance)
        return endpoint

    return mark


class GuardedRoute(APIRoute):
    """A route that asks who it is before it answers."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **given: Any) -> None:
        roles = getattr(endpoint, _ROLES, None)
        if roles is None:
            raise TypeError(f"route {path} says nobody's role: put @allowed(...) below its decorator")
        self.roles: frozenset[Role] = roles
        self._entrance: str = getattr(endpoint, _ENTRANCE)
        if given.get("include_in_schema", True):
            _describe(roles, given)
        super().__init__(path, endpoint, **given)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler, behind the guard."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            access: Access = request.app.state.access
            caller = access.caller(request.url.scheme, request.client.host if request.client else None, request.headers)
            principal = await _principal(access, caller, request)
            request.state.caller, request.state.principal = caller, principal
            if principal.role not in self.roles:
                return _turn_away(request, principal, self._entrance)
            if request.method not in SAFE_METHODS:
                _check_origin(request)
            if self.body_field is not None:
                _check_length(request)
            return await handle(request)

        return guarded


def _describe(roles: frozenset[Role], given: dict[str, Any]) -> None:
    """Say in the API's description who may ask, and how whoever may not is told."""
    is_public = Role.PUBLIC in roles
    refusals = described(405, 421, 500, 503) if is_public else described(401, 403, 405, 421, 500, 503)
    given["responses"] = refusals | (given.get("responses") or {})
    given["openapi_extra"] = {
        "x-roles": [role for role in Role if role in roles],
        "security": [{}] if is_public else [{"token": []}, {"session": []}],
    } | (given.get("openapi_extra") or {})


def principal_of(request: Request) -> Principal:
    """Who asks, as the guard found out."""
    principal: Principal = request.state.principal
    return principal


def check_form(principal: Principal, csrf: str) -> None:
    """A form that changes something must come from the session that it was made for.

    Raises:
        Problem: 403 when it does not, or its sender may only read.
    """
    if not principal.may_change:
        raise Problem(HTTPStatus.FORBIDDEN, "sign in to change something")
    session = principal.session
    if session is not None and not hmac.compare_digest(session.csrf.encode(), csrf.encode()):
        raise Problem(HTTPStatus.FORBIDDEN, "this form is of another session: load its page again")


def check_correction(principal: Principal, csrf: str) -> None:
    """The same for a form with which somebody corrects what the sensors say.

    Raises:
        Problem: 403 when it is of another session, or its sender may only read.
    """
    check_may_correct(principal)
    check_csrf(principal, csrf)


def check_csrf(principal: Principal, csrf: str) -> None:
    """Raises Problem, 403, where a form was made for another session, or for a reader that has no forms."""
    if not principal.csrf or not hmac.compare_digest(principal.csrf.encode(), csrf.encode()):
        raise Problem(HTTPStatus.FORBIDDEN, "this form is of another session: load its page again")


def check_may_correct(principal: Principal) -> None:
    """Raises Problem, 403, where somebody may only read."""
    if not principal.may_correct:
        raise Problem(HTTPStatus.FORBIDDEN, "sign in at the front desk's account, or send a token of scope correct")


async def _principal(access: Access, caller: Caller, request: Request) -> Principal:
    authorization = request.headers.get("authorization", "")
    if not authorization and not request.cookies:
        return access.principal(caller, {}, "")
    return await run_in_threadpool(access.principal, caller, request.cookies, authorization)


def _turn_away(request: Request, principal: Principal, entrance: str) -> Response:
    if principal.name:
        raise Problem(HTTPStatus.FORBIDDEN, f"this is not for the role {principal.role}")
    if "text/html" in request.headers.get("accept", "") and request.method in SAFE_METHODS:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"{entrance}{query}", HTTPStatus.SEE_OTHER)
    problem = Problem(HTTPStatus.UNAUTHORIZED, "sign in, or send an API token: Authorization: Bearer vigie_…")
    problem.headers = {"www-authenticate": "Bearer"}
    raise problem


def _check_length(request: Request) -> None:
    """The body of a program is read whole before it is looked at; one that does not say its length has no bound."""
    said = request.headers.get("content-length", "")
    if not said.isdigit() or int(said) > MOST_JSON_BYTES:
        detail = f"a body that says its content-length, of at most {MOST_JSON_BYTES} bytes, is expected"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def _check_origin(request: Request) -> None:
    """A browser says where a form was; a page elsewhere must not send ours (CSRF)."""
    origin = request.headers.get("origin")
    if origin is not None:
        is_ours = urlsplit(origin).netloc == request.headers.get("host")
    else:
        is_ours = request.headers.get("sec-fetch-site", "none") in {"same-origin", "none"}
    if not is_ours:
        raise Problem(HTTPStatus.FORBIDDEN, "this form was not on a page of Vigie")
