"""A bounded queue in which who says much waits behind itself, and not before others.

Between the network's thread of devices of others and their ingest thread (``device_bus``). Each source has a line of
its own, and the lines take turns (fair queueing, Nagle, RFC 970 of 1985). When all is full, it is the longest line that
loses (longest queue drop, Suter et al., "Design considerations for supporting TCP with per-flow queueing", 1998).
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from threading import Condition
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """The queue; any thread.

    Args:
        limit: Of what waits, of all sources.
        limit_of_a_source: Of what waits of one.
    """

    def __init__(self, limit: int, limit_of_a_source: int) -> None:
        self._limit = limit
        self._limit_of_a_source = limit_of_a_source
        self._lines: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0
        self._is_woken = False
        self._changed = Condition()

    def __len__(self) -> int:
        return self._count

    def put(self, source: str, item: T) -> T | None:
        """Let it wait; what is lost by that, which may be itself, and None where nothing is."""
        with self._changed:
            line = self._lines.get(source)
            waiting = 0 if line is None else len(line)
            if waiting >= self._limit_of_a_source:
                return item
            lost = None
            if self._count >= self._limit:
                if (waiting + 1) * len(self._lines) > self._limit:  # it has more than its share
                    return item
                longest = max(self._lines.values(), key=len)
                if len(longest) <= waiting + 1:
                    return item
                lost = longest.pop()
                self._count -= 1
            if line is None:
                line = self._lines[source] = deque()
            line.append(item)
            self._count += 1
            self._changed.notify()
            return lost

    def get(self, timeout_s: float) -> T | None:
        """The next, of the source whose turn it is; None after ``timeout_s`` without any, or when woken."""
        deadline_mono = time.monotonic() + timeout_s
        with self._changed:
            while not self._count:
                left_s = deadline_mono - time.monotonic()
                if left_s <= 0 or self._is_woken or not self._changed.wait(left_s):
                    self._is_woken = False
                    return None
            source, line = self._lines.popitem(last=False)
            item = line.popleft()
            self._count -= 1
            if line:
                self._lines[source] = line  # its next turn comes after all others'
            return item

    def wake(self) -> None:
        """Let who waits go on without anything."""
        with self._changed:
            self._is_woken = True
            self._changed.notify_all()
