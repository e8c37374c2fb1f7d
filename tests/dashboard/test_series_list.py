"""The list of all series is searched as people type and grouped as they ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.places import listed_view

from vigie_contract.quantities import QUANTITIES
from vigie_dashboard import series_list as module
from vigie_dashboard.language import language_of
from vigie_dashboard.quantity_names import quantity_name

FR, EN = language_of("fr"), language_of("en")


def found(search: str, by: str = "room") -> list[tuple[str, list[str]]]:
    groups = module.groups_of(listed_view(), search, by, FR)
    return [(group.title, [entry.name for entry in group.entries]) for group in groups]


def test_without_a_search_all_are_there_in_the_order_of_rooms() -> None:
    assert found("") == [("Atelier", ["door.in"]), ("Café", ["board.p1-va"]), ("Sans salle", ["board.rssi"])]


@pytest.mark.parametrize("search", ["CAFE", "café", "  puissance   board ", "p1-va", "script"])
def test_every_word_is_found_whatever_its_case_and_accents(search: str) -> None:
    assert found(search) == [("Café", ["board.p1-va"])]


def test_groups_are_by_room_node_or_quantity() -> None:
    assert [title for title, _ in found("", "node")] == ["board", "door"]
    assert [title for title, _ in found("", "quantity")] == [
        "Force du signal",
        "Personnes entrées",
        "Puissance apparente",
    ]
    assert found("", "nonsense") == found("")


@given(st.text(max_size=200))
def test_whatever_is_searched_finds_a_part_of_the_list(search: str) -> None:
    names = [name for _, group in found(search) for name in group]
    assert set(names) <= {"door.in", "board.p1-va", "board.rssi"}


def test_every_quantity_has_a_name_in_both_languages() -> None:
    for quantity in QUANTITIES:
        assert quantity_name(quantity, EN) != quantity
        assert quantity_name(quantity, FR)
    assert quantity_name("of-a-newer-node", FR) == "of-a-newer-node"
