"""What every driver is: one file in ``drivers/`` that ends in a ``DRIVER`` naming itself, its options and its wiring.

The daemon builds drivers on its main thread and calls ``sample`` on the sensor's own thread, once a period. To write
a new one, copy the nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors.told_alerts import ToldAlerts


class DriverError(Exception):
    """The hardware, tool or target of one sensor is absent, busy or broken.

    One line for a person, naming the pin, device or program, and what to do. The other sensors go on; this one is
    opened again after a while, and its channels are unknown meanwhile.

    Attributes:
        reason: A word of UNKNOWN_REASONS: ``absent``, ``busy`` or ``failed``.
    """

    def __init__(self, message: str, reason: str = "absent") -> None:
        super().__init__(message)
        self.reason = reason


class Driver(Protocol):
    """An open sensor."""

    def sample(self) -> Iterable[Reading]:
        """The readings of the period that ends now, any number of them, unknowns included.

        Raises:
            DriverError: The sensor is gone; the daemon closes it and opens it again later.
        """

    def close(self) -> None:
        """Let go of pins, devices and threads. Called once, also after a DriverError."""


@dataclass(frozen=True, slots=True)
class Option:
    """One key of a sensor's table in ``sensors.toml``.

    Attributes:
        name: The key.
        type: ``int``, ``float``, ``str``, ``bool``, ``list[str]`` or ``table`` (a table of strings), as a word.
        text: One line for a person: what it is, and which values make sense.
        default: Taken where the key is missing; ``REQUIRED`` when it must be there.
        unit: Of a number, ``""`` when it has none.
        low: Least number allowed, None for no bound.
        high: Greatest number allowed.
        choices: Words allowed; empty for any.
    """

    name: str
    type: str
    text: str
    default: Any = None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


REQUIRED: Any = object()
"""The default of an option that has none."""


@dataclass(frozen=True, slots=True)
class SensorConfig:
    """One ``[[sensors]]`` table, checked against its driver's options.

    Attributes:
        name: Unique in the file; channels are named after it (``{name}-in``, ``{name}-rssi``…).
        driver: The driver's name.
        period_s: Seconds between samples.
        room: Room id, or None.
        label: For a person, may be empty.
        options: Every option of the driver, defaults filled in.
    """

    name: str
    driver: str
    period_s: float
    room: str | None
    label: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What a driver may use of its daemon.

    Attributes:
        clock: The only source of time.
        run_tool: Runs a program by its argument list with a deadline in seconds and returns what it printed; raises
            DriverError (``absent`` naming the Debian package when the program is missing, ``failed`` otherwise).
        state_directory: Where a driver may keep a small file over restarts (the data budget); it exists.
        alerts: What gateways say of their alerts; None where no broker is heard (``once``).
    """

    clock: Clock
    run_tool: Callable[[list[str], float], str]
    state_directory: str
    alerts: ToldAlerts | None = None


@dataclass(frozen=True, slots=True)
class DriverSpec:
    """What ``vigie-sensors list`` prints of a driver, and how it is opened.

    Attributes:
        name: The word in ``sensors.toml``.
        kind: ``occupancy``, ``outlets``, ``wifi`` or ``alerts``.
        text: One line: what it measures.
        wiring: Which pin or device goes where, for a person with the hardware in hand.
        options: Its keys.
        period_s: Default period.
        channels: Which channels a configured sensor has; pure, so that a birth needs no hardware.
        open: Opens the hardware; raises DriverError.
    """

    name: str
    kind: str
    text: str
    wiring: str
    options: tuple[Option, ...]
    period_s: float
    channels: Callable[[SensorConfig], tuple[Channel, ...]]
    open: Callable[[SensorConfig, Context], Driver]


def channels_in_and_out(config: SensorConfig) -> tuple[Channel, ...]:
    """The channels of whatever counts people by direction: ``{name}-in``, ``{name}-out``."""
    return tuple(
        Channel(f"{config.name}-{way}", f"people_{way}", config.period_s, config.room, config.label)
        for way in ("in", "out")
    )
