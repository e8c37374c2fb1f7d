"""The set-up's drawing is given rooms in the shape that their file and what was typed say together."""

from __future__ import annotations

from vigie_gateway.setup.rooms import drawn_rooms

ELL = [[0, 0], [10, 0], [10, 4], [5, 4], [5, 8], [0, 8]]
SITE = {
    "rooms": [
        {"id": "hall", "name": "Hall", "seats": 9, "corners": ELL},
        {"id": "booth", "name": "Booth", "seats": 1, "rect": [10, 0, 2, 2]},
    ]
}


def typed(n: int, room: str, *box: str) -> dict[str, str]:
    sides = dict(zip(("x", "y", "width", "height"), box, strict=True))
    return {f"rooms-{n}-{key}": text for key, text in {"id": room, "name_fr": room, "seats": "1", **sides}.items()}


def test_a_rectangle_is_where_it_was_typed() -> None:
    assert drawn_rooms(typed(0, "booth", "20", "1,5", "3", "2"), SITE) == [
        ("booth", [(20, 1.5), (23, 1.5), (23, 3.5), (20, 3.5)])
    ]


def test_a_room_of_another_shape_stretches_with_the_box_around_it() -> None:
    assert drawn_rooms(typed(0, "hall", "0", "0", "10", "8"), SITE) == [("hall", [(x, y) for x, y in ELL])]
    stretched = [(2, 1), (22, 1), (22, 5), (12, 5), (12, 9), (2, 9)]
    assert drawn_rooms(typed(0, "hall", "2", "1", "20", "8"), SITE) == [("hall", stretched)]


def test_a_room_without_a_place_or_with_a_wrong_one_is_not_drawn() -> None:
    fields = typed(0, "booth", "", "", "", "") | typed(1, "a", "x", "0", "1", "1") | typed(2, "b", "0", "0", "0", "1")
    assert drawn_rooms(fields, SITE) == []
