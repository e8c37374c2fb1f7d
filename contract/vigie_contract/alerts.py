"""What fires at a gateway, told to lamps and buzzers: ``alerts``. Encoded by the gateway, decoded by nodes.

Counts only: no room, rule or person. Decoding is strict and total: any bytes give a value or one ContractError.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from vigie_contract import PROTOCOL_VERSION
from vigie_contract.errors import ContractError, shown
from vigie_contract.messages import dump_json, json_object, load_json

SEVERITIES = {
    "outage": "something that people need does not work",
    "warning": "something is beyond a limit, or soon will be",
    "unknown": "something that is measured is no longer known: a node or sensor is silent",
}
"""How bad an alert is, worst first."""

REPEAT_S = 30.0
"""A gateway says it again after so long, once its alert thread has come round. Lower is traffic for nothing;
higher leaves TRUST_S no room for a message that is late."""
TRUST_S = 90.0
"""What was said counts for so long: three repeats. Lower shows a bad minute of Wi-Fi as a dead gateway; higher shows
one that hangs as one that is well for longer."""
MOST_ALERTS = 1_000_000
"""Of one severity. Lower could refuse a large place whose broker is gone; higher is no count of alerts."""


@dataclass(frozen=True, slots=True)
class Firing:
    """How many alerts fire that are not silenced and no other one explains.

    Attributes:
        outage: Of these, outages that nobody has in hand.
        warning: Warnings, likewise.
        unknown: Of the severity "unknown", likewise.
        in_hand: That somebody has in hand, of any severity.
    """

    outage: int = 0
    warning: int = 0
    unknown: int = 0
    in_hand: int = 0

    @property
    def worst(self) -> str | None:
        """The worst severity that nobody has in hand; None where nothing is left to do."""
        return next((severity for severity in SEVERITIES if self.count(severity)), None)

    def count(self, severity: str) -> int:
        """Of a word of SEVERITIES, that nobody has in hand."""
        return int(getattr(self, severity))


def encode_alerts(firing: Firing | None) -> bytes:
    """The payload of ``alerts``; None: the gateway does not know, or not any more."""
    if firing is None:
        return dump_json({"v": PROTOCOL_VERSION, "known": False})
    return dump_json({"v": PROTOCOL_VERSION, "known": True, "worst": firing.worst, **asdict(firing)})


def decode_alerts(payload: bytes) -> Firing | None:
    """Read what a gateway says; None: it does not know. Raises ContractError naming the field."""
    document = load_json(payload)
    counts = {*SEVERITIES, "in_hand"}
    is_known = type(document) is dict and document.get("known") is True
    found = json_object(document, {"v", "known"} | ({"worst", *counts} if is_known else set()), "alerts")
    if found["v"] != PROTOCOL_VERSION or type(found["v"]) is not int:
        raise ContractError("range", f"alerts: v is {shown(found['v'])}, expected {PROTOCOL_VERSION}")
    if type(found["known"]) is not bool:
        raise ContractError("type", f"alerts: known is {shown(found['known'])}, expected true or false")
    if not is_known:
        return None
    firing = Firing(**{name: _count(found[name], name) for name in counts})
    if found["worst"] != firing.worst:
        expected = "null" if firing.worst is None else repr(firing.worst)
        raise ContractError("range", f"alerts: worst is {shown(found['worst'])}, expected {expected} by the counts")
    return firing


def _count(found: Any, name: str) -> int:
    if type(found) is not int:
        raise ContractError("type", f"alerts: {name} is {shown(found)}, expected a whole number")
    if not 0 <= found <= MOST_ALERTS:
        raise ContractError("range", f"alerts: {name} is {shown(found)}, expected 0 to {MOST_ALERTS}")
    return found
