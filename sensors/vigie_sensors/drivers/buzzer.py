"""A buzzer that beeps while an alert fires that nobody has in hand, chirps while nobody knows, and heeds quiet hours.

Works without internet: the node hears its gateways on the place's own broker. ``signaller`` does the work.
"""

from __future__ import annotations

from vigie_contract.messages import Channel
from vigie_sensors import signaller
from vigie_sensors.driver import Context, DriverSpec, Option, SensorConfig
from vigie_sensors.rare_times import parse_hours
from vigie_sensors.rhythm import Rhythm
from vigie_sensors.signaller import ACTIVE_HIGH, PERIOD_S, PIN, Signaller

CALLED = Rhythm(0.5, 4.5)
"""Heard through a closed door, and one can speak on the telephone beside it."""
UNKNOWN = Rhythm(0.1, 59.9)
"""A chirp each minute, as smoke alarms do whose battery is low."""

_LEAST = Option("least", "str", signaller.LEAST.text, "outage", choices=signaller.LEAST.choices)
_QUIET = Option(
    "quiet",
    "list[str]",
    'Local time spans in which it is silent, "22:00-07:00"; while the node\'s clock is not right there are none',
    [],
)
_WIRING = """\
An active buzzer (it sounds by itself when fed; a passive one only clicks) for 3 to 5 V. Most draw 30 mA, more than the
16 mA that a pin gives: an NPN transistor (BC337), its emitter to GND, its base over 1 kΩ to the pin, the buzzer between
its collector and 3.3 V or 5 V, a diode (1N4148) across the buzzer with its ring to the supply. A module with three pins
has these on it: VCC, GND, I/O to the pin; one that sounds when I/O is low wants active_high = false."""


def open_buzzer(config: SensorConfig, context: Context) -> Signaller:
    """Follow the alerts with the pin; raises DriverError."""
    return Signaller(config, context, called=CALLED, unknown=UNKNOWN, quiet=parse_hours(config.options["quiet"]))


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """``{name}``: switched on; raises ValueError naming a wrong option."""
    try:
        parse_hours(config.options["quiet"])
    except ValueError as error:
        raise ValueError(str(error).replace("hours:", "quiet:", 1)) from error
    return signaller.channels(config)


DRIVER = DriverSpec(
    name="buzzer",
    kind="alerts",
    text="A buzzer that beeps while an alert fires that nobody has in hand, and chirps while no gateway tells",
    wiring=_WIRING,
    options=(PIN, ACTIVE_HIGH, _LEAST, _QUIET),
    period_s=PERIOD_S,
    channels=channels,
    open=open_buzzer,
)
