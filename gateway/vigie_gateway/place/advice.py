"""Where to send a visitor: one room for each need, one to fall back on, and the reason.

Pure. Called by the board, once a view. A room whose reading is old, missing or not to be believed is never named; nor
is a booth that is booked now, whoever is in it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from vigie_dashboard.notices import SessionView
from vigie_dashboard.view import MEASURED, Advice, RoomState, RoomView, WifiFit

GROUP_SEATS = 2
"""Free seats from which a room can take a group. Lower sends two people to one chair."""

CALL_S = 1_800.0
"""A booth that is booked sooner than this is named only where no other is free. Lower sends people to calls that end
early; higher sends them past a booth that would have done."""

_Offer = tuple[int, RoomView]


def advise(rooms: Sequence[RoomView], sessions: Sequence[SessionView] = (), now_ts: float = 0.0) -> tuple[Advice, ...]:
    """The answers in the order work, quiet, call, group; needs that no room could ever serve are left out.

    Args:
        rooms: Of the board, in the order of the site file.
        sessions: Of today, by begin.
        now_ts: The board's moment.
    """
    listed = [room for room in rooms if room.seats > 0]
    desks = [room for room in listed if "calls" not in room.tags]
    answers: list[Advice] = []
    if any(room.outlets is not None for room in desks):
        answers.append(_work(desks))
    if quiet := [room for room in listed if "quiet" in room.tags]:
        answers.append(_quiet("quiet", quiet))
    if booths := [room for room in listed if "calls" in room.tags]:
        answers.append(_call("call", booths, sessions, now_ts))
    if large := [room for room in listed if "group" in room.tags]:
        answers.append(_group("group", large))
    return tuple(answers)


def _free_seats(room: RoomView) -> int:
    return room.free if room.state in MEASURED and room.free is not None else 0


def _free_outlets(room: RoomView) -> int:
    return 0 if room.outlets is None or room.outlets.free is None else room.outlets.free


def _best(rooms: Iterable[RoomView], offer: Callable[[RoomView], int], least: int = 1) -> list[_Offer]:
    """Those that offer enough, best first; equals in the order of the site file."""
    offers = [(offer(room), room) for room in rooms]
    return sorted((one for one in offers if one[0] >= least), key=lambda one: -one[0])


def _name(need: str, offers: list[_Offer], reason: str) -> Advice:
    if not offers:
        return Advice(need, None, None, "none")
    count, room = offers[0]
    if len(offers) == 1:
        return Advice(need, room.id, count, reason)
    return Advice(need, room.id, count, reason, offers[1][1].id, offers[1][0])


def _fullness(offers: list[_Offer]) -> str:
    return "near" if offers and offers[0][1].state is RoomState.NEAR else "free"


def _work(rooms: list[RoomView]) -> Advice:
    offers = _best(rooms, lambda room: min(_free_seats(room), _free_outlets(room)))
    if offers:
        return _name("work", offers, _fullness(offers))
    return _name("work", _best(rooms, _free_seats), "no-outlets")


def _quiet(need: str, rooms: list[RoomView]) -> Advice:
    offers = _best(rooms, _free_seats)
    return _name(need, offers, _fullness(offers))


def _call(need: str, rooms: list[RoomView], sessions: Sequence[SessionView], now_ts: float) -> Advice:
    booked_ts = {room.id: _booked_ts(room, sessions, now_ts) for room in rooms}
    able = [room for room in rooms if booked_ts[room.id] > now_ts]
    fit = [room for room in able if room.wifi is not None and room.wifi.fit is WifiFit.VIDEO]
    unknown = [room for room in able if room.wifi is None or room.wifi.fit is None]
    for offers, reason in ((_best(fit, _free_seats), "free"), (_best(unknown, _free_seats), "wifi-unknown")):
        if offers:
            offers.sort(key=lambda one: booked_ts[one[1].id] - now_ts < CALL_S)
            until_ts = booked_ts[offers[0][1].id]
            return replace(_name(need, offers, reason), until_ts=None if math.isinf(until_ts) else until_ts)
    return _name(need, [], "none")


def _booked_ts(room: RoomView, sessions: Sequence[SessionView], now_ts: float) -> float:
    """When the room is booked next, ``now_ts`` or before where it is now; infinite without a booking today."""
    ahead = (one.begins_ts for one in sessions if one.room == room.id and one.ends_ts > now_ts)
    return min(ahead, default=math.inf)


def _group(need: str, rooms: list[RoomView]) -> Advice:
    offers = _best(rooms, _free_seats, GROUP_SEATS)
    has_no_outlet = bool(offers) and offers[0][1].outlets is not None and offers[0][1].outlets.free == 0
    return _name(need, offers, "no-outlets" if has_no_outlet else _fullness(offers))
