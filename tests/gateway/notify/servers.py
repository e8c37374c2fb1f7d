"""A mail server and a web server that do wrong when they are told to; real sockets, real TLS."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class Authority:
    """One that signs certificates for a test, and the file by which it is trusted."""

    file: Path
    server: ssl.SSLContext
    stranger: ssl.SSLContext
    """With a certificate that somebody else signed."""


def make_authority(folder: Path) -> Authority:
    folder.mkdir(exist_ok=True)
    file = folder / "ca.pem"
    contexts = []
    for name in ("own", "other"):
        authority = trustme.CA(organization_name=name)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
        contexts.append(context)
        if name == "own":
            authority.cert_pem.write_to_path(str(file))
    return Authority(file, contexts[0], contexts[1])


@dataclass
class Received:
    """What a web server was sent."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """A web server.

    Attributes:
        fault: ``500``, ``401``, … answered instead; ``reset``, ``slow``; None takes all.
    """

    port: int
    received: list[Received] = field(default_factory=list)
    fault: str | None = None
    scheme: str = "http"
    location: str = "/elsewhere"

    @property
    def messages(self) -> list[str]:
        """Titles of what it took."""
        return [str(one.json["title"]) for one in self.received]


class _Web(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Take)
        self.there = Receiver(self.server_address[1], scheme="http" if context is None else "https")
        self._context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        connected, address = super().get_request()
        if self._context is not None:
            try:
                connected = self._context.wrap_socket(connected, server_side=True)
            except OSError:
                connected.close()
                raise
        return connected, address

    def handle_error(self, *arguments: object) -> None:
        """What is cut is meant to be."""


class _Take(BaseHTTPRequestHandler):
    server: _Web

    def do_POST(self) -> None:
        there = self.server.there
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if there.fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif there.fault == "slow":
            self._drip()
        else:
            status = 200 if there.fault is None else int(there.fault)
            if there.fault is None:
                there.received.append(Received(self.path, dict(self.headers), body))
            self.send_response(status)
            if status // 100 == 3:
                self.send_header("Location", there.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_GET = do_POST  # noqa: N815 - http.server's name

    def _drip(self) -> None:
        """A byte at a time: no time-out of a single read ever ends it."""
        with contextlib.suppress(OSError):
            while self.server.there.fault == "slow":
                self.wfile.write(b"H")
                time.sleep(0.02)

    def log_message(self, *arguments: object) -> None:
        """Nothing."""

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # closed above
            super().finish()


@contextmanager
def receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A web server that takes what is posted to it."""
    server = _Web(context)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.there
    finally:
        server.there.fault = "500"
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Mailbox:
    """A mail server.

    Attributes:
        fault: ``450``, ``550`` after DATA; ``reset``; ``slow``; None takes all.
        refuses: Addresses that it does not take.
    """

    port: int = 0
    taken: list[tuple[tuple[str, ...], EmailMessage]] = field(default_factory=list)
    fault: str | None = None
    refuses: frozenset[str] = frozenset()

    @property
    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for _, message in self.taken]


PASSWORD = "canary-password-5e1f"


class _Post:
    """What the mail server does with a mail."""

    def __init__(self, box: Mailbox) -> None:
        self.box = box

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.box.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.box.fault == "reset":
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "250 OK"
        if self.box.fault == "slow":
            for _ in range(200):
                if self.box.fault != "slow":
                    break
                await asyncio.sleep(0.05)
            return "451 late"
        if self.box.fault is not None:
            return f"{self.box.fault} not now, {PASSWORD}"
        content = envelope.content
        assert isinstance(content, bytes)
        self.box.taken.append((tuple(envelope.rcpt_tos), message_from_bytes(content, policy=default)))
        return "250 OK"


@contextmanager
def mail_server(
    context: ssl.SSLContext | None = None, *, starttls: bool = True, with_password: bool = False
) -> Iterator[Mailbox]:
    """A mail server on 127.0.0.1; with a context, TLS by STARTTLS or from the first byte."""
    box = Mailbox()

    def authenticate(server: object, session: object, envelope: object, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    options: dict[str, Any] = {}
    if with_password:
        options |= {
            "authenticator": authenticate,
            "auth_required": True,
            "auth_require_tls": True,
        }
    if context is not None and starttls:
        options["tls_context"] = context
    controller = Controller(
        _Post(box),
        hostname="127.0.0.1",
        port=free_port(),
        ssl_context=context if context is not None and not starttls else None,
        server_hostname="localhost",
        **options,
    )
    controller.start()
    box.port = controller.port
    try:
        yield box
    finally:
        box.fault = None
        controller.stop()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
