"""People per room: never negative, nobody lost or made between rooms, honest about its margin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.place.people import (
    DoorSides,
    Passages,
    PeopleCounts,
    counted_rooms,
    embedded_rooms,
    from_motion_alone,
    increase,
    is_inconsistent,
    replay,
    total_people,
    with_motion,
)

ROOMS = ("hall", "salle", "cafe")
_SIDES = st.sampled_from(("outside", *ROOMS))
_PASSAGES = st.lists(
    st.builds(Passages, st.integers(0, 3_000).map(float), _SIDES, _SIDES, st.integers(1, 4)).filter(
        lambda one: one.origin != one.target
    ),
    max_size=60,
)


@given(_PASSAGES)
def test_people_are_never_negative_and_add_up_to_the_net_flow_from_outside(passages: list[Passages]) -> None:
    counts = replay(PeopleCounts(ROOMS), passages, None)
    net = sum(one.number * ((one.origin == "outside") - (one.target == "outside")) for one in passages)
    assert all(count.people >= 0 for count in counts.rooms.values())
    assert sum(count.balance - count.clamped for count in counts.rooms.values()) == net


@given(_PASSAGES)
def test_without_clamping_or_deficit_the_rooms_hold_exactly_who_came_in(passages: list[Passages]) -> None:
    counts = replay(PeopleCounts(ROOMS), passages, None)
    if all(count.clamped == 0 and count.balance >= 0 for count in counts.rooms.values()):
        net = sum(one.number * ((one.origin == "outside") - (one.target == "outside")) for one in passages)
        assert sum(count.people for count in counts.rooms.values()) == net


@given(_PASSAGES, st.integers(1, 5))
def test_the_margin_only_grows_until_the_reset(passages: list[Passages], seed: int) -> None:
    counts = PeopleCounts(ROOMS)
    widest = dict.fromkeys(ROOMS, 0)
    for one in sorted(passages, key=lambda one: one.at_ts):
        counts.move(one, is_open=True)
        for room, count in counts.rooms.items():
            assert count.margin >= widest[room]
            widest[room] = count.margin
    counts.reset()
    assert all((count.people, count.margin) == (0, 0) for count in counts.rooms.values())


@given(
    st.permutations(
        [Passages(10.0, "outside", "hall", 1), Passages(10.0, "hall", "salle", 1), Passages(10.0, "salle", "hall", 1)]
    )
)
def test_doors_read_at_the_same_time_may_be_heard_in_any_order(passages: list[Passages]) -> None:
    counts = replay(PeopleCounts(ROOMS), passages, None)
    assert {room: count.people for room, count in counts.rooms.items()} == {"hall": 1, "salle": 0, "cafe": 0}


def test_the_inner_door_may_be_heard_before_the_outer_one() -> None:
    counts = PeopleCounts(ROOMS)
    counts.move(Passages(100, "hall", "salle", 1), is_open=True)
    counts.settle(130, is_open=True)
    counts.move(Passages(140, "outside", "hall", 1), is_open=True)
    assert counts.rooms["hall"].balance == 0
    assert counts.rooms["hall"].clamped == 0
    assert counts.rooms["salle"].people == 1


def test_a_deficit_that_nothing_explains_is_forgiven_and_widens_the_band() -> None:
    counts = PeopleCounts(ROOMS)
    counts.move(Passages(100, "salle", "hall", 3), is_open=True)
    assert counts.rooms["salle"].people == 0
    counts.settle(161, is_open=True)
    assert (counts.rooms["salle"].balance, counts.rooms["salle"].clamped) == (0, 3)
    assert counts.rooms["salle"].margin >= 3


def test_late_leavers_after_closing_do_not_widen_tomorrows_band() -> None:
    counts = PeopleCounts(ROOMS)
    counts.move(Passages(100, "salle", "outside", 3), is_open=False)
    counts.settle(161, is_open=False)
    assert (counts.rooms["salle"].balance, counts.rooms["salle"].clamped) == (0, 0)


@pytest.mark.parametrize(("before", "value", "rose"), [(None, 40, 0), (40, 40, 0), (40, 43, 3), (40, 2, 2), (40, 0, 0)])
def test_a_counter_that_restarted_counts_from_zero(before: float | None, value: float, rose: int) -> None:
    assert increase(before, value) == rose


def test_a_room_counts_only_if_nobody_can_slip_in_uncounted() -> None:
    entrance = DoorSides("outside", "hall", is_counted=True)
    inner = DoorSides("hall", "salle", is_counted=True)
    closet = DoorSides("hall", "closet", is_counted=False)
    assert counted_rooms([entrance, inner, closet]) == {"hall", "salle"}
    assert embedded_rooms([entrance, inner, closet], {"hall", "salle"}) == {"closet"}
    back = DoorSides("outside", "hall", is_counted=False)
    assert counted_rooms([entrance, inner, back]) == {"salle"}
    assert counted_rooms([entrance, inner, DoorSides("outside", "closet", is_counted=False), closet]) == {"salle"}


@pytest.mark.parametrize(
    ("people", "passages", "seats", "expected"),
    [(18, 18, 18, False), (19, 19, 18, False), (25, 25, 18, True), (45, 45, 0, False)],
)
def test_more_people_than_seats_beyond_the_band_cannot_be(
    people: int, passages: int, seats: int, expected: bool
) -> None:
    counts = PeopleCounts(["room"])
    counts.move(Passages(1, "outside", "room", passages), is_open=True)
    counts.rooms["room"].balance = people
    assert is_inconsistent(counts.rooms["room"], seats) is expected


def test_more_leaving_than_were_in_cannot_be_until_it_is_settled() -> None:
    counts = PeopleCounts(["room"])
    counts.move(Passages(1, "room", "outside", 4), is_open=True)
    assert is_inconsistent(counts.rooms["room"], 10)
    counts.settle(100, is_open=True)
    assert not is_inconsistent(counts.rooms["room"], 10)


@pytest.mark.parametrize(
    ("people", "motions", "expected"),
    [(0, [True], 1), (0, [False], 0), (0, [None], 0), (5, [True], 5), (5, [False], 5)],
)
def test_somebody_moving_is_at_least_one(people: int, motions: list[bool | None], expected: int) -> None:
    assert with_motion(people, motions) == expected


@pytest.mark.parametrize(
    ("seats", "motions", "expected"),
    [(1, [True], 1), (1, [False], 0), (1, [None], None), (1, [None, True], 1), (1, [], None), (4, [True], None)],
)
def test_motion_alone_counts_a_booth_and_nothing_larger(
    seats: int, motions: list[bool | None], expected: int | None
) -> None:
    assert from_motion_alone(seats, motions) == expected


def test_somebody_in_a_booth_is_not_counted_twice() -> None:
    assert total_people({"hall": 3, "booth": 1}, {"hall"}, {"booth"}) == 3
    assert total_people({"booth": 1}, set(), set()) == 1
