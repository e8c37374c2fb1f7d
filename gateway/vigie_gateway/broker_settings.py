"""What Vigie asks of Mosquitto's configuration, and why: the one place that says it.

The supervised broker (``broker``) and the shipped files (``systemd/mosquitto``) set these values, and the doctor
compares a running broker's files with them. See mosquitto.conf(5) for each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vigie_contract.messages import MAX_PAYLOAD_BYTES

HEADERS_BYTES = 1_024
"""Room for a PUBLISH's header, properties and topic around the largest payload."""


@dataclass(frozen=True, slots=True)
class Cap:
    """A limit of the broker.

    Attributes:
        name: Its key.
        value: What Vigie sets.
        least: A lower one is too low: ``if_lower`` happens.
        most: A higher one is no limit any more: ``if_higher`` happens.
        unset: What the broker takes without the key; infinity where that is no limit.
        unlimited: The number that stands for no limit.
        is_per_listener: It counts for the listener above it in the file and for no other.
        loses: Whether a lower one loses messages.
    """

    name: str
    value: int
    least: int
    most: int
    unset: float
    unlimited: int
    if_lower: str
    if_higher: str
    is_per_listener: bool = False
    loses: bool = False


@dataclass(frozen=True, slots=True)
class Switch:
    """An option that must be on or off.

    Attributes:
        name: Its key.
        value: What Vigie sets.
        unset: What the broker takes without the key.
        otherwise: What happens with the other value.
        is_per_listener: As a Cap's.
        is_grave: Whether the other value lets strangers in or loses messages; else it only costs something.
    """

    name: str
    value: bool
    unset: bool
    otherwise: str
    is_per_listener: bool = False
    is_grave: bool = True


CAPS = (
    Cap(
        "max_inflight_messages",
        100,
        20,
        1_000,
        20,
        0,
        "over a link with round trips of 0.8 s fewer than 25 messages a second come through",
        "after a reconnect as many messages are sent twice",
    ),
    Cap(
        "max_queued_messages",
        10_000,
        5_000,
        100_000,
        1_000,
        0,
        "a burst of many nodes is dropped by the broker without a word",
        "a gateway that hangs lets the broker fill the memory of a small Pi",
        loses=True,
    ),
    Cap(
        "max_queued_bytes",
        16 * 1024 * 1024,
        4 * 1024 * 1024,
        64 * 1024 * 1024,
        math.inf,
        0,
        "a burst of full packs is dropped by the broker without a word",
        "a gateway that hangs lets the broker fill the memory of a small Pi",
        loses=True,
    ),
    Cap(
        "max_packet_size",
        MAX_PAYLOAD_BYTES + HEADERS_BYTES,
        MAX_PAYLOAD_BYTES + 512,
        1024 * 1024,
        math.inf,
        0,
        "the fullest packs of a node are refused for ever",
        "one client can send a message that fills the memory of a small Pi",
        loses=True,
    ),
    Cap(
        "max_connections",
        200,
        20,
        1_000,
        math.inf,
        -1,
        "nodes of a large place are shut out",
        "a flood of connections uses up the broker's descriptors",
        is_per_listener=True,
    ),
    Cap(
        "memory_limit",
        64 * 1024 * 1024,
        32 * 1024 * 1024,
        512 * 1024 * 1024,
        math.inf,
        0,
        "messages are refused while queues are full",
        "a client can push a small Pi into swap",
    ),
)
SWITCHES = (
    Switch("allow_anonymous", value=False, unset=False, otherwise="anybody who reaches the broker may write readings"),
    Switch(
        "use_username_as_clientid",
        value=True,
        unset=False,
        otherwise="the holder of any password can take the gateway's connection by its client id",
        is_per_listener=True,
    ),
    Switch(
        "check_retain_source",
        value=True,
        unset=True,
        otherwise="what a node left behind is still told after its right to say it was taken away",
    ),
    Switch(
        "persistence",
        value=False,
        unset=False,
        otherwise="the broker wears the card to keep what nodes keep themselves until it is stored",
        is_grave=False,
    ),
)


FORGOTTEN_AFTER = "7d"
"""``persistent_client_expiration``: a client that asked the broker to remember it and stays away is forgotten. Shorter
loses what waits for a device that was switched off for a while; longer keeps the queues of devices that are gone."""


def configuration_lines() -> list[str]:
    """All of it as lines of a mosquitto.conf that has one listener, which must stand above them."""
    switches = [f"{switch.name} {str(switch.value).lower()}" for switch in SWITCHES]
    caps = [f"{cap.name} {cap.value}" for cap in CAPS]
    return [*switches, *caps, f"persistent_client_expiration {FORGOTTEN_AFTER}"]
