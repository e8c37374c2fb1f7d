"""The HTTP server around the application: the one module that knows uvicorn. Built by ``app``, on the event loop.

What anybody on the network can open or send is bounded here, before a route or a role is looked at: how many
connections, how large a request's head is, and how long it may take to come.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, NamedTuple

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from vigie_gateway.live import Live

log = logging.getLogger(__name__)

GRACEFUL_STOP_S = 2
"""How long open requests may take at stop; streams are ended at once. systemd's TimeoutStopSec is above it."""
HANDOVER_S = 0.5
"""How long those who are connected already are still answered when another server follows on the same socket. Lower
cuts off a browser that has just connected, and its page then lacks a file; higher makes everybody else wait longer."""
MOST_CONNECTIONS = 3_000
"""Open at once; one more is told 503. Above ``live.MAX_VIEWERS``, below ``app.OPEN_FILES``: higher would let anybody
take the files that the database needs."""
MOST_HEAD_BYTES = 16_384
"""Of a request's line and headers. Lower refuses browsers with many cookies of neighbours on the same host name; higher
lets anybody fill the memory: the parser itself has no bound."""
MOST_FRAMING_BYTES = 65_536
"""Of chunk sizes and trailers between the bytes of a body, head included. Lower refuses programs that send small
chunks; higher lets a trailer without end fill the memory."""
HEAD_WITHIN_S = 15.0
"""From a connection, or the first byte of a further request, to the end of its head. Lower cuts off phones in a lift;
higher keeps connections for those who send a byte now and then (slowloris)."""

UNSENT_BYTES = 16_384
"""Of a connection that may wait in the kernel. Lower wakes us more often for a large answer; higher, up to the kernel's
own 4 MB, fills a Pi's memory for readers that do not read."""
WAITING_BYTES = 4_096
"""That may wait here before whoever sends has to. Lower than a frame of the stream gains nothing; more, up to asyncio's
own 64 kB, is taken by each reader that does not read."""
STUCK_MS = 30_000
"""A connection ends on which nothing could be sent for so long: its reader is gone, or does not read. Lower cuts off
phones in a lift; higher keeps what waits for each of them, and the kernel's own is a quarter of an hour."""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\ncache-control: no-store\r\n"
    b"connection: close\r\n\r\n"
)


def bound(listener: socket.socket) -> None:
    """Bound what connections of this listener may keep waiting (Linux: they inherit it)."""
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MS)


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose requests' heads are bounded in bytes and in time."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _framing_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Begin to wait for the first request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WAITING_BYTES)
        self._begin_head()

    def data_received(self, data: bytes) -> None:
        """Some bytes came: of a head, they count."""
        if self._head_timer is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MOST_HEAD_BYTES and not self._ends_within(data):
                self.transport.write(_TOO_LARGE)
                self.transport.close()
                return
        self._framing_bytes += len(data)
        super().data_received(data)
        if self._framing_bytes > MOST_FRAMING_BYTES:
            self.transport.abort()

    def _ends_within(self, data: bytes) -> bool:
        """Whether the head ends early enough in these bytes: what comes after it is its body."""
        end = data.find(b"\r\n\r\n")
        return end >= 0 and self._head_bytes - len(data) + end <= MOST_HEAD_BYTES

    def on_message_begin(self) -> None:
        """A further request begins on the same connection."""
        super().on_message_begin()
        if self._head_timer is None:
            self._begin_head()

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._end_head()
        super().on_headers_complete()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; one after the body (a trailer) says nothing that is asked for here."""
        if self._head_timer is not None:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """A part of the body, which is bounded by whoever reads it."""
        self._framing_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there whole."""
        self._framing_bytes = 0
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more will come."""
        self._end_head()
        super().connection_lost(exc)

    def _begin_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(HEAD_WITHIN_S, self.transport.abort)

    def _end_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


class Tls(NamedTuple):
    """Files of a server's certificate, with what leads to its authority, and of its key; both PEM."""

    certificate: str
    key: str


class Secured:
    """A listener beside the plain one that speaks TLS, of version 1.2 at least.

    Its certificate is read again by each server that follows on it: a renewed one holds from a reload on.
    """

    def __init__(self, listener: socket.socket, tls: Tls) -> None:
        """Read the certificate; raises OSError when it or its key cannot be used (ssl.SSLError is one)."""
        self.listener = listener
        self._tls = tls
        self._context = self._read()

    def context(self) -> ssl.SSLContext:
        """Of the certificate as it is now; of the one before where a renewal went wrong."""
        try:
            self._context = self._read()
        except OSError as error:
            log.warning("%s cannot be used, the certificate before is kept: %s", self._tls.certificate, error)
        return self._context

    def _read(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._tls.certificate, self._tls.key)
        return context


class Server(uvicorn.Server):
    """uvicorn, with the streams ended when it is told to stop: it would wait for them for ever."""

    def __init__(
        self,
        app: Any,  # an ASGI application: uvicorn's own types and Starlette's do not agree
        live: Live | None = None,
        on_exit: Callable[[], object] = lambda: None,
        *,
        tls: Tls | None = None,
        secured: Secured | None = None,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        """Serve ``app``.

        Args:
            app: The application.
            live: Its streams; None when it has none.
            on_exit: Is told of a signal to stop.
            tls: To speak TLS on all its sockets, of version 1.2 at least; None speaks plainly.
            secured: A listener with TLS beside them.
            most_connections: Open at once; one more is told 503.

        Raises:
            OSError: The certificate or its key cannot be used (ssl.SSLError is one).
        """
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=most_connections,
            timeout_graceful_shutdown=GRACEFUL_STOP_S,
            ssl_certfile=None if tls is None else tls.certificate,
            ssl_keyfile=None if tls is None else tls.key,
        )
        config.load()  # the certificate is read now, where whoever asks can be told why not
        super().__init__(config)
        self._live = live
        self._on_exit = on_exit
        self._secured = secured
        self._is_last = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, on the listener with TLS too."""
        await super().startup(sockets)
        if self._secured is None or self.should_exit:
            return

        def protocol() -> BoundedProtocol:
            return BoundedProtocol(self.config, self.server_state, self.lifespan.state)

        self.servers.append(
            await asyncio.get_running_loop().create_server(
                protocol,
                sock=self._secured.listener.dup(),
                ssl=self._secured.context(),
                ssl_handshake_timeout=HEAD_WITHIN_S,
            )
        )

    def end(self) -> None:
        """Stop after the requests that are open or about to come; from any thread."""
        if self._live is not None:
            self._live.close()
        self.should_exit = True

    def end_now(self) -> None:
        """The same where nobody else follows on the same socket; from any thread."""
        self._is_last = True
        self.end()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, answer on those that there are, then close them."""
        for server in self.servers:
            server.close()
        until_mono = time.monotonic() + HANDOVER_S
        while not self._is_last and time.monotonic() < until_mono:  # noqa: ASYNC110 - a signal tells it by this flag
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - a signal handler's shape
        """Stop. Not as uvicorn's own, which raises the signal again at the end: the last commit comes after that."""
        self.force_exit = self.should_exit
        self._is_last = True
        self._on_exit()
        self.end()
