"""Whatever bytes a node's connection sends, the broker stays up, the gateway connected, and good readings come."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bench.load import RawNode, publish_packet

from vigie_contract import topics
from vigie_contract.clock import SystemClock
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, make_passwords
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.settings import BrokerSettings

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
NODE = "hall"


def packet(topic: bytes, payload: bytes = b"x") -> bytes:
    """A PUBLISH, QoS 0, of any bytes as its topic."""
    body = len(topic).to_bytes(2, "big") + topic + payload
    return b"\x30" + length(len(body)) + body


def length(count: int) -> bytes:
    """A length as MQTT writes it, seven bits a byte."""
    digits = bytearray()
    while True:
        count, digit = divmod(count, 128)
        digits.append(digit | (128 if count else 0))
        if not count:
            return bytes(digits)


HOSTILE = {
    "200 MB announced": b"\x30" + length(200_000_000) + bytes(200_000),
    "a payload above the limit": packet(f"vigie/1/place/{NODE}/data".encode(), b"[" * 100_000),
    "a length without an end": b"\x30" + b"\xff" * 10,
    "a packet type that is none": b"\x00\x00\xf0\x00",
    "wildcard #": packet(b"vigie/1/place/#"),
    "wildcard +": packet(b"vigie/1/+/hall/data"),
    "NUL": packet(b"vigie/1/place/hall/da\x00ta"),
    "not UTF-8": packet(b"vigie/1/place/\xff\xfe/data"),
    "lone surrogate": packet(b"vigie/1/place/\xed\xa0\x80/data"),
    "$SYS": packet(b"$SYS/broker/publish/messages/dropped", b"999"),
    "$share": packet(b"$share/g/vigie/1/place/hall/data"),
    "65,535 long": packet(b"x" * 65_535),
    "190 levels": packet(b"/".join([b"a"] * 190)),
    "markup": packet(b"vigie/1/place/<script>/data"),
    "right to left": packet("vigie/1/place/\u202ehall/data".encode()),
    "of another": packet(b"vigie/1/place/other/data"),
    "empty": packet(b""),
}


CLOSED = HOSTILE.keys() - {
    "$SYS", "$share", "markup", "right to left", "of another", "65,535 long", "190 levels"
}  # fmt: skip
"""What ends the connection of who sent it, before a byte more is kept; the rest is refused by its right alone."""


def was_closed_by(node: RawNode, data: bytes) -> bool:
    """Whether the broker ended the connection, asked with a ping behind what was sent."""
    try:
        node.send(data + b"\xc0\x00")
        node._socket.settimeout(10)
        while (answer := node._socket.recv(1_000)) and b"\xd0\x00" not in answer:
            pass
    except OSError:
        return True
    return not answer


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    folder = tmp_path_factory.mktemp("broker")
    with Mosquitto(folder, "place", make_passwords([GATEWAY_USER, NODE])) as found:
        yield found


@pytest.fixture(scope="module")
def bus(broker: Mosquitto) -> Iterator[Bus]:
    settings = BrokerSettings(port=broker.port, password_file=str(broker.password_file(GATEWAY_USER)))
    bus = Bus(settings, "place", SystemClock(), Refusals())
    bus.start()
    deadline_mono = time.monotonic() + 20
    while bus.drops.total is None:
        assert time.monotonic() < deadline_mono, bus.trouble
        time.sleep(0.01)
    yield bus
    bus.stop()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_reach_nobody_and_a_good_message_comes_after(broker: Mosquitto, bus: Bus, name: str) -> None:
    pid = broker.pid
    with RawNode(broker.port, NODE, broker.password(NODE)) as node:
        is_closed = was_closed_by(node, HOSTILE[name])
    assert is_closed == (name in CLOSED)
    good = name.encode()
    with RawNode(broker.port, NODE, broker.password(NODE)) as node:
        node.send(publish_packet(topics.data("place", NODE), good, 1))
        told = bus.get(10)
    assert told is not None
    assert (told.topic, told.payload) == (topics.data("place", NODE), good)
    assert (broker.pid, bus.is_connected, bus.trouble, bus.drops.total) == (pid, True, None, 0)


def test_of_a_flood_of_connections_the_broker_takes_as_many_as_it_may_and_lets_a_node_in_after(tmp_path: Path) -> None:
    """On a broker of its own: 2.0.11 miscounts once connections have ended that never said who they are."""
    with Mosquitto(tmp_path, "place", make_passwords([GATEWAY_USER, NODE])) as broker:
        deadline_mono = time.monotonic() + 20
        with contextlib.ExitStack() as opened:
            flood = [opened.enter_context(socket.create_connection(("127.0.0.1", broker.port))) for _ in range(260)]
            while len(select.select(flood, [], [], 1)[0]) < 50:  # above its cap it closes them at once
                assert time.monotonic() < deadline_mono
        while True:  # it takes a moment to see that they are gone
            try:
                RawNode(broker.port, NODE, broker.password(NODE)).__exit__()
                break
            except (OSError, IndexError):
                assert time.monotonic() < deadline_mono
                time.sleep(0.02)
