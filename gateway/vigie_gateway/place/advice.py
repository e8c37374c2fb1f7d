"""Where to send a visitor: one room for each need, one to fall back on, and the reason.

Pure. Called by the board, once a view. A room whose reading is old, missing or not to be believed is never named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vigie_dashboard.view import MEASURED, Advice, RoomState, RoomView, WifiFit

GROUP_SEATS = 2
"""Free seats from which a room can take a group. Lower sends two people to one chair."""

_Offer = tuple[int, RoomView]


def advise(rooms: Sequence[RoomView]) -> tuple[Advice, ...]:
    """The answers in the order work, quiet, call, group; needs that no room could ever serve are left out."""
    listed = [room for room in rooms if room.seats > 0]
    desks = [room for room in listed if "calls" not in room.tags]
    answers: list[Advice] = []
    if any(room.outlets is not None for room in desks):
        answers.append(_work(desks))
    for need, tag, answer in (("quiet", "quiet", _quiet), ("call", "calls", _call), ("group", "group", _group)):
        able = [room for room in listed if tag in room.tags]
        if able:
            answers.append(answer(need, able))
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


def _call(need: str, rooms: list[RoomView]) -> Advice:
    fit = [room for room in rooms if room.wifi is not None and room.wifi.fit is WifiFit.VIDEO]
    offers = _best(fit, _free_seats)
    if offers:
        return _name(need, offers, "free")
    unknown = [room for room in rooms if room.wifi is None or room.wifi.fit is None]
    return _name(need, _best(unknown, _free_seats), "wifi-unknown")


def _group(need: str, rooms: list[RoomView]) -> Advice:
    offers = _best(rooms, _free_seats, GROUP_SEATS)
    has_no_outlet = bool(offers) and offers[0][1].outlets is not None and offers[0][1].outlets.free == 0
    return _name(need, offers, "no-outlets" if has_no_outlet else _fullness(offers))
