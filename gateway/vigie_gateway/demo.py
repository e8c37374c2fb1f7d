"""``vigie-gateway demo``: the sample place, live, with one command.

Starts a broker, this gateway and three sensor nodes as children, each with the very program that runs on a real place,
and stops them all at the end. What is simulated is told by ``vigie_sensors.simulation``; the gateway meets the nodes
on the wire alone, and only knows where their sample files are. Everything that is written is under ``.vigie/demo`` of
the current folder and begins anew at each start.

Exit codes: 0 when ended by Ctrl-C, SIGTERM or ``--for`` (that is how a demo ends); 1 when the gateway died; 2 wrong
arguments; 69 when something it needs is missing or in use.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import fcntl
import http.client
import os
import queue
import secrets
import shutil
import signal
import socket
import string
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock
from vigie_gateway.broker import GATEWAY_USER, BrokerError, Mosquitto, make_passwords
from vigie_gateway.child import Child

EXIT_UNAVAILABLE = 69
STATE = Path(".vigie") / "demo"
SITE_ID = "semaphore"
NODES = {
    "accueil": "doors and booths",
    "tableau": "30 outlets, 4 circuits, the meter",
    "ondes": "access points and network probes",
}
"""The sample nodes, and what each measures."""
TIMEZONE = ZoneInfo("Europe/Paris")
START_WEEKDAY = 1
START_TIME = dt.time(14, 25)
"""A Tuesday afternoon: the big room is full and its access point saturated, the café's breaker has tripped, a door's
sensor has just fallen silent. Earlier, most of that has not happened yet; later, it is over."""
HISTORY_DAYS = 15
"""Two whole Tuesdays are in it, which make a usual one. Fewer leave one, and an anecdote is no usual day; more make the
start wait for the gateway."""
BOARD_S = 20.0
"""How long the board may take to answer; it takes 1 to 2 s. Lower gives up on a Pi that is starting."""
STOP_S = 4.0
"""How long children may take to end before they are killed. Higher breaks the promise of 5 s in all."""
STOP_GATEWAY_S = 1.0
"""How much of it is the gateway's. Lower may cut its last commit off."""
_HOST = "127.0.0.1"
_LEAST_SPEED, _MOST_SPEED = 0.1, 3_600.0


class DemoError(Exception):
    """The demo cannot start here; one sentence with what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line.

    Attributes:
        speed: Simulated seconds in a real one.
        duration_s: Real seconds after which it ends by itself; None for never.
        port: Of the board.
        start: Local time of the simulated day at which it begins.
        is_outside: Whether the probes may reach beyond this machine's own network.
    """

    speed: float
    duration_s: float | None
    port: int
    start: dt.time
    is_outside: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the demo's arguments."""
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="N", help="run the simulated day N times faster [1]"
    )
    parser.add_argument(
        "--for", dest="duration_s", type=_duration, metavar="SECONDS", help="end by itself after so many real seconds"
    )
    parser.add_argument("--port", type=_port, default=8080, metavar="P", help="port of the board [8080]")
    parser.add_argument("--host", choices=[_HOST], default=_HOST, help=argparse.SUPPRESS)
    parser.add_argument(
        "--outside",
        action="store_true",
        help="probe the internet too: example.org, its name, and connectivity-check.ubuntu.com",
    )
    parser.add_argument(
        "--start", type=_time, default=START_TIME, metavar="HH:MM", help=f"time of the day [{START_TIME:%H:%M}]"
    )


