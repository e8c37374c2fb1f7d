"""Rules tried on history while the gateway runs: one at a time, and not for long.

Called by ``api.rules`` on worker threads. The thread reads the store as any page does; what it reckons takes processor
time from readings and pages, so that it has an end.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from vigie_gateway.alerts.recorded import TooLongError, try_rule
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.trial import Trial
from vigie_gateway.place.site import Site
from vigie_gateway.store import Store

SPANS_D = (1, 7, 30)
"""The periods that can be asked for, in days: single readings of most quantities are kept for a little more."""
LONGEST_S = 20.0
"""Of one trial, real seconds. Lower finds nothing in a large place on a Pi Zero; higher slows the board for longer."""


class AttemptError(Exception):
    """Nothing was tried.

    Attributes:
        kind: ``busy`` where another rule is being tried, ``long`` where it took more than LONGEST_S.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Attempts:
    """The one trial at a time."""

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._turn = threading.Lock()

    def run(self, site: Site, rule: Rule, days: int, now_ts: float) -> Trial:
        """When it would have fired in the days before now.

        Args:
            site: The place; also one whose rules are not saved yet.
            rule: On or off.
            days: Any of SPANS_D.
            now_ts: Epoch seconds.

        Raises:
            AttemptError: Another one is under way, or it took too long.
            StoreError: The store cannot be read.
        """
        if not self._turn.acquire(blocking=False):
            raise AttemptError("busy")
        try:
            ends_mono = self._monotonic() + LONGEST_S
            from_ts = now_ts - days * 86_400.0
            return try_rule(site, self._store, rule, from_ts, now_ts, lambda: self._monotonic() > ends_mono)
        except TooLongError as error:
            raise AttemptError("long") from error
        finally:
            self._turn.release()
