"""What the public is told follows nobody: not who asks every second, nor who watches for five to become four."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.places import NOW_TS, outlets
from tests.gateway.place.test_place_visitors import SITE, place, state_of, taken

from vigie_dashboard.view import AtLeast, BoardView, RoomState, RoomView, VisitorsView
from vigie_gateway.place.told import STEP_S, Told
from vigie_gateway.place.visitors import visitors_view

SEATS, SOCKETS = 16, 12


def crowd(at_s: float, people: int, plugged: int = 0) -> BoardView:
    """So many in one room, some time after the first look."""
    return replace(place(taken("hall", SEATS, people, plugged, SOCKETS)), now_ts=NOW_TS + at_s)


def look(told: Told, view: BoardView) -> VisitorsView:
    return visitors_view(told.held(view), SITE)


def counts(view: VisitorsView) -> tuple[object, ...]:
    """All that depends on how many there are."""
    return view.pick, view.pick_count, view.seats_free, *((one.state, one.free, one.outlets) for one in view.rooms)


LOOKS = st.lists(
    st.tuples(st.floats(0.1, 2 * STEP_S), st.integers(0, SEATS), st.integers(0, SOCKETS)), min_size=1, max_size=30
)


@given(LOOKS)
def test_what_is_told_changes_no_more_often_than_the_steps(looks: list[tuple[float, int, int]]) -> None:
    told, at_s, changed_s, last = Told(), 0.0, None, None
    for wait_s, people, plugged in looks:
        at_s += wait_s
        now = counts(look(told, crowd(at_s, people, plugged)))
        if now != last:
            assert changed_s is None or at_s - changed_s >= STEP_S - 1e-6
            last, changed_s = now, at_s


@given(LOOKS, st.data())
def test_nothing_told_depends_on_who_came_or_went_between_two_steps(
    looks: list[tuple[float, int, int]], data: st.DataObject
) -> None:
    one, other, at_s, since_s = Told(), Told(), 0.0, None
    for wait_s, people, plugged in looks:
        at_s += wait_s
        others = people, plugged
        if since_s is not None and at_s - since_s < STEP_S - 1e-3:
            others = data.draw(st.integers(0, SEATS)), data.draw(st.integers(0, SOCKETS))
        elif since_s is None or at_s - since_s > STEP_S + 1e-3:
            since_s = at_s
        else:
            return  # on the very edge, where the sum of floats decides
        mine, theirs = look(one, crowd(at_s, people, plugged)), look(other, crowd(at_s, *others))
        assert mine == theirs


def test_five_who_become_four_are_not_seen_to() -> None:
    told = Told()
    assert look(told, crowd(0, 5)).rooms[0].free == AtLeast(11, is_exact=True)
    assert look(told, crowd(15, 4)).rooms[0].free == AtLeast(11, is_exact=True)
    assert look(told, crowd(30, 5)).rooms[0].free == AtLeast(11, is_exact=True)
    assert look(told, crowd(STEP_S, 2)).rooms[0].free == AtLeast(12, is_exact=False)


def test_two_looks_around_a_full_minute_are_no_two_steps() -> None:
    told = Told()
    edge_s = STEP_S - NOW_TS % STEP_S
    first = look(told, crowd(edge_s - 0.1, 9))
    assert counts(look(told, crowd(edge_s + 0.1, 10))) == counts(first)


def test_a_clock_that_is_set_back_begins_a_step() -> None:
    told = Told()
    look(told, crowd(0, 9))
    assert look(told, crowd(-86_400, 10)).rooms[0].free == AtLeast(6, is_exact=True)


def other(room: RoomView, state: RoomState) -> BoardView:
    return replace(place(replace(room, state=state)), now_ts=NOW_TS + 15)


def test_what_falls_silent_or_closes_or_is_cut_is_told_at_once() -> None:
    told, hall = Told(), taken("hall", SEATS, 9, 0, SOCKETS)
    look(told, crowd(0, 9))
    for state in (RoomState.SILENT, RoomState.OLD, RoomState.CLOSED):
        assert look(told, other(hall, state)).rooms[0].free is None
    cut = replace(hall, outlets=outlets(SOCKETS, None, SOCKETS))
    assert look(told, other(cut, hall.state)).rooms[0].are_outlets_cut


def test_a_booth_is_told_of_as_its_door_shows() -> None:
    told = Told()
    states = []
    for at_s, people in enumerate((0, 1, 0)):
        view = replace(place(taken("booth", 1, people, 0, 6)), now_ts=NOW_TS + at_s)
        states.append(str(look(told, view).rooms[0].state))
    assert states == ["free", "full", "free"]


def test_the_page_says_of_when_its_figures_are() -> None:
    told, hall = Told(), taken("hall", SEATS, 9, 0, SOCKETS)
    look(told, place(replace(hall, at_ts=NOW_TS)))
    later = replace(place(replace(hall, at_ts=NOW_TS + 60, people=10, state=state_of(SEATS, 10))), now_ts=NOW_TS + 60)
    assert look(told, later).measured_ts == NOW_TS
