"""Shelly of the first generation: ``shellies/<id>/relay/0/power`` and its like, plain values.

The id may hold slashes, so topics are read from their end. Energy of a relay counts watt-minutes, of a three-phase
meter watt-hours. ``info`` holds the same once more; a device without a meter reports 0 W in it, which is not read.
"""

from __future__ import annotations

import re
from typing import Any

from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError
from vigie_gateway.devices.payloads import number_of, object_of, state_of, text_of, time_in

ROOT = "shellies"

_RELAYS = "relay|light|color|white|roller|meter"
_VALUES: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern), quantity, unit)
    for pattern, quantity, unit in (
        (rf"(?:{_RELAYS})(?:/\d)?/power", "power", "W"),
        (rf"(?:{_RELAYS})(?:/\d)?/energy", "energy", "Wmin"),
        (r"emeter/\d/power", "power", "W"),
        (r"emeter/\d/current", "current", "A"),
        (r"emeter/\d/voltage", "voltage", "V"),
        (r"emeter/\d/total", "energy", "Wh"),
        (r"temperature", "temperature", "°C"),
        (r"ext_temperature/\d", "temperature", "°C"),
        (r"ext_humidity/\d", "humidity", "%"),
        (r"voltage(?:/\d)?", "voltage", "V"),
        (r"sensor/temperature", "temperature", "°C"),
        (r"sensor/humidity", "humidity", "%"),
        (r"sensor/battery", "battery", "%"),
        (r"sensor/lux", "illuminance", "lx"),
    )
)
_SWITCHES = re.compile(r"(?:relay|light|color|white)/\d")
_SWITCH_WORDS = {"on": True, "off": False, "overpower": False}
_STATES = {"sensor/motion": "occupied", "sensor/state": "open"}
_OPEN_WORDS = {"open": True, "close": False, "closed": False}
_SILENT = re.compile(
    r"announce|info|online|input/\d|sensor/\w+|\w+/\d/(?:command|set|status|overpower_value|pf|total_returned|"
    r"reactive_power|returned_energy|energy|pos)|input_event/\d|longpush/\d|roller/\d|temperature_\w+|"
    r"overtemperature|ext_\w+/\d|adc/\d|command|status|settings|loaderror"
)
"""Endings that end an id, whatever they say."""
_NO_PROBE = 999
"""What an add-on reports as temperature while no probe is plugged in."""
_MAX_LEAF_LEVELS = 3


class ShellyGen1:
    """Reads values, ``info``, ``announce`` and ``online``."""

    name = "shelly"
    filters = ("shellies/#",)

    def claims(self, levels: list[str]) -> bool:
        """``shellies/...``."""
        return len(levels) > 1 and levels[0] == ROOT

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """One value, or all of ``info``."""
        device, leaf = _split(levels)
        text = text_of(message.payload)
        told = Told(self.name, message, device)
        if leaf == "announce":
            self._announce(told, object_of(text))
        elif leaf == "status" and text.startswith("{"):
            _say_motion(told, object_of(text))
        elif leaf == "info":
            _say_info(told, object_of(text))
        elif not device:
            raise RefusedError("topic", "a topic of all devices, which says nothing of one")
        elif leaf == "online":
            is_online = state_of(text)
            if is_online is None:
                raise RefusedError("shape", "true or false was expected")
            told.is_there(is_online)
        else:
            _say_leaf(told, leaf, text)
        return told.decoded()

    def _announce(self, told: Told, body: dict[str, Any]) -> None:
        device = body.get("id")
        if not isinstance(device, str) or not device:
            raise RefusedError("missing", "'id' was expected")
        told.of(device, maker="Shelly", model=body.get("model"), software=body.get("fw_ver"))


def _split(levels: list[str]) -> tuple[str, str]:
    """Id and leaf: the longest known leaf at the end."""
    for size in range(min(_MAX_LEAF_LEVELS, len(levels) - 1), 0, -1):
        leaf = "/".join(levels[-size:])
        if _is_leaf(leaf):
            return "/".join(levels[1:-size]), leaf
    raise RefusedError("topic", "no value of a Shelly ends so")


