"""A rate that several threads keep together. Used by the streams; its times are the machine's monotonic clock."""

from __future__ import annotations

import threading

from vigie_contract.clock import Clock


class Pace:
    """Lets bytes pass at a rate, none saved up: what was not used in time is gone, so that no burst follows a pause.

    Attributes:
        rate_bps: Now.
    """

    def __init__(self, rate_bps: float, clock: Clock) -> None:
        """Begin at a rate in bit/s, above 0."""
        self._clock = clock
        self._lock = threading.Lock()
        self.rate_bps = rate_bps
        self._free_mono = clock.now_mono()

    def set_rate(self, rate_bps: float) -> None:
        """From the next bytes on."""
        with self._lock:
            self.rate_bps = rate_bps

    def wait_for(self, count: int, stop: threading.Event) -> bool:
        """Wait until so many bytes may pass; False when ``stop`` was set first."""
        with self._lock:
            now_mono = self._clock.now_mono()
            begin_mono = max(self._free_mono, now_mono)
            self._free_mono = begin_mono + count * 8 / self.rate_bps
        if begin_mono > now_mono:
            self._clock.wait(stop, begin_mono - now_mono)
        return not stop.is_set()
