"""Packs of a recording, for a gateway that never heard of their journals."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.conftest import Bench

from vigie_contract import topics
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.ingest.bus import Message
from vigie_gateway.recording.journals import Journals

DATA = topics.data("semaphore", "tableau")
VA = QUANTITIES["apparent_power"]


def pack(first: int, floor: int, count: int, at_ts: float) -> bytes:
    readings = [(VA, Reading("linky-va", at_ts - count + index, float(first + index))) for index in range(count)]
    return encode_pack("semaphore", "tableau", "j1", first, floor, readings)


def floors(*packs: bytes) -> list[int]:
    journals = Journals()
    return [json.loads(journals.fit(DATA, one))[0]["floor"] for one in packs]


def test_the_floor_is_raised_at_the_beginning_and_where_a_pack_is_missing() -> None:
    assert floors(pack(41, 7, 3, 9e8), pack(44, 7, 2, 9e8), pack(50, 7, 1, 9e8), pack(44, 7, 7, 9e8)) == [41, 7, 50, 7]


def test_a_journal_from_its_beginning_stays_as_it_is() -> None:
    whole = pack(1, 1, 3, 9e8)
    assert Journals().fit(DATA, whole) == whole


@given(st.binary(max_size=60), st.sampled_from([DATA, "zigbee2mqtt/porte", "vigie/1/a/b/done", ""]))
def test_anything_else_stays_as_it_is(payload: bytes, topic: str) -> None:
    assert Journals().fit(topic, payload) == payload


@given(
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text()),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["journal", "first", "floor"]), inner),
    )
)
def test_no_json_makes_it_fail(document: object) -> None:
    Journals().fit(DATA, json.dumps(document).encode())


def test_a_gateway_that_never_heard_of_the_journal_stores_it(bench: Bench) -> None:
    bench.declare()
    raw = pack(41, 7, 2, bench.clock.now)
    for payload in (raw, Journals().fit(DATA, raw)):
        bench.bus.waiting.append(Message(DATA, payload, bench.clock.now))
        bench.pipeline._round()
        bench.commit()
        stored = [value for _, value in bench.stored("linky-va")]
        assert stored == ([] if payload is raw else [41.0, 42.0])
