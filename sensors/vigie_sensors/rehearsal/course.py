"""What a rehearsal asks of the line from moment to moment, when it stops, and what it says then. Pure.

Fed by ``trial`` every ``TICK_S`` with the bytes that have arrived so far in each direction. Both directions are loaded
at once, as a session loads them. Each begins at ``HEADROOM`` times its demand. Once that has held for ``WINDOW_S``
there is nothing left to learn, and the line's limit is never looked for: that is what makes a rehearsal cheap. Where
it does not hold, the direction falls back to the demand itself, lets the queue that it made drain, and looks again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from vigie_contract.rehearsal import (
    DEMAND_S,
    HEADROOM,
    LONGEST_S,
    OVERHEAD,
    RAMP_S,
    SETTLE_S,
    WINDOW_S,
    most_bytes,
)

TICK_S = 0.1
"""Lower costs a small Pi time that the streams need; higher lets a fast line move megabytes past the end."""
TOLERANCE = 0.97
"""Share of a paced rate that counts as held: the pace itself wavers by a few per cent from window to window."""
HOPELESS_SHARE = 0.9
"""A line that gave less than this share of the demand while it was asked for more does not hold the demand: no second
look. Higher would judge by the loss that the push itself caused; lower only costs bytes."""
DRAIN = 0.5
"""While it settles only this share of the demand is sent, so that the queue that the push made drains: the largest of
home routers hold a second. A larger share would count that queue as the demand's own delay; a smaller one lets TCP go
back to its start."""


class Finding(StrEnum):
    """What a direction turned out to hold."""

    HEADROOM = "headroom"
    """The demand and three tenths more."""
    HOLDS = "holds"
    """The demand, but not three tenths more."""
    SHORT = "short"
    """Less than the demand."""
    UNKNOWN = "unknown"
    """It ended before that could be told."""
    NOT_ASKED = "not-asked"
    """The session needs nothing this way."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What the session will ask of the line, in bit/s of content; 0 for a direction that it does not use.

    Attributes:
        download_bps: Towards the people.
        upload_bps: From them.
    """

    download_bps: float
    upload_bps: float

    def cost_bytes(self) -> int:
        """The most that a rehearsal of it moves, both ways together: where it holds, about a third of this."""
        return most_bytes(self.download_bps, self.upload_bps)


@dataclass(slots=True)
class Direction:
    """One direction under way.

    Attributes:
        demand_bps: What it has to hold; above 0 where it is asked at all.
        finding: None until it can be told.
        held_bps: The best rate of a whole window so far; None before the first window is over.
        phase_from_s: Since when it has been asked for what it is asked for now.
    """

    demand_bps: float
    finding: Finding | None = None
    held_bps: float | None = None
    phase_from_s: float = 0.0
    _phase: str = "headroom"
    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        if self.demand_bps <= 0:
            self.finding = Finding.NOT_ASKED

    @property
    def pace_bps(self) -> float:
        """What to send now. After the finding the demand goes on, so that the other direction is tried beside it."""
        if self.finding is not None or self._phase == "demand":
            return self.demand_bps
        return self.demand_bps * (HEADROOM if self._phase == "headroom" else DRAIN)

    def tick(self, at_s: float, moved_bytes: int) -> None:
        """Look at the bytes that have arrived since the beginning, ``at_s`` seconds into the rehearsal."""
        if self.finding is not None:
            return
        rate_bps = self._window_rate(at_s, moved_bytes)
        if rate_bps is not None:
            self.held_bps = max(self.held_bps or 0.0, rate_bps)
        elapsed_s = at_s - self.phase_from_s
        if self._phase == "settling":
            if elapsed_s >= SETTLE_S:
                self._begin("demand", at_s)
        elif rate_bps is not None and rate_bps >= self.pace_bps * TOLERANCE:
            self.finding = Finding.HEADROOM if self._phase == "headroom" else Finding.HOLDS
        elif self._phase == "headroom" and elapsed_s >= RAMP_S:
            self._fall_back(at_s, rate_bps)
        elif self._phase == "demand" and elapsed_s >= DEMAND_S:
            self.finding = Finding.SHORT

    def _fall_back(self, at_s: float, rate_bps: float | None) -> None:
        if rate_bps is not None and rate_bps < HOPELESS_SHARE * self.demand_bps:
            self.finding = Finding.SHORT
        else:
            self._begin("settling", at_s)

    def _begin(self, phase: str, at_s: float) -> None:
        self._phase, self.phase_from_s = phase, at_s
        self._seen.clear()

    def _window_rate(self, at_s: float, moved_bytes: int) -> float | None:
        """Bit/s over the last window; None until one is over."""
        self._seen.append((at_s, moved_bytes))
        while len(self._seen) > 1 and self._seen[1][0] <= at_s - WINDOW_S:
            self._seen.popleft()
        from_s, from_bytes = self._seen[0]
        if at_s - from_s < WINDOW_S - TICK_S / 2:
            return None
        return (moved_bytes - from_bytes) * 8 / (at_s - from_s)


class Course:
    """The whole of a rehearsal.

    Attributes:
        download: Towards the people.
        upload: From them.
        stopped_by: Why it ended before both directions were told: ``most-bytes`` or ``longest``; "" otherwise.
    """

    def __init__(self, demand: Demand, most_bytes: int) -> None:
        """Take what is asked and the most bytes that may be moved, both ways together and with their headers."""
        self.download = Direction(demand.download_bps)
        self.upload = Direction(demand.upload_bps)
        self.stopped_by = ""
        self.moved_bytes = 0
        self._most_bytes = most_bytes
        self._at_s = 0.0

    def tick(self, at_s: float, downloaded_bytes: int, uploaded_bytes: int, moved_bytes: int) -> bool:
        """One look.

        Args:
            at_s: Seconds since the first byte could have moved.
            downloaded_bytes: Received so far.
            uploaded_bytes: Sent so far and acknowledged by the far end.
            moved_bytes: Everything that left or came so far, acknowledged or not.

        Returns:
            Whether it is over.
        """
        self._at_s = at_s
        self.moved_bytes = round(moved_bytes * OVERHEAD)
        self.download.tick(at_s, downloaded_bytes)
        self.upload.tick(at_s, uploaded_bytes)
        if self.download.finding is not None and self.upload.finding is not None:
            return True
        if self.moved_bytes >= self._most_bytes:
            self.stopped_by = "most-bytes"
        elif at_s >= LONGEST_S:
            self.stopped_by = "longest"
        return bool(self.stopped_by)

    @property
    def steady_s(self) -> float:
        """For how long, until now, both directions have been asked for the same: what is told of the delay."""
        return self._at_s - max(self.download.phase_from_s, self.upload.phase_from_s)

    @property
    def share(self) -> float:
        """How far it is, 0 to 1, of the longest that it can take: it mostly ends sooner."""
        return min(1.0, max(self._at_s / LONGEST_S, self.moved_bytes / self._most_bytes))
