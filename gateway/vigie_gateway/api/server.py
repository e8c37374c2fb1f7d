"""One FastAPI application of the routes, the errors and the headers; ``app`` runs it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from vigie_gateway.alerts.attempts import Attempts
from vigie_gateway.api import (
    alert_feed,
    alerts,
    check_page,
    corrections,
    devices,
    health,
    history,
    kiosk,
    pages,
    problems,
    rehearsals,
    rules,
    sessions,
    setup,
    setup_address,
    setup_files,
    sheet,
    sign_in,
    told,
    users,
    v1,
    v1_alerts,
    v1_check,
    v1_devices,
    v1_rules,
    visitors,
)
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.guard import GuardedRoute, allowed
from vigie_gateway.api.headers import GuardedHeaders
from vigie_gateway.api.problems import PROBLEM_SCHEMA
from vigie_gateway.api.revocation import end_revoked_streams
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import STAFF
from vigie_gateway.formats.alert_series import alert_series
from vigie_gateway.formats.prometheus import CONTENT_TYPE, exposition

GZIP_FROM_BYTES = 600
"""Smaller answers fit in one packet as they are."""
GZIP_LEVEL = 5
"""Higher takes a Pi longer than it saves a slow link; lower weighs more."""

SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token; docs/access.md says how to make one"},
    "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "Of a browser that signed in"},
}


def build(gateway: Gateway, hosts: Iterable[str]) -> ASGIApp:
    """The application.

    Args:
        gateway: What the handlers use.
        hosts: Names it may be asked under, without port; it may be asked under any address.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        live = gateway.live
        tasks = [
            asyncio.create_task(live.run()),
            asyncio.create_task(end_revoked_streams(gateway.access.accounts, live)),
        ]
        yield
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    app = FastAPI(
        title="Vigie",
        summary="Occupancy, power outlets and Wi-Fi of a shared place",
        version=version("vigie"),
        openapi_url=None,  # served below, behind the guard
        docs_url=None,  # these pages load scripts from other hosts
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.access = gateway.access
    app.state.languages = gateway.site.languages
    app.router.route_class = GuardedRoute
    problems.install(app)
    attempts = Attempts(gateway.store, time.monotonic)
    app.include_router(v1.router(gateway))
    app.include_router(pages.events_router(gateway))
    app.include_router(corrections.api_router(gateway))
    app.include_router(v1_check.api_router(gateway))
    app.include_router(v1_rules.api_router(gateway, attempts))
    app.include_router(v1_alerts.api_router(gateway))
    app.include_router(v1_devices.api_router(gateway))
    app.include_router(rehearsals.api_router(gateway))
    app.include_router(pages.router(gateway))
    app.include_router(sheet.router(gateway))
    app.include_router(sessions.router(gateway))
    app.include_router(corrections.router(gateway))
    app.include_router(rehearsals.router(gateway))
    app.include_router(rules.router(gateway, attempts))
    app.include_router(told.router(gateway))
    app.include_router(devices.router(gateway))
    app.include_router(alert_feed.router(gateway))
    app.include_router(alerts.router(gateway))
    app.include_router(kiosk.router(gateway))
    app.include_router(history.router(gateway))
    app.include_router(check_page.router(gateway))
    app.include_router(visitors.router(gateway))
    app.include_router(sign_in.router(gateway))
    app.include_router(users.router(gateway))
    app.include_router(setup.router(gateway))
    app.include_router(setup_files.router(gateway))
    app.include_router(setup_address.router(gateway))
    app.include_router(health.router(gateway))

    _own_routes(app, gateway)
    return GuardedHeaders(GZipMiddleware(app, GZIP_FROM_BYTES, GZIP_LEVEL), hosts)


def _own_routes(app: FastAPI, gateway: Gateway) -> None:
    """What is about the gateway itself."""

    @app.get("/api/v1/openapi.json", tags=["v1"], summary="This description", response_model=dict[str, Any])
    @allowed(STAFF)
    def description() -> Response:
        document = app.openapi()
        document["components"] = document.get("components", {}) | {"securitySchemes": SECURITY_SCHEMES}
        document["components"].setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
        return JSONResponse(document)

    @app.get(
        "/healthz",
        tags=["health"],
        summary="Whether the gateway does its work, part by part",
        response_model=dict[str, Any],
        responses={503: {"description": "A part of it fails: the same report", "content": {"application/json": {}}}},
    )
    @allowed(STAFF)
    def healthz() -> Response:
        report = gateway.health.report()
        return JSONResponse(report, 503 if report["status"] == "fail" else 200)

    @app.get(
        "/metrics",
        tags=["health"],
        summary="Every number of /healthz and every open alert, for Prometheus",
        response_class=PlainTextResponse,
    )
    @allowed(STAFF)
    def metrics() -> Response:
        alerts = gateway.alerts
        text = exposition(gateway.health.report()) + alert_series(alerts.standing(), alerts.rules)
        return Response(text, media_type=CONTENT_TYPE)
