"""What a node with a configuration of firmware/esphome announces is what Vigie reads; ESPHome itself takes each."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.firmware.esphome_node import Entity, Secret, entities, load, read_printed

from vigie_contract.quantities import QUANTITIES
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "firmware" / "esphome"
ESPHOME = "2026.6.5"
"""What the configurations were tried with; esphome_node.py writes its messages."""
AT_TS = 1_795_518_000.0

SAID: dict[str, dict[str, tuple[str, str, float]]] = {
    "motion": {"motion": ("occupied", "ON", 1.0)},
    "contact": {"door": ("open", "ON", 1.0)},
    "outlet": {
        "power": ("power", "61.4", 61.4),
        "current": ("current", "0.27", 0.27),
        "voltage": ("voltage", "231.0", 231.0),
        "energy": ("energy", "1250.0", 1250.0),
    },
    "air": {
        "co2": ("carbon_dioxide", "812", 812.0),
        "temperature": ("temperature", "21.5", 21.5),
        "humidity": ("humidity", "44", 44.0),
    },
    "presence": {"presence": ("occupied", "OFF", 0.0)},
}
"""Quantity, payload and value of each entity, by the configuration's name."""
SIGNAL = {"signal": ("rssi", "-61", -61.0)}

every_node = pytest.mark.parametrize("name", SAID)


def test_each_configuration_is_tried_here() -> None:
    files = {path.stem for path in FOLDER.glob("*.yaml")}
    assert files == set(SAID) | {"common", "secrets.example"}


def assert_read(node: dict[str, Any], name: str) -> None:
    """Each entity that the node announces, and its state, are read in the expected quantity; no other is there."""
    expected = SAID[name] | SIGNAL
    found: list[Entity] = list(entities(node))
    assert {entity.object_id for entity in found} == set(expected)
    decoding = Decoding()
    for entity in found:
        quantity, payload, value = expected[entity.object_id]
        topic, announced = entity.announcement()
        told = decoding.decode(Message(topic, announced.encode(), AT_TS, is_retained=True))
        assert told.refusal is None
        [known] = told.entities
        assert (known.quantity, known.trouble) == (quantity, None)
        assert entity.state_topic in told.listen
        [measure] = decoding.decode(Message(entity.state_topic, payload.encode(), AT_TS, is_retained=False)).measures
        assert measure.value == pytest.approx(value)
        assert QUANTITIES[quantity].low <= value <= QUANTITIES[quantity].high


@every_node
def test_what_it_announces_is_read_with_its_quantity(name: str) -> None:
    assert_read(load(FOLDER / f"{name}.yaml"), name)


@every_node
def test_it_speaks_with_the_broker_alone_over_tls_and_takes_no_command(name: str) -> None:
    node = load(FOLDER / f"{name}.yaml")
    assert node["mqtt"]["port"] == 8883
    assert isinstance(node["mqtt"]["certificate_authority"], Secret)
    assert not {"api", "web_server"} & set(node)
    assert all(switch.get("internal") for switch in node.get("switch", ()))


def test_every_password_is_the_places_own() -> None:
    node = load(FOLDER / "motion.yaml")
    told = (node["wifi"]["password"], node["ota"][0]["password"], node["mqtt"]["password"])
    assert all(isinstance(password, Secret) for password in told)


@pytest.fixture(scope="session")
def esphome() -> Path:
    """The program, in an environment of its own that is kept; none of the project's dependencies are in it."""
    folder = ROOT / ".vigie" / f"esphome-{ESPHOME}"
    if not (folder / "bin" / "esphome").exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", f"esphome=={ESPHOME}"]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(folder)
            pytest.skip(f"ESPHome {ESPHOME} cannot be had here: {done.stderr.strip().splitlines()[-1]}")
    return folder / "bin" / "esphome"


@pytest.mark.long
@pytest.mark.timeout(900)
@every_node
def test_esphome_takes_it_and_its_node_would_be_read(esphome: Path, name: str, tmp_path: Path) -> None:
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "secrets.example.yaml").rename(tmp_path / "secrets.yaml")
    command = [str(esphome), "config", f"{name}.yaml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Configuration is valid" in done.stderr
    assert_read(read_printed(done.stdout), name)
