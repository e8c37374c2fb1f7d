"""The bytes of a rehearsal: several HTTP connections in each direction, kept to one pace, counted as they arrive.

Made by ``trial``; each stream is a thread that only moves bytes. Any HTTP server serves as a far end: a GET of a large
file, a POST that it reads to the end. What arrives is what counts: for uploads the bytes that the far end's kernel has
acknowledged, since up to megabytes of what was sent sit in buffers.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol
from urllib.parse import urlsplit

from vigie_contract.clock import Clock
from vigie_sensors.interfaces import connect_by
from vigie_sensors.rehearsal.pace import Pace

STREAMS = 4
"""Connections in each direction. Fewer do not fill a long or lossy path; more take a share of the air from those who
are in session that no session would."""
CHUNK_BYTES = 16_384
"""Moved at once. Lower costs a small Pi time; higher makes bursts that a small queue drops."""
BODY_BYTES = 8_000_000
"""Of one POST. Lower asks again and again; higher is refused by common servers."""
TIMEOUT_S = 5.0
"""Without a byte: the connection is given up and opened anew."""
RETRY_S = 0.5
BUFFERED_S = 0.5
"""What may be on its way to us, in seconds of the pace. Less than a round trip with its queue would slow the line down;
more lets a burst follow each wait."""
LEAST_BUFFER_BYTES = 65_536
_LET_GO = struct.pack("ii", 1, 0)
"""SO_LINGER: at the close what is not sent yet is forgotten, so that the line is free at once."""

_NOISE = os.urandom(CHUNK_BYTES)
"""Random, so that nothing on the way can make it smaller."""
_TCP_INFO_BYTES = 128
_BYTES_ACKED_AT = 120
"""``tcpi_bytes_acked`` of Linux's ``struct tcp_info`` (linux/tcp.h, since 4.1): 8 bytes of flags, 24 numbers of 32
bits, two pacing rates of 64, then this."""


class FarEnd(Protocol):
    """Where the bytes come from and go to."""

    @property
    def download_url(self) -> str:
        """A large file, or an endless one."""

    @property
    def upload_url(self) -> str:
        """Takes a POST of BODY_BYTES and reads it to its end."""

    def headers(self, connection: http.client.HTTPConnection) -> Mapping[str, str]:
        """Of each request, asked for on the connection that it will go by; raises OSError or HTTPException."""


class Flow:
    """All streams of one direction, and their count.

    Attributes:
        pace: What they keep to.
        moved_bytes: Everything that left or came.
        trouble: Why the last connection failed, one line; "" while none has.
    """

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.moved_bytes = 0
        self.trouble = ""
        self._arrived_bytes = 0
        self._lock = threading.Lock()
        self._sending: set[socket.socket] = set()

    @property
    def arrived_bytes(self) -> int:
        """What has come to the other end."""
        with self._lock:
            return self._arrived_bytes + sum(map(_acknowledged, self._sending))

    def received(self, count: int) -> None:
        """So many bytes of a download are here."""
        with self._lock:
            self.moved_bytes += count
            self._arrived_bytes += count

    def sent(self, count: int) -> None:
        """So many bytes of an upload have been handed to the kernel; that they arrived is the kernel's to say."""
        with self._lock:
            self.moved_bytes += count

    @contextlib.contextmanager
    def sending(self, sock: socket.socket) -> Iterator[None]:
        """Count what the far end acknowledges on this socket, and keep the count when it closes."""
        with self._lock:
            self._sending.add(sock)
        try:
            yield
        finally:
            with self._lock:
                self._sending.discard(sock)
                self._arrived_bytes += _acknowledged(sock)


