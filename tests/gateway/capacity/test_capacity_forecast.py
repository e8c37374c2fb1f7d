"""What is dependable at an hour to come: quantiles that lean to such hours, to recent weeks, and to caution."""

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bench.forecast import outcomes

from vigie_gateway.capacity.forecast import (
    HOUR_S,
    Sample,
    effective_samples,
    forecast,
    forecast_span,
    weighted_quantiles,
)

PARIS = ZoneInfo("Europe/Paris")
MONDAY_TS = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
WEEK_S, DAY_S = 7 * 86_400.0, 86_400.0


def hourly(weeks: int, at_night: float = 100.0, by_day: float = 50.0) -> list[Sample]:
    """A line that has less from 9 to 18 every day."""
    hours = range(weeks * 168)
    return [Sample(MONDAY_TS + hour * HOUR_S, by_day if 9 <= hour % 24 < 18 else at_night) for hour in hours]


def test_no_sample_is_no_forecast() -> None:
    assert forecast([], MONDAY_TS, UTC) is None
    assert forecast([Sample(MONDAY_TS + 1, 5.0)], MONDAY_TS, UTC) is None, "of the future"
    assert forecast([Sample(MONDAY_TS - 200 * DAY_S, 5.0)], MONDAY_TS, UTC) is None, "of last year"
    assert forecast([Sample(MONDAY_TS - 1, math.nan)], MONDAY_TS, UTC) is None


def test_an_hour_is_forecast_from_such_hours() -> None:
    at_noon = forecast(hourly(4), MONDAY_TS + 4 * WEEK_S + 13 * HOUR_S, UTC)
    at_night = forecast(hourly(4), MONDAY_TS + 4 * WEEK_S + 2 * HOUR_S, UTC)
    assert at_noon is not None
    assert at_night is not None
    assert (at_noon.dependable, at_noon.usual, at_noon.highest) == (50, 50, 50)
    assert (at_night.usual, at_night.highest) == (100, 100)
    assert at_noon.days == 4


def test_hours_are_those_of_the_clock_on_the_wall_across_its_change() -> None:
    """Noon in summer is 10:00 UTC, in winter 11:00."""
    before = datetime(2026, 10, 19, 12, tzinfo=PARIS)
    known = [Sample(datetime(2026, 10, 19, hour, tzinfo=PARIS).timestamp(), 10.0 + hour) for hour in range(24)]
    after_ts = datetime(2026, 10, 26, 12, tzinfo=PARIS).timestamp()
    assert after_ts - before.timestamp() == WEEK_S + HOUR_S
    found = forecast(known, after_ts, PARIS)
    assert found is not None
    assert found.usual == pytest.approx(22, abs=0.6)


def test_what_was_measured_lately_counts_more() -> None:
    at_ts = MONDAY_TS + 12 * WEEK_S + 13 * HOUR_S
    old = [Sample(at_ts - week * WEEK_S, 10.0) for week in range(7, 13)]
    new = [Sample(at_ts - week * WEEK_S, 90.0) for week in range(1, 7)]
    found = forecast(old + new, at_ts, UTC)
    assert found is not None
    assert found.usual > 80


def test_few_samples_are_told_as_few() -> None:
    found = forecast([Sample(MONDAY_TS, 10.0), Sample(MONDAY_TS + HOUR_S, 20.0)], MONDAY_TS + WEEK_S, UTC)
    assert found is not None
    assert found.effective <= 2
    assert found.dependable == 10
    assert found.days == 1


def test_a_session_is_forecast_by_its_worst_hour() -> None:
    starts_ts = MONDAY_TS + 4 * WEEK_S + 16 * HOUR_S
    found = forecast_span(hourly(4, by_day=30.0), starts_ts, starts_ts + 6 * HOUR_S, UTC)
    assert found is not None
    assert found.usual == 30


def test_a_session_without_history_has_no_forecast() -> None:
    assert forecast_span([], MONDAY_TS, MONDAY_TS + HOUR_S, UTC) is None


def test_a_session_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match=r"ends_ts is .*, expected a time after starts_ts"):
        forecast_span([], MONDAY_TS, MONDAY_TS, UTC)


values = st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(0.01, 100)), min_size=1, max_size=30)


@given(pairs=values, low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_quantile_rises_with_its_level_and_stays_among_the_values(
    pairs: list[tuple[float, float]], low: float, high: float
) -> None:
    of, weights = zip(*pairs, strict=True)
    lower, upper = weighted_quantiles(of, weights, sorted((low, high)))
    assert min(of) <= lower <= max(of)
    assert lower <= upper + 1e-6 * max(1, abs(upper))


def test_equal_weights_give_hazen_s_quantiles() -> None:
    assert weighted_quantiles([4, 1, 3, 2], [1] * 4, [0, 0.125, 0.5, 1]) == [1, 1, 2.5, 4]


@pytest.mark.parametrize(("weights", "level"), [([0.0], 0.5), ([1.0], 1.5), ([], 0.5)])
def test_a_quantile_of_nothing_is_refused(weights: list[float], level: float) -> None:
    with pytest.raises(ValueError, match="expected"):
        weighted_quantiles([1.0] * len(weights), weights, [level])


@given(st.lists(st.floats(0, 100), max_size=30))
def test_effective_samples_are_at_most_the_samples(weights: list[float]) -> None:
    assert 0 <= effective_samples(weights) <= len(weights) * (1 + 1e-9)


def test_equal_samples_are_all_effective() -> None:
    assert effective_samples([0.3] * 7) == pytest.approx(7)


@given(shift=st.floats(0, 500))
def test_a_line_that_is_better_throughout_is_forecast_better(shift: float) -> None:
    at_ts = MONDAY_TS + WEEK_S + 13 * HOUR_S
    poor, rich = (forecast(hourly(1, 100 + more, 50 + more), at_ts, UTC) for more in (0.0, shift))
    assert poor is not None
    assert rich is not None
    assert rich.dependable == pytest.approx(poor.dependable + shift)
    assert rich.highest >= poor.highest


@pytest.mark.long
@pytest.mark.parametrize(("weeks", "a_day"), [(1, 24), (1, 4), (4, 24), (8, 4)])
def test_about_a_tenth_falls_below_what_is_called_dependable(weeks: int, a_day: int) -> None:
    """As `./run bench forecast` prints it, which has ten times as many; on a seed of its own."""
    found = [one.actual < one.dependable for one in outcomes(weeks, a_day, 12, seed="test")]
    assert 0.07 <= sum(found) / len(found) <= 0.13
