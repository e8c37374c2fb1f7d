"""The edge to gpiozero: edges with their times, and every failure as one line."""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.exc import BadPinFactory
from gpiozero.pins.mock import MockFactory

from vigie_sensors import pins as pins_module
from vigie_sensors.driver import DriverError
from vigie_sensors.pins import MAX_EDGES, Adc, Lines, Output


def test_the_first_drain_tells_how_each_line_stands(pins: Any) -> None:
    lines = Lines({"a": 17, "b": 27}, active_high=True)
    pins.pin(27).drive_high()
    assert [(edge.line, edge.active) for edge in lines.drain()] == [("a", False), ("b", False), ("b", True)]
    assert lines.drain() == []


def test_an_edge_carries_the_factorys_time_of_the_edge_not_of_the_drain(pins: Any, hand_clock: Any) -> None:
    lines = Lines({"a": 17}, active_high=True)
    lines.drain()
    hand_clock.advance(5)
    pins.pin(17).drive_high()
    hand_clock.advance(0.2)
    pins.pin(17).drive_low()
    hand_clock.advance(60)
    edges = lines.drain()
    assert [(edge.at_s, edge.active) for edge in edges] == [(5.0, True), (pytest.approx(5.2), False)]
    assert lines.now_s() == pytest.approx(65.2)


def test_an_edges_own_ticks_are_believed_when_they_are_on_the_factorys_clock() -> None:
    """As lgpio does: the kernel's time of the edge comes with it, a moment before the callback runs."""
    factory = MockFactory()
    before, Device.pin_factory = Device.pin_factory, factory
    try:
        lines = Lines({"a": 17}, active_high=True)
        lines.drain()
        lines.hear("a", factory.ticks() - 0.25, True)
        now_s = lines.now_s()
        edge = lines.take()[0]
        assert edge.at_s < now_s - 0.2
        lines.close()
    finally:
        factory.close()
        Device.pin_factory = before


def test_ticks_of_another_clock_are_replaced_by_now(pins: Any, hand_clock: Any) -> None:
    lines = Lines({"a": 17}, active_high=True)
    lines.drain()
    lines.hear("a", 1_700_000_000.0, True)
    lines.hear("a", 3.0, False)
    assert [edge.at_s for edge in lines.take()] == [0.0, 0.0]


def test_active_low_lines_are_pulled_up_and_read_inverted(pins: Any) -> None:
    lines = Lines({"a": 17}, active_high=False)
    assert pins.pin(17).pull == "up"
    assert [edge.active for edge in lines.drain()] == [False]
    pins.pin(17).drive_low()
    assert [edge.active for edge in lines.drain()] == [True]


def test_a_lost_edge_is_made_up_for_by_the_level(pins: Any, hand_clock: Any) -> None:
    lines = Lines({"a": 17}, active_high=True)
    lines.drain()
    pins.pin(17)._state = True  # the level changed and no callback came
    hand_clock.advance(3)
    assert [(edge.at_s, edge.active) for edge in lines.drain()] == [(3.0, True)]


def test_edges_survive_garbage_collection(pins: Any) -> None:
    lines = Lines({"a": 17}, active_high=True)
    lines.drain()
    gc.collect()
    pins.pin(17).drive_high()
    assert len(lines.drain()) == 1


def test_closing_frees_the_pins_leaves_no_thread_and_no_callback(pins: Any) -> None:
    threads = threading.active_count()
    for _ in range(3):
        lines = Lines({"a": 17, "b": 27}, active_high=True)
        lines.close()
        lines.close()
    assert pins.pin(17).when_changed is None
    assert threading.active_count() == threads


def test_a_pin_that_hums_is_told_instead_of_filling_the_memory(pins: Any) -> None:
    lines = Lines({"a": 17}, active_high=True)
    for _ in range(MAX_EDGES):
        pins.pin(17).drive_high()
        pins.pin(17).drive_low()
    with pytest.raises(DriverError, match=r"GPIO17: more than 20000 edges") as caught:
        lines.drain()
    assert caught.value.reason == "failed"
    lines.close()


def test_a_pin_in_use_is_busy_and_named(pins: Any) -> None:
    lines = Lines({"a": 17}, active_high=True)
    with pytest.raises(DriverError, match=r"^GPIO17: in use by another sensor") as caught:
        Lines({"x": 5, "a": 17}, active_high=True)
    assert caught.value.reason == "busy"
    Lines({"x": 5}, active_high=True).close()  # the half that was opened was given back
    lines.close()


def test_an_unknown_pin_is_absent_and_named(pins: Any) -> None:
    with pytest.raises(DriverError, match=r"^GPIO99: this board has no such pin") as caught:
        Lines({"a": 99}, active_high=True)
    assert caught.value.reason == "absent"


def test_a_pin_with_a_soldered_pull_up_is_refused_with_what_to_do(pins: Any) -> None:
    with pytest.raises(DriverError, match=r"^GPIO2: .*take a pin other than GPIO2"):
        Lines({"a": 2}, active_high=True)
    Lines({"a": 2}, active_high=False).close()


