"""``vigie-sensors run``: the one place where everything is built, and the loop that watches over it.

Runs on the main thread, called by the command line. It starts a publisher's thread for each broker and one for each
sensor, then flushes the journal once a second, feeds systemd's watchdog while everything really moves, and ends
everything in order.
"""

from __future__ import annotations

import logging
import threading
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from vigie_contract.clock import Clock, SystemClock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_contract.service import notify, watchdog_interval_s
from vigie_sensors.config import SensorsConfig
from vigie_sensors.driver import Context
from vigie_sensors.journal import Journal, JournalError
from vigie_sensors.machine import machine_identities
from vigie_sensors.publisher import Publisher
from vigie_sensors.registry import Registry
from vigie_sensors.rehearsal.commands import Commands
from vigie_sensors.rehearsal.settings import FarEndConfig
from vigie_sensors.sensor_loop import SensorLoop
from vigie_sensors.told_alerts import ToldAlerts
from vigie_sensors.tools import run_tool
from vigie_sensors.young import choose_folder

if TYPE_CHECKING:  # an HTTP server is loaded by those nodes that are a far end
    from vigie_sensors.rehearsal.far_end import FarEndServer

FLUSH_S = 1.0
"""The journal is flushed so often. Lower wears a card that has no young file beside it; higher loses more there at a
power cut."""
SEND_AT_STOP_S = 2.0
"""How long a stop may go on sending: what is left is in the journal and goes out at the next start."""
BACKLOG_READINGS = 10_000
"""The status tells what waits in steps of this. Lower would tell systemd something new each second."""
OPEN_DRIVERS_S = 5.0
"""How long a simulated day waits for drivers to have their pins: one that opens later misses what happened before."""
CLOSE_DRIVER_S = 3.0
"""How long a stop waits for drivers that are in the middle of a sample."""

_log = logging.getLogger(__name__)


class Simulation(Protocol):
    """What drives the pins and tools of a simulated place."""

    def start(self) -> None:
        """Begin; the drivers are open."""

    def stop(self) -> None:
        """End."""


