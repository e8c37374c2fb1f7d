"""Counts as the public is told them: new ones every five minutes. Called by ``api.visitors`` on request threads.

Who asks every few seconds would otherwise see each single person come or go, and know that four are left when five
become "fewer than five". Between two steps nothing that is told depends on anybody's coming or going; from one to the
next only the sum of all of it shows (docs/visitors.md). What is broken, closed or silent is told at once, and that a
booth is in use, as its door shows.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from vigie_dashboard.view import MEASURED, BoardView, RoomView
from vigie_gateway.place.visitors import BOOTH_SEATS

STEP_S = 300.0
"""Lower lets somebody who asks again and again see single people; higher sends visitors to seats taken since."""


@dataclass(frozen=True, slots=True)
class _Counts:
    """Of one room, at the first look of a step."""

    people: int
    outlets_free: int | None
    at_ts: float | None
    """Of the reading, so that the page says of when its figures are."""


class Told:
    """Holds the counts of each room for the rest of a step. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since_ts: float | None = None
        self._held: dict[str, _Counts] = {}

    def held(self, view: BoardView) -> BoardView:
        """The view with the counts of this step in place of those of now.

        A room that is not measured now stays so; one that was not yet at the step's first look is told of from its
        first reading.
        """
        with self._lock:
            # From look to look and not by the clock: two looks around a full minute would be a moment apart. A clock
            # that was moved begins a step too.
            if self._since_ts is None or abs(view.now_ts - self._since_ts) >= STEP_S:
                self._since_ts, self._held = view.now_ts, {}
            return replace(view, rooms=tuple(self._room(room) for room in view.rooms))

    def _room(self, room: RoomView) -> RoomView:
        if room.people is None or room.state not in MEASURED or room.seats <= BOOTH_SEATS:
            return room
        free = None if room.outlets is None else room.outlets.free
        counts = self._held.setdefault(room.id, _Counts(room.people, free, room.at_ts))
        outlets = room.outlets
        if outlets is not None and outlets.free is not None:
            outlets = replace(outlets, free=counts.outlets_free)
        return replace(room, people=counts.people, outlets=outlets, at_ts=counts.at_ts)
