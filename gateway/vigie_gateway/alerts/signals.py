"""What rules look at: one number about one thing, now.

Pure. Made once a second by the alert thread's ``watch`` from the board, the nodes and the gateway's own health; read by
the ``engine``. A signal whose value is not known says so, and why: it neither fires nor resolves anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class SubjectKind(StrEnum):
    """What an alert can be about."""

    GATEWAY = "gateway"
    """The gateway itself; its id is empty."""
    BROKER = "broker"
    """The id is empty."""
    UPLINK = "uplink"
    CIRCUIT = "circuit"
    ACCESS_POINT = "access-point"
    ROOM = "room"
    DOOR = "door"
    NODE = "node"
    CHANNEL = "channel"
    """``node.channel``."""
    NOTIFIER = "notifier"


class Subject(NamedTuple):
    """One thing of the place."""

    kind: SubjectKind
    id: str

    def __str__(self) -> str:
        """As it is written in the database and in addresses: ``circuit:c4``, ``gateway``."""
        return f"{self.kind}:{self.id}" if self.id else str(self.kind)


@dataclass(frozen=True, slots=True)
class Signal:
    """One number about one subject.

    Attributes:
        name: A word of SIGNALS.
        subject: What it is about, of the kind that SIGNALS says.
        value: In the unit that SIGNALS says; of a state 1 or 0. None when it is not known.
        at_ts: When the value was measured; None when it never was.
        since_ts: When it became what it is, where readings tell (a breaker); None where they do not.
        why: Of a value that is not known: a word (``silent``, ``never``, ``inconclusive``, ``clock``, ...); else "".
        figures: What an alert's sentence may tell beside the value, as SIGNALS says; None for what is not known.
        heard_ts: Of a silence: when it was last heard. An alert about it is shown from then on; its ``for`` counts from
            when it was seen to be silent.
    """

    name: str
    subject: Subject
    value: float | None
    at_ts: float | None = None
    since_ts: float | None = None
    why: str = ""
    figures: Mapping[str, float | str | None] = field(default_factory=dict)
    heard_ts: float | None = None


@dataclass(frozen=True, slots=True)
class SignalKind:
    """What a signal is.

    Attributes:
        subject: What it is about.
        unit: Of its value: ``1`` for a state, ``/`` for a share.
        figures: The names that its ``figures`` may have, with their units in the name.
        text: One line for documentation.
    """

    subject: SubjectKind
    unit: str
    figures: tuple[str, ...]
    text: str


_S = SubjectKind

SIGNALS: Mapping[str, SignalKind] = {
    "circuit-dead": SignalKind(
        _S.CIRCUIT,
        "1",
        ("outlets", "room_outlets", "power_w"),
        "The circuit has no voltage: its breaker, or one above it, has tripped",
    ),
    "circuit-load": SignalKind(
        _S.CIRCUIT, "/", ("power_va", "limit_va"), "Share of what the circuit may carry that it carries"
    ),
    "wifi": SignalKind(
        _S.ROOM, "1", ("reason", "stations", "limit", "latency_ms"), "The room's Wi-Fi: 0 fit for calls, 1 slow, 2 down"
    ),
    "access-point-load": SignalKind(
        _S.ACCESS_POINT, "/", ("stations", "limit", "latency_ms"), "Stations, as a share of the access point's limit"
    ),
    "internet": SignalKind(
        _S.UPLINK, "1", ("answer", "gateway_loss", "dns"), "What the line gives: 0 internet, 1 a sign-in page, 2 none"
    ),
    "dns": SignalKind(_S.UPLINK, "1", ("dns_ms",), "The resolver does not answer, though the line is open"),
    "uplink-speed": SignalKind(
        _S.UPLINK, "/", ("download_bps", "subscribed_bps"), "Measured download, as a share of what is subscribed"
    ),
    "node-silent": SignalKind(
        _S.NODE, "s", ("battery_percent", "rssi_dbm"), "For how long the node has not been heard; 0 while it is"
    ),
    "channel-silent": SignalKind(
        _S.CHANNEL,
        "/",
        ("age_s", "period_s", "battery_percent", "rssi_dbm"),
        "Age of the channel's last known value, in periods of its own",
    ),
    "nodes-silent": SignalKind(
        _S.GATEWAY, "/", ("silent", "nodes"), "Share of the place's nodes that are silent, where it has three or more"
    ),
    "node-cloned": SignalKind(_S.NODE, "1", (), "Two nodes have copies of one card"),
    "battery": SignalKind(_S.NODE, "%", ("battery_percent",), "How full the node's own battery is"),
    "people": SignalKind(_S.ROOM, "/", ("people", "seats"), "People in the room, as a share of its seats"),
    "door-open": SignalKind(_S.DOOR, "1", (), "The door is open"),
    "broker": SignalKind(_S.BROKER, "1", (), "The gateway has no connection to the broker"),
    "broker-drops": SignalKind(_S.BROKER, "1", ("dropped",), "The broker dropped messages within the last ten minutes"),
    "store": SignalKind(_S.GATEWAY, "1", ("trouble",), "Readings are not stored"),
    "disk": SignalKind(_S.GATEWAY, "/", ("free_bytes",), "Share of the disk that is free"),
    "clock": SignalKind(_S.GATEWAY, "1", ("why",), "The gateway's clock is not known to be right"),
    "backlog": SignalKind(_S.GATEWAY, "s", ("readings",), "For how long the oldest reading has waited for the disk"),
    "under-voltage": SignalKind(_S.GATEWAY, "1", (), "The gateway's supply is too low"),
    "heat": SignalKind(_S.GATEWAY, "Cel", (), "Temperature of the gateway's processor"),
    "notifier": SignalKind(_S.NOTIFIER, "1", ("failures", "error"), "What tells people does not get through"),
    "reading": SignalKind(_S.CHANNEL, "", (), "The newest value of any channel, in the unit of its quantity"),
}
"""Every signal by its name. A pending node (no birth yet) has none."""
