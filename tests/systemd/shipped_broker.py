"""The broker as installed: our shipped files, with a test's own folder and ports, on the real Mosquitto."""

from __future__ import annotations

import os
import queue
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Self

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from vigie_gateway.certificates.authority import certify_for_nodes, make_authority
from vigie_gateway.nodes.password_file import hashed

SHIPPED = Path(__file__).resolve().parents[2] / "systemd" / "mosquitto"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
MOSQUITTO = shutil.which("mosquitto", path=PATH)
NODES = ("pi-accueil", "pi-salle")
SUCCESS, NOT_AUTHORISED, NOBODY_LISTENS = 0x00, 0x87, 0x10

needs_mosquitto = pytest.mark.skipif(MOSQUITTO is None, reason="Mosquitto is missing: apt-get install mosquitto")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def write_configuration(folder: Path, port: int, lan_port: int | None = None) -> Path:
    """Our files, as Debian's own mosquitto.conf includes them, with this test's paths and ports."""
    (folder / "conf.d").mkdir(parents=True)
    passwords = folder / "vigie.passwd"
    passwords.write_text("".join(f"{hashed(user, f'secret-{user}')}\n" for user in ("gateway", *NODES)))
    passwords.chmod(0o600)
    shutil.copy(SHIPPED / "vigie.acl", folder)
    (folder / "vigie.acl").chmod(0o600)
    for name in ("vigie.conf", *(() if lan_port is None else ("vigie-lan.conf",))):
        text = (SHIPPED / name).read_text().replace("/etc/mosquitto", str(folder))
        for shipped, ours in (
            ("listener 1883", f"listener {port}"),
            ("listener 8883", f"listener {lan_port} 127.0.0.1"),
        ):
            text = text.replace(shipped, ours)
        (folder / "conf.d" / name).write_text(text)
    # What Debian's file says before the include, and root only in a test that root runs.
    user = "user root\n" if os.geteuid() == 0 else ""
    main = folder / "mosquitto.conf"
    main.write_text(f"{user}persistence true\npersistence_location {folder}/\ninclude_dir {folder}/conf.d\n")
    return main


def write_certificates(folder: Path) -> Path:
    """Of an authority of the test's own; returns the file that nodes trust."""
    certificates, authority = folder / "certs", make_authority("lieu", ["localhost"])
    certificates.mkdir()
    server = certify_for_nodes(authority, ["localhost", "127.0.0.1"])
    (certificates / "vigie.crt").write_bytes(server.certificate)
    (certificates / "vigie.key").write_bytes(server.key)
    (certificates / "ca.crt").write_bytes(authority.certificate)
    (certificates / "ca.key").write_bytes(authority.key)
    return certificates / "ca.crt"


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


class ShippedBroker:
    """One that runs, with its listener for nodes elsewhere in the place.

    Attributes:
        port: Of the loopback.
        lan_port: With TLS.
        ca_file: What nodes trust.
        configuration: Its first file.
    """

    def __init__(self, folder: Path) -> None:
        self.port, self.lan_port = free_port(), free_port()
        self.configuration = write_configuration(folder, self.port, self.lan_port)
        self.ca_file = write_certificates(folder)

    def __enter__(self) -> Self:
        self.process = start(self.configuration, self.port)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(10)

    def node(self, user: str | None, client_id: str = "", secret: str = "") -> Client:
        """A client that comes in by the listener with TLS."""
        return Client(self.lan_port, user, client_id, ca_file=self.ca_file, secret=secret)

    def gateway(self) -> Client:
        """The gateway, on the loopback."""
        return Client(self.port, "gateway", "gateway")


class Client:
    """A paho client that waits for each answer; one that was thrown out stays out."""

    def __init__(
        self, port: int, user: str | None, client_id: str = "", *, ca_file: Path | None = None, secret: str = ""
    ) -> None:
        self.answers: queue.Queue[ReasonCode] = queue.Queue()
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.lost: queue.Queue[ReasonCode] = queue.Queue()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5, reconnect_on_failure=False
        )
        self.client.on_connect = lambda _c, _d, _f, code, _p: self.answers.put(code)
        self.client.on_publish = lambda _c, _d, _m, code, _p: self.answers.put(code)
        self.client.on_subscribe = lambda _c, _d, _m, codes, _p: self.answers.put(codes[0])
        self.client.on_message = lambda _c, _d, message: self.heard.put((message.topic, bytes(message.payload)))
        self.client.on_disconnect = lambda _c, _d, _f, code, _p: self.lost.put(code)
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
