"""``vigie-sensors``: list the drivers, try one sensor, enrol this node, check the configuration, run the daemon.

Exit codes: 0 done; 1 ``once`` found the sensor absent or a value unknown, or ``enrol`` was refused or is not heard; 2
wrong usage; 75 the journal is in use or cannot be written (worth another try); 78 the configuration is wrong (not
worth one: systemd does not restart).
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from vigie_contract.clock import Clock, clock_from_environment
from vigie_contract.memory import share_one_heap
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES, Kind
from vigie_contract.readings import UNKNOWN_REASONS, Reading
from vigie_sensors.config import ConfigError, SensorsConfig, load_config
from vigie_sensors.daemon import Daemon
from vigie_sensors.driver import REQUIRED, Context, Driver, DriverError, DriverSpec, Option
from vigie_sensors.intake import Intake
from vigie_sensors.journal import JournalError
from vigie_sensors.option_values import expectation
from vigie_sensors.registry import KINDS, Registry
from vigie_sensors.tools import run_tool

DEFAULT_CONFIG = Path("/etc/vigie/sensors.toml")
EX_UNKNOWN = 1
EX_TEMPFAIL = 75
EX_CONFIG = 78
EX_INTERRUPTED = 130

ERROR_ACTIONS: dict[type[Exception], tuple[int, str]] = {
    ConfigError: (EX_CONFIG, "the configuration is wrong: systemd does not start it again before it is changed"),
    JournalError: (EX_TEMPFAIL, "the journal is in use or cannot be written: systemd tries again"),
    DriverError: (EX_UNKNOWN, "the sensor is absent, busy or broken"),
}
"""What each error does: the exit code, and what happens then. Anything else is a fault of ours: a traceback."""

_ONCE_TRIES = 3
"""Samples that ``once`` takes before it tells what it has: two differ where one rate needs two counters."""

_START = "sudo systemctl enable --now vigie-sensors; where it runs already: sudo systemctl restart vigie-sensors"

_SILENT_WAIT_S = 5.0
"""``once`` announces a wait that is longer. Lower: a line for each common sensor. Higher: it looks as if it hung."""

_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    _set_up_log(is_verbose=arguments.verbose)
    try:
        return _command(arguments, Registry())
    except tuple(ERROR_ACTIONS) as error:
        for line in str(error).splitlines():
            _log.error("%s", line)
        return ERROR_ACTIONS[type(error)][0]
    except KeyboardInterrupt:
        return EX_INTERRUPTED


def _command(arguments: argparse.Namespace, registry: Registry) -> int:
    match arguments.command:
        case "list":
            return _list(registry, arguments.driver)
        case "once":
            return _once(load_config(arguments.config, registry), registry, arguments.name)
        case "enrol":
            return _enrol(arguments.config, registry, arguments.code)
        case "check":
            return _check(load_config(arguments.config, registry))
        case _:
            return _run(load_config(arguments.config, registry, arguments.kind), registry)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="vigie-sensors", description="Measure who is in, what draws power and how the Wi-Fi fares."
    )
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG, metavar="PATH", help=f"[{DEFAULT_CONFIG}]")
    parser.add_argument("--verbose", action="store_true", help="tell more, with tracebacks of drivers")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    listing = commands.add_parser("list", help="the drivers, their options, units and wiring")
    listing.add_argument("driver", nargs="?", metavar="DRIVER", help="only this one, with everything about it")
    once = commands.add_parser("once", help="take one sample of a sensor and print it")
    once.add_argument("name", metavar="NAME", help="the sensor's name in the configuration")
    enrol = commands.add_parser("enrol", help="get this node's credential by a one-time code of the gateway")
    enrol.add_argument("code", metavar="CODE", help="as vigie-gateway node add shows it: CODE, or CODE@HOST")
    commands.add_parser("check", help="read the configuration and say everything that is wrong with it")
    run = commands.add_parser("run", help="measure until stopped")
    run.add_argument(
        "kind",
        nargs="*",
        metavar="KIND",
        help=f"only sensors of these kinds ({', '.join(KINDS)}); two daemons on one machine need a node id and a "
        "journal directory each",
    )
    # The option may also stand behind the command, where most people type it.
    for command in (listing, once, enrol, commands.choices["check"], run):
        command.add_argument("--config", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return parser


def _set_up_log(*, is_verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    under_systemd = "JOURNAL_STREAM" in os.environ
    handler.setFormatter(_JournalFormatter() if under_systemd else logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if is_verbose else logging.INFO)


class _JournalFormatter(logging.Formatter):
    """Lines as systemd's journal wants them: the priority in front, no time (sd-daemon(3))."""

    def format(self, record: logging.LogRecord) -> str:
        priority = 3 if record.levelno >= logging.ERROR else 4 if record.levelno >= logging.WARNING else 6
        if record.levelno < logging.INFO:
            priority = 7
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).splitlines() or [""])