@pytest.fixture
def no_pins(monkeypatch: Any) -> None:
    """This machine as it is: no Pi, no lgpio."""
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr(Device, "pin_factory", None)


def test_without_a_pin_factory_one_line_names_the_package(no_pins: Any, recwarn: Any) -> None:
    if importlib.util.find_spec("lgpio") is not None:
        pytest.skip("lgpio is installed here")
    with pytest.raises(DriverError) as caught:
        Lines({"a": 17}, active_high=True)
    assert "python3-lgpio" in str(caught.value)
    assert str(caught.value).startswith("GPIO17: ")
    assert "\n" not in str(caught.value)
    assert caught.value.reason == "absent"
    assert not recwarn.list


def test_lgpio_leaves_its_fifos_in_a_folder_of_its_own(pins: Any, monkeypatch: Any) -> None:
    """By itself it takes the current one, which systemd makes read-only."""
    monkeypatch.delenv("LG_WD", raising=False)
    Lines({"a": 17}, active_high=True).close()
    folder = os.environ["LG_WD"]
    assert os.access(folder, os.W_OK)
    assert folder != str(Path.cwd())
    Lines({"a": 17}, active_high=True).close()
    assert os.environ["LG_WD"] == folder


@pytest.mark.parametrize(
    ("warning", "message", "reason"),
    [
        ("failed to initialize hardware SPI, falling back to software", "python3-spidev", "absent"),
        ("Falling back from lgpio: No module named 'lgpio'", "install python3-lgpio", "absent"),
        ("unable to locate Pi revision in /proc/device-tree", "no Raspberry Pi", "absent"),
        ("Falling back from lgpio: 'can not open gpiochip'", "group gpio", "absent"),
        ("Falling back from lgpio: 'GPIO busy'", "another program", "busy"),
    ],
)
def test_each_cause_of_no_pins_has_its_own_sentence(
    no_pins: Any, monkeypatch: Any, warning: Any, message: Any, reason: Any
) -> None:
    def factory() -> Any:
        warnings.warn(warning, stacklevel=1)
        raise BadPinFactory("Unable to load any default pin factory!")

    monkeypatch.setattr(Device, "_default_pin_factory", staticmethod(factory))
    with pytest.raises(DriverError, match=message) as caught:
        Lines({"a": 17}, active_high=True)
    assert caught.value.reason == reason


def test_without_gpiozero_one_line_names_the_package(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "gpiozero", None)
    for opened in (lambda: Lines({"a": 4}, active_high=True), lambda: Output(4), lambda: Adc(0, 11, 10, 9, 8)):
        with pytest.raises(DriverError, match="gpiozero"):
            opened()


def test_a_read_that_fails_is_a_driver_error(pins: Any, monkeypatch: Any) -> None:
    lines = Lines({"a": 17}, active_high=True)

    def broken(pin: Any) -> bool:
        raise OSError("chip is gone")

    monkeypatch.setattr(type(pins.pin(17)), "_get_state", broken)
    with pytest.raises(DriverError, match="GPIO17: chip is gone") as caught:
        lines.drain()
    assert caught.value.reason == "failed"


def test_hardware_spi_that_is_off_is_told_and_the_pins_are_free_again(pins: Any, monkeypatch: Any) -> None:
    """By itself, gpiozero would go on in software with a warning, too slowly to follow the mains."""
    spi_class = MockFactory._get_spi_class

    def no_hardware(factory: Any, shared: bool, hardware: bool) -> Any:
        if hardware:
            raise ImportError("failed to import spidev")
        return spi_class(factory, shared, hardware)

    monkeypatch.setattr(MockFactory, "_get_spi_class", no_hardware)
    for _ in range(2):
        with pytest.raises(DriverError, match="python3-spidev") as caught:
            Adc(3, 11, 10, 9, 8)
        assert caught.value.reason == "absent"
    Lines({"a": 8}, active_high=True).close()


def test_software_spi_on_chosen_pins_is_no_error(pins: Any) -> None:
    adc = Adc(0, 4, 17, 27, 22)
    assert adc.read() == 0
    adc.close()
    Lines({"a": 4}, active_high=True).close()


def test_two_channels_share_the_chip_and_close_apart(pins: Any) -> None:
    first, second = Adc(0, 11, 10, 9, 8), Adc(1, 11, 10, 9, 8)
    first.close()
    assert second.read() == 0
    second.close()
    Lines({"a": 11}, active_high=True).close()


@pytest.mark.parametrize("active_high", [True, False])
def test_an_output_is_inactive_until_it_is_set_and_when_it_is_given_back(pins: Any, active_high: bool) -> None:
    output = Output(23, active_high=active_high)
    assert bool(pins.pin(23).state) is not active_high
    output.set(active=True)
    assert bool(pins.pin(23).state) is active_high
    output.close()
    assert bool(pins.pin(23).state) is not active_high


def test_the_module_does_not_import_gpiozero_by_itself() -> None:
    assert not hasattr(pins_module, "gpiozero")
