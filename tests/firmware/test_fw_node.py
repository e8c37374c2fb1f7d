"""A node's program, on MicroPython with a Pico's heap, with the real broker and the real gateway."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest
from tests.bench import load
from tests.firmware.interpreters import FIRMWARE, interpreter

from vigie_contract.clock import SystemClock
from vigie_gateway.broker import Mosquitto, find_mosquitto
from vigie_gateway.store import Sample, open_store

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
SENSORS = [
    {
        "kind": "door",
        "id": "porte",
        "outer": 14,
        "inner": 15,
        "room": "salle",
        "label": "Porte d'entrée",
        "period_s": 0.5,
    },
    {"kind": "clamp", "id": "c1", "adc": 26, "period_s": 0.5},
]
WAIT_S = 30.0


def wait_for(is_so: Callable[[], object]) -> None:
    deadline_mono = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline_mono
        time.sleep(0.05)


@dataclass
class Pico:
    """A board that is a process."""

    folder: Path
    name: str
    moved: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        command = [*interpreter(self.name), str(FIRMWARE / "run_unix.py"), str(self.folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def tell(self, *lines: str) -> None:
        assert self._process.stdin is not None
        for line in lines:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
            time.sleep(0.03)

    def pass_in(self) -> None:
        """Somebody comes in: the outer beam, both, the inner; beams that are free give 1."""
        self.tell("pin 14 0", "pin 15 0", "pin 14 1", "pin 15 1")
        time.sleep(0.15)


@dataclass
class Place:
    """A broker and a gateway."""

    folder: Path
    broker: Mosquitto
    port: int
    gateway: subprocess.Popen[bytes]

    def upto(self) -> int:
        """The number of the last reading of the node that is on the gateway's disk."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=10) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            said = error.read()
        return json.loads(said)["parts"]["nodes"]["by_id"].get(load.NODE, {}).get("stored_upto") or 0

    def stored(self) -> dict[str, list[Sample]]:
        """What is on its disk, by channel; ends the gateway."""
        self.gateway.terminate()
        self.gateway.wait(20)
        store = open_store(self.folder / "vigie.db", SystemClock())
        assert list(store.gaps()) == []
        found = {
            one.channel.id: list(store.samples(one.id, 0, time.time() + 3_600))
            for one in store.series()
            if one.node == load.NODE
        }
        store.close()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with load.broker(tmp_path) as broker:
        config, port = load.write_config(tmp_path, broker)
        config.write_text(config.read_text("utf-8") + "commit_interval_s = 0.2\n", encoding="utf-8")
        line = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)]
        with (tmp_path / "gateway.log").open("wb") as log:
            gateway = subprocess.Popen(line, stdout=log, stderr=log)
        try:
            load.wait_for(port)
            yield Place(tmp_path, broker, port, gateway)
        finally:
            gateway.kill()
            gateway.wait()


def pico(place: Place, name: str) -> Pico:
    folder = place.folder / "pico"
    folder.mkdir()
    config = {
        "site": load.SITE,
        "node": load.NODE,
        "password": place.broker.password(load.NODE),
        "brokers": [{"host": "127.0.0.1", "port": place.broker.port}],
        "gateways": ["main"],
        "sensors": SENSORS,
    }
    (folder / "node.json").write_text(json.dumps(config), encoding="utf-8")
    return Pico(folder, name)


@pytest.mark.parametrize("name", ["micropython", pytest.param("cpython", marks=pytest.mark.long)])
def test_what_a_node_measures_before_while_and_after_it_is_cut_off_is_on_the_gateways_disk(
    place: Place, name: str
) -> None:
    with pico(place, name) as node:
        node.tell("pin 14 1", "pin 15 1", "adc 0.1", "rssi -61")
        node.pass_in()
        wait_for(lambda: place.upto() > 5)
        node.tell("wifi 0")
        node.pass_in()
        node.pass_in()
        node.tell("wifi 1")
        before = place.upto()
        wait_for(lambda: place.upto() > before + 20)
    stored = place.stored()
    assert [sample.value for sample in stored["porte-in"]][-1] == 3.0
    assert {sample.value for sample in stored["porte-out"]} == {0.0}
    times = [sample.at_ts for sample in stored["porte-in"]]
    assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 1.5
    # 0.1 of 3.3 V at the peak, 30 A a volt.
    assert stored["c1-current"][-1].value == pytest.approx(0.1 * 3.3 * 30 / 2**0.5, abs=0.05)
