"""The table of a history has the store's own values, the words of a choice, and nothing where nothing was measured."""

from __future__ import annotations

from dataclasses import replace

from vigie_dashboard import history_table as module
from vigie_dashboard.history_view import HistorySeries, HistoryView
from vigie_dashboard.language import language_of
from vigie_dashboard.view import HistoryPoint


def test_every_row_has_a_cell_for_each_name(history: HistoryView) -> None:
    for view in (history, replace(history, is_compared=True)):
        names = module.header_of(view, language_of("fr"))
        rows = list(module.rows_of(view))
        assert len(set(names)) == len(names)
        assert {len(row) for row in rows} == {len(names)}
        assert len(rows) == 96


def test_what_was_not_measured_is_none_and_its_coverage_zero(history: HistoryView) -> None:
    row = list(module.rows_of(history))[30]
    assert row[1:6] == [None, None, None, None, 0]


def test_a_choice_is_told_by_its_label_without_a_unit(history: HistoryView) -> None:
    points = (HistoryPoint(history.now_ts, 1.0, 0.0, 1.0, 1.0, 1.0),)
    line = HistorySeries("wan.access", {}, "1", points, "internet_access", "last", ("open", "portal", "none"))
    view = replace(history, series=(line,))
    assert module.header_of(view, language_of("en"))[1] == "Internet access: Mean"
    assert list(module.rows_of(view)) == [["2026-11-24T14:32:10+01:00", "portal", "open", "portal", "portal", 1.0]]


def test_lines_of_different_grids_share_one_column_of_times(history: HistoryView) -> None:
    people = history.series[0]
    half = replace(people, id="other", points=people.points[1::2], usual=())
    rows = list(module.rows_of(replace(history, series=(people, half))))
    assert len(rows) == 96
    assert rows[0][6:] == [None] * 5
    assert rows[1][6] is not None
