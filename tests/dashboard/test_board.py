"""The top figures, the advice and the day say what is true, and leave out what a place does not measure."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.places import NOW_TS

from vigie_dashboard import board
from vigie_dashboard.language import language_of
from vigie_dashboard.pages import render_board
from vigie_dashboard.view import Advice, BoardView, RoomState, WifiFit, WifiView


def fields(view: BoardView, code: str = "en") -> dict[str, str]:
    """With ordinary spaces."""
    made = board.fields_of(view, language_of(code))
    return {key: value.replace("\u00a0", " ").replace("\u202f", " ") for key, value in made.items()}


def figure(view: BoardView, key: str, code: str = "en") -> tuple[str, str, str]:
    made = fields(view, code)
    return made[f"k.{key}"], made[f"k.{key}.of"], made[f"k.{key}.note"]


def test_the_five_figures_are_those_of_the_picture(sample: BoardView) -> None:
    assert figure(sample, "seats", "fr") == ("20", " / 90", "2 salles sans mesure")
    assert figure(sample, "outlets", "fr") == ("18", " / 70", "6 coupées : Café")
    assert figure(sample, "wifi", "fr") == ("Visio", " possible", "sauf Grande salle, Café · 1 sans mesure")
    assert figure(sample, "power", "fr") == ("5,1", " / 9 kVA", "marge confortable")
    assert figure(sample, "net", "fr") == ("84", " Mb/s", "ligne principale")


def test_unknown_figures_are_dashes(sample: BoardView) -> None:
    unknown = replace(
        sample.figures, seats_free=None, outlets_free=None, outlets_cut={}, wifi=None, wifi_except=(), power_va=None,
        download_bps=None, internet=None,
    )  # fmt: skip
    view = replace(sample, figures=unknown)
    for key in ("seats", "outlets", "wifi", "power", "net"):
        value, of, note = figure(view, key)
        assert (value, of) == ("\u2013", "")
        assert note


def test_a_place_that_measures_nothing_has_no_such_figures(bare: BoardView) -> None:
    made = fields(bare)
    assert figure(bare, "seats") == ("\u2013", "", "no room is measured")
    assert not [key for key in made if key.startswith(("k.outlets", "k.wifi", "k.power", "k.net", "d.", "p.", "a."))]
    assert not [key for key in made if key.endswith((".o", ".wf"))]


@pytest.mark.parametrize(
    ("power_va", "note"),
    [(0, "comfortable margin"), (6400, "little margin"), (7700, "very little margin"), (9100, "over the limit")],
)
def test_the_margin_of_the_supply_is_in_words(sample: BoardView, power_va: float, note: str) -> None:
    view = replace(sample, figures=replace(sample.figures, power_va=power_va))
    assert figure(view, "power")[2] == note


@pytest.mark.parametrize(
    ("internet", "download_bps", "said"),
    [
        ("none", 84e6, ("Down", "", "main line")),
        ("portal", None, ("Portal", "", "the provider asks to sign in")),
        ("open", None, ("Open", "", "main line")),
        ("open", 3.24e6, ("3.2", " Mb/s", "main line")),
    ],
)
def test_internet_says_the_worst_that_is_known(
    sample: BoardView, internet: str, download_bps: float | None, said: tuple[str, str, str]
) -> None:
    view = replace(sample, figures=replace(sample.figures, internet=internet, download_bps=download_bps))
    assert figure(view, "net") == said


def test_many_rooms_are_counted_rather_than_listed(states: BoardView) -> None:
    assert figure(states, "wifi")[2] == "except 4 rooms · 2 not measured"


def test_wifi_that_is_as_good_everywhere_says_so(sample: BoardView) -> None:
    rooms = tuple(room for room in sample.rooms if room.wifi is not None and room.wifi.fit is WifiFit.VIDEO)
    view = replace(sample, rooms=rooms, figures=replace(sample.figures, wifi_except=()))
    assert figure(view, "wifi")[2] == "in every room"


def test_wifi_that_is_known_of_one_room_only_says_how_many_are_not_measured(sample: BoardView) -> None:
    unknown = tuple(replace(room, wifi=WifiView(None, "starting", None, None, None)) for room in sample.rooms[1:])
    view = replace(
        sample, rooms=(sample.rooms[0], *unknown), figures=replace(sample.figures, wifi=WifiFit.SLOW, wifi_except=())
    )
    assert figure(view, "wifi", "fr") == ("Lent", "", "7 salles sans mesure")
    closed = replace(view, rooms=(sample.rooms[0], *(replace(room, state=RoomState.CLOSED) for room in unknown)))
    assert figure(closed, "wifi")[2] == "in every room"


def test_opening_and_closing_stand_beside_the_date(sample: BoardView) -> None:
    assert fields(sample, "fr")["page.date"] == "mardi 24 novembre · jusqu\u2019à 20 h"
    closed = replace(sample, is_open=False, closes_at_ts=None, opens_at_ts=sample.closes_at_ts)
    assert fields(closed)["page.date"] == "Tuesday 24 November · closed, opens at 20:00"
    tomorrow = replace(closed, opens_at_ts=NOW_TS + 17.5 * 3600)
    assert fields(tomorrow)["page.date"] == "Tuesday 24 November · closed, opens Wed 25 at 08:02"
    assert fields(replace(closed, is_open=None, opens_at_ts=None))["page.date"] == "Tuesday 24 November"


@pytest.mark.parametrize(
    ("advice", "said"),
    [
        (
            Advice("work", "workshop", 6, "free", "library", 1),
            ("Workshop", "6", "seats with an outlet", "else Library (1)"),
        ),
        (Advice("quiet", "library", 1, "near"), ("Library", "1", "seat", "nearly full")),
        (Advice("call", "booth-2", 1, "free"), ("Booth 2", "", "free", "")),
        (
            Advice("call", "booth-2", 1, "free", until_ts=NOW_TS + 3_470),
            ("Booth 2", "", "free until 15:30", "booked after that"),
        ),
        (Advice("group", "cafe", 11, "no-outlets"), ("Café", "11", "seats", "no outlet there")),
        (Advice("call", "cafe", 2, "wifi-unknown"), ("Café", "2", "seats", "Wi-Fi not measured")),
        (Advice("work", None, None, "none"), ("Nowhere right now", "", "", "no room with fresh readings fits")),
    ],
)
def test_a_visitor_is_sent_somewhere_with_the_reason(
    sample: BoardView, advice: Advice, said: tuple[str, str, str, str]
) -> None:
    made = fields(replace(sample, advice=(advice,)))
    assert tuple(made[f"a.{advice.need}.{part}"] for part in ("room", "n", "unit", "why")) == said


def test_the_day_has_its_curve_its_hole_and_its_hours(sample: BoardView) -> None:
    made = fields(sample, "fr")
    assert made["d.people"].count("M") == 2
    assert made["d.legend"] == "personnes présentes : 70"
    assert made["d.like"] == "un mardi habituel"
    assert made["d.people.0"] == "1"
    assert made["d.people.2"] == "\u2013"
    assert made["d.people.12"] == ""
    assert made["d.usual.12"] == "1"


def test_a_day_of_which_nothing_is_known_has_no_zero(sample: BoardView) -> None:
    assert sample.day is not None
    day = replace(sample.day, people=(None,) * 14, usual=(), like=None)
    made = fields(replace(sample, day=day, figures=replace(sample.figures, people=None)))
    assert made["d.people"] == made["d.usual"] == made["d.n"] == made["d.like"] == ""
    assert "0" not in [value for key, value in made.items() if key.startswith("d.people.")]


def test_outages_and_slow_wifi_are_spoken_and_counts_are_not(sample: BoardView) -> None:
    made = fields(sample)
    assert made["say.outages"] == "Café: outlets without power"
    assert made["say.warnings"] == "Main hall: slow Wi-Fi\nMezzanine: no reading"


def test_the_shape_changes_with_the_site_and_the_day_but_not_with_readings(sample: BoardView) -> None:
    shape = board.shape_of(sample)
    assert board.shape_of(replace(sample, now_ts=sample.now_ts + 5, figures=replace(sample.figures, people=3))) == shape
    assert board.shape_of(replace(sample, rooms=sample.rooms[:-1])) != shape
    assert sample.day is not None
    tomorrow = replace(sample.day, opens_ts=sample.day.opens_ts + 86_400)
    assert board.shape_of(replace(sample, day=tomorrow)) != shape


def test_a_passage_is_drawn_on_the_plan_and_listed_nowhere(sample: BoardView) -> None:
    hall = replace(sample.rooms[0], id="hall", name={"en": "Front desk"}, seats=0, people=None, free=None)
    view = replace(sample, rooms=(*sample.rooms, hall))
    page = render_board(view, "en", None)
    assert "Front desk" in page
    assert "/rooms/hall" not in page
    assert not [key for key in fields(view) if ".hall." in key]
