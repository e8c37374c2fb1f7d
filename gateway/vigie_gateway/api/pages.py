"""The pages for people, their assets, and the stream that keeps them live."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from vigie_dashboard.assets import asset
from vigie_dashboard.pages import render_board
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed, principal_of
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.roles import CHECKERS, EVERYBODY, STAFF, WATCHERS
from vigie_gateway.live import RETRY_MS, TooManyViewersError

ASSET_CACHE = "public, max-age=31536000, immutable"
"""Asset names carry a hash of their content, so that a cached one is never wrong."""


def router(gateway: Gateway) -> APIRouter:
    """The routes for browsers; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @routes.get("/board")
    @allowed(STAFF)
    def board(request: Request) -> Response:
        principal = principal_of(request)
        lang, theme = chosen_language(request), chosen_theme(request)
        csrf = principal.csrf if principal.may_correct else ""
        may_check = principal.role in CHECKERS
        return page(render_board(gateway.board_view(), lang, theme, may_check=may_check, csrf=csrf))

    @routes.get("/static/{name}")
    @allowed(EVERYBODY)
    def static(request: Request, name: str) -> Response:
        found = asset(name)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no such file")
        headers = {"cache-control": ASSET_CACHE, "etag": found.etag, "vary": "accept-encoding"}
        if request.headers.get("if-none-match") == found.etag:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        body = found.body
        if found.gzip is not None and "gzip" in request.headers.get("accept-encoding", ""):
            body = found.gzip
            headers["content-encoding"] = "gzip"
        return Response(body, headers=headers, media_type=found.content_type)

    return routes


def events_router(gateway: Gateway) -> APIRouter:
    """The stream, for pages and for programs."""
    routes = APIRouter(tags=["live"], route_class=GuardedRoute)

    @routes.get(
        "/events",
        summary="The board as server-sent events",
        description=(
            "`state`: every field, on connecting; `u`: the fields that changed; `b`: a beat every 5 s. "
            "`l` chooses the language of the texts (fr, en)."
        ),
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {}}}},
    )
    @allowed(WATCHERS)
    async def events(request: Request) -> Response:
        try:
            stream = gateway.live.open(chosen_language(request), gateway.access.stays(principal_of(request)))
        except TooManyViewersError as error:
            retry = {"retry-after": str(RETRY_MS // 1000)}
            problem = Problem(HTTPStatus.SERVICE_UNAVAILABLE, "too many streams are open")
            problem.headers = retry
            raise problem from error
        return StreamingResponse(stream, media_type="text/event-stream")

    return routes
