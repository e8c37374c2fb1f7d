"""A network of a test's own: a loopback and nothing else. Root."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

CLONE_NEWNET = 0x40000000


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def own_network() -> Iterator[None]:
    """For this thread, and for every thread and process that it starts."""
    libc = ctypes.CDLL(None, use_errno=True)
    former = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        assert libc.unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        run("ip", "link", "set", "lo", "up")
        yield
    finally:
        assert libc.setns(former, CLONE_NEWNET) == 0
        os.close(former)