def _list(registry: Registry, name: str | None) -> int:
    if name is not None and name not in registry.names:
        print(f"there is no driver {name!r}: {', '.join(registry.names)}", file=sys.stderr)
        return 2
    try:
        for driver in registry.names if name is None else [name]:
            _describe(registry.spec(driver))
        sys.stdout.flush()
    except BrokenPipeError:  # a reader such as `head` has enough
        # What is left to write at the interpreter's end must have somewhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _describe(spec: DriverSpec) -> None:
    print(f"{spec.name} ({spec.kind}): {spec.text}")
    print(f"  wiring: {spec.wiring}")
    print(f"  period_s: a sample each {spec.period_s:g} s unless told otherwise")
    for option in spec.options:
        print(f"  {option.name}: {option.text} ({expectation(option)}; {_default(option)})")
    print()


def _default(option: Option) -> str:
    if option.default is REQUIRED:
        return "required"
    return "optional" if option.default is None else f"default {option.default!r}"


def _check(config: SensorsConfig) -> int:
    channels = sum(len(declared) for declared in config.channels.values())
    brokers = [f"{seen.broker.host}:{seen.broker.port}" for seen in config.by_broker()]
    print(f"{config.path}: in order. Node {config.node} of site {config.site}: {len(config.sensors)} sensors, "
          f"{channels} channels, to {' and '.join(brokers)}")  # fmt: skip
    return 0


def _enrol(path: Path, registry: Registry, code: str) -> int:
    from vigie_sensors.enrolment.course import EnrolmentError, enrol  # TLS and more that the daemon does not need
    from vigie_sensors.enrolment.keeping import usual_places

    try:
        outcome = enrol(code, usual_places(path), registry, lambda line: print(line, flush=True))
    except EnrolmentError as error:
        print(error, file=sys.stderr)
        return EX_UNKNOWN
    if outcome.trouble:
        print(f"{outcome.node} has its credential, but is not heard: {outcome.trouble}", file=sys.stderr)
        return EX_UNKNOWN
    print(f"{outcome.node} is heard, by {outcome.broker.host}. To measure from now on: {_START}")
    return 0


def _once(config: SensorsConfig, registry: Registry, name: str) -> int:
    sensor = next((found for found in config.sensors if found.name == name), None)
    if sensor is None:
        known = ", ".join(found.name for found in config.sensors)
        print(f"{config.path} has no sensor {name!r}: it has {known}", file=sys.stderr)
        return 2
    clock = clock_from_environment()
    channels = {channel.id: channel for channel in config.channels[name]}
    with tempfile.TemporaryDirectory(prefix="vigie-sensors-") as state_directory:
        driver = registry.spec(sensor.driver).open(sensor, Context(clock, run_tool, state_directory))
        try:
            readings = _sample(driver, Intake(channels.values()), lambda: _wait(clock, name, sensor.period_s))
        finally:
            driver.close()
    for reading in readings:
        print(_said(reading, channels[reading.channel]))
    if not readings:
        print(f"{name}: nothing happened within {_ONCE_TRIES - 1} periods of {sensor.period_s:g} s")
    return EX_UNKNOWN if not readings or any(reading.value is None for reading in readings) else 0


def _wait(clock: Clock, name: str, period_s: float) -> None:
    """Let a period pass; a long one is announced, so that nobody takes it for a hang."""
    if period_s > _SILENT_WAIT_S:
        print(f"{name}: the next sample comes in {period_s:g} s", file=sys.stderr)
    clock.wait(threading.Event(), period_s)


def _sample(driver: Driver, intake: Intake, wait: Callable[[], object]) -> list[Reading]:
    """Samples until every channel that speaks has had the time that it needs; the last of each is told."""
    latest: dict[str, Reading] = {}
    for attempt in range(_ONCE_TRIES):
        if attempt:
            wait()
        latest.update((reading.channel, reading) for reading in intake.admit(driver.sample()))
        if latest and all(reading.reason != "starting" for reading in latest.values()):
            break
    return list(latest.values())


def _said(reading: Reading, channel: Channel) -> str:
    quantity = QUANTITIES[channel.quantity]
    if reading.value is None:
        reason = reading.reason or ""
        return f"{reading.channel}: unknown: {UNKNOWN_REASONS.get(reason, reason)} ({quantity.name})"
    if quantity.kind is Kind.STATE:
        return f"{reading.channel}: {'yes' if reading.value else 'no'} ({quantity.name})"
    if quantity.kind is Kind.CHOICE:
        return f"{reading.channel}: {channel.labels[int(reading.value)]} ({quantity.name})"
    return f"{reading.channel}: {reading.value:.12g} {quantity.unit} ({quantity.name})"


def _run(config: SensorsConfig, registry: Registry) -> int:
    share_one_heap()
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    Daemon(config, registry, clock_from_environment(), stop).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
