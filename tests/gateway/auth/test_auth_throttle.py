"""Who guesses waits longer and longer; nobody else does, and nobody is locked out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.auth import throttle as module
from vigie_gateway.auth.throttle import FREE_TRIES, FREE_TRIES_AN_ADDRESS, LONGEST_WAIT_S, Throttle


def test_a_slip_of_the_finger_costs_nothing() -> None:
    throttle = Throttle()
    for _ in range(FREE_TRIES - 1):
        throttle.tried("lou", "1", 0.0)
    assert throttle.wait_s("lou", "1", 0.0) == 0


@given(st.integers(FREE_TRIES, 2_000))
def test_waits_grow_and_stay_bounded(failures: int) -> None:
    throttle = Throttle()
    waits = []
    for _ in range(failures):
        throttle.tried("lou", "1", 0.0)
        waits.append(throttle.wait_s("lou", "1", 0.0))
    assert waits == sorted(waits)
    assert 0 < waits[-1] <= LONGEST_WAIT_S


def test_the_same_account_from_elsewhere_does_not_wait() -> None:
    throttle = Throttle()
    for _ in range(50):
        throttle.tried("lou", "1", 0.0)
    assert throttle.wait_s("lou", "2", 0.0) == 0


def test_many_names_from_one_address_wait_too() -> None:
    throttle = Throttle()
    for number in range(FREE_TRIES_AN_ADDRESS):
        throttle.tried(f"name{number}", "1", 0.0)
    assert throttle.wait_s("another", "1", 0.0) > 0


def test_the_right_password_and_an_hour_forgive() -> None:
    throttle = Throttle()
    for _ in range(5):
        throttle.tried("lou", "1", 0.0)
    assert throttle.wait_s("lou", "1", 3_601.0) == 0
    throttle.succeeded("lou", "1")
    assert throttle.wait_s("lou", "1", 0.0) == 0


def test_a_flood_of_names_takes_bounded_memory() -> None:
    throttle = Throttle()
    for number in range(module.MOST_COUNTERS + 500):
        throttle.tried(f"name{number}", str(number), 0.0)
    assert len(throttle._failures) <= module.MOST_COUNTERS


def test_a_try_that_was_not_looked_at_does_not_count() -> None:
    throttle = Throttle()
    for _ in range(50):
        throttle.tried("lou", "1", 0.0)
        throttle.untried("lou", "1")
    assert throttle.wait_s("lou", "1", 0.0) == 0
    assert throttle._failures == {}


def test_those_who_sign_in_rightly_do_not_make_their_neighbours_wait() -> None:
    throttle = Throttle()
    for number in range(5 * FREE_TRIES_AN_ADDRESS):
        throttle.tried(f"name{number}", "1", 0.0)
        throttle.succeeded(f"name{number}", "1")
    assert throttle.wait_s("another", "1", 0.0) == 0
