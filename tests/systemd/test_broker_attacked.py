"""The broker as installed, attacked by its listener for nodes: refused, and the others notice nothing.

The one who attacks has at most what a stolen node has: its password.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
from collections.abc import Iterator

import psutil
import pytest
from paho.mqtt.client import MQTTv5
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from tests.systemd.shipped_broker import (
    NOBODY_LISTENS,
    NOT_AUTHORISED,
    SUCCESS,
    Client,
    ShippedBroker,
    needs_mosquitto,
)

from vigie_contract import topics
from vigie_gateway.doctor import broker_file
from vigie_gateway.nodes.admission import bind_rights, broker_of, reload_broker

pytestmark = [needs_mosquitto, pytest.mark.long]

MOST_GROWTH_BYTES = 16 * 1024 * 1024
"""Of the broker's memory under any of this. Above max_queued_bytes it would be no bound."""
CONNECT = b"\x10\x10\x00\x04MQTT\x05\x00\x00\x3c\x00\x00\x03pwn"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShippedBroker]:
    with ShippedBroker(tmp_path_factory.mktemp("broker")) as running:
        known = broker_of(broker_file.read(running.configuration))
        assert bind_rights(known, "lieu")
        assert reload_broker(known)
        with running.node("pi-accueil") as node:
            while node.publish("vigie/1/other/pi-accueil/data") != NOT_AUTHORISED:
                pass  # until the broker has read its files again
        yield running


@pytest.fixture
def others(broker: ShippedBroker) -> Iterator[None]:
    """The gateway and another node, which must go on as if nothing was; and the broker must not have grown."""
    before = psutil.Process(broker.process.pid).memory_info().rss
    with broker.gateway() as gateway, broker.node("pi-salle") as node:
        gateway.subscribe(topics.data("lieu", "pi-salle"))
        yield
        assert node.publish(topics.data("lieu", "pi-salle"), b"y" * 60_000) == SUCCESS
        assert gateway.heard.get(timeout=10) == (topics.data("lieu", "pi-salle"), b"y" * 60_000)
        for client in (gateway, node):
            with pytest.raises(queue.Empty):
                client.lost.get_nowait()
    assert psutil.Process(broker.process.pid).memory_info().rss - before < MOST_GROWTH_BYTES


def raw(broker: ShippedBroker) -> ssl.SSLSocket:
    trust = ssl.create_default_context(cafile=str(broker.ca_file))
    plain = socket.create_connection(("127.0.0.1", broker.lan_port), 10)
    return trust.wrap_socket(plain, server_hostname="localhost")


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize(
    ("user", "secret"),
    [
        (None, ""),
        ("", "secret-"),
        ("nobody", "secret-nobody"),
        ("gateway", "secret-pi-accueil"),
        ("pi-accueil", "secret-gateway"),
        ("pi-accueil", " "),
        ("#", "secret-gateway"),
        ("+", "secret-gateway"),
        ("pi-accueil/../gateway", "secret-gateway"),
    ],
)
def test_nobody_comes_in_without_a_name_and_its_own_password(
    broker: ShippedBroker, user: str | None, secret: str
) -> None:
    with broker.node(user, secret=secret) as stranger:
        assert stranger.connected.is_failure


def hand_shaken(broker: ShippedBroker, version: ssl.TLSVersion | None = None, ciphers: str = "") -> str:
    """The version of TLS that a client gets; with ``version`` one that speaks no other, by these ciphers alone."""
    trust = ssl.create_default_context(cafile=str(broker.ca_file))
    if ciphers:
        trust.set_ciphers(ciphers)
    if version is not None:
        trust.minimum_version = trust.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", broker.lan_port), 10) as plain,
        trust.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        return str(secured.version())


