"""One simulated day of the sample place: who goes through which door when, what is plugged in, what breaks.

Pure: everything follows from the date and the seed, so that the three nodes of the demo, which are three processes,
live the same day without a word between them. People move one by one, so that doors and rooms agree with each other;
all else (outlets, access points, the meter) follows from where the people are.
"""

from __future__ import annotations

import datetime as dt
import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from random import Random
from zoneinfo import ZoneInfo

from vigie_sensors.simulation import place

SLOT_S = 300
"""People come and go towards what a room holds five minutes later. Lower makes more passages than a place has; higher
makes them come in waves."""
GAP_S = 1.5
"""Least time between two passages of one door. Lower brings people so close that two beams could not tell them apart;
higher would not let a session's forty in within the time they have."""
_WALK_S = (8.0, 25.0)
"""Between the entrance and a room's door."""
_CHURN = 0.05
"""Chance, for each person in a room, that somebody goes and another comes in a slot; never out of a session."""

# What breaks on an eventful day, as hours after midnight.
TRIP = ("c4", 13 + 40 / 60, 14 + 41 / 60)
"""The café's breaker: coffee machine and kettle together."""
DEAF_DOOR = ("mezzanine", 14.3, 16 + 40 / 60)
"""The mezzanine's beams lose their supply, and get it back."""


@dataclass(frozen=True, slots=True, order=True)
class Crossing:
    """Somebody goes through a door.

    Attributes:
        at_ts: When they are between the beams.
        door: See ``place.ENTRANCE``.
        is_in: Away from the street, or from the hall into the room.
    """

    at_ts: float
    door: str
    is_in: bool


