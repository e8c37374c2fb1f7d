"""Seats, outlets and watts of a room, as they were left at such hours. Asked by ``supplies``, on any thread."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from vigie_gateway.capacity.forecast import HOUR_S, Sample
from vigie_gateway.capacity.supply import NOT_DECLARED, Basis, Capacity, Missing, declared, estimated
from vigie_gateway.place.board import Board
from vigie_gateway.place.circuits import MAINS_V
from vigie_gateway.place.corrections import OUT_OF_ORDER
from vigie_gateway.place.room_history import people_line
from vigie_gateway.place.site import Outlet, Site
from vigie_gateway.supply.diary import Asked, Diary
from vigie_gateway.supply.past import Past, measured


class Building:
    """What the site file names of seats, outlets and circuits, and what the store has of it."""

    def __init__(self, site: Site, past: Past, board: Board) -> None:
        self._site = site
        self._past = past
        self._board = board
        self._tree = board.wiring.tree
        self._zone = site.zone()

    def people(self, room: str, now_ts: float) -> list[Sample]:
        """The most people in each hour; empty where nobody counts them."""
        return self._past.samples(f"people {room}", now_ts, partial(self._people, room))

    def _people(self, room: str, from_ts: float, to_ts: float) -> list[Sample]:
        points = round((to_ts - from_ts) / HOUR_S)
        line = people_line(self._site, self._past.store, self._board.wiring, room, from_ts, to_ts, points)
        if line is None:
            return []
        return [Sample(one.at_ts - HOUR_S / 2, one.high) for one in line.points if one.high is not None]

    def seats(self, room: str, asked: Asked, diary: Diary) -> Capacity | Missing:
        """Those that nobody sits on, of what the site file says; all of them where nobody counts."""
        seats = next(one.seats for one in self._site.rooms if one.id == room)
        people = diary.without_sessions(self.people(room, asked.now_ts), [room])
        free = [Sample(one.at_ts, max(0.0, seats - one.value)) for one in people]
        found = measured(free, asked, self._zone, lambda: "no-history")
        return declared(float(seats)) if isinstance(found, Missing) else found

    def _outlets(self, room: str) -> list[Outlet]:
        return [one for one in self._site.all_outlets() if one.room == room]

    def outlets(self, room: str, asked: Asked, diary: Diary) -> Capacity | Missing:
        """Those in order that feed nothing; all that are in order where nothing measures them."""
        outlets = self._outlets(room)
        if not outlets:
            return NOT_DECLARED
        sound = [one for one in outlets if not self._board.stands(OUT_OF_ORDER, one.id, asked.now_ts)]
        watched = [one.in_use for one in sound if one.in_use is not None]
        if not watched:
            return declared(float(len(sound)))
        key = f"outlets {room} {len(sound)} {hash(tuple(watched)):x}"
        samples = self._past.samples(key, asked.now_ts, partial(self._free_outlets, len(sound), watched))
        samples = diary.without_sessions(samples, [room])
        found = measured(samples, asked, self._zone, lambda: self._past.why_unknown(watched, asked.now_ts))
        return declared(float(len(sound))) if isinstance(found, Missing) else found

    def _free_outlets(self, total: int, channels: Sequence[str], from_ts: float, to_ts: float) -> list[Sample]:
        """One that does not tell counts as taken, as on the board; an hour in which most do not is left out."""
        read = [self._past.hours(channel, from_ts, to_ts) for channel in channels]
        found = []
        for at_ts in sorted(set().union(*read)):
            known = [point.mean for hours in read if (point := hours.get(at_ts)) is not None and point.mean is not None]
            if 2 * len(known) > len(channels):
                found.append(Sample(at_ts, total - len(channels) + sum(1 - share for share in known)))
        return found

    def circuits(self, room: str) -> frozenset[str]:
        """Those that the room's outlets hang on, and what stands above, as far as they have a limit."""
        leaves = {one.circuit for one in self._outlets(room)}
        return frozenset(one for leaf in leaves for one in self._path(leaf) if self._limit_va(one) is not None)

    def _path(self, circuit: str | None) -> Iterable[str]:
        while circuit is not None:
            yield circuit
            circuit = self._tree.nodes[circuit].parent

    def _limit_va(self, circuit: str) -> float | None:
        cell = self._board.wiring.subscribed.get(circuit)
        return self._tree.limit_va(circuit, None if cell is None else cell.known_value)

    def power_w(self, room: str, asked: Asked, diary: Diary) -> Capacity | Missing:
        """What the room's circuits and all above them still carry, whichever is least.

        Where the load of one of them is not measured, its limit stands for it, and the whole is an estimate.
        """
        leaves = sorted({one.circuit for one in self._outlets(room)})
        chain = self.circuits(room)
        if not chain:
            return NOT_DECLARED
        limits = {circuit: limit for circuit in sorted(chain) if (limit := self._limit_va(circuit)) is not None}
        measurable = [circuit for circuit in limits if self._meters(circuit)]
        samples = self._past.samples(
            f"power {room} {limits}", asked.now_ts, partial(self._free_power, leaves, limits, measurable)
        )
        rooms = [one.id for one in self._site.rooms if self.circuits(one.id) & chain]
        samples = diary.without_sessions(samples, rooms)
        found = measured(samples, asked, self._zone, lambda: "no-history")
        if isinstance(found, Missing):
            return estimated(_least(leaves, limits, limits))
        return found if len(measurable) == len(limits) else replace(found, basis=Basis.ESTIMATED)

    def _free_power(
        self,
        leaves: Sequence[str],
        limits: Mapping[str, float],
        measurable: Sequence[str],
        from_ts: float,
        to_ts: float,
    ) -> list[Sample]:
        """Of the hours in which all was measured that can be."""
        loads = {circuit: self._load(circuit, from_ts, to_ts) for circuit in measurable}
        if not loads:
            return []
        found = []
        for at_ts in sorted(set.intersection(*(set(hours) for hours in loads.values()))):
            left = {
                circuit: max(0.0, limit - loads[circuit][at_ts]) if circuit in loads else limit
                for circuit, limit in limits.items()
            }
            found.append(Sample(at_ts, _least(leaves, limits, left)))
        return found

    def _load(self, circuit: str, from_ts: float, to_ts: float) -> dict[float, float]:
        """The highest of each hour in VA."""
        channels = self._meters(circuit) or []
        read = [self._volt_amperes(channel, from_ts, to_ts) for channel in channels]
        common = set(read[0]).intersection(*read[1:])
        return {at_ts: sum(hours[at_ts] for hours in read) for at_ts in common}

    def _meters(self, circuit: str) -> list[str] | None:
        """The channels that add up to a circuit's load; None where a part of it has none."""
        meter = self._board.wiring.meters.get(circuit)
        if meter is not None:
            return [meter.name]
        outlets = [one.power for one in self._site.all_outlets() if one.circuit == circuit]
        parts = [self._meters(child) for child in self._tree.children[circuit]]
        if None in outlets or None in parts:
            return None
        return [*(one for one in outlets if one is not None), *(name for part in parts for name in part or ())]

    def _volt_amperes(self, channel: str, from_ts: float, to_ts: float) -> dict[float, float]:
        series = self._past.series(channel)
        factor = MAINS_V if series is not None and series.channel.quantity == "current" else 1.0
        hours = self._past.hours(channel, from_ts, to_ts)
        return {at_ts: point.high * factor for at_ts, point in hours.items() if point.high is not None}


def _least(leaves: Sequence[str], limits: Mapping[str, float], left: Mapping[str, float]) -> float:
    """What a room's own circuits have left together, or one above them, whichever is less."""
    own = sum(left.get(leaf, math.inf) for leaf in leaves)
    return min([own, *(left[circuit] for circuit in limits if circuit not in leaves)])
