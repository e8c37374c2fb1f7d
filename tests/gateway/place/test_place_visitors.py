"""What anybody may know: never the size of a small group, and never zero for unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.places import NOW_TS, outlets, room, sample_view, wifi

from vigie_dashboard.notices import SessionView
from vigie_dashboard.view import MEASURED, AtLeast, BoardView, RoomState, RoomView, VisitorState, WifiFit
from vigie_gateway.place import visitors
from vigie_gateway.place.site import Site, Visitors
from vigie_gateway.place.visitors import SMALL_GROUP, at_least, visitors_view

SITE = Site.model_validate({"id": "place", "name": {"en": "Place"}, "timezone": "Europe/Paris"})
TELLING = SITE.model_copy(update={"visitors": Visitors(sessions=True)})


def state_of(seats: int, people: int) -> RoomState:
    """As the board would have it."""
    free = seats - people
    if people == 0:
        return RoomState.EMPTY
    if free <= 0:
        return RoomState.FULL
    return RoomState.NEAR if free <= 2 or free <= 0.15 * seats else RoomState.FREE


def taken(id_: str, seats: int, people: int, plugged: int, sockets: int) -> RoomView:
    """A measured room with so many people and plugs in use."""
    return room(
        id_,
        (id_, id_),
        seats,
        (),
        people=people,
        state=state_of(seats, people),
        outlets=outlets(sockets, sockets - plugged),
    )


def place(*rooms: RoomView) -> BoardView:
    """An open place with these rooms."""
    return replace(sample_view(), rooms=rooms, second_address=None)


@st.composite
def crowds(draw: st.DrawFn) -> tuple[list[RoomView], list[RoomView]]:
    """The same rooms twice: groups and plugs below SMALL_GROUP differ, all else is equal."""
    small = st.integers(0, SMALL_GROUP - 1)
    pair: tuple[list[RoomView], list[RoomView]] = ([], [])
    for number in range(draw(st.integers(1, 4))):
        seats, sockets = draw(st.integers(3, 60)), draw(st.integers(1, 30))
        people, plugged = draw(st.integers(0, seats)), draw(st.integers(0, sockets))
        for rooms in pair:
            here = min(seats, draw(small)) if people < SMALL_GROUP else people
            used = min(sockets, draw(small)) if plugged < SMALL_GROUP else plugged
            rooms.append(taken(f"room-{number}", seats, here, used, sockets))
    return pair


@given(crowds())
def test_no_figure_nor_any_difference_of_two_depends_on_the_size_of_a_small_group(
    pair: tuple[list[RoomView], list[RoomView]],
) -> None:
    one, other = (visitors_view(place(*rooms), SITE) for rooms in pair)
    assert one == other


def test_telling_of_smaller_groups_is_seen_by_the_test_above(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "SMALL_GROUP", 2)
    with pytest.raises(AssertionError):
        test_no_figure_nor_any_difference_of_two_depends_on_the_size_of_a_small_group()


@given(st.integers(SMALL_GROUP, 500), st.integers(0, 600))
def test_never_more_is_promised_than_is_free(total: int, people: int) -> None:
    told = at_least(total, people)
    assert 0 <= told.count <= max(0, total - people) or (people < SMALL_GROUP and told.count <= total - people)
    assert told.is_exact == (people >= SMALL_GROUP)


@pytest.mark.parametrize(
    ("seats", "people", "state", "free"),
    [
        (16, 10, VisitorState.FREE, AtLeast(6, is_exact=True)),
        (16, 2, VisitorState.FREE, AtLeast(12, is_exact=False)),
        (16, 14, VisitorState.NEAR, AtLeast(2, is_exact=True)),
        (16, 16, VisitorState.FULL, AtLeast(0, is_exact=True)),
        (4, 1, VisitorState.UNKNOWN, None),
        (1, 1, VisitorState.FULL, None),
        (2, 1, VisitorState.FREE, None),
    ],
)
def test_a_room_is_told_of_by_its_size(seats: int, people: int, state: VisitorState, free: AtLeast | None) -> None:
    (told,) = visitors_view(place(taken("a", seats, people, 0, 6)), SITE).rooms
    assert (told.state, told.free) == (state, free)


@pytest.mark.parametrize("state", sorted(set(RoomState) - MEASURED - {RoomState.CLOSED}))
def test_a_room_without_a_fresh_reading_is_unknown_and_promises_nothing(state: RoomState) -> None:
    view = visitors_view(place(replace(taken("a", 16, 10, 0, 6), state=state)), SITE)
    assert [(one.state, one.free) for one in view.rooms] == [(VisitorState.UNKNOWN, None)]
    assert (view.pick, view.seats_free, view.measured_ts) == (None, None, None)
    assert view.silent_since_ts == NOW_TS - 5


def test_the_room_with_most_seats_that_have_an_outlet_is_named_and_a_booth_is_not() -> None:
    rooms = (
        taken("hall", 40, 10, 20, 20),
        taken("library", 20, 10, 14, 20),
        replace(taken("booth", 1, 0, 0, 8), tags=("calls",)),
    )
    view = visitors_view(place(*rooms), SITE)
    assert (view.pick, view.pick_count, view.pick_has_outlet) == ("library", AtLeast(6, is_exact=True), True)


def test_where_no_outlet_is_free_a_seat_is_named_and_said_to_have_none() -> None:
    view = visitors_view(place(taken("hall", 40, 10, 20, 20)), SITE)
    assert (view.pick, view.pick_count, view.pick_has_outlet) == ("hall", AtLeast(30, is_exact=True), False)


def test_the_most_useful_room_comes_first_and_unknown_ones_last() -> None:
    rooms = (
        replace(taken("silent", 30, 5, 0, 6), state=RoomState.SILENT),
        taken("full", 10, 10, 0, 6),
        replace(taken("plain", 30, 6, 0, 6), outlets=None),
        taken("plugs", 12, 8, 0, 6),
    )
    view = visitors_view(place(*rooms), SITE)
    assert [one.id for one in view.rooms] == ["plugs", "plain", "full", "silent"]


def test_cut_outlets_are_told_and_wi_fi_is_passed_on() -> None:
    one = replace(taken("cafe", 18, 7, 0, 6), outlets=outlets(6, None, 6), wifi=wifi(WifiFit.SLOW, "channel-busy"))
    (told,) = visitors_view(place(one), SITE).rooms
    assert (told.are_outlets_cut, told.outlets, told.wifi) == (True, None, WifiFit.SLOW)


def test_the_total_is_to_the_nearest_ten() -> None:
    assert visitors_view(place(taken("a", 40, 17, 0, 6), taken("b", 10, 9, 0, 6)), SITE).seats_free == 20
    assert visitors_view(place(taken("b", 10, 9, 0, 6)), SITE).seats_free is None


def session(room: str, begins: float, ends: float, name: str | None = "PapyCamp") -> SessionView:
    """Of today, from and to so many minutes from now."""
    return SessionView(room, name, NOW_TS + begins * 60, NOW_TS + ends * 60, is_all_day=False)


def test_sessions_are_told_only_where_the_site_says_so() -> None:
    view = replace(place(taken("hall", 40, 10, 0, 6)), sessions=(session("hall", -30, 90),))
    (silent,) = visitors_view(view, SITE).rooms
    assert (silent.session, silent.changes_ts) == (None, None)
    (telling,) = visitors_view(view, TELLING).rooms
    assert (telling.session, telling.changes_ts) == ("PapyCamp", NOW_TS + 5_400)


def test_a_room_without_a_session_tells_when_the_next_one_begins() -> None:
    booked = (session("hall", -60, -1), session("hall", 45, 60), session("hall", 90, 99))
    (told,) = visitors_view(replace(place(taken("hall", 40, 10, 0, 6)), sessions=booked), TELLING).rooms
    assert (told.session, told.changes_ts) == (None, NOW_TS + 45 * 60)


def test_a_session_that_is_kept_private_has_no_name() -> None:
    view = replace(place(taken("hall", 40, 10, 0, 6)), sessions=(session("hall", -30, 90, name=None),))
    assert visitors_view(view, TELLING).rooms[0].session == ""


@pytest.mark.parametrize("state", list(RoomState))
def test_a_room_says_since_when_it_is_silent_only_where_it_is(state: RoomState) -> None:
    (told,) = visitors_view(place(replace(taken("hall", 40, 10, 0, 6), state=state)), SITE).rooms
    assert (told.silent_since_ts is not None) == (state in {RoomState.OLD, RoomState.SILENT})
