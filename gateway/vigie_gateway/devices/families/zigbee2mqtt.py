"""Zigbee2MQTT by its own topics: ``<base>/<friendly name>`` with a JSON object of all that is known of the device.

A message is a state, repeated with each change of any of its keys; ``last_seen`` says when the device itself spoke.
Identity is the friendly name, which is all that a state carries; where Home Assistant discovery is on, that reads these
topics instead, with the device's address as its identity.
"""

from __future__ import annotations

import re
from typing import Any

from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError, clean
from vigie_gateway.devices.payloads import json_of, number_of, state_of, text_of, time_in

MAX_DEVICES = 300
"""Described by the bridge. Lower leaves the last of a large network without their models; higher costs memory."""
MILLIVOLTS_ABOVE = 100
"""A battery above so many volts is told in millivolts; with 4, a pack of 12 V would be read as a thousandth of it."""

KEYS: dict[str, tuple[str, str]] = {
    "apparent_power": ("apparent_power", "VA"),
    "battery": ("battery", "%"),
    "co2": ("carbon_dioxide", "ppm"),
    "current": ("current", "A"),
    "device_temperature": ("temperature", "°C"),
    "energy": ("energy", "kWh"),
    "humidity": ("humidity", "%"),
    "illuminance_lux": ("illuminance", "lx"),
    "local_temperature": ("temperature", "°C"),
    "occupancy": ("occupied", ""),
    "power": ("power", "W"),
    "power_apparent": ("apparent_power", "VA"),
    "presence": ("occupied", ""),
    "pressure": ("pressure", "hPa"),
    "temperature": ("temperature", "°C"),
}
"""Quantity and unit of a key. ``contact``, ``state``, ``voltage`` and ``illuminance`` have rules of their own."""

_OWN_RULES = frozenset({"contact", "state", "voltage", "illuminance"})
_ENDPOINT = re.compile(
    r"(?P<key>[a-z0-9_]+?)_(?P<endpoint>left|right|center|middle|top|bottom|l\d{1,2}|\d{1,2}|ep\d{1,2}|phase_[abc]|[abc])"
)


class Zigbee2mqtt:
    """Reads states, availability and what the bridge says of its devices.

    Args:
        bases: First levels of its topics; several where a place runs several.
    """

    name = "zigbee2mqtt"

    def __init__(self, bases: tuple[str, ...] = ("zigbee2mqtt",)) -> None:
        self._bases = bases
        self.filters = tuple(f"{base}/#" for base in bases)
        self._units: dict[str, dict[str, str]] = {}

    def claims(self, levels: list[str]) -> bool:
        """All below its base topic."""
        return len(levels) > 1 and levels[0] in self._bases

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """A state, an availability, or the bridge's list of devices."""
        name = "/".join(levels[1:])
        if levels[-1] in {"set", "get"} or "set" in levels[2:-1]:
            raise RefusedError("topic", "a command to a device, which says nothing of it")
        text = text_of(message.payload)
        if levels[1] == "bridge":
            return self._bridge(message, "/".join(levels[2:]), text)
        if levels[-1] == "availability" and len(levels) > 2:  # noqa: PLR2004 - base, name, availability
            return self._presence(message, "/".join(levels[1:-1]), text)
        if not text.startswith("{"):
            return self._attribute(message, levels, text)
        state = json_of(text)
        if not isinstance(state, dict):
            raise RefusedError("shape", "a device's state was expected, an object")
        told = Told(self.name, message, name)
        told.at(time_in(state.get("last_seen")))
        self._say(told, name, state)
        return told.decoded()

    def _attribute(self, message: Message, levels: list[str], text: str) -> Decoded:
        """One value a topic, where the place has chosen so (``output: attribute``)."""
        name = "/".join(levels[1:-1])
        told = Told(self.name, message, name)
        if name:
            self._say(told, name, {levels[-1]: text})
        return told.decoded()

    def _say(self, told: Told, name: str, state: dict[str, Any]) -> None:
        units = self._units.get(name, {})
        for whole, value in state.items():
            found = None if whole in KEYS or whole in _OWN_RULES else _ENDPOINT.fullmatch(whole)
            key = whole if found is None else found["key"]
            if key in KEYS:
                quantity, unit = KEYS[key]
                told.say(whole, value, quantity, units.get(whole, unit))
            elif key == "state":
                if value is None or (state_of(value) is not None and not isinstance(value, int)):
                    told.say(whole, value, "switched_on")  # a blind's OPEN and a lock's LOCK are other states
            elif key == "contact":
                # True is the contact made: the door is closed.
                closed = state_of(value)
                told.say(whole, value if closed is None else not closed, "open", told=value)
            elif key == "voltage":
                told.say(whole, value, "voltage", units.get(whole) or _volts(value, state))
            elif key == "illuminance" and "illuminance_lux" not in state:
                # Before version 2 this is the raw logarithm of ZCL, since then lux: the bridge's list says which.
                if units.get(whole) == "lx":
                    told.say(whole, value, "illuminance", "lx")
                else:
                    told.mention(whole, value)

    def _presence(self, message: Message, name: str, text: str) -> Decoded:
        told = Told(self.name, message, name)
        told.is_there(_online(text))
        return told.decoded()

    def _bridge(self, message: Message, leaf: str, text: str) -> Decoded:
        told = Told(self.name, message, "bridge")
        if leaf == "state":
            told.is_there(_online(text))
        elif leaf == "devices":
            devices = json_of(text)
            if not isinstance(devices, list):
                raise RefusedError("shape", "a list of devices was expected")
            self._units = {}
            for one in devices[:MAX_DEVICES]:
                if isinstance(one, dict) and isinstance(one.get("friendly_name"), str):
                    self._describe(told, one)
        return told.decoded()

    def _describe(self, told: Told, one: dict[str, Any]) -> None:
        definition = one.get("definition")
        definition = definition if isinstance(definition, dict) else {}
        name = one["friendly_name"]
        told.of(
            name,
            name=name,
            maker=definition.get("vendor") or one.get("manufacturer"),
            model=definition.get("model") or one.get("model_id"),
            software=one.get("software_build_id"),
        )
        self._units[name] = dict(_units(definition.get("exposes"), 3))


def _units(exposes: Any, depth: int) -> list[tuple[str, str]]:
    """Units by property; features of a feature stand beneath it."""
    found: list[tuple[str, str]] = []
    for one in exposes if isinstance(exposes, list) and depth else []:
        if isinstance(one, dict):
            if isinstance(one.get("property"), str) and isinstance(one.get("unit"), str):
                found.append((one["property"], clean(one["unit"])))
            found += _units(one.get("features"), depth - 1)
    return found


def _volts(value: Any, state: dict[str, Any]) -> str:
    """V of a plug, mV of a battery: told apart by what else is told and by what can be."""
    number = number_of(value)
    limit = MILLIVOLTS_ABOVE if "battery" in state or "battery_low" in state else 1_000
    return "mV" if number is not None and number > limit else "V"


def _online(text: str) -> bool:
    word = json_of(text).get("state") if text.startswith("{") else text
    is_online = state_of(word)
    if is_online is None:
        raise RefusedError("shape", "online or offline was expected")
    return is_online
