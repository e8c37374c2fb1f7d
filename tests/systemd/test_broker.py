"""The shipped broker configuration starts on the real broker, and lets each user say and hear its own and no more."""

import os
import queue
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from vigie_contract import topics

SHIPPED = Path(__file__).resolve().parents[2] / "systemd" / "mosquitto"
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
MOSQUITTO = shutil.which("mosquitto", path=_PATH)
PASSWD = shutil.which("mosquitto_passwd", path=_PATH)

pytestmark = pytest.mark.skipif(
    MOSQUITTO is None or PASSWD is None, reason="Mosquitto is missing: apt-get install mosquitto"
)
NODES = ("pi-accueil", "pi-salle")
SUCCESS, NOT_AUTHORISED, NOBODY_LISTENS = 0x00, 0x87, 0x10


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def write_configuration(folder: Path, port: int, *more: str) -> Path:
    """Our files, as Debian's own mosquitto.conf includes them, with this test's paths and port."""
    (folder / "conf.d").mkdir(parents=True)
    passwords = folder / "vigie.passwd"
    passwords.write_text("".join(f"{user}:secret-{user}\n" for user in ("gateway", *NODES)))
    passwords.chmod(0o600)
    subprocess.run([str(PASSWD), "-U", str(passwords)], check=True, capture_output=True, timeout=20)
    shutil.copy(SHIPPED / "vigie.acl", folder)
    (folder / "vigie.acl").chmod(0o600)
    for name in ("vigie.conf", *more):
        text = (SHIPPED / name).read_text().replace("/etc/mosquitto", str(folder))
        (folder / "conf.d" / name).write_text(text.replace("listener 1883", f"listener {port}"))
    # What Debian's file says before the include, and root only in a test that root runs.
    user = "user root\n" if os.geteuid() == 0 else ""
    main = folder / "mosquitto.conf"
    main.write_text(f"{user}persistence true\npersistence_location {folder}/\ninclude_dir {folder}/conf.d\n")
    return main


def start(configuration: Path, port: int) -> subprocess.Popen[bytes]:
    with (configuration.parent / "log").open("wb") as log:
        broker = subprocess.Popen([str(MOSQUITTO), "-c", str(configuration)], stdout=log, stderr=log)
    for _ in range(200):
        if broker.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return broker
    broker.kill()
    broker.wait()
    pytest.fail(f"the broker did not start: {(configuration.parent / 'log').read_text()}")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    chosen = free_port()
    broker = start(write_configuration(tmp_path, chosen), chosen)
    yield chosen
    broker.terminate()
    broker.wait(10)


class Client:
    """A paho client that waits for each answer."""

    def __init__(
        self, port: int, user: str | None, client_id: str = "", *, ca_file: Path | None = None, secret: str = ""
    ) -> None:
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        self.client.on_connect = lambda _c, _d, _f, code, _p: self.answers.put(code)
        self.client.on_publish = lambda _c, _d, _m, code, _p: self.answers.put(code)
        self.client.on_subscribe = lambda _c, _d, _m, codes, _p: self.answers.put(codes[0])
        self.client.on_message = lambda _c, _d, message: self.heard.put((message.topic, bytes(message.payload)))
        if user is not None:
            self.client.username_pw_set(user, secret or f"secret-{user}")
        if ca_file is not None:
            self.client.tls_set(ca_certs=str(ca_file), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.client.connect("127.0.0.1" if ca_file is None else "localhost", port, clean_start=True)
        self.client.loop_start()
        self.connected = self.answers.get(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def publish(self, topic: str, payload: bytes = b"x", *, retain: bool = False) -> int:
        self.client.publish(topic, payload, qos=1, retain=retain)
        return int(self.answers.get(timeout=10).value)

    def subscribe(self, topic: str) -> int:
        self.client.subscribe(topic, options=SubscribeOptions(qos=1))
        return int(self.answers.get(timeout=10).value)


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
    with Client(port, "gateway") as gateway, Client(port, "pi-accueil") as node, Client(port, "pi-other") as other:
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


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is missing")
def test_nodes_elsewhere_in_the_place_come_in_encrypted(tmp_path: Path) -> None:
    plain, encrypted = free_port(), free_port()
    configuration = write_configuration(tmp_path, plain, "vigie-lan.conf")
    lan = tmp_path / "conf.d" / "vigie-lan.conf"
    lan.write_text(lan.read_text().replace("listener 8883", f"listener {encrypted} 127.0.0.1"))
    certificates = tmp_path / "certs"
    certificates.mkdir()
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(certificates / "vigie.key"), "-out", str(certificates / "vigie.crt")),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    broker = start(configuration, plain)
    try:
        certificate = certificates / "vigie.crt"
        with Client(encrypted, "pi-accueil", ca_file=certificate) as node:
            assert node.publish(topics.data("lieu", "pi-accueil")) == NOBODY_LISTENS
        with (
            Client(plain, "gateway", "gateway") as gateway,
            Client(encrypted, "pi-accueil", "gateway", ca_file=certificate) as thief,
        ):
            assert gateway.subscribe(topics.all_nodes("lieu", "data")) == 1, "the gateway was thrown out"
            assert thief.publish(topics.data("lieu", "pi-accueil")) == SUCCESS
    finally:
        broker.terminate()
        broker.wait(10)


def test_the_passwords_of_the_install_guide_let_their_users_in(tmp_path: Path) -> None:
    """The very commands of docs/install.md, in a folder of this test instead of /etc."""
    guide = (SHIPPED.parents[1] / "docs" / "install.md").read_text(encoding="utf-8")
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
    subprocess.run(["sh", "-ec", script], check=True, capture_output=True, env={"PATH": _PATH}, timeout=30)
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
