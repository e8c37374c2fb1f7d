"""What anybody may see: the public page, its JSON, the sheet with QR codes, and the accessibility statement."""

from __future__ import annotations

import hashlib
import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from vigie_dashboard.pages import render_accessibility, render_poster, render_visitors, visitors_style_source
from vigie_dashboard.poster import PosterView
from vigie_dashboard.view import VisitorsView
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.headers import policy
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.auth.roles import EVERYBODY
from vigie_gateway.place.site import Site
from vigie_gateway.place.told import Told
from vigie_gateway.place.visitors import visitors_view

CACHE = "public, max-age=15"
"""Lower has every look of a full room's phones made anew; higher sends somebody to a seat that was taken since."""


def router(gateway: Gateway) -> APIRouter:
    """The routes."""
    routes = APIRouter(route_class=GuardedRoute)
    told = Told()

    def view() -> VisitorsView:
        return visitors_view(told.held(gateway.board_view()), gateway.site)

    @routes.get("/", include_in_schema=False)
    @allowed(EVERYBODY)
    def visitors(request: Request) -> Response:
        html = render_visitors(view(), chosen_language(request))
        headers = {
            "cache-control": CACHE,
            "vary": "accept-language, accept-encoding",
            "etag": f'"{hashlib.sha256(html.encode()).hexdigest()[:16]}"',
            "content-security-policy": policy(style=visitors_style_source()),
        }
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return HTMLResponse(html, headers=headers)

    @routes.get("/poster", include_in_schema=False)
    @allowed(EVERYBODY)
    def poster(request: Request) -> Response:
        view = poster_view(gateway.site, f"{request.url.scheme}://{request.url.netloc}/")
        return page(render_poster(view, chosen_language(request), chosen_theme(request)))

    @routes.get("/accessibilite", include_in_schema=False)
    @allowed(EVERYBODY)
    def accessibility(request: Request) -> Response:
        site = gateway.site
        html = render_accessibility(site.name, site.visitors.phone, chosen_language(request), chosen_theme(request))
        return HTMLResponse(html, headers={"cache-control": CACHE, "vary": "accept-language, accept-encoding"})

    @routes.get("/api/v1/public", tags=["v1"], summary="What anybody may know: every room, small groups hidden")
    @allowed(EVERYBODY)
    def public(response: Response) -> VisitorsView:
        response.headers["cache-control"] = CACHE
        return view()

    return routes


def poster_view(site: Site, asked_under: str) -> PosterView:
    """What the sheet for the front desk tells.

    Args:
        site: The place.
        asked_under: The address under which the page was asked for. It stands in where the site file gives none,
            unless no other machine could follow it.
    """
    visitors = site.visitors
    return PosterView(
        site_name=site.name,
        languages=site.languages,
        address=visitors.address or (None if _is_of_this_machine(asked_under) else asked_under),
        second_address=site.second_address,
        wifi_name=visitors.wifi_name,
        is_wifi_open=visitors.wifi_open,
        wifi_password=visitors.wifi_password,
    )


def _is_of_this_machine(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
