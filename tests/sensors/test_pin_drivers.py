"""What holds for every driver of pins, ADC and serial port: what it says of itself, and without hardware."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest
from gpiozero import Device

from vigie_sensors.driver import REQUIRED, DriverError
from vigie_sensors.registry import Registry

GIVEN: dict[str, dict[str, Any]] = {
    "motion": {"pin": 17},
    "door": {"pin_outer": 17, "pin_inner": 27},
    "distance": {"trigger": 17, "echo": 27},
    "clicker": {"pin_plus": 17, "pin_minus": 27},
    "contact": {"pin": 17},
    "current": {"channel": 0},
    "pulse": {"pin": 17, "pulses_per_kwh": 1_000.0},
    "mains": {"pin": 17},
    "linky": {"device": "/nonexistent/ttyUSB7"},
}
KINDS = {int: "int", float: "float", str: "str", bool: "bool"}

every_driver = pytest.mark.parametrize("name", GIVEN)


@every_driver
def test_defaults_are_what_the_option_itself_allows(name: str) -> None:
    for option in Registry().spec(name).options:
        if option.default is REQUIRED or option.default is None:
            continue
        assert KINDS[type(option.default)] == option.type
        if option.type in {"int", "float"}:
            assert option.low is None or option.default >= option.low
            assert option.high is None or option.default <= option.high
        assert not option.choices or option.default in option.choices


@every_driver
def test_wiring_and_options_speak_to_who_holds_the_hardware(name: str) -> None:
    spec = Registry().spec(name)
    assert "GND" in spec.wiring
    assert any(voltage in spec.wiring for voltage in ("3.3 V", "5 V"))
    assert all(option.text for option in spec.options)
    for option in spec.options:
        if option.name.startswith(("pin", "trigger", "echo")) or option.name.endswith("_pin"):
            assert "BCM number" in option.text
            assert (option.low, option.high) == (2, 27)


@every_driver
def test_without_hardware_one_line_names_it_and_what_to_do(
    configured: Any, context: Any, monkeypatch: Any, recwarn: Any, name: str
) -> None:
    """On this very machine, which is no Raspberry Pi."""
    if importlib.util.find_spec("lgpio") is not None:
        pytest.skip("lgpio is installed here")
    monkeypatch.delenv("GPIOZERO_PIN_FACTORY", raising=False)
    monkeypatch.setattr(Device, "pin_factory", None)
    spec = Registry().spec(name)
    with pytest.raises(DriverError) as caught:
        spec.open(configured(spec, **GIVEN[name]), context)
    assert caught.value.reason == "absent"
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 160
    assert text.startswith(("GPIO", "MCP3008 channel 0", "/nonexistent/ttyUSB7"))
    assert "python3-lgpio" in text or "adapter" in text
    assert not recwarn.list
