"""Whether a node whose clock dates its readings has it right. Pure; on the ingest thread, a pack at a time.

A pack that ends with the node's newest reading was sent at once: that reading's date is the node's present. When it is
far from the gateway's several times over, with new readings each time, no backlog explains it.
"""

from __future__ import annotations

from vigie_contract.senml import Pack

OFF_S = 120.0
"""How far a node's clock may be off. Lower tells of a slow link and of a clock that NTP is still pulling in; higher
lets a node's readings stand minutes away from those of its neighbours unseen."""
TIMES = 3
"""Packs in a row that must agree. Lower tells of the last readings before an outage, sent after it; higher tells late
of a node that seldom sends."""


class NodeClock:
    """The distance between one node's clock and the gateway's."""

    __slots__ = ("_last", "_seen")

    def __init__(self) -> None:
        self._last = 0
        self._seen: list[float] = []

    @property
    def off_s(self) -> float | None:
        """Seconds that the node's clock is ahead (below 0: behind); None when it is right, or nothing tells."""
        return min(self._seen, key=abs) if len(self._seen) >= TIMES else None

    def forget(self) -> None:
        """What was seen was measured against a clock that has been moved."""
        self._last = 0
        self._seen.clear()

    def heard(self, pack: Pack, received_ts: float) -> None:
        """A pack came."""
        end = pack.first + len(pack.readings) - 1
        if not pack.is_dated:
            self.forget()
            return
        if pack.last != end or end == self._last:
            return
        self._last = end
        off_s = max(reading.at_ts for reading in pack.readings) - received_ts
        if abs(off_s) <= OFF_S or any((off_s < 0) != (before < 0) for before in self._seen):
            self._seen.clear()
        if abs(off_s) > OFF_S:
            self._seen = [*self._seen[1 - TIMES :], off_s]
