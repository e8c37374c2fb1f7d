"""A node trusts the place's authority and nobody else, with MicroPython's own TLS against the real broker's."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
import trustme
from tests.firmware.interpreters import run_there
from tests.sensors.wire.conftest import Broker
from tests.systemd.shipped_broker import ShippedBroker, needs_mosquitto

CODE = """
import json
from vigie_node.mqtt import Client, MqttError
from vigie_node.trust import context
port, pem = json.loads(sys.stdin.readline())
try:
    client = Client("localhost", port, "pico-1", "", "vigie/1/lieu/pico-1/status", 30, context(pem.encode()))
    client.subscribe("vigie/1/lieu/pico-1/data")
    for number in range(20):
        client.publish("vigie/1/lieu/pico-1/data", b"x" * 1500)
    heard = 0
    while heard < 20:
        heard += len(client.received())
    print("heard", heard)
except MqttError as error:
    print("refused", error)
"""


@pytest.mark.parametrize("name", ["micropython", "cpython"])
def test_only_a_broker_of_the_places_authority_is_spoken_with(name: str, tmp_path: Path) -> None:
    own = trustme.CA()
    certificate = own.issue_cert("localhost", not_after=dt.datetime(2060, 1, 1, tzinfo=dt.UTC))
    certificate.private_key_pem.write_to_path(str(tmp_path / "key"))
    certificate.cert_chain_pems[0].write_to_path(str(tmp_path / "cert"))
    broker = Broker(tmp_path, ["allow_anonymous true", f"certfile {tmp_path}/cert", f"keyfile {tmp_path}/key"])
    broker.start()
    try:
        said = {
            whose: run_there(name, CODE, json.dumps([broker.port, authority.cert_pem.bytes().decode()]) + "\n")
            for whose, authority in (("own", own), ("another", trustme.CA()))
        }
    finally:
        broker.kill()
    assert said["own"] == "heard 20\n"
    assert said["another"].startswith("refused")


INSTALLED = """
import json
from vigie_node.mqtt import Client
from vigie_node.trust import context
port, pem = json.loads(sys.stdin.readline())
tls = context(pem.encode())
Client("localhost", port, "pi-accueil", "secret-pi-accueil", "vigie/1/lieu/pi-accueil/status", 30, tls)
print("in")
"""


@needs_mosquitto
@pytest.mark.parametrize("name", ["micropython", "cpython"])
def test_a_board_comes_in_at_the_broker_as_installed(name: str, tmp_path: Path) -> None:
    """By an authority of ours, with a name constraint that MicroPython does not know, and refuses when critical."""
    with ShippedBroker(tmp_path) as broker:
        given = json.dumps([broker.lan_port, broker.ca_file.read_text()])
        assert run_there(name, INSTALLED, given + "\n") == "in\n"
