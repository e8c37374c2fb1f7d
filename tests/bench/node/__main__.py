"""A node under fire: the real daemon with numbered readings, which writes down what it has taken.

Run by ``kill`` as a process of its own: ``python -m tests.bench.node CONFIG TAKEN GENERATION [quiet] [forgetful]``.
Below its one sensor everything is what runs on a Pi: sensor loop, journal, publisher.

Each reading's value is a number that no other of its channel has: the generation (how often the node was started) and a
count. Channel and value are written to the file TAKEN when the journal's ``append`` has returned, and not before: from
then on the reading must never be lost.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from vigie_contract.clock import Clock, clock_from_environment
from vigie_contract.messages import Ack, Channel
from vigie_contract.readings import Reading
from vigie_sensors.config import SensorsConfig, load_config
from vigie_sensors.daemon import Daemon
from vigie_sensors.driver import Context, Driver, DriverSpec, SensorConfig
from vigie_sensors.publisher import Publisher
from vigie_sensors.registry import Registry

DRIVER = "numbered"
CHANNELS = 20
PERIOD_S = 0.2
"""With 20 channels, 100 readings a second."""
NUMBERS_A_GENERATION = 1_000
"""Values of one start: 200 s, longer than any lives. Higher leaves the quantity's range after fewer starts."""
GATEWAY = "main"


class Numbered:
    """A sensor whose readings count up."""

    def __init__(self, config: SensorConfig, clock: Clock, first: int, *, is_quiet: bool) -> None:
        self._channels = [channel.id for channel in channels(config)]
        self._clock = clock
        self._next = first
        self._is_quiet = is_quiet

    def sample(self) -> list[Reading]:
        """One reading a channel; none of a quiet node, which only sends what it holds."""
        if self._is_quiet:
            return []
        now_ts = self._clock.now_ts()
        self._next += 1
        return [Reading(channel, now_ts, float(self._next)) for channel in self._channels]

    def close(self) -> None:
        """Nothing is open."""


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    """Powers in watts: a wide range of whole numbers, which nothing on the way rounds or doubts."""
    return tuple(Channel(f"{config.name}-{place}", "power", config.period_s) for place in range(CHANNELS))


class NumberedRegistry(Registry):
    """The one driver, for a given start of the node."""

    def __init__(self, generation: int, *, is_quiet: bool) -> None:
        super().__init__({DRIVER: "wifi"})
        self._first = generation * NUMBERS_A_GENERATION
        self._is_quiet = is_quiet

    def spec(self, name: str) -> DriverSpec:
        """Made here, where a driver's module would be imported."""

        def open_sensor(config: SensorConfig, context: Context) -> Driver:
            return Numbered(config, context.clock, self._first, is_quiet=self._is_quiet)

        return DriverSpec(name, "wifi", "Numbered readings", "none", (), PERIOD_S, channels, open_sensor)


class NotedDaemon(Daemon):
    """The daemon, noting what is taken."""

    def __init__(
        self, config: SensorsConfig, registry: Registry, clock: Clock, stop: threading.Event, taken: Path
    ) -> None:
        super().__init__(config, registry, clock, stop)
        # What was written to a file outlives the process; that it outlives the machine is not asked here.
        self._taken = os.open(taken, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _append(self, readings: list[Reading]) -> None:
        super()._append(readings)
        os.write(self._taken, "".join(name_of(reading.channel, reading.value) + "\n" for reading in readings).encode())


def name_of(channel: str, value: float | None) -> str:
    """What tells a reading from all others, without the channel's node."""
    return f"{channel}={value}"


class ForgetfulPublisher(Publisher):
    """Wrong on purpose, for the harness to find out: takes the broker's PUBACK for the gateway's acknowledgement."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._ends: dict[int, int] = {}

    def _send_pack(self, connection: Any, first: int, count: int) -> int:
        before = set(connection.data_mids)
        sent = super()._send_pack(connection, first, count)
        for mid in connection.data_mids - before:
            self._ends[mid] = max(first, self._journal.floor) + sent - 1
        return sent

    def _published(self, connection: Any, mid: int, code: int, text: str) -> None:
        super()._published(connection, mid, code, text)
        upto = self._ends.pop(mid, 0)
        if upto > self._journal.acknowledged(GATEWAY):
            self._journal.acknowledge(GATEWAY, self._journal.id, upto)
            with self._journal._lock:
                self._journal._commit()  # else a kill would bring back what it has cleared
            self._lanes[GATEWAY].acknowledged(upto, self._link_clock.now_mono())

    def _acknowledge(self, gateway: str | None, ack: Ack) -> None:
        """What the gateway really has does not matter to it."""


def main(config_file: str, taken: str, generation: str, *ways: str) -> None:
    """Run until SIGTERM; a quiet node ends by itself when everything that it holds is acknowledged."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    registry = NumberedRegistry(int(generation), is_quiet="quiet" in ways)
    config = load_config(Path(config_file), registry)
    clock = clock_from_environment()
    daemon = NotedDaemon(config, registry, clock, stop, Path(taken))
    if "forgetful" in ways:
        channels = config.channels[config.sensors[0].name]
        daemon.publishers = (ForgetfulPublisher(config, channels, daemon.journal, clock),)
    if "quiet" in ways:
        threading.Thread(target=_stop_when_empty, args=(daemon, stop), daemon=True).start()
    daemon.run()


def _stop_when_empty(daemon: Daemon, stop: threading.Event) -> None:
    while daemon.journal.acknowledged(GATEWAY) < daemon.journal.last:
        stop.wait(0.05)
    stop.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
