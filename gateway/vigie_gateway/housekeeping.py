"""The slow work beside the ingest thread: counts rebuilt after a restart or a backlog, and the day's curve.

Its own thread, so that a long look at history delays neither a reading nor a page.
"""

from __future__ import annotations

import logging
import threading
import time

from vigie_contract.clock import Clock
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.place.board import Board
from vigie_gateway.store import Store, StoreError

log = logging.getLogger(__name__)

DAY_CURVE_S = 60.0
"""How often the day's curve is made anew. Lower reads history for a change no eye sees; higher shows an old curve."""
LEAST_REAL_S = 3.0
"""The same in real time, for a simulated day that runs fast."""
CALM_S = 1.5
"""How long no backlog may have come until counts are rebuilt from it. Lower rebuilds again and again while a node
catches up; higher shows the counts of before it for longer."""


class Housekeeping:
    """The thread and its two jobs."""

    def __init__(self, board: Board, store: Store, pipeline: Pipeline, clock: Clock) -> None:
        self._board = board
        self._store = store
        self._pipeline = pipeline
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping")

    def start(self) -> None:
        """Rebuild the counts from history once, then start the thread."""
        self._restore()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        calm_since_mono: float | None = None
        curve_mono = 0.0
        while not self._stop.wait(0.5):
            now_mono = time.monotonic()
            if self._pipeline.backlog_seen or self._board.needs_restore:
                # Cleared first: what comes while we read sets it again.
                self._pipeline.backlog_seen = False
                self._board.needs_restore = False
                calm_since_mono = now_mono
            elif calm_since_mono is not None and now_mono - calm_since_mono >= CALM_S:
                calm_since_mono = None
                self._restore()
                curve_mono = 0.0
            if now_mono >= curve_mono:
                curve_mono = now_mono + max(LEAST_REAL_S, DAY_CURVE_S / self._clock.speed)
                self._refresh_day()

    def _restore(self) -> None:
        try:
            self._board.restore(self._store, self._clock.now_ts())
        except StoreError as error:
            log.error(  # noqa: TRY400 - the message says it; a traceback adds nothing
                "counts could not be rebuilt from history: %s", error
            )

    def _refresh_day(self) -> None:
        try:
            self._board.refresh_day(self._store, self._clock.now_ts())
        except StoreError as error:
            log.error(  # noqa: TRY400 - as above
                "the day's curve could not be made: %s", error
            )
