"""Talking to systemd: READY, WATCHDOG, STOPPING and a status line, over $NOTIFY_SOCKET (sd_notify(3)).

Both daemons call it; without systemd every call does nothing.
"""

from __future__ import annotations

import os
import socket


def notify(*assignments: str) -> None:
    """Send ``READY=1``, ``WATCHDOG=1``, ``STATUS=…``; nothing happens where no service manager listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux's abstract namespace, as sd_notify(3) spells it
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.sendto("\n".join(assignments).encode(), address)
        except OSError:
            return  # the manager is going away: nothing is owed to it


def watchdog_interval_s() -> float | None:
    """How often to feed the watchdog: half of what systemd allows; None when it does not watch this process."""
    allowed_us = os.environ.get("WATCHDOG_USEC", "")
    watched_pid = os.environ.get("WATCHDOG_PID")
    if not allowed_us.isdecimal() or (watched_pid is not None and watched_pid != str(os.getpid())):
        return None
    return int(allowed_us) / 2_000_000
