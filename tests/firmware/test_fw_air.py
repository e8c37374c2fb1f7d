"""Carbon dioxide, temperature and humidity, from the bytes on the bus to what the node says of them."""

from __future__ import annotations

import json

import pytest
from tests.firmware.interpreters import run_there

from vigie_node.config import Config
from vigie_node.scd4x import crc

CODE = """
import json
from vigie_node.boards.board import Board, I2c
from vigie_node.scd4x import crc
from vigie_node.sensors import Air

class Sensor(I2c):
    # What the datasheet says of an SCD4x: idle until it is started, deaf while it measures to all but three commands.
    def __init__(self, is_measuring):
        self.is_there, self.is_measuring, self.is_ready, self.flip = True, is_measuring, True, 0
        self.words, self.heard = (500, 0x6667, 0x5EB9), []
    def writeto(self, address, data):
        command = data[0] << 8 | data[1]
        self.heard.append(command)
        if not self.is_there or address != 0x62 or self.is_measuring and command == 0x21B1:
            raise OSError(19)
        self.is_measuring = command == 0x21B1 or self.is_measuring and command != 0x3F86
    def readfrom(self, address, count):
        if not self.is_there:
            raise OSError(19)
        ready = self.is_ready and self.is_measuring
        words = self.words if self.heard[-1] == 0xEC05 else (0x8006 if ready else 0x8000,)
        raw = b"".join([bytes((one >> 8, one & 255)) for one in words])
        out = b"".join([raw[at:at + 2] + bytes((crc(raw[at:at + 2]),)) for at in range(0, len(raw), 2)])
        assert len(out) == count
        return out[:-1] + bytes((out[-1] ^ self.flip,))

class Bench(Board):
    def i2c(self, sda, scl):
        assert (sda, scl) == (4, 5)
        return sensor
    def sleep_ms(self, duration_ms):
        pass

sensor, now_ms = Sensor(True), 0
air = Air({"sda": 4, "scl": 5}, 0)
for step in json.loads(sys.stdin.read()):
    for name, value in step.items():
        setattr(sensor, name, value)
    now_ms += 10_000
    print(json.dumps([[None if one is None else round(one, 2), why] for one, why in air.say(now_ms, Bench())]))
"""
MEASURED = [[500, ""], [25.0, ""], [37.0, ""]]
INTERPRETERS = pytest.mark.parametrize("name", ["micropython", "webassembly", "cpython"])


def unknown(why: str) -> list[list[str | None]]:
    return [[None, why]] * 3


def said(name: str, *steps: dict[str, object]) -> list[object]:
    """What it says each ten seconds; before each, what is changed of the sensor."""
    return [json.loads(line) for line in run_there(name, CODE, json.dumps(steps)).splitlines()]


@INTERPRETERS
def test_a_sensor_that_was_measuring_before_the_board_started_is_stopped_started_and_read(name: str) -> None:
    assert said(name, {}, {}, {}) == [unknown("starting"), unknown("starting"), MEASURED]


@INTERPRETERS
def test_what_is_not_known_says_why_and_what_is_not_new_says_nothing(name: str) -> None:
    found = said(
        name, {}, {}, {"is_ready": False}, {"is_ready": True, "flip": 4}, {"flip": 0}, {"is_there": False},
        {"is_there": True, "is_measuring": False}, {}, {"words": [0, 0x6667, 0x5EB9]},
    )  # fmt: skip
    assert found[2:6] == [[], unknown("failed"), MEASURED, unknown("absent")]
    assert found[6:8] == [unknown("starting"), unknown("starting")]
    assert found[8] == [[None, "out-of-range"], *MEASURED[1:]]


def test_a_sensor_that_lost_its_supply_between_two_looks_is_started_again() -> None:
    found = said("cpython", {}, {}, {}, {"is_measuring": False}, {}, {}, {}, {}, {})
    assert found[3:] == [[], [], unknown("failed"), unknown("starting"), unknown("starting"), MEASURED]


def test_the_check_is_the_datasheets() -> None:
    assert crc(b"\xbe\xef") == 0x92


def test_it_is_a_sensor_of_node_json() -> None:
    one = {
        "site": "s", "node": "n", "password": "p", "brokers": [{"host": "h", "port": 1}], "gateways": ["g"],
        "sensors": [{"kind": "air", "id": "salle", "sda": 4, "scl": 5}],
    }  # fmt: skip
    channels = [(channel["id"], channel["quantity"]) for channel in Config(json.dumps(one)).sensors[0].channels()]
    assert channels == [
        ("salle-co2", "carbon_dioxide"), ("salle-temperature", "temperature"), ("salle-humidity", "humidity")
    ]  # fmt: skip
