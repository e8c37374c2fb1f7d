"""The writing half on a real server: what is on disk here is there, once, whatever happens on the way."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from tests.gateway.store.influxdb.conftest import WHOLE, Place, turn
from tests.gateway.store.influxdb.servers import Answer, FaultyServer, Server, points_in_victoria

from vigie_gateway.store import Sample
from vigie_gateway.store.influxdb.sink import IDLE_S

pytestmark = pytest.mark.skipif(WHOLE is not None, reason="INFLUXDB_URL is set: see test_influxdb_whole")

_KILLED = """
import sys
from pathlib import Path
from vigie_contract.clock import SystemClock
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store import open_store
from vigie_gateway.store.influxdb import batches, sink
batches.BATCH_READINGS = sink.BATCH_READINGS = 200
store = open_store(Path(sys.argv[1]), SystemClock())
follower = sink.Sink(store, InfluxdbSettings(url=sys.argv[2]), "semaphore", SystemClock())
while True:
    follower.turn()
    print(follower.report()["written_readings"], flush=True)
"""
"""A gateway that does nothing but copy, to be killed."""


def stored(place: Place) -> Counter[tuple[str, int, float]]:
    """What the server must hold of known values."""
    names = {entry.id: f"{entry.channel.quantity}_value" for entry in place.store.every_series()}
    return Counter(
        (names[one.series], round(one.at_ts * 1000), one.value) for one in place.committed if one.value is not None
    )


def held(server: Server) -> Counter[tuple[str, int, float]]:
    return Counter(
        (labels["__name__"], at_ms, value)
        for labels, at_ms, value in points_in_victoria(server.url)
        if labels["__name__"].endswith("_value")
    )


def test_every_known_reading_is_there_once_and_no_unknown_is_zero(place: Place, writing_server: Server) -> None:
    sink = place.sink(writing_server.url)
    place.commit(300)
    place.commit(20, late_s=3 * 86_400)
    place.committed.append(Sample(place.series[0], place.clock.now + 3, None, "silent"))
    place.store.commit(place.committed[-1:], {})
    assert turn(sink) == IDLE_S
    assert held(writing_server) == stored(place)
    (labels, *_) = next(
        point
        for point in points_in_victoria(writing_server.url)
        if point[1:] == (round(place.committed[0].at_ts * 1000), 0.0)
    )
    assert {name: labels[name] for name in ("channel", "node", "site")} == {
        "channel": "plug", "node": "node", "site": "semaphore",
    }  # fmt: skip


def test_away_for_an_hour_refusing_slow_and_killed_it_catches_up(
    place: Place, writing_server: Server, faulty: FaultyServer
) -> None:
    """An hour by the store's clock, with a fault every few minutes, each way that a server can fail."""
    sink = place.sink(writing_server.url)
    turn(sink)
    place.commit(10)
    turn(sink)
    faults = [
        Answer(503),
        Answer(429, {}, {"Retry-After": "30"}),
        Answer(401, {"message": "unauthorized"}),
        Answer(404, {"message": "bucket not found"}),
        Answer(400, {"message": "not even a probe is right"}),
        Answer(204, is_cut=True),
        Answer(500),
    ]
    writing_server.stop()
    due_ts = 0.0
    for minute in range(60):
        answer = faults[minute % len(faults)]
        faulty.behaviour = lambda _, answer=answer: answer  # type: ignore[misc]  # bound now
        url = faulty.url if minute % 2 else writing_server.url
        sink._settings = sink._settings.model_copy(update={"url": url})
        place.commit(6, late_s=7_200.0 if minute % 10 == 0 else 0.0)
        assert place.store.samples(place.series[0], place.clock.now - 60, place.clock.now) or minute % 10 == 0
        if minute == 30:
            place.reopen(is_killed=True)
            sink = place.sink(faulty.url)
            due_ts = 0.0
        if place.clock.now >= due_ts:
            due_ts = place.clock.now + turn(sink)
    assert sink.report()["set_aside"] == 0
    assert sink.report()["waiting_readings"] > 0
    writing_server.start()
    sink._settings = sink._settings.model_copy(update={"url": writing_server.url})
    assert turn(sink) == IDLE_S
    assert held(writing_server) == stored(place)


def test_a_gateway_killed_while_it_copies_loses_and_doubles_nothing(place: Place, writing_server: Server) -> None:
    place.commit(500)
    place.store.close()
    for upto in (300, 700):
        with subprocess.Popen(
            [sys.executable, "-c", _KILLED, str(place.path), writing_server.url], stdout=subprocess.PIPE, text=True
        ) as gateway:
            assert gateway.stdout is not None
            for line in gateway.stdout:
                if int(line) >= upto:
                    break
            gateway.kill()
    place.reopen()
    sink = place.sink(writing_server.url)
    assert turn(sink) == IDLE_S
    assert held(writing_server) == stored(place)
