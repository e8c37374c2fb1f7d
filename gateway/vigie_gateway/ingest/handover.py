"""From a request's thread to the ingest thread and back: whoever must wait until something is on the disk.

A request calls ``ask`` and waits; the ingest thread, which alone writes to the store, calls ``serve`` in each of its
rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

PATIENCE_S = 10.0
"""How long a request waits for its turn on the ingest thread. Lower refuses what a slow card would have taken; higher
leaves a person before a page that does not come."""

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class NoTurnError(Exception):
    """The ingest thread did not come to it in time; nothing was done."""


class Handover(Generic[Asked, Answered]):
    """The queue between them."""

    def __init__(self, take: Callable[[Asked], Answered], refusals: type[Exception]) -> None:
        """Be ready.

        Args:
            take: Does what is asked, on the ingest thread.
            refusals: Of it, which are an answer too; whatever else it raises is also a fault of the round.
        """
        self._take = take
        self._refusals = refusals
        self._waiting: SimpleQueue[tuple[Asked, Future[Answered]]] = SimpleQueue()

    def ask(self, asked: Asked) -> Answered:
        """Have it done; raises what doing it raises, or NoTurnError."""
        done: Future[Answered] = Future()
        self._waiting.put((asked, done))
        try:
            return done.result(PATIENCE_S)
        except TimeoutError as error:
            if done.cancel():
                raise NoTurnError("the gateway is busy with its disk: try again") from error
            return done.result()  # it is being done

    def serve(self) -> None:
        """Do all that waits. Ingest thread only."""
        while True:
            try:
                asked, done = self._waiting.get_nowait()
            except Empty:
                return
            if not done.set_running_or_notify_cancel():
                continue  # whoever asked was told that it was not done
            try:
                done.set_result(self._take(asked))
            except self._refusals as error:
                done.set_exception(error)
            except BaseException as error:
                done.set_exception(error)  # somebody waits for an answer, whatever it is
                raise
