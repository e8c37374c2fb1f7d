"""Who went which way through a doorway with two light beams: a pure decider, fed with edges by the ``door`` driver.

Somebody who comes in blocks the outer beam, then both, then frees the outer, then the inner one. So each person is
one interruption of each beam, overlapping in time; the beam blocked first tells where they came from, the beam freed
last where they went. From both beams clear to both clear is one episode; its interruptions are paired so that they
explain as much as possible, in their order:

- came and went by the same side (hesitation): the inner interruption lies within the outer one, and nobody is counted;
- several people close behind each other: several pairs in one episode, each counted;
- a chair or a talker in one beam: the others' interruptions lie within its own, and nobody is counted; after a while
  ``is_blocked`` says that counting is not possible;
- both beams change at the same time: the other end of the interruption decides; when that tells nothing, nobody is
  counted;
- two explanations are equally good (turned round in the middle): what both say is counted, no more.

One person who steps back and forth within the doorway looks like two who follow closely, and is counted as two: in
doorways the second is far more frequent.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

MERGE_S = 0.08
"""Interruptions of one beam closer than this are one: arms, bags, bouncing relays. Lower would count a backpack as a
person; higher would merge two who follow at an arm's length (15 cm at 1.2 m/s are 0.125 s)."""
MAX_INTERRUPTIONS = 64
"""Of one beam in one episode; the oldest are forgotten. Lower would lose people of a dense crowd that never leaves
the doorway clear; higher makes a chattering beam cost time: pairing takes the product of both beams' numbers."""


class Beam(StrEnum):
    """Which of the two."""

    OUTER = "outer"
    INNER = "inner"


@dataclass(slots=True)
class _Interruption:
    start_s: float
    end_s: float | None = None


class Crossing:
    """Counts people in and out.

    Attributes:
        people_in: Since it was made.
        people_out: Since it was made.
    """

    def __init__(self, stuck_s: float) -> None:
        """Begin with both beams clear.

        Args:
            stuck_s: A beam that is blocked for longer hides who passes.
        """
        self.people_in = 0
        self.people_out = 0
        self._stuck_s = stuck_s
        self._now_s = 0.0
        self._episode = {beam: deque[_Interruption](maxlen=MAX_INTERRUPTIONS) for beam in Beam}

    def feed(self, at_s: float, beam: Beam, blocked: bool) -> None:
        """Take an edge: seconds on any clock, not going back; repeated states are ignored."""
        self.advance(at_s)
        last = self._last(beam)
        is_open = last is not None and last.end_s is None
        if last is not None and blocked and not is_open and self._now_s - (last.end_s or 0) < MERGE_S:
            last.end_s = None
        elif blocked and not is_open:
            self._episode[beam].append(_Interruption(self._now_s))
        elif last is not None and not blocked and is_open:
            last.end_s = self._now_s

    def advance(self, now_s: float) -> None:
        """Let time pass: an episode is decided once both beams have been clear for MERGE_S."""
        # A time that goes back, of an edge delivered late, is taken as now: order is what counts.
        self._now_s = max(self._now_s, now_s)
        last = [found for beam in Beam if (found := self._last(beam)) is not None]
        if last and all(found.end_s is not None and self._now_s - found.end_s >= MERGE_S for found in last):
            self._decide()

    def is_blocked(self) -> bool:
        """Whether a beam has been blocked for longer than ``stuck_s``, so that nobody can be counted."""
        last = [found for beam in Beam if (found := self._last(beam)) is not None]
        return any(found.end_s is None and self._now_s - found.start_s > self._stuck_s for found in last)

    def _last(self, beam: Beam) -> _Interruption | None:
        interruptions = self._episode[beam]
        return interruptions[-1] if interruptions else None

    def _decide(self) -> None:
        came_in, went_out = _explain(list(self._episode[Beam.OUTER]), list(self._episode[Beam.INNER]))
        self.people_in += came_in
        self.people_out += went_out
        for interruptions in self._episode.values():
            interruptions.clear()


_Counts = frozenset[tuple[int, int]]


def _explain(outer: list[_Interruption], inner: list[_Interruption]) -> tuple[int, int]:
    """People in and out that every best pairing of the two beams' interruptions agrees on.

    A table as for the longest common subsequence: each cell holds the best weight of pairings of what comes before,
    with every (in, out) that reaches it.
    """
    nothing: tuple[int, _Counts] = (0, frozenset({(0, 0)}))
    above = [nothing] * (len(inner) + 1)
    for left in outer:
        row = [nothing]
        for column, right in enumerate(inner):
            row.append(_best(above[column + 1], row[column], _paired(above[column], _direction(left, right))))
        above = row
    counts = above[-1][1]
    return min(came_in for came_in, _ in counts), min(went_out for _, went_out in counts)


def _paired(before: tuple[int, _Counts], direction: int) -> tuple[int, _Counts]:
    weight, counts = before
    if direction == 0:
        return before
    came_in = direction > 0
    return weight + abs(direction), frozenset((ins + came_in, outs + (not came_in)) for ins, outs in counts)


def _best(*cells: tuple[int, _Counts]) -> tuple[int, _Counts]:
    weight = max(cell[0] for cell in cells)
    return weight, frozenset().union(*(counts for found, counts in cells if found == weight))


def _direction(outer: _Interruption, inner: _Interruption) -> int:
    """2 for in, -2 for out, 1 and -1 where one end is undecided, 0 when it is nobody's passage."""
    if outer.end_s is None or inner.end_s is None:
        return 0
    if outer.start_s > inner.end_s or inner.start_s > outer.end_s:
        return 0
    return _order(outer.start_s, inner.start_s) + _order(outer.end_s, inner.end_s)


def _order(outer_s: float, inner_s: float) -> int:
    return (outer_s < inner_s) - (outer_s > inner_s)
