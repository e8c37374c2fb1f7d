"""Whether the sensors of this machine may use its pins: the devices, their group, and the library that reads them.

Called by ``checks`` on a thread of the doctor, where ``sensors.toml`` has sensors with wires. The sensors themselves
say on the bus that a pin is absent; here stands why, and what to do.
"""

from __future__ import annotations

import re
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.install.examination import group_id
from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.install.steps import OPT, SENSORS, UNITS

PART = "pins"
SENSORS_FILE = "/etc/vigie/sensors.toml"
USER = "vigie-sensors"
ON_PINS = frozenset({"motion", "door", "distance", "clicker", "contact", "pulse", "mains", "lamp", "buzzer", "current"})
"""Drivers that use GPIO; a test holds them to what the drivers say of themselves."""
ON_SPI = frozenset({"current"})
"""Drivers that use the SPI bus, unless they are given other pins than its own."""
ON_SERIAL = frozenset({"linky"})
"""Drivers that read a serial port."""
_SPI_PINS = {"clock_pin": 11, "mosi_pin": 10, "miso_pin": 9}
_TOOL_S = 15.0
"""Python's start on a Zero takes some seconds. Lower calls the library missing there."""


def pin_findings(machine: Machine) -> list[Finding]:
    """What is to be said of the devices that the sensors of this machine need; nothing where none is configured."""
    try:
        text = machine.read(SENSORS_FILE)
    except PermissionError:
        return [Finding(PART, "unknown", f"{SENSORS_FILE} may not be read by this user: not looked at", AS_ROOT)]
    if text is None:
        return []
    try:
        sensors = _sensors(tomllib.loads(text.decode()))
    except ValueError as error:
        remedy = "sudo -u vigie-sensors vigie-sensors check says more"
        return [Finding(PART, "warn", f"{SENSORS_FILE} cannot be read: {error}", remedy)]
    wired = {str(sensor.get("name")): sensor for sensor in sensors if sensor.get("driver") in ON_PINS}
    found: list[Finding] = []
    if wired:
        found += _of_pins(", ".join(wired), machine)
    buses = [name for name, sensor in wired.items() if _is_on_spi(sensor)]
    if buses:
        found += _devices("/dev/spidev0.*", "spi", ", ".join(buses), "sudo raspi-config nonint do_spi 0", machine)
    for sensor in sensors:
        if sensor.get("driver") in ON_SERIAL:
            name, device = str(sensor.get("name")), str(sensor.get("device"))
            found += _devices(device, "dialout", name, "docs/wiring.md, What the system must allow", machine)
    return found or [Finding(PART, "pass", f"no sensor of {SENSORS_FILE} has a wire")]


def _sensors(table: dict[str, Any]) -> list[dict[str, Any]]:
    found = table.get("sensors", [])
    return [sensor for sensor in found if isinstance(sensor, dict)] if isinstance(found, list) else []


def _is_on_spi(sensor: dict[str, Any]) -> bool:
    has_its_pins = all(sensor.get(name, pin) == pin for name, pin in _SPI_PINS.items())
    return sensor.get("driver") in ON_SPI and has_its_pins and sensor.get("select_pin", 8) in {7, 8}


def _of_pins(names: str, machine: Machine) -> Iterator[Finding]:
    remedy = "pins are a Raspberry Pi's; on another machine take these sensors out"
    yield from _devices("/dev/gpiochip*", "gpio", names, remedy, machine)
    program = f"{OPT}/current/bin/python"
    if not machine.at(program).exists():
        text = f"whether lgpio, which reads the pins of {names}, is there is not known: {program} is missing"
        yield Finding(PART, "unknown", text, "sudo ./run install")
        return
    try:
        # Its compiled half alone: the other one leaves a file in the current folder when it is imported.
        machine.run((program, "-c", "import _lgpio"), timeout_s=_TOOL_S)
    except CommandError as error:
        why = "there is none for this Python" if "ModuleNotFoundError" in str(error) else str(error)
        text = f"lgpio, which reads the pins of {names}, cannot be used by {program}: {why}"
        remedy = "on Raspberry Pi OS: sudo apt-get install -y python3-lgpio, then sudo ./run install"
        yield Finding(PART, "fail", text, remedy)


def _devices(pattern: str, group: str, names: str, missing: str, machine: Machine) -> Iterator[Finding]:
    """Whether devices are there and open to the sensors."""
    devices = sorted(machine.root.glob(pattern.lstrip("/")))
    if not devices:
        yield Finding(PART, "fail", f"{names}: {pattern} is not there, so that nothing is measured", missing)
        return
    number = group_id(group, machine)
    closed = [path for path in devices if not _is_open_to(path, number)]
    for path in closed:
        mode = f"mode {stat.S_IMODE(path.stat().st_mode):04o}"
        text = f"{names}: /dev/{path.name} is not the group {group}'s to read and write ({mode})"
        rule = f'SUBSYSTEM=="{_subsystem(path)}", GROUP="{group}", MODE="0660"'
        remedy = f"echo '{rule}' | sudo tee /etc/udev/rules.d/90-vigie-{group}.rules, then start the machine again"
        yield Finding(PART, "fail", text, remedy)
    if not _is_in(group, machine):
        text = f"{names}: neither {SENSORS} nor the user {USER} is in the group {group}, whose {pattern} is"
        yield Finding(PART, "fail", text, f"sudo ./run install, or sudo usermod -aG {group} {USER}")
    elif not closed:
        yield Finding(PART, "pass", f"{names}: {pattern} is open to {USER} by the group {group}")


def _subsystem(path: Path) -> str:
    return next((word for word in ("gpio", "spidev") if path.name.startswith(word)), "tty")


def _is_open_to(path: Path, group: int | None) -> bool:
    found = path.stat()
    by_group = found.st_gid == group and found.st_mode & 0o060 == 0o060  # noqa: PLR2004 - read and write
    return by_group or found.st_mode & 0o006 == 0o006  # noqa: PLR2004


def _is_in(group: str, machine: Machine) -> bool:
    """Whether the unit gives the group, or the user has it of itself."""
    unit = machine.at(f"{UNITS}/{SENSORS}")
    files = (unit, *sorted(unit.with_name(f"{unit.name}.d").glob("*.conf")))
    given: list[str] = []
    for path in files:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        for line in re.findall(r"^SupplementaryGroups=(.*)$", text, re.MULTILINE):
            given = [*given, *line.split()] if line.strip() else []
    groups = (machine.read("/etc/group") or b"").decode(errors="replace")
    line = re.search(rf"^{re.escape(group)}:[^:]*:\d*:(.*)$", groups, re.MULTILINE)
    return group in given or (line is not None and USER in line[1].split(","))
