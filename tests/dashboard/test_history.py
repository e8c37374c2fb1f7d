"""A history shows unknown stretches as such, in units that people use."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from vigie_contract.quantities import QUANTITIES
from vigie_dashboard import history as module
from vigie_dashboard.history_view import HistorySeries, HistoryView
from vigie_dashboard.language import language_of
from vigie_dashboard.pages import render_history
from vigie_dashboard.view import BoardView


def test_every_unit_of_the_contract_has_a_way_to_be_shown() -> None:
    assert {quantity.unit for quantity in QUANTITIES.values()} <= set(module.UNITS)


def test_an_unknown_stretch_breaks_line_and_band_and_has_its_own_ground(history: HistoryView) -> None:
    people = module.charts_of(history, language_of("en"))[0]
    assert people.path.count("M") == 2
    assert people.band.count("Z") == 2
    assert people.unknown == (("30.2%", "6.2%"),)


def test_a_series_without_any_reading_has_no_curve(history: HistoryView) -> None:
    loss = module.charts_of(history, language_of("en"))[2]
    assert not loss.has_values
    assert loss.path == loss.band == loss.last == ""
    assert not any(row.is_known for row in loss.rows)


def test_powers_are_in_kilovoltamperes_and_french_numbers(history: HistoryView) -> None:
    power = module.charts_of(history, language_of("fr"))[1]
    assert power.unit == "kVA"
    assert "," in power.rows[0].mean
    assert power.last.endswith("\u00a0kVA")


def test_a_row_of_the_table_says_how_much_was_measured(history: HistoryView) -> None:
    rows = module.charts_of(history, language_of("fr"))[0].rows
    assert rows[0].coverage == "97\u00a0%"
    assert (rows[30].mean, rows[30].coverage) == ("", "0\u00a0%")


def test_the_script_gets_the_same_values_as_plain_json(history: HistoryView) -> None:
    data = module.script_data(history, language_of("fr"), "/static/u.js", "/static/u.css")
    copied = json.loads(json.dumps(data, allow_nan=False))
    assert copied["series"][0]["means"][30] is None
    assert len(copied["series"][0]["means"]) == len(copied["series"][0]["times"]) == 96


@pytest.mark.parametrize(("days", "shown"), [(1, "h"), (7, "."), (30, "nov."), (365, "mai")])
def test_the_axis_speaks_hours_days_or_months(history: HistoryView, days: int, shown: str) -> None:
    longer = replace(history, from_ts=history.to_ts - days * 86_400)
    times = module.charts_of(longer, language_of("fr"))[0].times
    assert any(shown in words for _, words, _ in times)
    assert len(times) <= 9


def test_midnight_is_called_by_its_day(history: HistoryView) -> None:
    words = [words for _, words, _ in module.charts_of(history, language_of("en"))[0].times]
    assert "Tue 24" in words
    assert "00:00" not in words
    assert "16:00" in words


def test_the_hours_of_one_day_do_not_name_it(sample: BoardView) -> None:
    assert sample.day is not None
    midnight = sample.day.opens_ts - 8 * 3600
    whole = replace(sample, day=replace(sample.day, opens_ts=midnight, closes_ts=midnight + 86_400))
    assert module.day_ticks(whole, language_of("fr"))[0][1] == "0\u00a0h"


def test_a_board_without_history_has_no_axis(bare: BoardView) -> None:
    assert module.day_ticks(bare, language_of("fr")) == []
    assert module.day_table_times(bare, language_of("fr")) == []


@pytest.mark.parametrize(("lang", "said"), [("en", "keeps the finer points of then"), ("fr", "garde le détail")])
def test_a_curve_that_is_coarser_than_it_could_be_says_so(history: HistoryView, lang: str, said: str) -> None:
    coarse = replace(history, series=(replace(history.series[0], is_coarse=True), *history.series[1:]))
    assert said in render_history(coarse, lang, None)
    assert said not in render_history(history, lang, None)


def test_holes_coverage_and_weeks_are_said_in_words(history: HistoryView) -> None:
    people, _, loss = module.charts_of(replace(history, is_compared=True), language_of("en"))
    assert people.sentences == (
        "Readings cover 91% of the period.",
        "No reading: Mon 23 21:47 \u2013 23:17.",
        "The usual week is the middle of 2 to 7 weeks before. It is known for 92% of the period.",
    )
    assert loss.sentences[0] == "Readings cover 0% of the period."


def test_a_hole_of_another_year_says_which(history: HistoryView) -> None:
    long = replace(history, from_ts=history.to_ts - 365 * 86_400)
    (sentence,) = [one for one in module.charts_of(long, language_of("en"))[0].sentences if one.startswith("No")]
    assert "2025" not in sentence
    first = replace(long.series[0].points[0], at_ts=long.from_ts + 86_400, mean=None, coverage=0.0)
    series = replace(long.series[0], points=(first, *long.series[0].points[40:]), usual=())
    begun = module.charts_of(replace(long, series=(series,)), language_of("en"))[0].sentences[1]
    assert begun == "No reading: 24 Nov 2025 \u2013 25 Nov 2025."


def test_a_choice_is_told_by_its_labels(history: HistoryView) -> None:
    points = tuple(replace(point, mean=1.0, low=0.0, high=1.0, last=1.0) for point in history.series[0].points)
    access = HistorySeries("wan", {}, "1", points, "internet_access", "last", ("open", "portal", "none"))
    chart = module.charts_of(replace(history, series=(access,)), language_of("fr"))[0]
    assert (chart.label, chart.unit, chart.last) == ("Accès à internet", "", "portal")
    assert chart.rows[0].mean == "portal"
    assert {words for _, words in chart.values} == {"open", "portal"}


def test_a_counter_shows_how_much_it_rose(history: HistoryView) -> None:
    points = tuple(replace(point, low=None, high=None) for point in history.series[0].points)
    door = HistorySeries("door.in", {}, "count", points, "people_in", "increase")
    chart = module.charts_of(replace(history, series=(door,)), language_of("en"))[0]
    assert (chart.mean_word, chart.line_word, chart.band) == ("Rise", "rise in each interval", "")
