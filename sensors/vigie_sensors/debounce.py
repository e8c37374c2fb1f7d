"""What contacts and noisy lines really did: pure deciders fed with edges, asked by drivers on their sensor's thread.

``Settled`` for a state that matters when it lasts (mains), ``PulseCounter`` for one that matters when it begins
(a button, a meter).
"""

from __future__ import annotations

import math
from collections.abc import Iterable


class Settled:
    """A state that counts once it has lasted."""

    def __init__(self, settle_s: float) -> None:
        """Begin knowing nothing.

        Args:
            settle_s: A change counts when it has lasted so long.
        """
        self._settle_s = settle_s
        self._state: bool | None = None
        self._next: tuple[float, bool] | None = None

    def feed(self, at_s: float, active: bool) -> tuple[float, bool] | None:
        """Take an edge; returns the change that had settled before it, as ``advance`` does."""
        settled = self.advance(at_s)
        self._next = None if active is self._state else (at_s, active)
        return settled

    def advance(self, now_s: float) -> tuple[float, bool] | None:
        """Let time pass: the change that has settled by now, with the time it began; None when there is none."""
        if self._next is None or now_s - self._next[0] < self._settle_s:
            return None
        settled, self._next = self._next, None
        self._state = settled[1]
        return settled

    def changes(self, edges: Iterable[tuple[float, bool]], now_s: float) -> list[tuple[float, bool]]:
        """Take the edges since the last call, oldest first; what has settled by now, each with the time it began."""
        settled = [self.feed(at_s, active) for at_s, active in edges]
        settled.append(self.advance(now_s))
        return [change for change in settled if change is not None]

    @property
    def state(self) -> bool | None:
        """The settled state; None before the first."""
        return self._state


class PulseCounter:
    """Counts activations, but for those that come right after a release: bounces of the same one."""

    def __init__(self, quiet_s: float) -> None:
        """Begin at no pulse.

        Args:
            quiet_s: A pulse counts when the line had been inactive for at least so long.
        """
        self._quiet_s = quiet_s
        self._active: bool | None = None
        self._released_at_s = -math.inf
        self.count = 0

    def feed(self, at_s: float, active: bool) -> bool:
        """Take an edge: whether it begins a pulse. The first only tells how the line stood."""
        was, self._active = self._active, active
        if not active:
            # How long a line had been at rest before the first edge is not known: long, in all likelihood.
            self._released_at_s = -math.inf if was is None else at_s
            return False
        if was is not False or at_s - self._released_at_s < self._quiet_s:
            return False
        self.count += 1
        return True
