"""Every answer's headers, and who may ask: a plain ASGI layer around the application: streams pass unbuffered."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send


def policy(style: str = "'self'", connect: str = "'self'") -> str:
    """The content security policy of a page: its style comes from ``style``, its scripts may ask ``connect``.

    Nothing else runs, loads or frames.
    """
    return (
        f"default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; font-src 'self'; "
        f"connect-src {connect}; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


SECURITY_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", policy().encode()),
    # What may be kept says so itself: a browser's back button must not show a board to whoever comes next.
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # Not "no-referrer": with it a browser says "Origin: null" for our own forms too, and api.guard could not tell them.
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


class GuardedHeaders:
    """Adds SECURITY_HEADERS, and refuses a Host that is none of ours: a page elsewhere cannot rebind a name to us.

    An address is nobody's name, so that it cannot be rebound: any is taken.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it with 421."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not self._is_ours(scope):
            await _refuse(send)
            return

        # HEAD is GET without its body (RFC 9110 §9.3.2). A stream has no end to wait for: there it stays refused.
        is_head = scope["method"] == "HEAD" and scope["path"] != "/events"
        if is_head:
            scope = {**scope, "method": "GET"}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _completed(message["headers"])}
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _is_ours(self, scope: Scope) -> bool:
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:  # of two, a proxy before us may have believed the other one
            return False
        host = given[0] if given[0].endswith("]") else given[0].rsplit(":", 1)[0]
        return host.lower() in self._hosts or _is_address(host.strip("[]"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _completed(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with those of SECURITY_HEADERS that the route did not set itself."""
    given = list(headers)
    names = {name for name, _ in given}
    return given + [header for header in SECURITY_HEADERS if header[0] not in names]


async def _refuse(send: Send) -> None:
    detail = "this name is not one that Vigie is served under"
    body = json.dumps({"type": "about:blank", "title": "Misdirected Request", "status": 421, "detail": detail}).encode()
    headers = [(b"content-type", b"application/problem+json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 421, "headers": _completed(headers)})
    await send({"type": "http.response.body", "body": body})
