"""Curves keep their gaps and their ticks fall on whole hours of the place."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from vigie_dashboard import curve

PARIS = ZoneInfo("Europe/Paris")


def test_an_unknown_value_breaks_the_line() -> None:
    assert curve.line(((0, 0.0), (0.25, 5.0), (0.5, None), (0.75, 10.0)), 0, 10) == "M0 1000h0L250 500M750 0h0"


def test_an_unknown_value_breaks_the_surface() -> None:
    path = curve.filled(((0, 5.0), (0.1, 5.0), (0.2, None), (0.3, 5.0), (0.4, 5.0)), 0, 10)
    assert path.count("M") == 2
    assert "200" not in path.split()


def test_nothing_known_draws_nothing() -> None:
    assert curve.line(((0, None), (1, None)), 0, 1) == ""
    assert curve.filled(((0, None),), 0, 1) == ""


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6))
def test_value_ticks_lie_within_and_are_few(low: float, span: float) -> None:
    ticks = curve.value_ticks(low, low + span)
    slack = span * 1e-6
    assert len(ticks) <= 11
    assert all(low - slack <= tick <= low + span + slack for tick in ticks)


def test_ticks_are_whole_hours_also_on_the_day_the_clocks_change() -> None:
    start = datetime(2026, 10, 25, 0, 0, tzinfo=PARIS).timestamp()
    ticks = curve.time_ticks(start, start + 25 * 3600, "Europe/Paris")
    assert ticks
    assert all(datetime.fromtimestamp(tick, PARIS).minute == 0 for tick in ticks)


def test_no_tick_stands_in_the_hour_that_is_skipped_in_spring() -> None:
    start = datetime(2026, 3, 29, 0, 0, tzinfo=PARIS).timestamp()
    ticks = curve.time_ticks(start, start + 12 * 3600, "Europe/Paris")
    assert [datetime.fromtimestamp(tick, PARIS).hour for tick in ticks] == [0, 4, 6, 8, 10, 12]


@given(st.sampled_from([0.5, 6, 24, 7 * 24, 31 * 24, 365 * 24]))
def test_ticks_of_any_span_are_few_and_within(hours: float) -> None:
    start = datetime(2026, 3, 1, 7, 13, tzinfo=PARIS).timestamp()
    ticks = curve.time_ticks(start, start + hours * 3600, "Europe/Paris")
    assert len(ticks) <= 9
    assert all(start <= tick <= start + hours * 3600 for tick in ticks)


def test_percent_is_short() -> None:
    assert [curve.percent(share) for share in (0, 0.5417, 1)] == ["0%", "54.2%", "100%"]
