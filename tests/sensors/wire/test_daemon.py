"""The whole daemon over the real broker: a bad sensor hurts no other, systemd hears the truth, a stop loses nothing."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from vigie_contract.clock import Clock, SystemClock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_sensors import daemon as daemon_module
from vigie_sensors.config import SensorsConfig
from vigie_sensors.daemon import Daemon
from vigie_sensors.driver import Context, Driver, DriverError, DriverSpec, SensorConfig
from vigie_sensors.journal import Journal
from vigie_sensors.registry import Registry
from vigie_sensors.sensor_loop import LONGEST_PAUSE_S, SensorLoop, next_tick

Behaviour = Callable[[SensorConfig, Context], Iterable[Reading]]


class Fake:
    """A driver whose sample is a function."""

    def __init__(self, behaviour: Behaviour, config: SensorConfig, context: Context) -> None:
        self.behaviour, self.config, self.context, self.closed = behaviour, config, context, 0

    def sample(self) -> Iterable[Reading]:
        return self.behaviour(self.config, self.context)

    def close(self) -> None:
        self.closed += 1


def channels(config: SensorConfig) -> tuple[Channel, ...]:
    return (Channel(f"{config.name}-a", "current", config.period_s, config.room),)


def spec(name: str, behaviour: Behaviour, opened: list[Fake] | None = None) -> DriverSpec:
    def open_one(config: SensorConfig, context: Context) -> Driver:
        made = Fake(behaviour, config, context)
        if opened is not None:
            opened.append(made)
        return made

    return DriverSpec(name, "outlets", "A fake", "None", (), 1.0, channels, open_one)


class Fakes(Registry):
    def __init__(self, *specs: DriverSpec) -> None:
        super().__init__({each.name: each.kind for each in specs})
        self._specs = {each.name: each for each in specs}

    def spec(self, name: str) -> DriverSpec:
        return self._specs[name]


def steady(config: SensorConfig, context: Context) -> list[Reading]:
    return [Reading(f"{config.name}-a", context.clock.now_ts(), 1.234)]


def gone(config: SensorConfig, context: Context) -> list[Reading]:
    raise DriverError("no clamp on GPIO 4: plug it in", "absent")


def faulty(config: SensorConfig, context: Context) -> list[Reading]:
    raise ZeroDivisionError("oops")


def wait_until(is_true: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not is_true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class Running:
    """A daemon on a thread of the test."""

    def __init__(self, config: SensorsConfig, registry: Registry) -> None:
        self.stop = threading.Event()
        self.daemon = Daemon(config, registry, SystemClock(), self.stop)
        self.thread = threading.Thread(target=self.daemon.run)
        self.thread.start()

    def end(self) -> None:
        self.stop.set()
        self.thread.join(30)
        assert not self.thread.is_alive()


@pytest.fixture
def run(
    broker: Any, make_config: Callable[..., SensorsConfig], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Running]]:
    monkeypatch.setattr(daemon_module, "FLUSH_S", 0.05)
    made: list[Running] = []

    def start(*drivers: DriverSpec, **given: Any) -> Running:
        sensors = tuple(SensorConfig(each.name, each.name, 0.1, "big", "") for each in drivers)
        declared = {sensor.name: channels(sensor) for sensor in sensors}
        config = make_config(broker.port, sensors=sensors, channels=declared, **given)
        made.append(Running(config, Fakes(*drivers)))
        return made[-1]

    yield start
    for running in made:
        running.end()


def test_an_absent_and_a_faulty_sensor_become_unknown_and_the_third_goes_on(
    run: Callable[..., Running], make_gateway: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    gateway = make_gateway(commit=1)
    running = run(spec("steady", steady), spec("gone", gone), spec("faulty", faulty))

    def heard(channel: str, key: str, value: object) -> int:
        return sum(record["n"] == channel and record.get(key) == value for _, record in gateway.stored)

    wait_until(
        lambda: (
            heard("steady-a", "v", 1.23) > 3
            and heard("gone-a", "vs", "absent") > 3
            and heard("faulty-a", "vs", "failed") > 3
        )
    )
    running.end()
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count("sensor gone: no clamp on GPIO 4: plug it in") == 1
    assert lines.count("sensor faulty: driver faulty is at fault: ZeroDivisionError: oops") == 1
    assert "without gone, faulty" in running.daemon.status()


def test_a_stop_sends_what_is_left_says_offline_and_closes_the_drivers(
    run: Callable[..., Running], make_gateway: Callable[..., Any]
) -> None:
    gateway = make_gateway(commit=1)
    opened: list[Fake] = []
    running = run(spec("steady", steady, opened))
    wait_until(lambda: len(gateway.stored) > 2)
    running.end()
    wait_until(lambda: gateway.told[-1] == ("status", b"offline"))
    wait_until(lambda: len(gateway.stored) == running.daemon.journal.last)
    assert [driver.closed for driver in opened] == [1]


def test_without_a_broker_readings_are_kept_and_sent_by_the_next_start(
    broker: Any, run: Callable[..., Running], make_gateway: Callable[..., Any]
) -> None:
    broker.kill()
    first = run(spec("steady", steady))
    wait_until(lambda: first.daemon.journal.last > 5)
    first.end()
    kept = first.daemon.journal.last
    broker.start()
    gateway = make_gateway(commit=1)
    run(spec("steady", steady))
    wait_until(lambda: len(gateway.stored) > kept)
    assert [number for number, _ in gateway.stored] == list(range(1, len(gateway.stored) + 1))


class Simulated:
    def __init__(self, calls: list[str]) -> None:
        self.calls = calls

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")


def test_a_simulation_is_installed_before_the_drivers_open_and_may_write_history(
    run: Callable[..., Running], make_gateway: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def install(config: SensorsConfig, clock: Clock, journal: Journal, declared: Sequence[Channel]) -> Simulated:
        assert config.simulation == {"place": "sample"}
        journal.append([Reading(declared[0].id, clock.now_ts() - 86_400 + second, 2.0) for second in range(3_000)])
        calls.append("install")
        return Simulated(calls)

    def open_late(config: SensorConfig, context: Context) -> list[Reading]:
        calls.append("sample")
        return steady(config, context)

    module = ModuleType("vigie_sensors.simulation")
    module.install = install  # type: ignore[attr-defined] # a module of the test's own
    monkeypatch.setitem(sys.modules, "vigie_sensors.simulation", module)
    gateway = make_gateway()
    running = run(spec("steady", open_late), simulation={"place": "sample"})
    wait_until(lambda: len(gateway.stored) >= 3_000 and "sample" in calls)
    running.end()
    assert calls[0] == "install"
    assert {"start", "stop"} <= set(calls)


class Steps:
    """A clock that tests turn; waiting turns it too."""

    speed = 1.0
    mono = 100.0

    def now_ts(self) -> float:
        return 1_790_000_000.0 + self.mono

    def now_mono(self) -> float:
        return self.mono

    def wait(self, event: threading.Event, duration_s: float) -> bool:
        self.mono += duration_s
        return event.is_set()

    def is_synchronised(self) -> bool:
        return True


def loop(
    behaviour: Behaviour, clock: Steps, kept: list[Reading], opened: list[Fake], stop: threading.Event
) -> SensorLoop:
    sensor = SensorConfig("s", "fake", 10.0, None, "")
    context = Context(clock, lambda argv, deadline_s: "", "/nonexistent")
    return SensorLoop(sensor, spec("fake", behaviour, opened), channels(sensor), context, kept.extend, stop, clock)


def test_ticks_keep_their_phase_and_late_ones_are_left_out() -> None:
    clock, kept, stop = Steps(), list[Reading](), threading.Event()
    durations = iter([1.0, 3.0, 25.0, 0.0, 0.0])

    def slow(config: SensorConfig, context: Context) -> list[Reading]:
        started_ts = clock.now_ts()
        clock.mono += next(durations, 0.0)
        if len(kept) == 4:
            stop.set()
        return [Reading("s-a", started_ts, 1.0)]

    loop(slow, clock, kept, [], stop).run()
    assert [reading.at_ts - 1_790_000_100 for reading in kept] == [0, 10, 20, 50, 60]


def test_a_sensor_that_failed_is_closed_and_opened_again_ever_later() -> None:
    clock, kept, opened = Steps(), list[Reading](), list[Fake]()
    sick = loop(gone, clock, kept, opened, threading.Event())
    opened_at: list[float] = []
    for _ in range(200):
        before = len(opened)
        sick.tick()
        if len(opened) > before:
            opened_at.append(clock.mono)
        clock.mono += 10
    pauses = [later - earlier for earlier, later in pairwise(opened_at)]
    assert pauses[:4] == [10, 10, 20, 40]
    assert max(pauses) <= LONGEST_PAUSE_S + 10
    assert [reading.reason for reading in kept] == ["absent"] * 200, "unknown each period, never left out, never zero"
    assert all(driver.closed == 1 for driver in opened)


def test_a_sensor_that_works_again_says_so_and_measures() -> None:
    clock, kept, opened = Steps(), list[Reading](), list[Fake]()
    answers = iter([DriverError("busy", "busy"), None, None])

    def flaky(config: SensorConfig, context: Context) -> list[Reading]:
        answer = next(answers)
        if answer is not None:
            raise answer
        return steady(config, context)

    sick = loop(flaky, clock, kept, opened, threading.Event())
    sick.tick()
    first_fault = str(sick.fault)
    clock.mono += 10
    sick.tick()
    assert (first_fault, sick.fault) == ("busy", None)
    assert [reading.value for reading in kept] == [None, 1.23]


def test_the_next_tick_lies_after_now_on_the_grid() -> None:
    assert next_tick(5.0, 10.0, 5.0) == 15.0
    assert next_tick(5.0, 10.0, 14.999) == 15.0
    assert next_tick(5.0, 10.0, 15.0) == 25.0
    assert next_tick(0.1, 0.1, 0.3) > 0.3


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        yield listener


def test_systemd_is_told_ready_status_watchdog_and_stopping(
    systemd: socket.socket, run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    running = run(spec("steady", steady))
    told = systemd.recv(1_000)
    assert told.startswith(b"READY=1\nSTATUS=")
    while systemd.recv(1_000) != b"WATCHDOG=1":
        pass
    running.stop.set()
    while systemd.recv(1_000) != b"STOPPING=1":
        pass


def test_a_sensor_that_hangs_starves_the_watchdog(
    systemd: socket.socket, run: Callable[..., Running], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", "300000")
    monkeypatch.setattr("vigie_sensors.sensor_loop.GRACE_S", 0.2)
    monkeypatch.setattr(daemon_module, "CLOSE_DRIVER_S", 0.1)
    release = threading.Event()

    def hang(config: SensorConfig, context: Context) -> list[Reading]:
        release.wait(30)
        return []

    running = run(spec("steady", steady), spec("hung", hang))
    wait_until(lambda: not running.daemon.is_live)
    fed = 0
    systemd.settimeout(1.0)
    try:
        while True:
            fed += systemd.recv(1_000) == b"WATCHDOG=1"
            assert fed < 20
    except TimeoutError:
        pass
    release.set()
    wait_until(lambda: running.daemon.is_live)


@pytest.fixture
def process(broker: Any, tmp_path: Path) -> Iterator[tuple[Callable[[], subprocess.Popen[str]], Path]]:
    """The real program with one real driver, whose target is this machine's own broker."""
    file = tmp_path / "sensors.toml"
    file.write_text(
        f'site = "house"\nnode = "pi"\n[broker]\nhost = "127.0.0.1"\nport = {broker.port}\n'
        f'[journal]\ndirectory = "{tmp_path}/journal"\n'
        '[[sensors]]\nname = "resolver"\ndriver = "portal"\nperiod_s = 0.5\n'
        f'url = "http://127.0.0.1:{broker.port}/"\n'
    )
    made: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "vigie_sensors", "--config", str(file), "run"]
        environment = os.environ | {"JOURNAL_STREAM": "8:1"}
        made.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment))
        return made[-1]

    yield start, file
    for child in made:
        child.kill()
        child.wait()
        if child.stderr is not None:
            child.stderr.close()


