"""Whether somebody is there, from a motion sensor's edges: a pure decider, asked by its driver at every sample.

People who read do not move all the time: a room stays occupied for a hold time after the last motion. And that
nobody moved can only be said by who has watched for as long.
"""

from __future__ import annotations


class Hold:
    """Motion with a hold time, unknown until enough has been watched."""

    def __init__(self, start_s: float, warmup_s: float, hold_s: float) -> None:
        """Begin watching.

        Args:
            start_s: When, on the clock of the edges.
            warmup_s: The sensor triggers by itself for so long after power-up; what it says then is not believed.
            hold_s: Occupied for so long after the last motion.
        """
        self._ready_s = start_s + warmup_s
        self._hold_s = hold_s
        self._active = False
        self._last_motion_s: float | None = None

    def feed(self, at_s: float, active: bool) -> None:
        """Take an edge."""
        if active or self._active:
            self._last_motion_s = at_s
        self._active = active

    def is_occupied(self, now_s: float) -> bool | None:
        """Whether there was motion within the hold time; None while that cannot be known."""
        if now_s < self._ready_s:
            return None
        if self._active:
            return True
        if self._last_motion_s is not None and self._last_motion_s >= self._ready_s:
            return now_s - self._last_motion_s < self._hold_s
        return False if now_s - self._ready_s >= self._hold_s else None
