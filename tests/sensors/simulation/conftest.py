"""What the simulation's tests share: a filled sample configuration and a simulated clock."""

from __future__ import annotations

import datetime as dt
import string
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import gpiozero
import pytest

import vigie_sensors
from vigie_contract.clock import SimulatedClock
from vigie_sensors.config import SensorsConfig, load_config
from vigie_sensors.registry import Registry

SAMPLES = Path(vigie_sensors.__file__).parent / "sample"
EVENTFUL = dt.date(2026, 11, 17)
"""A Tuesday."""


@pytest.fixture
def sample(tmp_path: Path) -> Callable[..., SensorsConfig]:
    """Load the sample configuration of a node, filled in as the demo does; keywords replace what is filled in."""

    def load(node: str, **replaced: str) -> SensorsConfig:
        (tmp_path / "password").write_text("secret", encoding="utf-8")
        (tmp_path / "far-end").write_text("a secret of this test", encoding="utf-8")
        values = {
            "broker_port": "1883",
            "password_file": str(tmp_path / "password"),
            "journal": str(tmp_path / "journal"),
            "meter_device": str(tmp_path / "meter"),
            "history_days": "0",
            "interface": "lo",
            "far_end_host": "127.0.0.1",
            "far_end_port": "8377",
            "far_end_secret": str(tmp_path / "far-end"),
            "outside": '"example.org:80"',
            "eventful_from": EVENTFUL.isoformat(),
        }
        periods = ("pin", "mains", "meter", "outlet", "radio", "probe", "portal")
        values |= {f"{name}_period_s": "60" for name in periods} | replaced
        path = tmp_path / f"{node}.toml"
        text = (SAMPLES / f"{node}.toml").read_text(encoding="utf-8")
        if (more := SAMPLES / f"{node}-outside.toml").exists():
            text += more.read_text(encoding="utf-8")
        path.write_text(string.Template(text).substitute(values), encoding="utf-8")
        return load_config(path, Registry())

    return load


@pytest.fixture
def clock_at() -> Callable[[float, float], SimulatedClock]:
    """A clock that shows a time now and runs at a speed."""
    return lambda start_ts, speed: SimulatedClock(start_ts, time.monotonic(), speed)


@pytest.fixture
def pin_factory() -> Iterator[None]:
    """Leave gpiozero as it was: without a factory, or with another's."""
    before = gpiozero.Device.pin_factory
    yield
    if gpiozero.Device.pin_factory is not None:
        gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before
