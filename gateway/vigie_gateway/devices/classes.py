"""Classes of Home Assistant entities, and what they are here. Pure; asked once for each announced entity.

Names are those of Home Assistant's sensor, binary_sensor, switch and cover documentation.
"""

from __future__ import annotations

from vigie_gateway.devices.units import quantity_of_unit

SENSOR_CLASSES = {
    "apparent_power": "apparent_power",
    "atmospheric_pressure": "pressure",
    "battery": "battery",
    "carbon_dioxide": "carbon_dioxide",
    "current": "current",
    "distance": "distance",
    "energy": "energy",
    "humidity": "humidity",
    "illuminance": "illuminance",
    "power": "power",
    "pressure": "pressure",
    "signal_strength": "rssi",
    "temperature": "temperature",
    "voltage": "voltage",
}
"""Quantity of a sensor's class. ``power_factor``, ``frequency`` (of the mains) and others have none here."""

STATE_CLASSES = {
    "door": "open",
    "garage_door": "open",
    "motion": "occupied",
    "occupancy": "occupied",
    "opening": "open",
    "power": "mains",
    "presence": "occupied",
    "window": "open",
}
"""Quantity of a binary sensor's class; "on" is true in all of them. A ``battery`` that is on is low: no level."""

COVER_CLASSES = frozenset({"door", "garage", "gate", "window"})
"""Covers that are ways in or out. The others are blinds and shutters, whose place says nothing of a room."""

COUNTER_STATES = frozenset({"total", "total_increasing"})


def sensor_quantity(device_class: str, unit: str, state_class: str) -> str | None:
    """What a sensor measures; None when it is none of our quantities, or is not told.

    Without a class the unit must say it alone. Energy must then also be told to be a total: kWh may as well be a
    forecast or a battery's content.
    """
    if device_class:
        return SENSOR_CLASSES.get(device_class)
    quantity = quantity_of_unit(unit)
    if quantity == "energy" and state_class not in COUNTER_STATES:
        return None
    return quantity
