"""mqtt-io: pins of a computer as topics, ``<prefix>/input|output|sensor/<name>``.

An output is a switch. What an input or a sensor stands for is known to the place alone: both are listed, and a person
says what they are.
"""

from __future__ import annotations

from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError
from vigie_gateway.devices.payloads import number_of, state_of, text_of

_KINDS = frozenset({"input", "output", "sensor"})
_LEVELS = 3


class MqttIo:
    """Reads pins by their plain values."""

    name = "mqtt-io"
    filters = ("+/input/+", "+/output/+", "+/sensor/+")

    def claims(self, levels: list[str]) -> bool:
        """``.../input|output|sensor/<name>``; commands (``.../set``) have a level more."""
        return len(levels) >= _LEVELS and levels[-2] in _KINDS

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """The pin's value."""
        text = text_of(message.payload)
        kind, name = levels[-2], levels[-1]
        told = Told(self.name, message, "/".join(levels[:-2]))
        key = f"{kind}/{name}"
        state, number = state_of(text), number_of(text)
        if kind == "sensor":
            if number is None:
                raise RefusedError("shape", "a sensor's number was expected")
            told.mention(key, number, label=name)
        elif state is None:
            raise RefusedError("shape", "ON or OFF was expected")
        elif kind == "output":
            told.say(key, state, "switched_on", label=name)
        else:
            told.mention(key, state, label=name)
        return told.decoded()
