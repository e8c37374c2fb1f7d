"""Heat, voltage and room are read from sysfs as a Pi's kernel writes it; what is not there is unknown."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_gateway.machine import Machine, MachineState, machine_parts


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    return tmp_path / "sys"


def put(path: Path, data: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())


def state(sysfs: Path) -> MachineState:
    return Machine(sysfs.parent, sysfs).state()


def test_a_machine_without_sensors_knows_nothing_but_its_disk(sysfs: Path) -> None:
    found = state(sysfs)
    assert (found.cpu_celsius, found.is_under_voltage, found.was_under_voltage, found.is_slowed) == (None,) * 4
    assert found.disk_free_bytes is not None
    assert found.disk_bytes is not None
    assert 0 < found.disk_free_bytes <= found.disk_bytes


def test_a_folder_that_is_not_there_has_an_unknown_disk(tmp_path: Path) -> None:
    found = Machine(tmp_path / "gone", tmp_path).state()
    assert (found.disk_free_bytes, found.disk_bytes) == (None, None)


def test_the_heat_is_that_of_the_processors_zone(sysfs: Path) -> None:
    put(sysfs / "class/thermal/thermal_zone0/type", "iwlwifi_1\n")
    put(sysfs / "class/thermal/thermal_zone0/temp", "90000\n")
    assert state(sysfs).cpu_celsius is None
    put(sysfs / "class/thermal/thermal_zone1/type", "cpu-thermal\n")
    put(sysfs / "class/thermal/thermal_zone1/temp", "61322\n")
    assert state(sysfs).cpu_celsius == 61.322


@pytest.mark.parametrize(
    ("written", "now", "before", "slowed"),
    [("0", False, False, False), ("50005", True, True, True), ("50000", False, True, False), ("4", False, False, True)],
)
@pytest.mark.parametrize("place", ["soc/soc:firmware", "soc@107c000000/soc@107c000000:firmware"])
def test_the_firmware_tells_of_now_and_of_since_the_start(
    sysfs: Path, place: str, written: str, now: bool, before: bool, slowed: bool
) -> None:
    put(sysfs / "devices/platform" / place / "get_throttled", f"{written}\n")
    found = state(sysfs)
    assert (found.is_under_voltage, found.was_under_voltage, found.is_slowed) == (now, before, slowed)


@pytest.mark.parametrize(("written", "is_low"), [("0\n", False), ("1\n", True)])
def test_without_the_firmware_the_kernels_alarm_tells_of_now_alone(sysfs: Path, written: str, is_low: bool) -> None:
    put(sysfs / "class/hwmon/hwmon0/name", "cpu_thermal\n")
    put(sysfs / "class/hwmon/hwmon1/name", "rpi_volt\n")
    put(sysfs / "class/hwmon/hwmon1/in0_lcrit_alarm", written)
    found = state(sysfs)
    assert (found.is_under_voltage, found.was_under_voltage) == (is_low, None)


@settings(deadline=None)
@given(data=st.binary(max_size=20))
def test_whatever_a_driver_writes_is_a_number_or_unknown(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sysfs = Path(folder) / "sys"
        put(sysfs / "class/thermal/thermal_zone0/type", "cpu-thermal")
        put(sysfs / "class/thermal/thermal_zone0/temp", data)
        put(sysfs / "devices/platform/soc/soc:firmware/get_throttled", data)
        found = state(sysfs)
    assert found.cpu_celsius is None or isinstance(found.cpu_celsius, float)
    assert found.is_slowed in {True, False, None}


WELL = MachineState(50.0, False, False, False, 10**10, 10**11)


@pytest.mark.parametrize(
    ("machine", "part", "state"),
    [
        (WELL, "heat", "pass"),
        (replace(WELL, cpu_celsius=80.0), "heat", "warn"),
        (replace(WELL, cpu_celsius=None), "heat", "unknown"),
        (replace(WELL, was_under_voltage=True), "supply", "warn"),
        (replace(WELL, is_under_voltage=True), "supply", "fail"),
        (replace(WELL, is_under_voltage=None, was_under_voltage=None), "supply", "unknown"),
        (replace(WELL, was_under_voltage=None), "supply", "pass"),
        (replace(WELL, disk_free_bytes=300 * 2**20), "disk", "warn"),
        (replace(WELL, disk_free_bytes=10 * 2**20), "disk", "fail"),
        (replace(WELL, disk_free_bytes=0), "disk", "fail"),
        (replace(WELL, disk_free_bytes=None), "disk", "unknown"),
    ],
)
def test_the_machine_has_its_states(machine: MachineState, part: str, state: str) -> None:
    assert machine_parts(machine)[part]["status"] == state
