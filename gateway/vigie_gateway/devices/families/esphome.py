"""ESPHome nodes by their own topics: ``<node>/<component>/<object>/state``, plain values.

What a sensor measures, and in which unit, stands in discovery alone: without it the value is listed and a person says
what it is. A name like ``wetness1`` is not guessed from.
"""

from __future__ import annotations

from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError
from vigie_gateway.devices.payloads import json_of, number_of, state_of, text_of

_LEVELS = 4
_SWITCHED = frozenset({"switch", "light", "fan"})
_LISTED = frozenset({"sensor", "binary_sensor", "text_sensor"})
_SETTINGS = frozenset(
    {"number", "select", "climate", "cover", "lock", "button", "text", "valve", "alarm_control_panel"}
)


class Esphome:
    """Reads raw states, and the node's own status."""

    name = "esphome"
    filters = ("+/+/+/state", "+/status")

    def claims(self, levels: list[str]) -> bool:
        """``.../<component>/<object>/state``, ``<node>/status`` and ``<node>/debug``; the node may have levels."""
        if len(levels) == 2:  # noqa: PLR2004 - <node>/status
            return levels[1] in {"status", "debug"}
        return len(levels) >= _LEVELS and levels[-1] == "state" and self._component(levels) is not None

    def _component(self, levels: list[str]) -> int | None:
        # climate has one level more: climate/<object>/target_temperature/state.
        for at in (len(levels) - 3, len(levels) - 4):
            if at >= 1 and levels[at] in _SWITCHED | _LISTED | _SETTINGS:
                return at
        return None

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """A state, or the status of the node."""
        text = text_of(message.payload)
        if levels[-1] == "debug":
            raise RefusedError("nothing", "a node's log carries no measure")
        if levels[-1] == "status":
            return self._status(message, levels[0], text)
        at = self._component(levels) or 1
        component, name = levels[at], levels[at + 1]
        if component in _SETTINGS:
            raise RefusedError("setting", f"a {component} is a setting of the node, no measure")
        told = Told(self.name, message, "/".join(levels[:at]))
        key = f"{component}/{name}"
        if component in _SWITCHED:
            value = json_of(text).get("state") if text.startswith("{") else text
            told.say(key, value, "switched_on", label=name)
        else:
            told.mention(key, text if number_of(text) is None else number_of(text), label=name)
        return told.decoded()

    def _status(self, message: Message, node: str, text: str) -> Decoded:
        is_online = state_of(text)
        if is_online is None or number_of(text) is not None:
            raise RefusedError("topic", "a status that is neither online nor offline")
        told = Told(self.name, message, node)
        told.is_there(is_online)
        return told.decoded()
