"""The supervised broker, tried with the real Mosquitto and real clients."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue
from threading import Event
from typing import Self

import paho.mqtt.client as mqtt
import psutil
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from vigie_contract.errors import ContractError
from vigie_gateway import broker as broker_module
from vigie_gateway.broker import BrokerError, Mosquitto, access_rules, find_mosquitto, free_port, make_passwords

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")

WAIT_S = 10.0


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker of the site ``place`` with the gateway and two nodes."""
    with Mosquitto(tmp_path / "broker", "place", make_passwords(["gateway", "hall", "desk"])) as running:
        yield running


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline_mono = time.monotonic() + WAIT_S
    while not is_true():
        assert time.monotonic() < deadline_mono, "it did not happen"
        time.sleep(0.01)


class Client:
    """A paho client of MQTT 5 that tells what happened to it."""

    def __init__(self, broker: Mosquitto, user: str | None, password: str | None = None) -> None:
        self.connected: Queue[ReasonCode] = Queue()
        self.published: Queue[ReasonCode] = Queue()
        self.messages: Queue[mqtt.MQTTMessage] = Queue()
        self.subscribed = Event()
        self.mqtt = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        if user is not None:
            self.mqtt.username_pw_set(user, password if password is not None else broker.password(user))
        self.mqtt.on_connect = lambda _client, _data, _flags, reason, _properties: self.connected.put(reason)
        self.mqtt.on_message = lambda _client, _data, message: self.messages.put(message)
        self.mqtt.on_publish = self._on_publish
        self.mqtt.on_subscribe = lambda *_: self.subscribed.set()
        self.mqtt.connect("127.0.0.1", broker.port)
        self.mqtt.loop_start()

    def _on_publish(
        self, client: mqtt.Client, data: object, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        self.published.put(reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.mqtt.disconnect()
        self.mqtt.loop_stop()

    def subscribe(self, topic: str) -> None:
        self.subscribed.clear()
        self.mqtt.subscribe(topic, qos=1)
        assert self.subscribed.wait(WAIT_S)

    def publish(self, topic: str, payload: bytes = b"x") -> str:
        self.mqtt.publish(topic, payload, qos=1)
        return str(self.published.get(timeout=WAIT_S))


def test_a_stranger_without_a_password_is_refused(broker: Mosquitto) -> None:
    with Client(broker, None) as client:
        assert client.connected.get(timeout=WAIT_S) == "Not authorized"


def test_a_wrong_password_is_refused(broker: Mosquitto) -> None:
    with Client(broker, "hall", broker.password("desk")) as client:
        assert client.connected.get(timeout=WAIT_S) == "Not authorized"


def test_a_node_writes_its_own_topics_and_the_gateway_reads_them(broker: Mosquitto) -> None:
    with Client(broker, "gateway") as gateway, Client(broker, "hall") as node:
        gateway.subscribe("vigie/1/place/+/data")
        assert node.publish("vigie/1/place/hall/data", b"mine") == "Success"
        assert gateway.messages.get(timeout=WAIT_S).payload == b"mine"


@pytest.mark.parametrize(
    "topic",
    [
        "vigie/1/place/desk/data",
        "vigie/1/place/hall/ack/main",
        "vigie/1/place/hall/do",
        "vigie/1/place/hall/alerts",
        "vigie/1/place/main/alerts",
        "vigie/1/other/hall/data",
        "anything",
    ],
)
def test_a_node_cannot_write_on_topics_that_are_not_its_own(broker: Mosquitto, topic: str) -> None:
    with Client(broker, "gateway") as gateway, Client(broker, "hall") as node:
        gateway.subscribe("vigie/1/place/#")
        assert node.publish(topic) == "Not authorized"
        node.publish("vigie/1/place/hall/status", b"after")
        assert gateway.messages.get(timeout=WAIT_S).payload == b"after"


def test_a_node_reads_what_fires_at_every_gateway(broker: Mosquitto) -> None:
    with Client(broker, "gateway") as gateway, Client(broker, "hall") as node:
        node.subscribe("vigie/1/place/+/alerts")
        gateway.publish("vigie/1/place/main/alerts", b"fires")
        assert node.messages.get(timeout=WAIT_S).payload == b"fires"


def test_a_node_reads_its_own_acknowledgements_and_commands_alone(broker: Mosquitto) -> None:
    with Client(broker, "gateway") as gateway, Client(broker, "hall") as node:
        node.subscribe("#")
        gateway.publish("vigie/1/place/desk/ack/main", b"another's")
        gateway.publish("vigie/1/place/hall/data", b"not for reading")
        gateway.publish("vigie/1/place/desk/do", b"another's")
        gateway.publish("vigie/1/place/hall/ack/main", b"mine")
        gateway.publish("vigie/1/place/hall/do", b"mine too")
        assert node.messages.get(timeout=WAIT_S).payload == b"mine"
        assert node.messages.get(timeout=WAIT_S).payload == b"mine too"
        with pytest.raises(Empty):
            node.messages.get_nowait()


def test_a_second_client_of_one_user_takes_its_place_rather_than_beside_it(broker: Mosquitto) -> None:
    with Client(broker, "hall") as first:
        first.connected.get(timeout=WAIT_S)
        lost = Event()
        first.mqtt.on_disconnect = lambda *_: lost.set()
        with Client(broker, "hall") as second:
            second.connected.get(timeout=WAIT_S)
            assert lost.wait(WAIT_S)


def test_its_directory_and_every_file_in_it_are_its_owner_s_alone(broker: Mosquitto) -> None:
    found = [broker.directory, *broker.directory.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in found} == {0}


def test_the_passwords_are_in_their_own_files_and_nowhere_else(broker: Mosquitto) -> None:
    password = broker.password("hall")
    holding = [path for path in broker.directory.rglob("*") if path.is_file() and password in path.read_text()]
    assert holding == [broker.password_file("hall")]
    assert password not in Path(f"/proc/{broker.pid}/cmdline").read_text()


def test_it_listens_on_the_loopback_alone(broker: Mosquitto) -> None:
    listening = [
        tuple(connection.laddr)
        for connection in psutil.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and tuple(connection.laddr)[1] == broker.port
    ]
    assert listening == [("127.0.0.1", broker.port)]


def test_a_broker_that_dies_is_started_again_on_its_port(broker: Mosquitto) -> None:
    killed = broker.pid
    assert killed is not None
    os.kill(killed, 9)
    wait_for(lambda: broker.pid not in (None, killed) and broker_module._answers(broker.port))
    with Client(broker, "hall") as client:
        assert client.connected.get(timeout=WAIT_S) == "Success"


def test_stop_ends_its_process_and_may_be_called_twice(tmp_path: Path) -> None:
    stopped = Mosquitto(tmp_path, "place", make_passwords(["gateway"]))
    stopped.start()
    pid = stopped.pid
    stopped.stop()
    stopped.stop()
    assert stopped.pid is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid or 0, 0)


def test_the_broker_dies_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from vigie_gateway.broker import Mosquitto, make_passwords\n"
        "broker = Mosquitto(Path(sys.argv[1]), 'place', make_passwords(['gateway'])); broker.start()\n"
        "print(broker.port, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert broker_module._answers(port)
        parent.kill()
    wait_for(lambda: not broker_module._answers(port))


def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(BrokerError, match=rf"^port {port} of 127.0.0.1.* is in use; .*type: ss -ltnp"):
            Mosquitto(tmp_path, "place", make_passwords(["gateway"]), port).start()


def test_an_absent_broker_says_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "find_mosquitto", lambda: None)
    with pytest.raises(BrokerError, match=r"is not installed; type: sudo apt-get install -y mosquitto$"):
        Mosquitto(tmp_path, "place", make_passwords(["gateway"])).start()


