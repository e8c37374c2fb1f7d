"""The wish to read ``site.toml`` again: by SIGHUP (``systemctl reload``), or from the set-up's pages.

``app.run`` serves one place after the other until it is told to stop; the store, the listening socket and the accounts
stay open in between, so that nobody is refused and no reading is lost: nodes keep what was not acknowledged. Signal
handlers and request threads call ``ask``.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from vigie_gateway.place.problem import SiteError, format_problem
from vigie_gateway.place.site import Site

log = logging.getLogger(__name__)


class Rereading:
    """Which place is served next."""

    def __init__(self, read: Callable[[], Site]) -> None:
        """Read nothing yet.

        Args:
            read: Gives the place as its file says it now, or raises SiteError.
        """
        self._read = read
        self._next: Site | None = None
        self._end: Callable[[], None] | None = None
        self._is_stopped = False

    def ask(self) -> bool:
        """Read the file, and go on with what it says; with the place as it was where the file is wrong.

        Returns:
            Whether it was right.
        """
        try:
            self._next = self._read()
        except SiteError as error:
            for problem in error.problems:
                log.error("the place stays as it was: %s", format_problem(problem))  # noqa: TRY400 - a person's file is wrong, no code
            return False
        log.info("the site file is read again")
        self._call_end()
        return True

    def stop(self) -> None:
        """Serve no other place after this one, and end this one."""
        self._is_stopped = True
        self._call_end()

    def serving(self, end: Callable[[], None]) -> None:
        """A place is about to be served; ``end`` ends that, at once where it was asked for meanwhile."""
        self._end = end
        if self._is_stopped or self._next is not None:
            end()

    def following(self) -> Site | None:
        """The place to serve next; None when there is none: the server ended by itself or was told to."""
        self._end = None
        site, self._next = self._next, None
        return None if self._is_stopped else site

    def _call_end(self) -> None:
        end = self._end
        if end is not None:
            end()

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """Listen to SIGHUP, and to what ends the gateway where no server does: while a place is being built."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python lets no other thread take signals
            return

        def take(number: int, _frame: FrameType | None) -> None:
            self.ask() if number == signal.SIGHUP else self.stop()

        before = {one: signal.signal(one, take) for one in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)
