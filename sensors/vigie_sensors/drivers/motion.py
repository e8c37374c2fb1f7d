"""Occupied or free, from a PIR motion sensor on a pin: a pulse of any length between two samples counts.

``sample`` runs on the sensor's own thread, once a period; ``hold`` decides.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig
from vigie_sensors.hold import Hold
from vigie_sensors.pins import Lines

_OPTIONS = (
    Option("pin", "int", "BCM number of the pin on the sensor's OUT", REQUIRED, low=2, high=27),
    Option("active_high", "bool", "Whether OUT is high (3.3 V) at motion, as PIR sensors are", default=True),
    Option(
        "hold_s",
        "float",
        "Occupied for so long after the last motion; somebody who reads may not move for minutes, an empty room shows "
        "as taken for as long",
        300.0,
        unit="s",
        low=1,
        high=7_200,
    ),
    Option("warmup_s", "float", "Not believed for so long after a start (PIR data sheets)", 60.0, "s", low=0, high=600),
)
_WIRING = """\
PIR (HC-SR501, AM312…): VCC to 5 V (pin 2) or what its sheet says, GND to GND (pin 6), OUT to the pin.
OUT must not exceed 3.3 V: that of the HC-SR501 does not, though it is fed with 5 V. Set its jumper to H (retrigger)
and its delay to the least. Away from heaters, fans and the Pi's own antenna, which trigger it."""


class Motion:
    """One PIR."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._lines = Lines({"out": options["pin"]}, options["active_high"])
        self._hold = Hold(self._lines.now_s(), options["warmup_s"], options["hold_s"])

    def sample(self) -> list[Reading]:
        """Whether somebody is there; ``starting`` until that can be said."""
        for edge in self._lines.drain():
            self._hold.feed(edge.at_s, edge.active)
        occupied = self._hold.is_occupied(self._lines.now_s())
        now_ts = self._clock.now_ts()
        if occupied is None:
            return [Reading(self._name, now_ts, None, "starting")]
        return [Reading(self._name, now_ts, float(occupied))]

    def close(self) -> None:
        """Give the pin back."""
        self._lines.close()


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}``: occupied."""
    return (Channel(config.name, "occupied", config.period_s, config.room, config.label),)


DRIVER = DriverSpec(
    name="motion",
    kind="occupancy",
    text="Somebody is there: a PIR motion sensor",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=5.0,
    channels=channels,
    open=Motion,
)
