"""What commands say to the person who typed them: one line of why not, and how far they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_UNAVAILABLE = 69
EXIT_IO = 74
EXIT_CONFIGURATION = 78
"""For ``__main__`` too; the table is in docs/operations.md."""

STEP_PERCENT = 10
"""Where nobody watches (a log), a line each so many percent; on a terminal the line is written over."""


def fail(code: int, *lines: str) -> int:
    """Say why not; returns the exit code."""
    for line in lines:
        print(line, file=sys.stderr)
    return code


@contextmanager
def show_progress(doing: str) -> Iterator[Callable[[float], None]]:
    """Give a function that is told the share that is done, 0 to 1, and says it on stderr."""
    is_watched = sys.stderr.isatty()
    step, told = 1 if is_watched else STEP_PERCENT, -1

    def tell(share: float) -> None:
        nonlocal told
        percent = int(share * 100) // step * step
        if percent != told:
            told = percent
            print(f"{doing}: {percent} %", file=sys.stderr, end="\r" if is_watched else "\n", flush=True)

    try:
        yield tell
    finally:
        if is_watched and told >= 0:
            print(file=sys.stderr)
