"""What is usual rests on the weeks that were measured, and is unknown without two of them."""

from __future__ import annotations

from datetime import datetime
from statistics import median
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from vigie_dashboard.history_view import UsualPoint
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.place.usual import usual_of, weeks_before

PARIS = ZoneInfo("Europe/Paris")


def week(*means: float | None) -> list[HistoryPoint]:
    return [
        HistoryPoint(index, mean, mean, mean, mean, 0 if mean is None else 1)
        for index, mean in enumerate(means, start=1)
    ]


def test_the_middle_half_of_five_weeks_leaves_out_the_odd_ones() -> None:
    assert usual_of([week(mean) for mean in (10, 12, 14, 16, 90)], 1) == (UsualPoint(14, 12, 16, 5),)


def test_a_week_that_was_not_measured_is_no_zero_and_one_week_is_not_enough() -> None:
    assert usual_of([week(4, None), week(6, 8), week(None, None)], 2) == (UsualPoint(5, 4.5, 5.5, 2), None)
    assert usual_of([], 2) == (None, None)


def test_a_week_whose_fine_points_are_gone_is_left_out() -> None:
    assert usual_of([week(4, 4), week(6, 6), week(100)], 2) == (UsualPoint(5, 4.5, 5.5, 2),) * 2


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=8))
def test_the_median_lies_in_its_middle_half_between_the_least_and_the_greatest(means: list[float | None]) -> None:
    (found,) = usual_of([week(mean) for mean in means], 1)
    known = [mean for mean in means if mean is not None]
    if len(known) < 2:
        assert found is None
        return
    assert found is not None
    assert found.weeks == len(known)
    assert abs(found.median - median(known)) <= 1e-6
    assert min(known) - 1e-6 <= found.low <= found.median + 1e-6
    assert found.median - 1e-6 <= found.high <= max(known) + 1e-6


def test_the_same_hour_is_that_of_the_wall_when_the_clocks_have_changed() -> None:
    after = datetime(2026, 10, 27, 14, 0, tzinfo=PARIS).timestamp()
    before = datetime(2026, 10, 20, 14, 0, tzinfo=PARIS).timestamp()
    assert weeks_before(after, 1, PARIS) == before
    assert after - before == 7 * 86_400 + 3600
