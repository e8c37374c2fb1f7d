"""The shipped broker configuration starts on the real broker, and lets each user say and hear its own and no more."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.systemd.shipped_broker import (
    NOBODY_LISTENS,
    NOT_AUTHORISED,
    PATH,
    SHIPPED,
    SUCCESS,
    Client,
    ShippedBroker,
    free_port,
    needs_mosquitto,
    start,
    write_configuration,
)

from vigie_contract import topics

pytestmark = needs_mosquitto


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    chosen = free_port()
    broker = start(write_configuration(tmp_path, chosen), chosen)
    yield chosen
    broker.terminate()
    broker.wait(10)


def test_nobody_comes_in_without_a_password_or_with_a_wrong_one(port: int) -> None:
    with Client(port, None) as anonymous, Client(port, "nobody") as unknown:
        assert anonymous.connected.is_failure
        assert unknown.connected.is_failure


def test_a_nodes_data_reach_the_gateway_and_the_acknowledgement_the_node(port: int) -> None:
    with Client(port, "gateway") as gateway, Client(port, "pi-accueil") as node:
        assert gateway.subscribe(topics.all_nodes("lieu", "data")) == 1
        assert node.subscribe(topics.all_acks("lieu", "pi-accueil")) <= 1
        assert node.publish(topics.data("lieu", "pi-accueil"), b"pack") == SUCCESS
        assert gateway.heard.get(timeout=10) == (topics.data("lieu", "pi-accueil"), b"pack")
        assert gateway.publish(topics.ack("lieu", "pi-accueil", "main"), b"ack") == SUCCESS
        assert node.heard.get(timeout=10) == (topics.ack("lieu", "pi-accueil", "main"), b"ack")


def test_a_command_reaches_its_node_and_the_answer_the_gateway(port: int) -> None:
    with Client(port, "gateway") as gateway, Client(port, "pi-accueil") as node, Client(port, "pi-salle") as other:
        assert gateway.subscribe(topics.all_nodes("lieu", "done")) == 1
        assert node.subscribe(topics.do("lieu", "pi-accueil")) == 1
        assert gateway.publish(topics.do("lieu", "pi-accueil"), b"command") == SUCCESS
        assert node.heard.get(timeout=10) == (topics.do("lieu", "pi-accueil"), b"command")
        assert node.publish(topics.done("lieu", "pi-accueil"), b"answer") == SUCCESS
        assert gateway.heard.get(timeout=10) == (topics.done("lieu", "pi-accueil"), b"answer")
        assert other.publish(topics.do("lieu", "pi-accueil"), b"mine") == NOT_AUTHORISED


def test_what_fires_at_a_gateway_reaches_every_node(port: int) -> None:
    with Client(port, "gateway") as gateway, Client(port, "pi-accueil") as node:
        assert node.subscribe(topics.all_alerts("lieu")) == 1
        assert gateway.publish(topics.alerts("lieu", "main"), b"fires", retain=True) == SUCCESS
        assert node.heard.get(timeout=10) == (topics.alerts("lieu", "main"), b"fires")


def test_a_line_of_the_places_own_adds_to_what_a_shipped_user_may(tmp_path: Path) -> None:
    chosen = free_port()
    configuration = write_configuration(tmp_path, chosen)
    with (tmp_path / "vigie.acl").open("a") as rights:
        rights.write("user gateway\ntopic write cmnd/lamp/POWER\n\nuser pi-salle\ntopic read cmnd/#\n")
    broker = start(configuration, chosen)
    try:
        with (
            Client(chosen, "gateway") as gateway,
            Client(chosen, "pi-salle") as lamp,
            Client(chosen, "pi-accueil") as node,
        ):
            assert lamp.subscribe("cmnd/lamp/POWER") == 1
            assert gateway.publish("cmnd/lamp/POWER", b"on") == SUCCESS
            assert lamp.heard.get(timeout=10) == ("cmnd/lamp/POWER", b"on")
            assert gateway.subscribe(topics.all_nodes("lieu", "data")) == 1
            assert node.publish("cmnd/lamp/POWER", b"off") == NOT_AUTHORISED
    finally:
        broker.terminate()
        broker.wait(10)


def test_a_node_learns_that_no_gateway_listens(port: int) -> None:
    with Client(port, "pi-accueil") as node:
        assert node.publish(topics.data("lieu", "pi-accueil")) == NOBODY_LISTENS


@pytest.mark.parametrize(
    "topic",
    [
        "vigie/1/lieu/pi-salle/data",
        "vigie/1/lieu/pi-salle/about",
        "vigie/1/lieu/pi-salle/status",
        "vigie/1/lieu/pi-accueil/ack/main",
        "vigie/1/lieu/pi-accueil/alerts",
        "vigie/1/lieu/main/alerts",
        "vigie/1/lieu/pi-accueil/anything",
        "homeassistant/sensor/x/config",
    ],
)
def test_a_node_cannot_speak_for_another_nor_acknowledge(port: int, topic: str) -> None:
    with Client(port, "pi-accueil") as node:
        assert node.publish(topic) == NOT_AUTHORISED


def test_a_node_hears_no_other(port: int) -> None:
    """The broker may grant the subscription (2.0.11 does): what counts is that nothing comes through."""
    with Client(port, "pi-accueil") as curious, Client(port, "pi-salle") as node, Client(port, "gateway") as gateway:
        curious.subscribe("vigie/#")
        gateway.subscribe("vigie/1/+/+/status")
        node.publish(topics.status("lieu", "pi-salle"), b"online", retain=True)
        assert gateway.heard.get(timeout=10)[1] == b"online"
        gateway.publish(topics.ack("lieu", "pi-salle", "main"), b"ack")
        gateway.publish(topics.ack("lieu", "pi-accueil", "main"), b"mine")
        assert curious.heard.get(timeout=10) == (topics.ack("lieu", "pi-accueil", "main"), b"mine")


def test_the_gateway_cannot_invent_readings(port: int) -> None:
    with Client(port, "gateway") as gateway:
        assert gateway.publish("vigie/1/lieu/pi-accueil/data") == NOT_AUTHORISED


def test_the_gateways_client_id_opens_no_session_but_ones_own(port: int) -> None:
    """A node that calls itself the gateway is not it, and does not throw it out."""
    with Client(port, "gateway", "gateway") as gateway, Client(port, "pi-accueil", "gateway") as thief:
        assert thief.connected.value == SUCCESS
        assert gateway.subscribe(topics.all_nodes("lieu", "data")) == 1
        thief.publish(topics.data("lieu", "pi-accueil"), b"pack")
        assert gateway.heard.get(timeout=10)[1] == b"pack"


def test_the_broker_writes_nothing_for_a_place(port: int, tmp_path: Path) -> None:
    """``persistence false`` stands after Debian's own ``persistence true``."""
    with Client(port, "pi-accueil") as node:
        node.publish(topics.about("lieu", "pi-accueil"), b"{}", retain=True)
    assert not list(tmp_path.glob("*.db"))


