"""Whether a door or window is open, from a reed contact on a pin.

``sample`` runs on the sensor's own thread, once a period; ``debounce`` decides what is a blip. Changes between two
samples are told with their own times, so that a door that was opened for a moment is not lost.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.debounce import Settled
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig
from vigie_sensors.pins import Lines

_OPTIONS = (
    Option("pin", "int", "BCM number of the pin on the contact", REQUIRED, low=2, high=27),
    Option(
        "opens_closed",
        "bool",
        "Whether an open door closes the contact; most are closed by the shut door",
        default=False,
    ),
    Option("debounce_s", "float", "A change that lasts less is a blip", 0.1, unit="s", low=0, high=10),
)
_WIRING = """\
A magnetic reed contact (normally open: the magnet closes it) on the frame, its magnet on the door, less than 15 mm
from it when shut. One wire to the pin, the other to GND; the Pi pulls the pin up to 3.3 V. A cut wire reads as an
open door."""


class Contact:
    """One door or window."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._opens_closed = options["opens_closed"]
        self._lines = Lines({"out": options["pin"]}, active_high=False)
        self._settled = Settled(options["debounce_s"])

    def sample(self) -> list[Reading]:
        """The changes since the last sample, then what is true now; ``starting`` until the first has settled."""
        edges = self._lines.drain()
        now_s, now_ts = self._lines.now_s(), self._clock.now_ts()
        changes = self._settled.changes(((edge.at_s, edge.active) for edge in edges), now_s)
        readings = [Reading(self._name, now_ts - (now_s - at_s), self._value(is_closed)) for at_s, is_closed in changes]
        if self._settled.state is None:
            return [Reading(self._name, now_ts, None, "starting")]
        return [*readings, Reading(self._name, now_ts, self._value(self._settled.state))]

    def _value(self, is_contact_closed: bool) -> float:
        return float(is_contact_closed == self._opens_closed)

    def close(self) -> None:
        """Give the pin back."""
        self._lines.close()


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}``: open."""
    return (Channel(config.name, "open", config.period_s, config.room, config.label),)


DRIVER = DriverSpec(
    name="contact",
    kind="occupancy",
    text="Whether a door or window is open: a reed contact",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=5.0,
    channels=channels,
    open=Contact,
)
