"""A node's full ring, seen from the gateway: what it had to let go is an explicit gap, and the rest is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import SAMPLE_SITE, BusInMemory
from tests.gateway.pipeline_alone import pipeline_alone
from tests.sensors.wire.conftest import RightClock

from vigie_contract import topics
from vigie_contract.messages import Birth, Channel, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import MAX_RECORDS, encode_pack
from vigie_gateway.ingest.bus import Message
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.place.site import load_site
from vigie_gateway.store import Store, open_store
from vigie_sensors.journal import Journal

CHANNEL = Channel("linky-va", "apparent_power", 10.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Of one megabyte: the least that can be configured."""
    (tmp_path / "young").mkdir()
    opened = Journal.open(tmp_path / "journal.sqlite", ["main"], 7, 1_000_000, RightClock(), young=tmp_path / "young")
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    opened = open_store(tmp_path / "vigie.db", clock)
    yield opened
    opened.close()


def test_what_a_full_ring_let_go_is_a_gap_at_the_gateway_and_all_else_is_stored(
    journal: Journal, store: Store, clock: ManualClock
) -> None:
    site = load_site(SAMPLE_SITE)
    bus = BusInMemory()
    pipeline = pipeline_alone("main", site, store, bus, clock)
    hear(pipeline, bus, topics.about(site.id, "pi"), encode_birth(Birth("test", "boot", (CHANNEL,))), clock)
    journal.append(Reading(CHANNEL.id, clock.now - 60_000 + number, float(number)) for number in range(1, 50_001))
    assert journal.floor > 1_000, "the ring was full"

    sent = journal.floor - 1
    while entries := journal.read(sent, MAX_RECORDS):
        records = [(QUANTITIES[CHANNEL.quantity], entry.reading) for entry in entries]
        pack = encode_pack(site.id, "pi", journal.id, sent + 1, journal.floor, records, last=journal.last)
        hear(pipeline, bus, topics.data(site.id, "pi"), pack, clock)
        sent += len(entries)
    clock.pass_time(11)
    pipeline._round()

    (gap,) = store.gaps()
    assert (gap.journal, gap.first, gap.last, gap.reason) == (journal.id, 1, journal.floor - 1, "evicted")
    (series,) = store.series()
    values = [sample.value for sample in store.samples(series.id, 0, clock.now + 1)]
    assert values == [float(number) for number in range(journal.floor, 50_001)]
    assert pipeline.nodes["pi"].waiting_readings == 0


def hear(pipeline: Pipeline, bus: BusInMemory, topic: str, payload: bytes, clock: ManualClock) -> None:
    bus.waiting.append(Message(topic, payload, clock.now))
    pipeline._round()
