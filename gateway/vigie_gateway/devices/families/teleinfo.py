"""The French meter's labels (Linky, TIC), as Tasmota and teleinfo2mqtt pass them on.

Historical mode has ADCO, PAPP, IINST; standard mode ADSC, SINSTS, IRMS1. Frames may be partial: what is not in one is
not said, and stays as it was. Labels and units are those of Enedis-NOI-CPT_54E.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vigie_gateway.devices.families.told import Told
from vigie_gateway.devices.measures import Decoded, Message, RefusedError
from vigie_gateway.devices.payloads import number_of, object_of, text_of

VA_PER_SUBSCRIBED_A = 200
"""French contracts count 200 VA an ampere: ISOUSC 15, 30, 45 A a phase are 3, 6, 9 kVA. With 230 the headroom would be
told a seventh too large."""

LABELS: dict[str, tuple[str, str]] = {
    "PAPP": ("apparent_power", "VA"),
    "SINSTS": ("apparent_power", "VA"),
    **{f"SINSTS{phase}": ("apparent_power", "VA") for phase in (1, 2, 3)},
    "IINST": ("current", "A"),
    **{f"IINST{phase}": ("current", "A") for phase in (1, 2, 3)},
    **{f"IRMS{phase}": ("current", "A") for phase in (1, 2, 3)},
    **{f"URMS{phase}": ("voltage", "V") for phase in (1, 2, 3)},
    "PREF": ("subscribed_power", "kVA"),
    "EAST": ("energy", "Wh"),
    "BASE": ("energy", "Wh"),
    "HCHC": ("energy", "Wh"),
    "HCHP": ("energy", "Wh"),
    "EJPHN": ("energy", "Wh"),
    "EJPHPM": ("energy", "Wh"),
    **{f"BBRH{hours}J{day}": ("energy", "Wh") for hours in "CP" for day in "BWR"},
}
"""Indexes of tariffs are counters of their own: only one of them rises at a time. EASFnn, which EAST sums, are left."""

_THREE_PHASES = frozenset({"IINST2", "IINST3", "IMAX2", "IMAX3", "IRMS2", "URMS2", "SINSTS2"})


def say_labels(told: Told, frame: Mapping[str, Any], prefix: str = "") -> None:
    """Tell a frame's labels, each under its own name."""
    for label, value in frame.items():
        known = LABELS.get(label)
        if known is not None:
            told.say(f"{prefix}{label}", value, *known)
    amperes = number_of(frame.get("ISOUSC"))
    if amperes is not None:
        phases = 3 if _THREE_PHASES & frame.keys() else 1
        told.say(f"{prefix}ISOUSC", amperes * VA_PER_SUBSCRIBED_A * phases, "subscribed_power", "VA")


class Teleinfo2mqtt:
    """teleinfo2mqtt: each frame as one object, ``{"PAPP": {"raw": "4110", "value": 4110}}``."""

    name = "teleinfo"
    filters = ("teleinfo/+",)

    def claims(self, levels: list[str]) -> bool:
        """``teleinfo/<meter>``."""
        return len(levels) == 2 and levels[0] == "teleinfo"  # noqa: PLR2004 - prefix and meter

    def read(self, message: Message, levels: list[str]) -> Decoded:
        """Labels that measure something; the raw text is only looked at where the value is missing."""
        frame = object_of(text_of(message.payload))
        told = Told(self.name, message, levels[1])
        if not any(isinstance(one, dict) for one in frame.values()):
            raise RefusedError("shape", "a frame of labels was expected, each with its value")
        say_labels(told, {label: _value(one) for label, one in frame.items()})
        return told.decoded()


def _value(one: Any) -> Any:
    return one.get("value", one.get("raw")) if isinstance(one, dict) else one
