"""The dead man's switch: an address outside that is asked for as long as the gateway gets on, and tells when it is not.

It is fed by real progress only: a gateway that hangs, or whose power or line is gone, stops feeding it, and whoever
serves it (healthchecks.io, or one's own) tells the admins then. A thread of its own; that the address does not answer
alerts nobody here: the uplink's own alert says that.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from threading import Event, Thread
from typing import Any

from vigie_contract.clock import Clock
from vigie_gateway.calendars.events import FeedError
from vigie_gateway.calendars.fetch import Fetcher

log = logging.getLogger(__name__)

STOP_S = 1.0
"""How long a request under way may hold up the end of the gateway; it is hung up on before."""


class Progress:
    """Which parts of the gateway get on.

    Args:
        counters: By a part's name, a number that rises while it does.
        is_sound: By a part's name, whether it works.
    """

    def __init__(
        self, counters: Mapping[str, Callable[[], float]], is_sound: Mapping[str, Callable[[], bool]] | None = None
    ) -> None:
        self._counters = counters
        self._is_sound = is_sound or {}
        self._before: dict[str, float] = {}

    def stuck(self) -> list[str]:
        """Parts that do not work, or whose number is what it was the last time it was asked for."""
        now = {name: counter() for name, counter in self._counters.items()}
        stuck = [name for name, number in now.items() if self._before.get(name) == number]
        self._before = now
        return stuck + [name for name, is_sound in self._is_sound.items() if not is_sound()]


class Heartbeat:
    """The thread.

    Args:
        url: Asked with GET; 200 is expected.
        every_s: So often.
        may_be_here: Whether it may be on this machine.
        stuck: Names of what does not get on; asked once each time.
        clock: The time.
    """

    def __init__(
        self, url: str, every_s: float, *, may_be_here: bool, stuck: Callable[[], Sequence[str]], clock: Clock
    ) -> None:
        self._url = url
        self._every_s = every_s
        self._may_be_here = may_be_here
        self._stuck = stuck
        self._clock = clock
        self._fetcher = Fetcher("*/*")
        self._stopping = Event()
        self._thread: Thread | None = None
        self._fed_ts: float | None = None
        self._trouble: str | None = None

    def start(self) -> None:
        """Start the thread."""
        # A look-up of a name cannot be ended: the process may, with it under way.
        self._thread = Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._fetcher.stop()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def beat(self) -> None:
        """Feed the switch, unless something is stuck."""
        if stuck := self._stuck():
            self._failed(f"not fed: no progress of {', '.join(stuck)}")
            return
        try:
            self._fetcher.url(self._url, may_be_here=self._may_be_here)
        except FeedError as error:
            self._failed(str(error))
        except ValueError:  # http.client's, of an address with a control character; it would repeat it
            self._failed("its address cannot be asked for")
        else:
            self._trouble = None
            self._fed_ts = self._clock.now_ts()

    def report(self) -> dict[str, Any]:
        """For ``/healthz``."""
        return {
            "status": "pass" if self._trouble is None else "warn",
            "fed_ts": self._fed_ts,
            "trouble": self._trouble,
        }

    def _failed(self, trouble: str) -> None:
        if self._trouble is None and not self._stopping.is_set():
            log.warning("dead man's switch: %s", trouble)
        self._trouble = trouble

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.beat()
            self._clock.wait(self._stopping, self._every_s)
