"""What the gateway knows of each node: its birth, its channels, how far its journal is stored. Ingest thread only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from vigie_contract.messages import Birth
from vigie_contract.quantities import Quantity
from vigie_gateway.ingest.newest import NewestReadings
from vigie_gateway.ingest.node_clock import NodeClock
from vigie_gateway.quality import plain_range
from vigie_gateway.store import BY_HAND, Store

MAX_NODES = 200
"""Nodes of a site: the broker's ``max_connections`` as shipped. Lower refuses a large place; higher lets whoever holds
one credential make nodes up until memory is gone."""


@dataclass(slots=True)
class ChannelState:
    """One channel of a node.

    Attributes:
        series: Its id in the store.
        name: ``node.channel``, as the place and the API call it.
        quantity: What it measures.
        previous: Time and value of its last reading, None before the first.
        plain: The quantity's ``plain_range``.
    """

    series: int
    name: str
    quantity: Quantity
    previous: tuple[float, float | None] | None = None
    plain: tuple[float, float] | None = field(init=False)

    def __post_init__(self) -> None:
        self.plain = plain_range(self.quantity)


@dataclass(slots=True)
class NodeState:
    """One node.

    Attributes:
        id: The node's id.
        birth: As last declared; None while only its stored channels are known, after a restart.
        channels: By channel id.
        quantities: The same channels' quantities, as decoding wants them.
        accepted: Last sequence number taken, by journal; it may not be on disk yet.
        stored: Last sequence number on disk, by journal.
        journal: The journal last heard of.
        floor: The least number that it still holds, by its last pack.
        last: The greatest number that it has given, by its last pack; None when the node does not say.
        waiting_readings: How many of its readings, that can still come, are not on disk here; None when not known.
        waiting_since_ts: Since when some have been waiting, without a moment when all were on disk; None when none do.
        is_online: As ``status`` last said; None when it never did.
        heard_ts: When a message of it last came; None when never since the gateway started.
        answered_mono: When a hole or a repetition was last answered.
        is_dated: Whether its last pack was dated by its own synchronised clock; None before any.
        clock: How far that clock is off the gateway's.
        newest: What its newest readings said.
        is_cloned: Whether two nodes give numbers in one journal of it, as far as seen since the gateway started.
        shown: Journal and greatest number shown of it while the gateway did not know the time.
    """

    id: str
    birth: Birth | None = None
    channels: dict[str, ChannelState] = field(default_factory=dict)
    quantities: dict[str, Quantity] = field(default_factory=dict)
    accepted: dict[str, int] = field(default_factory=dict)
    stored: dict[str, int] = field(default_factory=dict)
    journal: str | None = None
    floor: int = 0
    last: int | None = None
    waiting_readings: int | None = None
    waiting_since_ts: float | None = None
    is_online: bool | None = None
    heard_ts: float | None = None
    answered_mono: float = -1e9
    is_dated: bool | None = None
    clock: NodeClock = field(default_factory=NodeClock)
    newest: NewestReadings = field(default_factory=NewestReadings)
    is_cloned: bool = False
    shown: tuple[str, int] = ("", 0)

    def told(self, quantity: str) -> float | None:
        """The last value of its first channel of that quantity; None without one, or while it is unknown."""
        known = (one.previous for one in list(self.channels.values()) if one.quantity.name == quantity)
        previous = next(known, None)
        return None if previous is None else previous[1]

    def heard_of(self, journal: str, floor: int, last: int | None, now_ts: float) -> None:
        """A pack told how its journal stands."""
        self.journal, self.floor, self.last = journal, floor, last
        self.reckon_waiting(now_ts)

    def reckon_waiting(self, now_ts: float) -> None:
        """Count anew what waits: after each pack and after each commit.

        What the node has let go (below ``floor``) waits no more: it is a gap.
        """
        if self.journal is None or self.last is None:
            self.waiting_readings = self.waiting_since_ts = None
            return
        gone_upto = max(self.stored.get(self.journal, 0), self.floor - 1)
        self.waiting_readings = max(0, self.last - gone_upto)
        if self.waiting_readings == 0:
            self.waiting_since_ts = None
        elif self.waiting_since_ts is None:
            self.waiting_since_ts = now_ts

    def leave(self) -> None:
        """It was taken out of the place: what stays is what a gateway knows of it that has just started."""
        self.birth = self.journal = self.last = None
        self.is_online = self.heard_ts = self.is_dated = None
        self.waiting_readings = self.waiting_since_ts = None
        self.is_cloned = False
        self.clock.forget()

    def start_anew(self, step_s: float) -> None:
        """The gateway's clock was moved: what is not on disk is to come again, what was dated here moves with it."""
        self.accepted = dict(self.stored)
        for channel in self.channels.values():
            channel.previous = None
        if self.heard_ts is not None:
            self.heard_ts += step_s
        if self.waiting_since_ts is not None:
            self.waiting_since_ts += step_s
        self.clock.forget()


def stored_nodes(store: Store, devices: Collection[str] = ()) -> dict[str, NodeState]:
    """What the store knows of the nodes: their channels, and how far each of their journals has come.

    ``devices`` are ids of the place's devices of others, whose channels are in the store too.
    """
    nodes: dict[str, NodeState] = {}
    for series in store.series():
        if series.node != BY_HAND and series.node not in devices:
            node = nodes.setdefault(series.node, NodeState(series.node))
            node.channels[series.channel.id] = ChannelState(series.id, series.name, series.quantity)
            node.quantities[series.channel.id] = series.quantity
    for (node_id, journal), upto in store.progress().items():
        node = nodes.setdefault(node_id, NodeState(node_id))
        node.accepted[journal] = node.stored[journal] = upto
    return nodes