class Day:
    """One date.

    Attributes:
        date: Of the place's own calendar.
        is_eventful: Whether things break on it.
        starts_ts: Local midnight.
        ends_ts: The next one.
    """

    def __init__(self, date: dt.date, seed: int, *, is_eventful: bool) -> None:
        """Nothing is computed before it is asked for.

        Args:
            date: Of the place's calendar.
            seed: Days of another seed differ.
            is_eventful: See ``TRIP`` and ``DEAF_DOOR``; the session is then attended by as many as there are seats.
        """
        self.date = date
        self.is_eventful = is_eventful
        self.starts_ts = _midnight_ts(date)
        self.ends_ts = _midnight_ts(date + dt.timedelta(days=1))
        self._seed = f"{seed} {date.isoformat()}"
        self._loads: tuple[float, Mapping[str, float]] = (-math.inf, {})

    def at(self, hour: float) -> float:
        """Epoch seconds of a local hour of the day, 14.5 for half past two; by the wall, whatever summer time did."""
        minutes, seconds = divmod(round(hour * 3600), 60)
        time = dt.time(minutes // 60, minutes % 60, seconds, tzinfo=ZoneInfo(place.TIMEZONE))
        return dt.datetime.combine(self.date, time).timestamp()

    @cached_property
    def crossings(self) -> tuple[Crossing, ...]:
        """Every passage of every door, in order of time; all are out again before closing."""
        return tuple(sorted(_Movements(self, self._random("people")).run()))

    @cached_property
    def booth_stays(self) -> dict[str, tuple[tuple[float, float], ...]]:
        """By booth, from when to when it is in use, in order."""
        random = self._random("booths")
        return {booth: tuple(self._booth_stays(booth, random)) for booth in place.BOOTHS}

    def people(self, room: str, at_ts: float) -> int:
        """How many are in a room (or ``hall``: on their way, or in the hall's own corners)."""
        times, counts = self._counts[room]
        return counts[bisect_right(times, at_ts)]

    def passages(self, door: str, at_ts: float) -> tuple[int, int]:
        """How many have come in and gone out by a door since midnight."""
        ins, outs = self._passages[door]
        return bisect_right(ins, at_ts), bisect_right(outs, at_ts)

    def has_mains(self, circuit: str, at_ts: float) -> bool:
        """Whether a circuit has voltage."""
        if not self.is_eventful or circuit != TRIP[0]:
            return True
        return not self.at(TRIP[1]) <= at_ts < self.at(TRIP[2])

    def is_deaf(self, door: str, at_ts: float) -> bool:
        """Whether a door's sensor is broken."""
        return self.is_eventful and door == DEAF_DOOR[0] and self.at(DEAF_DOOR[1]) <= at_ts < self.at(DEAF_DOOR[2])

    @property
    def events_ts(self) -> tuple[float, ...]:
        """When something breaks or is repaired, in order; empty on a calm day."""
        hours = (*TRIP[1:], *DEAF_DOOR[1:]) if self.is_eventful else ()
        return tuple(sorted(self.at(hour) for hour in hours))

    def amps(self, outlet: str, at_ts: float) -> float:
        """True RMS current of an outlet."""
        circuit = place.OUTLETS[outlet].circuit
        if not self.has_mains(circuit, at_ts):
            return 0.0
        machine_a = self._machine_amps(outlet, at_ts)
        if machine_a is not None:
            return machine_a
        rank, base_a, phase = self._habits[outlet]
        room = place.OUTLETS[outlet].room
        wanted = self.people(room, at_ts) * (1.0 if room in place.BOOTHS else place.ROOMS[room].plugs)
        if wanted < rank + 0.5:
            return _STANDBY_A
        return base_a * (1 + 0.15 * math.sin(at_ts / 170 + phase))

    def loads(self, at_ts: float) -> Mapping[str, float]:
        """``amps`` of every outlet; that of the same moment again costs nothing."""
        asked_ts, loads = self._loads
        if asked_ts != at_ts:
            loads = {outlet: self.amps(outlet, at_ts) for outlet in place.OUTLETS}
            self._loads = (at_ts, loads)  # one assignment: two threads may ask at once
        return loads

    def apparent_power_va(self, at_ts: float) -> float:
        """What the meter shows: outlets, and what is wired in (light, ventilation, the kitchen's refrigerators)."""
        is_open = self.at(place.OPENS_S / 3600) <= at_ts < self.at(place.CLOSES_S / 3600)
        wired_va = (1_450 if is_open else 380) + 60 * math.sin(at_ts / 410)
        return wired_va + place.MAINS_V * sum(self.loads(at_ts).values())

    def radio_load(self, access_point: str, at_ts: float) -> tuple[int, float]:
        """Stations associated with an access point, and the share of time its channel is busy, 0 to 1."""
        found = place.ACCESS_POINTS[access_point]
        stations = round(sum(self.people(room, at_ts) for room in found.rooms) * found.devices)
        utilisation = 0.06 + 0.018 * stations + 0.012 * math.sin(at_ts / 47 + found.frequency_mhz)
        return stations, min(0.9, max(0.01, utilisation))

    def _random(self, what: str) -> Random:
        # Not for secrets: the same days must come again in each process.
        return Random(f"{self._seed} {what}")  # noqa: S311

    def _machine_amps(self, outlet: str, at_ts: float) -> float | None:
        if outlet == place.PROJECTOR and self._is_session(at_ts):
            return 1.3
        if outlet == place.COFFEE:
            return (5.6 if at_ts % 240 < 60 else 0.4) if self.people("cafe", at_ts) else _STANDBY_A  # noqa: PLR2004 - it heats a minute in four
        if outlet == place.KETTLE and self.is_eventful and 0 <= self.at(TRIP[1]) - at_ts < _KETTLE_S:
            return 9.4
        if outlet == place.PRINTER and self.people("fablab", at_ts):
            return 0.9 + 0.5 * (at_ts % 90 < 30)  # noqa: PLR2004 - its bed heats
        return None

    def _is_session(self, at_ts: float) -> bool:
        start, end = place.SESSION_HOURS
        return self.date.weekday() in place.SESSION_WEEKDAYS and self.at(start) <= at_ts < self.at(end)

    def _booth_stays(self, booth: str, random: Random) -> Iterator[tuple[float, float]]:
        now_ts, last_ts = self.at(9) + random.uniform(0, 2400), self.at(18.5)
        # So that a visitor at the beginning of the demo sees one booth in use and one free.
        busy_ts, free_ts = (self.at(14.15), self.at(14.8)), (self.at(14.1), self.at(14.9))
        kept_ts = busy_ts if booth == place.BOOTHS[0] else free_ts
        is_kept = self.is_eventful
        while now_ts < last_ts:
            end_ts = now_ts + random.uniform(900, 2700)
            if is_kept and end_ts > kept_ts[0]:
                is_kept = False
                if kept_ts is busy_ts:
                    yield busy_ts
                now_ts = kept_ts[1] + random.uniform(300, 1500)
                continue
            yield now_ts, end_ts
            now_ts = end_ts + random.uniform(300, 4200) / place.WEEKDAYS[self.date.weekday()]

    @cached_property
    def _habits(self) -> dict[str, tuple[int, float, float]]:
        """By outlet: how many of its room are taken before it, what its computer draws, where in its cycle it is."""
        random = self._random("outlets")
        habits: dict[str, tuple[int, float, float]] = {}
        for room in (*place.ROOMS, *place.BOOTHS):
            found = [name for name, outlet in place.OUTLETS.items() if outlet.room == room]
            random.shuffle(found)
            for rank, name in enumerate(found):
                habits[name] = (
                    0 if room in place.BOOTHS else rank,
                    random.uniform(0.28, 0.62),
                    random.uniform(0, 6.28),
                )
        return habits

    @cached_property
    def _passages(self) -> dict[str, tuple[list[float], list[float]]]:
        found: dict[str, tuple[list[float], list[float]]] = {
            door: ([], []) for door in (place.ENTRANCE, *place.ROOMS, *place.BOOTHS)
        }
        for crossing in self.crossings:
            found[crossing.door][0 if crossing.is_in else 1].append(crossing.at_ts)
        return found

    @cached_property
    def _counts(self) -> dict[str, tuple[list[float], list[int]]]:
        found: dict[str, tuple[list[float], list[int]]] = {
            room: ([], [0]) for room in ("hall", *place.ROOMS, *place.BOOTHS)
        }
        for crossing in self.crossings:
            change = 1 if crossing.is_in else -1
            changes = {"hall": change} if crossing.door == place.ENTRANCE else {crossing.door: change, "hall": -change}
            for room, step in changes.items():
                times, counts = found[room]
                times.append(crossing.at_ts)
                counts.append(counts[-1] + step)
        return found


_STANDBY_A = 0.012
_KETTLE_S = 130.0


class _Movements:
    """Walks people through one day, slot by slot."""

    def __init__(self, day: Day, random: Random) -> None:
        self._day = day
        self._random = random
        self._taken: dict[str, list[float]] = {}
        self._crossings: list[Crossing] = []
        mood = random.uniform(0.93, 1.04)
        # What a visitor of the demo sees first does not hang on the date.
        self._liveliness = place.WEEKDAYS[day.date.weekday()] * (1.0 if day.is_eventful else mood)
        self._attendance = self._draw_attendance()

    def run(self) -> list[Crossing]:
        counts = dict.fromkeys(place.ROOMS, 0)
        opens_ts, closes_ts = self._day.at(place.OPENS_S / 3600), self._day.at(place.CLOSES_S / 3600)
        # Nobody comes in the last two slots, so that the last are out by closing.
        for slot_ts in range(int(opens_ts), int(closes_ts) - SLOT_S, SLOT_S):
            is_last = slot_ts + 2 * SLOT_S >= closes_ts
            hour = (slot_ts + SLOT_S - self._day.at(12)) / 3600 + 12
            wanted = {room: 0 if is_last else self._wanted(room, hour) for room in counts}
            self._slot(slot_ts, counts, wanted, is_last=is_last)
            counts = wanted
        for booth, stays in self._day.booth_stays.items():
            for start_ts, end_ts in stays:
                self._come(booth, start_ts)
                self._go(booth, end_ts)
        return self._crossings

    def _draw_attendance(self) -> int:
        attendance = self._random.randint(24, 38)
        return place.ROOMS[place.SESSION_ROOM].seats if self._day.is_eventful else attendance

    def _wanted(self, room: str, hour: float) -> int:
        found = place.ROOMS[room]
        share = _line(found.use, hour)
        start, end = place.SESSION_HOURS
        if room == place.SESSION_ROOM and self._day.date.weekday() in place.SESSION_WEEKDAYS:
            if start <= hour <= end - 0.05:
                return self._attendance
            if start - 0.75 < hour <= start - 0.2 or end < hour < end + 0.4:
                share = min(share, 0.08)
            elif start - 0.2 < hour < start:
                return round(self._attendance * (hour - start + 0.2) / 0.2)
        wobble = self._random.uniform(-0.6, 0.6) if share else 0.0
        return min(found.seats - 1, max(0, round(found.seats * share * self._liveliness + wobble)))

    def _slot(self, slot_ts: float, counts: dict[str, int], wanted: dict[str, int], *, is_last: bool) -> None:
        leaving: list[str] = []
        joining: list[str] = []
        for room, count in counts.items():
            leaving += [room] * max(0, count - wanted[room])
            joining += [room] * max(0, wanted[room] - count)
            is_steady = count == wanted[room] and count != self._attendance and not is_last
            if is_steady and self._random.random() < _CHURN * count:
                leaving.append(room)
                joining.append(room)
        self._random.shuffle(leaving)
        self._random.shuffle(joining)
        staying = [self._random.random() < 0.5 for _ in range(min(len(leaving), len(joining)))]  # noqa: PLR2004 - one in two goes to another room
        for index, room in enumerate(leaving):
            is_staying = index < len(staying) and staying[index] and joining[index] != room
            self._go(room, slot_ts + self._random.uniform(5, 125), is_staying=is_staying)
        for index, room in enumerate(joining):
            is_staying = index < len(staying) and staying[index] and leaving[index] != room
            self._come(room, slot_ts + self._random.uniform(165, 290), is_staying=is_staying)

    def _come(self, room: str, at_ts: float, *, is_staying: bool = False) -> None:
        walk_s = self._random.uniform(*_WALK_S)
        if not is_staying:
            at_ts = max(at_ts, self._cross(place.ENTRANCE, at_ts - walk_s, is_in=True) + _WALK_S[0])
        self._cross(room, at_ts, is_in=True)

    def _go(self, room: str, at_ts: float, *, is_staying: bool = False) -> None:
        left_ts = self._cross(room, at_ts, is_in=False)
        if not is_staying:
            self._cross(place.ENTRANCE, left_ts + self._random.uniform(*_WALK_S), is_in=False)

    def _cross(self, door: str, at_ts: float, *, is_in: bool) -> float:
        """Go through a door at the first moment from ``at_ts`` at which nobody else is in it."""
        taken = self._taken.setdefault(door, [])
        at_ts = round(at_ts, 2)
        index = bisect_left(taken, at_ts - GAP_S)
        while index < len(taken) and taken[index] < at_ts + GAP_S:
            at_ts = round(taken[index] + GAP_S, 2)
            index += 1
        taken.insert(bisect_left(taken, at_ts), at_ts)
        self._crossings.append(Crossing(at_ts, door, is_in))
        return at_ts


def _line(corners: tuple[tuple[float, float], ...], hour: float) -> float:
    if not corners[0][0] <= hour < corners[-1][0]:
        return 0.0
    index = bisect_right(corners, (hour, math.inf)) - 1
    (left, low), (right, high) = corners[index], corners[index + 1]
    return low + (high - low) * (hour - left) / (right - left)


def _midnight_ts(date: dt.date) -> float:
    return dt.datetime.combine(date, dt.time(tzinfo=ZoneInfo(place.TIMEZONE))).timestamp()
