"""The far end of rehearsals on a machine of the place: ``vigie-sensors far-end`` on a second node or a hub.

An HTTP server of two things, bytes without end to download and a sink for uploads, each only for who knows the shared
secret. The secret never travels: the server gives a nonce, and the asker proves with an HMAC (RFC 2104) over it that
it knows the secret. A proof serves for ``NONCE_S``, for the address that asked for the nonce. Runs a thread for each
connection, at most ``MOST_CONNECTIONS``.
"""

from __future__ import annotations

import hmac
import http.client
import logging
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from typing import Any

from vigie_sensors.rehearsal.streams import BODY_BYTES, CHUNK_BYTES, STREAMS, TIMEOUT_S

MOST_CONNECTIONS = 4 * STREAMS
"""Two rehearsals at once, each both ways. Lower refuses a second room; higher lets anybody hold this machine's
threads."""
NONCE_S = 60.0
"""A rehearsal takes a quarter of it. Longer lets what was overheard serve for longer; shorter breaks slow ones."""
MOST_NONCES = 1_024
"""Kept; the oldest goes first, so that whoever asks for many fills no memory."""
LONGEST_DOWNLOAD_BYTES = 2_000_000_000
"""Of one answer, should the asker never hang up: at 1 Gbit/s more than a rehearsal's longest."""
LEAST_SECRET_CHARACTERS = 16
PROOF = "Vigie-Proof"

_NOISE = os.urandom(4 * CHUNK_BYTES)
_log = logging.getLogger(__name__)


def prove(secret: str, nonce: str) -> str:
    """The value of the ``Vigie-Proof`` header."""
    return f"{nonce} {hmac.new(secret.encode(), nonce.encode(), 'sha256').hexdigest()}"


@dataclass(frozen=True, slots=True)
class OwnFarEnd:
    """A far end of the place, as the asker sees it.

    Attributes:
        host: Name or IPv4 address.
        port: TCP port.
        secret: Shared with it.
    """

    host: str
    port: int
    secret: str

    @property
    def download_url(self) -> str:
        """See streams.FarEnd."""
        return f"http://{self.host}:{self.port}/download"

    @property
    def upload_url(self) -> str:
        """See streams.FarEnd."""
        return f"http://{self.host}:{self.port}/upload"

    def headers(self, connection: http.client.HTTPConnection) -> Mapping[str, str]:
        """Ask for a nonce on this connection, and prove."""
        connection.request("GET", "/nonce")
        response = connection.getresponse()
        nonce = response.read(200).decode("ascii", "replace")
        if response.status != http.client.OK or not nonce.isalnum():
            raise http.client.HTTPException(f"{self.host}:{self.port} is no far end of Vigie")
        return {PROOF: prove(self.secret, nonce)}


class FarEndServer(ThreadingHTTPServer):
    """Listens until ``shutdown``.

    Attributes:
        refused: Requests without a good proof, since the start.
    """

    daemon_threads = True

    def __init__(self, host: str, port: int, secret: str) -> None:
        """Bind; ``serve_forever`` answers.

        Raises:
            OSError: The address cannot be had.
            ValueError: The secret is too short to be one.
        """
        if len(secret) < LEAST_SECRET_CHARACTERS:
            raise ValueError(f"a secret of {len(secret)} characters, expected {LEAST_SECRET_CHARACTERS} or more")
        self.refused = 0
        self._secret = secret
        self._nonces: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((host, port), _Handler)

    def give_nonce(self, address: str) -> str:
        """A nonce for one address."""
        nonce = secrets.token_hex(16)
        with self._lock:
            self._nonces[nonce] = (address, time.monotonic() + NONCE_S)
            while len(self._nonces) > MOST_NONCES:
                self._nonces.popitem(last=False)
        return nonce

    def is_proved(self, proof: str, address: str) -> bool:
        """Whether the header's value shows that who asks knows the secret."""
        nonce, _, _ = proof.partition(" ")
        with self._lock:
            given_to, until_mono = self._nonces.get(nonce, ("", 0.0))
        is_good = hmac.compare_digest(proof.encode(), prove(self._secret, nonce).encode())
        if is_good and given_to == address and time.monotonic() < until_mono:
            return True
        self.refused += 1
        if self.refused == 1:
            _log.warning("far end: a request from %s without the right secret was refused", address)
        return False

    def process_request(self, request: Any, client_address: Any) -> None:
        """Refuse a connection too many at once, rather than queue it: it would be measured as a slow line."""
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """On the connection's own thread."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - socketserver's shape
        """Who asks hangs up when it has seen enough: that is how every download ends."""
        _log.debug("far end: %s", client_address[0], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: FarEndServer
    connection: socket
    protocol_version = "HTTP/1.1"
    server_version = "vigie-far-end"
    sys_version = ""
    timeout = TIMEOUT_S

    def do_GET(self) -> None:
        if self.path == "/nonce":
            self._answer(http.client.OK, self.server.give_nonce(self.client_address[0]).encode())
        elif self.path == "/download":
            if self._is_allowed():
                self._download()
        else:
            self._answer(http.client.NOT_FOUND)

    def do_POST(self) -> None:
        self.close_connection = True  # a body that is not read would be taken for the next request
        length = self.headers.get("Content-Length", "")
        if self.path != "/upload":
            self._answer(http.client.NOT_FOUND)
        elif not length.isascii() or not length.isdigit() or int(length) > BODY_BYTES:
            self._answer(http.client.REQUEST_ENTITY_TOO_LARGE)
        elif self._is_allowed():
            self.close_connection = False
            left_bytes = int(length)
            while left_bytes > 0 and (found := self.rfile.read1(min(left_bytes, len(_NOISE)))):
                left_bytes -= len(found)
            self._answer(http.client.OK, str(int(length) - left_bytes).encode())

    def _is_allowed(self) -> bool:
        if self.server.is_proved(self.headers.get(PROOF, ""), self.client_address[0]):
            return True
        self._answer(http.client.FORBIDDEN)
        return False

    def _download(self) -> None:
        self.send_response(http.client.OK)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(LONGEST_DOWNLOAD_BYTES))
        self.end_headers()
        for _ in range(LONGEST_DOWNLOAD_BYTES // len(_NOISE)):
            self.connection.sendall(_NOISE)

    def _answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - http.server's own name
        _log.debug("far end: " + format, *arguments)
