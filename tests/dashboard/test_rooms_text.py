"""Each state of a room has its words, in both languages, and nothing unknown is ever a zero."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vigie_dashboard.language import Language, language_of
from vigie_dashboard.rooms_text import fitting_size, name_lines, outlets_text, plan_fields, room_fields, words_of
from vigie_dashboard.view import BoardView, OutletsView, RoomState, RoomView, WifiFit, WifiView


def plain(text: str) -> str:
    """With ordinary spaces."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def said(view: BoardView, room: str, code: str) -> tuple[str, str, str, str]:
    """Figure, word and the two small lines of a room on the plan."""
    words = words_of(the_room(view, room), view, language_of(code))
    return plain(words.figure), plain(words.word), plain(words.first), plain(words.second)


def the_room(view: BoardView, room: str) -> RoomView:
    return next(each for each in view.rooms if each.id == room)


def row(room: RoomView, view: BoardView, language: Language) -> dict[str, str]:
    """The room's fields in the table, by their last word."""
    fields = room_fields(room, view, language, has_outlets=True, has_wifi=True)
    return {key.removeprefix(f"r.{room.id}."): plain(value) for key, value in fields.items()}


@pytest.mark.parametrize(
    ("room", "french", "english"),
    [
        ("free", ("10", "", "libres", "sur 16"), ("10", "", "free", "of 16")),
        ("near", ("2", "", "libres", "sur 14"), ("2", "", "free", "of 14")),
        ("full", ("", "Complet", "", ""), ("", "Full", "", "")),
        ("empty", ("18", "", "libres", "sur 18"), ("18", "", "free", "of 18")),
        ("old", ("4", "", "libres ?", "il y a 14 min"), ("4", "", "free?", "14 min ago")),
        ("silent", ("\u2013", "", "muet depuis", "13 h 05"), ("\u2013", "", "silent since", "13:05")),
        (
            "silent-long",
            ("\u2013", "", "muet depuis", "lun. 23 13 h 32"),
            ("\u2013", "", "silent since", "Mon 23 13:32"),
        ),
        ("no-sensor", ("", "12 places", "Pas de capteur", ""), ("", "12 seats", "No sensor", "")),
        ("closed", ("", "Fermé", "ouvre à 17 h", ""), ("", "Closed", "opens at 17:00", "")),
        ("odd", ("?", "", "à vérifier", "21 comptés sur 18"), ("?", "", "to check", "21 counted of 18")),
        ("booth-wide", ("", "Occupée", "", ""), ("", "In use", "", "")),
        ("booth-old", ("", "Libre ?", "il y a 10 min", ""), ("", "Free?", "10 min ago", "")),
    ],
)
def test_a_state_is_said_in_words(
    states: BoardView, room: str, french: tuple[str, ...], english: tuple[str, ...]
) -> None:
    assert said(states, room, "fr") == french
    assert said(states, room, "en") == english


@pytest.mark.parametrize("room", ["silent", "silent-long", "no-sensor", "closed", "odd", "booth-silent"])
def test_a_room_without_a_count_shows_a_dash_and_says_unknown(states: BoardView, room: str) -> None:
    fields = row(the_room(states, room), states, language_of("en"))
    assert (fields["free"], fields["hide"], fields["sr"], fields["count"]) == ("\u2013", "true", "unknown", "")
    assert fields["w"] == "0%"


def test_an_empty_room_is_a_measured_zero(states: BoardView) -> None:
    fields = row(the_room(states, "empty"), states, language_of("fr"))
    assert (fields["free"], fields["count"], fields["word"], fields["sr"]) == ("18", "0/18", "Vide", "")


def test_one_free_seat_is_singular_in_both_languages(states: BoardView) -> None:
    room = replace(the_room(states, "near"), people=13, free=1)
    for code, words in (("fr", ("libre", "sur 14")), ("en", ("free", "of 14"))):
        text = words_of(room, states, language_of(code))
        assert (text.first, text.second) == words


@pytest.mark.parametrize(
    ("outlets", "said"),
    [
        (None, ("none", "\u2013", "", "")),
        (OutletsView(8, None, 0, 0, None), ("none", "\u2013", "", "")),
        (OutletsView(8, 0, 0, 8, 1.0), ("ok", "0", " / 8", "")),
        (OutletsView(8, 3, 0, 5, 1.0), ("ok", "3", " / 5", "3 not measured")),
        (OutletsView(8, 3, 2, 8, 1.0), ("ok", "3", " / 8", "2 without power")),
        (OutletsView(8, 0, 8, 8, 1.0), ("cut", "", "", "")),
        (OutletsView(8, None, 8, 8, 1.0), ("cut", "", "", "")),
    ],
)
def test_outlets_say_what_is_free_cut_or_not_measured(
    outlets: OutletsView | None, said: tuple[str, str, str, str]
) -> None:
    assert tuple(plain(each) for each in outlets_text(outlets, language_of("en"))) == said


def test_wifi_has_one_word_for_each_fit_and_a_reason_for_the_rest(states: BoardView) -> None:
    room = the_room(states, "free")
    words = {}
    for fit in (*WifiFit, None):
        shown = row(replace(room, wifi=WifiView(fit, "signal", None, None, None)), states, language_of("fr"))
        words[fit] = (shown["wf"], shown["ww"], shown["wn"])
    assert words == {
        WifiFit.VIDEO: ("video", "Visio", "signal faible"),
        WifiFit.WEB: ("web", "Web et mail", "signal faible"),
        WifiFit.SLOW: ("slow", "Lent", "signal faible"),
        WifiFit.DOWN: ("down", "Coupé", "signal faible"),
        None: ("unknown", "Sans mesure", "signal faible"),
    }
    assert row(replace(room, wifi=None), states, language_of("fr"))["ww"] == "\u2013"


def test_the_tide_is_out_of_sight_where_nothing_is_known_or_nobody_is_there(states: BoardView) -> None:
    fields = plan_fields(states, language_of("fr"))
    for room in ("empty", "silent", "no-sensor", "closed"):
        assert float(fields[f"p.{room}.y"]) > 0
        assert fields[f"p.{room}.s"] in {"none", "empty"}
    full, near = float(fields["p.full.y"]), float(fields["p.near.y"])
    assert full < near + 400


def test_a_room_that_is_not_on_the_plan_is_in_the_table_only(states: BoardView) -> None:
    assert not [key for key in plan_fields(states, language_of("fr")) if key.startswith("p.elsewhere.")]
    assert row(the_room(states, "elsewhere"), states, language_of("fr"))["free"] == "5"


def test_long_names_are_set_smaller_or_on_two_lines() -> None:
    assert fitting_size("Hall", 200, 26) == 26
    assert fitting_size("A very long name of a room", 200, 26) < 14
    assert name_lines("Booth 1", 92) == ["Booth 1"]
    assert name_lines("Soundproof booth", 92) == ["Soundproof", "booth"]
    assert name_lines("Unbreakablename", 92) == ["Unbreakablename"]


def test_every_state_has_words(states: BoardView) -> None:
    assert {room.state for room in states.rooms} == set(RoomState)
