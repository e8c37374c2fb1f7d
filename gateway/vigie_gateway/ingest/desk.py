"""The desk: takes what a person says from a request to the disk, and from there to the board.

A request's thread calls ``enter`` and waits; the ingest thread, which alone writes to the store, calls ``serve`` in
each of its rounds. Whoever was answered finds it on the disk: it is not part of the next commit but one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import NamedTuple

from vigie_contract.clock import Clock
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.place.board import Board
from vigie_gateway.place.corrections import CorrectionError, Word, channel_of
from vigie_gateway.place.site import Site
from vigie_gateway.store import BY_HAND, Correction, Sample, Store, StoreError

PATIENCE_S = 10.0
"""How long a request waits for its turn on the ingest thread. Lower refuses what a slow card would have taken; higher
leaves a person before a page that does not come."""
LEAST_STEP_S = 0.001
"""Two words are never of one moment, so that they can be told apart: the store keeps milliseconds."""


class _Entry(NamedTuple):
    word: Word
    author: str
    done: Future[Correction]


class Desk:
    """Takes corrections. ``enter`` may be called from any thread, ``serve`` from the store's writer alone."""

    def __init__(
        self,
        site: Site,
        store: Store,
        board: Board,
        clock: Clock,
        watch: ClockWatch,
        on_change: Callable[[], None],
    ) -> None:
        """Be ready; ``on_change`` is called when the board has something else to show."""
        self._site = site
        self._store = store
        self._board = board
        self._clock = clock
        self._watch = watch
        self._on_change = on_change
        self._waiting: SimpleQueue[_Entry] = SimpleQueue()
        self._last_ts = 0.0

    def enter(self, word: Word, author: str) -> Correction:
        """Store what somebody says, and show it.

        Raises:
            CorrectionError: It was not stored: the clock or the disk does not allow it, or no turn came.
        """
        entry = _Entry(word, author, Future())
        self._waiting.put(entry)
        try:
            return entry.done.result(PATIENCE_S)
        except TimeoutError as error:
            if entry.done.cancel():
                raise CorrectionError("", "busy", "the gateway is busy with its disk: try again") from error
            return entry.done.result()  # it is being written

    def serve(self) -> None:
        """Store all that waits."""
        while True:
            try:
                entry = self._waiting.get_nowait()
            except Empty:
                return
            if not entry.done.set_running_or_notify_cancel():
                continue  # whoever said it was told that it was not taken
            try:
                entry.done.set_result(self._take(entry.word, entry.author))
            except CorrectionError as error:
                entry.done.set_exception(error)
            except StoreError as error:
                entry.done.set_exception(CorrectionError("", "store", f"it could not be stored: {error}"))
            except BaseException as error:
                entry.done.set_exception(error)  # somebody waits for an answer, whatever it is
                raise

    def _take(self, word: Word, author: str) -> Correction:
        if not self._watch.is_known:
            raise CorrectionError("", "clock", "the gateway's clock is not known to be right: nothing is stored")
        at_ts = round(max(self._clock.now_ts(), self._last_ts + LEAST_STEP_S), 3)
        was = self._board.stands(word.kind, word.subject, at_ts)
        said = Correction(word.kind, word.subject, word.value, was, word.reason, author, at_ts, word.until_ts)
        channel = channel_of(word, self._site)
        series = self._store.register(BY_HAND, [channel])[channel.id]
        self._store.commit([Sample(series.id, at_ts, float(word.value))], {}, (), [said])
        self._last_ts = at_ts
        self._board.correct(said)
        self._on_change()
        return said
