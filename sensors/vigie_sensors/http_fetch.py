"""One HTTP GET with a real deadline and a bounded answer, no redirect followed, no cookie kept.

Called by the ``portal`` driver on its sensor's thread. http.client's own time limit starts anew with every byte, so
that a server that drips could hold the thread for hours: here a timer shuts the connection at the deadline.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event, Timer
from urllib.parse import SplitResult, urlsplit


class FetchError(Exception):
    """No answer: the name was not found, the connection refused, the deadline passed, or no HTTP was spoken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer's status, its headers by lower-case name, and at most the asked number of bytes of its body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def check_url(url: str, schemes: tuple[str, ...], what: str = "url") -> SplitResult:
    """Take a URL apart; ``what`` is the option that it stands in.

    Raises:
        ValueError: It is no URL of these schemes with a host; one line.
    """
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good = False
    if not is_good or not url.isascii() or not url.isprintable() or " " in url:
        expected = " or ".join(f"{scheme}://host/…" for scheme in schemes)
        raise ValueError(f"{what}: {url!r:.120} is no URL that can be asked, expected {expected}")
    return parts


def fetch(url: str, deadline_s: float, max_bytes: int, headers: Mapping[str, str] | None = None) -> Answer:
    """GET a URL that ``check_url`` accepts; proxies of the environment are not used.

    Raises:
        FetchError: There was no answer within the deadline.
    """
    parts = check_url(url, ("http", "https"))
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=deadline_s)
    timer: Timer | None = None
    expired = Event()
    try:
        connection.connect()
        timer = Timer(deadline_s, _shut, (connection.sock, expired))
        timer.daemon = True
        timer.start()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request(
            "GET", target, headers={"Connection": "close", "Cache-Control": "no-cache"} | dict(headers or {})
        )
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        body = response.read(max_bytes)
        if expired.is_set():  # what had come by then ends like a whole answer
            raise TimeoutError("no whole answer in time")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FetchError(f"{parts.hostname}: {error or type(error).__name__}") from error
    finally:
        if timer is not None:
            timer.cancel()
        connection.close()
    return Answer(response.status, found, body)


def _shut(sock: socket.socket, expired: Event) -> None:
    expired.set()
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
