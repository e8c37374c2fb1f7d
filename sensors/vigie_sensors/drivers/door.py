"""People in and out through a doorway with two light beams.

``sample`` runs on the sensor's own thread, once a period; ``crossing`` decides who went where.
"""

from __future__ import annotations

from vigie_contract.readings import Reading
from vigie_sensors.crossing import Beam, Crossing
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig, channels_in_and_out
from vigie_sensors.pins import Lines

_OPTIONS = (
    Option("pin_outer", "int", "BCM number of the receiver on the outside", REQUIRED, low=2, high=27),
    Option("pin_inner", "int", "BCM number of the receiver on the room's side", REQUIRED, low=2, high=27),
    Option("blocked_high", "bool", "Whether a blocked beam gives 3.3 V; most receivers give 0 V", default=False),
    Option(
        "stuck_s", "float", "A beam blocked for longer hides who passes: unknown", 60.0, unit="s", low=1, high=3_600
    ),
)
_WIRING = """\
Two infrared break-beam pairs across the doorway, 10 to 15 cm apart, at hip height (about 1 m: legs and arms swing),
so that one person blocks both at once; `pin_outer` is the side from which people come in. Receivers with an open
collector (most): supply to 3.3 V or 5 V, GND to GND, OUT to the pin; the Pi pulls it up to 3.3 V. A receiver that
drives OUT itself must be fed with 3.3 V. Long wires: shielded, or 10 kΩ from OUT to 3.3 V."""


class Door:
    """One doorway."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._lines = Lines(
            {Beam.OUTER: options["pin_outer"], Beam.INNER: options["pin_inner"]}, options["blocked_high"]
        )
        self._crossing = Crossing(options["stuck_s"])

    def sample(self) -> list[Reading]:
        """Both totals since the start; ``busy`` while something stands in a beam."""
        for edge in self._lines.drain():
            self._crossing.feed(edge.at_s, Beam(edge.line), edge.active)
        self._crossing.advance(self._lines.now_s())
        totals = (("in", self._crossing.people_in), ("out", self._crossing.people_out))
        now_ts = self._clock.now_ts()
        if self._crossing.is_blocked():
            return [Reading(f"{self._name}-{way}", now_ts, None, "busy") for way, _ in totals]
        return [Reading(f"{self._name}-{way}", now_ts, float(people)) for way, people in totals]

    def close(self) -> None:
        """Give the pins back."""
        self._lines.close()


DRIVER = DriverSpec(
    name="door",
    kind="occupancy",
    text="People in and out of a door: two light beams",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=5.0,
    channels=channels_in_and_out,
    open=Door,
)
