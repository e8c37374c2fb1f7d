"""One room in full: each outlet, each access point, and each channel that speaks for it.

Pure. Called by the board's ``sheet``, under the board's lock, with the view of the same moment.
"""

from __future__ import annotations

from vigie_dashboard.sheet_view import AccessPointRow, Heard, OutletRow, OutletState, RoomSheet, Said, SensorRow
from vigie_dashboard.view import BoardView
from vigie_gateway.place.cells import NEVER_TS, Cell, Freshness
from vigie_gateway.place.room_state import Moment
from vigie_gateway.place.wiring import LatencyCells, OutletCells, RoomWiring, Wiring
from vigie_gateway.store import Correction

_HEARD = {
    Freshness.FRESH: Heard.FRESH,
    Freshness.OLD: Heard.OLD,
    Freshness.SILENT: Heard.SILENT,
    Freshness.NEVER: Heard.NEVER,
}


def room_sheet(wiring: Wiring, moment: Moment, view: BoardView, room_id: str) -> RoomSheet | None:
    """The sheet of a room; None when there is none with that id, or it has no seats."""
    room = next((one for one in view.rooms if one.id == room_id and not one.is_passage), None)
    wired = next((one for one in wiring.rooms if one.site.id == room_id), None)
    if room is None or wired is None:
        return None
    return RoomSheet(
        board=view,
        room=room,
        outlets=tuple(_outlet(outlet, wiring, moment) for outlet in wired.outlets),
        access_points=tuple(
            AccessPointRow(
                point.site.name,
                None if (stations := _fresh(point.stations, moment)) is None else round(stations),
                point.site.client_limit,
                _fresh(point.utilisation, moment),
            )
            for point in wired.access_points
        ),
        sensors=tuple(_sensor(cell, moment.now_ts) for cell in _cells(wired, wiring)),
        counted=said_of(moment.said.get(room_id)),
        closing=said_of(moment.standing.closing(room_id, moment.now_ts)),
    )


def said_of(correction: Correction | None) -> Said | None:
    """The part of a correction that a page shows."""
    if correction is None:
        return None
    return Said(correction.value, correction.reason, correction.author, correction.at_ts, correction.until_ts)


def _fresh(cell: Cell | None, moment: Moment) -> float | None:
    return None if cell is None else cell.fresh_value(moment.now_ts)


def _outlet(outlet: OutletCells, wiring: Wiring, moment: Moment) -> OutletRow:
    """As ``outlets.room_outlets`` counts it: what somebody said first, then no voltage, then current drawn."""
    in_use, is_live = _fresh(outlet.in_use, moment), moment.is_live(outlet)
    defect = moment.standing.defect(outlet.site.id)
    if defect is not None:
        state = OutletState.OUT_OF_ORDER
    elif is_live is False:
        state = OutletState.NO_POWER
    elif in_use is None or (in_use == 0 and is_live is None):
        state = OutletState.UNKNOWN
    else:
        state = OutletState.IN_USE if in_use else OutletState.FREE
    heard_ts = None if outlet.in_use is None else _known_ts(outlet.in_use.at_ts)
    circuit = wiring.circuit_names[outlet.site.circuit]
    return OutletRow(outlet.site.id, state, circuit, moment.power_va(outlet.power), heard_ts, said_of(defect))


def _cells(room: RoomWiring, wiring: Wiring) -> list[Cell]:
    """Every channel that is read for the room, each once, people first."""
    cells: list[Cell | None] = [*room.counters, *room.motions]
    for outlet in room.outlets:
        cells += [outlet.in_use, outlet.power, outlet.switched_on]
        cells += [wiring.mains.get(above) for above in wiring.tree.watches[outlet.site.circuit]]
    for point in room.access_points:
        cells += [point.stations, point.utilisation]
    for probe in room.probes:
        cells += [*_latency(probe.latency), probe.rssi, probe.power_save]
    return list(dict.fromkeys(cell for cell in cells if cell is not None))


def _latency(cells: LatencyCells | None) -> list[Cell]:
    return [] if cells is None else [cells.p50, cells.p95, cells.loss]


def _known_ts(at_ts: float) -> float | None:
    return None if at_ts == NEVER_TS else at_ts


def _sensor(cell: Cell, now_ts: float) -> SensorRow:
    is_choice = cell.quantity == "internet_access"
    return SensorRow(
        channel=cell.name,
        quantity=cell.quantity,
        value=cell.value,
        word=cell.fresh_label(now_ts) if is_choice else None,
        reason=cell.reason if cell.value is None else None,
        heard=_HEARD[cell.freshness(now_ts)],
        at_ts=_known_ts(cell.at_ts),
        is_node_online=cell.node.is_online,
    )