def test_a_pi_comes_in_by_tls_1_3_and_a_board_by_the_best_of_1_2(broker: ShippedBroker) -> None:
    assert hand_shaken(broker) == "TLSv1.3"
    assert hand_shaken(broker, ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-GCM-SHA256") == "TLSv1.2"


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    ("version", "ciphers"),
    [
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256"),
        (ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"),
        (ssl.TLSVersion.TLSv1_2, "aNULL:@SECLEVEL=0"),
    ],
)
def test_no_one_comes_in_by_an_older_or_weaker_tls(
    broker: ShippedBroker, version: ssl.TLSVersion, ciphers: str
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        hand_shaken(broker, version, ciphers)


def test_no_one_comes_in_without_tls(broker: ShippedBroker) -> None:
    with socket.create_connection(("127.0.0.1", broker.lan_port), 10) as plain:
        plain.sendall(CONNECT)
        with contextlib.suppress(ConnectionResetError):
            assert not plain.recv(4).startswith(b"\x20")


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize(
    "topic",
    [
        topics.data("lieu", "pi-salle"),
        topics.about("lieu", "pi-salle"),
        topics.status("lieu", "pi-salle"),
        topics.done("lieu", "pi-salle"),
        topics.ack("lieu", "pi-salle", "main"),
        topics.ack("lieu", "pi-accueil", "main"),
        topics.do("lieu", "pi-salle"),
        topics.do("lieu", "pi-accueil"),
        "vigie/1/lieu/pi-salle",
        "vigie/1/autre/pi-accueil/data",
        "$SYS/broker/version",
        "homeassistant/sensor/pi-accueil/config",
    ],
)
@pytest.mark.parametrize("is_retained", [False, True])
def test_a_stolen_node_says_nothing_that_is_not_its_own(
    broker: ShippedBroker, topic: str, *, is_retained: bool
) -> None:
    with broker.node("pi-accueil") as thief:
        assert thief.publish(topic, b"forged", retain=is_retained) == NOT_AUTHORISED


def test_a_will_is_no_way_around_it(broker: ShippedBroker) -> None:
    """The last will of a node that dies is published by the broker, with that node's rights and no others."""
    with broker.gateway() as gateway:
        gateway.subscribe("vigie/1/lieu/+/status")
        with raw(broker) as connection:
            will = topics.status("lieu", "pi-salle").encode()
            body = b"\x00\x04MQTT\x05\xee\x00\x3c\x00" + text(b"pi-accueil") + b"\x00" + text(will) + text(b"forged")
            body += text(b"pi-accueil") + text(b"secret-pi-accueil")
            connection.sendall(b"\x10" + bytes([len(body)]) + body)
            connection.recv(64)
        with broker.node("pi-salle") as node:
            node.publish(topics.status("lieu", "pi-salle"), b"online", retain=True)
            assert gateway.heard.get(timeout=10) == (topics.status("lieu", "pi-salle"), b"online")


def text(raw_text: bytes) -> bytes:
    return len(raw_text).to_bytes(2, "big") + raw_text


@pytest.mark.parametrize("wanted", ["#", "+/#", "vigie/#", "vigie/1/+/+/data", "$SYS/#", "$share/g/vigie/#"])
def test_who_subscribes_to_all_hears_its_own_alone(broker: ShippedBroker, wanted: str) -> None:
    """The broker may grant it (2.0.11 does): what counts is that nothing comes through."""
    with broker.node("pi-accueil") as thief, broker.gateway() as gateway, broker.node("pi-salle") as node:
        thief.subscribe(wanted)
        thief.subscribe(topics.all_acks("lieu", "pi-accueil"))
        gateway.subscribe(topics.all_nodes("lieu", "data"))
        node.publish(topics.data("lieu", "pi-salle"), b"of another")
        gateway.heard.get(timeout=10)
        gateway.publish(topics.ack("lieu", "pi-salle", "main"), b"of another")
        gateway.publish(topics.ack("lieu", "pi-accueil", "main"), b"mine")
        assert thief.heard.get(timeout=10) == (topics.ack("lieu", "pi-accueil", "main"), b"mine")


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("victim", ["gateway", "pi-salle"])
def test_a_client_id_takes_over_nobodys_session(broker: ShippedBroker, victim: str) -> None:
    with broker.node("pi-accueil", victim) as thief:
        assert thief.connected.value == SUCCESS, "it is itself, whatever it calls itself"
        assert thief.publish(topics.data("lieu", "pi-accueil")) in {SUCCESS, NOBODY_LISTENS}


@pytest.mark.usefixtures("others")
@pytest.mark.parametrize("is_known", [False, True])
def test_a_packet_of_200_mb_ends_its_senders_connection(broker: ShippedBroker, *, is_known: bool) -> None:
    """Announced before and after a CONNECT; the broker does not wait for it and keeps none of it."""
    length = bytes([0x80, 0x84, 0xAF, 0x5F])  # 200,000,000 as MQTT writes lengths
    with raw(broker) as connection:
        if is_known:
            body = b"\x00\x04MQTT\x05\xc2\x00\x3c\x00" + text(b"") + text(b"pi-accueil") + text(b"secret-pi-accueil")
            connection.sendall(b"\x10" + bytes([len(body)]) + body)
            assert connection.recv(64)[0] == 0x20
        topic = text(topics.data("lieu", "pi-accueil").encode())
        sent = 0
        with pytest.raises(OSError, match=r"."):  # noqa: PT012 - it may be cut at any of them
            connection.sendall(b"\x30" + length + topic)
            connection.settimeout(10)
            while sent < 200_000_000:
                connection.sendall(b"x" * 65_536)
                sent += 65_536
        assert sent < 20_000_000


@pytest.mark.usefixtures("others")
def test_a_flood_of_retained_messages_keeps_two_of_a_node(broker: ShippedBroker) -> None:
    with broker.node("pi-accueil") as thief:
        for number in range(60):
            assert thief.publish(f"vigie/1/s{number:06}/pi-accueil/about", b"x" * 60_000, retain=True) == NOT_AUTHORISED
            assert thief.publish(topics.about("lieu", "pi-accueil"), b"x" * 60_000, retain=True) != NOT_AUTHORISED


@pytest.mark.usefixtures("others")
def test_topic_aliases_and_endless_sessions_are_not_granted(broker: ShippedBroker) -> None:
    """What a client could have the broker keep for it when it is gone, or in its stead."""
    with Client(broker.port, "pi-accueil") as node:
        assert node.client.protocol == MQTTv5
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call] # paho has no types there
        properties.TopicAlias = 60_000
        node.client.publish(topics.data("lieu", "pi-accueil"), b"x", qos=1, properties=properties)
        assert node.lost.get(timeout=10).is_failure
