"""The tree of circuits: what has voltage, and how much power flows against what may.

Pure. Called by the board, once a view, with the fresh readings by circuit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAINS_V = 230.0
"""Nominal voltage of a French outlet (EN 50160), for a current that no voltage was measured with."""


@dataclass(frozen=True, slots=True)
class CircuitNode:
    """One circuit of the site file.

    Attributes:
        id: Its id.
        parent: What stands above it, None at the top.
        max_current_a: Of its breaker; None when not given.
        max_power_va: That it may carry; None when not given.
        has_meter: It has a power channel of its own.
        outlets: Ids of outlets that hang on it, each with a power channel; None when one of them has none.
        has_watch: It has a mains channel.
    """

    id: str
    parent: str | None
    max_current_a: float | None
    max_power_va: float | None
    has_meter: bool
    outlets: tuple[str, ...] | None
    has_watch: bool


class CircuitTree:
    """The circuits of a site, which ``site`` has checked for loops."""

    def __init__(self, circuits: Sequence[CircuitNode]) -> None:
        self.nodes = {circuit.id: circuit for circuit in circuits}
        self.children: dict[str, list[str]] = {circuit.id: [] for circuit in circuits}
        for circuit in circuits:
            if circuit.parent is not None:
                self.children[circuit.parent].append(circuit.id)
        self.watches: dict[str, tuple[str, ...]] = {
            circuit.id: tuple(above for above in self.path(circuit.id) if self.nodes[above].has_watch)
            for circuit in circuits
        }
        """By circuit, itself and those above that have a mains channel."""

    def path(self, circuit: str | None) -> list[str]:
        """A circuit and those above it, up to the top."""
        path = []
        while circuit is not None:
            path.append(circuit)
            circuit = self.nodes[circuit].parent
        return path

    def is_live(self, circuit: str, mains: Mapping[str, bool | None]) -> bool | None:
        """Whether a circuit has voltage.

        Args:
            circuit: Its id.
            mains: By circuit, what its mains channel says; None or missing when it does not.

        Returns:
            False when it or one above has none; None when one that is watched does not tell; True otherwise.
        """
        told = [mains.get(above) for above in self.watches[circuit]]
        if False in told:
            return False
        return None if None in told else True

    def power_va(
        self, circuit: str, metered: Mapping[str, float | None], outlets: Mapping[str, float | None]
    ) -> float | None:
        """The power of a circuit: of its meter, else the sum of what hangs on it.

        Args:
            circuit: Its id.
            metered: By circuit, the fresh reading of its own meter in VA; None when unknown.
            outlets: By outlet, the same.

        Returns:
            None when a part is unknown or has no meter, or nothing hangs on it.
        """
        node = self.nodes[circuit]
        if node.has_meter:
            return metered.get(circuit)
        if node.outlets is None or not (node.outlets or self.children[circuit]):
            return None
        parts = [outlets.get(outlet) for outlet in node.outlets]
        parts += [self.power_va(child, metered, outlets) for child in self.children[circuit]]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    def is_measured(self, circuit: str) -> bool:
        """Whether a meter of its own, or of all that hangs on it, could tell its power."""
        node, parts = self.nodes[circuit], self.children[circuit]
        if node.has_meter:
            return True
        is_whole = node.outlets is not None and bool(node.outlets or parts)
        return is_whole and all(self.is_measured(part) for part in parts)

    def limit_va(self, circuit: str, subscribed_va: float | None = None) -> float | None:
        """The least of what the contract, the file and the breaker allow; None when none of them is known."""
        node = self.nodes[circuit]
        by_breaker = None if node.max_current_a is None else node.max_current_a * MAINS_V
        known = [limit for limit in (subscribed_va, node.max_power_va, by_breaker) if limit is not None]
        return min(known) if known else None

    def main(self) -> str | None:
        """The circuit at the top; the first where there are several; None without circuits."""
        return next((node.id for node in self.nodes.values() if node.parent is None), None)
