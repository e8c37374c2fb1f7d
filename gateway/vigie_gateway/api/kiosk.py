"""The board on a wall, and the sign of life that a kiosk of another gateway asks for."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vigie_dashboard.pages import render_kiosk
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.headers import policy
from vigie_gateway.api.history import page
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.roles import EVERYBODY, STAFF


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @routes.get("/kiosk")
    @allowed(STAFF)
    def kiosk(request: Request) -> Response:
        view = gateway.board_view()
        answer = page(render_kiosk(view, chosen_language(request), chosen_theme(request)))
        if view.second_address is not None:
            second = urlsplit(view.second_address)
            answer.headers["content-security-policy"] = policy(connect=f"'self' {second.scheme}://{second.netloc}")
        return answer

    @routes.get("/kiosk/alive", status_code=HTTPStatus.NO_CONTENT)
    @allowed(EVERYBODY)
    def alive() -> Response:
        # A page of the other gateway's asks, and learns nothing but that somebody is here.
        headers = {"cache-control": "no-store", "cross-origin-resource-policy": "cross-origin"}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)

    return routes
