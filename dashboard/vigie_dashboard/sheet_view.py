"""What a room's sheet shows, as plain values; ``vigie_gateway.place.sheet`` fills it. None always means unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from vigie_dashboard.view import BoardView, RoomView


class OutletState(StrEnum):
    """What is known of one outlet."""

    FREE = "free"
    IN_USE = "in-use"
    NO_POWER = "no-power"
    UNKNOWN = "unknown"
    """Nothing measures it, or what does is not fresh; or whether it is live is not told."""


class Heard(StrEnum):
    """How far a channel can be believed."""

    FRESH = "fresh"
    OLD = "old"
    SILENT = "silent"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class OutletRow:
    """One outlet: ``circuit`` is its circuit's name by language; ``power_va`` is None when unknown."""

    id: str
    state: OutletState
    circuit: dict[str, str]
    power_va: float | None
    at_ts: float | None


@dataclass(frozen=True, slots=True)
class AccessPointRow:
    """One access point that covers the room: devices of so many that it is meant for, and the share of busy air."""

    name: dict[str, str]
    stations: int | None
    limit: int
    utilisation: float | None


@dataclass(frozen=True, slots=True)
class SensorRow:
    """One channel that speaks for the room.

    Attributes:
        channel: ``node.channel``.
        quantity: Its name; None until its node said it.
        value: Of the newest reading; None when unknown.
        word: What ``value`` stands for, with a choice; else None.
        reason: Why the newest reading is unknown, a word of UNKNOWN_REASONS; None when it is known.
        heard: How far it can be believed.
        at_ts: Of the newest reading, known or not; None when there never was one.
        is_node_online: Whether its node is connected.
    """

    channel: str
    quantity: str | None
    value: float | None
    word: str | None
    reason: str | None
    heard: Heard
    at_ts: float | None
    is_node_online: bool


@dataclass(frozen=True, slots=True)
class RoomSheet:
    """One room in full; ``board`` is the board of the same moment, with its warnings and sessions."""

    board: BoardView
    room: RoomView
    outlets: tuple[OutletRow, ...]
    access_points: tuple[AccessPointRow, ...]
    sensors: tuple[SensorRow, ...]
