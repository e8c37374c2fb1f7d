"""What was measured: ``/history`` lists it, ``/history/{room}`` and ``/history/series/{node.channel}`` show it.

The same addresses with ``.csv`` at their end answer the table of the page; with ``.json``, the points that a chart asks
for when somebody looks closer.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from vigie_dashboard.history_view import HistoryView, PeriodView
from vigie_dashboard.pages import history_columns, history_points, history_rows, render_history, render_series_list
from vigie_gateway.api.answers import page
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.language import chosen_language, chosen_theme
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.roles import STAFF
from vigie_gateway.formats.csv import CONTENT_TYPE, encode
from vigie_gateway.place.hours import local_date
from vigie_gateway.place.past import Past
from vigie_gateway.place.period import FIELDS, PeriodError, period_view, read_period, span_between

MOST_TYPED = 40
"""Characters of a field that a page repeats: a date has ten. Lower would cut what somebody mistyped."""
Viewer = Callable[..., HistoryView]


def router(gateway: Gateway) -> APIRouter:
    """The routes; they stay out of the API's description, where ``/api/v1`` has its own history."""
    routes = APIRouter(include_in_schema=False, route_class=GuardedRoute)
    past = Past(gateway.site, gateway.store, gateway.board, gateway.older)

    @routes.get("/history")
    @allowed(STAFF)
    def listed(request: Request, q: str = "", by: str = "room") -> Response:
        view = past.listed(gateway.clock.now_ts())
        return page(render_series_list(view, q, by, chosen_language(request), chosen_theme(request)))

    @routes.get("/history/{name}")
    @allowed(STAFF)
    def of_room(request: Request, name: str) -> Response:
        room_id, _, form = name.partition(".")
        if room_id not in {room.id for room in gateway.site.rooms}:
            raise Problem(HTTPStatus.NOT_FOUND, f"no room has the id {room_id[:40]!r}; /history lists them")
        return _answer(gateway, request, past.of_room, room_id, form)

    @routes.get("/history/series/{name}")
    @allowed(STAFF)
    def of_series(request: Request, name: str) -> Response:
        # Ids have no dots, so that a channel called "json" is told from the form.
        node, _, rest = name.partition(".")
        channel, _, form = rest.partition(".")
        series = f"{node}.{channel}"
        if series not in {one.name for one in gateway.store.series()}:
            raise Problem(HTTPStatus.NOT_FOUND, f"no series is named {series[:80]!r}; /history lists them")
        return _answer(gateway, request, past.of_series, series, form)

    return routes


def _answer(gateway: Gateway, request: Request, viewer: Viewer, name: str, form: str) -> Response:
    if form == "json":
        return _points(gateway, request, viewer, name)
    if form == "csv":
        return _table(gateway, request, viewer, name)
    if form:
        raise Problem(HTTPStatus.NOT_FOUND, f"a history has no form {form[:20]!r}")
    lang, theme = chosen_language(request), chosen_theme(request)
    status = HTTPStatus.OK
    try:
        view = _view(gateway, request, viewer, name)
    except PeriodError as error:
        # The page of the last 24 hours, with what was typed and why it is no period.
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        view = _view(gateway, request, viewer, name, error)
    return page(render_history(view, lang, theme, gateway.alerts.count()), status)


def _table(gateway: Gateway, request: Request, viewer: Viewer, name: str) -> Response:
    try:
        view = _view(gateway, request, viewer, name)
    except PeriodError as error:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"the period is wrong: {error}") from error
    zone = gateway.site.zone()
    first, last = (local_date(zone, at_ts).isoformat() for at_ts in (view.from_ts, min(view.to_ts, view.now_ts)))
    return Response(
        encode(history_columns(view, chosen_language(request)), history_rows(view)),
        headers={
            "vary": "accept-language, accept-encoding",
            # Ids and dates alone are in the name: nothing that needs quoting.
            "content-disposition": f'attachment; filename="{name}_{first}_{last}.csv"',
        },
        media_type=CONTENT_TYPE,
    )


def _view(
    gateway: Gateway, request: Request, viewer: Viewer, name: str, error: PeriodError | None = None
) -> HistoryView:
    now_ts, zone = gateway.clock.now_ts(), gateway.site.zone()
    given = {key: value[:MOST_TYPED] for key, value in request.query_params.items()}
    asked = given if error is None else {}
    period = read_period(asked, zone, now_ts)
    shown = period_view(period, asked, zone, now_ts)
    if error is not None:
        typed = {field: given.get(field, "") for field in FIELDS}
        shown = _with_problem(shown, typed if any(typed.values()) else shown.typed, error)
    return viewer(name, period, shown, now_ts, compare=given.get("compare") == "week")


def _with_problem(shown: PeriodView, typed: dict[str, str], error: PeriodError) -> PeriodView:
    return PeriodView(
        shown.span, shown.query, shown.previous, shown.next, shown.spans, typed, (error.field, error.reason)
    )


def _points(gateway: Gateway, request: Request, viewer: Viewer, name: str) -> Response:
    now_ts, zone = gateway.clock.now_ts(), gateway.site.zone()
    try:
        from_ts, to_ts = (float(request.query_params.get(key, "nan")) for key in ("from_ts", "to_ts"))
        period = span_between(from_ts, to_ts, now_ts)
    except ValueError as error:
        detail = "from_ts and to_ts are epoch seconds, at least a minute apart, the first before now"
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail) from error
    shown = period_view(period, {}, zone, now_ts)
    view = viewer(name, period, shown, now_ts, compare=request.query_params.get("compare") == "week")
    return JSONResponse(history_points(view))
