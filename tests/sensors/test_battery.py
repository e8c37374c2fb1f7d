"""The battery driver: the kernel's word, or unknown; never a number that nobody gave."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_contract.clock import SystemClock
from vigie_sensors.driver import Context, DriverError, SensorConfig
from vigie_sensors.drivers.battery import DRIVER, BatteryDriver

Configured = Callable[..., SensorConfig]


def supply(folder: Path, name: str, **files: str) -> None:
    """A power supply, as the kernel lists it."""
    (folder / name).mkdir(parents=True)
    for file, text in files.items():
        (folder / name / file).write_text(text + "\n", encoding="ascii")


def opened(config: SensorConfig, clock: Any, folder: Path) -> BatteryDriver:
    def no_tool(arguments: list[str], _deadline_s: float) -> str:
        raise AssertionError(arguments)

    return BatteryDriver(config, Context(clock, no_tool, "/nowhere"), folder)


def test_the_first_battery_of_the_machine_is_read_and_neither_its_charger_nor_a_keyboards(
    hand_clock: Any, configured: Configured, tmp_path: Path
) -> None:
    supply(tmp_path, "ac", type="Mains", online="1")
    supply(tmp_path, "hid-keyboard", type="Battery", scope="Device", capacity="12")
    supply(tmp_path, "max17040", type="Battery", capacity="64")
    (reading,) = opened(configured(DRIVER), hand_clock, tmp_path).sample()
    assert (reading.channel, reading.value, reading.reason) == ("s", 64.0, None)


def test_a_supply_that_is_named_is_the_one_read(hand_clock: Any, configured: Configured, tmp_path: Path) -> None:
    supply(tmp_path, "a", type="Battery", capacity="64")
    supply(tmp_path, "b", type="Battery", capacity="8")
    (reading,) = opened(configured(DRIVER, supply="b"), hand_clock, tmp_path).sample()
    assert reading.value == 8.0


@pytest.mark.parametrize("options", [{}, {"supply": "gone"}])
def test_no_battery_is_an_error_that_says_where_it_was_looked_for(
    options: dict[str, str], hand_clock: Any, configured: Configured, tmp_path: Path
) -> None:
    with pytest.raises(DriverError, match=str(tmp_path)):
        opened(configured(DRIVER, **options), hand_clock, tmp_path).sample()


@settings(deadline=None)
@given(st.binary(max_size=8))
def test_whatever_the_gauge_writes_is_a_percentage_or_unknown(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        supply(folder, "gauge", type="Battery")
        (folder / "gauge" / "capacity").write_bytes(data)
        driver = opened(SensorConfig("s", "battery", 300.0, None, "", {"supply": ""}), SystemClock(), folder)
        try:
            (reading,) = driver.sample()
        except DriverError:
            return
        assert (reading.value is None) == (reading.reason == "not-told")
        assert reading.value is None or 0 <= reading.value <= 100
