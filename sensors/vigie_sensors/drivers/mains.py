"""Whether a circuit has voltage, from an isolated detector on a pin: the breaker that tripped.

``sample`` runs on the sensor's own thread, once a period; ``debounce`` decides what is a blip. Changes between two
samples are told with their own times, so that a short cut is not lost.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.debounce import Settled
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig
from vigie_sensors.pins import Lines

_OPTIONS = (
    Option("pin", "int", "BCM number of the pin on the detector's output", REQUIRED, low=2, high=27),
    Option("active_high", "bool", "Whether 3.3 V means that there is voltage; most detectors pull low", default=False),
    Option("debounce_s", "float", "A change that lasts less is a blip", 0.1, unit="s", low=0, high=10),
)
_WIRING = """\
Work on the mains side is for an electrician. An optocoupler detector for 230 V AC with a smoothed, steady output
(not 100 pulses a second), or the contact of a 230 V relay, on the load side of the breaker. Only its isolated side
comes near the Pi: output (open collector) or contact to the pin, the other end to GND; the Pi pulls the pin up to
3.3 V. A cut wire reads as a circuit without voltage."""


class Mains:
    """One circuit."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._lines = Lines({"out": options["pin"]}, options["active_high"])
        self._settled = Settled(options["debounce_s"])

    def sample(self) -> list[Reading]:
        """The changes since the last sample, then what is true now; ``starting`` until the first has settled."""
        edges = self._lines.drain()
        now_s, now_ts = self._lines.now_s(), self._clock.now_ts()
        changes = self._settled.changes(((edge.at_s, edge.active) for edge in edges), now_s)
        readings = [Reading(self._name, now_ts - (now_s - at_s), float(live)) for at_s, live in changes]
        if self._settled.state is None:
            return [Reading(self._name, now_ts, None, "starting")]
        return [*readings, Reading(self._name, now_ts, float(self._settled.state))]

    def close(self) -> None:
        """Give the pin back."""
        self._lines.close()


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}``: mains."""
    return (Channel(config.name, "mains", config.period_s, config.room, config.label),)


DRIVER = DriverSpec(
    name="mains",
    kind="outlets",
    text="The circuit has voltage: an isolated mains detector",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=5.0,
    channels=channels,
    open=Mains,
)
