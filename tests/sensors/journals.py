"""A clock set by hand, and journals that end as processes and machines do, for the tests of the journal."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from threading import Event

from vigie_contract.readings import Reading
from vigie_sensors.journal import Journal

DAY_S = 86_400.0
NOON_TS = 1_790_000_000.0


class TwoClocks:
    """Wall and monotonic time, set by hand."""

    speed = 1.0

    def __init__(self, ts: float = NOON_TS, mono: float = 5_000.0, is_right: bool = True) -> None:
        self.ts, self.mono, self.is_right = ts, mono, is_right

    def now_ts(self) -> float:
        return self.ts

    def now_mono(self) -> float:
        return self.mono

    def wait(self, event: Event, duration_s: float) -> bool:
        self.advance(duration_s)
        return event.is_set()

    def is_synchronised(self) -> bool:
        return self.is_right

    def advance(self, duration_s: float) -> None:
        self.ts += duration_s
        self.mono += duration_s


def take(journal: Journal, clock: TwoClocks, count: int) -> None:
    journal.append([Reading("a", clock.now_ts(), float(value)) for value in range(count)])


def crash(journal: Journal) -> None:
    """What kill -9 leaves: the lock is gone, nothing was committed since the last commit."""
    journal._card.close()
    os.close(journal._lock_file)
    journal._lock_file = -1


def cut_power(journal: Journal, young: Path) -> None:
    """What a power cut leaves: nothing that was in memory."""
    crash(journal)
    shutil.rmtree(young)
    young.mkdir()
