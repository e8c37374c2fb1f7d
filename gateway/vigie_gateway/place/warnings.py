"""What is wrong with the place now, since when, and where to send visitors meanwhile.

Pure. Called by the board's ``view``, under the board's lock, after the rooms and figures. When something began comes
from the readings where they tell it (a breaker, a sign-in page, a last reading); else from having seen it well before:
what was seen goes in and comes out as a ``Memory``. What was wrong already at the first look has no beginning: it is
not given one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from vigie_dashboard.notices import WarningKind, WarningView
from vigie_dashboard.view import MEASURED, RoomState, RoomView, WifiFit
from vigie_gateway.place.room_state import Moment
from vigie_gateway.place.wiring import RoomWiring, Wiring

SHARED_REASONS = frozenset({"no-internet", "portal", "dns", "throughput"})
"""Of a Wi-Fi: what comes from the line that all rooms share is one warning, not one a room."""
INSTEAD_ROOMS = 2
"""Rooms to send people to. Fewer leaves no choice; more is not read out at a desk."""

_ORDER = {kind: number for number, kind in enumerate(WarningKind)}
_WIFI_KINDS = {WifiFit.DOWN: WarningKind.WIFI_DOWN, WifiFit.SLOW: WarningKind.WIFI_SLOW}
_ROOM_KINDS = {
    RoomState.OLD: WarningKind.OLD,
    RoomState.SILENT: WarningKind.SILENT,
    RoomState.INCONSISTENT: WarningKind.INCONSISTENT,
}

Key = tuple[WarningKind, str]
"""A thing that can be wrong: its kind, and the room or circuit that it is about."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What the look before this one found.

    Attributes:
        since_ts: When each thing that is wrong began; None where it was so at the first look.
        well: What was seen to be well.
    """

    since_ts: Mapping[Key, float | None] = field(default_factory=dict)
    well: frozenset[Key] = frozenset()

    def moved(self, step_s: float) -> Memory:
        """The same, by a clock that was set."""
        since_ts = {key: None if at_ts is None else at_ts + step_s for key, at_ts in self.since_ts.items()}
        return Memory(since_ts, self.well)


@dataclass(slots=True)
class _Look:
    """What is found in one look: wrong, or well; what is in neither is not known."""

    wrong: dict[Key, WarningView] = field(default_factory=dict)
    well: set[Key] = field(default_factory=set)


def find_warnings(
    wiring: Wiring, moment: Moment, rooms: Sequence[RoomView], before: Memory, *, is_recording: bool
) -> tuple[tuple[WarningView, ...], Memory]:
    """Everything that is wrong, worst first and oldest first among equals; and what the next look must know.

    Args:
        wiring: The place.
        moment: Its state.
        rooms: As the board shows them.
        before: What the last look gave.
        is_recording: Whether the store takes readings.
    """
    look = _Look()
    _look_at_power(wiring, moment, look)
    _look_at_internet(moment, look)
    _look_at_wifi(wiring, moment, rooms, look)
    _look_at_rooms(rooms, look)
    _look_at_store(look, is_recording=is_recording)
    dated = {key: replace(one, since_ts=_since(key, one, before, moment.now_ts)) for key, one in look.wrong.items()}
    warnings = _merged(wiring, rooms, list(dated.values()))
    found = Memory({key: one.since_ts for key, one in dated.items()}, frozenset(look.well))
    return tuple(sorted(warnings, key=_urgency)), found


def _urgency(warning: WarningView) -> tuple[int, float]:
    return _ORDER[warning.kind], warning.since_ts or 0.0


def _since(key: Key, warning: WarningView, before: Memory, now_ts: float) -> float | None:
    if warning.since_ts is not None:
        return warning.since_ts
    if key in before.since_ts:
        return before.since_ts[key]
    return now_ts if key in before.well else None


def _look_at_power(wiring: Wiring, moment: Moment, look: _Look) -> None:
    """One warning a breaker: the highest that has no voltage, with all outlets below it."""
    by_breaker: dict[str, list[str]] = {}
    for outlet in wiring.outlets:
        dead = [above for above in wiring.tree.watches[outlet.site.circuit] if moment.mains.get(above) is False]
        if dead:
            by_breaker.setdefault(dead[-1], []).append(outlet.site.room)
    for circuit, rooms in by_breaker.items():
        look.wrong[WarningKind.NO_POWER, circuit] = WarningView(
            WarningKind.NO_POWER,
            tuple(dict.fromkeys(rooms)),
            wiring.mains[circuit].since_ts,
            count=len(rooms),
            circuit=wiring.circuit_names[circuit],
            circuits=(circuit,),
        )
    look.well |= {(WarningKind.NO_POWER, circuit) for circuit, is_live in moment.mains.items() if is_live}


def _look_at_internet(moment: Moment, look: _Look) -> None:
    kinds = {"none": WarningKind.INTERNET_DOWN, "portal": WarningKind.PORTAL}
    portal = None if moment.uplink is None else moment.uplink.portal
    if portal is None or moment.internet is None:
        return
    for word, kind in kinds.items():
        if moment.internet == word:
            look.wrong[kind, ""] = WarningView(kind, (), portal.since_ts)
        else:
            look.well.add((kind, ""))


def _look_at_wifi(wiring: Wiring, moment: Moment, rooms: Sequence[RoomView], look: _Look) -> None:
    for room, wired in zip(rooms, wiring.rooms, strict=True):
        if room.wifi is None or room.wifi.fit is None or room.state is RoomState.CLOSED:
            continue
        kind = _WIFI_KINDS.get(room.wifi.fit)
        look.well |= {(one, room.id) for one in _WIFI_KINDS.values() if one is not kind}
        if kind is None:
            continue
        count = limit = None
        if room.wifi.reason == "too-many-stations":
            count, limit = fullest(wired, moment.now_ts)
        look.wrong[kind, room.id] = WarningView(
            kind, (room.id,), None, count, limit, reason=room.wifi.reason, instead=_fit_for_calls(rooms)
        )


def fullest(room: RoomWiring, now_ts: float) -> tuple[int | None, int | None]:
    """Stations and limit of the access point of the room that is the most beyond its limit."""
    found = [
        (stations / point.site.client_limit, round(stations), point.site.client_limit)
        for point in room.access_points
        if point.stations is not None and (stations := point.stations.fresh_value(now_ts)) is not None
    ]
    return max(found)[1:] if found else (None, None)


def _look_at_rooms(rooms: Iterable[RoomView], look: _Look) -> None:
    for room in rooms:
        kind = _ROOM_KINDS.get(room.state)
        if room.state in MEASURED:
            look.well |= {(one, room.id) for one in _ROOM_KINDS.values()}
        # A number that somebody counted grows old without a fault.
        if room.is_passage or kind is None or room.is_by_hand:
            continue
        if kind is WarningKind.INCONSISTENT:
            warning = WarningView(kind, (room.id,), None, room.people, room.seats)
        else:
            warning = WarningView(kind, (room.id,), room.at_ts, room.free if kind is WarningKind.OLD else None)
        look.wrong[kind, room.id] = warning


def _look_at_store(look: _Look, *, is_recording: bool) -> None:
    key = (WarningKind.NOT_RECORDING, "")
    if is_recording:
        look.well.add(key)
    else:
        look.wrong[key] = WarningView(WarningKind.NOT_RECORDING, (), None)


def _merged(wiring: Wiring, rooms: Sequence[RoomView], warnings: list[WarningView]) -> list[WarningView]:
    """One warning a cause: a line that all rooms share, a node that left; and what to do without it."""
    kinds = {one.kind for one in warnings}
    has_no_internet = bool(kinds & {WarningKind.INTERNET_DOWN, WarningKind.PORTAL})
    by_room = {room.site.id: _gone_nodes(room) for room in wiring.rooms}
    by_cause: dict[object, list[WarningView]] = {}
    for warning in warnings:
        cause: object = warning
        if warning.kind in _WIFI_KINDS.values() and warning.reason in SHARED_REASONS:
            if has_no_internet and warning.reason in {"no-internet", "portal"}:
                continue
            cause = (warning.kind, warning.reason)
        elif warning.kind in {WarningKind.OLD, WarningKind.SILENT} and by_room[warning.rooms[0]]:
            cause = by_room[warning.rooms[0]]
        by_cause.setdefault(_hashable(cause), []).append(warning)
    measured = {room.id for room in rooms if room.wifi is not None and room.wifi.fit is not None}
    return [_advised(_joined(found, measured), rooms) for found in by_cause.values()]


def _hashable(cause: object) -> object:
    return id(cause) if isinstance(cause, WarningView) else cause


def _gone_nodes(room: RoomWiring) -> frozenset[str]:
    """The nodes that count a room's people, where all of them have left."""
    cells = (*room.counters, *room.motions)
    if any(cell.node.is_online for cell in cells):
        return frozenset()
    return frozenset(cell.name.partition(".")[0] for cell in cells)


