"""Every route of the application and who may ask for it, as it was built: for tests that must not forget one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from fastapi.routing import APIRoute
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.api.guard import GuardedRoute
from vigie_gateway.auth.roles import Role

_FILLED = {"room_id": "atelier", "name": "x.css", "series_id": "no.ne"}


def routes_of(bench: Bench) -> dict[tuple[str, str], GuardedRoute]:
    """By method and path."""
    app = ask_from(bench, "127.0.0.1").app
    while not hasattr(app, "routes"):
        app = app.app if hasattr(app, "app") else app._app  # type: ignore[attr-defined] # the layers around it
    found = {}
    for route in _all(app.routes):
        if isinstance(route, APIRoute):
            assert isinstance(route, GuardedRoute), route
            for method in route.methods or ():
                found[method, route.path] = route
    return found


def roles_of(bench: Bench) -> dict[tuple[str, str], frozenset[Role]]:
    """Who may, by method and path."""
    return {key: route.roles for key, route in routes_of(bench).items()}


def _all(routes: Iterable[object]) -> Iterator[object]:
    """Routes, and those of the routers among them: FastAPI keeps a router that is included whole."""
    for route in routes:
        yield route
        yield from _all(getattr(getattr(route, "original_router", None), "routes", ()))


def addressed(path: str) -> str:
    """A path with something in place of each of its parameters."""
    for name, value in _FILLED.items():
        path = path.replace(f"{{{name}}}", value)
    return re.sub(r"\{.*?\}", "x", path)
