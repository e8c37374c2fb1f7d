"""From a door that stands open to what is seen of it without internet: a pin of a node, and a lamp of the place's own.

Real broker with the rights that are shipped, a gateway as a process, and a node whose pins alone are mocks.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory
from paho.mqtt.enums import CallbackAPIVersion
from tests.sensors.wire import conftest as wire
from tests.sensors.wire.conftest import PATIENCE_S, Broker, RightClock, wait_until

from vigie_contract import topics
from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.broker import free_port
from vigie_sensors.config import load_config
from vigie_sensors.daemon import Daemon
from vigie_sensors.drivers import lamp
from vigie_sensors.registry import Registry
from vigie_sensors.rhythm import Rhythm

SHIPPED_RIGHTS = Path(__file__).resolve().parents[2] / "systemd" / "mosquitto" / "vigie.acl"
DOOR_PIN, LAMP_PIN = 17, 24
LAMP_TOPIC = "cmnd/lampe-accueil/POWER"

SITE = """
id = "place"
name = "Place"
timezone = "Europe/Paris"
languages = ["en"]
[alerts]
group_wait = 0
[[rooms]]
id = "hall"
name = "Hall"
seats = 9
[[rules]]
id = "door"
channel = "pi.door"
above = 0.5
for = 0
severity = "outage"
[[told]]
id = "desk"
name = "Desk"
by = ["lamp"]
"""
NOTIFIERS = f"""
[notifiers.lamp]
kind = "mqtt"
topic = "{LAMP_TOPIC}"
on = "ON"
off = "OFF"
unknown = "BLINK"
"""


class Listener:
    """Somebody on the broker who hears one topic."""

    def __init__(self, port: int, user: str, topic: str) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{user}")
        self._client.username_pw_set(user)
        self._client.on_message = lambda _client, _data, message: self.hear(bytes(message.payload))
        self._client.connect("127.0.0.1", port)
        self._client.subscribe(topic, qos=1)
        self._client.loop_start()

    def hear(self, payload: bytes) -> None:
        """On paho's thread."""

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Lamp(Listener):
    """A lamp in the hall that does what it is told."""

    def __init__(self, port: int) -> None:
        self._told: queue.Queue[str] = queue.Queue()
        super().__init__(port, "lamp", LAMP_TOPIC)

    def hear(self, payload: bytes) -> None:
        self._told.put(payload.decode())

    def does(self, expected: str) -> None:
        """Wait until it is told so: it may be told the same again."""
        while self._told.get(timeout=PATIENCE_S) != expected:
            pass


class Reports(Listener):
    """What the node says that its lamp shows; before it has said anything, an empty text."""

    def __init__(self, port: int) -> None:
        self.last: bool | str | None = ""
        super().__init__(port, "gateway", topics.data("place", "pi"))

    def hear(self, payload: bytes) -> None:
        for record in json.loads(payload):
            if record["n"] == "light":
                self.last = record.get("vb")