def main(argv: Sequence[str]) -> int:
    """Run the demo until it is told to end; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="vigie-gateway demo", description="A sample place, live, lived in by the real daemons on simulated pins."
    )
    add_arguments(parser)
    given = parser.parse_args(argv)
    options = Options(given.speed, given.duration_s, given.port, given.start, given.outside)
    events: queue.SimpleQueue[str] = queue.SimpleQueue()
    try:
        with _lock(), _signals(events):
            return Demo(options, events).run()
    except (DemoError, BrokerError) as error:
        print(f"vigie: {error}", file=sys.stderr)
        return EXIT_UNAVAILABLE


class Demo:
    """One run."""

    def __init__(self, options: Options, events: queue.SimpleQueue[str]) -> None:
        """Prepare; nothing is started.

        Args:
            options: The command line.
            events: What ends or interrupts the wait: ``stop`` from a signal, the name of a child that ended.
        """
        self._options = options
        self._events = events
        self._began_mono = time.monotonic()
        self._state = STATE.absolute()
        self._children: dict[str, Child] = {}

    def run(self) -> int:
        """Start everything, wait, stop everything."""
        samples = find_samples()
        _check_port(self._options.port)
        _wipe(self._state)
        (self._state / "logs").mkdir(parents=True, mode=0o700)
        users = make_passwords([GATEWAY_USER, *NODES])
        _say("Vigie, the demo: a simulated place, the real programs.")
        with Mosquitto(self._state / "broker", SITE_ID, users) as broker:
            _say(f"• broker: ready on port {broker.port}")
            try:
                return self._show(broker, samples)
            finally:
                self._stop_children()

    def _show(self, broker: Mosquitto, samples: Path) -> int:
        """Start the rest, tell the board's address, and go on until the end."""
        start_ts = start_of_day(dt.datetime.now(TIMEZONE), self._options.start)
        clock = SimulatedClock(start_ts, time.monotonic(), self._options.speed)
        environment = {CLOCK_VARIABLE: clock.to_environment(), "PYTHONUNBUFFERED": "1"}
        config = self._write("gateway.toml", self._gateway_settings(broker))
        self._start("gateway", ["vigie_gateway", "run", "--config", config], environment, is_restarted=False)
        code = self._wait_for_board()
        if code is None:
            # After the gateway: writing two weeks of history would take the processor from the board's first page.
            self._start_nodes(broker, samples, start_ts, environment)
            self._tell(self._options.duration_s)
        while code is None:
            code = self._wait(None)
        return code

    def _start_nodes(self, broker: Mosquitto, samples: Path, start_ts: float, environment: Mapping[str, str]) -> None:
        far_end = self._make_far_end()
        for node, what in NODES.items():
            values = {
                **far_end,
                "broker_port": str(broker.port),
                "password_file": str(broker.password_file(node)),
                "journal": str(self._state / "journals" / node),
                "meter_device": str(self._state / "meter"),
                "eventful_from": dt.datetime.fromtimestamp(start_ts, TIMEZONE).date().isoformat(),
                "history_days": str(HISTORY_DAYS),
                # A probe bound to the interface that leads outside could not reach the board on the loopback.
                "interface": default_interface(Path("/proc/net/route")) if self._options.is_outside else "",
                "outside": '"example.org:80"' if self._options.is_outside else f'"{_HOST}:{self._options.port}"',
                **periods(self._options.speed),
            }
            text = (samples / f"{node}.toml").read_text(encoding="utf-8")
            if self._options.is_outside and (more := samples / f"{node}-outside.toml").exists():
                text += more.read_text(encoding="utf-8")
            config = self._write(f"{node}.toml", string.Template(text).substitute(values))
            self._start(node, ["vigie_sensors", "run", "--config", config], environment, is_restarted=True)
            _say(f"• node {node}: {what}")

    def _make_far_end(self) -> dict[str, str]:
        """Against whom a node rehearses: itself, on the loopback, with a secret of this demo alone."""
        secret_file = self._state / "far-end.secret"
        descriptor = os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_hex(24)}\n")
        with socket.create_server((_HOST, 0)) as probe:
            port = probe.getsockname()[1]
        return {"far_end_host": _HOST, "far_end_port": str(port), "far_end_secret": str(secret_file)}

    def _start(
        self, name: str, arguments: Sequence[str | Path], environment: Mapping[str, str], *, is_restarted: bool
    ) -> None:
        child = Child(
            name,
            [sys.executable, "-m", *arguments],
            self._state / "logs" / f"{name}.log",
            environment=environment,
            is_restarted=is_restarted,
            on_exit=lambda ended, _code: self._events.put(ended.name),
        )
        self._children[name] = child
        child.start()

    def _wait_for_board(self) -> int | None:
        """Return when it answers; the exit code when the demo ends before."""
        deadline_mono = time.monotonic() + BOARD_S
        while not _is_answering(self._options.port):
            if time.monotonic() > deadline_mono:
                raise DemoError(f"the board did not answer within {BOARD_S:g} s; {self._last_words('gateway')}")
            code = self._wait(0.05)
            if code is not None:
                return code
        _say("• gateway: ready")
        _say(f"Board: http://{_HOST}:{self._options.port}/board   (after {time.monotonic() - self._began_mono:.1f} s)")
        return None

    def _tell(self, duration_s: float | None) -> None:
        _say(f"• {HISTORY_DAYS} simulated days of history are coming in, by the same way as every reading")
        until = f"it ends after {duration_s:g} s" if duration_s else "Ctrl-C ends it"
        _say(f"It is a Tuesday, {self._options.start:%H:%M}, at {self._options.speed:g} times its speed; {until}.")

    def _wait(self, timeout_s: float | None) -> int | None:
        """Wait for something to happen; the exit code when that ends the demo."""
        left_s = timeout_s
        if self._options.duration_s is not None:
            end_s = self._began_mono + self._options.duration_s - time.monotonic()
            if end_s <= 0:
                return 0
            left_s = end_s if timeout_s is None else min(timeout_s, end_s)
        try:
            event = self._events.get(timeout=left_s)
        except queue.Empty:
            return None
        if event == "stop":
            return 0
        _say(f"• {event} ended unexpectedly; {self._last_words(event)}")
        if event == "gateway":
            return 1
        _say(f"• {event} is started again; the rest goes on")
        return None

    def _last_words(self, name: str) -> str:
        child = self._children[name]
        lines = "".join(f"\n    {line}" for line in child.log_tail(5)) or " it said nothing"
        return f"the end of {os.path.relpath(child.log_path)}:{lines}"

    def _stop_children(self) -> None:
        if not self._children:
            return
        _say("• stopping")
        # The gateway after the nodes, which tell it that they go and send what they still have.
        nodes = [self._children[node] for node in NODES if node in self._children]
        for node in nodes:
            node.ask_to_stop()
        deadline_mono = time.monotonic() + STOP_S
        for node in nodes:
            node.stop(max(0.1, deadline_mono - STOP_GATEWAY_S - time.monotonic()))
        self._children["gateway"].stop(max(STOP_GATEWAY_S, deadline_mono - time.monotonic()))

    def _gateway_settings(self, broker: Mosquitto) -> str:
        return "\n".join(
            (
                "# Written by the demo.",
                f'site = "{self._sample_copy()}"',
                "",
                "[broker]",
                f'host = "{_HOST}"',
                f"port = {broker.port}",
                f'username = "{GATEWAY_USER}"',
                f'password_file = "{broker.password_file(GATEWAY_USER)}"',
                "",
                "[http]",
                f'host = "{_HOST}"',
                f"port = {self._options.port}",
                "",
                "[store]",
                f'path = "{self._state / "vigie.db"}"',
                "",
            )
        )

    def _sample_copy(self) -> Path:
        """The sample place in a file of this demo: what is set up in its browser stays there."""
        sample = Path(__file__).parent / "sample"
        for name in ("sessions.ics", "site.toml"):
            (self._state / name).write_bytes((sample / name).read_bytes())
        return self._state / "site.toml"

    def _write(self, name: str, text: str) -> Path:
        path = self._state / name
        path.write_text(text, encoding="utf-8")
        return path


