"""Where packets leave this machine: the IPv4 default route, from ``/proc/net/route``.

Asked by the network probes before they measure: without a default route there is nothing to measure, and a failure
says nothing of the network.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path

ROUTE_FILE = Path("/proc/net/route")
_UP, _GATEWAY = 0x1, 0x2
"""RTF_UP and RTF_GATEWAY of <linux/route.h>."""
_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Route:
    """A default route: the gateway's IPv4 address and the interface that leads there."""

    gateway: str
    interface: str
    metric: int


def parse_default_route(text: str, interface: str = "") -> Route | None:
    """The default route of least metric, of one interface when it is named.

    Args:
        text: ``/proc/net/route``: addresses are hexadecimal, in the byte order of a little-endian machine.
        interface: Its name, or "" for any.

    Returns:
        None when there is none; lines that are no routes are passed over.
    """
    found: list[Route] = []
    for line in text.splitlines()[1:]:
        columns = line.split()
        if len(columns) < _COLUMNS or (interface and columns[0] != interface):
            continue
        try:
            destination, gateway, flags, mask = (int(columns[index], 16) for index in (1, 2, 3, 7))
            address = str(ipaddress.IPv4Address(gateway.to_bytes(4, "little")))
            metric = int(columns[6])
        except (ValueError, OverflowError):
            continue
        if destination == 0 and mask == 0 and flags & _UP and flags & _GATEWAY:
            found.append(Route(address, columns[0], metric))
    return min(found, key=lambda route: route.metric, default=None)


def read_default_route(interface: str = "", path: Path = ROUTE_FILE) -> Route | None:
    """The machine's default route now; None when there is none or the file cannot be read."""
    try:
        return parse_default_route(path.read_text(encoding="ascii", errors="replace"), interface)
    except OSError:
        return None
