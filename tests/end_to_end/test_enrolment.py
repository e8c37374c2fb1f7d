"""A node is let in by its code, heard by a real gateway through the broker as installed, listed, and put out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bench import load
from tests.gateway.conftest import SAMPLE_SITE
from tests.sensors.wire.conftest import wait_until
from tests.systemd.shipped_broker import Client, ShippedBroker, free_port, needs_mosquitto

from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.doctor import running
from vigie_gateway.settings import HttpSettings
from vigie_sensors.config import load_config
from vigie_sensors.registry import Registry

pytestmark = [needs_mosquitto, pytest.mark.long]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}


def gateway_command(*words: str) -> list[str]:
    return [sys.executable, "-m", "vigie_gateway", *words]


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=90, env=ENVIRONMENT, check=False)


class Gateway:
    """A gateway's machine: its broker, its process, its files."""

    def __init__(self, folder: Path) -> None:
        self.broker = ShippedBroker(folder / "mosquitto")
        self.authority = folder / "authority"
        self.config = folder / "gateway.toml"
        self.port = free_port()
        password = folder / "password"
        password.write_text("secret-gateway")
        self.database = folder / "vigie.db"
        self.config.write_text(
            f'site = "{SAMPLE_SITE}"\n[broker]\nport = {self.broker.port}\npassword_file = "{password}"\n'
            f'[http]\nport = {self.port}\n[store]\npath = "{self.database}"\ncommit_interval_s = 0.1\n'
        )
        load.vouch_for_clock(self.database)
        made = run(
            *gateway_command("certificates", "--config", str(self.config), "--authority", str(self.authority)),
            *("--broker", str(folder / "mosquitto" / "certs")),
        )
        assert made.returncode == 0, made.stderr

    def is_heard(self) -> bool:
        try:
            return bool(running.ask(HttpSettings(port=self.port))["status"])
        except (running.NoGatewayError, running.UntoldError):
            return False

    def node(self, *words: str) -> list[str]:
        return gateway_command("node", "--config", str(self.config), *words)

    def add(self, *words: str) -> subprocess.Popen[str]:
        command = self.node("add", *words, "--listen", "127.0.0.1", "--port", "0", "--authority", str(self.authority))
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=ENVIRONMENT)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    place = Gateway(tmp_path)
    with place.broker:
        process = subprocess.Popen(
            gateway_command("run", "--config", str(place.config)), stderr=subprocess.DEVNULL, env=ENVIRONMENT
        )
        wait_until(place.is_heard, "the gateway serves")
        yield place
        process.terminate()
        process.wait(20)


def invitation_of(adding: subprocess.Popen[str]) -> str:
    """What it prints for the node."""
    assert adding.stdout is not None
    for line in adding.stdout:
        if found := re.search(r"vigie-sensors enrol (\S+)", line):
            return found[1]
    pytest.fail("node add ended without an invitation")


def rest_of(adding: subprocess.Popen[str], *, is_ended: bool) -> str:
    """What it says until its end, which a test that has failed already does not wait for."""
    if is_ended:
        adding.terminate()
    return adding.communicate(timeout=30)[0]


def test_a_node_comes_in_by_its_code_is_heard_and_is_put_out(gateway: Gateway, tmp_path: Path) -> None:
    adding = gateway.add("pi-2")
    typed = invitation_of(adding)
    config = tmp_path / "node" / "sensors.toml"
    enrol = (sys.executable, "-m", "vigie_sensors", "--config", str(config), "enrol")
    enrolled = run(*enrol, typed)
    said = rest_of(adding, is_ended=enrolled.returncode != 0)
    assert (enrolled.returncode, enrolled.stderr) == (0, "")
    assert "pi-2 is heard, by 127.0.0.1" in enrolled.stdout
    assert adding.returncode == 0
    assert said.splitlines()[-1] == "pi-2 is heard: the gateway has acknowledged what it sent"
    node = load_config(config, Registry())
    assert (node.node, node.broker.port, node.broker.host) == ("pi-2", gateway.broker.lan_port, "127.0.0.1")
    assert node.broker.password_file is not None
    assert node.broker.password_file.stat().st_mode & 0o777 == 0o600
    secret = node.broker.password_file.read_text().strip()
    again = run(*enrol, typed)
    assert again.returncode == 1
    assert "nobody waits for a node at 127.0.0.1" in again.stderr
    listed = run(*gateway.node("list"))
    assert re.search(r"^pi-2\toffline, \d channels, vigie-sensors ", listed.stdout, re.MULTILINE), listed
    revoked = run(*gateway.node("revoke", "pi-2"))
    assert (revoked.returncode, revoked.stderr) == (0, "")
    with Client(gateway.broker.port, "pi-2", secret=secret) as late:
        assert late.connected.is_failure
    assert run(*gateway.node("revoke", "pi-2")).stderr == "there is no node pi-2: the nodes are pi-accueil, pi-salle\n"
    accounts = Accounts(gateway.database.with_name("accounts.db"))
    audited = [what for _, _, what in accounts.audit()]
    accounts.close()
    assert audited[:2] == ["node pi-2 put out", "node pi-2 let in"]
    assert not any(secret in path.read_text(errors="replace") for path in gateway.authority.parent.rglob("*.db*"))
