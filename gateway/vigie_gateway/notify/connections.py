"""What a notifier may connect to, and for how long: holds for every library that it sends through.

Used by ``notifiers`` on their own threads. Libraries make their own connections, deep inside; Python tells an audit
hook of each one before it is made (PEP 578), with the address that a name was resolved to. So a target is judged by the
address that is really connected to, and what takes too long is hung up on.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator

from vigie_gateway.addresses import ip_of
from vigie_gateway.calendars.fetch import is_allowed


class AddressRefusedError(OSError):
    """A notifier's target is on this machine or its own link."""


class Connections:
    """Those of one try.

    Attributes:
        is_refused: Whether one was, whatever the library made of it.
        is_late: Whether they were hung up on.
    """

    def __init__(self, *, may_be_here: bool) -> None:
        self.is_refused = False
        self.is_late = False
        self._may_be_here = may_be_here
        self._sockets: list[socket.socket] = []

    def made(self, made: socket.socket) -> None:
        """Note a socket; of one that TLS is put around, both."""
        self._sockets.append(made)

    def connecting(self, to: object) -> None:
        """Judge an address before it is connected to.

        Raises:
            AddressRefusedError: It may not be.
            TimeoutError: There is no time left.
        """
        if self.is_late:
            raise TimeoutError
        try:
            is_right = is_allowed(ip_text(to), may_be_here=self._may_be_here)
        except ValueError:  # a socket file, or a name that nobody has resolved yet
            is_right = False
        if not is_right:
            self.is_refused = True
            raise AddressRefusedError("an address on this machine or its own link")

    def hang_up(self) -> None:
        """Fail whatever is under way. Called on another thread."""
        self.is_late = True
        for made in list(self._sockets):
            with contextlib.suppress(OSError):  # closed, or never connected
                # Not the method of an SSLSocket: that would go on without TLS.
                socket.socket.shutdown(made, socket.SHUT_RDWR)


def ip_text(to: object) -> str:
    """The IP address in a socket's address, without its zone; ValueError when there is none."""
    if not isinstance(to, tuple):
        raise ValueError("no IP address")  # noqa: TRY004 - what ip_of raises of a text that is none
    text = str(to[0]).partition("%")[0]
    ip_of(text)
    return text


class _Current(threading.local):
    connections: Connections | None = None


_current = _Current()
_installing = threading.Lock()
_installed: list[bool] = []


@contextlib.contextmanager
def watched(limit_s: float, *, may_be_here: bool) -> Iterator[Connections]:
    """Judge what this thread connects to, and hang up after ``limit_s``."""
    with _installing:
        if not _installed:
            sys.addaudithook(_on_event)  # it stays for as long as the process
            _installed.append(True)
    connections = Connections(may_be_here=may_be_here)
    timer = threading.Timer(limit_s, connections.hang_up)
    timer.daemon = True
    _current.connections = connections
    timer.start()
    try:
        yield connections
    finally:
        timer.cancel()
        _current.connections = None


def _on_event(event: str, arguments: tuple[object, ...]) -> None:
    if not event.startswith("socket."):
        return
    connections = _current.connections
    if connections is None:
        return
    if event == "socket.connect":
        connections.connecting(arguments[1])
    elif event == "socket.__new__" and isinstance(arguments[0], socket.socket):
        connections.made(arguments[0])
    elif event == "socket.sendto":
        connections.connecting(arguments[1])
