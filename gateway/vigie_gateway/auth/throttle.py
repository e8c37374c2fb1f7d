"""How long somebody who guesses has to wait. Called from request threads.

Nobody is ever locked out: a lock would let anybody keep the concierge away by typing her name. Waits grow by account
and address together, and, more slowly, by address alone, so that many names cannot be tried either.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

FREE_TRIES = 3
"""Wrong passwords for one account from one address until waits begin. Fewer punish a slip of the finger."""
FREE_TRIES_AN_ADDRESS = 20
"""The same for all accounts together: a whole team may sit behind one address."""
LONGEST_WAIT_S = 60.0
"""Higher would keep somebody who mistyped out for long; lower lets 1,440 guesses a day become more."""
FORGET_S = 3_600.0
"""A counter that old is forgotten. Lower forgives a patient guesser sooner."""
MOST_COUNTERS = 10_000
"""Counters kept; the oldest go first. Higher lets a flood of names take memory (200 bytes each)."""


class Throttle:
    """The counters."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: OrderedDict[tuple[str, str], tuple[int, float]] = OrderedDict()

    def wait_s(self, account: str, address: str, now_mono: float) -> float:
        """How long to wait before the next try; 0 when it may be made now."""
        with self._lock:
            return max(
                self._wait((account, address), FREE_TRIES, now_mono),
                self._wait(("", address), FREE_TRIES_AN_ADDRESS, now_mono),
            )

    def _wait(self, key: tuple[str, str], free: int, now_mono: float) -> float:
        failures, last_mono = self._failures.get(key, (0, now_mono))
        if failures < free or now_mono - last_mono > FORGET_S:
            return 0.0
        # The exponent is bounded, or a patient script would make a number that no float holds.
        return max(0.0, last_mono + min(LONGEST_WAIT_S, 2.0 ** min(failures - free, 10)) - now_mono)

    def tried(self, account: str, address: str, now_mono: float) -> None:
        """A password is about to be looked at. It counts as wrong until it is right: many at once would all be free."""
        with self._lock:
            for key in ((account, address), ("", address)):
                failures, last_mono = self._failures.pop(key, (0, now_mono))
                is_old = now_mono - last_mono > FORGET_S
                self._failures[key] = (1 if is_old else failures + 1, now_mono)
            while len(self._failures) > MOST_COUNTERS:
                self._failures.popitem(last=False)

    def succeeded(self, account: str, address: str) -> None:
        """It was the right one."""
        with self._lock:
            self._failures.pop((account, address), None)
            self._uncount(("", address))

    def untried(self, account: str, address: str) -> None:
        """It was not looked at after all."""
        with self._lock:
            self._uncount((account, address))
            self._uncount(("", address))

    def _uncount(self, key: tuple[str, str]) -> None:
        failures, last_mono = self._failures.get(key, (0, 0.0))
        if failures > 1:
            self._failures[key] = (failures - 1, last_mono)
        else:
            self._failures.pop(key, None)
