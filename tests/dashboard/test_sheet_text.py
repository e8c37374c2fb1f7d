"""What a room's sheet says."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from tests.dashboard.places import NOW_TS, history_view, said, sheet_view

from vigie_contract.readings import UNKNOWN_REASONS
from vigie_dashboard.correction_text import lines_of, trouble_of
from vigie_dashboard.language import NBSP, language_of
from vigie_dashboard.pages import LANGUAGES, render_corrections, render_sheet
from vigie_dashboard.sheet_text import values_of
from vigie_dashboard.sheet_view import THIS_MACHINE, CorrectionForms, CorrectionRow, CorrectionsView
from vigie_dashboard.unknown_words import unknown_words
from vigie_dashboard.view import RoomState


def test_each_outlet_says_its_state_circuit_and_power() -> None:
    rows = values_of(sheet_view("cafe"), language_of("fr"))["outlets"]
    assert [(row.name, row.shape, row.word) for row in rows] == [
        ("p0", "ok", "Libre"), ("p1", "", "Occupée"), ("p2", "crit", "Sans courant"), ("p3", "unk", "Sans mesure"),
        ("p4", "warn", "Hors service · loose plate"),
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
    assert [row.name for row, _ in values["sessions"]] == ["PapyCamp", "Apéro des projets"]
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


def test_what_somebody_said_is_told_with_who_when_and_until_when() -> None:
    sheet = replace(sheet_view("cafe"), closing=said(1, "water leak", NOW_TS + 3_600))
    page = unescape(render_sheet(sheet, "en", None))
    assert "7 people counted · lou, 14:22" in page
    assert "water leak · lou, 14:22 · until 15:32" in page
    french = unescape(render_sheet(replace(sheet, closing=replace(said(1), author=THIS_MACHINE)), "fr", None))
    assert f"cet appareil, 14{NBSP}h{NBSP}22" in french


def test_who_may_only_read_is_offered_no_form() -> None:
    assert "<form" not in render_sheet(sheet_view("cafe"), "en", None)


@pytest.mark.parametrize("field", ["value", "reason", "until"])
def test_a_refused_form_says_at_its_field_what_was_expected_and_keeps_what_was_typed(field: str) -> None:
    do, trouble = {"value": ("people", "too-many"), "reason": ("close", "no-reason"), "until": ("close", "past")}[field]
    typed = {"value": "99", "reason": 'burst "pipe"', "until": "2026-11-24T13:00", "outlet": ""}
    page = render_sheet(sheet_view("cafe"), "en", None, forms=CorrectionForms("secret", 54, do, typed, field, trouble))
    assert page.count("aria-invalid") == 1
    assert f'aria-describedby="said-{do}-{field}"' in page
    assert page.count(f'id="said-{do}-{field}"') == 1
    assert 'value="99"' in page or "burst &#34;pipe&#34;" in page
    assert page.count("aria-invalid") == page.count('class="said"')


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_trouble_of_a_correction_has_its_words(lang: str) -> None:
    kinds = ("number", "too-many", "no-reason", "long", "characters", "time", "past", "far", "clock", "store", "busy")
    said_of = {trouble_of(CorrectionForms("", 60, trouble=kind), language_of(lang)) for kind in (*kinds, "unknown")}
    assert len(said_of) == len(kinds) + 1
    assert trouble_of(CorrectionForms("", 60), language_of(lang)) == ""


def test_the_list_says_what_was_and_what_is() -> None:
    rows = (
        CorrectionRow(3, "cafe", {"en": "Café"}, None, "cafe", "people", None, said(12)),
        CorrectionRow(2, "cafe", {"en": "Café"}, None, "cafe", "closed", 0, said(1, "leak", NOW_TS + 3_600)),
        CorrectionRow(1, None, {}, "c4-1", "c4-1", "out_of_order", 1, said(0)),
    )
    view = CorrectionsView({"en": "Place"}, "Europe/Paris", rows, 1)
    assert [(one.subject, one.what, one.was, one.is_now) for one in lines_of(view, language_of("en"))] == [
        ("Café", "People", "\u2013", "12"),
        ("Café", "Opening", "open", "closed until 24 Nov 2026 15:32"),
        ("c4-1", "Outlet c4-1", "out of order", "in order"),
    ]
    page = render_corrections(view, "en", None)
    assert "before=1" in page
    assert 'href="/rooms/cafe?l=en"' in page
