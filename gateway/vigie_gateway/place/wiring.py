"""Which channel tells what: the site file, laid out for the board once at start.

Pure. Built by the board; read by its view, by the day's curve and by the rooms' histories.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vigie_dashboard.view import DoorView, Point
from vigie_gateway.place.cells import Cell, NodePresence
from vigie_gateway.place.circuits import CircuitNode, CircuitTree
from vigie_gateway.place.hours import OpeningWatch
from vigie_gateway.place.people import DoorSides, counted_rooms, embedded_rooms
from vigie_gateway.place.site import AccessPoint, Outlet, Room, Site, Uplink


@dataclass(frozen=True, slots=True)
class LatencyCells:
    """The channels of one target of a latency sensor."""

    p50: Cell
    p95: Cell
    loss: Cell


@dataclass(frozen=True, slots=True)
class AccessPointCells:
    """One access point that covers a room."""

    site: AccessPoint
    stations: Cell | None
    utilisation: Cell | None


@dataclass(frozen=True, slots=True)
class ProbeCells:
    """What a Wi-Fi probe tells of a room."""

    latency: LatencyCells | None
    rssi: Cell | None
    power_save: Cell | None


@dataclass(frozen=True, slots=True)
class UplinkCells:
    """One line to the internet."""

    site: Uplink
    download: Cell | None
    upload: Cell | None
    portal: Cell | None
    latency: LatencyCells | None
    dns: Cell | None


@dataclass(frozen=True, slots=True)
class OutletCells:
    """One outlet."""

    site: Outlet
    in_use: Cell | None
    power: Cell | None
    switched_on: Cell | None


@dataclass(frozen=True, slots=True)
class RoomWiring:
    """One room.

    Attributes:
        site: As the file has it.
        corners: On the plan.
        watch: Its opening hours, or those of the place; None when it never closes.
        counters: Of its doors, where they tell its people; empty where they cannot.
        motions: Its motion sensors.
        outlets: Its outlets; empty when nothing measures one of them.
        access_points: Those that cover it.
        probes: Those that speak for it.
    """

    site: Room
    corners: tuple[Point, ...]
    watch: OpeningWatch | None
    counters: tuple[Cell, ...]
    motions: tuple[Cell, ...]
    outlets: tuple[OutletCells, ...]
    access_points: tuple[AccessPointCells, ...]
    probes: tuple[ProbeCells, ...]


class Wiring:
    """The whole place, channel by channel.

    Attributes:
        cells: By channel name, every channel that the place uses.
        nodes: By node id.
        counted: Rooms whose people the doors tell.
        embedded: Rooms whose people stay in the count of the one that they open on.
        rooms: In the order of the site file.
        doors: With a place on the plan.
        open_doors: By door, the channel that tells whether it is open.
        circuit_names: By circuit, its name by language.
        dated: Names of the channels of which one must know since when they say what they say.
        crossings: Pairs of channels ``(inward, outward)`` of the doors between what is counted and what is not.
    """

    def __init__(self, site: Site) -> None:
        self.cells: dict[str, Cell] = {}
        self.nodes: dict[str, NodePresence] = {}
        sides = [DoorSides(*door.between, door.in_ is not None) for door in site.doors]
        self.counted = counted_rooms(sides)
        self.embedded = embedded_rooms(sides, self.counted)
        self._wire_doors(site)
        self.open_doors = {door.id: self._require(door.open) for door in site.doors if door.open is not None}
        self.crossings = tuple(self._crossings(site))
        self.tree, self.meters, self.mains, self.subscribed = self._wire_circuits(site)
        self.circuit_names = {circuit.id: circuit.name for circuit in site.circuits}
        self.outlets = tuple(
            OutletCells(outlet, self._cell(outlet.in_use), self._cell(outlet.power), self._cell(outlet.switched_on))
            for outlet in site.all_outlets()
        )
        self.access_points = tuple(
            AccessPointCells(point, self._cell(point.stations), self._cell(point.utilisation))
            for point in site.access_points
        )
        self.probes = tuple(
            (
                frozenset(probe.rooms),
                ProbeCells(self._latency(probe.latency), self._cell(probe.rssi), self._cell(probe.power_save)),
            )
            for probe in site.wifi
        )
        self.uplinks = tuple(
            UplinkCells(
                uplink,
                self._cell(uplink.download),
                self._cell(uplink.upload),
                self._cell(uplink.portal),
                self._latency(uplink.latency),
                self._cell(uplink.dns),
            )
            for uplink in sorted(site.uplinks, key=lambda one: one.role != "main")
        )
        portals = [uplink.portal for uplink in self.uplinks if uplink.portal is not None]
        self.dated = frozenset(cell.name for cell in (*self.mains.values(), *portals, *self.open_doors.values()))
        hours = site.opening_hours()
        self.watch = None if hours is None else OpeningWatch(hours, site.zone())
        self.rooms = tuple(self._wire_room(site, room) for room in site.rooms)

    def _cell(self, name: str | None) -> Cell | None:
        return None if name is None else self._require(name)

    def _require(self, name: str) -> Cell:
        cell = self.cells.get(name)
        if cell is None:
            presence = self.nodes.setdefault(name.partition(".")[0], NodePresence())
            cell = self.cells[name] = Cell(name, presence)
        return cell

    def _latency(self, prefix: str | None) -> LatencyCells | None:
        if prefix is None:
            return None
        return LatencyCells(*(self._require(f"{prefix}-{suffix}") for suffix in ("p50", "p95", "loss")))

    def _wire_doors(self, site: Site) -> None:
        views = []
        for door in site.doors:
            first, second = door.between
            if door.in_ is not None and door.out is not None:
                self._require(door.in_).moves = (first, second)
                self._require(door.out).moves = (second, first)
            if door.at is not None:
                start, end = (Point(x, y) for x, y in door.at)
                views.append(DoorView(door.id, start, end))
        self.doors = tuple(views)

    def _crossings(self, site: Site) -> Iterable[tuple[str, str]]:
        for door in site.doors:
            first, second = (side in self.counted for side in door.between)
            if door.in_ is not None and door.out is not None and first != second:
                yield (door.in_, door.out) if second else (door.out, door.in_)

    def door_pairs(self, site: Site, room: str) -> list[tuple[str, str]]:
        """Pairs of channels ``(inward, outward)`` of the counted doors of one room."""
        return [
            (door.in_, door.out) if door.between[1] == room else (door.out, door.in_)
            for door in site.doors
            if door.in_ is not None and door.out is not None and room in door.between
        ]

    def _wire_circuits(self, site: Site) -> tuple[CircuitTree, dict[str, Cell], dict[str, Cell], dict[str, Cell]]:
        meters = {one.id: self._require(one.power) for one in site.circuits if one.power is not None}
        mains = {one.id: self._require(one.mains) for one in site.circuits if one.mains is not None}
        subscribed = {one.id: self._require(one.subscribed) for one in site.circuits if one.subscribed is not None}
        by_circuit: dict[str, list[Outlet]] = {one.id: [] for one in site.circuits}
        for outlet in site.all_outlets():
            by_circuit[outlet.circuit].append(outlet)
        nodes = []
        for circuit in site.circuits:
            outlets = by_circuit[circuit.id]
            is_complete = all(outlet.power is not None for outlet in outlets)
            nodes.append(
                CircuitNode(
                    circuit.id,
                    circuit.parent,
                    circuit.max_current_a,
                    circuit.max_power_va,
                    circuit.id in meters,
                    tuple(outlet.id for outlet in outlets) if is_complete else None,
                    circuit.id in mains,
                )
            )
        return CircuitTree(nodes), meters, mains, subscribed

    def _wire_room(self, site: Site, room: Room) -> RoomWiring:
        outlets = tuple(outlet for outlet in self.outlets if outlet.site.room == room.id)
        is_measured = any(one.in_use is not None or self.tree.watches[one.site.circuit] for one in outlets)
        watch = self.watch if room.hours is None else OpeningWatch(room.hours.to_hours(), site.zone())
        counters = [cell for cell in self.cells.values() if cell.moves is not None and room.id in cell.moves]
        return RoomWiring(
            room,
            room.polygon(),
            watch,
            tuple(counters) if room.id in self.counted else (),
            tuple(self._require(motion.channel) for motion in site.motions() if motion.room == room.id),
            outlets if is_measured else (),
            tuple(point for point in self.access_points if room.id in point.site.rooms),
            tuple(cells for rooms, cells in self.probes if not rooms or room.id in rooms),
        )