class Daemon:
    """A running node.

    Attributes:
        journal: Open from the beginning until ``run`` returns.
        publishers: One a broker; their health is the node's.
        loops: One a sensor.
        commands: What it does when a gateway tells it to.
    """

    def __init__(self, config: SensorsConfig, registry: Registry, clock: Clock, stop: threading.Event) -> None:
        """Build everything; nothing is opened but the journal.

        Args:
            config: Checked.
            registry: The drivers there are.
            clock: Of the readings.
            stop: Set it to end ``run``.

        Raises:
            JournalError: The journal is in use or cannot be written.
        """
        self._config = config
        self._clock = clock
        self._stop = stop
        self._link_clock = SystemClock()
        self.journal = Journal.open(
            config.journal.directory / "journal.sqlite",
            config.all_gateways,
            config.journal.keep_days,
            int(config.journal.max_mb * 1_000_000),
            clock,
            young=choose_folder(config.journal.young_directory),
            machine=machine_identities(),
        )
        try:
            channels = [channel for declared in config.channels.values() for channel in declared]
            self.journal.declare({channel.id: channel.quantity for channel in channels})
            self._simulation = self._install_simulation(channels)
            alerts = ToldAlerts(config.all_gateways, self._link_clock)
            context = Context(clock, run_tool, str(self._make_state_directory()), alerts)
            shows_alerts = any(registry.kind(sensor.driver) == "alerts" for sensor in config.sensors)
            self.commands = Commands(
                config.rehearsal, Path(context.state_directory), context.run_tool, self._link_clock
            )
            self._far_end = _serve_far_end(config.far_end)
            self.publishers = tuple(
                Publisher(
                    seen,
                    channels,
                    self.journal,
                    clock,
                    self._link_clock,
                    self.commands.take,
                    None if config.rehearsal is None else config.rehearsal.rooms,
                    alerts if shows_alerts else None,
                )
                for seen in config.by_broker()
            )
            self.loops = self._build_loops(registry, context)
        except BaseException:
            self.journal.close()
            raise

    def run(self) -> None:
        """Run until ``stop`` is set; then flush, send for a moment, say offline, and close.

        Raises:
            JournalError: The last commit failed: what waited for it is lost.
        """
        try:
            self._start()
            self._watch()
        finally:
            self._end()

    def status(self) -> str:
        """One line for ``systemctl status``."""
        faulty = [loop.name for loop in self.loops if loop.fault is not None]
        waiting = self.journal.last - min(self.journal.acknowledged(gateway) for gateway in self._config.all_gateways)
        parts = [publisher.health.text for publisher in self.publishers]
        if waiting >= BACKLOG_READINGS:
            parts.append(f"more than {waiting // BACKLOG_READINGS * BACKLOG_READINGS} readings wait for a gateway")
        if faulty:
            parts.append(f"without {', '.join(faulty)}")
        if not self.journal.is_writable:
            parts.append("the journal cannot be written")
        return "; ".join(parts)

    @property
    def is_live(self) -> bool:
        """Whether everything moves: each sensor within its own time, the publishers, and the journal on its disk."""
        is_sending = all(publisher.is_alive for publisher in self.publishers)
        return all(loop.is_live for loop in self.loops) and is_sending and self.journal.is_writable

    def _install_simulation(self, channels: list[Channel]) -> Simulation | None:
        if self._config.simulation is None:
            return None
        module = import_module("vigie_sensors.simulation")  # a real place never loads it
        simulation: Simulation = module.install(self._config, self._clock, self.journal, channels)
        return simulation

    def _make_state_directory(self) -> Path:
        state_directory = self._config.journal.directory / "state"
        try:
            state_directory.mkdir(exist_ok=True)
        except OSError as error:
            raise JournalError(f"{state_directory} cannot be made: {error.strerror}") from error
        return state_directory

    def _build_loops(self, registry: Registry, context: Context) -> list[SensorLoop]:
        return [
            SensorLoop(
                sensor,
                registry.spec(sensor.driver),
                self._config.channels[sensor.name],
                context,
                self._append,
                self._stop,
                self._link_clock,
            )
            for sensor in self._config.sensors
        ]

    def _append(self, readings: list[Reading]) -> None:
        try:
            self.journal.append(readings)
        finally:
            for publisher in self.publishers:
                publisher.wake()

    def _start(self) -> None:
        for loop in self.loops:
            loop.start()
        if self._simulation is not None:
            end_mono = self._link_clock.now_mono() + OPEN_DRIVERS_S
            for loop in self.loops:
                self._link_clock.wait(loop.was_opened, end_mono - self._link_clock.now_mono())
            self._simulation.start()
        for publisher in self.publishers:
            publisher.start()
        notify(f"READY=1\nSTATUS={self.status()}")
        _log.info(
            "node %s of site %s: %d sensors, journal %s from number %d",
            self._config.node,
            self._config.site,
            len(self.loops),
            self.journal.id,
            self.journal.last + 1,
        )

    def _watch(self) -> None:
        interval_s = watchdog_interval_s()
        fed_mono = self._link_clock.now_mono()
        told = ""
        failing = False
        while not self._stop.wait(FLUSH_S):
            try:
                self.journal.flush()
                failing = False
            except JournalError as error:
                if not failing:
                    _log.error("%s", error)
                failing = True
            status = self.status()
            if status != told:
                notify(f"STATUS={status}")
                told = status
            now_mono = self._link_clock.now_mono()
            if interval_s is not None and now_mono - fed_mono >= interval_s - FLUSH_S and self.is_live:
                notify("WATCHDOG=1")
                fed_mono = now_mono

    def _end(self) -> None:
        notify("STOPPING=1")
        self._stop.set()
        end_mono = self._link_clock.now_mono() + CLOSE_DRIVER_S
        for loop in self.loops:
            loop.join(max(0.0, end_mono - self._link_clock.now_mono()))
        if self._simulation is not None:
            self._simulation.stop()
        self.commands.stop()
        if self._far_end is not None:
            self._far_end.shutdown()
            self._far_end.server_close()
        try:
            self.journal.flush()
        finally:
            for publisher in self.publishers:
                publisher.ask_to_stop(SEND_AT_STOP_S)
            for publisher in self.publishers:
                publisher.stop(SEND_AT_STOP_S)
            self.journal.close()


def _serve_far_end(config: FarEndConfig | None) -> FarEndServer | None:
    """Start serving the rehearsals of other nodes; one that cannot is said, and everything else goes on."""
    if config is None:
        return None
    from vigie_sensors.rehearsal.far_end import FarEndServer
    from vigie_sensors.rehearsal.far_ends import first_line

    try:
        server = FarEndServer(config.host, config.port, first_line(config.secret_file.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        _log.error("[far_end] %s:%d cannot be served: %s", config.host, config.port, error)
        return None
    threading.Thread(target=server.serve_forever, name="far end", daemon=True).start()
    return server
