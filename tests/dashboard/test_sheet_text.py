"""What a room's sheet says."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from tests.dashboard.places import history_view, sheet_view

from vigie_contract.readings import UNKNOWN_REASONS
from vigie_dashboard.language import NBSP, language_of
from vigie_dashboard.pages import LANGUAGES, render_sheet
from vigie_dashboard.sheet_text import unknown_words, values_of
from vigie_dashboard.view import RoomState


def test_each_outlet_says_its_state_circuit_and_power() -> None:
    rows = values_of(sheet_view("cafe"), language_of("fr"))["outlets"]
    assert [(row.name, row.shape, row.word) for row in rows] == [
        ("p0", "ok", "Libre"), ("p1", "", "Occupée"), ("p2", "crit", "Sans courant"), ("p3", "unk", "Sans mesure")
    ]  # fmt: skip
    assert rows[1].cells[:2] == ("C4 · Café", f"61{NBSP}VA")
    assert rows[3].cells[1:] == ("\u2013", "\u2013")


def test_each_channel_says_what_it_measured_when_and_why_not() -> None:
    rows = values_of(sheet_view("cafe"), language_of("en"))["sensors"]
    assert [row.word for row in rows] == ["Fresh", "Fresh", "Old", "Silent", "Never heard"]
    assert [row.cells[1] for row in rows] == ["412", "no", f"43{NBSP}ms", "tried and failed", "\u2013"]
    assert rows[3].cells[2] == "Mon 23 13:32 · node offline"


def test_a_small_power_is_told_in_the_unit_of_the_table_of_outlets() -> None:
    sheet = sheet_view("cafe")
    meter = replace(sheet.sensors[0], quantity="apparent_power", value=298.4)
    large = replace(meter, value=5_120.0)
    rows = values_of(replace(sheet, sensors=(meter, large)), language_of("fr"))["sensors"]
    assert [row.cells[1] for row in rows] == [f"298{NBSP}VA", f"5,12{NBSP}kVA"]


def test_a_sheet_has_the_warnings_and_sessions_of_its_room_alone() -> None:
    values = values_of(sheet_view("main-hall"), language_of("en"))
    assert [warning[2] for warning in values["warnings"]] == ["Main hall: slow Wi-Fi"]
    assert [row.name for row in values["sessions"]] == ["PapyCamp", "Apéro des projets"]
    cafe = values_of(sheet_view("cafe"), language_of("en"))
    assert cafe["sessions"] == [], "lunch is over"
    assert values["wifi"] == ("warn", "Slow", "too many devices · 90 of 100 for a video call")


def test_a_sheet_says_of_when_it_is_and_has_no_script() -> None:
    page = unescape(render_sheet(sheet_view("cafe"), "en", None))
    assert "As of 14:32" in page
    assert "<b>11 free of 18</b>" in page
    assert "<script" not in page


def test_a_sheet_draws_the_last_24_hours_of_its_people_and_nothing_where_nobody_counts() -> None:
    drawn = unescape(render_sheet(sheet_view("cafe"), "en", None, history_view()))
    assert "People, the last 24 hours" in drawn
    assert re.search(r'<path class="line" d="M[\d. L]', drawn)
    assert "People, the last 24 hours" not in render_sheet(sheet_view("cafe"), "en", None)


def test_a_room_without_a_believable_count_is_marked_as_such() -> None:
    sheet = sheet_view("cafe")
    silent = replace(sheet, room=replace(sheet.room, state=RoomState.SILENT, people=None, free=None))
    assert values_of(sheet, language_of("en"))["is_measured"]
    assert not values_of(silent, language_of("en"))["is_measured"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_of_an_unknown_value_has_its_words(lang: str) -> None:
    assert unknown_words(language_of(lang)).keys() == UNKNOWN_REASONS.keys()