def _joined(found: list[WarningView], measured: set[str]) -> WarningView:
    if len(found) == 1:
        return found[0]
    worst = min(found, key=_urgency)
    rooms = tuple(room for one in found for room in one.rooms)
    begun = [one.since_ts for one in found if one.since_ts is not None]
    if worst.kind in _WIFI_KINDS.values() and set(rooms) == measured:
        rooms = ()
    return replace(
        worst, rooms=rooms, count=None, limit=None, since_ts=min(begun) if len(begun) == len(found) else None
    )


def _advised(warning: WarningView, rooms: Sequence[RoomView]) -> WarningView:
    if warning.kind is not WarningKind.NO_POWER:
        return warning
    able = [
        (min(room.free or 0, room.outlets.free or 0), room.id)
        for room in rooms
        if room.outlets is not None and room.state in MEASURED and "calls" not in room.tags
    ]
    return replace(warning, instead=_best(able))


def _fit_for_calls(rooms: Iterable[RoomView]) -> tuple[str, ...]:
    able = [
        (room.free or 0, room.id)
        for room in rooms
        if room.wifi is not None and room.wifi.fit is WifiFit.VIDEO and room.state in MEASURED
    ]
    return _best(able)


def _best(able: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    """The rooms with the most places, in the order of the site file among equals."""
    offers = sorted((one for one in able if one[0] > 0), key=lambda one: -one[0])
    return tuple(room for _, room in offers[:INSTEAD_ROOMS])
