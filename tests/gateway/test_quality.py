"""Quality: what cannot be true becomes unknown with its reason, and nothing else changes."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.quantities import QUANTITIES, Kind
from vigie_contract.readings import UNKNOWN_REASONS
from vigie_gateway.quality import FUTURE_LIMIT_S, PAST_LIMIT_S, judge

NOW_TS = 1_790_000_000.0


def test_a_believable_reading_passes_unchanged() -> None:
    assert judge(QUANTITIES["power"], NOW_TS - 1, 230.0, None, None, NOW_TS) == (NOW_TS - 1, 230.0, None, None)


@pytest.mark.parametrize(
    ("quantity", "value"), [("apparent_power", -1.0), ("loss", 1.5), ("rssi", 20.0), ("current", 401.0)]
)
def test_a_value_outside_of_its_range_becomes_unknown(quantity: str, value: float) -> None:
    verdict = judge(QUANTITIES[quantity], NOW_TS, value, None, None, NOW_TS)
    assert (verdict.value, verdict.reason, verdict.flag) == (None, "out-of-range", "range")


@pytest.mark.parametrize(("quantity", "value"), [("rssi", 0.0), ("stations", 768.0)])
def test_a_value_that_means_i_do_not_know_becomes_unknown(quantity: str, value: float) -> None:
    verdict = judge(QUANTITIES[quantity], NOW_TS, value, None, None, NOW_TS)
    assert (verdict.value, verdict.reason, verdict.flag) == (None, "not-told", "sentinel")


@pytest.mark.parametrize("offset_s", [FUTURE_LIMIT_S + 1, -PAST_LIMIT_S - 1, -NOW_TS, 1e10])
def test_an_impossible_date_is_replaced_by_the_time_of_receipt_and_counted(offset_s: float) -> None:
    verdict = judge(QUANTITIES["power"], NOW_TS + offset_s, 5.0, None, None, NOW_TS)
    assert (verdict.at_ts, verdict.value, verdict.flag) == (NOW_TS, 5.0, "clock")


def test_a_counter_that_jumps_further_than_people_can_walk_is_a_spike() -> None:
    verdict = judge(QUANTITIES["people_in"], NOW_TS, 500.0, None, (NOW_TS - 10, 12.0), NOW_TS)
    assert (verdict.value, verdict.reason) == (None, "spike")


def test_a_counter_that_starts_again_from_zero_is_no_spike() -> None:
    assert judge(QUANTITIES["people_in"], NOW_TS, 0.0, None, (NOW_TS - 10, 12.0), NOW_TS).flag is None


def test_the_same_value_at_the_same_time_is_a_duplicate() -> None:
    assert judge(QUANTITIES["power"], NOW_TS, 5.0, None, (NOW_TS, 5.0), NOW_TS).flag == "duplicate"


@given(
    st.sampled_from(sorted(QUANTITIES)),
    st.floats(0, 4e11),
    st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
    st.sampled_from(sorted(UNKNOWN_REASONS)),
    st.one_of(st.none(), st.tuples(st.floats(0, 4e11), st.one_of(st.none(), st.floats(-1e6, 1e6)))),
)
def test_whatever_comes_a_stored_value_is_in_range_and_an_unknown_has_a_reason(
    name: str, at_ts: float, value: float | None, reason: str, previous: tuple[float, float | None] | None
) -> None:
    quantity = QUANTITIES[name]
    verdict = judge(quantity, at_ts, value, None if value is not None else reason, previous, NOW_TS)
    assert math.isfinite(verdict.at_ts)
    assert NOW_TS - PAST_LIMIT_S <= verdict.at_ts <= NOW_TS + FUTURE_LIMIT_S
    if verdict.value is None:
        assert verdict.reason in UNKNOWN_REASONS
    else:
        assert quantity.low <= verdict.value <= quantity.high
        assert verdict.reason is None
    if value is None:
        assert verdict.value is None
    if verdict.flag == "spike":
        assert quantity.kind is Kind.COUNTER
