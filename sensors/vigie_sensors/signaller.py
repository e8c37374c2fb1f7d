"""A pin that follows the alerts of the gateways: the thread behind the drivers ``lamp`` and ``buzzer``.

Opened by such a driver on its sensor's thread. A thread of its own wakes when a gateway says something and when the
rhythm changes, since samples are too far apart for either; a sample says what the pin shows.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from vigie_contract.alerts import SEVERITIES
from vigie_contract.clock import Clock, SystemClock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import REQUIRED, Context, DriverError, Option, SensorConfig
from vigie_sensors.pins import Output
from vigie_sensors.rare_times import is_allowed
from vigie_sensors.rhythm import OFF, Rhythm
from vigie_sensors.told_alerts import ToldAlerts

LOOK_S = 1.0
"""Between two looks when nobody says anything: what was said gets too old, quiet hours begin. Lower wakes the processor
for nothing; higher shows "all is well" for so much longer."""
PERIOD_S = 30.0
JOIN_S = 2.0
"""How long a close waits for the thread, which waits for nothing but a pin."""

PIN = Option("pin", "int", "BCM number of the pin that switches it", REQUIRED, low=2, high=27)
ACTIVE_HIGH = Option(
    "active_high", "bool", "Whether 3.3 V switches it on; many relay boards are switched on by ground", default=True
)
LEAST = Option(
    "least",
    "str",
    'The least bad alert that it shows: "outage", "warning" or "unknown" (a node or sensor is silent)',
    "warning",
    choices=tuple(SEVERITIES),
)


class Signaller:
    """One pin.

    Args:
        config: Of its sensor, with the options above.
        context: Of the daemon.
        called: How it says that something fires that nobody has in hand.
        unknown: How it says that it does not know.
        quiet: Spans of the local day in which it says nothing.
        link_clock: Real time, also in a simulated day.
    """

    def __init__(
        self,
        config: SensorConfig,
        context: Context,
        called: Rhythm,
        unknown: Rhythm,
        quiet: Sequence[tuple[int, int]] = (),
        link_clock: Clock | None = None,
    ) -> None:
        self._name = config.name
        self._clock = context.clock
        self._link_clock = link_clock or SystemClock()
        self._alerts = context.alerts or ToldAlerts((), self._link_clock)
        self._least: str = config.options["least"]
        self._rhythms = {True: called, None: unknown, False: OFF}
        self._quiet = quiet
        self._output = Output(config.options["pin"], active_high=config.options["active_high"])
        self._woken = threading.Event()
        self._is_over = False
        self._fault: DriverError | None = None
        self._alerts.follow(self._woken)
        self._thread = threading.Thread(target=self._run, name=f"signaller {config.name}", daemon=True)
        self._thread.start()

    def sample(self) -> list[Reading]:
        """Whether it is switched on for an alert; unknown while it shows that it does not know."""
        if self._fault is not None:
            raise self._fault
        is_called, now_ts = self._shown(), self._clock.now_ts()
        if is_called is None:
            return [Reading(self._name, now_ts, None, "silent" if self._alerts.is_heard else "starting")]
        return [Reading(self._name, now_ts, float(is_called))]

    def close(self) -> None:
        """Switch it off and give the pin back."""
        self._is_over = True
        self._woken.set()
        self._thread.join(JOIN_S)
        self._alerts.leave(self._woken)
        self._output.close()

    def _shown(self) -> bool | None:
        now_at = datetime.fromtimestamp(self._clock.now_ts(), UTC).astimezone()
        # A clock that is not right knows no night: rather a noise in one than silence by day.
        is_quiet = bool(self._quiet) and self._clock.is_synchronised() and is_allowed(now_at, self._quiet)
        return False if is_quiet else self._alerts.is_called(self._least)

    def _run(self) -> None:
        try:
            self._follow(self._link_clock.now_mono)
        except DriverError as error:
            self._fault = error  # told by the next sample, on the sensor's own thread

    def _follow(self, now_mono: Callable[[], float]) -> None:
        shown, since_mono = self._shown(), now_mono()
        while not self._is_over:
            is_on, lasts_s = self._rhythms[shown].at(now_mono() - since_mono)
            self._output.set(is_on)
            self._link_clock.wait(self._woken, min(lasts_s, LOOK_S))
            self._woken.clear()
            if (now := self._shown()) is not shown:
                shown, since_mono = now, now_mono()


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}``: switched on."""
    return (Channel(config.name, "switched_on", config.period_s, config.room, config.label),)
