"""Energy and power from a meter's pulses: its S0 output, or its blinking LED before a light sensor.

``sample`` runs on the sensor's own thread, once a period; ``metering`` makes energy and power of the pulses.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig
from vigie_sensors.metering import PulseMeter
from vigie_sensors.pins import Lines

_OPTIONS = (
    Option("pin", "int", "BCM number of the pin on the pulse output", REQUIRED, low=2, high=27),
    Option("pulses_per_kwh", "float", "On the meter's face: imp/kWh", REQUIRED, unit="1/kWh", low=0.1, high=100_000),
    Option("active_high", "bool", "Whether a pulse gives 3.3 V rather than ground", default=False),
    Option(
        "debounce_s",
        "float",
        "A pulse so soon after the end of another is a bounce; S0 outputs rest for 30 ms at least",
        0.005,
        unit="s",
        low=0,
        high=1,
    ),
)
_WIRING = """\
S0 output (DIN 43864; isolated, open collector): S0+ to the pin, S0- to GND; the Pi pulls the pin up to 3.3 V. Meters
that ask for 5 V or more on S0 need an optocoupler. Or a phototransistor over the meter's LED: collector to the pin,
emitter to GND, taped so that no other light reaches it. Fitting a meter is for an electrician."""


class Pulse:
    """One meter."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._lines = Lines({"pulse": options["pin"]}, options["active_high"])
        self._meter = PulseMeter(options["pulses_per_kwh"], options["debounce_s"])

    def sample(self) -> list[Reading]:
        """The energy since the start and the power of the period; ``starting`` until two pulses were seen."""
        for edge in self._lines.drain():
            self._meter.feed(edge.at_s, edge.active)
        power_w = self._meter.power_w(self._lines.now_s())
        now_ts = self._clock.now_ts()
        return [
            Reading(f"{self._name}-energy", now_ts, self._meter.energy_wh),
            Reading(f"{self._name}-power", now_ts, power_w, "starting" if power_w is None else None),
        ]

    def close(self) -> None:
        """Give the pin back."""
        self._lines.close()


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}-energy``: energy; ``{name}-power``: power."""
    return tuple(
        Channel(f"{config.name}-{quantity}", quantity, config.period_s, config.room, config.label)
        for quantity in ("energy", "power")
    )


DRIVER = DriverSpec(
    name="pulse",
    kind="outlets",
    text="Energy and power: the pulses of a meter (S0 output or LED)",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=10.0,
    channels=channels,
    open=Pulse,
)
