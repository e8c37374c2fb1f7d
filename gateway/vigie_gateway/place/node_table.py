"""``[[nodes]]`` of ``site.toml``: where a node stands and what feeds it, so that a dead circuit explains its silence.

Read by ``site``. A node need not be in it: what it measures is named where it is used, as ``node.channel``.
"""

from __future__ import annotations

from vigie_gateway.place.entries import Id, Names, RoomRef
from vigie_gateway.place.table import Table


class NodeTable(Table):
    """``[[nodes]]``; ``circuit`` is what it is plugged into, None where nobody knows, or for a battery."""

    id: Id
    name: Names | None = None
    circuit: str | None = None
    room: RoomRef | None = None