def test_nodes_elsewhere_in_the_place_come_in_encrypted(tmp_path: Path) -> None:
    with ShippedBroker(tmp_path) as broker:
        with broker.node("pi-accueil") as node:
            assert node.publish(topics.data("lieu", "pi-accueil")) == NOBODY_LISTENS
        with broker.gateway() as gateway, broker.node("pi-accueil", "gateway") as thief:
            assert gateway.subscribe(topics.all_nodes("lieu", "data")) == 1, "the gateway was thrown out"
            assert thief.publish(topics.data("lieu", "pi-accueil")) == SUCCESS


@pytest.mark.skipif(shutil.which("mosquitto_passwd", path=PATH) is None, reason="mosquitto_passwd is missing")
def test_the_passwords_of_the_install_guide_let_their_users_in(tmp_path: Path) -> None:
    """The very commands of docs/install-by-hand.md, in a folder of this test instead of /etc."""
    guide = (SHIPPED.parents[1] / "docs" / "install-by-hand.md").read_text(encoding="utf-8")
    indented = re.search(
        r"^    make_password\(\) \{.*?^    make_password pi-1 sensors$", guide, re.DOTALL | re.MULTILINE
    )
    assert indented is not None
    script = indented[0].replace("sudo ", "").replace("/etc/", f"{tmp_path}/")
    credentials = tmp_path / "vigie" / "credentials"
    credentials.mkdir(parents=True)
    chosen = free_port()
    (tmp_path / "mosquitto").mkdir()
    configuration = write_configuration(tmp_path / "mosquitto", chosen)
    passwords = tmp_path / "mosquitto" / "vigie.passwd"
    passwords.write_text("")
    subprocess.run(["sh", "-ec", script], check=True, capture_output=True, env={"PATH": PATH}, timeout=30)
    secret = (credentials / "sensors").read_text().strip()
    assert secret not in passwords.read_text(), "the broker's file holds hashes"
    assert {path.name for path in credentials.iterdir()} == {"gateway", "sensors"}
    assert (credentials / "sensors").stat().st_mode & 0o777 == 0o600
    broker = start(configuration, chosen)
    try:
        with Client(chosen, "pi-1", secret=secret) as node, Client(chosen, "gateway", secret=secret) as wrong:
            assert node.connected.value == SUCCESS
            assert wrong.connected.is_failure
    finally:
        broker.terminate()
        broker.wait(10)
