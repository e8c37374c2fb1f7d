"""Pins without a Pi: gpiozero's own mock factory below the real devices, and a clock that tests turn by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from vigie_sensors.driver import REQUIRED, Context, DriverSpec, SensorConfig


class HandClock:
    """A clock that goes only when told, or when waited on."""

    def __init__(self) -> None:
        self.speed = 1.0
        self.mono_s = 1_000.0

    def now_ts(self) -> float:
        return 1_790_000_000.0 + self.mono_s

    def now_mono(self) -> float:
        return self.mono_s

    def wait(self, event: Event, duration_s: float) -> bool:
        self.mono_s += duration_s
        return event.is_set()

    def is_synchronised(self) -> bool:
        return True

    def advance(self, duration_s: float) -> None:
        self.mono_s += duration_s


class HandFactory(MockFactory):  # type: ignore[misc] # gpiozero ships no types
    """Mock pins whose ticks are the hand clock's, as those of a simulated day are the simulation's."""

    def __init__(self, clock: HandClock) -> None:
        super().__init__()
        self.clock = clock

    def ticks(self) -> float:
        return self.clock.now_mono()


@pytest.fixture
def hand_clock() -> HandClock:
    return HandClock()


@pytest.fixture
def pins(hand_clock: HandClock) -> Iterator[HandFactory]:
    """The pin factory that drivers find; ``pins.pin(17).drive_high()`` moves a pin."""
    factory = HandFactory(hand_clock)
    before, Device.pin_factory = Device.pin_factory, factory
    yield factory
    factory.close()
    Device.pin_factory = before


@pytest.fixture
def context(hand_clock: HandClock, tmp_path: Path) -> Context:
    def no_tool(arguments: list[str], deadline_s: float) -> str:
        raise AssertionError(f"no driver of pins runs {arguments}")

    return Context(hand_clock, no_tool, str(tmp_path))


@pytest.fixture
def configured() -> Callable[..., SensorConfig]:
    """Makes a sensor's configuration as the reader does: ``configured(DRIVER, pin=17)``, named ``s``."""

    def make(spec: DriverSpec, **given: Any) -> SensorConfig:
        options = {option.name: given.pop(option.name, option.default) for option in spec.options}
        assert not given, f"{spec.name} has no option {given}"
        assert REQUIRED not in options.values()
        return SensorConfig("s", spec.name, spec.period_s, "big", "", options)

    return make
