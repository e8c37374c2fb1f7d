"""Digests of the newest readings of a node's journal: whether a number that comes again says the same. Ingest thread.

A journal's number belongs to one reading. When it comes again with another value, two nodes give numbers in the same
journal: a card was copied, and onto hardware that the node cannot tell apart. Pure, in bounded memory.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from vigie_contract.readings import Reading
from vigie_contract.senml import Pack

KEPT_READINGS = 4_096
"""Newest readings of a journal that are remembered. Lower misses a copy that is further behind; higher takes memory, 8
bytes each for every node."""
_ANY = 0
"""Digest of a reading of which its node may say later that it does not know it any more: told apart from none."""


class NewestReadings:
    """Of one node, whose journal was last heard of. What is older, or was taken before a restart, is not known."""

    def __init__(self) -> None:
        self._journal = ""
        self._digests = array("q")
        self._first = 1
        self._upto = 0
        self._copies: dict[tuple[int, int], None] = {}

    def add(self, pack: Pack, skip: int) -> None:
        """The readings of a pack, less the first ``skip``, were taken."""
        first, upto = pack.first + skip, pack.first + len(pack.readings) - 1
        if pack.journal != self._journal or first > self._upto + 1:
            self._journal, self._first, self._upto = pack.journal, first, first - 1
            self._digests = array("q", bytes(8 * KEPT_READINGS))
            self._copies = {}
        digests = array("q", _digests(pack.readings[skip:]))
        place = first % KEPT_READINGS
        room = min(len(digests), KEPT_READINGS - place)
        self._digests[place : place + room] = digests[:room]
        self._digests[: len(digests) - room] = digests[room:]
        self._upto = max(self._upto, upto)

    def copies(self, pack: Pack) -> list[Reading]:
        """Those of its readings whose numbers were taken with another value, each told once only.

        Their times are not looked at: a node may date a reading better when it sends it again.
        """
        known_from = max(self._first, self._upto - KEPT_READINGS + 1)
        if pack.journal != self._journal or pack.first > self._upto:
            return []
        found: list[Reading] = []
        for number, digest in enumerate(_digests(pack.readings), start=pack.first):
            if not known_from <= number <= self._upto:
                continue
            taken = self._digests[number % KEPT_READINGS]
            if digest in {taken, _ANY} or taken == _ANY or (number, digest) in self._copies:
                continue
            self._copies[number, digest] = None
            if len(self._copies) > KEPT_READINGS:
                del self._copies[next(iter(self._copies))]
            found.append(pack.readings[number - pack.first])
        return found


def _digests(readings: Sequence[Reading]) -> list[int]:
    # In one expression: with a call for each reading it would take a quarter of the time that decoding takes.
    return [
        hash((channel, reason if value is None else value)) or 1 if reason != "restarted" else _ANY
        for channel, _, value, reason in readings
    ]
