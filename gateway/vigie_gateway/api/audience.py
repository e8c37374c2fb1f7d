"""Who asks: this machine sees everything, everybody else the public page alone. A plain ASGI layer.

There is no sign-in, and the board tells exact counts; what anybody may know is what ``place.visitors`` lets through.
A proxy on this machine counts as this machine: whoever sets one up puts a password before it (docs/visitors.md).
"""

from __future__ import annotations

import ipaddress
from http import HTTPStatus

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from vigie_gateway.api.problems import answer
from vigie_gateway.api.visitors import PUBLIC_PATHS


class PublicOnlyFromOutside:
    """Refuses with 403 what is not public, to whoever is not on this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http" or _is_public(scope["path"]) or _is_local(scope.get("client")):
            await self._app(scope, receive, send)
            return
        detail = "this is for the staff, and served on the gateway itself only; / is for everybody"
        await answer(Request(scope), HTTPStatus.FORBIDDEN, detail, {}, {})(scope, receive, send)


def _is_public(path: str) -> bool:
    # An asset's name is compared whole where it is served, so that nothing else can be reached below it.
    return path in PUBLIC_PATHS or path.startswith("/static/")


def _is_local(client: tuple[str, int] | None) -> bool:
    if client is None:
        return False
    try:
        address = ipaddress.ip_address(client[0])
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback
