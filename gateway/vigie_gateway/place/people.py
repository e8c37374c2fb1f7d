"""How many people are in each room: doors, clickers and motion added up.

Pure: passages, corrections and times in, counts out. Live, the board feeds it one reading at a time; after a restart
the same class is fed the stored ones, so that both come to the same counts.

A person is moved by a door from one room to the next, and stays counted there until a door moves them on: nobody is
counted twice, and the sum over the rooms is the net flow through the outside doors. A room goes below zero when a
counter has missed somebody, or when the next door's counter has only not been heard yet; so a deficit is shown as zero,
waits ``settle_s`` for the missing passage, and is then forgiven (a clamping).

What somebody counted by hand takes the place of a room's count, and the doors go on from there: a passage moves the
room when its reading is younger than that word, however late it is heard.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vigie_gateway.place.references import OUTSIDE
from vigie_gateway.store import Correction

SETTLE_S = 60.0
"""Least time that a deficit waits. Shorter than a door's period, a person who is counted at the second door before the
first would be there twice; longer, somebody who comes in meanwhile pays for one who was missed."""
ERROR_PER_PASSAGE = 0.03
"""Share of passages that two beams miscount (two abreast, a bag, hesitation): an assumption, to be replaced by a
place's own manual checks. Lower promises more than beams hold; higher makes every band useless."""
BAND_DEVIATIONS = 2.0
"""Half-width of the band in standard deviations: about 19 bands of 20 hold the truth if errors are independent."""


@dataclass(slots=True)
class RoomCount:
    """What is known of one room since the last reset.

    Attributes:
        balance: Who came in less who went out; below zero while a deficit waits.
        passages: Through its doors.
        clamped: Deficits forgiven, in people.
        deficit_since_ts: When the balance went below zero; None when it is not.
        said: How many somebody counted; None when nobody did.
        said_ts: When that was.
    """

    balance: int = 0
    passages: int = 0
    clamped: int = 0
    deficit_since_ts: float | None = None
    said: int | None = None
    said_ts: float = float("-inf")

    @property
    def people(self) -> int:
        """Never negative."""
        return max(0, self.balance)

    @property
    def margin(self) -> int:
        """Half-width of the honest band, in people: of passages, independent errors; of clampings, all of them."""
        spread = BAND_DEVIATIONS * math.sqrt(ERROR_PER_PASSAGE * self.passages)
        return math.floor(spread + 0.5) + self.clamped


class Passages(NamedTuple):
    """People who went through one door, one way, by one reading."""

    at_ts: float
    origin: str
    target: str
    number: int


class PeopleCounts:
    """Counts of every counted room of a place, moved by passages in order of time."""

    def __init__(self, rooms: Iterable[str], settle_s: float = SETTLE_S) -> None:
        """Begin with nobody in.

        Args:
            rooms: Those that ``counted_rooms`` found.
            settle_s: How long a deficit waits: at least two periods of the slowest door.
        """
        self.settle_s = settle_s
        self.rooms = {room: RoomCount() for room in rooms}
        self._touched: set[str] = set()
        self._touched_ts = float("-inf")
        self._in_deficit: set[str] = set()

    def move(self, passages: Passages, is_open: bool) -> None:
        """Move people; a deficit that arises while the place is closed (late leavers) does not widen the band.

        Doors that are read at the same time may come in any order: what they leave is judged once all are in.
        """
        if passages.at_ts > self._touched_ts:
            self.settle(passages.at_ts, is_open)
            self._touched_ts = passages.at_ts
        for room, change in ((passages.origin, -passages.number), (passages.target, passages.number)):
            count = self.rooms.get(room)
            if count is not None and passages.at_ts > count.said_ts:
                count.balance += change
                count.passages += passages.number
                self._touched.add(room)

    def correct(self, room: str, people: int, at_ts: float) -> None:
        """Somebody counted: what was not known until then is known. A room that no door counts is passed over."""
        if room in self.rooms:
            self.rooms[room] = RoomCount(balance=people, said=people, said_ts=at_ts)
            self._touched.discard(room)
            self._in_deficit.discard(room)

    def settle(self, now_ts: float, is_open: bool) -> None:
        """Forgive deficits that have waited for long enough by ``now_ts``, which never goes back."""
        if now_ts <= self._touched_ts:
            return
        for room in self._touched:
            count = self.rooms[room]
            if count.balance >= 0:
                count.deficit_since_ts = None
                self._in_deficit.discard(room)
            elif count.deficit_since_ts is None:
                count.deficit_since_ts = self._touched_ts
                self._in_deficit.add(room)
        self._touched.clear()
        for room in list(self._in_deficit):
            count = self.rooms[room]
            if count.deficit_since_ts is not None and now_ts - count.deficit_since_ts > self.settle_s:
                if is_open:
                    count.clamped -= count.balance
                count.balance = 0
                count.deficit_since_ts = None
                self._in_deficit.discard(room)

    def clock_moved(self, step_s: float) -> None:
        """The gateway's clock was set: deficits have waited for as long as they had."""
        self._touched_ts += step_s
        for count in self.rooms.values():
            count.said_ts += step_s
            if count.deficit_since_ts is not None:
                count.deficit_since_ts += step_s

    def reset(self) -> None:
        """Everybody has gone."""
        self.rooms = {room: RoomCount() for room in self.rooms}
        self._touched.clear()
        self._in_deficit.clear()


