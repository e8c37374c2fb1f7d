"""What of a node's journal is next in line: the gateway's half of the acknowledgement protocol. Pure.

For each (node, journal) the gateway keeps one number: the last that it has stored. A pack that follows on is taken; one
that repeats is answered with that number again; a hole is answered with it too, and the node goes back. What the node
had to evict (its floor rose past what is stored) can never come: that is a gap, recorded as such. (docs/protocol.md)
"""

from __future__ import annotations

from typing import NamedTuple

REPEAT_ACK_S = 30.0
"""How often acknowledgements are repeated, for a node that missed one. Higher leaves its journal full for longer."""
ANSWER_EVERY_S = 0.5
"""How often one node's holes and repetitions are answered. A window of packs behind one hole needs one answer; lower
would send the node back once for each of them."""


class Decision(NamedTuple):
    """What to do with a pack.

    Attributes:
        skip: How many of its first readings are stored already; its length or more means there is nothing to take.
        gap: First and last sequence number that can never come, None when none is missing.
        is_hole: The pack is ahead of what is stored: take nothing, and answer with what is stored.
    """

    skip: int
    gap: tuple[int, int] | None
    is_hole: bool


def decide(stored: int | None, first: int, count: int, floor: int) -> Decision:
    """Place a pack in its journal.

    Args:
        stored: Last sequence number taken of this journal, None when it was never heard of.
        first: Sequence number of the pack's first reading.
        count: Readings in the pack.
        floor: Least number that the node still holds.
    """
    known = stored if stored is not None else 0
    gap = None
    if floor > known + 1:
        gap = (known + 1, floor - 1)
        known = floor - 1
    if first > known + 1:
        # The gap stands even so: what is below the floor will not come with the resent readings either.
        return Decision(0, gap, is_hole=True)
    return Decision(min(count, known + 1 - first), gap, is_hole=False)
