"""Drives the pins through the simulated day, on a thread of its own.

``edges_of`` is pure: which pin changes when. ``Player`` waits for each change's moment and makes it; it also tells
what the pins' own clock shows, which never passes a change that has not been made yet.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from threading import Event, Thread
from typing import NamedTuple

from vigie_contract.clock import Clock
from vigie_sensors.simulation.day import Crossing, Day
from vigie_sensors.simulation.life import Life
from vigie_sensors.simulation.pins import SimulatedFactory

log = logging.getLogger(__name__)

BEAM_STEP_S = 0.12
"""Between two edges of somebody who goes through two beams 14 cm apart at 1.2 m/s."""
MOTION_EVERY_S = 6.0
MOTION_LASTS_S = 2.0
"""Pulses of a PIR before which somebody sits."""


class Edge(NamedTuple):
    """A pin changes.

    Attributes:
        at_ts: When.
        pin: ``GPIO17``.
        is_high: What it changes to.
    """

    at_ts: float
    pin: str
    is_high: bool


@dataclass(frozen=True, slots=True)
class DoorWiring:
    """Two beams."""

    outer: str
    inner: str
    is_blocked_high: bool

    @property
    def pins(self) -> frozenset[str]:
        """Both."""
        return frozenset({self.outer, self.inner})


@dataclass(frozen=True, slots=True)
class SwitchWiring:
    """One pin that tells yes or no: a PIR or a mains detector."""

    pin: str
    is_active_high: bool


@dataclass(frozen=True, slots=True)
class Wiring:
    """What is connected where.

    Attributes:
        doors: By door.
        booths: By booth, the PIR.
        circuits: By circuit, the mains detector.
    """

    doors: dict[str, DoorWiring]
    booths: dict[str, SwitchWiring]
    circuits: dict[str, SwitchWiring]

    def levels(self, day: Day, at_ts: float) -> dict[str, bool]:
        """Every pin's level at a moment; nobody stands in a beam, nobody moves."""
        found: dict[str, bool] = {}
        for door in self.doors.values():
            found |= dict.fromkeys(door.pins, not door.is_blocked_high)
        for motion in self.booths.values():
            found[motion.pin] = not motion.is_active_high
        for circuit, mains in self.circuits.items():
            found[mains.pin] = day.has_mains(circuit, at_ts) == mains.is_active_high
        return found

    def dead_pins(self, day: Day, at_ts: float) -> frozenset[str]:
        """The pins whose sensor is broken at a moment."""
        return frozenset[str]().union(*(wired.pins for door, wired in self.doors.items() if day.is_deaf(door, at_ts)))


def edges_of(day: Day, wiring: Wiring) -> Iterator[Edge]:
    """Every change of a day, in order of time."""
    crossings = [
        _crossing_edges(crossing, wiring.doors[crossing.door])
        for crossing in day.crossings
        if crossing.door in wiring.doors
    ]
    yield from merge(
        sorted(edge for edges in crossings for edge in edges),
        *(_motion_edges(day, booth, wired) for booth, wired in wiring.booths.items()),
        *(_mains_edges(day, circuit, wired) for circuit, wired in wiring.circuits.items()),
    )


def _crossing_edges(crossing: Crossing, wired: DoorWiring) -> list[Edge]:
    first, second = (wired.outer, wired.inner) if crossing.is_in else (wired.inner, wired.outer)
    high = wired.is_blocked_high
    changes = ((first, high), (second, high), (first, not high), (second, not high))
    return [Edge(crossing.at_ts + index * BEAM_STEP_S, pin, level) for index, (pin, level) in enumerate(changes)]


def _motion_edges(day: Day, booth: str, wired: SwitchWiring) -> Iterator[Edge]:
    for start_ts, end_ts in day.booth_stays[booth]:
        at_ts = start_ts
        while at_ts + MOTION_LASTS_S < end_ts:
            yield Edge(at_ts, wired.pin, wired.is_active_high)
            yield Edge(at_ts + MOTION_LASTS_S, wired.pin, not wired.is_active_high)
            at_ts += MOTION_EVERY_S


def _mains_edges(day: Day, circuit: str, wired: SwitchWiring) -> Iterator[Edge]:
    was_live = True
    for at_ts in day.events_ts:
        is_live = day.has_mains(circuit, at_ts)
        if is_live != was_live:
            yield Edge(at_ts, wired.pin, is_live == wired.is_active_high)
        was_live = is_live


class Timeline:
    """The pins' clock: simulated time, held back at the next change until that has been made."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset_s = clock.now_ts() - clock.now_mono()
        self._held_ts = clock.now_ts()

    def hold_at(self, at_ts: float) -> None:
        """The next change is then."""
        self._held_ts = at_ts

    def reached_ts(self) -> float:
        """Epoch seconds up to which everything has happened."""
        return min(self._clock.now_mono() + self._offset_s, self._held_ts)

    def ticks(self) -> float:
        """The same as monotonic seconds: the time of the pins."""
        return self.reached_ts() - self._offset_s


class Player:
    """Makes the changes at their moments."""

    def __init__(self, life: Life, wiring: Wiring, factory: SimulatedFactory, timeline: Timeline, clock: Clock) -> None:
        self._life = life
        self._wiring = wiring
        self._factory = factory
        self._timeline = timeline
        self._clock = clock
        self._stop = Event()
        self._thread = Thread(target=self._run, name="simulated-pins", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; the pins stay as they are."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        # Nothing more will happen: a driver that is still open sees time go on.
        self._timeline.hold_at(float("inf"))

    def _run(self) -> None:
        start_ts = self._timeline.reached_ts()
        day = self._life.day_at(start_ts)
        while not self._stop.is_set():
            if not self._play(day, start_ts):
                return
            start_ts = day.ends_ts
            day = self._life.day_at(start_ts)

    def _play(self, day: Day, start_ts: float) -> bool:
        """One day; False when told to stop."""
        breaks = iter([*(at_ts for at_ts in day.events_ts if at_ts > start_ts), day.ends_ts])
        next_break_ts = next(breaks)
        self._factory.kill(self._wiring.dead_pins(day, start_ts))
        for edge in edges_of(day, self._wiring):
            if edge.at_ts < start_ts:
                continue
            while next_break_ts <= edge.at_ts:
                if not self._wait_until(next_break_ts):
                    return False
                self._factory.kill(self._wiring.dead_pins(day, next_break_ts))
                next_break_ts = next(breaks, float("inf"))
            if not self._wait_until(edge.at_ts):
                return False
            self._factory.drive(edge.pin, is_high=edge.is_high)
        while next_break_ts <= day.ends_ts:
            if not self._wait_until(next_break_ts):
                return False
            self._factory.kill(self._wiring.dead_pins(day, min(next_break_ts, day.ends_ts - 1)))
            next_break_ts = next(breaks, float("inf"))
        return True

    def _wait_until(self, at_ts: float) -> bool:
        self._timeline.hold_at(at_ts)
        wait_s = at_ts - self._clock.now_ts()
        if wait_s > 0:
            self._clock.wait(self._stop, wait_s)
        return not self._stop.is_set()
