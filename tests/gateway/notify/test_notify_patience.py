"""``notify.patience``: when to try again."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.notify.patience import FINAL_S, FIRST_S, LONGEST_S, RESTS_AFTER, Patience


@given(st.integers(), st.integers(1, 10_000), st.booleans())
def test_a_wait_is_never_longer_than_it_may_be(seed: int, tries: int, is_permanent: bool) -> None:
    retry_ts = Patience(Random(seed)).failed(1_000.0, tries, is_permanent=is_permanent)
    longest_s = FINAL_S if is_permanent else min(LONGEST_S, FIRST_S * 2.0 ** min(tries - 1, 16))
    assert 0 <= retry_ts - 1_000.0 <= longest_s


def test_many_places_do_not_come_back_in_the_same_second() -> None:
    tries = {int(Patience(Random(seed)).failed(0.0, 10, is_permanent=False)) for seed in range(100)}
    assert len(tries) > 60


def test_a_notifier_rests_after_failures_in_a_row_and_until_one_gets_through() -> None:
    patience = Patience(Random(1))
    for _ in range(RESTS_AFTER - 1):
        patience.failed(0.0, 9, is_permanent=False)
        assert patience.may_try(0.0)
    retry_ts = patience.failed(0.0, 9, is_permanent=False)
    assert not patience.may_try(retry_ts - 0.001)
    assert patience.may_try(retry_ts)
    patience.succeeded()
    assert not patience.is_resting
    assert patience.may_try(0.0)


def test_a_clock_that_was_set_back_by_years_keeps_nobody_waiting_for_years() -> None:
    patience = Patience(Random(1))
    for _ in range(RESTS_AFTER):
        patience.failed(2_000_000_000.0, 9, is_permanent=False)
    assert patience.may_try(1_000_000_000.0)
