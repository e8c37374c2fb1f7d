"""The bytes of a feed, from a file or over the network. Called on the calendars' thread.

Whoever may write the site file must not be able to make the gateway ask things that only this machine can reach: a name
is resolved once, every address is checked, and the connection is made to the address that was checked (a second look-up
could give another). The same for each redirect. A certificate that does not hold is an error.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from vigie_gateway.addresses import ip_of
from vigie_gateway.calendars.events import FeedError

FETCH_S = 30.0
"""For a whole answer, however slowly it drips. Lower gives up on a bad line; higher holds up the other calendars."""
CONNECT_S = 10.0
MAX_BYTES = 2_000_000
"""Of a feed: ten years of a busy place are about 1 MB. Lower refuses those; higher fills a Pi's memory."""
MAX_REDIRECTS = 3


class Fetcher:
    """Fetches one feed at a time; ``stop`` ends it from another thread.

    Args:
        accept: The kind that is asked for (RFC 9110 §12.5.1).
    """

    def __init__(self, accept: str = "text/calendar") -> None:
        self._accept = accept
        self._socket: socket.socket | None = None
        self._is_stopped = False
        self._is_late = False

    def stop(self) -> None:
        """Fail what is being fetched, and whatever is asked for later."""
        self._is_stopped = True
        self._hang_up()

    def file(self, path: Path) -> bytes:
        """The content of a file.

        Raises:
            FeedError: It cannot be read, or is too long.
        """
        try:
            with path.open("rb") as file:
                return _bounded(file.read(MAX_BYTES + 1))
        except OSError as error:
            raise FeedError(f"{path.name} cannot be read: {error.strerror}") from error

    def url(self, url: str, *, may_be_here: bool) -> bytes:
        """The body that an address answers with.

        Args:
            url: http or https.
            may_be_here: Whether it may be on this machine.

        Raises:
            FeedError: Anything else than a whole body with status 200 in time.
        """
        self._is_late = False
        timer = threading.Timer(FETCH_S, self._give_up)
        timer.daemon = True
        timer.start()
        try:
            return self._follow(url, may_be_here=may_be_here)
        finally:
            timer.cancel()

    def _give_up(self) -> None:
        self._is_late = True
        self._hang_up()

    def _hang_up(self) -> None:
        connected = self._socket
        if connected is not None:
            with contextlib.suppress(OSError):  # closed already
                connected.shutdown(socket.SHUT_RDWR)

    def _follow(self, url: str, *, may_be_here: bool) -> bytes:
        for _ in range(MAX_REDIRECTS + 1):
            parts = urlsplit(url)
            host = parts.hostname or ""
            if parts.scheme not in {"http", "https"} or not host:
                raise FeedError("leads to an address that is neither http nor https")
            try:
                with self._answer(parts, host, may_be_here=may_be_here) as answer:
                    if answer.status == HTTPStatus.OK:
                        return self._whole(answer, host)
                    target = answer.getheader("location")
                    if answer.status // 100 != 3 or target is None:  # noqa: PLR2004 - 3xx are redirects
                        raise FeedError(f"{host} answered {answer.status}, expected 200")
            except ssl.SSLError as error:
                reason = getattr(error, "verify_message", "") or error.reason or "no agreement"
                raise FeedError(f"{host} could not be trusted: {reason}") from error
            except (OSError, http.client.HTTPException) as error:
                why = "too slow" if self._is_late else _why(error)
                raise FeedError(f"{host} did not answer: {why}") from error
            onward = urljoin(url, target)
            if parts.scheme == "https" and urlsplit(onward).scheme != "https":
                raise FeedError(f"{host} leads from https to an address without it")
            url = onward
        raise FeedError(f"leads on more than {MAX_REDIRECTS} times")

    def _whole(self, answer: http.client.HTTPResponse, host: str) -> bytes:
        """The body; a part of one would be a calendar from which sessions are missing."""
        body = _bounded(answer.read(MAX_BYTES + 1))
        if self._is_late or self._is_stopped:  # hung up on: it ends as if it were whole
            raise FeedError(f"{host} did not answer: too slow")
        if answer.length:
            raise FeedError(f"{host} did not answer: {answer.length} bytes are missing")
        return body

    @contextlib.contextmanager
    def _answer(self, parts: SplitResult, host: str, *, may_be_here: bool) -> Iterator[http.client.HTTPResponse]:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = _checked_address(host, port, may_be_here=may_be_here)
        if self._is_stopped:
            raise FeedError("was given up: the gateway stops")
        connected = socket.create_connection((address, port), CONNECT_S)
        try:
            self._socket = connected
            if parts.scheme == "https":
                connected = ssl.create_default_context().wrap_socket(connected, server_hostname=host)
                self._socket = connected
            connection = http.client.HTTPConnection(host, port)
            connection.sock = connected
            target = parts.path or "/"
            connection.request(
                "GET",
                f"{target}?{parts.query}" if parts.query else target,
                headers={"Host": parts.netloc.rpartition("@")[2], "Accept": self._accept, "User-Agent": "Vigie"},
            )
            yield connection.getresponse()
        finally:
            self._socket = None
            connected.close()


def _checked_address(host: str, port: int, *, may_be_here: bool) -> str:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        if not is_allowed(address, may_be_here=may_be_here):
            raise FeedError(f"{host} is {address}, on this machine or its own link: see `loopback`")
    return addresses[0]


def is_allowed(address: str, *, may_be_here: bool) -> bool:
    """Whether a feed may come from an address: not from this machine unless that was said, never from a link's own."""
    ip = ip_of(address.partition("%")[0])
    if ip.is_loopback:
        return may_be_here
    return not (ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_reserved)


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_BYTES:
        raise FeedError(f"is longer than {MAX_BYTES / 1e6:g} MB")
    return body


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "too slow"
    return getattr(error, "strerror", None) or type(error).__name__
