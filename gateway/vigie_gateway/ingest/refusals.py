"""What was refused, counted by reason, with the last example of each for the health page. Thread-safe."""

from __future__ import annotations

import threading
from dataclasses import dataclass

MAX_SUBJECT_CHARACTERS = 120
"""Of the topic or channel kept as an example. Lower hides its origin; higher lets a hostile topic fill a page."""
MAX_DETAIL_CHARACTERS = 240


@dataclass(slots=True)
class Refusal:
    """One reason's count.

    Attributes:
        count: Since the gateway started.
        subject: Topic or ``node.channel`` of the last one.
        detail: What was found and what was expected, of the last one.
        at_ts: When the last one came.
    """

    count: int
    subject: str
    detail: str
    at_ts: float


class Refusals:
    """The counts of all reasons; reasons are a closed set, so that it cannot grow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_reason: dict[str, Refusal] = {}

    def add(self, reason: str, subject: str, detail: str, at_ts: float, count: int = 1) -> None:
        """Count ``count`` refusals and keep this one as the example."""
        subject = subject[:MAX_SUBJECT_CHARACTERS]
        detail = detail[:MAX_DETAIL_CHARACTERS]
        with self._lock:
            found = self._by_reason.get(reason)
            if found is None:
                self._by_reason[reason] = Refusal(count, subject, detail, at_ts)
            else:
                found.count += count
                found.subject, found.detail, found.at_ts = subject, detail, at_ts

    def all(self) -> dict[str, Refusal]:
        """A copy, by reason."""
        with self._lock:
            return {
                reason: Refusal(found.count, found.subject, found.detail, found.at_ts)
                for reason, found in self._by_reason.items()
            }