def test_a_broker_that_refuses_to_run_says_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "access_rules", lambda _site: "no such rule")
    broken = Mosquitto(tmp_path, "place", make_passwords(["gateway"]))
    with pytest.raises(BrokerError, match=r"did not come up on port \d+; its last words: .*type: mosquitto -v -c"):
        broken.start()
    assert broken.pid is None


@pytest.mark.parametrize("user", ["+", "#", "a/b", "", "Hall"])
def test_a_user_name_that_could_match_other_topics_is_refused(tmp_path: Path, user: str) -> None:
    with pytest.raises(ContractError):
        Mosquitto(tmp_path, "place", {user: "secret"})


def test_rules_name_no_topic_outside_of_the_site() -> None:
    others = "user gateway-devices\ntopic deny vigie/#\ntopic read #\n"  # hears what is not Vigie's
    rules = access_rules("place")
    assert rules.count(others) == 1
    lines = rules.replace(others, "").splitlines()
    topics = [line.split()[-1] for line in lines if line.startswith(("topic", "pattern"))]
    assert all(topic.startswith(("vigie/1/place/", "homeassistant/", "$SYS/broker/")) for topic in topics)


def test_two_free_ports_can_be_listened_on() -> None:
    with socket.create_server(("127.0.0.1", free_port())):
        pass


def test_passwords_are_long_and_differ() -> None:
    passwords = make_passwords(["a", "b"])
    assert len(set(passwords.values())) == 2
    assert min(map(len, passwords.values())) >= 32
