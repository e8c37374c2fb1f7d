"""Puts a node into the simulated place: pins, meter and radio before its drivers open them, two weeks into its journal.

``install`` is called by the daemon on its main thread. The table that asks for it, in ``sensors.toml``:

    [simulation]
    seed = 1                      # days of another seed differ
    history_days = 14             # simulated before the start, when the journal is new
    eventful_from = 2026-11-17    # from this date on, things break every day

Sensors are recognised by their names: ``porte-<door>``, ``<booth>``, ``<outlet>``, ``<circuit>-mains``.
"""

from __future__ import annotations

import datetime as dt
import logging
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_contract.toml_lines import line_of
from vigie_sensors.config import ConfigError, Problem, SensorsConfig
from vigie_sensors.driver import SensorConfig
from vigie_sensors.journal import Journal
from vigie_sensors.simulation import history, place
from vigie_sensors.simulation.life import Life
from vigie_sensors.simulation.radio import Radio
from vigie_sensors.simulation.serial_line import SerialLine, historical_frame

if TYPE_CHECKING:  # gpiozero is loaded for a node that has pins, and for no other
    from vigie_sensors.simulation.pins import SimulatedFactory
    from vigie_sensors.simulation.player import Player

log = logging.getLogger(__name__)

_PIN_DRIVERS = frozenset({"door", "motion", "mains", "current"})
_RADIO_DRIVERS = frozenset({"scan", "link"})
_VA_PER_A = 200
"""French contracts count so: 45 A are 9 kVA."""
LONGEST_HISTORY_DAYS = 28
"""Higher would be dropped at the other end as too old to be believed, and fill the journal."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The ``[simulation]`` table."""

    seed: int
    history_days: int
    eventful_from: dt.date


