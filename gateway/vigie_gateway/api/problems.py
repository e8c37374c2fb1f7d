"""Errors as problem details (RFC 9457) for programs, and as a page for people."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from vigie_dashboard.pages import render_problem
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.accounts import AccountError, without_secret
from vigie_gateway.store import StoreError

log = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Why something was refused (RFC 9457)",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string", "description": "The status in words"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What was found, and what was expected"},
        "errors": {
            "type": "array",
            "description": "With 422: each parameter that is wrong",
            "items": {
                "type": "object",
                "required": ["parameter", "detail"],
                "properties": {
                    "parameter": {"type": "string"},
                    "pointer": {"type": "string", "description": "Of a body: where in it (RFC 6901)"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
_MEANINGS = {
    400: "The body is not JSON in UTF-8",
    401: "Not signed in: an API token is expected (`Authorization: Bearer vigie_…`)",
    403: "The role or scope is another one",
    404: "Nothing has that name",
    405: "There is no such method here",
    409: "Something that is under way or not known stands against it",
    413: "The body is too large, or does not say its length",
    421: "The `Host` is not one of this gateway's names or addresses",
    422: "A parameter is wrong",
    500: "An error in Vigie itself",
    503: "The accounts cannot be read, what is stored cannot be read or written, or too much is asked at once",
}


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What an operation's description says of these refusals."""
    content = {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _MEANINGS[status], "content": content} for status in statuses}


class Problem(HTTPException):
    """A refusal with its reason, for whoever asked.

    Args:
        status: HTTP status code.
        detail: One sentence: what was found, what was expected.
        extra: Further members of the problem document.
    """

    def __init__(self, status: int, detail: str, **extra: Any) -> None:
        super().__init__(status, detail)
        self.extra = extra


def install(app: FastAPI) -> None:
    """Answer every error of the application in this module's forms."""

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - Starlette dispatches by this very class
        extra = error.extra if isinstance(error, Problem) else {}
        return answer(request, error.status_code, error.detail, extra, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def _validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - Starlette dispatches by this very class
        wrong = [_wrong(found["loc"], found["msg"]) for found in error.errors()]
        detail = "; ".join(f"{entry['parameter']}: {entry['detail']}" for entry in wrong)
        return answer(request, HTTPStatus.UNPROCESSABLE_ENTITY, detail, {"errors": wrong}, {})

    @app.exception_handler(AccountError)
    async def _accounts(request: Request, error: Exception) -> Response:
        # What a form asked for is answered where the form is; here the file itself is the trouble.
        log.error("%s %r failed: %s", request.method, without_secret(request.url.path), error)
        detail = "the accounts cannot be read or written now; the gateway's log says why"
        return answer(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, {}, {})

    @app.exception_handler(StoreError)
    async def _store(request: Request, error: Exception) -> Response:
        log.error("%s %r failed: %s", request.method, without_secret(request.url.path), error)
        detail = "what is stored cannot be read or written now; the gateway's log says why"
        return answer(request, HTTPStatus.SERVICE_UNAVAILABLE, detail, {}, {})

    @app.exception_handler(Exception)
    async def _unexpected(request: Request, error: Exception) -> Response:
        log.error("%s %r failed", request.method, without_secret(request.url.path), exc_info=error)
        return answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, "an error in Vigie itself; its log says more", {}, {})


def _wrong(place: tuple[str | int, ...], detail: str) -> dict[str, str]:
    """One parameter, or one field of a body."""
    names = [str(part) for part in place]
    found = {"parameter": ".".join(names), "detail": detail}
    if names[:1] == ["body"]:
        found["pointer"] = "#" + "".join(f"/{name.replace('~', '~0').replace('/', '~1')}" for name in names[1:])
    return found


def answer(request: Request, status: int, detail: str, extra: dict[str, Any], headers: dict[str, str]) -> Response:
    """A problem document for programs, a page for people."""
    if request.url.path.startswith("/api/") or "text/html" not in request.headers.get("accept", ""):
        document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        return JSONResponse(document | extra, status, headers, PROBLEM_TYPE)
    page = render_problem(status, chosen_language(request), chosen_theme(request))
    return HTMLResponse(page, status, headers)
