"""What anybody may know of the place: the board's view with small groups hidden. Pure.

The public page and the public API are both made of what ``visitors_view`` returns, so that neither can tell more than
the other. What is exact for the staff is here either rounded down to what hides fewer than ``SMALL_GROUP`` people, or
not told at all; every figure that is put together is put together of the rounded ones, so that no difference of two
gives a small group away (docs/visitors.md).
"""

from __future__ import annotations

from vigie_dashboard.view import (
    MEASURED,
    AtLeast,
    BoardView,
    OutletsView,
    RoomState,
    RoomView,
    VisitorRoom,
    VisitorState,
    VisitorsView,
)
from vigie_gateway.place.room_state import NEARLY_FULL_SEATS, NEARLY_FULL_SHARE
from vigie_gateway.place.site import Site

SMALL_GROUP = 5
"""Fewer people than this are never told of. Lower tells when one person is alone in a room; higher hides more than the
usual threshold of statistics on people."""
BOOTH_SEATS = 2
"""A room of so few seats is a booth: that it is free or in use is what its door says too."""
ROUNDED_TO = 10
"""The total is told to the nearest of these: it is for orientation, and single rooms must not be found in it."""

_ORDER = (VisitorState.FREE, VisitorState.NEAR, VisitorState.FULL, VisitorState.CLOSED, VisitorState.UNKNOWN)


def at_least(total: int, taken: int) -> AtLeast:
    """How many of ``total`` are free when ``taken`` are not, so that fewer than SMALL_GROUP who took them stay hidden.

    Args:
        total: At least SMALL_GROUP.
        taken: Zero or more.
    """
    if taken < SMALL_GROUP:
        return AtLeast(total - (SMALL_GROUP - 1), is_exact=False)
    return AtLeast(max(0, total - taken), is_exact=True)


def visitors_view(view: BoardView, site: Site) -> VisitorsView:
    """The place as anybody may know it."""
    where = {room.id: room.where for room in site.rooms}
    rooms = sorted(
        (_room(room, where.get(room.id), view, site) for room in view.rooms if not room.is_passage),
        key=_usefulness,
    )
    told = [room for room in rooms if room.state not in {VisitorState.UNKNOWN, VisitorState.CLOSED}]
    calls = {room.id for room in view.rooms if "calls" in room.tags}
    pick, count, has_outlet = _pick([room for room in told if room.id not in calls])
    times = [room.at_ts for room in told if room.at_ts is not None]
    last = [room.at_ts for room in rooms if room.at_ts is not None]
    visitors = site.visitors
    return VisitorsView(
        site_name=view.site_name,
        kind=visitors.kind,
        timezone=view.timezone,
        now_ts=view.now_ts,
        is_open=view.is_open,
        closes_at_ts=view.closes_at_ts,
        opens_at_ts=view.opens_at_ts,
        measured_ts=max(times, default=None),
        silent_since_ts=max(last) if last and not told and view.is_open is not False else None,
        pick=pick,
        pick_count=count,
        pick_has_outlet=has_outlet,
        rooms=tuple(rooms),
        seats_free=_rounded(told),
        internet=view.figures.internet,
        phone=visitors.phone,
        wifi_name=visitors.wifi_name,
        wifi_note=visitors.wifi_note,
        second_address=view.second_address,
        is_time_known=view.is_time_known,
        can_join_wifi=visitors.wifi_open or visitors.wifi_password is not None,
    )


def _room(room: RoomView, where: dict[str, str] | None, view: BoardView, site: Site) -> VisitorRoom:
    state, free = _seats(room)
    session, changes_ts = _session(room, view) if site.visitors.sessions else (None, None)
    outlets = room.outlets
    return VisitorRoom(
        id=room.id,
        name=room.name,
        where=where,
        seats=room.seats,
        state=state,
        free=free,
        outlets=_outlets(outlets),
        are_outlets_cut=outlets is not None and 0 < outlets.measured <= outlets.cut,
        wifi=None if room.wifi is None else room.wifi.fit,
        at_ts=room.at_ts,
        opens_at_ts=room.opens_at_ts,
        silent_since_ts=room.at_ts if room.state in {RoomState.OLD, RoomState.SILENT} else None,
        session=session,
        changes_ts=changes_ts,
    )


def _session(room: RoomView, view: BoardView) -> tuple[str | None, float | None]:
    """The session under way that began last and its end, else None and the begin of the next one of today."""
    ahead = [one for one in view.sessions if one.room == room.id and one.ends_ts > view.now_ts and not one.is_all_day]
    under_way = [one for one in ahead if one.begins_ts <= view.now_ts]
    if under_way:
        return under_way[-1].name or "", under_way[-1].ends_ts
    return None, ahead[0].begins_ts if ahead else None


def _seats(room: RoomView) -> tuple[VisitorState, AtLeast | None]:
    if room.state is RoomState.CLOSED:
        return VisitorState.CLOSED, None
    if room.state not in MEASURED or room.people is None:
        return VisitorState.UNKNOWN, None
    if room.seats <= BOOTH_SEATS:
        return (VisitorState.FULL if room.people >= room.seats else VisitorState.FREE), None
    if room.seats < SMALL_GROUP:
        return VisitorState.UNKNOWN, None
    free = at_least(room.seats, room.people)
    if free.is_exact and free.count == 0:
        return VisitorState.FULL, free
    is_near = free.is_exact and (free.count <= NEARLY_FULL_SEATS or free.count <= NEARLY_FULL_SHARE * room.seats)
    return (VisitorState.NEAR if is_near else VisitorState.FREE), free


def _outlets(outlets: OutletsView | None) -> AtLeast | None:
    """What is plugged in tells of who sits there, so it is hidden by the same rule."""
    if outlets is None or outlets.free is None:
        return None
    live = outlets.measured - outlets.cut
    if live < SMALL_GROUP:
        return None
    return at_least(live, live - outlets.free)


def _usefulness(room: VisitorRoom) -> tuple[int, int]:
    free = room.free.count if room.free is not None else 1
    with_outlet = 0 if room.outlets is None else min(free, room.outlets.count)
    rank = _ORDER.index(VisitorState.FREE if room.state is VisitorState.NEAR else room.state)
    return rank, -(1_000 * (with_outlet > 0) + free)


def _pick(rooms: list[VisitorRoom]) -> tuple[str | None, AtLeast | None, bool]:
    """The room to name, how many seats, and whether they have an outlet."""
    seats = {room.id: room.free for room in rooms if room.free is not None and room.free.count > 0}
    both = {
        room.id: min(seats[room.id], room.outlets, key=lambda one: one.count)
        for room in rooms
        if room.id in seats and room.outlets is not None and room.outlets.count > 0
    }
    for offers, has_outlet in ((both, True), (seats, False)):
        if offers:
            best = max(offers, key=lambda room: offers[room].count)
            return best, offers[best], has_outlet
    return None, None, False


def _rounded(rooms: list[VisitorRoom]) -> int | None:
    free = sum(room.free.count for room in rooms if room.free is not None)
    return round(free / ROUNDED_TO) * ROUNDED_TO or None
