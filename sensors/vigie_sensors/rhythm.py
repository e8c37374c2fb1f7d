"""How a lamp or buzzer says what it has to say: steady, by turns, or a short sign now and then. Pure.

Asked by ``signaller`` for the state of the pin at a moment, and for how long that lasts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rhythm:
    """On for a while, then off for a while, again and again; always on or off where the other lasts for nothing."""

    on_s: float
    off_s: float

    def at(self, elapsed_s: float) -> tuple[bool, float]:
        """Whether it is on so long after it began, and seconds until that changes; ``inf`` where it never does."""
        if not self.on_s or not self.off_s:
            return self.on_s > 0, math.inf
        within_s = elapsed_s % (self.on_s + self.off_s)
        is_on = within_s < self.on_s
        return is_on, (self.on_s if is_on else self.on_s + self.off_s) - within_s


OFF = Rhythm(0, 1)
ON = Rhythm(1, 0)
