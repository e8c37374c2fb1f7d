"""What nodes say of themselves: births, presence, and how far they are with a command.

Part of the ingest thread's step 6 (docs/protocol.md), called by ``pipeline`` for every topic that is no pack. Knows the
nodes of the place, and is the one that lets a new one in.
"""

from __future__ import annotations

from vigie_contract.commands import decode_done
from vigie_contract.errors import ContractError
from vigie_contract.messages import OFFLINE, ONLINE, decode_birth
from vigie_gateway.ingest.bus import Message
from vigie_gateway.ingest.nodes import MAX_NODES, ChannelState, NodeState, stored_nodes
from vigie_gateway.place.board import Board
from vigie_gateway.rehearsals.rehearsals import Rehearsals
from vigie_gateway.store import Store, StoreError


class Presence:
    """The nodes. Ingest thread only; ``nodes`` may be looked through from any thread.

    Attributes:
        nodes: By id.
        unregistered: Births that the store did not take, by node; the broker sends each again only with the next
            connection, and without one no pack can be read.
    """

    def __init__(self, store: Store, board: Board, rehearsals: Rehearsals) -> None:
        self._store = store
        self._board = board
        self._rehearsals = rehearsals
        self._devices = frozenset(device.id for device in board.site.devices)
        self.nodes: dict[str, NodeState] = {}
        self.unregistered: dict[str, bytes] = {}

    def load(self) -> None:
        """Take what the store knows."""
        self.nodes.update(stored_nodes(self._store, self._devices))
        for series in self._store.series():
            self._board.declare(series)

    def take(self, node_id: str, leaf: str, message: Message) -> bool:
        """A birth, a presence or an answer; whether something shown may have changed.

        Raises:
            ContractError: It is refused.
            StoreError: A birth could not be registered; it is kept for ``register_again``.
        """
        if leaf not in {"about", "status", "done"}:
            raise ContractError("topic", f"{message.topic} is not what a node says")
        if not message.payload and leaf != "done":  # a retained message was taken away
            return self._take_out(node_id, message.received_ts, is_whole=leaf == "about")
        node = self._node(node_id)
        node.heard_ts = message.received_ts
        if leaf == "about":
            return self._take_birth(node, message.payload)
        if leaf == "status":
            return self._take_status(node, message)
        return self._rehearsals.take(node_id, decode_done(message.payload))

    def register_again(self) -> None:
        """Try the births that were not registered; raises StoreError."""
        for node_id, payload in list(self.unregistered.items()):
            self._take_birth(self.nodes[node_id], payload)

    def _node(self, node_id: str) -> NodeState:
        node = self.nodes.get(node_id)
        if node is None:
            if node_id in self._devices:
                raise ContractError("id", f"{node_id} is the id of a device in site.toml: no node may have it")
            if len(self.nodes) >= MAX_NODES:
                raise ContractError("range", f"more than {MAX_NODES} nodes")
            node = self.nodes[node_id] = NodeState(node_id)
        return node

    def _take_out(self, node_id: str, at_ts: float, *, is_whole: bool) -> bool:
        """A node was taken out of the place; or (not whole) the broker only forgot whether it is there."""
        node = self.nodes.get(node_id)
        if node is None:
            return False
        if is_whole:
            self.unregistered.pop(node_id, None)
            node.leave()
        else:
            node.is_online = None
        self._board.node_status(node_id, is_online=False, at_ts=at_ts)
        self._tell_rehearsals(node)
        return True

    def _take_birth(self, node: NodeState, payload: bytes) -> bool:
        birth = decode_birth(payload)
        self.unregistered.pop(node.id, None)
        if birth == node.birth:
            return False
        try:
            registered = self._store.register(node.id, birth.channels)
        except StoreError:
            self.unregistered[node.id] = payload
            raise
        for channel_id, series in registered.items():
            known = node.channels.get(channel_id)
            previous = known.previous if known is not None and known.series == series.id else None
            node.channels[channel_id] = ChannelState(series.id, series.name, series.quantity, previous)
            node.quantities[channel_id] = series.quantity
            self._board.declare(series)
        node.birth = birth
        self._tell_rehearsals(node)
        return True

    def _take_status(self, node: NodeState, message: Message) -> bool:
        if message.payload not in {ONLINE, OFFLINE}:
            raise ContractError("shape", f"status is {message.payload[:40]!r}, expected online or offline")
        node.is_online = message.payload == ONLINE
        self._board.node_status(node.id, node.is_online, message.received_ts)
        self._tell_rehearsals(node)
        return True

    def _tell_rehearsals(self, node: NodeState) -> None:
        rooms = None if node.birth is None else node.birth.rehearses
        self._rehearsals.node_can(node.id, rooms, is_online=bool(node.is_online))