def start_of_day(now_at: dt.datetime, start: dt.time) -> float:
    """Epoch seconds of the latest Tuesday's ``start`` that has passed, so that no date of the demo is in the future."""
    date = now_at.date() - dt.timedelta(days=(now_at.weekday() - START_WEEKDAY) % 7)
    begin_at = dt.datetime.combine(date, start, tzinfo=now_at.tzinfo)
    if begin_at > now_at:
        begin_at = dt.datetime.combine(date - dt.timedelta(days=7), start, tzinfo=now_at.tzinfo)
    return begin_at.timestamp()


def periods(speed: float) -> dict[str, str]:
    """Seconds between samples, of the day: longer in a fast one, which asks no more of this machine or its network."""
    found = {
        "pin_period_s": max(5.0, speed / 10),
        "mains_period_s": max(2.0, speed / 10),
        "meter_period_s": max(10.0, speed / 2),
        "outlet_period_s": max(20.0, speed * 2),
        "radio_period_s": max(15.0, speed / 2),
        "probe_period_s": max(60.0, speed * 5),
        "portal_period_s": max(300.0, speed * 20),
    }
    return {name: f"{min(period_s, 86_400):g}" for name, period_s in found.items()}


def default_interface(routes: Path) -> str:
    """The network interface of this machine's default route, whose radio the probes watch; empty when there is none.

    Args:
        routes: ``/proc/net/route``: a header, then interface, destination and gateway in hexadecimal a line.
    """
    try:
        lines = routes.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return ""
    found = (line.split() for line in lines)
    return next((fields[0] for fields in found if len(fields) > 1 and fields[1] == "00000000"), "")


def find_samples() -> Path:
    """The folder of the nodes' sample files.

    Raises:
        DemoError: The sensors are not installed.
    """
    found = find_spec("vigie_sensors")  # where it is, without importing it
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        samples = Path(folder) / "sample"
        if samples.is_dir():
            return samples
    raise DemoError("the sensors' programs are not installed; type: pip install 'vigie[sensors,gateway]'")


def _say(text: str) -> None:
    print(text, flush=True)


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Keep a second demo of the same folder away."""
    STATE.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(STATE.parent / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoError(f"another demo runs in {STATE.absolute()}; end it with Ctrl-C first") from error
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _signals(events: queue.SimpleQueue[str]) -> Iterator[None]:
    """Turn what asks a program to end into an event, for as long as the demo runs."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        events.put("stop")  # SimpleQueue.put may interrupt itself, Queue.put may not

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise DemoError(
                f"port {port} of {_HOST} is taken ({error.strerror}); choose another: ./run demo --port {port + 1}"
            ) from error


def _wipe(state: Path) -> None:
    """Remove what an earlier demo left; its own folder, never what a link points to."""
    if state.is_symlink():
        raise DemoError(f"{state} is a link; remove it")
    try:
        if state.exists():
            shutil.rmtree(state)
        state.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise DemoError(f"{error.filename} cannot be written ({error.strerror})") from error


def _is_answering(port: int) -> bool:
    connection = http.client.HTTPConnection(_HOST, port, timeout=2)
    try:
        connection.request("GET", "/board")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _speed(text: str) -> float:
    return _number(text, _LEAST_SPEED, _MOST_SPEED)


def _duration(text: str) -> float:
    return _number(text, 0.1, 10 * 365 * 86_400)


def _number(text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number from {least:g} to {most:g}")
    return value


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65_536):  # noqa: PLR2004 - TCP ports
        raise argparse.ArgumentTypeError(f"{text!r}: expected a port from 1 to 65535")
    return int(text)


def _time(text: str) -> dt.time:
    try:
        return dt.datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a time like 14:25") from None
