"""Home Assistant itself hears of the place: what appears there, follows what changes, and goes with the gateway.

Only when asked for (``./run test --peers``): the real one, its own environment, a real broker and a real gateway.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.bench import load
from tests.peers.home_assistant import HomeAssistant, PeerError, installed
from tests.sensors.wire.conftest import wait_until

from vigie_contract import topics
from vigie_contract.messages import Birth, Channel, encode_birth
from vigie_contract.quantities import INTERNET_ACCESS, QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.broker import GATEWAY_USER, HOME_ASSISTANT_USER, Mosquitto, find_mosquitto, make_passwords
from vigie_gateway.doctor import running
from vigie_gateway.recording.wire import Wire
from vigie_gateway.settings import BrokerSettings, HttpSettings

pytestmark = [
    pytest.mark.peers,
    pytest.mark.slow,
    pytest.mark.timeout(1_200),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
SITE, NODE = "place", "pi"
PLACE = f"""
id = "{SITE}"
name = "Place"
timezone = "Europe/Paris"
languages = ["en"]
[[rooms]]
id = "hall"
name = "Hall"
seats = 9
[[rooms]]
id = "loft"
name = "Loft"
seats = 4
[[doors]]
id = "entrance"
between = ["outside", "hall"]
in = "pi.door-in"
out = "pi.door-out"
[[doors]]
id = "stairs"
between = ["outside", "loft"]
in = "pi.stairs-in"
out = "pi.stairs-out"
[[circuits]]
id = "main"
name = "Main"
max_power_va = 9000
power = "pi.main-va"
[[outlets]]
room = "hall"
circuit = "main"
ids = ["p1", "p2"]
in_use = "pi.{{id}}-in-use"
power = "pi.{{id}}-va"
[[wifi]]
rooms = ["hall"]
latency = "pi.latency"
[[uplinks]]
id = "fibre"
name = "Fibre"
portal = "pi.portal"
"""
QUANTITY_BY_CHANNEL = {
    "door-in": "people_in",
    "door-out": "people_out",
    "main-va": "apparent_power",
    "p1-in-use": "in_use",
    "p2-in-use": "in_use",
    "p1-va": "apparent_power",
    "p2-va": "apparent_power",
    "latency-p50": "latency_p50",
    "latency-p95": "latency_p95",
    "latency-loss": "loss",
    "latency-jitter": "jitter",
    "portal": "internet_access",
}
KNOWN = {
    "main-va": 5_380.0,
    "p1-in-use": 1.0,
    "p2-in-use": 0.0,
    "p1-va": 460.0,
    "p2-va": 0.0,
    "latency-p50": 9.0,
    "latency-p95": 12.0,
    "latency-loss": 0.0,
    "latency-jitter": 1.0,
    "portal": float(INTERNET_ACCESS.index("open")),
}
COUNT = {"state_class": "measurement"}
POWER = {"state_class": "measurement", "device_class": "apparent_power", "unit_of_measurement": "VA"}
WIFI = {"device_class": "enum", "options": ["video", "web", "slow", "down"]}
TOLD: dict[str, tuple[str, dict[str, Any]]] = {
    "Place People": ("3", COUNT),
    "Place Free seats": ("6", COUNT),
    "Place Free outlets": ("1", COUNT),
    "Place Power": ("5380", POWER),
    "Place Wi-Fi": ("video", WIFI),
    "Place Internet": ("on", {"device_class": "connectivity"}),
    "Place Alerts": ("0", COUNT),
    "Place Hall – People": ("3", COUNT),  # noqa: RUF001 - as the announcement writes it
    "Place Hall – Free seats": ("6", COUNT),  # noqa: RUF001 - as above
    "Place Hall – Free outlets": ("1", COUNT),  # noqa: RUF001 - as above
    "Place Hall – Power": ("460", POWER),  # noqa: RUF001 - as above
    "Place Hall – Wi-Fi": ("video", WIFI),  # noqa: RUF001 - as above
    "Place Loft – People": ("unknown", COUNT),  # noqa: RUF001 - as above
    "Place Loft – Free seats": ("unknown", COUNT),  # noqa: RUF001 - as above
}
"""What is to stand there with three people in the hall and nothing heard of the loft: the state, and what says its
meaning."""
STATES = {name: state for name, (state, _) in TOLD.items()}
MEANINGS = {"state_class", "device_class", "unit_of_measurement", "options"}


@dataclass
class Node:
    """The place's one node, as the wire knows it."""

    wire: Wire
    said: int = 0

    def begin(self) -> None:
        """Say who it is, and that nobody has come yet."""
        channels = tuple(
            Channel(name, quantity, 600.0, labels=INTERNET_ACCESS if quantity == "internet_access" else ())
            for name, quantity in QUANTITY_BY_CHANNEL.items()
        )
        birth = encode_birth(Birth("test 1", "0" * 32, channels))
        self.wire.publish(topics.about(SITE, NODE), birth, is_retained=True)
        self.wire.publish(topics.status(SITE, NODE), b"online", is_retained=True)
        self.tell({"door-in": 0.0, "door-out": 0.0, **KNOWN}, ago_s=60.0)

    def tell(self, values: dict[str, float], *, ago_s: float = 0.0) -> None:
        """A reading of each; nobody is counted who is said to have come in no time."""
        now_ts = time.time() - ago_s
        readings = [
            (QUANTITIES[QUANTITY_BY_CHANNEL[name]], Reading(name, now_ts, value)) for name, value in values.items()
        ]
        pack = encode_pack(SITE, NODE, "journal", self.said + 1, 1, readings)
        self.said += len(readings)
        self.wire.publish(topics.data(SITE, NODE), pack, is_retained=False)


