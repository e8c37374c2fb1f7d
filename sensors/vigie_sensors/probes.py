"""One round trip to a host: an ICMP echo where the kernel allows it, else the opening of a TCP connection.

Called by the prober's threads. Times are of the machine's monotonic clock, also in a simulated day: the network does
not run faster. The one module that imports icmplib.
"""

from __future__ import annotations

import errno
import secrets
import socket
from dataclasses import dataclass
from typing import Protocol

import icmplib  # type: ignore[import-untyped]  # it ships no types and is imported here alone

from vigie_contract.clock import SystemClock
from vigie_sensors.interfaces import address_of, bind_to_interface

_REAL_TIME = SystemClock()
TIMEOUT_S = 2.0
"""Later answers count as lost: a call is broken long before. Lower would call a satellite link (0.8 s) with a queue
lost; higher keeps a probe from its turn."""
_PAYLOAD_BYTES = 56
"""As ping sends."""
_NOT_SENT = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.ENODEV})


class NotSentError(Exception):
    """The probe never left this machine, so that nothing can be said of the network."""


class NotAllowedError(Exception):
    """This machine does not allow this kind of probe."""


class Probe(Protocol):
    """A way to measure a round trip."""

    @property
    def name(self) -> str:
        """For the log: ``ICMP`` or ``TCP port 443``."""

    def measure(self, address: str, interface: str) -> float | None:
        """Milliseconds to the answer, or None when there was none within TIMEOUT_S.

        Args:
            address: IPv4 address.
            interface: Leave by this one; "" for any.

        Raises:
            NotSentError: There was no way out.
            NotAllowedError: The kernel refuses such probes to this process.
        """


@dataclass(slots=True)
class IcmpEcho:
    """An echo request by a socket that needs no rights where ``net.ipv4.ping_group_range`` allows the group.

    Where it does not, a raw socket is tried, which a service with CAP_NET_RAW may open.
    """

    name: str = "ICMP"
    _sequence: int = 0

    def measure(self, address: str, interface: str) -> float | None:
        """See Probe."""
        with self._open() as sock:
            raw = sock.sock
            if interface and raw is not None:
                _bind(raw, interface)
            self._sequence = (self._sequence + 1) % 65_536
            request = icmplib.ICMPRequest(
                address, id=secrets.randbits(16), sequence=self._sequence, payload_size=_PAYLOAD_BYTES
            )
            # icmplib takes its times from the wall clock, which may step: the time is taken around it.
            started_mono = _REAL_TIME.now_mono()
            try:
                sock.send(request)
                reply = sock.receive(request, TIMEOUT_S)
                time_ms = (_REAL_TIME.now_mono() - started_mono) * 1000
                reply.raise_for_status()
            except (icmplib.TimeoutExceeded, icmplib.ICMPError):
                return None  # a message "unreachable" or "time exceeded" is no answer of the host
            except icmplib.ICMPLibError as error:
                raise NotSentError(str(error)) from error
            return time_ms if reply.source == address else None

    @staticmethod
    def _open() -> icmplib.ICMPv4Socket:
        for is_raw in (False, True):
            try:
                return icmplib.ICMPv4Socket(privileged=is_raw)
            except icmplib.SocketPermissionError:
                continue
            except icmplib.ICMPSocketError as error:
                raise NotAllowedError(str(error)) from error
        raise NotAllowedError(
            "ICMP is not allowed to this process (net.ipv4.ping_group_range does not hold its group, no CAP_NET_RAW)"
        )


@dataclass(slots=True)
class TcpConnect:
    """The time that a TCP connection takes to be accepted or refused: either is one round trip."""

    port: int

    @property
    def name(self) -> str:
        """See Probe."""
        return f"TCP port {self.port}"

    def measure(self, address: str, interface: str) -> float | None:
        """See Probe."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
            if interface:
                _bind(sock, interface)
            sock.settimeout(TIMEOUT_S)
            started_mono = _REAL_TIME.now_mono()
            try:
                sock.connect((address, self.port))
            except ConnectionRefusedError:
                pass  # the host itself answered
            except OSError as error:
                if error.errno in _NOT_SENT:
                    raise NotSentError(str(error)) from error
                return None
            return (_REAL_TIME.now_mono() - started_mono) * 1000


def _bind(sock: socket.socket, interface: str) -> None:
    try:
        bind_to_interface(sock, interface, address_of(interface))
    except OSError as error:
        raise NotSentError(f"interface {interface}: {error.strerror}") from error
