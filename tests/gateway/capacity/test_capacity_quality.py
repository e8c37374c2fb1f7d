"""Voice, responsiveness, added latency and the number of access points: published scales, and what is out of them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.capacity.planning import access_points_needed
from vigie_gateway.capacity.quality import (
    added_latency_grade,
    mean_opinion_score,
    responsiveness_rpm,
    trimmed_mean_ms,
    voice_rating,
)


@pytest.mark.parametrize(("delay_ms", "impairment"), [(50, 0), (100, 0), (200, 3.0), (300, 14.8), (400, 24.1)])
def test_delay_impairs_a_call_as_the_e_model_says(delay_ms: float, impairment: float) -> None:
    assert 93.2 - voice_rating(delay_ms, 0.0) == pytest.approx(impairment, abs=0.06)


def test_loss_impairs_less_where_it_is_concealed() -> None:
    assert voice_rating(50, 0.02) < voice_rating(50, 0.02, robustness=25.1) < voice_rating(50, 0)


@given(rating=st.floats(-500, 500), better=st.floats(0, 100))
def test_opinion_is_from_1_to_4_and_a_half_and_follows_the_rating(rating: float, better: float) -> None:
    assert 1 <= mean_opinion_score(rating) <= 4.5
    assert mean_opinion_score(rating) <= mean_opinion_score(rating + better) + 1e-9


@pytest.mark.parametrize(
    ("added_ms", "grade"),
    [(0, "A+"), (5, "A"), (29.9, "A"), (30, "B"), (60, "C"), (200, "D"), (400, "F"), (5_000, "F")],
)
def test_added_latency_has_the_grade_of_its_band(added_ms: float, grade: str) -> None:
    assert added_latency_grade(added_ms) == grade


def test_one_lost_probe_is_not_the_mean() -> None:
    assert trimmed_mean_ms([10.0] * 19 + [5_000.0]) == 10
    assert trimmed_mean_ms([7.0]) == 7


def test_without_tls_two_times_make_the_foreign_half() -> None:
    assert responsiveness_rpm((50, 70), 100) == (1_000, 600, 800)


def test_what_is_no_measure_is_refused() -> None:
    for call in (
        lambda: mean_opinion_score(math.nan),
        lambda: voice_rating(-1, 0),
        lambda: voice_rating(10, 1.5),
        lambda: responsiveness_rpm((), 10),
        lambda: responsiveness_rpm((10, 0), 10),
        lambda: trimmed_mean_ms([]),
        lambda: access_points_needed(0, 1, 100),
        lambda: access_points_needed(10, 1, math.inf),
    ):
        with pytest.raises(ValueError, match="expected"):
            call()


@given(users=st.integers(1, 5_000), more=st.integers(0, 500))
def test_more_users_never_need_fewer_access_points(users: int, more: int) -> None:
    assert access_points_needed(users, 2, 289).needed <= access_points_needed(users + more, 2, 289).needed
