"""A command reaches a node over the real broker, it rehearses against its own far end, and the answer comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from tests.sensors.wire.conftest import CHANNELS, Broker, RightClock

from vigie_contract import topics
from vigie_contract.commands import Done, Rehearse, decode_done, encode_do
from vigie_contract.messages import decode_birth
from vigie_sensors.config import SensorsConfig
from vigie_sensors.daemon import Daemon
from vigie_sensors.registry import Registry
from vigie_sensors.rehearsal.settings import FarEndConfig, RehearsalConfig

PATIENCE_S = 30.0


class Asker:
    """Listens to one node."""

    def __init__(self, port: int) -> None:
        self.answers: Queue[Done] = Queue()
        self.births: Queue[bytes] = Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="asker", protocol=mqtt.MQTTv5)
        self.client.on_message = self._on_message
        self.client.connect("127.0.0.1", port)
        subscribed = threading.Event()
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.subscribe([(topics.done("house", "pi"), 1), (topics.about("house", "pi"), 1)])
        self.client.loop_start()
        assert subscribed.wait(PATIENCE_S)

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/done"):
            self.answers.put(decode_done(bytes(message.payload)))
        else:
            self.births.put(bytes(message.payload))

    def tell(self, command: Rehearse) -> Done:
        """Send the command; the answer that ends it."""
        self.client.publish(topics.do("house", "pi"), encode_do(command), qos=1)
        while (done := self.answers.get(timeout=PATIENCE_S)).state == "running":
            pass
        return done


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text("a secret of this test\n")
    return file


@pytest.mark.parametrize("is_configured", [True, False])
def test_a_node_answers_a_command_and_says_beforehand_whether_it_will(
    broker: Broker, make_config: Callable[..., SensorsConfig], secret_file: Path, is_configured: bool
) -> None:
    given: dict[str, Any] = {}
    if is_configured:
        port = free_port()
        far_end = ("127.0.0.1", port)
        given["rehearsal"] = RehearsalConfig(far_end, secret_file, "", "", False, "", ("big",), 10_000_000, 5_000_000)
        given["far_end"] = FarEndConfig("127.0.0.1", port, secret_file)
    asker, stop = Asker(broker.port), threading.Event()
    config = make_config(broker.port, sensors=(), channels={"desk": CHANNELS}, **given)
    daemon = Daemon(config, Registry(), RightClock(), stop)
    running = threading.Thread(target=daemon.run)
    running.start()
    try:
        birth = decode_birth(asker.births.get(timeout=PATIENCE_S))
        done = asker.tell(Rehearse("c1", 400_000, 200_000, 2_000_000))
    finally:
        stop.set()
        running.join(PATIENCE_S)
        asker.client.disconnect()
        asker.client.loop_stop()
    if is_configured:
        assert birth.rehearses == ("big",)
        assert done.result is not None
        assert (done.result.download, done.result.upload) == ("headroom", "headroom")
    else:
        assert birth.rehearses is None
        assert (done.state, done.reason) == ("refused", "not-configured")
