"""Who went which way through two beams."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.crossing import MAX_INTERRUPTIONS, MERGE_S, Beam, Crossing

IN = "O+ I+ O- I-"
OUT = "I+ O+ I- O-"


def counted(*passages: str, step_s: float = 0.3) -> tuple[int, int]:
    """People in and out for edges like ``O+`` (outer blocked); ``|`` is at once, 2 s lie between two passages."""
    crossing = Crossing(stuck_s=60)
    at_s = 0.0
    for passage in passages:
        together = False
        for word in passage.split():
            if word == "|":
                together = True
                continue
            at_s += 0 if together else step_s
            together = False
            crossing.feed(at_s, Beam.OUTER if word[0] == "O" else Beam.INNER, word[1] == "+")
        at_s += 2
        crossing.advance(at_s)
    return crossing.people_in, crossing.people_out


@pytest.mark.parametrize(
    ("why", "edges", "expected"),
    [
        ("came in", IN, (1, 0)),
        ("went out", OUT, (0, 1)),
        ("looked in from outside and left", "O+ O-", (0, 0)),
        ("stood in both beams and went back out", "O+ I+ I- O-", (0, 0)),
        ("came from inside and went back in", "I+ O+ O- I-", (0, 0)),
        ("nearly through, turned round and left", "O+ I+ O- O+ I- O-", (0, 0)),
        ("hesitated in the middle, then came in", "O+ I+ I- I+ O- I-", (1, 0)),
        ("two in, one close behind the other", "O+ I+ O- O+ I- I+ O- I-", (2, 0)),
        ("three out in a queue", "I+ O+ I- I+ O- O+ I- I+ O- O+ I- O-", (0, 3)),
        ("both beams blocked at once, then in", "O+ | I+ O- I-", (1, 0)),
        ("blocked in order, both freed at once", "I+ O+ I- | O-", (0, 1)),
        ("both blocked and both freed at once", "O+ | I+ O- | I-", (0, 0)),
        ("only one beam works", "I+ I- I+ I-", (0, 0)),
        ("one beam after the other with the doorway clear between", "O+ O- I+ I-", (0, 0)),
        ("a bag at the back of somebody who came in", "O+ I+ O- O+ O- I-", (1, 0)),
    ],
)
def test_one_episode(why: str, edges: str, expected: tuple[int, int]) -> None:
    """Each way to stand in a doorway is counted as its name says."""
    assert counted(edges) == expected, why


def test_passages_one_after_the_other_add_up() -> None:
    assert counted(IN, IN, OUT, "O+ O-", IN, OUT) == (3, 2)


def test_the_first_edges_tell_clear_beams_and_count_nothing() -> None:
    assert counted("O- I- " + IN) == (1, 0)


def test_a_gap_shorter_than_a_person_is_the_same_person() -> None:
    """An arm's gap of 60 ms in both beams does not make two people."""
    crossing = Crossing(stuck_s=60)
    for at_s, beam, blocked in (
        (0.0, Beam.OUTER, True), (0.20, Beam.INNER, True), (0.25, Beam.OUTER, False), (0.31, Beam.OUTER, True),
        (0.45, Beam.INNER, False), (0.51, Beam.INNER, True), (0.60, Beam.OUTER, False), (0.80, Beam.INNER, False),
    ):  # fmt: skip
        crossing.feed(at_s, beam, blocked)
    crossing.advance(2)
    assert (crossing.people_in, crossing.people_out) == (1, 0)


def test_nobody_is_counted_before_they_have_left_the_doorway() -> None:
    crossing = Crossing(stuck_s=60)
    crossing.feed(0, Beam.OUTER, True)
    crossing.feed(0.2, Beam.INNER, True)
    crossing.feed(0.4, Beam.OUTER, False)
    crossing.advance(30)
    assert crossing.people_in == 0
    crossing.feed(31, Beam.INNER, False)
    crossing.advance(31 + 2 * MERGE_S)
    assert crossing.people_in == 1


