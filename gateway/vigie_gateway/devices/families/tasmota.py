"""Tasmota: ``tele/<topic>/SENSOR`` and its sisters, in whatever order a device's FullTopic puts prefix and topic.

Identity is the device's topic without its prefix: every message has it, where the hardware's address stands in
discovery alone. Values are those of the firmware's JSON; ``Time`` has no zone by default, and is then not believed.
"""

from __future__ import annotations

import re
from typing import Any

from vigie_gateway.devices.families.tasmota_sensors import say_bridged, say_sensors
from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError
from vigie_gateway.devices.payloads import is_unknown, object_of, state_of, text_of, time_in
from vigie_gateway.devices.sources import wrong_topic

MAX_DEVICES = 500
"""Announced by native discovery. Lower forgets words and prefixes of a large place's devices; higher costs memory."""

_PREFIXES = frozenset({"tele", "stat"})
_LEAVES = re.compile(r"SENSOR|STATE|LWT|RESULT|POWER\d{0,2}|STATUS\d{0,2}|INFO[123]|UPTIME|MARGINS|HASS_STATE|EVENT")
_POWER = re.compile(r"POWER\d{0,2}")
_DISCOVERY_LEVELS = 4
_LISTENED = ("SENSOR", "STATE", "LWT", "INFO1"), ("RESULT", "STATUS8", "STATUS10", "STATUS11", "POWER")


class _Announced:
    """What a device told of itself by native discovery."""

    __slots__ = ("offline", "online", "states")

    def __init__(self, config: dict[str, Any]) -> None:
        self.online = str(config.get("onln", "Online"))
        self.offline = str(config.get("ofln", "Offline"))
        states = config.get("state")
        words = states if isinstance(states, list) else []
        self.states = {str(word): bool(at) for at, word in enumerate(words[:2])}


class Tasmota:
    """Reads telemetry, states and native discovery."""

    name = "tasmota"
    filters = ("tasmota/discovery/+/config", "tele/+/+", "tele/+/+/SENSOR", "stat/+/+", "+/tele/+", "+/stat/+")

    def __init__(self) -> None:
        self._announced: dict[str, _Announced] = {}
        self._prefixes: set[str] = set(_PREFIXES)

    def claims(self, levels: list[str]) -> bool:
        """A known last level beside a prefix, or native discovery."""
        if levels[:2] == ["tasmota", "discovery"]:
            return len(levels) == _DISCOVERY_LEVELS
        return len(levels) > 1 and _LEAVES.fullmatch(levels[-1]) is not None and self._place(levels) is not None

    def _place(self, levels: list[str]) -> int | None:
        """Where the prefix stands: usually first or last before the leaf; a device may be called ``stat`` too."""
        last = len(levels) - 2
        return next((at for at in (0, last, *range(1, last)) if levels[at] in self._prefixes), None)

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """Telemetry, a state, a last will or an announcement."""
        if levels[:2] == ["tasmota", "discovery"]:
            return self._discover(message, levels)
        at, leaf = self._place(levels) or 0, levels[-1]
        device = "/".join([*levels[:at], *levels[at + 1 : -1]])
        if not device:
            raise RefusedError("topic", "the topic names no device")
        told = Told(self.name, message, device)
        text = text_of(message.payload)
        if leaf == "LWT":
            told.is_there(self._online(device, text))
        elif _POWER.fullmatch(leaf):
            value = object_of(text).get(leaf) if text.startswith("{") else text
            self._switched(told, device, leaf, value)
        elif text.startswith("{"):
            self._object(told, device, leaf, object_of(text))
        elif leaf in {"SENSOR", "STATE"}:
            raise RefusedError("not-json", f"an object was expected on {leaf}")
        return told.decoded()

    def _object(self, told: Told, device: str, leaf: str, body: dict[str, Any]) -> None:
        for whole in ("StatusSNS", "StatusSTS"):
            if isinstance(body.get(whole), dict):
                body = body[whole]
        if leaf.startswith("INFO"):
            self._describe(told, body)
            return
        # Seconds since 1970 have no zone to be missed.
        told.at(time_in(body.get("Epoch")) or time_in(body.get("Time")))
        for key, value in body.items():
            if _POWER.fullmatch(key) and not isinstance(value, (dict, list)):
                self._switched(told, device, key, value)
        wifi = body.get("Wifi")
        if isinstance(wifi, dict) and "Signal" in wifi:
            told.say("Wifi/Signal", wifi["Signal"], "rssi", "dBm")  # RSSI is a percentage here
        if leaf in {"SENSOR", "STATUS8", "STATUS10"}:
            say_sensors(told, device, body)
        elif leaf == "RESULT":
            say_bridged(told, device, body)

    def _switched(self, told: Told, device: str, key: str, value: Any) -> None:
        announced = self._announced.get(device)
        words = announced.states if announced is not None else {}
        state = words.get(value, state_of(value)) if isinstance(value, str) else state_of(value)
        if state is not None or is_unknown(value):
            # One relay is POWER, and POWER1 once there are two: the same entity.
            told.say("POWER1" if key == "POWER" else key, state, "switched_on", told=value)

    def _online(self, device: str, text: str) -> bool:
        announced = self._announced.get(device)
        if announced is not None and text in {announced.online, announced.offline}:
            return text == announced.online
        is_online = state_of(text)
        if is_online is None:
            raise RefusedError("shape", "Online or Offline was expected")
        return is_online

    def _describe(self, told: Told, body: dict[str, Any]) -> None:
        info = next(
            (one for key, one in body.items() if key.lower().startswith("info") and isinstance(one, dict)), body
        )
        if "Version" in info:
            told.describe(model=info.get("Module"), software=info.get("Version"))

    def _discover(self, message: Message, levels: list[str]) -> Decoded:
        if not message.payload.strip() or levels[-1] != "config":
            # Withdrawn, or the list of its sensors with their values of back then.
            return Decoded(self.name)
        config = object_of(text_of(message.payload))
        topic, pattern, prefixes = config.get("t"), config.get("ft"), config.get("tp")
        if not isinstance(topic, str) or not isinstance(pattern, str) or not topic:
            raise RefusedError("missing", "'t' and 'ft' were expected, the device's topic and its pattern")
        words = [one for one in prefixes if isinstance(one, str)] if isinstance(prefixes, list) else []
        stat, tele = words[1:3] if len(words) == 3 else ("stat", "tele")  # noqa: PLR2004 - cmnd, stat, tele
        device = "/".join(one for one in pattern.replace("%topic%", topic).split("/") if one not in {"%prefix%", ""})
        if len(self._announced) < MAX_DEVICES or device in self._announced:
            self._announced[device] = _Announced(config)
            self._prefixes |= {stat, tele}
        names = config.get("fn")
        name = next((one for one in (names if isinstance(names, list) else []) if isinstance(one, str)), "")
        told = Told(self.name, message, device)
        told.describe(config.get("dn") or name, model=config.get("md"), software=config.get("sw"), maker="Tasmota")
        listen = [
            "/".join([*pattern.replace("%topic%", topic).replace("%prefix%", prefix).rstrip("/").split("/"), leaf])
            for prefix, leaves in zip((tele, stat), _LISTENED, strict=True)
            for leaf in leaves
        ]
        return told.decoded(tuple(one for one in listen if "+" not in one and wrong_topic(one) is None))
