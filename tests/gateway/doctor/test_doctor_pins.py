"""Why the sensors of this machine cannot use its pins is said before anybody looks for a loose wire."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.gateway.doctor.conftest import TalkingMachine

from vigie_gateway.doctor.findings import Finding
from vigie_gateway.doctor.pins import ON_PINS, ON_SERIAL, ON_SPI, SENSORS_FILE, pin_findings
from vigie_sensors.registry import DRIVERS, Registry

PYTHON = "/opt/vigie/current/bin/python"
IMPORT = f"{PYTHON} -c import _lgpio"
UNIT = "/etc/systemd/system/vigie-sensors.service"
SHIPPED = Path(__file__).resolve().parents[3] / "systemd" / "vigie-sensors.service"
DOOR = '[[sensors]]\nname = "entrance"\ndriver = "door"\npin_outer = 17\npin_inner = 27\n'
CLAMP = '[[sensors]]\nname = "bar"\ndriver = "current"\nchannel = 0\n'


@pytest.fixture
def pi(machine: TalkingMachine) -> TalkingMachine:
    """A Pi as the installation leaves it, with a door counter; its groups are this test's own."""
    machine.put(SENSORS_FILE, DOOR)
    machine.put("/dev/gpiochip0", "").chmod(0o660)
    machine.put("/etc/group", f"gpio:x:{os.getgid()}:\nspi:x:{os.getgid()}:\ndialout:x:{os.getgid()}:pi\n")
    machine.put(UNIT, SHIPPED.read_text())
    machine.put(PYTHON, "")
    machine.words[IMPORT] = ""
    return machine


def statuses(found: list[Finding]) -> list[str]:
    return [finding.status for finding in found]


def test_a_pi_as_installed_passes(pi: TalkingMachine) -> None:
    (found,) = pin_findings(pi)
    assert (found.status, "entrance: /dev/gpiochip* is open" in found.text) == ("pass", True)


def test_a_machine_that_measures_nothing_or_nothing_with_a_wire_needs_no_pins(machine: TalkingMachine) -> None:
    assert pin_findings(machine) == []
    machine.put(SENSORS_FILE, '[[sensors]]\nname = "rtt"\ndriver = "latency"\n')
    assert statuses(pin_findings(machine)) == ["pass"]


def test_a_machine_without_pins_is_told(pi: TalkingMachine) -> None:
    pi.at("/dev/gpiochip0").unlink()
    (found,) = pin_findings(pi)
    assert (found.status, "entrance" in found.text) == ("fail", True)


def test_a_device_that_its_group_may_not_open_is_told_with_the_rule_that_opens_it(pi: TalkingMachine) -> None:
    pi.at("/dev/gpiochip0").chmod(0o640)
    (found,) = pin_findings(pi)
    assert (found.status, "mode 0640" in found.text) == ("fail", True)
    assert 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"' in found.remedy
    pi.at("/dev/gpiochip0").chmod(0o666)
    pi.put("/etc/group", "gpio:x:99999:\n")
    assert statuses(pin_findings(pi)) == ["pass"]


def test_the_group_comes_by_the_unit_or_by_the_user(pi: TalkingMachine) -> None:
    pi.put(f"{UNIT}.d/place.conf", "[Service]\nSupplementaryGroups=\n")
    (found,) = pin_findings(pi)
    assert (found.status, "usermod -aG gpio vigie-sensors" in found.remedy) == ("fail", True)
    pi.put("/etc/group", f"gpio:x:{os.getgid()}:pi,vigie-sensors\n")
    assert statuses(pin_findings(pi)) == ["pass"]


def test_a_library_that_this_python_cannot_load_is_told(pi: TalkingMachine) -> None:
    pi.words[IMPORT] = None
    assert statuses(pin_findings(pi)) == ["pass", "fail"]
    pi.at(PYTHON).unlink()
    assert statuses(pin_findings(pi)) == ["pass", "unknown"]


def test_a_clamp_needs_the_bus_too_unless_it_has_other_pins(pi: TalkingMachine) -> None:
    pi.put(SENSORS_FILE, CLAMP)
    found = pin_findings(pi)
    assert (statuses(found), "do_spi" in found[1].remedy) == (["pass", "fail"], True)
    pi.put("/dev/spidev0.0", "").chmod(0o660)
    assert statuses(pin_findings(pi)) == ["pass", "pass"]
    pi.at("/dev/spidev0.0").unlink()
    pi.put(SENSORS_FILE, f"{CLAMP}clock_pin = 5\n")
    assert statuses(pin_findings(pi)) == ["pass"]


def test_a_meter_needs_its_serial_port(pi: TalkingMachine) -> None:
    pi.put(SENSORS_FILE, '[[sensors]]\nname = "meter"\ndriver = "linky"\ndevice = "/dev/ttyS0"\n')
    (found,) = pin_findings(pi)
    assert (found.status, "meter: /dev/ttyS0 is not there" in found.text) == ("fail", True)
    pi.put("/dev/ttyS0", "").chmod(0o600)
    (found,) = pin_findings(pi)
    assert 'SUBSYSTEM=="tty", GROUP="dialout"' in found.remedy


@pytest.mark.parametrize("text", ["[[sensors", "sensors = 3\n", "[[sensors]]\ndriver = 1\n", "\ufffe"])
def test_whatever_stands_in_the_file_the_doctor_goes_on(machine: TalkingMachine, text: str) -> None:
    machine.put(SENSORS_FILE, text)
    assert pin_findings(machine)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_this_user_may_not_read_is_unknown(pi: TalkingMachine) -> None:
    pi.at(SENSORS_FILE).chmod(0)
    assert statuses(pin_findings(pi)) == ["unknown"]


def test_the_drivers_with_wires_are_those_that_say_so_themselves() -> None:
    registry = Registry()
    options = {name: [option.name for option in registry.spec(name).options] for name in DRIVERS}
    pins = {name for name, said in options.items() if any(is_pin(option) for option in said)}
    assert pins == ON_PINS
    assert {name for name, said in options.items() if "mosi_pin" in said} == ON_SPI
    assert {name for name, said in options.items() if "device" in said} == ON_SERIAL


def is_pin(option: str) -> bool:
    return option in {"trigger", "echo"} or "pin" in option.split("_")
