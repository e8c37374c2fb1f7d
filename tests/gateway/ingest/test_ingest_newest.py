"""Two nodes with copies of one card: it is noticed, and the readings of both are kept."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.conftest import Bench

from vigie_contract.messages import Ack
from vigie_contract.readings import Reading
from vigie_contract.senml import Pack
from vigie_gateway.ingest.newest import KEPT_READINGS, NewestReadings


def pack_of(first: int, values: list[float | None], journal: str = "j1") -> Pack:
    readings = [Reading("a", 0.0, value, None if value is not None else "absent") for value in values]
    return Pack(journal, first, 1, None, readings, is_dated=True)


def told(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bench.gateway.health.report()["parts"]["nodes"]["by_id"]["tableau"]
    return found


def test_the_readings_of_both_copies_are_kept_counted_and_told(bench: Bench) -> None:
    bench.declare()
    now = bench.clock.now
    bench.send(*(Reading("linky-va", now - 10 + i, 100.0 + i) for i in range(6)), first=1)
    assert told(bench)["is_cloned"] is False
    other = [Reading("linky-va", now - 10.5 + i, 900.0 + i) for i in range(8)]
    for _ in range(3):
        bench.send(*other, first=3)
    bench.commit()
    values = sorted(value for _, value in bench.stored("linky-va") if value is not None)
    assert values == [*(100.0 + i for i in range(6)), *(900.0 + i for i in range(8))]
    assert bench.refusals.all()["cloned"].count == 4
    assert told(bench)["is_cloned"] is True
    assert bench.gateway.health.report()["parts"]["nodes"]["status"] == "warn"
    assert bench.acks()[-1] == Ack("j1", 10)


def test_what_is_only_sent_again_dated_better_or_forgotten_by_its_node_is_no_copy(bench: Bench) -> None:
    bench.declare()
    now = bench.clock.now
    bench.send(Reading("linky-va", now, 1.0), Reading("linky-va", now + 1, 2.0), first=1)
    bench.send(Reading("linky-va", now - 0.7, 1.0), Reading("linky-va", now, None, "restarted"), first=1)
    bench.commit()
    assert "cloned" not in bench.refusals.all()
    assert told(bench)["is_cloned"] is False


def test_a_new_card_starts_at_1_and_loses_nothing(bench: Bench) -> None:
    bench.declare()
    now = bench.clock.now
    bench.send(*(Reading("linky-va", now - 10 + i, 100.0 + i) for i in range(4)), first=1)
    bench.send(*(Reading("linky-va", now + i, 200.0 + i) for i in range(3)), first=1, journal="fresh")
    bench.commit()
    assert [value for _, value in bench.stored("linky-va")] == [100.0, 101.0, 102.0, 103.0, 200.0, 201.0, 202.0]
    assert {Ack("j1", 4), Ack("fresh", 3)} <= set(bench.acks())
    assert "cloned" not in bench.refusals.all()
    assert bench.pipeline.counts["gaps"] == 0


VALUES = st.lists(st.none() | st.floats(0, 100), min_size=1, max_size=40)


@given(st.integers(1, 2**50), VALUES, st.data())
def test_a_journal_sent_again_in_other_packs_never_looks_like_a_copy(
    first: int, values: list[float | None], data: st.DataObject
) -> None:
    newest = NewestReadings()
    newest.add(pack_of(first, values), 0)
    start = data.draw(st.integers(0, len(values) - 1))
    again = values[start:] + data.draw(VALUES)
    assert newest.copies(pack_of(first + start, again)) == []


@given(VALUES, st.data())
def test_each_other_value_is_told_once(values: list[float | None], data: st.DataObject) -> None:
    newest = NewestReadings()
    newest.add(pack_of(1, values), 0)
    place = data.draw(st.integers(0, len(values) - 1))
    other = [*values[:place], 101.0, *values[place + 1 :]]
    assert [reading.value for reading in newest.copies(pack_of(1, other))] == [101.0]
    assert newest.copies(pack_of(1, other)) == []
    assert newest.copies(pack_of(1, values)) == []


def test_beyond_what_is_remembered_nothing_is_claimed() -> None:
    newest = NewestReadings()
    for first in range(1, 3 * KEPT_READINGS, 400):
        newest.add(pack_of(first, [float(first)] * 400), 0)
        assert newest.copies(pack_of(first, [float(first)] * 400)) == []
        assert newest.copies(pack_of(first + 399, [-2.0, -2.0])) == [Reading("a", 0.0, -2.0)]
    assert newest.copies(pack_of(1, [-1.0] * 400)) == []
    assert newest.copies(pack_of(1, [-1.0] * 400, journal="another")) == []
    newest.add(pack_of(10**6, [1.0]), 0)
    assert newest.copies(pack_of(10**6 - 1, [5.0, 1.0])) == [], "what lay in a gap was never taken"