def test_the_program_stops_on_sigterm_with_exit_0_and_a_second_one_is_refused_with_75(
    process: tuple[Callable[[], subprocess.Popen[str]], Path], make_gateway: Callable[..., Any]
) -> None:
    start, _ = process
    gateway = make_gateway()
    first = start()
    wait_until(lambda: ("status", b"online") in gateway.told)
    second = start()
    _, said = second.communicate(timeout=30)
    assert second.returncode == 75
    assert said.startswith("<3>the journal ")
    assert said.count("\n") == 1
    first.send_signal(signal.SIGTERM)
    _, said = first.communicate(timeout=30)
    assert first.returncode == 0, said
    assert "Traceback" not in said
    wait_until(lambda: gateway.told[-1] == ("status", b"offline"))


def test_killed_without_warning_the_program_loses_nothing_that_was_sent_and_reuses_no_number(
    process: tuple[Callable[[], subprocess.Popen[str]], Path], make_gateway: Callable[..., Any]
) -> None:
    start, _ = process
    gateway = make_gateway(commit=1)

    def has_more_than(count: int) -> Callable[[], bool]:
        return lambda: len(gateway.stored) > count

    for _ in range(2):
        before = len(gateway.stored)
        child = start()
        wait_until(has_more_than(before + 1))
        child.kill()
        child.wait()
    numbers = [number for number, _ in gateway.stored]
    assert numbers == list(range(1, len(numbers) + 1))
    assert gateway.gaps == []
