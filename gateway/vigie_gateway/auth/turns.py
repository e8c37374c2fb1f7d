"""Work on passwords for requests: two at a time, a few waiting, and no thread of the other pages taken for it.

A hash takes some tens of milliseconds of a processor. Were those who wait for one to wait on a request thread each,
forty sign-ins at once would stop every page. So there are threads for this alone; more than a few are sent away, and
nobody fills the queue from one address: whoever has the right password gets a turn beside a flood. Called on the event
loop.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from vigie_gateway.auth.passwords import AT_ONCE, BusyError

MOST_WAITING = 16
"""Requests that have or await a turn. Lower turns people away on a busy morning; higher has the last one wait for
longer than people do: on a Pi 3 a turn takes a fifth of a second."""
MOST_AN_ADDRESS = 3
"""Of these from one address. Lower troubles a team behind one router; higher lets one machine keep the others out."""

Result = TypeVar("Result")


class Turns:
    """The queue."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "password")
        self._here: Counter[str] = Counter()

    async def run(self, address: str, work: Callable[[], Result]) -> Result:
        """Do the work, which hashes at most one password, for somebody at that address when their turn has come.

        Raises:
            BusyError: Too many wait already.
        """
        if self._here.total() >= MOST_WAITING or self._here[address] >= MOST_AN_ADDRESS:
            raise BusyError
        self._here[address] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._here[address] -= 1
            if not self._here[address]:
                del self._here[address]
