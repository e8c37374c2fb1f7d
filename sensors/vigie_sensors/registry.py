"""Which drivers there are: each name, its kind and its module.

Asked by the configuration reader and the command line, on the main thread. Modules are imported one by one and only
when asked for: a daemon that measures Wi-Fi alone must not pay for gpiozero, nor fail without it.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType

from vigie_sensors.driver import DriverSpec

KINDS = ("occupancy", "outlets", "wifi", "alerts")
"""What a daemon can be restricted to."""

DRIVERS: Mapping[str, str] = MappingProxyType(
    {
        "motion": "occupancy",
        "door": "occupancy",
        "distance": "occupancy",
        "clicker": "occupancy",
        "contact": "occupancy",
        "current": "outlets",
        "pulse": "outlets",
        "linky": "outlets",
        "mains": "outlets",
        "battery": "outlets",
        "link": "wifi",
        "scan": "wifi",
        "latency": "wifi",
        "dns": "wifi",
        "portal": "wifi",
        "throughput": "wifi",
        "lamp": "alerts",
        "buzzer": "alerts",
    }
)
"""The kind of each driver; its module is ``vigie_sensors.drivers.<name>`` and ends in ``DRIVER``."""


class Registry:
    """Drivers by name, imported when first asked for."""

    def __init__(self, drivers: Mapping[str, str] = DRIVERS, package: str = "vigie_sensors.drivers") -> None:
        """Take a mapping.

        Args:
            drivers: Kind by driver name.
            package: Where each driver's module is.
        """
        self._drivers = drivers
        self._package = package

    @property
    def names(self) -> tuple[str, ...]:
        """Every driver's name, in the order of the mapping."""
        return tuple(self._drivers)

    def kind(self, name: str) -> str:
        """The kind of a driver, without importing it; KeyError when there is none of that name."""
        return self._drivers[name]

    def spec(self, name: str) -> DriverSpec:
        """Import a driver and return what it says of itself; KeyError when there is none of that name."""
        kind = self._drivers[name]
        module = importlib.import_module(f"{self._package}.{name}")
        spec: DriverSpec = module.DRIVER
        if (spec.name, spec.kind) != (name, kind):
            raise ValueError(f"{module.__name__} calls itself {spec.kind} {spec.name}, expected {kind} {name}")
        return spec
