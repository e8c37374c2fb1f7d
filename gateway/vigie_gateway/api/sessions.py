"""The coming sessions with whether each will fit: ``/sessions`` for people, ``/s/{token}.ics`` for their calendars.

Both show what the checks' thread found; nothing is reckoned here.
"""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vigie_dashboard.check_view import HitRate
from vigie_dashboard.notices import SessionCheck, SessionView
from vigie_dashboard.sessions_page import entry_texts, named, render_sessions
from vigie_dashboard.sessions_view import PastSession, SessionsView
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.feeds import check_address, language_of_feed
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.accounts import SESSIONS_SCOPE
from vigie_gateway.auth.roles import CHECKERS, EVERYBODY
from vigie_gateway.formats.icalendar import CONTENT_TYPE, Entry, encode
from vigie_gateway.place.check_form import read_typed
from vigie_gateway.place.sessions import with_checks
from vigie_gateway.sessions.forecast_log import Compared
from vigie_gateway.store import StoreError

LISTED_S = 14 * 86_400.0
"""How far ahead sessions are listed. Lower hides next week's; higher is a calendar, which people have already."""
MOST_LISTED = 300
"""Of them. Lower cuts a venue of twenty rooms; higher is a page that no phone loads."""
MOST_PAST = 50
"""Sessions that are over, on the page. Fewer hides last month; more is a long table on a phone."""
MAKER = "-//Vigie//Sessions//EN"
REFRESH_S = 900
"""How often a calendar program is asked to read again: as often as we read those of the place."""


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)

    @routes.get("/sessions")
    @allowed(CHECKERS)
    def listed(request: Request) -> Response:
        return page(render_sessions(_view(gateway), chosen_language(request), chosen_theme(request)))

    @routes.get("/s/{token}.ics")
    @allowed(EVERYBODY)
    def feed(request: Request, token: str) -> Response:
        check_address(gateway, token, SESSIONS_SCOPE)
        if not gateway.board.is_time_known:  # an empty calendar would take the sessions off everybody's own
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the gateway does not know what time it is; try again later")
        headers = {"content-disposition": 'inline; filename="sessions.ics"'}
        return Response(_feed(gateway, language_of_feed(gateway, request)), headers=headers, media_type=CONTENT_TYPE)

    return routes


def coming(gateway: Gateway) -> tuple[SessionView, ...]:
    """The sessions that are not over, by begin, each with what was found; none while the time is not known."""
    now_ts, board = gateway.clock.now_ts(), gateway.board
    if not board.is_time_known:
        return ()
    ahead = [one for one in board.agenda.sessions if one.ends_ts > now_ts and one.begins_ts <= now_ts + LISTED_S]
    return with_checks(ahead[:MOST_LISTED], board.session_checks)


def _view(gateway: Gateway) -> SessionsView:
    site, now_ts = gateway.site, gateway.clock.now_ts()
    past = _past(gateway)
    return SessionsView(
        site_name=site.name,
        timezone=site.timezone,
        now_ts=now_ts,
        rooms={room.id: room.name for room in site.rooms},
        coming=coming(gateway),
        past=past,
        hit_rate=hit_rate(gateway),
        stale_calendars=gateway.board.agenda.stale,
        form=read_typed({}, site, site.session_activities(), (), now_ts).form,
        has_calendars=bool(site.calendars),
        is_time_known=gateway.board.is_time_known,
    )


def hit_rate(gateway: Gateway) -> HitRate | None:
    """How often a forecast held; None where it cannot be read."""
    try:
        return HitRate(*gateway.forecasts.hit_rate())
    except StoreError:
        return None  # what comes is told all the same; /healthz says what the store has


def _past(gateway: Gateway) -> tuple[PastSession, ...]:
    try:
        found = gateway.forecasts.compared(MOST_PAST)
    except StoreError:
        return ()
    return tuple(_past_session(one) for one in found)


def _past_session(compared: Compared) -> PastSession:
    forecast, outcome = compared.forecast, compared.outcome
    session = SessionView(
        forecast.room,
        forecast.name,
        forecast.begins_ts,
        forecast.ends_ts,
        is_all_day=False,
        people=forecast.people,
        activity=forecast.activity,
        check=SessionCheck(forecast.verdict, "", forecast.at_ts),
    )
    is_measured = bool(outcome.held or outcome.broke)
    return PastSession(
        session, outcome.people, tuple(sorted(outcome.broke)) if is_measured else None, compared.came_true
    )


def _feed(gateway: Gateway, lang: str) -> str:
    site, now_ts = gateway.site, gateway.clock.now_ts()
    rooms = {room.id: room.name for room in site.rooms}
    entries = []
    for session in coming(gateway):
        name, description = entry_texts(session, now_ts, site.timezone, lang)
        entries.append(
            Entry(
                uid=f"{_digest(session)}@{site.id}.vigie",
                name=name,
                location=named(rooms.get(session.room, {}), lang),
                description=description,
                begins_ts=session.begins_ts,
                ends_ts=session.ends_ts,
                made_ts=now_ts if session.check is None else session.check.at_ts,
                whole_days_of=site.zone() if session.is_all_day else None,
            )
        )
    return encode(entries, MAKER, name=named(site.name, lang), refresh_s=REFRESH_S)


def _digest(session: SessionView) -> str:
    """The same for the same session whenever it is asked for; one that was moved is another, and the old one goes."""
    told = f"{session.room} {session.begins_ts} {session.ends_ts} {session.name}"
    return hashlib.sha256(told.encode()).hexdigest()[:24]
