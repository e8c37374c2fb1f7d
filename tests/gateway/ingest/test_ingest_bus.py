"""The gateway's client reads the broker's socket many packets at a time, and loses none of its bytes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from vigie_contract import topics
from vigie_contract.clock import SystemClock
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, make_passwords
from vigie_gateway.ingest import bus as bus_module
from vigie_gateway.ingest.bus import Bus, _BufferedSocket
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.settings import BrokerSettings


class Chunks:
    """A socket that gives what it has in the pieces it came in; None is nothing to be had just now."""

    def __init__(self, chunks: list[bytes | None]) -> None:
        self.chunks = chunks
        self.calls = 0

    def recv(self, size: int) -> bytes:
        self.calls += 1
        if not self.chunks:
            return b""
        chunk = self.chunks.pop(0)
        if chunk is None:
            raise BlockingIOError
        return chunk


@given(
    st.lists(st.one_of(st.none(), st.binary(min_size=1, max_size=9)), max_size=9),
    st.lists(st.integers(1, 12), min_size=1),
)
def test_whatever_pieces_come_and_are_asked_for_the_bytes_are_the_same(
    chunks: list[bytes | None], sizes: list[int]
) -> None:
    sent = b"".join(chunk for chunk in chunks if chunk is not None)
    sock, got, turn = _BufferedSocket(Chunks(list(chunks))), b"", 0
    while True:
        size = sizes[turn % len(sizes)]
        turn += 1
        try:
            data = sock.recv(size)
        except BlockingIOError:
            assert sock.pending() == 0
            continue
        if not data:
            break
        assert len(data) <= size
        got += data
    assert got == sent
    assert sock.pending() == 0


def test_what_has_arrived_costs_one_call() -> None:
    raw = Chunks([bytes(range(200))])
    sock = _BufferedSocket(raw)
    assert [sock.recv(1) for _ in range(200)] == [bytes([number]) for number in range(200)]
    assert raw.calls == 1


def test_a_topic_that_is_not_utf_8_is_refused_and_ends_no_thread() -> None:
    refusals = Refusals()
    bus = Bus(BrokerSettings(), "place", SystemClock(), refusals)
    bus._on_message(bus._client, None, mqtt.MQTTMessage(topic=b"vigie/1/place/h\xff/data"))
    assert refusals.all()["topic"].count == 1
    assert bus.get(0) is None


def test_a_full_queue_refuses_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "MAX_QUEUED_MESSAGES", 2)
    monkeypatch.setattr(bus_module, "MAX_QUEUED_BYTES", 100)
    refusals = Refusals()
    bus = Bus(BrokerSettings(), "place", SystemClock(), refusals)
    for size in (10, 90, 20, 1):
        message = mqtt.MQTTMessage(topic=b"vigie/1/place/hall/data")
        message.payload = bytes(size)
        bus._on_message(bus._client, None, message)
    assert (bus.backlog(), refusals.all()["queue-full"].count) == ((2, 100), 2)


def test_a_subscription_that_the_broker_refuses_is_said() -> None:
    bus = Bus(BrokerSettings(), "place", SystemClock(), Refusals())
    bus._on_connect(bus._client, None, mqtt.ConnectFlags(session_present=False), ReasonCode(PacketTypes.CONNACK), None)
    granted, refused = (ReasonCode(PacketTypes.SUBACK, identifier=code) for code in (1, 0x87))
    bus._on_subscribe(bus._client, None, 1, [granted, granted, refused, granted, granted], None)
    assert bus.trouble == "the broker at 127.0.0.1:1883 does not let the gateway hear vigie/1/place/+/data"


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Mosquitto(tmp_path / "broker", "place", make_passwords([GATEWAY_USER, "hall"])) as broker:
        settings = BrokerSettings(port=broker.port, password_file=str(broker.password_file(GATEWAY_USER)))
        bus = Bus(settings, "place", SystemClock(), Refusals())
        bus.start()
        yield bus
        bus.stop()


def _wait_until(bus: Bus, is_so: Callable[[], bool]) -> None:
    deadline_mono = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline_mono, bus.trouble
        time.sleep(0.01)


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_the_broker_says_its_version_and_what_it_dropped_and_neither_comes_as_a_message(bus: Bus) -> None:
    _wait_until(bus, lambda: bus.drops.total is not None and bus.broker_version is not None)
    assert bus.drops.total == 0
    assert "mosquitto" in str(bus.broker_version)
    _wait_until(bus, lambda: bus.round_trip_s is not None)
    assert bus.get(0) is None
    assert bus.waiting_since_ts() is None


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_what_waits_tells_since_when(bus: Bus) -> None:
    _wait_until(bus, lambda: bus.is_connected)
    for number in range(3):
        bus._client.publish(topics.data("place", "hall"), b"%d" % number, qos=1)
    _wait_until(bus, lambda: bus.backlog()[0] == 3)
    first_ts = bus.waiting_since_ts()
    taken = bus.get(1)
    assert taken is not None
    assert taken.received_ts == first_ts
    while bus.get(0) is not None:
        pass
    assert bus.waiting_since_ts() is None


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_a_retained_message_is_no_reading_but_a_retained_birth_is_taken(bus: Bus) -> None:
    _wait_until(bus, lambda: bus.is_connected)
    for topic in (topics.data("place", "hall"), topics.about("place", "hall")):
        bus._client.publish(topic, b"left behind", qos=1, retain=True).wait_for_publish(10)
        assert bus.get(10) is not None, "as it was published it is live"
    bus._client.unsubscribe([topics.all_nodes("place", leaf) for leaf in ("about", "data")])
    bus._client.subscribe([(topics.all_nodes("place", leaf), 1) for leaf in ("data", "about")])
    told = bus.get(10)
    assert told is not None
    assert told.topic == topics.about("place", "hall")
    assert bus._refusals.all()["retained"].count == 1
    assert bus.get(0) is None


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_a_command_reaches_its_node_with_the_time_it_has_left_and_its_answer_comes_back(
    bus: Bus, tmp_path: Path
) -> None:
    heard: list[mqtt.MQTTMessage] = []
    password = (tmp_path / "broker").rglob("*hall*")
    node = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="hall", protocol=mqtt.MQTTv5)
    node.username_pw_set("hall", next(password).read_text(encoding="utf-8").strip())
    node.on_message = lambda _client, _data, message: heard.append(message)
    subscribed: list[int] = []
    node.on_subscribe = lambda _client, _data, mid, _reasons, _props: subscribed.append(mid)
    node.connect("127.0.0.1", bus._settings.port)
    node.loop_start()
    node.subscribe(topics.do("place", "hall"), 1)
    _wait_until(bus, lambda: bus.is_connected and bool(subscribed))
    assert bus.command(topics.do("place", "hall"), b"try", 10)
    _wait_until(bus, lambda: any(message.payload == b"try" for message in heard))
    told = next(message for message in heard if message.payload == b"try")
    assert told.qos == 1
    assert 0 < getattr(told.properties, "MessageExpiryInterval", 0) <= 10
    node.publish(topics.done("place", "hall"), b"done", qos=1)
    answer = bus.get(10)
    assert answer is not None
    assert (answer.topic, answer.payload) == (topics.done("place", "hall"), b"done")
    node.disconnect()
    node.loop_stop()


def test_without_a_connection_no_command_is_sent_not_even_later(monkeypatch: pytest.MonkeyPatch) -> None:
    bus = Bus(BrokerSettings(), "place", SystemClock(), Refusals())
    sent: list[object] = []
    monkeypatch.setattr(bus._client, "publish", sent.append)
    assert not bus.command(topics.do("place", "hall"), b"try", 10)
    assert sent == []


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_a_burst_of_packets_arrives_whole_and_in_order_through_the_buffered_socket(bus: Bus) -> None:
    _wait_until(bus, lambda: bus.is_connected)
    assert isinstance(bus._client._sock, _BufferedSocket), "paho makes its socket elsewhere now"
    payloads = [bytes([number % 256]) * (number * 37 % 5_000) for number in range(600)]
    for payload in payloads:
        bus._client.publish(topics.data("place", "hall"), payload, qos=1)
    got: list[bytes] = []
    while len(got) < len(payloads) and (message := bus.get(10)) is not None:
        got.append(message.payload)
    assert got == payloads


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_another_client_of_the_same_name_is_found_out_and_told_after_the_gateway_is_back(
    bus: Bus,
) -> None:
    bus._client.reconnect_delay_set(0.1, 0.1)  # type: ignore[arg-type] # it waits for parts of a second too
    _wait_until(bus, lambda: bus.is_connected)
    assert not bus.is_contested()
    rival = bus._make_client()
    rival.on_connect = rival.on_disconnect = rival.on_subscribe = None
    rival.reconnect_delay_set(0.1, 0.1)  # type: ignore[arg-type] # as above
    rival.connect("127.0.0.1", bus._settings.port)
    rival.loop_start()
    _wait_until(bus, bus.is_contested)
    rival.disconnect()
    rival.loop_stop()
    _wait_until(bus, lambda: bus.is_connected)
    assert bus.is_contested()


def test_a_broker_that_says_that_another_client_took_over_is_believed_at_once() -> None:
    bus = Bus(BrokerSettings(), "place", SystemClock(), Refusals())
    bus._on_connect(bus._client, None, mqtt.ConnectFlags(session_present=False), ReasonCode(PacketTypes.CONNACK), None)
    taken_over = ReasonCode(PacketTypes.DISCONNECT, identifier=0x8E)
    bus._on_disconnect(bus._client, None, None, taken_over, None)
    assert (bus.takeovers, bus.is_contested()) == (1, True)


def test_a_connection_that_was_lost_now_and_then_is_no_takeover(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bus_module, "SHORT_CONNECTION_S", 0.0)
    bus = Bus(BrokerSettings(), "place", SystemClock(), Refusals())
    for _ in range(10):
        connected = mqtt.ConnectFlags(session_present=False)
        bus._on_connect(bus._client, None, connected, ReasonCode(PacketTypes.CONNACK), None)
        lost = ReasonCode(PacketTypes.DISCONNECT, identifier=0x80)
        bus._on_disconnect(bus._client, None, None, lost, None)
    assert bus.takeovers == 0
