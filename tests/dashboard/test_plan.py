"""Any polygon can be drawn, and its tide rises by area."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_dashboard.plan import WIDTH, Box, Corners, Plan, area, bounds_of, is_inside, largest_box, plan_of, tide_y
from vigie_dashboard.view import DoorView, Point


def square(x: float, y: float, side: float) -> tuple[Point, ...]:
    return (Point(x, y), Point(x + side, y), Point(x + side, y + side), Point(x, y + side))


ELL = (Point(0, 0), Point(400, 0), Point(400, 100), Point(100, 100), Point(100, 300), Point(0, 300))
TRIANGLE = (Point(0, 100), Point(50, 0), Point(100, 100))


@st.composite
def star(draw: st.DrawFn) -> tuple[Point, ...]:
    """A polygon around a centre, of any shape that does not cross itself."""
    radii = draw(st.lists(st.floats(10, 500), min_size=3, max_size=12))
    turn = 2 * math.pi / len(radii)
    return tuple(Point(600 + r * math.cos(i * turn), 600 + r * math.sin(i * turn)) for i, r in enumerate(radii))


def area_below(corners: tuple[Point, ...], level: float) -> float:
    """By counting thin strips: another way than the module's."""
    bounds, total, steps = bounds_of(corners), 0.0, 2000
    height = bounds.height / steps
    for index in range(steps):
        y = bounds.y + (index + 0.5) * height
        if y < level:
            continue
        xs = sorted(
            a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y)
            for a, b in zip(corners, corners[1:] + corners[:1], strict=True)
            if (a.y > y) != (b.y > y)
        )
        total += sum(right - left for left, right in zip(xs[::2], xs[1::2], strict=True)) * height
    return total


@given(star(), st.floats(0, 1))
def test_the_share_of_the_area_under_the_waterline_is_the_share_of_seats(
    corners: tuple[Point, ...], share: float
) -> None:
    level = tide_y(corners, share)
    assert area_below(corners, level) / area(corners) == pytest.approx(share, abs=0.01)


def test_the_tide_of_a_rectangle_is_its_height() -> None:
    assert tide_y(square(0, 100, 200), 0.25) == pytest.approx(250, abs=0.01)
    assert tide_y(square(0, 100, 200), 0) == 300
    assert tide_y(square(0, 100, 200), 1) == 100


@given(star())
def test_words_are_placed_inside_of_the_room(corners: tuple[Point, ...]) -> None:
    box = largest_box(corners)
    assert is_inside(Point(box.x + box.width / 2, box.y + box.height / 2), corners) or box == bounds_of(corners)


def test_words_of_an_l_stand_in_its_large_arm() -> None:
    box = largest_box(ELL)
    assert (box.x, box.y) == (0, 0)
    assert box.width * box.height >= 100 * 300


def test_a_place_without_polygons_has_no_plan() -> None:
    assert plan_of((("a", ()), ("b", (Point(0, 0), Point(1, 1)))), ()) is None


def test_a_polygon_without_area_is_left_out() -> None:
    plan = plan_of((("flat", (Point(0, 0), Point(5, 0), Point(9, 0))), ("room", square(0, 0, 10))), ())
    assert plan is not None
    assert list(plan.rooms) == ["room"]


def test_the_drawing_fills_its_width_whatever_the_units() -> None:
    for scale in (0.01, 1, 1000):
        corners = tuple(Point(p.x * scale - 7 * scale, p.y * scale) for p in ELL)
        plan = plan_of((("room", corners),), ())
        assert plan is not None
        assert plan.rooms["room"].bounds.width == pytest.approx(WIDTH)


def test_the_end_of_a_corridor_is_walled_where_it_is_short_or_has_a_door() -> None:
    def walls(gap: float, *doors: DoorView) -> int:
        return _plan((("top", square(0, 0, 100)), ("bottom", square(0, 100 + gap, 100))), doors).outer_walls.count("M")

    assert walls(0) == 6
    assert walls(20) == 8
    assert walls(200) == 6
    assert walls(200, DoorView("out", Point(100, 120), Point(100, 140))) == 7


def test_a_door_opens_into_the_smaller_room_or_into_the_building() -> None:
    rooms = (("big", square(0, 0, 200)), ("small", ((Point(200, 0), Point(260, 0), Point(260, 200), Point(200, 200)))))
    inner = _plan(rooms, (DoorView("d", Point(200, 50), Point(200, 90)),))
    leaf_x = float(inner.door_swings.split("L")[1].split()[0])
    assert leaf_x > inner.rooms["small"].bounds.x
    outer = _plan(rooms, (DoorView("d", Point(0, 50), Point(0, 90)),))
    assert float(outer.door_swings.split("L")[1].split()[0]) > 8


def _plan(rooms: tuple[tuple[str, Corners], ...], doors: tuple[DoorView, ...]) -> Plan:
    plan = plan_of(rooms, doors)
    assert plan is not None
    return plan


def test_a_booth_is_drawn_over_the_hall_that_it_stands_in_and_the_halls_words_beside_it() -> None:
    booth, hall, beside = square(100, 100, 40), square(100, 100, 200), square(300, 100, 200)
    made = plan_of((("booth", booth), ("hall", hall), ("beside", beside)), ())
    assert made is not None
    assert list(made.rooms) == ["hall", "beside", "booth"]
    words, inner = made.rooms["hall"].words, made.rooms["booth"].bounds
    assert words.x >= inner.x + inner.width or words.y >= inner.y + inner.height
    assert largest_box(hall, [booth]) == Box(100, 140, 200, 160)


def test_rooms_side_by_side_stay_in_their_order() -> None:
    made = plan_of((("b", square(200, 0, 100)), ("a", square(0, 0, 200)), ("c", square(300, 0, 100))), ())
    assert made is not None
    assert list(made.rooms) == ["b", "a", "c"]
