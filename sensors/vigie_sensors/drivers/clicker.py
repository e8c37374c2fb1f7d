"""People in and out as a door keeper counts them, with two buttons: + for one in, - for one out.

``sample`` runs on the sensor's own thread, once a period; bounces are taken out by ``debounce``.
"""

from __future__ import annotations

from vigie_contract.readings import Reading
from vigie_sensors.debounce import PulseCounter
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig, channels_in_and_out
from vigie_sensors.pins import Lines

_OPTIONS = (
    Option("pin_plus", "int", "BCM number of the pin of the + button", REQUIRED, low=2, high=27),
    Option("pin_minus", "int", "BCM number of the pin of the - button", REQUIRED, low=2, high=27),
    Option("active_high", "bool", "Whether a pressed button gives 3.3 V rather than ground", default=False),
    Option(
        "debounce_s",
        "float",
        "A press so soon after a release is a bounce; longer loses presses of a quick thumb",
        0.03,
        unit="s",
        low=0.001,
        high=0.5,
    ),
)
_WIRING = """\
Two push buttons, each between its pin and GND; the Pi pulls the pins up to 3.3 V, no resistor is needed. Never to 5 V.
A long cable to the door: twisted with its ground, 10 kΩ from the pin to 3.3 V and 100 nF from the pin to GND."""


class Clicker:
    """One pair of buttons."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._lines = Lines({"in": options["pin_plus"], "out": options["pin_minus"]}, options["active_high"])
        self._presses = {way: PulseCounter(options["debounce_s"]) for way in ("in", "out")}

    def sample(self) -> list[Reading]:
        """Both totals since the start."""
        for edge in self._lines.drain():
            self._presses[edge.line].feed(edge.at_s, edge.active)
        now_ts = self._clock.now_ts()
        return [Reading(f"{self._name}-{way}", now_ts, float(presses.count)) for way, presses in self._presses.items()]

    def close(self) -> None:
        """Give the pins back."""
        self._lines.close()


DRIVER = DriverSpec(
    name="clicker",
    kind="occupancy",
    text="People in and out as a door keeper counts them: two buttons",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=2.0,
    channels=channels_in_and_out,
    open=Clicker,
)