def start(
    move: Callable[[FarEnd, Flow, str, threading.Event], None],
    far_end: FarEnd,
    flow: Flow,
    interface: str,
    stop: threading.Event,
    clock: Clock,
) -> list[threading.Thread]:
    """Start the streams of one direction; they end soon after ``stop`` is set.

    Args:
        move: ``download`` or ``upload``: moves bytes over one connection until it ends.
        far_end: The other side.
        flow: Counts.
        interface: Leave by this one; "" for any.
        stop: Set it to end them.
        clock: The machine's.
    """

    def run() -> None:
        while not stop.is_set():
            try:
                move(far_end, flow, interface, stop)
            except (OSError, http.client.HTTPException, ValueError) as error:
                flow.trouble = f"{error or type(error).__name__}".splitlines()[0][:160]
                clock.wait(stop, RETRY_S)

    threads = [threading.Thread(target=run, name=f"rehearsal {move.__name__}", daemon=True) for _ in range(STREAMS)]
    for thread in threads:
        thread.start()
    return threads


def download(far_end: FarEnd, flow: Flow, interface: str, stop: threading.Event) -> None:
    """GET until the file ends; raises OSError, HTTPException, or ValueError for an answer that is no file."""
    connection = connect(far_end.download_url, interface, flow.pace)
    buffer = bytearray(CHUNK_BYTES)
    with contextlib.closing(connection):
        connection.request("GET", _target(far_end.download_url), headers=dict(far_end.headers(connection)))
        response = connection.getresponse()
        if response.status != http.client.OK:
            raise ValueError(_refusal(far_end.download_url, response.status, "download"))
        while flow.pace.wait_for(CHUNK_BYTES, stop):
            count = response.readinto(buffer)
            if not count:
                return
            flow.received(count)


def upload(far_end: FarEnd, flow: Flow, interface: str, stop: threading.Event) -> None:
    """POST one body; raises OSError, HTTPException, or ValueError when the far end does not take it."""
    connection = connect(far_end.upload_url, interface, flow.pace)
    with contextlib.closing(connection):
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(BODY_BYTES)}
        headers |= far_end.headers(connection)
        connection.putrequest("POST", _target(far_end.upload_url))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        with flow.sending(connection.sock):
            _send_body(connection, flow, stop)
            if stop.is_set():
                return
            response = connection.getresponse()
        if not http.client.OK <= response.status < http.client.MULTIPLE_CHOICES:
            raise ValueError(_refusal(far_end.upload_url, response.status, "upload"))


def _send_body(connection: http.client.HTTPConnection, flow: Flow, stop: threading.Event) -> None:
    left_bytes = BODY_BYTES
    while left_bytes > 0:
        count = min(CHUNK_BYTES, left_bytes)
        if not flow.pace.wait_for(count, stop):
            return
        connection.send(_NOISE[:count])
        flow.sent(count)
        left_bytes -= count


def connect(url: str, interface: str, pace: Pace) -> http.client.HTTPConnection:
    """A connection that leaves by the interface and buffers no more than its pace needs; raises OSError."""
    parts = urlsplit(url)
    host, is_tls = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    buffer_bytes = max(LEAST_BUFFER_BYTES, round(pace.rate_bps / 8 / STREAMS * BUFFERED_S))

    def prepare(sock: socket.socket) -> None:
        # Not SO_RCVBUF and SO_SNDBUF: the kernel caps those at 208 kB, too little for a fast line with a queue.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, buffer_bytes)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, CHUNK_BYTES)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LET_GO)

    sock = connect_by(interface, host, port, TIMEOUT_S, prepare)
    try:
        if is_tls:
            sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
    except OSError:
        sock.close()
        raise
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
    connection.sock = sock
    return connection


def _refusal(url: str, status: int, what: str) -> str:
    hint = ": is the secret the same there?" if status == http.client.FORBIDDEN else ""
    return f"{urlsplit(url).hostname} answers {status} to the {what}{hint}"


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _acknowledged(sock: socket.socket) -> int:
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
    except OSError:  # closed meanwhile: its last count was kept
        return 0
    acknowledged: int = struct.unpack_from("Q", info, _BYTES_ACKED_AT)[0]
    return acknowledged