class Simulation:
    """A node's simulated surroundings. Made by ``install``; started when the drivers may open, stopped once."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="vigie-simulation-")
        self._parts: list[Player | SerialLine | Radio] = []

    @property
    def folder(self) -> Path:
        """A private folder, gone after ``stop``."""
        return Path(self._folder.name)

    def add(self, part: Player | SerialLine | Radio) -> None:
        """Take a part to start and stop."""
        self._parts.append(part)

    def start(self) -> None:
        """Let the day run."""
        for part in self._parts:
            part.start()

    def stop(self) -> None:
        """End its threads and take away its files; safe to call twice."""
        while self._parts:
            self._parts.pop().stop()
        self._folder.cleanup()


def install(config: SensorsConfig, clock: Clock, journal: Journal, channels: Sequence[Channel]) -> Simulation:
    """Put the node into the simulated place.

    Args:
        config: Of the node; its ``simulation`` is the table.
        clock: The day's.
        journal: Gets the history when it is new.
        channels: Of the node.

    Raises:
        ConfigError: The table is wrong, or a sensor has no place in the simulated one.
    """
    settings = read_settings(config)
    now_ts = clock.now_ts()
    life = Life(settings.seed, _first_date(now_ts, settings.history_days), settings.eventful_from)
    simulation = Simulation()
    try:
        drivers = {sensor.driver for sensor in config.sensors}
        if drivers & _PIN_DRIVERS:
            simulation.add(_install_pins(config, life, clock))
        for sensor in config.sensors:
            if sensor.driver == "linky":
                simulation.add(_install_meter(sensor, life, clock))
        if drivers & _RADIO_DRIVERS:
            simulation.add(Radio(simulation.folder, life, clock))
        if journal.last == 0 and settings.history_days:
            start_ts = now_ts - settings.history_days * 86_400
            last = journal.append(history.readings(config, life, start_ts, now_ts))
            log.info("%d readings of %d simulated days, %d channels", last, settings.history_days, len(channels))
    except BaseException:
        simulation.stop()
        raise
    return simulation


def read_settings(config: SensorsConfig) -> Settings:
    """Check the table; raises ConfigError with every problem."""
    table = config.simulation or {}
    checks: dict[str, tuple[str, Callable[[Any], bool]]] = {
        "seed": ("a whole number", lambda value: type(value) is int),
        "history_days": (
            f"a whole number from 0 to {LONGEST_HISTORY_DAYS}",
            lambda value: type(value) is int and 0 <= value <= LONGEST_HISTORY_DAYS,
        ),
        "eventful_from": ("a date like 2026-11-17", lambda value: type(value) is dt.date),
    }
    problems = [
        _problem(config, ("simulation", key), repr(table[key]) if key in table else None, expected)
        for key, (expected, is_right) in checks.items()
        if not is_right(table.get(key))
    ]
    problems += [
        _problem(config, ("simulation", key), "an unknown key", f"one of {', '.join(checks)}")
        for key in table
        if key not in checks
    ]
    if problems:
        raise ConfigError(problems)
    return Settings(table["seed"], table["history_days"], table["eventful_from"])


def _problem(config: SensorsConfig, path: tuple[str | int, ...], value: str | None, expected: str) -> Problem:
    text = config.path.read_text(encoding="utf-8") if config.path.is_file() else ""
    return Problem(str(config.path), line_of(text, path), ".".join(map(str, path)), value, expected)


def _first_date(now_ts: float, history_days: int) -> dt.date:
    return Life(0, dt.date.min, dt.date.max).date_at(now_ts) - dt.timedelta(days=history_days + 1)


def _install_pins(config: SensorsConfig, life: Life, clock: Clock) -> Player:
    import gpiozero

    from vigie_sensors.simulation.pins import SimulatedFactory
    from vigie_sensors.simulation.player import DoorWiring, Player, SwitchWiring, Timeline, Wiring

    wiring = Wiring({}, {}, {})
    for index, sensor in enumerate(config.sensors):
        options = sensor.options
        if sensor.driver == "door":
            outer, inner = _pin(options["pin_outer"]), _pin(options["pin_inner"])
            door = _known_name(config, index, sensor.name.removeprefix("porte-"), (place.ENTRANCE, *place.ROOMS))
            wiring.doors[door] = DoorWiring(outer, inner, options["blocked_high"])
        elif sensor.driver == "motion":
            booth = _known_name(config, index, sensor.name, place.BOOTHS)
            wiring.booths[booth] = SwitchWiring(_pin(options["pin"]), options["active_high"])
        elif sensor.driver == "mains":
            circuit = _known_name(config, index, sensor.name.removesuffix("-mains"), place.CIRCUITS)
            wiring.circuits[circuit] = SwitchWiring(_pin(options["pin"]), options["active_high"])
    timeline = Timeline(clock)
    now_ts = timeline.reached_ts()
    factory = SimulatedFactory(timeline.ticks, wiring.levels(life.day_at(now_ts), now_ts))
    factory.kill(wiring.dead_pins(life.day_at(now_ts), now_ts))
    _connect_clamps(config, life, timeline.reached_ts, factory)
    gpiozero.Device.pin_factory = factory
    return Player(life, wiring, factory, timeline, clock)


def _connect_clamps(config: SensorsConfig, life: Life, now_ts: Any, factory: SimulatedFactory) -> None:
    from vigie_sensors.simulation.pins import ADC_FULL_SCALE

    for index, sensor in enumerate(config.sensors):
        if sensor.driver != "current":
            continue
        options = sensor.options
        outlet = _known_name(config, index, sensor.name, tuple(place.OUTLETS))
        burden_ohm = options["burden_ohm"]
        amps_per_volt = options["amps_per_volt"] if burden_ohm is None else options["turns"] / burden_ohm
        steps_per_amp = ADC_FULL_SCALE / (options["reference_v"] * amps_per_volt)

        def amplitude(outlet: str = outlet, steps_per_amp: float = steps_per_amp) -> float:
            at_ts = now_ts()
            return life.day_at(at_ts).amps(outlet, at_ts) * steps_per_amp

        factory.connect(_pin(options["select_pin"]), options["channel"], amplitude)


def _install_meter(sensor: SensorConfig, life: Life, clock: Clock) -> SerialLine:
    def frame() -> bytes:
        at_ts = clock.now_ts()
        power_va = round(life.day_at(at_ts).apparent_power_va(at_ts), -1)
        current_a = round(power_va / place.MAINS_V)
        return historical_frame(int(power_va), current_a, place.SUBSCRIBED_VA // _VA_PER_A, life.energy_wh(at_ts))

    return SerialLine(Path(sensor.options["device"]), frame, clock.speed)


def _known_name(config: SensorsConfig, index: int, found: str, known: tuple[str, ...]) -> str:
    if found not in known:
        expected = f"a name of the simulated place: {', '.join(known)}"
        raise ConfigError([_problem(config, ("sensors", index, "name"), repr(found), expected)])
    return found


def _pin(number: int) -> str:
    return f"GPIO{number}"