def _is_leaf(leaf: str) -> bool:
    return (
        leaf in _STATES
        or _SWITCHES.fullmatch(leaf) is not None
        or _SILENT.fullmatch(leaf) is not None
        or any(pattern.fullmatch(leaf) for pattern, _, _ in _VALUES)
    )


def _say_leaf(told: Told, leaf: str, text: str) -> None:
    if leaf in _STATES:
        told.say(leaf, _OPEN_WORDS.get(text.lower(), text), _STATES[leaf], told=text)
    elif _SWITCHES.fullmatch(leaf):
        told.say(leaf, _SWITCH_WORDS.get(text.lower(), text), "switched_on", told=text)
    elif leaf.startswith("input/"):
        told.mention(leaf, text)
    else:
        for pattern, quantity, unit in _VALUES:
            if pattern.fullmatch(leaf):
                absent = quantity == "temperature" and number_of(text) == _NO_PROBE
                told.say(leaf, None if absent else text, quantity, unit, told=text)
                return


def _say_motion(told: Told, status: dict[str, Any]) -> None:
    """A Motion says all in one, under the names that others have as topics."""
    told.at(time_in(status.get("timestamp")))
    for key, leaf, quantity, unit in _MOTION:
        if key in status:
            told.say(leaf, status[key], quantity, unit)


def _say_info(told: Told, info: dict[str, Any]) -> None:
    # "time" is empty and "unixtime" 0 until NTP has answered; 0 is then far from now, and not believed.
    told.at(time_in(info.get("unixtime")))
    wifi = info.get("wifi_sta")
    if isinstance(wifi, dict) and wifi.get("connected") is True:
        told.say("wifi/rssi", wifi.get("rssi"), "rssi", "dBm")
    for kind in ("relay", "light"):
        for at, one in _numbered(info.get(f"{kind}s")):
            told.say(f"{kind}/{at}", one.get("ison"), "switched_on")
    _say_meters(told, info)
    for path, key, quantity, unit in _PARTS:
        part = info.get(path[0])
        if isinstance(part, dict) and number_of(part.get(path[1])) is not None:
            told.say(key, part[path[1]], quantity, unit)


def _say_meters(told: Told, info: dict[str, Any]) -> None:
    for at, meter in _numbered(info.get("meters")):
        # A relay without a meter has a constant here, 0 unless somebody set it: no counters, no total.
        if "total" in meter:
            told.say(f"relay/{at}/power", _valid(meter, "power"), "power", "W")
            told.say(f"relay/{at}/energy", _valid(meter, "total"), "energy", "Wmin")
    for at, meter in _numbered(info.get("emeters")):
        for key, quantity, unit in _EMETER:
            if key in meter:
                told.say(f"emeter/{at}/{key}", _valid(meter, key), quantity, unit)


_MOTION = (
    ("motion", "sensor/motion", "occupied", ""),
    ("lux", "sensor/lux", "illuminance", "lx"),
    ("bat", "sensor/battery", "battery", "%"),
)
_EMETER = (
    ("power", "power", "W"),
    ("current", "current", "A"),
    ("voltage", "voltage", "V"),
    ("total", "energy", "Wh"),
)
_PARTS = (
    (("tmp", "tC"), "sensor/temperature", "temperature", "°C"),
    (("hum", "value"), "sensor/humidity", "humidity", "%"),
    (("bat", "value"), "sensor/battery", "battery", "%"),
    (("lux", "value"), "sensor/lux", "illuminance", "lx"),
)


def _numbered(parts: Any) -> list[tuple[int, dict[str, Any]]]:
    return [(at, one) for at, one in enumerate(parts if isinstance(parts, list) else []) if isinstance(one, dict)]


def _valid(meter: dict[str, Any], key: str) -> Any:
    return None if meter.get("is_valid") is False else meter.get(key)
