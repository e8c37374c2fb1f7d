"""``vigie-sensors``: list, once, check, and what each error does."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors import __main__ as program
from vigie_sensors.driver import REQUIRED, Context, Driver, DriverError, DriverSpec, Option, SensorConfig
from vigie_sensors.registry import DRIVERS, Registry

Sampler = Callable[[], list[Reading]]


class Fake:
    def __init__(self, sampler: Sampler) -> None:
        self.sampler = sampler

    def sample(self) -> list[Reading]:
        return self.sampler()

    def close(self) -> None:
        pass


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Reading | DriverError]:
    """What the one driver of these tests says, sample by sample; the last is repeated."""
    said: list[Reading | DriverError] = []

    def sample() -> list[Reading]:
        answer = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(answer, DriverError):
            raise answer
        return [answer]

    def channels(config: SensorConfig) -> tuple[Channel, ...]:
        return (
            Channel("desk-a", "current", 1.0),
            Channel("desk-s", "mains", 1.0),
            Channel("desk-c", "internet_access", 1.0, labels=("open", "portal", "none")),
        )

    def open_one(config: SensorConfig, context: Context) -> Driver:
        return Fake(sample)

    options = (Option("pin", "int", "BCM number", REQUIRED, low=2, high=27), Option("ratio", "float", "Turns", 0.5))
    spec = DriverSpec("clamp", "outlets", "A clamp", "Around one wire", options, 0.1, channels, open_one)

    class Clamps(Registry):
        def __init__(self) -> None:
            super().__init__({"clamp": "outlets"})

        def spec(self, name: str) -> DriverSpec:
            return spec

    monkeypatch.setattr(program, "Registry", Clamps)
    return said


@pytest.fixture(autouse=True)
def log_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sensors.toml"
    path.write_text(
        'site = "house"\nnode = "pi"\n[broker]\nhost = "127.0.0.1"\n[[sensors]]\nname = "desk"\ndriver = "clamp"\n'
        "pin = 4\n"
    )
    return path


def test_list_describes_every_driver_with_its_wiring(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["list"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name} ({kind}): " in said for name, kind in DRIVERS.items())
    assert said.count("\n  wiring: ") == len(DRIVERS)


def test_list_of_one_driver_tells_type_range_default_and_need(
    answers: list[Reading | DriverError], capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["list", "clamp"]) == 0
    said = capsys.readouterr().out
    assert "pin: BCM number (a whole number from 2 to 27; required)" in said
    assert "ratio: Turns (a number; default 0.5)" in said
    assert program.main(["list", "clump"]) == 2


def test_list_ends_quietly_when_its_reader_has_enough() -> None:
    command = [sys.executable, "-m", "vigie_sensors", "list"]
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_no_command_lets_a_broken_connection_end_the_whole_process(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGPIPE)
    assert program.main(["list"]) == 0
    assert signal.getsignal(signal.SIGPIPE) == before == signal.SIG_IGN


@pytest.mark.parametrize(
    ("reading", "said", "code"),
    [
        (Reading("desk-a", 1.0, 1.234), "desk-a: 1.23 A (current)\n", 0),
        (Reading("desk-s", 1.0, 0.0), "desk-s: no (mains)\n", 0),
        (Reading("desk-c", 1.0, 1.0), "desk-c: portal (internet_access)\n", 0),
        (Reading("desk-a", 1.0, None, "absent"), "desk-a: unknown: the hardware does not answer (current)\n", 1),
    ],
)
def test_once_prints_values_with_units_and_unknowns_in_words(
    answers: list[Reading | DriverError],
    file: Path,
    capsys: pytest.CaptureFixture[str],
    reading: Reading,
    said: str,
    code: int,
) -> None:
    answers.append(reading)
    assert program.main(["--config", str(file), "once", "desk"]) == code
    assert capsys.readouterr().out == said


def test_once_waits_for_a_sensor_that_is_starting(
    answers: list[Reading | DriverError], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers += [Reading("desk-a", 1.0, None, "starting"), Reading("desk-a", 2.0, 3.0)]
    assert program.main(["once", "desk", "--config", str(file)]) == 0
    assert capsys.readouterr().out == "desk-a: 3 A (current)\n"


def test_once_of_absent_hardware_is_one_clear_line_and_exit_1(
    answers: list[Reading | DriverError],
    file: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "8:1")
    answers.append(DriverError("no SPI on /dev/spidev0.0: enable it with sudo raspi-config nonint do_spi 0"))
    assert program.main(["--config", str(file), "once", "desk"]) == 1
    expected = "<3>no SPI on /dev/spidev0.0: enable it with sudo raspi-config nonint do_spi 0\n"
    assert capsys.readouterr().err == expected


def test_once_of_a_name_that_is_none_names_those_there_are(
    answers: list[Reading | DriverError], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["--config", str(file), "once", "desc"]) == 2
    assert "no sensor 'desc': it has desk" in capsys.readouterr().err


def test_check_says_a_good_file_is_in_order(
    answers: list[Reading | DriverError], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(["check", "--config", str(file)]) == 0
    assert "in order. Node pi of site house: 1 sensors, 3 channels, to 127.0.0.1:1883" in capsys.readouterr().out


def test_check_names_every_broker(
    answers: list[Reading | DriverError], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text() + '[[mirrors]]\nhost = "10.0.0.3"\ngateways = ["mirror"]\n')
    assert program.main(["check", "--config", str(file)]) == 0
    assert "to 127.0.0.1:1883 and 10.0.0.3:1883" in capsys.readouterr().out


def test_every_problem_of_a_bad_file_is_a_line_and_the_exit_code_is_78(
    answers: list[Reading | DriverError], file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(file.read_text().replace("pin = 4", "pin = 400\nratoi = 2"))
    assert program.main(["--config", str(file), "run"]) == 78
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(": sensors")[2] for line in lines] == [
        "[1].pin is 400, expected a whole number from 2 to 27",
        "[1].ratoi is an unknown key, expected perhaps ratio",
    ]


def test_a_journal_that_cannot_be_written_is_exit_75(
    answers: list[Reading | DriverError], file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in-the-way").write_text("")
    file.write_text(file.read_text() + f'[journal]\ndirectory = "{tmp_path}/in-the-way"\n')
    assert program.main(["--config", str(file), "run"]) == 75
    assert "cannot be written" in capsys.readouterr().err
