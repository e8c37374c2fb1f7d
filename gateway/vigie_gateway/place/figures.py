"""The top bar: what the whole place comes to, over what is measured and fresh.

Pure. Called by the board's ``view``, under the board's lock.
"""

from __future__ import annotations

from collections.abc import Sequence

from vigie_dashboard.view import MEASURED, Figures, RoomState, RoomView, WifiFit
from vigie_gateway.place.people import total_people
from vigie_gateway.place.room_state import Moment
from vigie_gateway.place.wiring import Wiring

_BEST_FIRST = (WifiFit.VIDEO, WifiFit.WEB, WifiFit.SLOW, WifiFit.DOWN)


def top_bar(wiring: Wiring, moment: Moment, rooms: Sequence[RoomView]) -> Figures:
    """Add the rooms up; rooms without a fresh count are left out, and counted as left out."""
    listed = [room for room in rooms if room.seats > 0]
    measured = [room for room in listed if room.state in MEASURED]
    people = {room.id: room.people for room in rooms if room.state in MEASURED and room.people is not None}
    has_outlet_meters = any(room.outlets is not None for room in rooms)
    # Nobody is to plug in where somebody has closed the door.
    outlets = [room.outlets for room in rooms if room.outlets is not None and room.closed_reason is None]
    counted = sum(one.measured for one in outlets)
    wifi, exceptions = _wifi(listed)
    main = wiring.tree.main()
    uplink = moment.uplink
    return Figures(
        seats_free=sum(room.free or 0 for room in measured) if measured else None,
        seats_total=sum(room.seats for room in measured),
        rooms_unmeasured=sum(room.state not in MEASURED and room.state is not RoomState.CLOSED for room in listed),
        outlets_free=sum(one.free or 0 for one in outlets) if counted else None,
        outlets_total=counted,
        outlets_cut={room.id: room.outlets.cut for room in rooms if room.outlets is not None and room.outlets.cut},
        has_outlet_meters=has_outlet_meters,
        wifi=wifi,
        wifi_except=exceptions,
        power_va=None if main is None else moment.circuit_va(main),
        power_limit_va=None if main is None else _limit(wiring, main),
        has_power_meter=main is not None and wiring.tree.is_measured(main),
        download_bps=None if uplink is None else moment.last_rate(uplink.download),
        uplink=None if uplink is None else uplink.site.name,
        internet=moment.internet,
        people=total_people(people, wiring.counted, wiring.embedded) if measured else None,
    )


def _wifi(rooms: Sequence[RoomView]) -> tuple[WifiFit | None, tuple[str, ...]]:
    known = {room.id: room.wifi.fit for room in rooms if room.wifi is not None and room.wifi.fit is not None}
    for fit in _BEST_FIRST:
        if fit in known.values():
            return fit, tuple(room for room, its in known.items() if its is not fit)
    return None, ()


def _limit(wiring: Wiring, circuit: str) -> float | None:
    cell = wiring.subscribed.get(circuit)
    # The contract changes by letter, not by the minute: its last word stands while the meter is silent.
    subscribed_va = None if cell is None else cell.known_value
    return wiring.tree.limit_va(circuit, subscribed_va)
