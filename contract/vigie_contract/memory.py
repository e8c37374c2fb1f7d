"""Keeping both daemons small: a Pi Zero 2 W has 512 MB for the broker, the sensors and the gateway together."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator
from typing import Any

_M_ARENA_MAX = -8
"""mallopt(3), of glibc's malloc.h."""
_ABSENT: Any = None


def share_one_heap() -> None:
    """Have all threads use one heap of glibc: one each costs 4 MB, for threads that mostly wait."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(_M_ARENA_MAX, 1)


@contextlib.contextmanager
def hidden(module: str) -> Iterator[None]:
    """Make ``import module`` fail inside the block, for a library that loads it where it finds it, unused.

    A module that is loaded already stays visible: hiding it would save nothing.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = _ABSENT
    try:
        yield
    finally:
        del sys.modules[module]
