"""What Tasmota's SENSOR object holds: a meter, the French meter, Zigbee and Bluetooth devices, any I2C sensor.

Called by ``tasmota`` alone. A sensor is a name and an object of values; which value is what stands in the firmware's
own list of names, the same for every sensor.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from vigie_gateway.devices.families.teleinfo import say_labels
from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.payloads import number_of, state_of

_ENERGY: dict[str, tuple[str, str]] = {
    "Total": ("energy", "kWh"),
    "Power": ("power", "W"),
    "ApparentPower": ("apparent_power", "VA"),
    "Voltage": ("voltage", "V"),
    "Current": ("current", "A"),
}
"""Of a meter. Today and Yesterday start anew at midnight of the device's own clock, and are in Total."""

_VALUES: dict[str, tuple[str, str]] = {
    "AMBTMP": ("temperature", "TempUnit"),
    "Battery": ("battery", "%"),
    "BatteryPercentage": ("battery", "%"),
    "CarbonDioxide": ("carbon_dioxide", "ppm"),
    "Current": ("current", "A"),
    "Energy": ("energy", "kWh"),
    "Humidity": ("humidity", "%"),
    "Illuminance": ("illuminance", "lx"),
    "OBJTMP": ("temperature", "TempUnit"),
    "Occupancy": ("occupied", ""),
    "Power": ("power", "W"),
    "Pressure": ("pressure", "PressureUnit"),
    "Temperature": ("temperature", "TempUnit"),
    "Voltage": ("voltage", "V"),
}
"""Of any sensor. ``eCO2`` is reckoned from other gases and no measure of CO2."""

_ZIGBEE: dict[str, tuple[str, str]] = {
    **{key: _VALUES[key] for key in ("Humidity", "Illuminance", "Occupancy", "Pressure", "Temperature", "Voltage")},
    "ActivePower": ("power", "W"),
    "Battery": ("battery", "%"),
    "BatteryPercentage": ("battery", "%"),
    "RMSCurrent": ("current", "A"),
    "RMSVoltage": ("voltage", "V"),
}
"""Of a Zigbee device behind a bridge. Power is a relay's state there, and 2 the press of a remote's button."""

_LORA: dict[str, tuple[str, str]] = {
    **{key: _VALUES[key] for key in ("Humidity", "Illuminance", "Temperature")},
    "Battery": ("voltage", "V"),
    "DoorOpen": ("open", ""),
}
"""Of a LoRaWAN node behind a bridge. Its battery is told in volts."""

_UNITS = {"TempUnit": "C", "PressureUnit": "hPa"}
"""Those of the firmware's defaults, for messages that do not say theirs."""
_PERSONS = re.compile(r"IBEACON|PN532|RC522|RDM6300|WIEGAND|BLE|iBeacon\d*")
"""Sensors that see people's cards and phones."""
_SWITCH = re.compile(r"(?:Switch|Button)\d{0,2}")
_PRESENCE_RADAR = re.compile(r"LD24\d\dS?")
_CENTIMETRES = re.compile(r"LD24\d\dS?|SR04(-\d)?")
_MILLIMETRES = re.compile(r"VL53L[01]X(-\d)?|TOF10120")
_SOMEBODY = 2
"""From here up, the radar's ``People`` is a state that says somebody is there. It is no count of heads."""


def say_sensors(told: Told, device: str, body: dict[str, Any]) -> None:
    """Tell all that a SENSOR object holds."""
    units = {key: value for key, value in body.items() if key in _UNITS and isinstance(value, str)}
    tic = body.get("TIC")
    for name, value in body.items():
        if _PERSONS.fullmatch(name):
            told.saw_person()
        elif _SWITCH.fullmatch(name):
            if state_of(value) is not None:
                told.mention(name, state_of(value))
        elif name == "ENERGY":
            # Beside the French meter's own labels its Power is PAPP, in VA.
            if not isinstance(tic, dict):
                _say_energy(told, value)
        elif isinstance(value, dict) and name not in {"TIC", "Wifi"} and not name.startswith(("Zb", "Lw")):
            _say_sensor(told, name, value, units)
    if isinstance(tic, dict):
        say_labels(told, tic, "TIC/")
    say_bridged(told, device, body)


