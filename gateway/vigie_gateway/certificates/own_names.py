"""By what names and addresses this machine is found in the place's network. Called by commands, on the main thread."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import subprocess
from pathlib import Path

from vigie_gateway.certificates.authority import is_local

MDNS_NAME = "vigie.local"
_HOSTNAME = Path("/usr/bin/hostname")
ANSWER_S = 5.0


def wanted_names() -> tuple[str, ...]:
    """What a certificate of this machine is for, best first: its names, and its addresses in private networks."""
    return (*own_names(), *(address for address in own_addresses() if is_local(address)), "127.0.0.1")


def own_names() -> tuple[str, ...]:
    """Names that mDNS tells."""
    host = socket.gethostname().partition(".")[0].lower()
    own = f"{host}.local" if host.replace("-", "").isalnum() and host != "localhost" else MDNS_NAME
    return tuple(dict.fromkeys((MDNS_NAME, own)))


def own_addresses() -> tuple[str, ...]:
    """Addresses of its interfaces but the loopback's and those that hold on one link alone; the one outwards first."""
    outwards = _address_outwards()
    said = ""
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            [_HOSTNAME, "--all-ip-addresses"], capture_output=True, text=True, timeout=ANSWER_S, check=True
        ).stdout
    found = [*(() if outwards is None else (outwards,)), *said.split()]
    return tuple(dict.fromkeys(text for text in found if _is_reachable(text)))


def _address_outwards() -> str | None:
    """From where this machine would speak with others; nothing is sent."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # of documentation (RFC 5737): a route is asked for, not a host
        return str(probe.getsockname()[0])
    return None


def _is_reachable(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return not address.is_loopback and not address.is_link_local
