"""A lamp that is lit while an alert fires that nobody has in hand, and flashes while nobody knows.

Works without internet: the node hears its gateways on the place's own broker. ``signaller`` does the work.
"""

from __future__ import annotations

from vigie_sensors.driver import Context, DriverSpec, SensorConfig
from vigie_sensors.rhythm import ON, Rhythm
from vigie_sensors.signaller import ACTIVE_HIGH, LEAST, PERIOD_S, PIN, Signaller, channels

UNKNOWN = Rhythm(0.2, 2.8)
"""A flash every three seconds: no lamp that works does so by itself, and none that is lit can be taken for it."""

_WIRING = """\
An LED with 330 Ω in series from the pin to GND is enough to try it: a pin gives 16 mA at most. A real lamp hangs on a
relay board with a supply of its own: IN to the pin, GND to GND. Most of these are switched on by ground: active_high =
false, and of one with an optocoupler VCC to 3.3 V, the jumper off and JD-VCC to 5 V. Low voltage only, 12 or 24 V: a
lamp on the mains is the work of an electrician, or of a socket that is switched by MQTT."""


def open_lamp(config: SensorConfig, context: Context) -> Signaller:
    """Follow the alerts with the pin; raises DriverError."""
    return Signaller(config, context, called=ON, unknown=UNKNOWN)


DRIVER = DriverSpec(
    name="lamp",
    kind="alerts",
    text="A lamp that is lit while an alert fires that nobody has in hand, and flashes while no gateway tells",
    wiring=_WIRING,
    options=(PIN, ACTIVE_HIGH, LEAST),
    period_s=PERIOD_S,
    channels=channels,
    open=open_lamp,
)
