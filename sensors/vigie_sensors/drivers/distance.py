"""Distance to what is before an HC-SR04 ultrasonic sensor, and whether somebody sits or stands there.

``sample`` runs on the sensor's own thread, once a period, and takes about a third of a second: the median of a few
echoes. gpiozero's own DistanceSensor is not used: it pings all the time, and keeps its last value when echoes stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from threading import Event

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.driver import REQUIRED, Context, DriverSpec, Option, SensorConfig
from vigie_sensors.pins import Lines, Output

PINGS = 5
"""Lower lets one false echo decide; higher keeps the sensor's thread for longer."""
ECHO_WAIT_S = 0.06
"""From one ping to the next. Lower hears the echo of the ping before (the sensor itself gives up after 38 ms)."""
TRIGGER_S = 10e-6
"""The least that starts a ping, by the data sheet."""
SOUND_M_PER_S = 343.0
"""At 20 °C; 0.6 m/s more a degree: 2 % between 15 and 25 °C."""

_OPTIONS = (
    Option("trigger", "int", "BCM number of the pin on TRIG", REQUIRED, low=2, high=27),
    Option("echo", "int", "BCM number of the pin on ECHO, behind its divider", REQUIRED, low=2, high=27),
    Option("max_m", "float", "What is farther is unknown: the sensor is good for 4 m", 4.0, unit="m", low=0.1, high=5),
    Option(
        "occupied_below_m", "float", "Nearer than this, somebody is there; adds a channel", unit="m", low=0.02, high=5
    ),
)
_WIRING = """\
HC-SR04: VCC to 5 V (pin 2), GND to GND, TRIG to `trigger`. ECHO gives 5 V, which destroys the Pi's pin: 330 Ω from
ECHO to `echo` and 470 Ω from `echo` to GND. (An HC-SR04P fed with 3.3 V needs no divider.) Aim it so that a hard thing
(desk edge, wall behind the chair) within `max_m` gives an echo when nobody is there: no echo is unknown, not free."""


def distance_of(echoes_s: Sequence[float], max_m: float) -> tuple[float | None, str | None]:
    """The distance that a few echoes tell.

    Args:
        echoes_s: How long ECHO was high, for each ping that was answered.
        max_m: Farther is not believed.

    Returns:
        The median in metres; or None with the reason: ``absent`` when fewer than half of the pings were answered.
    """
    if len(echoes_s) * 2 <= PINGS:
        return None, "absent"
    distance_m = median(echoes_s) * SOUND_M_PER_S / 2
    return (distance_m, None) if distance_m <= max_m else (None, "out-of-range")


class Distance:
    """One ranging sensor."""

    def __init__(self, config: SensorConfig, context: Context) -> None:
        options = config.options
        self._name = config.name
        self._clock = context.clock
        self._max_m: float = options["max_m"]
        self._occupied_below_m: float | None = options["occupied_below_m"]
        self._lines = Lines({"echo": options["echo"]}, active_high=True)
        try:
            self._trigger = Output(options["trigger"])
        except Exception:
            self._lines.close()
            raise

    def sample(self) -> list[Reading]:
        """The distance and, where asked for, whether somebody is there."""
        answered = [echo_s for _ in range(PINGS) if (echo_s := self._ping()) is not None]
        distance_m, reason = distance_of(answered, self._max_m)
        now_ts = self._clock.now_ts()
        readings = [Reading(self._name, now_ts, distance_m, reason)]
        if self._occupied_below_m is not None:
            occupied = None if distance_m is None else float(distance_m < self._occupied_below_m)
            readings.append(Reading(f"{self._name}-occupied", now_ts, occupied, reason))
        return readings

    def _ping(self) -> float | None:
        """How long ECHO was high, None when it was not or did not end."""
        self._lines.take()
        self._trigger.set(active=True)
        self._wait(Event(), TRIGGER_S)
        self._trigger.set(active=False)
        self._wait(Event(), ECHO_WAIT_S)
        rose_s = None
        for edge in self._lines.take():
            if edge.active:
                rose_s = edge.at_s
            elif rose_s is not None:
                # Sound is no faster in a simulated day: its clock is.
                return (edge.at_s - rose_s) / self._clock.speed
        return None

    def _wait(self, event: Event, duration_s: float) -> None:
        self._clock.wait(event, duration_s * self._clock.speed)

    def close(self) -> None:
        """Give the pins back."""
        self._trigger.close()
        self._lines.close()


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}``: distance; with ``occupied_below_m`` also ``{name}-occupied``: occupied."""
    distance = Channel(config.name, "distance", config.period_s, config.room, config.label)
    if config.options["occupied_below_m"] is None:
        return (distance,)
    return (distance, Channel(f"{config.name}-occupied", "occupied", config.period_s, config.room, config.label))


DRIVER = DriverSpec(
    name="distance",
    kind="occupancy",
    text="Distance to what is before it, at a desk or a door: an HC-SR04 ultrasonic sensor",
    wiring=_WIRING,
    options=_OPTIONS,
    period_s=10.0,
    channels=channels,
    open=Distance,
)
