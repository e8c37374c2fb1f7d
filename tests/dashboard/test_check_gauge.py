"""A gauge shows the need on what there is; its words and figures say the same."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.answers import STATES, gauge, unchecked

from vigie_dashboard.check_gauge import margin_text, row_of
from vigie_dashboard.check_view import AmountsView, GaugeView, NeedView
from vigie_dashboard.language import NBSP, language_of

FR, EN = language_of("fr"), language_of("en")


def share(text: str) -> float:
    assert re.fullmatch(r"\d+\.\d\d%", text), text
    return float(text[:-1])


@given(
    st.floats(0, 1e12),
    st.lists(st.floats(0, 1e12), min_size=3, max_size=3).map(sorted),
    st.sampled_from(["upload", "seats", "power", "latency"]),
    st.sampled_from(["go", "tight", "no-go"]),
)
def test_any_figures_stay_within_the_gauge_and_in_their_order(
    need: float, held: list[float], resource: str, verdict: str
) -> None:
    amounts = AmountsView(held[0], held[1], held[2], "measured", 4)
    shown = GaugeView(resource, verdict, NeedView(need, need, need), amounts, None, 0.0)
    drawing = row_of(shown, 10, EN, is_limiting=False).drawing
    assert drawing is not None
    first, best = share(drawing.held), share(drawing.highest)
    assert 0 <= first <= 100
    assert first + share(drawing.good) <= best + 0.02 <= 100.03
    assert 0 <= share(drawing.need) <= 100


def test_the_need_stands_where_its_share_of_what_there_is_says() -> None:
    drawing = row_of(gauge("upload", "tight", 54e6, 50e6, 55e6, 58e6), 36, EN, is_limiting=True).drawing
    assert drawing is not None
    assert share(drawing.need) / share(drawing.held) == pytest.approx(54 / 50, rel=1e-3)
    assert share(drawing.highest) / share(drawing.held) == pytest.approx(58 / 50, rel=1e-3)


@pytest.mark.parametrize(
    ("shown", "margin", "figures"),
    [
        (gauge("seats", "go", 36, 40, 40, 40), "4 spare", "36 of 40"),
        (gauge("seats", "no-go", 52, 40, 40, 40, breaks_at=40), "12 short", "52 of 40"),
        (gauge("outlets", "tight", 24, 21, 23, 24), "no margin", "24 of 21 to 24"),
        (gauge("outlets", "tight", 23.2, 22.9, 25, 26), "too tight", "24 of 22 to 26"),
        (gauge("outlets", "go", 0, 21, 23, 24), "21 spare", "0 of 21"),
        (gauge("devices", "go", 50, 60, 70, 75), "17% spare", "50 of 60"),
        (gauge("upload", "tight", 54e6, 50e6, 55e6, 58e6), "too tight", f"54{NBSP}Mb/s of 50 to 58"),
        (gauge("upload", "go", 0.6e6, 50e6, 55e6, 58e6), "99% spare", f"0.6{NBSP}Mb/s of 50"),
        (gauge("upload", "no-go", 78e6, 50e6, 55e6, 58e6, breaks_at=33), "enough for 33 of 52",
         f"78{NBSP}Mb/s of 50 to 58"),
        (gauge("power", "no-go", 5300, 3300, 3400, 3500), f"1.8{NBSP}kW short", f"5.3{NBSP}kW of 3.3 to 3.5"),
        (gauge("power", "go", 300, 800, 900, 950), "62% spare", f"300{NBSP}W of 800"),
        (gauge("airtime", "tight", (0.2, 0.4, 0.7), 0.64, 0.68, 0.71), "too tight", "20 to 70% of 64 to 71"),
        (unchecked("upload", "no-history", 54e6), "not checked", f"54{NBSP}Mb/s needed"),
        (unchecked("airtime", "no-sensor"), "not checked", ""),
        (STATES["rehearsed"].gauges[0], "25% spare", f"3.0{NBSP}Mb/s of 4.0"),
    ],
)  # fmt: skip
def test_margin_and_figures_are_in_words_and_units(shown: GaugeView, margin: str, figures: str) -> None:
    row = row_of(shown, 52, EN, is_limiting=False)
    assert (row.margin, row.figures) == (margin, figures)


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_no_rounding_of_pieces_makes_a_session_fit(need: float, there: float) -> None:
    verdict = "go" if need <= there else "no-go"
    shown = gauge("outlets", verdict, need, there, there, there)
    if need > there:
        assert "spare" not in margin_text(shown, 10, EN)


def test_what_was_not_checked_has_no_bar_and_says_why() -> None:
    row = row_of(unchecked("latency", "power-save"), 10, EN, is_limiting=False)
    assert row.drawing is None
    assert (row.shape, row.margin) == ("unk", "not checked")
    assert row.why == "the probe's Wi-Fi was saving power, and its times say nothing"
    assert row.cells[0] == row.cells[1] == "\u2013"


def test_a_word_that_nobody_knows_is_told_as_it_is() -> None:
    assert row_of(unchecked("latency", "eclipse"), 10, EN, is_limiting=False).why == "eclipse"


def test_a_rehearsal_that_reached_its_goal_has_no_highest() -> None:
    row = row_of(STATES["rehearsed"].gauges[0], 12, EN, is_limiting=True)
    assert row.drawing is not None
    assert row.drawing.highest == ""
    assert row.cells[3] == "not reached"


def test_a_range_of_need_is_drawn_and_written_as_one() -> None:
    shown = gauge("airtime", "tight", (0.2, 0.4, 0.7), 0.64, 0.68, 0.71)
    row = row_of(shown, 36, FR, is_limiting=False)
    assert row.drawing is not None
    assert share(row.drawing.range) > 0
    assert row.cells[0] == f"20 à 70{NBSP}%"
    alone = row_of(replace(shown, need=NeedView(0.4, 0.4, 0.4)), 36, FR, is_limiting=False)
    assert alone.drawing is not None
    assert alone.drawing.range == ""


def test_the_resource_that_limits_says_so_unless_it_fits() -> None:
    tight = gauge("upload", "tight", 54e6, 50e6, 55e6, 58e6)
    assert row_of(tight, 36, EN, is_limiting=True).note == "limits the session"
    assert row_of(replace(tight, verdict="go"), 36, EN, is_limiting=True).note == "of the internet line"
