"""The slow work beside the ingest thread: counts rebuilt, the day's curve, and the capacity check's hours.

Its own thread, so that a long look at history delays neither a reading nor a page.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from vigie_contract.clock import Clock
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.place.board import Board
from vigie_gateway.store import Store

log = logging.getLogger(__name__)

ROUND_S = 0.5
DAY_CURVE_S = 60.0
"""How often the day's curve is made anew. Lower reads history for a change no eye sees; higher shows an old curve."""
LEAST_REAL_S = 3.0
"""The same in real time, for a simulated day that runs fast."""
CALM_S = 1.5
"""How long no backlog may have come until counts are rebuilt from it. Lower rebuilds again and again while a node
catches up; higher shows the counts of before it for longer."""
PATIENCE_S = 60.0
"""A backlog that never ends (a node whose clock is behind) is rebuilt from this often all the same. Lower reads a day
of history for each of its readings; higher keeps an old count on the board."""


class Housekeeping:
    """The thread and its jobs; ``refresh`` is called with the day's curve."""

    def __init__(
        self,
        board: Board,
        store: Store,
        pipeline: Pipeline,
        clock: Clock,
        refresh: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._store = store
        self._pipeline = pipeline
        self._clock = clock
        self._refresh = refresh
        self._monotonic = monotonic
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping")
        self._late_since_mono: float | None = None
        self._late_last_mono = 0.0
        self._is_commit_asked = False
        self._curve_mono = 0.0

    def start(self) -> None:
        """Rebuild the counts from history once, then start the thread."""
        self._tried(self._restore)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(ROUND_S):
            self._tried(self._round)

    def _tried(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # this loop owns recovery: what failed is said, and tried again in its time
            log.exception("the counts or the day's curve could not be made from history")

    def _round(self) -> None:
        now_mono = self._monotonic()
        if self._pipeline.backlog_seen or self._board.needs_restore:
            # Cleared first: what comes while we read sets it again.
            self._pipeline.backlog_seen = False
            self._board.needs_restore = False
            self._late_last_mono = now_mono
            if self._late_since_mono is None:
                self._late_since_mono = now_mono
        if self._late_since_mono is not None and self._is_due(now_mono, self._late_since_mono):
            if self._is_commit_asked:
                self._late_since_mono = None
                self._is_commit_asked = False
                self._curve_mono = 0.0
                self._restore()
            else:
                # The end of the backlog waits in memory for the commit interval, and history does not see it there.
                self._is_commit_asked = True
                self._pipeline.commit_soon()
        if now_mono >= self._curve_mono:
            self._curve_mono = now_mono + max(LEAST_REAL_S, DAY_CURVE_S / self._clock.speed)
            self._board.refresh_day(self._store, self._clock.now_ts())
            self._refresh()

    def _is_due(self, now_mono: float, since_mono: float) -> bool:
        return now_mono - self._late_last_mono >= CALM_S or now_mono - since_mono >= PATIENCE_S

    def _restore(self) -> None:
        self._board.restore(self._store, self._clock.now_ts())
