"""How far one gateway has been served: what to send it next, when to go back, when to try again. Pure.

Owned and called by the publisher, on its thread; time is handed in, in real monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable

from vigie_contract.senml import MAX_RECORDS

WINDOW_READINGS = 6_000
"""Readings in flight before an acknowledgement. Lower than a gateway's commit (1,000) would stall at each; so low as
2,000 leaves the line idle while it commits. Higher is sent again in vain when one pack was lost."""
COMMIT_READINGS = 1_000
"""A gateway commits, and so acknowledges, when it holds so many readings …"""
COMMIT_PATIENCE_S = 12.0
"""… or every 10 s: fewer in flight are given that and a little for the way. Lower sends each live reading twice."""
PATIENCE_S = 2.0
"""With a commit's worth in flight an acknowledgement is due at once: nothing for so long, and the lane goes back."""
LONGEST_PAUSE_S = 30.0
"""Between two tries when nobody answers. Higher keeps a gateway that came back without a word waiting for longer."""
REPEAT_GUARD_S = 1.0
"""A hole is answered by each pack of the window behind it: of those answers, which all name one number, the first goes
back. Lower would send a window for each; higher waits longer when the pack that was sent again is lost too."""


class Lane:
    """One gateway's place in the journal.

    Attributes:
        acked: The gateway has everything up to this number.
        next: The number to send next.
        is_heard: Whether the gateway is believed to listen. While it is not, single packs are tried from time to time.
    """

    def __init__(self, acked: int, jitter: Callable[[], float]) -> None:
        """Begin behind what is acknowledged.

        Args:
            acked: From the journal.
            jitter: Random numbers from 0 to 1, so that a room full of nodes does not answer a returning gateway as one.
        """
        self.acked = acked
        self.next = acked + 1
        self.is_heard = True
        self._is_unmatched = False
        self._jitter = jitter
        self._moved_mono = 0.0
        self._went_back_to = -1
        self._went_back_mono = 0.0
        self._try_mono = 0.0
        self._pause_s = PATIENCE_S

    @property
    def in_flight(self) -> int:
        """Readings sent and not acknowledged."""
        return self.next - 1 - self.acked

    def connected(self, now_mono: float) -> None:
        """A new connection: what was in flight is lost, and the gateway may have come back too."""
        self._hear(now_mono)
        self.next = self.acked + 1

    def acknowledged(self, upto: int, now_mono: float) -> None:
        """The gateway has everything up to ``upto``, by its own word.

        A number that does not advance is either its habit (every 30 s) or its answer to a hole: both are met by going
        back, once. A lower number than before comes from a gateway that was restored from a backup.
        """
        was_heard = self.is_heard
        self._hear(now_mono)
        if upto > self.acked:
            self.acked = upto
            self.next = max(self.next, upto + 1) if was_heard else upto + 1
        elif not was_heard or upto != self._went_back_to or now_mono - self._went_back_mono >= REPEAT_GUARD_S:
            self.acked = upto
            self.next = upto + 1
            self._went_back_to, self._went_back_mono = upto, now_mono

    def unheard(self, now_mono: float) -> None:
        """The broker says that nobody is subscribed."""
        if self.is_heard:
            self._give_up(now_mono)
            self._schedule_try(now_mono)
        self._is_unmatched = True

    def matched(self, now_mono: float) -> None:
        """The broker found a subscriber: if it had said that there is none, everything is sent from the beginning."""
        if self._is_unmatched:
            self.connected(now_mono)

    def tick(self, now_mono: float) -> None:
        """Go back when what is in flight should have been acknowledged by now."""
        if self.is_heard and self.in_flight:
            patience_s = PATIENCE_S if self.in_flight >= COMMIT_READINGS else COMMIT_PATIENCE_S
            if now_mono - self._moved_mono >= patience_s:
                self._give_up(now_mono)

    def wanted(self, last: int, now_mono: float) -> int:
        """How many readings to send now from ``next``; 0 to wait.

        Args:
            last: The journal's last number.
            now_mono: Now.
        """
        available = last - self.next + 1
        if available <= 0 or (not self.is_heard and now_mono < self._try_mono):
            return 0
        if not self.is_heard:
            return min(available, MAX_RECORDS)
        room = WINDOW_READINGS - self.in_flight
        if room < MAX_RECORDS and available > room:
            return 0  # a pack that is not full costs as much as one that is
        return min(available, room, MAX_RECORDS)

    def sent(self, first: int, count: int, now_mono: float) -> None:
        """A pack was handed to the broker, for this lane or for another that stands at the same place."""
        if not self.is_heard:
            if first == self.next and now_mono >= self._try_mono:
                self._schedule_try(now_mono)
            return
        if first <= self.next < first + count:
            before = self.in_flight
            self.next = first + count
            if before == 0 or before < COMMIT_READINGS <= self.in_flight:
                self._moved_mono = now_mono  # the time allowed for an answer counts from here

    def evicted(self, floor: int) -> None:
        """The journal holds nothing below ``floor`` any more: the gateway is told so by the next pack."""
        self.acked = max(self.acked, floor - 1)
        self.next = max(self.next, floor)

    def _hear(self, now_mono: float) -> None:
        self.is_heard = True
        self._is_unmatched = False
        self._moved_mono = now_mono
        self._pause_s = PATIENCE_S

    def _give_up(self, now_mono: float) -> None:
        self.is_heard = False
        self.next = self.acked + 1
        self._try_mono = now_mono

    def _schedule_try(self, now_mono: float) -> None:
        self._try_mono = now_mono + self._pause_s * (0.75 + 0.5 * self._jitter())
        self._pause_s = min(LONGEST_PAUSE_S / 1.25, self._pause_s * 2)
