"""Alerts as an Atom feed: ``/alerts/feed.atom`` for who may read alerts, ``/a/{token}.atom`` for feed readers.

The second is the same feed behind an address that is its own key, as that of the sessions' calendar.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.alerts_page import feed_texts
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.feeds import check_address, language_of_feed
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.language import chosen_language
from vigie_gateway.auth.accounts import ALERTS_SCOPE
from vigie_gateway.auth.roles import EVERYBODY, STAFF
from vigie_gateway.formats.atom import CONTENT_TYPE, Entry, encode

MOST_ENTRIES = 30
"""Of the feed. Fewer loses some to a reader that looks once a day; more is sent at each of its looks."""


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @routes.get("/alerts/feed.atom")
    @allowed(STAFF)
    def feed(request: Request) -> Response:
        return Response(_feed(gateway, request, chosen_language(request)), media_type=CONTENT_TYPE)

    @routes.get("/a/{token}.atom")
    @allowed(EVERYBODY)
    def by_address(request: Request, token: str) -> Response:
        check_address(gateway, token, ALERTS_SCOPE)
        return Response(_feed(gateway, request, language_of_feed(gateway, request)), media_type=CONTENT_TYPE)

    return routes


def _feed(gateway: Gateway, request: Request, lang: str) -> bytes:
    """The newest alerts."""
    site, now_ts = gateway.site, gateway.clock.now_ts()
    base = f"{request.url.scheme}://{request.headers.get('host', '')}"
    entries = [
        Entry(
            one.number,
            *feed_texts(one, site.timezone, now_ts, lang),
            f"{base}/alerts/{one.number}?l={lang}",
            one.fired_ts or one.since_ts,
            _changed_ts(one),
        )
        for one in gateway.alerts.history(None, MOST_ENTRIES)
    ]
    name = site.name.get(lang) or next(iter(site.name.values()))
    address = f"{base}{request.url.path}?l={lang}"
    return encode(entries, site=site.id, name=name, address=address, changed_ts=now_ts)


def _changed_ts(view: AlertView) -> float:
    """When what the feed says of it last changed."""
    return max(at_ts for at_ts in (view.since_ts, view.fired_ts, view.taken_ts, view.ended_ts) if at_ts is not None)
