"""Who went which way through a doorway with two light beams. Called by ``channels`` with the edges of its pins.

The same decider as ``vigie_sensors.crossing``, where it is explained; in milliseconds, and with what a
microcontroller has.
"""

MERGE_MS = 80
"""Interruptions of one beam closer than this are one: as ``vigie_sensors.crossing.MERGE_S``."""
MAX_INTERRUPTIONS = 64
"""Of one beam in one episode; the oldest are forgotten: as there."""
OUTER, INNER = 0, 1
_SHIFT = 128
"""In and out of an explanation in one number: above MAX_INTERRUPTIONS."""


class Crossing:
    """Counts people in and out.

    Attributes:
        people_in: Since it was made.
        people_out: Since it was made.
    """

    def __init__(self, stuck_ms: int) -> None:
        """Begin with both beams clear; one that is blocked for longer than ``stuck_ms`` hides who passes."""
        self.people_in = 0
        self.people_out = 0
        self._stuck_ms = stuck_ms
        self._now_ms = 0
        # Of each beam, [start, end]; end is None while it lasts.
        self._episode: list[list[list[int | None]]] = [[], []]

    def feed(self, at_ms: int, beam: int, blocked: bool) -> None:
        """Take an edge: OUTER or INNER; repeated states are ignored."""
        self.advance(at_ms)
        episode = self._episode[beam]
        last = episode[-1] if episode else None
        is_open = last is not None and last[1] is None
        if last is not None and blocked and not is_open and self._now_ms - (last[1] or 0) < MERGE_MS:
            last[1] = None
        elif blocked and not is_open:
            if len(episode) == MAX_INTERRUPTIONS:
                episode.pop(0)
            episode.append([self._now_ms, None])
        elif last is not None and not blocked and is_open:
            last[1] = self._now_ms

    def advance(self, now_ms: int) -> None:
        """Let time pass: an episode is decided once both beams have been clear for MERGE_MS."""
        self._now_ms = max(self._now_ms, now_ms)
        last = [episode[-1] for episode in self._episode if episode]
        if last and all(end is not None and self._now_ms - end >= MERGE_MS for _, end in last):
            came_in, went_out = _explain(self._episode[OUTER], self._episode[INNER])
            self.people_in += came_in
            self.people_out += went_out
            self._episode = [[], []]

    def is_blocked(self) -> bool:
        """Whether a beam has been blocked for so long that nobody can be counted."""
        last = [episode[-1] for episode in self._episode if episode]
        return any(end is None and self._now_ms - (start or 0) > self._stuck_ms for start, end in last)


def _explain(outer: list[list[int | None]], inner: list[list[int | None]]) -> tuple[int, int]:
    """People in and out that every best pairing of the two beams' interruptions agrees on."""
    nothing: tuple[int, tuple[int, ...]] = (0, (0,))
    above = [nothing] * (len(inner) + 1)
    for left in outer:
        row = [nothing]
        for column, right in enumerate(inner):
            row.append(_best(above[column + 1], row[column], _paired(above[column], _direction(left, right))))
        above = row
    counts = above[-1][1]
    return min(one // _SHIFT for one in counts), min(one % _SHIFT for one in counts)


def _paired(before: tuple[int, tuple[int, ...]], direction: int) -> tuple[int, tuple[int, ...]]:
    weight, counts = before
    if direction == 0:
        return before
    one = _SHIFT if direction > 0 else 1
    return weight + abs(direction), tuple([count + one for count in counts])


def _best(*cells: tuple[int, tuple[int, ...]]) -> tuple[int, tuple[int, ...]]:
    weight = max([cell[0] for cell in cells])
    found: list[int] = []
    for cell in cells:
        if cell[0] == weight:
            found += [count for count in cell[1] if count not in found]
    return weight, tuple(found)


def _direction(outer: list[int | None], inner: list[int | None]) -> int:
    """2 for in, -2 for out, 1 and -1 where one end is undecided, 0 when it is nobody's passage."""
    if outer[1] is None or inner[1] is None or outer[0] is None or inner[0] is None:
        return 0
    if outer[0] > inner[1] or inner[0] > outer[1]:
        return 0
    return _order(outer[0], inner[0]) + _order(outer[1], inner[1])


def _order(outer_ms: int, inner_ms: int) -> int:
    return (outer_ms < inner_ms) - (outer_ms > inner_ms)
