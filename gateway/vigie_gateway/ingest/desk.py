"""The desk: takes what a person says from a request to the disk, and from there to the board.

A request's thread calls ``enter`` and waits; the ingest thread, which alone writes to the store, calls ``serve`` in
each of its rounds. Whoever was answered finds it on the disk: it is not part of the next commit but one of its own.
"""

from __future__ import annotations

from collections.abc import Callable

from vigie_contract.clock import Clock
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest.handover import Handover, NoTurnError
from vigie_gateway.place.board import Board
from vigie_gateway.place.corrections import CorrectionError, Word, channel_of
from vigie_gateway.place.site import Site
from vigie_gateway.store import BY_HAND, Correction, Sample, Store, StoreError

LEAST_STEP_S = 0.001
"""Two words are never of one moment, so that they can be told apart: the store keeps milliseconds."""


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
        self._handover = Handover(self._take, CorrectionError)
        self._last_ts = 0.0

    def enter(self, word: Word, author: str) -> Correction:
        """Store what somebody says, and show it.

        Raises:
            CorrectionError: It was not stored: the clock or the disk does not allow it, or no turn came.
        """
        try:
            return self._handover.ask((word, author))
        except NoTurnError as error:
            raise CorrectionError("", "busy", str(error)) from error

    def serve(self) -> None:
        """Store all that waits."""
        self._handover.serve()

    def _take(self, said: tuple[Word, str]) -> Correction:
        try:
            return self._store_word(*said)
        except StoreError as error:
            raise CorrectionError("", "store", f"it could not be stored: {error}") from error

    def _store_word(self, word: Word, author: str) -> Correction:
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
