"""Telling systemd how a daemon fares (sd_notify(3)). Both daemons call it on their main threads."""

from __future__ import annotations

import os
import socket


def notify(*assignments: str) -> None:
    """Send ``READY=1``, ``WATCHDOG=1``, ``STATUS=…``; nothing happens where systemd does not listen."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(1.0)
            channel.sendto("\n".join(assignments).encode(), address)
    except OSError:
        return  # systemd misses one message; a daemon must not stop for that


def watchdog_interval_s() -> float | None:
    """How often the watchdog wants to be fed: half of ``WATCHDOG_USEC``; None when nobody watches."""
    described = os.environ.get("WATCHDOG_USEC", "")
    owner = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not described.isdecimal() or int(described) == 0 or owner != str(os.getpid()):
        return None
    return int(described) / 2e6
