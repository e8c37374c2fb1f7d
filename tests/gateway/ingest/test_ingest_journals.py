"""The gateway's half of the acknowledgement: nothing twice, nothing missing without a gap."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.ingest.journals import Decision, decide


def test_a_pack_that_follows_on_is_taken_whole() -> None:
    assert decide(10, 11, 5, 3) == Decision(0, None, is_hole=False)


def test_the_first_pack_of_a_new_journal_is_taken_whole() -> None:
    assert decide(None, 1, 5, 1) == Decision(0, None, is_hole=False)


def test_a_repeated_pack_has_nothing_to_take() -> None:
    assert decide(15, 11, 5, 3).skip == 5


def test_of_an_overlapping_pack_only_the_new_end_is_taken() -> None:
    assert decide(12, 11, 5, 3) == Decision(2, None, is_hole=False)


def test_a_pack_behind_a_hole_is_not_taken() -> None:
    assert decide(10, 12, 5, 3) == Decision(0, None, is_hole=True)


def test_what_the_node_evicted_is_a_gap_and_the_rest_goes_on() -> None:
    assert decide(10, 21, 5, 21) == Decision(0, (11, 20), is_hole=False)


def test_a_gap_and_a_hole_at_once_record_the_gap_and_still_go_back() -> None:
    assert decide(10, 31, 5, 21) == Decision(0, (11, 20), is_hole=True)


@given(st.integers(1, 200), st.integers(0, 2**32))
def test_however_packs_are_lost_repeated_and_reordered_each_reading_is_taken_once_or_in_a_gap(
    total: int, seed: int
) -> None:
    chance = random.Random(seed)
    stored: int | None = None
    floor = 1
    taken: list[int] = []
    gaps: list[int] = []
    for _ in range(20 * total):
        if (stored or 0) >= total:
            break
        if chance.random() < 0.02:
            floor = min(total, floor + chance.randrange(5))
        first = chance.randrange(max(floor, (stored or 0) - 3), min(total, (stored or floor) + 6) + 1)
        first = max(first, floor)
        count = min(chance.randrange(1, 8), total - first + 1)
        decision = decide(stored, first, count, floor)
        if decision.gap is not None:
            gaps.extend(range(decision.gap[0], decision.gap[1] + 1))
            stored = decision.gap[1]
        if not decision.is_hole and decision.skip < count:
            taken.extend(range(first + decision.skip, first + count))
            stored = first + count - 1
    assert len(set(taken)) == len(taken)
    assert not set(taken) & set(gaps)
    assert sorted(taken + gaps) == list(range(1, (stored or 0) + 1))