class DoorSides(NamedTuple):
    """A door as counting sees it: what ``in`` counts goes from ``first`` to ``second``."""

    first: str
    second: str
    is_counted: bool


def counted_rooms(doors: Sequence[DoorSides]) -> set[str]:
    """The rooms whose people the doors can tell.

    A room with a counted door, unless people can also come into it uncounted: through a door without counters from
    outside, or from another room of which that is true. Such a room is as good as the street.
    """
    streets = {OUTSIDE}
    changed = True
    while changed:
        changed = False
        for door in doors:
            if not door.is_counted and (door.first in streets) != (door.second in streets):
                streets |= {door.first, door.second}
                changed = True
    return {side for door in doors if door.is_counted for side in (door.first, door.second)} - streets


def embedded_rooms(doors: Sequence[DoorSides], counted: set[str]) -> set[str]:
    """Uncounted rooms that are reached from a counted one: who is there is still in that one's count."""
    found = set(counted)
    changed = True
    while changed:
        changed = False
        for door in doors:
            if OUTSIDE not in (door.first, door.second) and (door.first in found) != (door.second in found):
                found |= {door.first, door.second}
                changed = True
    return found - counted


def increase(before: float | None, value: float) -> int:
    """How much a counter rose: after a restart it counts from zero; of the first reading nothing is known."""
    if before is None:
        return 0
    return int(value - before) if value >= before else int(value)


def replay(
    counts: PeopleCounts,
    passages: Iterable[Passages],
    openings: Sequence[tuple[float, float]] | None,
    corrections: Iterable[Correction] = (),
) -> PeopleCounts:
    """Feed stored passages and corrections, in any order; ``openings`` None where the place has no hours."""
    waiting = deque(sorted(corrections, key=lambda one: one.at_ts))
    for passage in sorted(passages, key=lambda one: one.at_ts):
        while waiting and waiting[0].at_ts <= passage.at_ts:
            _correct(counts, waiting.popleft())
        is_open = openings is None or any(opens <= passage.at_ts < closes for opens, closes in openings)
        counts.move(passage, is_open)
    for one in waiting:
        _correct(counts, one)
    return counts


def _correct(counts: PeopleCounts, correction: Correction) -> None:
    counts.correct(correction.subject, correction.value, correction.at_ts)


def is_inconsistent(count: RoomCount, seats: int) -> bool:
    """Whether a count cannot be: more than the seats beyond the band, or below none by more than one and the band.

    One below is left to the next door's reading. A passage (no seats) holds any number, and so does a room in which
    somebody has counted more people than seats.
    """
    if -count.balance > count.margin + 1:
        return True
    if count.said is not None and count.said > seats:
        return False
    return 0 < seats < count.people - count.margin


def with_motion(people: int, motions: Iterable[bool | None]) -> int:
    """At least one where somebody moves; ``motions`` None where a sensor does not tell."""
    return max(people, 1) if any(motions) else people


def from_motion_alone(seats: int, motions: Sequence[bool | None]) -> int | None:
    """People in a room that no door counts: 1 or 0 in a booth of one seat; None when motion cannot tell how many."""
    if seats != 1 or not motions:
        return None
    if any(motions):
        return 1
    return None if None in motions else 0


def total_people(people: Mapping[str, int], counted: set[str], embedded: set[str]) -> int:
    """Over measured rooms, nobody twice: who is in a booth stays in the count of the room that it opens on."""
    has_count = any(room in counted for room in people)
    return sum(number for room, number in people.items() if not (has_count and room in embedded))
