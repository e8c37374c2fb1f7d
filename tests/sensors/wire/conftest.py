"""The real broker on a random port, and a small gateway that keeps the protocol's promises, or breaks them."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from vigie_contract import topics
from vigie_contract.clock import SystemClock
from vigie_contract.messages import Ack, Channel, encode_ack
from vigie_contract.readings import Reading
from vigie_sensors.config import BrokerConfig, JournalConfig, SensorsConfig
from vigie_sensors.driver import SensorConfig
from vigie_sensors.journal import Journal

PATIENCE_S = 30.0


class RightClock(SystemClock):
    """The machine's clock, taken as right: a container's kernel does not say."""

    def is_synchronised(self) -> bool:
        return True


class Broker:
    """Mosquitto, as a child that can be killed and started again on the same port."""

    def __init__(self, folder: Path, lines: list[str]) -> None:
        self.program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
        if self.program is None:
            pytest.skip("mosquitto is not installed: sudo apt install mosquitto")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._file = folder / "mosquitto.conf"
        user = ["user root"] if os.geteuid() == 0 else []
        common = [f"listener {self.port} 127.0.0.1", "max_queued_messages 10000", "persistence false", *user]
        self._file.write_text("\n".join([*common, *lines]) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self.program is not None
        self._process = subprocess.Popen(
            [self.program, "-c", str(self._file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"},
        )
        wait_until(self._answers)

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def wait_until(is_true: Callable[[], object], what: str = "") -> None:
    """Poll; a test states no time, this only bounds a hang."""
    end = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < end, f"waited in vain: {what or is_true}"
        time.sleep(0.01)


@dataclass
class FakeGateway:
    """Stores what is next in line, acknowledges after each ``commit`` readings and when asked to, answers holes."""

    port: int
    name: str = "main"
    site: str = "house"
    node: str = "pi"
    commit: int = 1_000
    is_mute: bool = False
    loses_every: int = 0
    high: dict[str, int] = field(default_factory=dict)
    stored: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    told: list[tuple[str, bytes]] = field(default_factory=list)
    packs: int = 0
    duplicates: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    uncommitted: int = 0

    def start(self) -> None:
        self.lock = threading.Lock()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"gw-{self.name}", protocol=mqtt.MQTTv5)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        self.client.reconnect_delay_set(1, 1)
        self.subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        assert self.subscribed.wait(PATIENCE_S)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def acknowledge(self) -> None:
        """Commit and say so."""
        self.uncommitted = 0
        for journal, upto in self.high.items():
            self._answer(journal, upto)

    def _answer(self, journal: str, upto: int) -> None:
        if not self.is_mute:
            self.client.publish(topics.ack(self.site, self.node, self.name), encode_ack(Ack(journal, upto)))

    def _on_connect(self, client: mqtt.Client, *_: object) -> None:
        client.subscribe([(topics.all_nodes(self.site, leaf), 1) for leaf in ("about", "status", "data")])

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        with self.lock:
            if not message.topic.endswith("/data"):
                self.told.append((message.topic.rpartition("/")[2], bytes(message.payload)))
                self.acknowledge()
                return
            self.packs += 1
            if self.loses_every and self.packs % self.loses_every == 0:
                return
            self._store(json.loads(message.payload))

    def _store(self, records: list[dict[str, Any]]) -> None:
        self.seen += records
        head = records[0]
        journal, first, floor = head["journal"], head["first"], head["floor"]
        high = self.high.setdefault(journal, 0)
        if floor > high + 1:
            self.gaps.append((high + 1, floor - 1))
            high = floor - 1
        if first > high + 1:
            self._answer(journal, high)
            return
        for index, record in enumerate(records):
            if first + index <= high:
                self.duplicates += 1
                continue
            high += 1
            self.uncommitted += 1
            base_ts = head.get("bt", 0)
            self.stored.append((high, record | {"at": base_ts + record.get("t", 0)}))
        self.high[journal] = high
        if self.uncommitted >= self.commit:
            self.acknowledge()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path, ["allow_anonymous true"])
    running.start()
    yield running
    running.kill()


@pytest.fixture
def make_gateway(broker: Broker) -> Iterator[Callable[..., FakeGateway]]:
    made: list[FakeGateway] = []

    def make(**given: Any) -> FakeGateway:
        gateway = FakeGateway(broker.port, **given)
        gateway.start()
        made.append(gateway)
        return gateway

    yield make
    for gateway in made:
        gateway.stop()


CHANNELS = (Channel("desk-current", "current", 10.0, "big"), Channel("desk-on", "in_use", 10.0, "big"))


@pytest.fixture
def make_config(tmp_path: Path) -> Callable[..., SensorsConfig]:
    def make(port: int, **given: Any) -> SensorsConfig:
        broker = BrokerConfig("127.0.0.1", port, "pi", given.pop("password_file", None), None)
        arguments: dict[str, Any] = {
            "path": tmp_path / "sensors.toml",
            "site": "house",
            "node": "pi",
            "broker": broker,
            "journal": JournalConfig(tmp_path / "journal", 7.0, 64.0, given.pop("young", tmp_path / "not-in-memory")),
            "gateways": ("main",),
            "sensors": (SensorConfig("desk", "fake", 10.0, "big", ""),),
            "channels": {"desk": CHANNELS},
            "simulation": None,
        }
        return SensorsConfig(**(arguments | given))

    return make


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal" / "journal.sqlite", ["main"], 7, 64_000_000, RightClock())
    yield opened
    opened.close()


def readings(count: int, start: int = 0) -> list[Reading]:
    """``count`` readings whose values tell them apart."""
    now_ts = time.time()
    return [Reading("desk-current", now_ts, (start + index) / 100) for index in range(count)]


@pytest.fixture
def secured_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker that wants a password, and lets ``pi`` write below its own site only."""
    salt = os.urandom(12)
    digest = hashlib.pbkdf2_hmac("sha512", b"right", salt, 101, 64)
    encoded = "$".join(base64.b64encode(part).decode() for part in (salt, digest))
    (tmp_path / "passwords").write_text(f"pi:$7$101${encoded}\n")
    (tmp_path / "acl").write_text("user pi\ntopic write vigie/1/house/pi/#\ntopic read vigie/1/house/pi/ack/#\n")
    for name in ("passwords", "acl"):
        (tmp_path / name).chmod(0o600)
    running = Broker(tmp_path, [f"password_file {tmp_path}/passwords", f"acl_file {tmp_path}/acl"])
    running.start()
    yield running
    running.kill()
