"""What anybody may see: the public page, its JSON, and the accessibility statement."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from vigie_dashboard.pages import render_accessibility, render_visitors, visitors_style_source
from vigie_dashboard.view import VisitorsView
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.headers import policy
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.roles import EVERYBODY
from vigie_gateway.place.visitors import visitors_view

CACHE = "public, max-age=15"
"""Lower has every look of a full room's phones made anew; higher sends somebody to a seat that was taken since."""


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(route_class=GuardedRoute)

    @routes.get("/", include_in_schema=False)
    @allowed(EVERYBODY)
    def visitors(request: Request) -> Response:
        page = render_visitors(visitors_view(gateway.board_view(), gateway.site), chosen_language(request))
        headers = {
            "cache-control": CACHE,
            "vary": "accept-language, accept-encoding",
            "etag": f'"{hashlib.sha256(page.encode()).hexdigest()[:16]}"',
            "content-security-policy": policy(style=visitors_style_source()),
        }
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return HTMLResponse(page, headers=headers)

    @routes.get("/accessibilite", include_in_schema=False)
    @allowed(EVERYBODY)
    def accessibility(request: Request) -> Response:
        site = gateway.site
        page = render_accessibility(site.name, site.visitors.phone, chosen_language(request), chosen_theme(request))
        return HTMLResponse(page, headers={"cache-control": CACHE, "vary": "accept-language, accept-encoding"})

    @routes.get("/api/v1/public", tags=["v1"], summary="What anybody may know: every room, small groups hidden")
    @allowed(EVERYBODY)
    def public(response: Response) -> VisitorsView:
        response.headers["cache-control"] = CACHE
        return visitors_view(gateway.board_view(), gateway.site)

    return routes
