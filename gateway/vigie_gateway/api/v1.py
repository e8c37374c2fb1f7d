"""``/api/v1``: rooms, series and their history as JSON, for programs.

Names and shapes here are promised: they change only with the number in the path.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse, Response

from vigie_contract.senml import LATEST_TS
from vigie_dashboard.view import Figures, HistoryPoint, RoomView
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.problems import Problem, described
from vigie_gateway.auth.roles import STAFF
from vigie_gateway.store import Sample, Series
from vigie_gateway.store.influxdb.older import JoinedHistory, joined_history

MAX_POINTS = 5_000
"""Points of one answer. Lower is coarser than a wide screen; higher lets one request hold the processor."""
DEFAULT_POINTS = 500
DEFAULT_SPAN_S = 86_400.0


@dataclass(frozen=True, slots=True)
class RoomsAnswer:
    """All rooms now. Times are epoch seconds; null always means unknown, never zero.

    While ``is_time_known`` is false only the distances between times are true.
    """

    site: str
    now_ts: float
    figures: Figures
    rooms: tuple[RoomView, ...]
    is_time_known: bool


@dataclass(frozen=True, slots=True)
class LatestAnswer:
    """A series' newest reading; ``reason`` tells why ``value`` is null."""

    at_ts: float
    value: float | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class SeriesAnswer:
    """One series: a channel of a node. ``latest`` is null when it never sent a reading."""

    id: str
    node: str
    channel: str
    quantity: str
    unit: str
    kind: str
    room: str | None
    label: str
    labels: tuple[str, ...]
    period_s: float
    latest: LatestAnswer | None


@dataclass(frozen=True, slots=True)
class HistoryAnswer:
    """A series over time: at most the asked number of equal intervals, oldest first, each stamped at its end.

    ``older`` tells of what was single readings once and is kept in InfluxDB alone: ``none`` was needed, ``joined``, or
    ``unavailable``: then the points are coarser than asked for, and ``older_detail`` says why.
    """

    id: str
    unit: str
    average: str
    from_ts: float
    to_ts: float
    older: Literal["none", "joined", "unavailable"]
    older_detail: str | None
    points: tuple[HistoryPoint, ...]


def router(gateway: Gateway) -> APIRouter:
    """The routes of version 1."""
    routes = APIRouter(prefix="/api/v1", tags=["v1"], route_class=GuardedRoute)

    @routes.get("/rooms", summary="Every room now")
    @allowed(STAFF)
    def rooms() -> RoomsAnswer:
        view = gateway.board_view()
        return RoomsAnswer(view.site_id, view.now_ts, view.figures, view.rooms, view.is_time_known)

    @routes.get("/series", summary="Every series, with its newest reading")
    @allowed(STAFF)
    def series() -> list[SeriesAnswer]:
        latest = gateway.store.latest()
        return [_series_answer(found, latest.get(found.id)) for found in gateway.store.series()]

    @routes.get(
        "/series/{series_id}/history",
        summary="A series over time",
        response_model=HistoryAnswer,
        responses=described(404, 422),
    )
    @allowed(STAFF)
    def history(
        series_id: str,
        from_: Annotated[
            str | None, Query(alias="from", description="Epoch seconds or RFC 3339; a day before `to`")
        ] = None,
        to: Annotated[str | None, Query(description="Epoch seconds or RFC 3339; now")] = None,
        points: Annotated[int, Query(ge=1, le=MAX_POINTS, description="At most so many")] = DEFAULT_POINTS,
    ) -> Response:
        found = next((entry for entry in gateway.store.series() if entry.name == series_id), None)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, f"no series is named {series_id[:80]!r}; /api/v1/series lists them")
        to_ts = _moment("to", to, gateway.clock.now_ts())
        from_ts = _moment("from", from_, to_ts - DEFAULT_SPAN_S)
        if not from_ts < to_ts:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"from ({from_ts:.3f}) is not before to ({to_ts:.3f})")
        joined = joined_history(gateway.store, gateway.older, found, from_ts, to_ts, points)
        return _history_answer(found, from_ts, to_ts, joined)

    return routes


def _series_answer(series: Series, latest: Sample | None) -> SeriesAnswer:
    channel = series.channel
    return SeriesAnswer(
        id=series.name,
        node=series.node,
        channel=channel.id,
        quantity=channel.quantity,
        unit=series.quantity.unit,
        kind=series.quantity.kind,
        room=channel.room,
        label=channel.label,
        labels=channel.labels,
        period_s=channel.period_s,
        latest=None if latest is None else LatestAnswer(latest.at_ts, latest.value, latest.reason),
    )


def _history_answer(series: Series, from_ts: float, to_ts: float, joined: JoinedHistory) -> Response:
    # Built by hand: validating five thousand points that we made ourselves takes longer than reading them.
    return JSONResponse(
        {
            "id": series.name,
            "unit": series.quantity.unit,
            "average": series.quantity.average,
            "from_ts": from_ts,
            "to_ts": to_ts,
            "older": joined.older,
            "older_detail": joined.detail,
            "points": [
                {
                    "at_ts": point.at_ts,
                    "mean": point.mean,
                    "low": point.low,
                    "high": point.high,
                    "last": point.last,
                    "coverage": point.coverage,
                }
                for point in joined.points
            ],
        }
    )


_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?(?:nan|inf)", re.ASCII | re.IGNORECASE)
"""What is read as epoch seconds: ``float`` also takes 1_000, and digits of other scripts."""


def _moment(name: str, text: str | None, default_ts: float) -> float:
    if text is None:
        return default_ts
    moment_ts = float(text) if _NUMBER.fullmatch(text) else _rfc3339(name, text)
    if not math.isfinite(moment_ts) or not 0 <= moment_ts < LATEST_TS:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, f"{name} is {text[:40]!r}, expected a time from 1970 to 9999")
    return moment_ts


def _rfc3339(name: str, text: str) -> float:
    problem = Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{name} is {text[:40]!r}, expected epoch seconds or RFC 3339 with an offset",
    )
    try:
        moment = datetime.fromisoformat(text)
        moment_ts = moment.timestamp()
    except (ValueError, OverflowError) as error:
        raise problem from error
    if moment.tzinfo is None:  # without an offset a time names a day's worth of moments
        raise problem
    return moment_ts
