"""Today's sessions: lanes, their table, and a line below a room's name."""

from __future__ import annotations

from dataclasses import replace

from vigie_dashboard.language import NBSP, language_of
from vigie_dashboard.notices import SessionCheck
from vigie_dashboard.pages import board_fields, render_board
from vigie_dashboard.sessions_text import lanes_of, rows_of, session_fields
from vigie_dashboard.view import BoardView


def fields(view: BoardView, lang: str = "fr") -> dict[str, str]:
    """In plain spaces."""
    return {key: text.replace(NBSP, " ") for key, text in session_fields(view, language_of(lang)).items()}


def test_a_room_says_the_session_under_way_or_the_next_one(sample: BoardView) -> None:
    made = fields(sample)
    assert made["r.main-hall.next"] == "PapyCamp jusqu\u2019à 16 h"
    assert made["r.workshop.next"] == "Code Club à 17 h"
    assert made["r.booth-2.next"] == "Réservé à 15 h 30"
    assert made["r.mezzanine.next"] == "Expo photo, toute la journée"
    assert made["r.cafe.next"] == made["r.library.next"] == ""


def test_a_session_is_past_under_way_or_to_come(sample: BoardView) -> None:
    made = fields(sample)
    assert [made[f"s.{number}.s"] for number in range(7)] == ["now", "past", "past", "now", "next", "next", "next"]


def test_lanes_are_in_the_order_of_the_rooms_and_the_table_has_all(sample: BoardView) -> None:
    english = language_of("en")
    lanes = lanes_of(sample, english)
    assert [lane.room for lane in lanes] == ["Main hall", "Workshop", "Café", "Booth 2"]
    assert [bar.name for bar in lanes[0].bars] == ["PapyCamp", "Apéro des projets"]
    assert (lanes[0].bars[0].x, lanes[0].bars[0].width) == ("50%", "16.7%")
    assert [row.time for row in rows_of(sample, english)][:2] == ["all day", "10:00 to 12:00"]
    assert rows_of(sample, english)[4].name == "Booked"


def test_without_a_calendar_there_is_no_lane_and_without_a_curve_the_table_is_open(sample: BoardView) -> None:
    assert 'class="lane"' in render_board(sample, "en", None)
    none = render_board(replace(sample, sessions=()), "en", None)
    assert 'class="lane"' not in none
    assert "Sessions of today" not in none
    flat = render_board(replace(sample, day=None), "en", None)
    assert "<details open" in flat
    assert "PapyCamp" in flat


def test_a_stale_calendar_says_from_when_it_is(states: BoardView) -> None:
    assert fields(states)["s.stale"] == "agenda Agenda : lu à 11 h 32"


def test_a_verdict_is_live_has_a_shape_and_words_and_does_not_load_the_page_again(sample: BoardView) -> None:
    shapes = {"go": "#i-ok", "tight": "#i-warn", "no-go": "#i-crit", "not-checked": "#i-unk"}
    pages = []
    for verdict, icon in shapes.items():
        first = replace(sample.sessions[0], check=SessionCheck(verdict, "", sample.now_ts))
        view = replace(sample, sessions=(first, *sample.sessions[1:]))
        made = fields(view)
        assert (made["s.0.v"], made["s.0.i"]) == (verdict, icon)
        assert made["s.1.v"] == made["s.1.i"] == made["s.1.w"] == ""
        pages.append((made["s.0.w"], board_fields(view, "fr")["page.shape"]))
    assert len({word for word, _ in pages}) == len(shapes)
    assert {shape for _, shape in pages} == {board_fields(sample, "fr")["page.shape"]}
