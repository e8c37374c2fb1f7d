"""When a reading was taken, over steps of the wall clock. Pure but for the clock that it is given.

A Pi has no clock of its own: until NTP answers, its wall clock may be hours or years behind, and then it steps. The
monotonic clock does not. The journal asks here for each reading's monotonic time when it is appended.
"""

from __future__ import annotations

from vigie_contract.clock import Clock

STEP_S = 1.0
"""Wall and monotonic time that part by more than this between two looks: the wall clock was set. Lower would take the
moment between reading the two clocks for a step; higher would leave events of just before a step wrong by as much."""
FORMER_KEPT_S = 3_600.0
"""How long after a step a driver may still hand over an event stamped before it: an hour, the longest period of a
driver that gathers events. Higher risks taking a late reading for one of before."""


class Dating:
    """The distance between wall and monotonic time now, and before its last step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._former_s: float | None = None
        self._stepped_mono = 0.0
        self.now_mono = clock.now_mono()
        self.offset_s = clock.now_ts() - self.now_mono
        self.is_synchronised = clock.is_synchronised()

    def look(self) -> None:
        """Read the clocks anew: once for each append or send."""
        self.now_mono = self._clock.now_mono()
        offset_s = self._clock.now_ts() - self.now_mono
        if abs(offset_s - self.offset_s) > STEP_S * max(1.0, self._clock.speed):
            self._former_s, self._stepped_mono = self.offset_s, self.now_mono
        elif self._former_s is not None and self.now_mono - self._stepped_mono > FORMER_KEPT_S:
            self._former_s = None
        self.offset_s = offset_s
        self.is_synchronised = self._clock.is_synchronised()

    def mono_of(self, at_ts: float) -> float:
        """The monotonic time of a wall time that a driver read from this clock, perhaps before its last step.

        Of the two distances, the one by which the reading is the younger without lying in the future is right: a
        reading's period is short, a step that matters is long.
        """
        mono = at_ts - self.offset_s
        if self._former_s is None:
            return mono
        former_mono = at_ts - self._former_s
        tolerance_s = STEP_S * max(1.0, self._clock.speed)
        possible = [taken for taken in (mono, former_mono) if taken <= self.now_mono + tolerance_s]
        return max(possible, default=self.now_mono)
