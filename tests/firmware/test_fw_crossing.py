"""A door counts the same on a Pi and on a microcontroller: 10,000 passages, with all that people do in doorways."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.firmware.interpreters import run_there

from vigie_node import crossing as on_a_board
from vigie_sensors import crossing as on_a_pi

PASSAGES = 10_000
Edge = tuple[int, int, bool]
"""Milliseconds, beam, whether it is blocked now."""

CODE = """
from vigie_node.crossing import Crossing
counter, at_ms = Crossing(20_000), 0
for line in sys.stdin:
    at_ms, beam, blocked = [int(word) for word in line.split()]
    counter.feed(at_ms, beam, bool(blocked))
counter.advance(at_ms + 1_000)
print(counter.people_in, counter.people_out)
"""


def passage(random: Random, start_ms: int) -> list[Edge]:
    """One of: through, hesitation, two close behind each other, one beam alone, half-way and back, a bouncing relay."""
    first, second = (0, 1) if random.random() < 0.5 else (1, 0)
    a, b, c, d = sorted(random.sample(range(1, 900), 4))
    kind = random.random()
    if kind < 0.55:
        found = [(a, first, True), (b, second, True), (c, first, False), (d, second, False)]
    elif kind < 0.7:
        found = [(a, first, True), (b, second, True), (c, second, False), (d, first, False)]
    elif kind < 0.8:
        found = [(a, first, True), (b, first, False), (c, second, True), (d, second, False)]
    elif kind < 0.9:
        one = [(a, first, True), (b, second, True), (c, first, False), (d, second, False)]
        shift = random.randrange(100, 400)
        found = one + [(at + shift + 200, beam, blocked) for at, beam, blocked in one]
    else:
        found = [(a, first, True), (b, first, False), (b + 7, first, True)]
        found += [(c + 7, second, True), (d, second, False)]
        found += [(d + 20, first, False)]
    return [(start_ms + at, beam, blocked) for at, beam, blocked in sorted(found)]


def recorded(seed: int, passages: int) -> list[Edge]:
    """Edges of that many, in their order, none exactly MERGE_MS apart: there two clocks round differently."""
    random, edges, start_ms = Random(seed), list[Edge](), 1_000
    for _ in range(passages):
        edges += passage(random, start_ms)
        start_ms = edges[-1][0] + random.choice((1_200, 2_500, random.randrange(90, 400)))
    edges.sort(key=lambda edge: edge[0])
    times = {at_ms for at_ms, _, _ in edges}
    return [(at_ms + (at_ms - on_a_board.MERGE_MS in times), beam, blocked) for at_ms, beam, blocked in edges]


@cache
def counted_on_a_pi(seed: int, passages: int) -> tuple[int, int]:
    return pi(tuple(recorded(seed, passages)))


def pi(edges: tuple[Edge, ...]) -> tuple[int, int]:
    counter = on_a_pi.Crossing(20.0)
    for at_ms, beam, blocked in edges:
        counter.feed(at_ms / 1000, list(on_a_pi.Beam)[beam], blocked)
    counter.advance((edges[-1][0] if edges else 0) / 1000 + 1.0)
    return counter.people_in, counter.people_out


def board(edges: tuple[Edge, ...]) -> tuple[int, int]:
    counter = on_a_board.Crossing(20_000)
    for edge in edges:
        counter.feed(*edge)
    counter.advance((edges[-1][0] if edges else 0) + 1_000)
    return counter.people_in, counter.people_out


@pytest.mark.parametrize("name", ["micropython", "webassembly", "cpython"])
def test_ten_thousand_passages_count_the_same_on_a_board_and_on_a_pi(name: str) -> None:
    edges = recorded(1, PASSAGES)
    given = "".join(f"{at_ms} {beam} {int(blocked)}\n" for at_ms, beam, blocked in edges)
    people_in, people_out = (int(word) for word in run_there(name, CODE, given).split())
    assert (people_in, people_out) == counted_on_a_pi(1, PASSAGES)
    assert min(people_in, people_out) > PASSAGES // 4


@given(
    st.lists(
        st.tuples(st.integers(1, 400).filter(lambda gap: gap != on_a_board.MERGE_MS), st.booleans(), st.booleans())
    )
)
def test_whatever_the_beams_do_both_count_the_same(gaps: list[tuple[int, bool, bool]]) -> None:
    edges, at_ms = list[Edge](), 0
    for gap_ms, beam, blocked in gaps:
        at_ms += gap_ms
        edges.append((at_ms, int(beam), blocked))
    times = [at_ms for at_ms, _, _ in edges]
    if not any(later - earlier == on_a_board.MERGE_MS for earlier in times for later in times):
        assert board(tuple(edges)) == pi(tuple(edges))


def test_a_counter_that_takes_the_beams_for_each_other_is_found() -> None:
    edges = tuple((at_ms, 1 - beam, blocked) for at_ms, beam, blocked in recorded(2, 500))
    assert board(edges) != counted_on_a_pi(2, 500)