class Gateway:
    """A gateway as a process, which may die and come back."""

    def __init__(self, folder: Path, broker: Mosquitto) -> None:
        site = folder / "site.toml"
        site.write_text(PLACE, encoding="utf-8")
        self._folder = folder
        self._config, self._port = load.write_config(folder, broker, f'site = "{site}"')
        with self._config.open("a", encoding="utf-8") as file:
            file.write("commit_interval_s = 0.1\n[home_assistant]\nenabled = true\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return when it answers."""
        command = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(self._config)]
        with (self._folder / "gateway.log").open("ab") as log:
            process = self._process = subprocess.Popen(command, stdout=log, stderr=log)
        load.wait_for(self._port, lambda: process.poll() is None)
        wait_until(self._is_listening, "the gateway reaches its broker")

    def _is_listening(self) -> bool:
        return bool(running.ask(HttpSettings(port=self._port))["parts"]["broker"]["status"] == "pass")

    def kill(self) -> None:
        """It dies, and says nothing more; safe to call twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@dataclass
class World:
    """Everything that takes part."""

    node: Node
    gateway: Gateway
    home: HomeAssistant

    def come_to_be(self, wanted: dict[str, str]) -> None:
        """Wait until Home Assistant says so of these."""
        last: dict[str, str] = {}

        def is_so() -> bool:
            last.clear()
            last.update({name: state for name, state in self.home.states().items() if name in wanted})
            return last == wanted

        try:
            self.home.wait_for(is_so, "its entities")
        except AssertionError:
            assert last == wanted  # what differs, first
            raise


@pytest.fixture(scope="module")
def peer() -> tuple[str, Path]:
    """Home Assistant's version, and the Python that runs it."""
    try:
        return installed()
    except PeerError as error:
        pytest.skip(f"Home Assistant cannot be had here: {error}")


@pytest.fixture
def world(tmp_path: Path, peer: tuple[str, Path]) -> Iterator[World]:
    """The place with three people in its hall, as Home Assistant sees it."""
    with Mosquitto(tmp_path / "broker", SITE, make_passwords([GATEWAY_USER, HOME_ASSISTANT_USER, NODE])) as broker:
        settings = BrokerSettings(port=broker.port, username=NODE, password_file=str(broker.password_file(NODE)))
        gateway, home = Gateway(tmp_path, broker), HomeAssistant(peer[1], tmp_path / "home-assistant", broker)
        try:
            gateway.start()
            home.start()
            home.set_up()
            with Wire(settings) as wire:
                world = World(Node(wire), gateway, home)
                world.node.begin()
                world.node.tell({"door-in": 3.0})
                world.come_to_be(STATES)
                yield world
        finally:
            home.stop()
            gateway.kill()


def test_one_device_appears_with_every_entity_its_value_its_unit_and_its_class(world: World, peer: Any) -> None:
    entities = world.home.entities()
    ours = {name: one for name, one in entities.items() if name.startswith("Place ")}
    found = {
        name: (one["state"], {key: value for key, value in one["attributes"].items() if key in MEANINGS})
        for name, one in ours.items()
    }
    assert found == TOLD
    devices = {world.home.render(f"{{{{ device_id('{one['entity_id']}') }}}}") for one in ours.values()}
    (device,) = devices
    told = "".join(f"{{{{ device_attr('{device}', '{key}') }}}}|" for key in ("name", "manufacturer", "model"))
    assert world.home.render(told) == "Place|Vigie|main|"
    assert world.home.complaints() == []
    print(f"Home Assistant {peer[0]}: {len(found)} entities of one device")


def test_who_goes_in_is_seen_and_what_is_not_heard_stays_unknown(world: World) -> None:
    world.node.tell({"door-in": 8.0, "p2-in-use": 1.0, "p2-va": 40.0, "portal": 1.0})
    # When an alert fires is another matter.
    before = {name: state for name, state in STATES.items() if name != "Place Alerts"}
    world.come_to_be(
        before
        | {
            "Place People": "8",
            "Place Free seats": "1",
            "Place Free outlets": "0",
            "Place Internet": "off",
            "Place Wi-Fi": "down",
            "Place Hall – People": "8",  # noqa: RUF001 - as the announcement writes it
            "Place Hall – Free seats": "1",  # noqa: RUF001 - as above
            "Place Hall – Free outlets": "0",  # noqa: RUF001 - as above
            "Place Hall – Power": "500",  # noqa: RUF001 - as above
            "Place Hall – Wi-Fi": "down",  # noqa: RUF001 - as above
        }
    )
    assert world.home.complaints() == []


def test_a_dead_gateway_is_unavailable_and_all_is_there_again_after_either_comes_back(world: World) -> None:
    world.gateway.kill()
    world.come_to_be(dict.fromkeys(STATES, "unavailable"))
    world.gateway.start()
    world.node.tell(KNOWN)
    world.come_to_be(STATES)
    world.home.restart()
    world.come_to_be(STATES)
    assert world.home.complaints() == []
