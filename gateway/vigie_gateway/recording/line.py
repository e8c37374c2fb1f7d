"""One message of the bus as one line of JSON, and back. Pure; called by ``recorder`` and ``replayer``."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import NamedTuple

MAX_LINE_BYTES = 4 * 1024 * 1024
"""Of a line that is read: the largest payload that ``wire`` takes is 1 MB, and every character of it may need a
backslash. Lower could not read what was written; higher lets a file that is no recording take the memory."""
MAX_TOPIC_BYTES = 65_535
"""MQTT 5 §1.5.4: what a topic may take at most."""

_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_NO_TOPIC = re.compile(r"[\x00#+]|^\$|^$")


class LineError(Exception):
    """A line that is no message; the text says what was found and what was expected."""


class Heard(NamedTuple):
    """A message as it was heard.

    Attributes:
        at_ts: When, by a clock that is not moved while a recording lasts.
        topic: Where.
        payload: What; any bytes.
        is_retained: Whether the broker had kept it, so that it may be old.
    """

    at_ts: float
    topic: str
    payload: bytes
    is_retained: bool


def encode(heard: Heard) -> bytes:
    """The line, with its end. A payload is text where it is readable text, else base64."""
    text = _readable(heard.payload)
    payload = {"payload_base64": base64.b64encode(heard.payload).decode()} if text is None else {"payload": text}
    document = {"at_ts": round(heard.at_ts, 6), "topic": heard.topic, **payload, "retained": heard.is_retained}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def decode(line: bytes) -> Heard:
    """What a line says.

    Raises:
        LineError: It is no message as ``encode`` writes it.
    """
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError(f"no JSON ({type(error).__name__}), expected one object a line") from error
    if not isinstance(document, dict):
        raise LineError(f"{type(document).__name__}, expected an object")
    at_ts, topic, is_retained = (document.pop(key, None) for key in ("at_ts", "topic", "retained"))
    if type(at_ts) not in {int, float} or not math.isfinite(at_ts):
        raise LineError(f"at_ts is {at_ts!r:.40}, expected seconds since 1970")
    if not isinstance(topic, str) or _NO_TOPIC.search(topic) or not _is_short(topic):
        raise LineError(f"topic is {topic!r:.80}, expected one that may be published to")
    if not isinstance(is_retained, bool):
        raise LineError(f"retained is {is_retained!r:.40}, expected true or false")
    return Heard(float(at_ts), topic, _payload(document), is_retained)


def _payload(document: dict[str, object]) -> bytes:
    match document:
        case {"payload": str(text), **rest} if not rest:
            try:
                return text.encode()
            except UnicodeEncodeError as error:
                raise LineError("payload is no Unicode text, expected payload_base64 for such bytes") from error
        case {"payload_base64": str(text), **rest} if not rest:
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError) as error:
                raise LineError(f"payload_base64 is {text!r:.40}, expected base64") from error
        case _:
            raise LineError(f"keys {sorted(document)!r:.80}, expected payload or payload_base64 beside the others")


def _readable(payload: bytes) -> str | None:
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return None
    return None if _NO_TEXT.search(text) else text


def _is_short(topic: str) -> bool:
    try:
        return len(topic.encode()) <= MAX_TOPIC_BYTES
    except UnicodeEncodeError:
        return False
