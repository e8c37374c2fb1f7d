"""One sensor, for as long as the daemon runs: open, sample each period, close, open again later.

Built by the daemon; each loop runs on a thread of its own. It owns the recovery of its driver: whatever a driver
raises ends here, in one line, and the other sensors go on.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import Context, Driver, DriverError, DriverSpec, SensorConfig
from vigie_sensors.intake import Intake
from vigie_sensors.journal import JournalError

FIRST_PAUSE_S = 5.0
"""Before a sensor that failed is opened again, doubling …"""
LONGEST_PAUSE_S = 300.0
"""… up to this. Higher leaves a sensor that was plugged in again dead for longer; lower asks dead hardware all day."""
GRACE_S = 180.0
"""Real seconds beyond its period that a sample may take before the loop counts as stuck. Lower would call a
throughput test (up to two minutes) stuck; higher leaves a hung bus unnoticed for longer."""

_log = logging.getLogger(__name__)


class SensorLoop:
    """The life of one sensor.

    Attributes:
        name: The sensor's, for messages.
        fault: What is wrong with it, one line for a person; None when nothing is.
        intake: Counts what was refused.
        lost: Readings that the journal could not take.
        was_opened: Set once opening the driver was tried for the first time, with or without success.
    """

    def __init__(
        self,
        sensor: SensorConfig,
        spec: DriverSpec,
        channels: Iterable[Channel],
        context: Context,
        append: Callable[[list[Reading]], None],
        stop: threading.Event,
        link_clock: Clock,
    ) -> None:
        """Prepare.

        Args:
            sensor: Its table in the configuration.
            spec: Its driver.
            channels: What it declared.
            context: Handed to the driver.
            append: Takes readings into the journal; raises JournalError.
            stop: Ends the loop.
            link_clock: Real time, for the watchdog's deadline.
        """
        self.name = sensor.name
        self.fault: str | None = None
        self.intake = Intake(channels)
        self.lost = 0
        self.was_opened = threading.Event()
        self._reason = "starting"
        self._sensor = sensor
        self._spec = spec
        self._context = context
        self._append = append
        self._stop = stop
        self._link_clock = link_clock
        self._driver: Driver | None = None
        self._pause_s = FIRST_PAUSE_S
        self._open_mono = -math.inf
        self._deadline_mono = math.inf
        self._thread = threading.Thread(target=self.run, name=f"sensor-{sensor.name}", daemon=True)

    def start(self) -> None:
        """Run on a thread of its own."""
        self._allow(0.0)
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait for the end, after ``stop`` was set."""
        self._thread.join(timeout_s)

    @property
    def is_live(self) -> bool:
        """Whether the loop still moves: its thread runs, and its last step did not take too long."""
        return self._thread.is_alive() and self._link_clock.now_mono() < self._deadline_mono

    def run(self) -> None:
        """Tick until stopped. The phase is kept: a tick that comes too late is left out, and the next is on time."""
        clock = self._context.clock
        start_mono = clock.now_mono()
        tick_mono = start_mono
        while not self._stop.is_set():
            self._allow(0.0)
            self.tick()
            tick_mono = next_tick(start_mono, self._sensor.period_s, clock.now_mono())
            self._allow(tick_mono - clock.now_mono())
            clock.wait(self._stop, tick_mono - clock.now_mono())
        self._close()

    def tick(self) -> None:
        """One period: a sample, or unknowns and why."""
        try:
            if self._driver is None and self._context.clock.now_mono() < self._open_mono:
                self._keep(self.intake.unknown(self._reason, self._context.clock.now_ts()))
                return
            if self._driver is None:
                try:
                    self._driver = self._spec.open(self._sensor, self._context)
                finally:
                    self.was_opened.set()
            readings = list(self._driver.sample())
        except DriverError as error:
            self._failed(str(error), error.reason)
            return
        except Exception as error:  # noqa: BLE001 - the loop that owns recovery: a driver's fault must not end its sensor
            _log.debug("driver %s", self._spec.name, exc_info=True)
            self._failed(f"driver {self._spec.name} is at fault: {type(error).__name__}: {error}", "failed")
            return
        if self.fault is not None:
            _log.info("sensor %s works again", self.name)
            self.fault = None
        self._pause_s = FIRST_PAUSE_S
        refused = self.intake.refused.total()
        self._keep(self.intake.admit(readings))
        if refused == 0 and self.intake.refused:
            counts = ", ".join(f"{count} {reason}" for reason, count in self.intake.refused.items())
            _log.warning("driver %s returned what it may not (%s); from now on this is only counted", self.name, counts)

    def _failed(self, text: str, reason: str) -> None:
        if text != self.fault:
            _log.warning("sensor %s: %s", self.name, text)
        self.fault, self._reason = text, reason
        self._close()
        self._open_mono = self._context.clock.now_mono() + self._pause_s
        self._pause_s = min(LONGEST_PAUSE_S, self._pause_s * 2)
        self._keep(self.intake.unknown(reason, self._context.clock.now_ts()))

    def _close(self) -> None:
        driver, self._driver = self._driver, None
        if driver is None:
            return
        try:
            driver.close()
        except Exception as error:  # noqa: BLE001 - as in tick: closing is the last that is asked of this driver
            _log.warning("sensor %s: closing failed: %s: %s", self.name, type(error).__name__, error)

    def _keep(self, readings: list[Reading]) -> None:
        if not readings:
            return
        try:
            self._append(readings)
        except JournalError as error:
            if self.lost == 0:
                _log.error("sensor %s: readings are being lost: %s", self.name, error)
            self.lost += len(readings)

    def _allow(self, wait_s: float) -> None:
        real_s = max(0.0, wait_s) / self._context.clock.speed
        self._deadline_mono = self._link_clock.now_mono() + real_s + GRACE_S


def next_tick(start_mono: float, period_s: float, now_mono: float) -> float:
    """The first of ``start + n * period`` that lies after now."""
    passed = math.floor((now_mono - start_mono) / period_s)
    tick_mono = start_mono + (passed + 1) * period_s
    return tick_mono if tick_mono > now_mono else start_mono + (passed + 2) * period_s
