"""What a room's sheet shows, as plain values; ``vigie_gateway.place.sheet`` fills it. None always means unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from vigie_dashboard.view import BoardView, RoomView


class OutletState(StrEnum):
    """What is known of one outlet."""

    FREE = "free"
    IN_USE = "in-use"
    NO_POWER = "no-power"
    OUT_OF_ORDER = "out-of-order"
    """Somebody said so."""
    UNKNOWN = "unknown"
    """Nothing measures it, or what does is not fresh; or whether it is live is not told."""


class Heard(StrEnum):
    """How far a channel can be believed."""

    FRESH = "fresh"
    OLD = "old"
    SILENT = "silent"
    NEVER = "never"


THIS_MACHINE = "(this machine)"
"""The author of what is said where nobody has signed in, at the gateway's own screen. No account can be called so."""


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody said and is in force: ``reason`` is "" where none was given, ``until_ts`` None for no end."""

    value: int
    reason: str
    author: str
    at_ts: float
    until_ts: float | None


@dataclass(frozen=True, slots=True)
class CorrectionForms:
    """The forms with which a room is corrected.

    Attributes:
        csrf: What they send along.
        most_people: The greatest number that is taken.
        do: Which form was refused: ``people``, ``close``, ``open``, ``out-of-order`` or ``in-order``; "" for none.
        typed: What was in it.
        field: Where it is wrong; "" where no field is.
        trouble: How, a word of ``place.corrections.CorrectionError.kind``; "" where nothing is.
    """

    csrf: str
    most_people: int
    do: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    field: str = ""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """One correction of the list.

    Attributes:
        id: Rises by one with each.
        room: Id of its room; None when the site has that no more.
        name: Of the room by language; empty when the site has it no more.
        outlet: Id of the outlet; None when it is about a room.
        subject: Id of what it is about.
        kind: ``people``, ``closed`` or ``out_of_order``.
        was: What stood before; None when unknown.
        said: The rest.
    """

    id: int
    room: str | None
    name: Mapping[str, str]
    outlet: str | None
    subject: str
    kind: str
    was: int | None
    said: Said


@dataclass(frozen=True, slots=True)
class CorrectionsView:
    """A page of the list, newest first; ``older`` is the id that the next page ends before, None on the last."""

    site_name: Mapping[str, str]
    timezone: str
    rows: tuple[CorrectionRow, ...]
    older: int | None


@dataclass(frozen=True, slots=True)
class OutletRow:
    """One outlet: ``circuit`` is its circuit's name by language; ``power_va`` is None when unknown."""

    id: str
    state: OutletState
    circuit: dict[str, str]
    power_va: float | None
    at_ts: float | None
    defect: Said | None = None


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
    """One room in full; ``board`` is the board of the same moment, with its warnings and sessions.

    ``counted`` and ``closing`` are what somebody said of it and is in force; None for nothing.
    """

    board: BoardView
    room: RoomView
    outlets: tuple[OutletRow, ...]
    access_points: tuple[AccessPointRow, ...]
    sensors: tuple[SensorRow, ...]
    counted: Said | None = None
    closing: Said | None = None
