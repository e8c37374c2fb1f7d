"""Messages of devices, and what they say."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Decoded, Message

NOW_TS = 1_795_518_000.0
"""Tuesday 24 November 2026, noon in Paris."""

Hear = Callable[..., Decoded]


@pytest.fixture
def hear() -> Hear:
    """``hear(topic, payload)``: what a message says, to a decoding that heard those before."""
    decoding = Decoding()

    def heard(topic: str, payload: Any, *, retained: bool = False, at_ts: float = NOW_TS) -> Decoded:
        raw = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
        return decoding.decode(Message(topic, raw if isinstance(raw, bytes) else raw.encode(), at_ts, retained))

    return heard


def values(decoded: Decoded) -> dict[str, float | str | None]:
    """Value of each measure, or the word for why there is none, by its entity's key."""
    assert decoded.refusal is None, decoded.refusal
    return {
        one.entity.key: one.entity.trouble or (one.reason if one.value is None else one.value)
        for one in decoded.measures
    }


def refusal(decoded: Decoded) -> str:
    """The one reason of a message that gave nothing."""
    assert decoded.refusal is not None
    assert decoded == Decoded(decoded.decoder, refusal=decoded.refusal)
    return decoded.refusal.reason
