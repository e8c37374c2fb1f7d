"""The ingest thread outlives whatever a message can hold, and takes a good reading afterwards."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.gateway.conftest import CHANNELS, Bench

from vigie_contract import topics
from vigie_contract.messages import Birth, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.ingest.bus import Message
from vigie_gateway.store import StoreError

SAMPLE_TS = 1_795_527_000.0
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=40),
    st.sampled_from([10**400, -1, 2**53, 2**28, "linky-va", "semaphore/tableau/", [], {}, [[]], {"n": 1}]),
)
TOPICS = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            make("semaphore", node)
            for make in (topics.about, topics.status, topics.data)
            for node in ("tableau", "other")
        ]
    ),
    st.just(topics.ack("semaphore", "tableau", "main")),
)
WHOLE = {
    "pack": json.loads(
        encode_pack(
            "semaphore",
            "tableau",
            "j1",
            1,
            1,
            [
                (QUANTITIES["apparent_power"], Reading("linky-va", SAMPLE_TS, 5.0)),
                (QUANTITIES["mains"], Reading("c4-mains", SAMPLE_TS, 1.0)),
                (QUANTITIES["people_in"], Reading("porte-atelier-in", SAMPLE_TS, None, "failed")),
            ],
        )
    ),
    "birth": json.loads(encode_birth(Birth("test 1", "boot-1", CHANNELS))),
}


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A pack or a birth with a few fields replaced, added or taken away."""
    found = json.loads(json.dumps(WHOLE[draw(st.sampled_from(["pack", "birth"]))]))
    records = found if isinstance(found, list) else [found, *found["channels"]]
    for _ in range(draw(st.integers(0, 3))):
        record = draw(st.sampled_from(records))
        label = draw(st.one_of(st.sampled_from([*record, "bt", "t", "v", "vb", "vs", "u"]), st.text(max_size=5)))
        if draw(st.booleans()):
            record[label] = draw(ODD)
        else:
            record.pop(label, None)
    return json.dumps(found).encode()


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages=st.lists(st.tuples(TOPICS, st.one_of(st.binary(max_size=200), mutated())), min_size=1, max_size=8))
def test_no_message_ends_the_ingest_thread_and_a_good_reading_is_stored_afterwards(
    bench: Bench, messages: list[tuple[str, bytes]]
) -> None:
    for topic, payload in messages:
        bench.bus.waiting.append(Message(topic, payload, bench.clock.now))
    bench.pipeline._round()
    bench.clock.pass_time(11)
    bench.declare("good")
    first = bench.pipeline.nodes["good"].accepted.get("j9", 0) + 1
    bench.send(Reading("linky-va", bench.clock.now, 7.0), first=first, node="good", journal="j9")
    bench.commit()
    assert bench.stored("linky-va", "good")[-1] == (bench.clock.now - 11, 7.0)


def test_a_birth_that_the_disk_refused_is_registered_when_it_works_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("disk full")

    with monkeypatch.context() as broken:
        broken.setattr(bench.store, "register", refuse)
        bench.declare()
    assert bench.pipeline.store_trouble == "disk full"
    bench.clock.pass_time(60)
    bench.pipeline._round()
    assert not bench.pipeline.store_trouble
    bench.send(Reading("linky-va", bench.clock.now, 7.0), first=1)
    bench.commit()
    assert [value for _, value in bench.stored("linky-va")] == [7.0]


def test_an_unreadable_pack_after_an_eviction_does_not_hold_its_journal_up(bench: Bench) -> None:
    bench.declare()
    records = [{"bn": "semaphore/tableau/", "journal": "j1", "first": 50, "floor": 50, "n": "linky-va", "v": "x"}]
    bench.receive(topics.data("semaphore", "tableau"), json.dumps(records).encode())
    bench.send(Reading("linky-va", bench.clock.now, 7.0), first=51, floor=50)
    bench.commit()
    assert [value for _, value in bench.stored("linky-va")] == [7.0]
