"""A lane's decisions: how much to send, when to go back, when to try again."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.senml import MAX_RECORDS
from vigie_sensors.lane import COMMIT_PATIENCE_S, LONGEST_PAUSE_S, PATIENCE_S, WINDOW_READINGS, Lane


def lane(acked: int = 0) -> Lane:
    made = Lane(acked, lambda: 0.5)
    made.connected(0.0)
    return made


def send(of: Lane, last: int, now: float = 0.0) -> int:
    """Send what is wanted until nothing is; how many went."""
    total = 0
    while count := of.wanted(last, now):
        of.sent(of.next, count, now)
        total += count
    return total


def test_a_backlog_fills_the_window_with_full_packs_and_waits() -> None:
    assert send(lane(), 100_000) == WINDOW_READINGS


def test_a_single_reading_goes_at_once() -> None:
    assert lane(7).wanted(8, 0.0) == 1


def test_an_acknowledgement_makes_room_for_as_much() -> None:
    here = lane()
    send(here, 100_000)
    here.acknowledged(1_000, 0.1)
    assert send(here, 100_000) == 1_000


def test_room_for_less_than_a_pack_waits() -> None:
    here = lane()
    send(here, 100_000)
    here.acknowledged(MAX_RECORDS - 1, 0.1)
    assert here.wanted(100_000, 0.1) == 0


def test_a_repeated_acknowledgement_goes_back_once() -> None:
    here = lane()
    send(here, 3_000)
    here.acknowledged(1_000, 0.1)
    here.acknowledged(1_000, 0.2)
    assert here.next == 1_001
    send(here, 3_000, 0.2)
    here.acknowledged(1_000, 0.3)
    assert here.next == 3_001, "the answer of another pack behind the same hole"
    here.acknowledged(1_000, 1.4)
    assert here.next == 1_001, "the pack that was sent again is lost too"


def test_few_readings_in_flight_are_given_the_time_of_a_commit() -> None:
    here = lane()
    send(here, 10)
    here.tick(COMMIT_PATIENCE_S - 0.1)
    assert here.is_heard
    here.tick(COMMIT_PATIENCE_S)
    assert (here.is_heard, here.next) == (False, 1)


def test_a_commit_in_flight_and_no_answer_goes_back_soon_and_tries_single_packs_ever_later() -> None:
    here = lane()
    send(here, 5_000)
    here.tick(PATIENCE_S)
    assert not here.is_heard
    tries: list[float] = []
    now = PATIENCE_S
    while now < 300:
        if count := here.wanted(5_000, now):
            assert (here.next, count) == (1, MAX_RECORDS)
            here.sent(1, count, now)
            tries.append(now)
        now += 0.1
    pauses = [later - earlier for earlier, later in pairwise(tries)]
    assert pauses[0] < 3
    assert max(pauses) <= LONGEST_PAUSE_S
    assert all(later >= earlier - 0.2 for earlier, later in pairwise(pauses))


def test_any_word_of_the_gateway_opens_the_window_again() -> None:
    here = lane()
    send(here, 5_000)
    here.tick(PATIENCE_S)
    here.acknowledged(0, 100.0)
    assert send(here, 5_000, 100.0) == 5_000


def test_a_subscriber_found_after_none_opens_the_window_and_a_silent_one_does_not() -> None:
    here = lane()
    send(here, 5_000)
    here.unheard(1.0)
    assert here.wanted(5_000, 1.0) == 0
    here.matched(1.5)
    assert send(here, 5_000, 1.5) == 5_000
    here.tick(1.5 + PATIENCE_S)
    here.matched(4.0)
    assert not here.is_heard


def test_a_lower_number_is_believed() -> None:
    here = lane(4_000)
    here.acknowledged(1_500, 5.0)
    assert (here.acked, here.next) == (1_500, 1_501)


def test_an_evicted_head_does_not_count_as_in_flight() -> None:
    here = lane()
    here.evicted(90_000)
    assert (here.in_flight, here.next) == (0, 90_000)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ack", "tick", "unheard", "connected", "send", "evict"]), st.integers(0, 9_000)),
        max_size=60,
    )
)
def test_whatever_is_heard_the_window_holds_and_the_lane_never_skips_a_number(steps: list[tuple[str, int]]) -> None:
    here = lane()
    now = 0.0
    for name, number in steps:
        now += number / 1_000
        if name == "ack":
            here.acknowledged(number, now)
        elif name == "tick":
            here.tick(now)
        elif name == "unheard":
            here.unheard(now)
        elif name == "connected":
            here.connected(now)
        elif name == "evict":
            here.evicted(number)
        else:
            count = here.wanted(9_000, now)
            assert 0 <= count <= MAX_RECORDS
            if count:
                here.sent(here.next, count, now)
        assert here.acked + 1 <= here.next
        assert here.in_flight <= WINDOW_READINGS
