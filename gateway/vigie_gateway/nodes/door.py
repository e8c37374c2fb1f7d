"""The door at which a new node shows its code: three addresses over TLS, open as long as ``node add`` waits.

An ASGI application by hand: it answers strangers, and has nothing that they could ask of a framework. ``Door`` runs
it on the same bounded server as the pages, in a thread of its own.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Self

from vigie_contract.enrolment import MOST_ASKED_BYTES
from vigie_gateway.api.serving import Server, Tls, bound
from vigie_gateway.nodes.enrolment import Answer, Enrolment, refused

MOST_CONNECTIONS = 20
"""Open at once. Lower lets a single stranger keep the node out by accident; higher gives one more to hold open."""
BODY_WITHIN_S = 10.0
"""A body that is not there by then never comes. Lower fails on bad Wi-Fi."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class DoorError(Exception):
    """The door cannot be opened; one line for a person."""


class OpenPort:
    """A port that a command answers at as long as it runs, over TLS; a context manager.

    Attributes:
        port: Where it is.
    """

    def __init__(self, application: Application, tls: Tls, host: str, port: int) -> None:
        """Take the port.

        Raises:
            DoorError: It is taken, or the certificate cannot be used.
        """
        self._listener = _listen(host, port)
        self.port = int(self._listener.getsockname()[1])
        try:
            self._server = Server(application, tls=tls, most_connections=MOST_CONNECTIONS)
        except OSError as error:
            self._listener.close()
            raise DoorError(f"{tls.certificate} and {tls.key} cannot be used: {error.strerror or error}") from error
        self._thread = threading.Thread(target=self._serve, name="door", daemon=True)

    def __enter__(self) -> Self:
        """Open it."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it, after the answers that are under way."""
        self._server.end_now()
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=self._server.config.get_loop_factory()) as runner:
            runner.run(self._server.serve(sockets=[self._listener]))


class Door(OpenPort):
    """The open door."""

    def __init__(self, enrolment: Enrolment, tls: Tls, host: str, port: int) -> None:
        """Take the port; raises DoorError as OpenPort does."""
        super().__init__(_application(enrolment), tls, host, port)


def _application(enrolment: Enrolment) -> Application:
    posts = {"/enrol": enrolment.enrol, "/enrolled": enrolment.told}

    async def application(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        asked = scope["method"], scope["path"]
        if asked == ("GET", "/authority"):
            answer = Answer(200, enrolment.authority)
        elif asked[0] == "POST" and asked[1] in posts:
            answer = await _post(posts[asked[1]], scope, receive)
        else:
            answer = refused("shape", "expected GET /authority, POST /enrol or POST /enrolled")
        await _say(answer, send)

    return application


async def _post(answer_to: Callable[[bytes, str], Answer], scope: Message, receive: Receive) -> Answer:
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(lengths) != 1 or not lengths[0].isdigit() or int(lengths[0]) > MOST_ASKED_BYTES:
        return refused("shape", f"expected a body that says its content-length, of at most {MOST_ASKED_BYTES} bytes")
    body, is_whole = b"", False
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            while not is_whole:
                message = await receive()
                if message["type"] != "http.request":
                    return refused("shape", "the body ended early")
                body += message.get("body", b"")
                is_whole = not message.get("more_body", False)
    except TimeoutError:
        return refused("shape", f"the body did not come within {BODY_WITHIN_S:.0f} s")
    client = scope.get("client")
    return await asyncio.to_thread(answer_to, body, client[0] if client else "")


async def _say(answer: Answer, send: Send) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(answer.body)).encode()),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if answer.retry_after_s is not None:
        headers.append((b"retry-after", str(answer.retry_after_s).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _listen(host: str, port: int) -> socket.socket:
    """On one address, or, where none is named, on every one of this machine."""
    is_everywhere = not host and socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if is_everywhere or ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, dualstack_ipv6=is_everywhere)
    except OSError as error:
        raise DoorError(
            f"port {port} cannot be used ({error.strerror}): does another such command wait? --port chooses another"
        ) from error
    bound(listener)
    return listener
