"""Shelly of the second generation and later: ``<prefix>/events/rpc`` and ``<prefix>/status/<component>``.

``NotifyStatus`` is an overlay: it holds what changed, and all else stays. A key that is null is gone. ``ts`` counts
from the device's start until NTP has answered. Identity is the topic's prefix, which both forms have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError
from vigie_gateway.devices.payloads import json_of, object_of, state_of, text_of, time_in

MAX_DEVICES = 500
"""Whose components are remembered. Lower forgets what a vanished component measured; higher costs memory."""
MAX_KEYS = 64
"""Of one device."""

_METER = (
    (("apower",), "power", "W"),
    (("aprtpower",), "apparent_power", "VA"),
    (("voltage",), "voltage", "V"),
    (("current",), "current", "A"),
    (("aenergy", "total"), "energy", "Wh"),
    (("temperature", "tC"), "temperature", "°C"),
)
_SWITCH = ((("output",), "switched_on", ""), *_METER)
_PHASES = tuple(
    part
    for phase in ("a_", "b_", "c_", "")
    for part in (
        ((f"{phase}act_power",), "power", "W"),
        ((f"{phase}aprt_power",), "apparent_power", "VA"),
        ((f"{phase}voltage",), "voltage", "V"),
        ((f"{phase}current",), "current", "A"),
    )
)
_COMPONENTS: dict[str, tuple[tuple[tuple[str, ...], str, str], ...]] = {
    "switch": _SWITCH,
    "light": _SWITCH,
    "cct": _SWITCH,
    "rgb": _SWITCH,
    "rgbw": _SWITCH,
    "cover": _METER,
    "pm1": _METER,
    "em": (
        *_PHASES,
        (("total_act_power",), "power", "W"),
        (("total_aprt_power",), "apparent_power", "VA"),
        (("total_current",), "current", "A"),
        (("n_current",), "current", "A"),
    ),
    "em1": _PHASES,
    "emdata": (
        *(((f"{phase}_total_act_energy",), "energy", "Wh") for phase in "abc"),
        (("total_act",), "energy", "Wh"),
    ),
    "em1data": ((("total_act_energy",), "energy", "Wh"),),
    "temperature": ((("tC",), "temperature", "°C"),),
    "humidity": ((("rh",), "humidity", "%"),),
    "illuminance": ((("lux",), "illuminance", "lx"),),
    "voltmeter": ((("voltage",), "voltage", "V"),),
    "devicepower": ((("battery", "percent"), "battery", "%"), (("battery", "V"), "voltage", "V")),
    "bthomedevice": ((("battery",), "battery", "%"),),
    "wifi": ((("rssi",), "rssi", "dBm"),),
}
"""What each component measures: way into its object, quantity, unit. Power below zero is fed back."""
_MENTIONED = {"input": "state", "bthomesensor": "value"}
"""Components whose value stands for whatever the place has wired to it."""

_Key = tuple[str, str, str]


class ShellyGen2:
    """Reads notifications, status topics and ``online``."""

    name = "shelly"
    filters = ("+/events/rpc", "+/status/+", "+/online")

    def __init__(self) -> None:
        self._seen: dict[str, dict[_Key, None]] = {}

    def claims(self, levels: list[str]) -> bool:
        """``.../events/rpc``, ``.../status/<component>``, and ``.../online`` of a device that was heard before."""
        if levels[-2:] == ["events", "rpc"] or (len(levels) > 2 and levels[-2] == "status"):  # noqa: PLR2004 - prefix
            return len(levels) > 2 and (levels[-1] == "rpc" or _kind(levels[-1]) is not None)  # noqa: PLR2004 - prefix
        if levels[-1] != "online" or len(levels) == 1:
            return False
        return levels[0] != "shellies" or "/".join(levels[:-1]) in self._seen

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """All components that a message holds."""
        text = text_of(message.payload)
        if levels[-1] == "online":
            return self._presence(message, "/".join(levels[:-1]), text)
        device = "/".join(levels[:-2])
        told = Told(self.name, message, device)
        if device not in self._seen and len(self._seen) < MAX_DEVICES:
            self._seen[device] = {}
        if levels[-1] != "rpc":
            self._component(told, device, levels[-1], json_of(text))
            return told.decoded()
        params = _params(object_of(text))
        told.at(time_in(params.get("ts")))
        for name, body in params.items():
            if _kind(name) is not None:
                self._component(told, device, name, body)
        return told.decoded()

    def _presence(self, message: Message, device: str, text: str) -> Decoded:
        is_online = state_of(text)
        if is_online is None:
            raise RefusedError("shape", "true or false was expected")
        told = Told(self.name, message, device)
        told.is_there(is_online)
        return told.decoded()

    def _component(self, told: Told, device: str, name: str, body: Any) -> None:
        kind = _kind(name)
        if body is None:
            for key, quantity, unit in self._seen.get(device, {}):
                if key.startswith(f"{name}/"):
                    told.say(key, None, quantity, unit)  # the component is gone, and with it all that it measured
            return
        if not isinstance(body, dict):
            raise RefusedError("shape", f"an object was expected of {name}")
        if kind in _MENTIONED:
            if body.get(_MENTIONED[kind]) is not None:
                told.mention(f"{name}/{_MENTIONED[kind]}", body[_MENTIONED[kind]])
            return
        for way, quantity, unit in _COMPONENTS.get(kind or "", ()):
            for value in _at(body, way):
                key = f"{name}/{'.'.join(way)}"
                self._remember(device, (key, quantity, unit))
                told.say(key, value, quantity, unit)

    def _remember(self, device: str, key: _Key) -> None:
        keys = self._seen.get(device)
        if keys is not None and len(keys) < MAX_KEYS:
            keys[key] = None


def _kind(name: str) -> str | None:
    """``switch`` of ``switch:0``; None of what carries nothing."""
    kind = name.partition(":")[0]
    return kind if kind in _COMPONENTS or kind in _MENTIONED or kind in _SILENT else None


_SILENT = frozenset({"sys", "mqtt", "cloud", "ble", "ws", "eth", "script", "ui", "plugs_ui", "smoke", "flood", "knx"})


def _params(frame: dict[str, Any]) -> dict[str, Any]:
    params = frame.get("params")
    if frame.get("method") not in {"NotifyStatus", "NotifyFullStatus", "NotifyEvent"} or not isinstance(params, dict):
        raise RefusedError("shape", "NotifyStatus or NotifyFullStatus with its parameters was expected")
    return params


def _at(body: dict[str, Any], way: tuple[str, ...]) -> Iterator[Any]:
    """The value at the end of a way, None where it or its object is null; nothing where it is not told."""
    for at, name in enumerate(way):
        if name not in body:
            return
        inner = body[name]
        if at == len(way) - 1 or inner is None:
            yield inner
            return
        if not isinstance(inner, dict):
            return
        body = inner
