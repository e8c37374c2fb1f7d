"""OpenMQTTGateway and Theengs: ``<base>/<gateway>/BTtoMQTT/<address>`` and its sisters, JSON of what was received.

A gateway hears every Bluetooth device around, people's phones among them: only messages that carry a measure become a
device, and presence topics are refused unread. Numbers may be texts.
"""

from __future__ import annotations

import re
from typing import Any

from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError
from vigie_gateway.devices.payloads import object_of, state_of, text_of

_MODULE = re.compile(r"(?P<module>[A-Za-z0-9_]{1,16})toMQTT")
_PRESENCE = frozenset({"home_presence", "presence"})

KEYS: dict[str, tuple[str, str]] = {
    "batt": ("battery", "%"),
    "co2": ("carbon_dioxide", "ppm"),
    "current": ("current", "A"),
    "energy_kWh": ("energy", "kWh"),
    "hcsr501": ("occupied", ""),
    "hum": ("humidity", "%"),
    "humidity": ("humidity", "%"),
    "light_lux": ("illuminance", "lx"),
    "lux": ("illuminance", "lx"),
    "pa": ("pressure", "Pa"),
    "power_W": ("power", "W"),
    "pres": ("pressure", "hPa"),
    "pressure_hPa": ("pressure", "hPa"),
    "tempc": ("temperature", "°C"),
    "temperature_C": ("temperature", "°C"),
    "volt": ("voltage", "V"),
}
"""Of any module. Fahrenheit comes beside Celsius, and is read where Celsius is not."""
_FAHRENHEIT = {"tempf": "tempc", "temperature_F": "temperature_C"}


class OpenMqttGateway:
    """Reads modules, and the gateway's last will."""

    name = "openmqttgateway"
    filters = ("home/#",)

    def claims(self, levels: list[str]) -> bool:
        """A level like ``BTtoMQTT``, a last will, or presence."""
        if len(levels) < 3:  # noqa: PLR2004 - base, gateway, module
            return False
        return levels[-1] in {"LWT", "version"} or levels[1] in _PRESENCE or _module(levels) is not None

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """What a module received, or the gateway's own state."""
        if levels[1] in _PRESENCE:
            raise RefusedError("person", "it says which device of whom is near, which Vigie does not read")
        text = text_of(message.payload)
        at = _module(levels)
        if at is None:
            return self._gateway(message, "/".join(levels[:-1]), levels[-1], text)
        gateway, module, rest = "/".join(levels[:at]), levels[at].removesuffix("toMQTT"), levels[at + 1 :]
        body = object_of(text)
        told = Told(self.name, message, gateway)
        if module == "SYS":
            if "rssi" in body:
                told.say("SYS/rssi", body["rssi"], "rssi", "dBm")
            told.describe(software=body.get("version"))
            return told.decoded()
        if module == "BT" and not _measures(body):
            raise RefusedError("person", "a Bluetooth device that measures nothing may be somebody's phone")
        if module == "BT" and not rest:
            raise RefusedError("missing", "the topic names no device")
        if rest:
            told.of("/".join([gateway, *rest]), name=body.get("name"), model=body.get("model"), via=gateway)
        for key, (quantity, unit) in _measures(body).items():
            told.say(f"{module}/{key}", body[key], quantity, unit, key)
        return told.decoded()

    def _gateway(self, message: Message, gateway: str, leaf: str, text: str) -> Decoded:
        told = Told(self.name, message, gateway)
        if leaf == "version":
            told.describe(software=text)
        else:
            is_online = state_of(text)
            if is_online is None:
                raise RefusedError("shape", "online or offline was expected")
            told.is_there(is_online)
        return told.decoded()


def _module(levels: list[str]) -> int | None:
    return next((at for at, level in enumerate(levels) if at and _MODULE.fullmatch(level)), None)


def _measures(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    found = {key: known for key, known in KEYS.items() if key in body}
    for key, better in _FAHRENHEIT.items():
        if key in body and better not in body:
            found[key] = "temperature", "°F"
    return found