def test_a_chair_in_a_beam_is_said_and_counts_nobody() -> None:
    """While it stands there and when it is taken away; after it, people count again."""
    crossing = Crossing(stuck_s=60)
    crossing.feed(0, Beam.OUTER, True)
    for at_s in (10.0, 20.0, 30.0):
        crossing.feed(at_s, Beam.INNER, True)
        crossing.feed(at_s + 0.5, Beam.INNER, False)
    crossing.advance(60)
    assert not crossing.is_blocked()
    crossing.advance(60.1)
    assert crossing.is_blocked()
    crossing.feed(100, Beam.OUTER, False)
    crossing.advance(101)
    assert not crossing.is_blocked()
    assert (crossing.people_in, crossing.people_out) == (0, 0)
    for at_s, beam, blocked in (
        (110.0, Beam.OUTER, True), (110.2, Beam.INNER, True), (110.4, Beam.OUTER, False), (110.6, Beam.INNER, False),
    ):  # fmt: skip
        crossing.feed(at_s, beam, blocked)
    crossing.advance(120)
    assert crossing.people_in == 1


def test_an_edge_that_comes_late_is_taken_as_now() -> None:
    crossing = Crossing(stuck_s=60)
    crossing.feed(10, Beam.OUTER, True)
    crossing.feed(10.2, Beam.INNER, True)
    crossing.feed(9.9, Beam.OUTER, False)
    crossing.feed(10.6, Beam.INNER, False)
    crossing.advance(20)
    assert crossing.people_in == 1


def test_a_chattering_beam_is_bounded() -> None:
    crossing = Crossing(stuck_s=60)
    crossing.feed(0, Beam.INNER, True)
    for number in range(5 * MAX_INTERRUPTIONS):
        crossing.feed(number * 0.2, Beam.OUTER, True)
        crossing.feed(number * 0.2 + 0.1, Beam.OUTER, False)
    assert len(crossing._episode[Beam.OUTER]) == MAX_INTERRUPTIONS


Edges = list[tuple[float, Beam, bool]]
edges = st.lists(
    st.tuples(st.sampled_from([0.0, 0.01, 0.05, 0.1, 0.3, 2.0]), st.sampled_from(list(Beam)), st.booleans()),
    max_size=60,
)


def run(found: Edges, swapped: bool = False) -> tuple[Crossing, dict[Any, int]]:
    crossing, at_s = Crossing(stuck_s=60), 0.0
    blocked = dict.fromkeys(Beam, False)
    interruptions = dict.fromkeys(Beam, 0)
    for after_s, beam, state in found:
        at_s += after_s
        interruptions[beam] += state and not blocked[beam]
        blocked[beam] = state
        fed = beam if not swapped else (Beam.INNER if beam is Beam.OUTER else Beam.OUTER)
        crossing.feed(at_s, fed, state)
    crossing.advance(at_s + 10)
    return crossing, interruptions


@given(edges)
def test_never_more_people_than_a_beam_was_interrupted(found: Edges) -> None:
    crossing, interruptions = run(found)
    assert 0 <= crossing.people_in + crossing.people_out <= min(interruptions.values())


@given(edges)
def test_swapping_the_beams_swaps_in_and_out(found: Edges) -> None:
    one, _ = run(found)
    other, _ = run(found, swapped=True)
    assert (one.people_in, one.people_out) == (other.people_out, other.people_in)


@given(st.lists(st.sampled_from([IN, OUT, "O+ O-", "I+ O+ O- I-"]), max_size=12), st.floats(0.001, 5))
def test_whole_passages_count_one_each_and_hesitations_none_at_any_pace(passages: list[str], step_s: float) -> None:
    assert counted(*passages, step_s=step_s) == (passages.count(IN), passages.count(OUT))


@given(st.integers(1, 12), st.floats(0.09, 1))
def test_a_close_queue_counts_each_of_its_people(people: int, step_s: float) -> None:
    """They follow so closely that one beam or the other is always blocked."""
    middle = "O+ I- I+ O- " * (people - 1)
    assert counted(f"O+ I+ O- {middle}I-", step_s=step_s) == (people, 0)
