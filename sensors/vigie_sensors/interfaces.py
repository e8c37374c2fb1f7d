"""Network interfaces: their byte counters, their address, and sockets that leave by one of them.

Called by the ``latency`` and ``throughput`` drivers, by the throughput test's own process and by rehearsals.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Callable
from pathlib import Path

COUNTERS_FILE = Path("/proc/net/dev")
_COLUMNS = 16
_SIOCGIFADDR = 0x8915
_NAME_BYTES = 16


def parse_byte_counters(text: str) -> dict[str, int]:
    """Bytes received and sent together by each interface, from ``/proc/net/dev``; other lines are passed over.

    The loopback interface receives all that it sends, so that its bytes are counted once.
    """
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, colon, counters = line.rpartition(":")
        columns = counters.split()
        if not colon or len(columns) < _COLUMNS:
            continue
        received, sent = columns[0], columns[8]
        if all(number.isascii() and number.isdigit() and len(number) <= 20 for number in (received, sent)):  # noqa: PLR2004 - 64 bits
            found[name.strip()] = int(received) + (0 if name.strip() == "lo" else int(sent))
    return found


def read_bytes(interface: str, path: Path = COUNTERS_FILE) -> int | None:
    """Bytes that the interface has moved since it came up; None when it is not there."""
    try:
        return parse_byte_counters(path.read_text(encoding="utf-8", errors="replace")).get(interface)
    except OSError:
        return None


def address_of(interface: str) -> str | None:
    """The interface's first IPv4 address; None when it has none or is not there."""
    request = struct.pack("256s", interface.encode()[: _NAME_BYTES - 1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking.fileno(), _SIOCGIFADDR, request)
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])


def bind_to_interface(sock: socket.socket, interface: str, address: str | None) -> None:
    """Make a socket leave by one interface, whatever the routing table prefers.

    A source address alone does not: with a cable and a radio in one network, packets with the radio's address leave by
    the cable. Since Linux 5.7 a socket may be bound to a device without rights; where that is refused, the source
    address is what remains.

    Raises:
        OSError: The interface or its address is gone.
    """
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
    except PermissionError:
        if address is not None:
            sock.bind((address, 0))


def connect_by(
    interface: str, host: str, port: int, timeout_s: float, prepare: Callable[[socket.socket], None]
) -> socket.socket:
    """Open a TCP connection that leaves by one interface.

    Args:
        interface: Its name; "" for any.
        host: A name or an IPv4 address. IPv4 alone, as in all probes: an interface's own address is compared with it.
        port: TCP port.
        timeout_s: Of the connection, and of each wait after it.
        prepare: Sets what must be set before the connection is made.

    Raises:
        OSError: None of the host's addresses answered, or the interface is gone.
    """
    last: OSError = OSError(f"{host} has no IPv4 address")
    for *_, address in socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if interface:
                bind_to_interface(sock, interface, address_of(interface))
            prepare(sock)
            sock.settimeout(timeout_s)
            sock.connect(address)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last