def say_bridged(told: Told, device: str, body: dict[str, Any]) -> None:
    """Tell what devices behind a Zigbee or LoRaWAN bridge say."""
    units = {key: value for key, value in body.items() if key in _UNITS and isinstance(value, str)}
    for bridge, known in (("ZbReceived", _ZIGBEE), ("LwReceived", _LORA)):
        heard = body.get(bridge)
        for address, values in heard.items() if isinstance(heard, dict) else ():
            if isinstance(values, dict) and (
                values.keys() & known.keys() or "Contact" in values or state_of(values.get("Power")) is not None
            ):
                _say_bridged_device(told, device, address, values, known, units)


def _say_energy(told: Told, energy: Any) -> None:
    if not isinstance(energy, dict):
        told.mention("ENERGY", energy)
        return
    for key, value in energy.items():
        if key in _ENERGY:
            for part, one in _parts(value):
                told.say(f"ENERGY/{key}{part}", one, *_ENERGY[key])


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """A value of one phase, or of several as a list or an object; phases count from 1."""
    if isinstance(value, list):
        yield from ((f"-{at}", one) for at, one in enumerate(value, 1))
    elif isinstance(value, dict):
        yield from ((f"-{key}", one) for key, one in value.items())
    else:
        yield "", value


def _say_sensor(told: Told, name: str, values: dict[str, Any], units: dict[str, str]) -> None:
    # Several of one kind are numbered as they are found at a start; their own id, where they have one, stays.
    key = f"{name.partition('-')[0]}:{values['Id']}" if isinstance(values.get("Id"), str) else name
    for what, value in values.items():
        if what in _VALUES:
            quantity, unit = _VALUES[what]
            for part, one in _parts(value):
                told.say(f"{key}/{what}{part}", one, quantity, _unit(unit, units), f"{name} {what}{part}")
        elif what == "Distance":
            _say_distance(told, name, f"{key}/{what}", value)
        elif what == "People" and _PRESENCE_RADAR.fullmatch(name):
            number = number_of(value)
            told.say(f"{key}/{what}", None if number is None else number >= _SOMEBODY, "occupied", "", name, value)
        elif isinstance(value, dict) and name == "ANALOG":
            _say_nested(told, f"{key}/{what}", value, units)


def _say_nested(told: Told, key: str, values: dict[str, Any], units: dict[str, str]) -> None:
    for what, value in values.items():
        if what in _VALUES and not isinstance(value, (dict, list)):
            quantity, unit = _VALUES[what]
            told.say(f"{key}/{what}", value, quantity, _unit(unit, units))


def _say_distance(told: Told, name: str, key: str, value: Any) -> None:
    if isinstance(value, (list, dict)):
        return
    unit = "cm" if _CENTIMETRES.fullmatch(name) else "mm" if _MILLIMETRES.fullmatch(name) else ""
    if number_of(value) == 0 and _PRESENCE_RADAR.fullmatch(name):
        value = None  # nobody is there to be at a distance
    if unit:
        told.say(key, value, "distance", unit, f"{name} Distance")
    else:
        told.mention(key, value, label=f"{name} Distance")


def _say_bridged_device(
    told: Told,
    bridge: str,
    address: str,
    values: dict[str, Any],
    known: dict[str, tuple[str, str]],
    units: dict[str, str],
) -> None:
    told.of(
        f"{bridge}/{values.get('Device', address)}",
        name=values.get("Name", address),
        maker=values.get("Manufacturer"),
        model=values.get("ModelId"),
        via=bridge,
    )
    endpoint = values.get("Endpoint")
    suffix = f"-{endpoint}" if isinstance(endpoint, int) and endpoint != 1 else ""
    for what, value in values.items():
        if what in known:
            quantity, unit = known[what]
            told.say(f"{what}{suffix}", value, quantity, _unit(unit, units))
        elif what == "Power" and state_of(value) is not None:
            told.say(f"{what}{suffix}", value, "switched_on")
        elif what == "Contact":
            told.mention(f"{what}{suffix}", value)  # which of 0 and 1 is open differs between devices


def _unit(unit: str, units: dict[str, str]) -> str:
    return units.get(unit, _UNITS[unit]) if unit in _UNITS else unit
