"""What can be said of one room now: its state, people, outlets and Wi-Fi.

Pure. Called by the board's ``view``, once a room, under the board's lock. The states and their order are those of
docs/configuration.md, "States of a room".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from vigie_dashboard.view import OutletsView, RoomState, RoomView, WifiView
from vigie_gateway.place.cells import NEVER_TS, Cell, Freshness
from vigie_gateway.place.circuits import MAINS_V
from vigie_gateway.place.corrections import Standing, freshness_of
from vigie_gateway.place.outlets import OutletFacts, room_outlets
from vigie_gateway.place.people import PeopleCounts, RoomCount, from_motion_alone, is_inconsistent, with_motion
from vigie_gateway.place.wifi import UNMEASURED, Path, WifiFacts, judge
from vigie_gateway.place.wiring import (
    AccessPointCells,
    LatencyCells,
    OutletCells,
    ProbeCells,
    RoomWiring,
    UplinkCells,
    Wiring,
)

NEARLY_FULL_SHARE = 0.15
NEARLY_FULL_SEATS = 2
"""Nearly full from either on: a group of three would not find a place. Lower warns too late in a small room."""
THROUGHPUT_S = 86_400.0
"""How long a measured throughput is shown: two tests a day are usual. Less leaves the figure empty between them."""


class Moment:
    """The place at one time: what every room needs, looked up once.

    Attributes:
        now_ts: The time.
        is_time_known: Whether that is known to be right; where it is not, nothing is closed by it.
        counts: People by doors.
        standing: What people have said.
        said: By room, how many people somebody counted since the counts went back to zero.
        mains: By circuit, whether it has voltage; None when its channel does not tell.
        uplink: The line in use; None when the site names none.
        internet: What its portal check last found; None when unknown.
        outside: Latency over it.
    """

    def __init__(
        self,
        now_ts: float,
        wiring: Wiring,
        counts: PeopleCounts,
        standing: Standing,
        reset_ts: float,
        *,
        is_time_known: bool = True,
    ) -> None:
        self.now_ts = now_ts
        self.is_time_known = is_time_known
        self.counts = counts
        self.standing = standing
        self.said = standing.people_since(reset_ts, now_ts)
        self._wiring = wiring
        self.mains = {circuit: _state(cell, now_ts) for circuit, cell in wiring.mains.items()}
        self.live = {circuit: wiring.tree.is_live(circuit, self.mains) for circuit in wiring.tree.nodes}
        self.uplink = _uplink_in_use(wiring.uplinks, now_ts)
        self.internet = None
        self.outside = UNMEASURED
        if self.uplink is not None:
            self.internet = None if self.uplink.portal is None else self.uplink.portal.fresh_label(now_ts)
            self.outside = measured_path(self.uplink.latency, now_ts)

    def is_live(self, outlet: OutletCells) -> bool | None:
        """Whether an outlet has voltage: by its circuit, and by the switch of its own plug where it has one."""
        if outlet.switched_on is not None and outlet.switched_on.fresh_value(self.now_ts) == 0:
            return False
        return self.live[outlet.site.circuit]

    def power_va(self, cell: Cell | None) -> float | None:
        """What a meter says, in VA; a current is taken at nominal voltage."""
        value = None if cell is None else cell.fresh_value(self.now_ts)
        if value is None or cell is None:
            return None
        return value * MAINS_V if cell.quantity == "current" else value

    def circuit_va(self, circuit: str) -> float | None:
        """The power of a circuit: of its own meter, else of all that hangs on it."""
        meter = self._wiring.meters.get(circuit)
        if meter is not None:
            return self.power_va(meter)
        metered = {name: self.power_va(cell) for name, cell in self._wiring.meters.items()}
        outlets = {one.site.id: self.power_va(one.power) for one in self._wiring.outlets}
        return self._wiring.tree.power_va(circuit, metered, outlets)

    def last_rate(self, cell: Cell | None) -> float | None:
        """A throughput, None when it was not measured within THROUGHPUT_S."""
        if cell is None or self.now_ts - cell.known_ts > THROUGHPUT_S:
            return None
        return cell.known_value


def _uplink_in_use(uplinks: tuple[UplinkCells, ...], now_ts: float) -> UplinkCells | None:
    """The first that is open, main lines before spare ones; else the first."""
    for uplink in uplinks:
        if uplink.portal is not None and uplink.portal.fresh_label(now_ts) == "open":
            return uplink
    return uplinks[0] if uplinks else None


def _state(cell: Cell, now_ts: float) -> bool | None:
    value = cell.fresh_value(now_ts)
    return None if value is None else value != 0


def measured_path(cells: LatencyCells | None, now_ts: float) -> Path:
    """What is fresh of one latency target."""
    if cells is None:
        return UNMEASURED
    return Path(cells.p50.fresh_value(now_ts), cells.p95.fresh_value(now_ts), cells.loss.fresh_value(now_ts))


def room_view(room: RoomWiring, moment: Moment) -> RoomView:
    """Everything that the board shows of one room."""
    seats = room.site.seats
    status = None if room.watch is None or not moment.is_time_known else room.watch.at(moment.now_ts)
    closing = moment.standing.closing(room.site.id, moment.now_ts)
    is_closed = closing is not None or (status is not None and not status.is_open)
    known = _known(room, moment)
    state, people = _state_of(room, known, moment)
    opens_ts = None
    if is_closed:
        state, people = RoomState.CLOSED, None
        opens_ts = None if status is None else status.opens_ts
    if closing is not None:
        opens_ts = None if closing.until_ts is None else max(closing.until_ts, opens_ts or 0.0)
    return RoomView(
        id=room.site.id,
        name=room.site.name,
        seats=seats,
        corners=room.corners,
        state=state,
        people=people,
        free=None if people is None or seats == 0 or state is RoomState.INCONSISTENT else max(0, seats - people),
        at_ts=known.at_ts,
        opens_at_ts=opens_ts,
        outlets=_outlets(room, moment),
        wifi=None if seats == 0 else _wifi(room, moment),
        tags=room.site.tags,
        closed_reason=None if closing is None else closing.reason,
        is_by_hand=known.is_by_hand,
    )


class _Known(NamedTuple):
    """How many people are in a room, as far as anything tells; ``at_ts`` is None when nothing ever did."""

    people: int
    freshness: Freshness
    at_ts: float | None
    is_by_hand: bool = False


def _known(room: RoomWiring, moment: Moment) -> _Known:
    """By the room's sensors; by somebody's word where that is younger than what they tell."""
    count = moment.counts.rooms.get(room.site.id)
    said = moment.said.get(room.site.id)
    sensed = _sensed(room, count, moment)
    if said is None:
        return sensed
    freshness = freshness_of(said, moment.now_ts)
    if freshness is Freshness.SILENT or freshness > sensed.freshness:
        return sensed
    if count is not None:
        # The doors go on from that word: it is in their count already.
        at_ts = said.at_ts if sensed.at_ts is None else max(said.at_ts, sensed.at_ts)
        return sensed._replace(freshness=freshness, at_ts=at_ts)
    if any(cell.since_ts is not None and cell.since_ts > said.at_ts for cell in room.motions):
        return sensed
    return _Known(said.value, freshness, said.at_ts, is_by_hand=sensed.freshness is Freshness.NEVER)


def known_people(room: RoomWiring, moment: Moment) -> int | None:
    """How many people are in a room, also one that is closed; None when nothing tells it any more."""
    known = _known(room, moment)
    return None if known.freshness >= Freshness.SILENT else known.people


def _sensed(room: RoomWiring, count: RoomCount | None, moment: Moment) -> _Known:
    if count is not None:
        # Who moved already when somebody counted was counted.
        moved = [cell for cell in room.motions if count.said is None or (cell.since_ts or 0.0) > count.said_ts]
        people = with_motion(count.people, [_state(cell, moment.now_ts) for cell in moved])
        sources = room.counters
    elif room.site.seats == 1 and room.motions:
        sources = room.motions
        motion = [None if cell.known_value is None else cell.known_value != 0 for cell in sources]
        people = from_motion_alone(room.site.seats, motion) or 0
    else:
        return _Known(0, Freshness.NEVER, None)
    heard = [cell.known_ts for cell in sources if cell.known_ts != NEVER_TS]
    if not heard:
        return _Known(people, Freshness.NEVER, None)
    worst = max(cell.freshness(moment.now_ts) for cell in sources)
    # Heard of once, a channel is silent; one of several that never was makes the room so, too.
    return _Known(people, min(worst, Freshness.SILENT), min(heard))


def _state_of(room: RoomWiring, known: _Known, moment: Moment) -> tuple[RoomState, int | None]:
    if known.at_ts is None:
        return RoomState.NO_SENSOR, None
    if known.freshness >= Freshness.SILENT:
        return RoomState.SILENT, None
    if known.freshness is Freshness.OLD:
        return RoomState.OLD, known.people
    count = moment.counts.rooms.get(room.site.id)
    if count is not None and is_inconsistent(count, room.site.seats):
        return RoomState.INCONSISTENT, known.people
    return measured_state(room.site.seats, known.people), known.people


def measured_state(seats: int, people: int) -> RoomState:
    """The state of a room with a fresh, possible count; a passage is empty or not."""
    free = seats - people
    if people == 0:
        return RoomState.EMPTY
    if seats == 0:
        return RoomState.FREE
    if free <= 0:
        return RoomState.FULL
    is_near = free <= NEARLY_FULL_SHARE * seats or free <= NEARLY_FULL_SEATS
    return RoomState.NEAR if is_near else RoomState.FREE


def _outlets(room: RoomWiring, moment: Moment) -> OutletsView | None:
    if not room.outlets:
        return None
    now_ts = moment.now_ts
    facts = []
    for outlet in room.outlets:
        in_use = None if outlet.in_use is None else _state(outlet.in_use, now_ts)
        at_ts = outlet.in_use.known_ts if outlet.in_use is not None and in_use is not None else None
        is_broken = moment.standing.defect(outlet.site.id) is not None
        facts.append(OutletFacts(in_use, moment.is_live(outlet), at_ts, is_broken))
    return room_outlets(facts)


def _wifi(room: RoomWiring, moment: Moment) -> WifiView | None:
    if not room.access_points and not room.probes:
        return None
    now_ts = moment.now_ts
    judgement = judge(_wifi_facts(room, moment))
    stations = [_fresh(point.stations, now_ts) for point in room.access_points]
    known = [number for number in stations if number is not None]
    return WifiView(
        fit=judgement.fit,
        reason=judgement.reason,
        score=judgement.score,
        stations=round(sum(known)) if known and len(known) == len(stations) else None,
        at_ts=_oldest(_wifi_cells(room, moment), now_ts),
    )


def _fresh(cell: Cell | None, now_ts: float) -> float | None:
    return None if cell is None else cell.fresh_value(now_ts)


def _wifi_facts(room: RoomWiring, moment: Moment) -> WifiFacts:
    now_ts, uplink = moment.now_ts, moment.uplink
    loads = [
        stations / point.site.client_limit
        for point in room.access_points
        if (stations := _fresh(point.stations, now_ts)) is not None
    ]
    dns = None if uplink is None else uplink.dns
    return WifiFacts(
        local=_worst_path(room.probes, now_ts),
        outside=moment.outside,
        is_power_saving=any(_fresh(probe.power_save, now_ts) == 1 for probe in room.probes),
        rssi_dbm=_least(_fresh(probe.rssi, now_ts) for probe in room.probes),
        utilisation=_greatest(_fresh(point.utilisation, now_ts) for point in room.access_points),
        load=max(loads, default=None),
        internet=moment.internet,
        dns_ms=_fresh(dns, now_ts),
        is_dns_failing=dns is not None and dns.fresh_reason(now_ts) == "failed",
        download_bps=None if uplink is None else moment.last_rate(uplink.download),
        upload_bps=None if uplink is None else moment.last_rate(uplink.upload),
        missing=_why_missing(room, moment),
    )


def _worst_path(probes: tuple[ProbeCells, ...], now_ts: float) -> Path:
    paths = [measured_path(probe.latency, now_ts) for probe in probes]
    if len(paths) == 1:
        return paths[0]
    return Path(
        _greatest(path.p50_ms for path in paths),
        _greatest(path.p95_ms for path in paths),
        _greatest(path.loss for path in paths),
    )


def _greatest(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


def _least(values: Iterable[float | None]) -> float | None:
    return min((value for value in values if value is not None), default=None)


def _latency_cells(room: RoomWiring, moment: Moment) -> list[Cell]:
    sources = [probe.latency for probe in room.probes]
    if moment.uplink is not None:
        sources.append(moment.uplink.latency)
    return [source.p95 for source in sources if source is not None]


def _why_missing(room: RoomWiring, moment: Moment) -> str:
    cells = _latency_cells(room, moment)
    said = {cell.fresh_reason(moment.now_ts) for cell in cells}
    for word in ("starting", "inconclusive"):
        if word in said:
            return word
    return "silent" if any(cell.at_ts != NEVER_TS for cell in cells) else "no-sensor"


def _wifi_cells(room: RoomWiring, moment: Moment) -> list[Cell]:
    cells = _latency_cells(room, moment)
    points: tuple[AccessPointCells, ...] = room.access_points
    cells += [cell for point in points for cell in (point.stations, point.utilisation) if cell is not None]
    return cells


def _oldest(cells: Iterable[Cell], now_ts: float) -> float | None:
    return min((cell.known_ts for cell in cells if cell.fresh_value(now_ts) is not None), default=None)
