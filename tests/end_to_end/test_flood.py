"""One node that floods: the others lose nothing, the board is served, memory is bounded, the flooder is named."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psutil
import pytest
from tests.bench import load

from vigie_contract import topics
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, make_passwords

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
FLOODER = "flooder"
MOST_RISE_BYTES = 30_000_000
"""The queue before the ingest thread may take 16 MB of it."""


@dataclass
class Place:
    broker: Mosquitto
    gateway: psutil.Process
    port: int

    def get(self, path: str) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def parts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.get("/healthz")[1])["parts"]
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    users = make_passwords([GATEWAY_USER, load.NODE, FLOODER])
    with Mosquitto(tmp_path / "broker", load.SITE, users) as broker:
        config, port = load.write_config(tmp_path, broker)
        with config.open("a", encoding="utf-8") as file:
            file.write("commit_interval_s = 0.2\n")
        command = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            place = Place(broker, psutil.Process(process.pid), port)
            deadline_mono = time.monotonic() + 30
            while True:
                try:
                    if place.parts()["broker"]["status"] == "pass":
                        break
                except OSError:
                    pass
                assert time.monotonic() < deadline_mono
                time.sleep(0.05)
            yield place
            process.terminate()


class Flood:
    """Packs that are none, as fast as the broker takes them."""

    def __init__(self, broker: Mosquitto) -> None:
        self.sent = 0
        self._stop = threading.Event()
        self._node = load.RawNode(broker.port, FLOODER, broker.password(FLOODER))
        topic = topics.data(load.SITE, FLOODER).encode()
        body = len(topic).to_bytes(2, "big") + topic + b"x" * 80
        self._packets = (b"\x30" + bytes([len(body) & 127 | 128, len(body) >> 7]) + body) * 100
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._node.send(self._packets)
            self.sent += 100

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._node.__exit__()


def test_a_node_that_floods_costs_the_others_nothing_and_is_named(place: Place) -> None:
    quiet = load.make_load("j-quiet", 60, 5, start_ts=time.time() - 60, step_s=0.01)
    with load.RawNode(place.broker.port, load.NODE, place.broker.password(load.NODE)) as node:
        node.declare(load.CHANNELS)
        before_bytes = place.gateway.memory_info().rss
        with Flood(place.broker) as flood:
            load.run_load(node, quiet)
            assert place.get("/board")[0] == 200
            rise_bytes = place.gateway.memory_info().rss - before_bytes
            parts = place.parts()
    assert flood.sent > 10_000
    assert (parts["ingest"]["stored"], parts["ingest"]["gaps"]) == (300, 0)
    assert rise_bytes < MOST_RISE_BYTES
    named = [refusal["last"] for refusal in parts["refused"]["by_reason"].values()]
    assert topics.data(load.SITE, FLOODER) in named
