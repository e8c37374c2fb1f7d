"""Topics: built and read here and nowhere else.

``vigie/1/{site}/{node}/about|status|data|do|done``, ``vigie/1/{site}/{node}/ack/{gateway}`` and
``vigie/1/{site}/{gateway}/alerts|place|place/{room}``. Identifiers are ``[a-z0-9-]{1,32}``, so that none can hold a
wildcard, a level separator or anything that a page must escape.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from vigie_contract import PROTOCOL_VERSION
from vigie_contract.errors import ContractError, shown

ID_PATTERN = r"[a-z0-9-]{1,32}"
_ID = re.compile(ID_PATTERN)
_ROOT = f"vigie/{PROTOCOL_VERSION}"
_TOPIC = re.compile(rf"{_ROOT}/({ID_PATTERN})/({ID_PATTERN})/(?:(about|status|data|do|done|alerts)|ack/({ID_PATTERN}))")


class Topic(NamedTuple):
    """A topic of ours, taken apart; ``gateway`` is None but for ``ack`` and ``alerts``, whose ``node`` it is too."""

    site: str
    node: str
    leaf: str
    gateway: str | None = None


def is_id(text: object) -> bool:
    """Whether this can name a site, node, channel, room or gateway."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def check_id(text: object, what: str) -> str:
    """Return the identifier, or raise ContractError ``id`` naming ``what`` it was for."""
    if not isinstance(text, str) or _ID.fullmatch(text) is None:
        raise ContractError("id", f"{what} is {shown(text, 80)}, expected 1 to 32 characters of a-z, 0-9 and -")
    return text


def _node(site: str, node: str, leaf: str) -> str:
    return f"{_ROOT}/{check_id(site, 'site')}/{check_id(node, 'node')}/{leaf}"


def about(site: str, node: str) -> str:
    """Retained: what the node is and which channels it has."""
    return _node(site, node, "about")


def status(site: str, node: str) -> str:
    """Retained, and the node's last will: ``online`` or ``offline``."""
    return _node(site, node, "status")


def data(site: str, node: str) -> str:
    """Not retained, QoS 1: packs of readings."""
    return _node(site, node, "data")


def ack(site: str, node: str, gateway: str) -> str:
    """Not retained: how far this gateway has stored the node's journal."""
    return f"{_node(site, node, 'ack')}/{check_id(gateway, 'gateway')}"


def do(site: str, node: str) -> str:
    """Not retained, QoS 1: a command to the node, see ``commands``."""
    return _node(site, node, "do")


def done(site: str, node: str) -> str:
    """Not retained, QoS 1: how far the node is with a command, and its result."""
    return _node(site, node, "done")


def alerts(site: str, gateway: str) -> str:
    """Retained, and the gateway's last will: what fires there. A node of the same id has no such topic."""
    return _node(site, check_id(gateway, "gateway"), "alerts")


def place(site: str, gateway: str) -> str:
    """Retained: what a gateway knows of the whole place, for home automation. Nothing of Vigie reads it."""
    return _node(site, check_id(gateway, "gateway"), "place")


def place_room(site: str, gateway: str, room: str) -> str:
    """Retained: likewise of one room."""
    return f"{place(site, gateway)}/{check_id(room, 'room')}"


def all_alerts(site: str) -> str:
    """The subscription to what fires at every gateway of a site."""
    return all_nodes(site, "alerts")


def all_nodes(site: str, leaf: str) -> str:
    """The subscription to one leaf of every node of a site."""
    return f"{_ROOT}/{check_id(site, 'site')}/+/{leaf}"


def all_acks(site: str, node: str) -> str:
    """The subscription of a node to the acknowledgements of every gateway."""
    return f"{_node(site, node, 'ack')}/+"


def parse(topic: str) -> Topic:
    """Take a topic apart; raise ContractError ``topic`` when it is not one of ours."""
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise ContractError(
            "topic",
            f"{shown(topic, 120)} is not {_ROOT}/{{site}}/{{node}}/about|status|data|do|done|ack/{{gateway}}|alerts",
        )
    site, node, leaf, gateway = match.groups()
    return Topic(site, node, leaf or "ack", node if leaf == "alerts" else gateway)
