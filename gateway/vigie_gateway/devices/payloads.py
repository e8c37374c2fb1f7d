"""Bytes of a message into text, JSON, numbers and times. Pure; the first thing that every family asks.

Generous in how a value is written, strict in what it may be: a text that is no number is none, and nothing unknown
becomes a zero.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from vigie_contract.quantities import QUANTITIES, Kind
from vigie_gateway.devices.measures import MAX_SAID_CHARACTERS, Entity, Measure, Message, RefusedError, clean
from vigie_gateway.devices.units import convert

MAX_PAYLOAD_BYTES = 65_536
"""Of a message. Lower refuses the list of devices of a large Zigbee network; higher lets one message cost milliseconds.
The broker's own limit is the same."""
MAX_NUMBER_CHARACTERS = 48
"""Of a number written as text. Lower refuses long fractions; higher costs time for nothing that a float could hold."""
PAST_LIMIT_S = 86_400.0
"""How old a device may say that its value is. Lower takes the receipt for the time of a true last report; higher lets a
clock that is a week behind write where nobody looks."""
FUTURE_LIMIT_S = 120.0
"""How far ahead of the gateway. Lower refuses clocks that NTP is still pulling in; higher hides later readings."""

UNKNOWN_WORDS = frozenset(
    {"", "none", "null", "unknown", "unavailable", "undefined", "nan", "-nan", "inf", "-inf", "n/a"}
)
"""What devices write where they do not know."""
ON_WORDS = frozenset({"on", "true", "1", "yes", "online", "running"})
OFF_WORDS = frozenset({"off", "false", "0", "no", "offline", "stopped", "dead"})
"""What is true and false wherever a family does not say otherwise."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)

_ADDRESS = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
"""A hardware address, often of somebody's phone: not even quoted."""


def text_of(payload: bytes) -> str:
    """The payload as text, without blanks around it.

    Raises:
        RefusedError: It is empty, too large or no UTF-8.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise RefusedError("too-large", f"{len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} are taken")
    try:
        text = payload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError("not-utf8", f"byte {error.start} is no UTF-8") from error
    # Firmware in C sends its terminating NUL along.
    text = text.strip(" \t\r\n\x00")
    if not text:
        raise RefusedError("empty", "the payload is empty")
    return text


def json_of(text: str) -> Any:
    """The text as JSON; NaN and Infinity, which some write, are None.

    Raises:
        RefusedError: It is none, or nested too deep.
    """
    try:
        return json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise RefusedError("not-json", f"the payload is no JSON{where}") from error


def object_of(text: str) -> dict[str, Any]:
    """The text as a JSON object.

    Raises:
        RefusedError: It is none.
    """
    found = json_of(text)
    if not isinstance(found, dict):
        raise RefusedError("shape", "the payload is JSON, but no object")
    return found


def number_of(value: Any) -> float | None:
    """The number that a value is, or spells; None when it is neither, as for true and false."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        if len(text) > MAX_NUMBER_CHARACTERS or not _NUMBER.fullmatch(text):
            return None
        value = text
    elif not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def state_of(value: Any) -> bool | None:
    """On or off as most devices write it; None when it is neither."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return bool(value) if value in (0, 1) else None
    if not isinstance(value, str):
        return None
    word = value.strip().casefold()
    return True if word in ON_WORDS else False if word in OFF_WORDS else None


def is_unknown(value: Any) -> bool:
    """Whether a device says by it that it does not know."""
    return value is None or (isinstance(value, str) and value.strip().casefold() in UNKNOWN_WORDS)


def believed_ts(told_ts: float | None, message: Message) -> float:
    """When it was so: what the device told, where that can be; else the receipt.

    Devices count from their start before they have heard of NTP, which puts them in 1970.
    """
    if told_ts is None or not -PAST_LIMIT_S <= told_ts - message.at_ts <= FUTURE_LIMIT_S:
        return message.at_ts
    return told_ts


def time_in(value: Any) -> float | None:
    """Epoch seconds of a time in ISO form with its zone, or in seconds or milliseconds; None of any other.

    A time without a zone is the device's own idea of local time, which nobody but the device knows.
    """
    if isinstance(value, str) and "T" in value[:MAX_NUMBER_CHARACTERS]:
        try:
            at = datetime.fromisoformat(value[:MAX_NUMBER_CHARACTERS])
            return at.timestamp() if at.tzinfo is not None else None
        except (ValueError, OverflowError):
            return None
    number = number_of(value)
    # Milliseconds since 1970 are beyond the year 5000 when read as seconds.
    return None if number is None else number / 1000 if abs(number) > 1e11 else number  # noqa: PLR2004 - see above


def measured(entity: Entity, value: Any, message: Message, at_ts: float | None = None, told: Any = None) -> Measure:
    """What an entity says by a number, text or flag, in the unit of its quantity.

    Unknown with a reason when the device says so, when it is no number, or when it cannot be true: Zigbee sends
    0x800000 for "invalid", which read as a number is -8,388,608 W. ``told`` is what a person is shown, where that is
    not the value itself.
    """
    known, reason = _value_of(entity, value)
    at_ts = message.at_ts if at_ts is None else at_ts
    said = _ADDRESS.sub("(address)", clean(value if told is None else told, MAX_SAID_CHARACTERS))
    if said and entity.told_unit:
        said = f"{said} {entity.told_unit}"[:MAX_SAID_CHARACTERS]
    return Measure(entity, known, reason, said, at_ts, message.is_retained)


def _value_of(entity: Entity, value: Any) -> tuple[float | None, str | None]:
    if entity.quantity is None:
        return None, None
    if is_unknown(value):
        return None, "not-told"
    quantity = QUANTITIES[entity.quantity]
    if quantity.kind is Kind.STATE:
        state = state_of(value)
        return (None, "failed") if state is None else (float(state), None)
    number = number_of(value)
    converted = None if number is None else convert(number, quantity.name, entity.told_unit)
    if converted is None:
        return None, "failed"
    return (converted, None) if quantity.low <= converted <= quantity.high else (None, "out-of-range")


def told_texts(values: Iterable[Any], characters: int) -> list[str]:
    """Those of the values that are texts or numbers, cleaned; in their order."""
    return [one for one in (clean(value, characters) for value in values if isinstance(value, (str, int))) if one]