class House:
    """Broker, gateway and node of a place whose door is on a pin."""

    def __init__(self, folder: Path, pins: MockFactory) -> None:
        self._pins = pins
        rights = SHIPPED_RIGHTS.read_text(encoding="utf-8")
        rights = rights.replace("user gateway\n", f"user gateway\ntopic write {LAMP_TOPIC}\n")
        (folder / "acl").write_text(f"{rights}\nuser lamp\ntopic read {LAMP_TOPIC}\n", encoding="utf-8")
        self.broker = Broker(folder, ["allow_anonymous true", f"acl_file {folder}/acl"])
        self.broker.start()
        (folder / "any").write_text("any: this broker tells its users apart by their names alone\n", encoding="utf-8")
        accounts = Accounts(folder / "accounts.db")
        self._token = accounts.add_token("desk", "correct", time.time() + 3_600, "test", time.time())
        accounts.close()
        self._port = free_port()
        self._reports = Reports(self.broker.port)
        self.gateway = self._gateway(folder)
        self._stop = threading.Event()
        self._node = threading.Thread(target=self._daemon(folder).run)

    def _gateway(self, folder: Path) -> subprocess.Popen[bytes]:
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        (folder / "notifiers.toml").write_text(NOTIFIERS, encoding="utf-8")
        (folder / "notifiers.toml").chmod(0o600)
        (folder / "gateway.toml").write_text(
            f'site = "{folder}/site.toml"\n[broker]\nport = {self.broker.port}\npassword_file = "{folder}/any"\n'
            f"[http]\nport = {self._port}\n"
            f'[store]\npath = "{folder}/vigie.db"\n[notify]\nfile = "{folder}/notifiers.toml"\n',
            encoding="utf-8",
        )
        # The kernel of a test machine may not know whether its clock is right; a simulated one is.
        clock = SimulatedClock(time.time(), time.monotonic(), 1.0)
        with (folder / "gateway.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "vigie_gateway", "run", "--config", str(folder / "gateway.toml")],
                env=os.environ | {CLOCK_VARIABLE: clock.to_environment()},
                stderr=log,
            )

    def _daemon(self, folder: Path) -> Daemon:
        file = folder / "sensors.toml"
        file.write_text(
            f'site = "place"\nnode = "pi"\n[broker]\nhost = "127.0.0.1"\nport = {self.broker.port}\n'
            'password_file = "any"\n'
            f'[journal]\ndirectory = "{folder}/journal"\n'
            f'[[sensors]]\nname = "door"\ndriver = "contact"\nperiod_s = 0.2\npin = {DOOR_PIN}\nopens_closed = true\n'
            f'[[sensors]]\nname = "light"\ndriver = "lamp"\nperiod_s = 0.2\npin = {LAMP_PIN}\n',
            encoding="utf-8",
        )
        (folder / "journal").mkdir()
        return Daemon(load_config(file, Registry()), Registry(), RightClock(), self._stop)

    def open_door(self) -> None:
        """The contact closes its pin to ground."""
        self._pins.pin(DOOR_PIN).drive_low()

    def start_node(self) -> None:
        """With the door shut."""
        self._node.start()

    def shows(self, value: bool | None) -> None:
        """Wait until the node reports that its lamp is lit, is dark, or shows that it does not know; and so it is."""
        wait_until(lambda: self._reports.last == value, f"the lamp of the node is {value}")
        if value is None:
            before = self._changes()
            wait_until(lambda: self._changes() >= before + 3, "it flashes")
        else:
            wait_until(lambda: bool(self._pins.pin(LAMP_PIN).state) is value)

    def _changes(self) -> int:
        return len(self._pins.pin(LAMP_PIN).states)

    def take_in_hand(self) -> None:
        (alert,) = self.asked("/api/v1/alerts?state=current")
        self.asked(f"/api/v1/alerts/{alert['number']}/acknowledge", b"{}")

    def asked(self, path: str, body: bytes | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", body, headers)
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - this test's own gateway
            return json.load(answer)

    def end_gateway(self, number: int) -> None:
        self.gateway.send_signal(number)
        self.gateway.wait(20)

    def close(self) -> None:
        self._stop.set()
        self._node.join()
        self._reports.close()
        self.end_gateway(signal.SIGKILL)
        self.broker.kill()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(lamp, "UNKNOWN", Rhythm(0.05, 0.05))
    pins = MockFactory()
    monkeypatch.setattr(Device, "pin_factory", pins)
    made = House(tmp_path, pins)
    yield made
    made.close()
    pins.close()


def test_an_alert_lights_the_pin_of_a_node_until_somebody_has_it_and_a_killed_gateway_makes_it_flash(
    house: House,
) -> None:
    house.start_node()
    house.shows(None)
    house.shows(False)
    house.open_door()
    house.shows(True)
    house.take_in_hand()
    house.shows(False)
    house.end_gateway(signal.SIGKILL)
    house.shows(None)


def test_an_alert_lights_the_lamp_of_the_place_until_somebody_has_it_and_it_shows_that_the_gateway_stopped(
    house: House,
) -> None:
    hall = Lamp(house.broker.port)
    house.start_node()
    hall.does("OFF")
    house.shows(False)
    house.open_door()
    hall.does("ON")
    house.take_in_hand()
    hall.does("OFF")
    house.end_gateway(signal.SIGTERM)
    hall.does("BLINK")
    house.shows(None)
    hall.close()


@pytest.mark.long
def test_a_gateway_that_hangs_makes_the_pin_flash_until_it_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "PATIENCE_S", 120.0)  # the broker takes 45 s to miss it, and the node 90 s
    house.start_node()
    house.shows(False)
    house.gateway.send_signal(signal.SIGSTOP)
    house.shows(None)
    house.gateway.send_signal(signal.SIGCONT)
    house.shows(False)
