"""Nothing taken is lost, whatever is killed: broker, gateway and node, alone and together, at 100 readings a second.

Three real programs, ended with SIGKILL by their process ids in an order and after pauses that the seed gives:
Mosquitto with the configuration of a supervised one, ``vigie-gateway run``, and the real daemon of a node
(``tests.bench.node``), which writes each reading down when it has taken it. In the end everything runs, the node sends
what it holds, and the database is read: what was taken and is not there is lost.

The control is the same with a node that clears its journal on the broker's PUBACK: a harness that finds nothing lost
there could not see a loss at all.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench import load
from tests.bench.node.__main__ import DRIVER, PERIOD_S, name_of

from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock, SystemClock
from vigie_gateway.broker import find_mosquitto
from vigie_gateway.store import open_store

SEEDS = (1, 2, 3)
ROUNDS = 6
"""How often each fault happens for a seed: 36 faults. Higher passes six minutes in all."""
COMMIT_INTERVAL_S = 0.5
"""Shorter than a place's 10 s, so that kills fall before, in and after commits and acknowledgements alike."""
SHORTEST_PAUSE_S = 0.4
LONGEST_PAUSE_S = 1.8
"""Between faults. Shorter would never let the gateway come up and commit; longer gives fewer faults a minute."""
FOUND_RUNNING = 0.5
"""Share of the faults that wait until the gateway runs. Lower hits a slow machine's gateway while it starts, again and
again, and nothing else; higher never does."""
LONGEST_AWAY_S = 0.7
DRAIN_S = 90.0
"""How long the node may take to be rid of what it holds, once nothing is killed any more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to, in readings.

    Attributes:
        faults: Times that something was killed.
        taken: The node has said that it took them.
        stored: Different ones in the database; what was taken right before a kill, and not written down, is there too.
        lost: Taken and not in the database.
        duplicates: In the database more than once, counted beyond the first.
        gaps: Times that the gateway recorded readings that can never come.
    """

    faults: int
    taken: int
    stored: int
    lost: int
    duplicates: int
    gaps: int


class Program:
    """A process that is started, killed, and started again."""

    def __init__(self, command: Callable[[], list[str]], log: Path) -> None:
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; a command may differ from one start to the next."""
        described = SimulatedClock(time.time() - time.monotonic(), 0.0, 1.0)  # this machine's, believed to be right
        environment = os.environ | {CLOCK_VARIABLE: described.to_environment()}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log, env=environment)

    def kill(self) -> None:
        """End it without warning, by its own id."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self, timeout_s: float) -> int:
        """Ask it to end; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout_s)

    def wait(self, timeout_s: float) -> int:
        """Wait until it ends by itself; returns its exit code.

        Raises:
            RuntimeError: It did not, with the end of what it wrote.
        """
        assert self._process is not None
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            text = self._log.read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"not at its end after {timeout_s:g} s: {text[-2_000:]}") from None


class Place:
    """A broker, a gateway and a node, each of which may go at any time."""

    def __init__(self, directory: Path, young: Path, *, is_forgetful: bool) -> None:
        self._young = young
        self._taken = directory / "taken"
        self._taken.touch()
        self.database = directory / "vigie.db"
        self._generation = 0
        self._ways = ["forgetful"] if is_forgetful else []
        with load.broker(directory) as described:
            # Supervised it would come back by itself, ever later: here the bench decides when. Its files stay.
            gateway_file, self.port = load.write_config(directory, described)
            self._node_file = self._write_node_config(directory, described.port, described.password_file(load.NODE))
        with gateway_file.open("a", encoding="utf-8") as file:
            file.write(f"commit_interval_s = {COMMIT_INTERVAL_S}\n")
        gateway = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(gateway_file)]
        broker = [str(find_mosquitto()), "-c", str(described.directory / "mosquitto.conf")]
        self.broker = Program(lambda: broker, directory / "broker.log")
        self.gateway = Program(lambda: gateway, directory / "gateway.log")
        self.node = Program(self._node_command, directory / "node.log")
        self.programs = (self.broker, self.gateway, self.node)

    def _write_node_config(self, directory: Path, port: int, password_file: Path) -> Path:
        file = directory / "sensors.toml"
        file.write_text(
            f'site = "{load.SITE}"\nnode = "{load.NODE}"\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {port}\npassword_file = {json.dumps(str(password_file))}\n'
            f"[journal]\ndirectory = {json.dumps(str(directory / 'journal'))}\n"
            f"young_directory = {json.dumps(str(self._young))}\n"
            f'[[sensors]]\nname = "load"\ndriver = "{DRIVER}"\nperiod_s = {PERIOD_S}\n',
            encoding="utf-8",
        )
        return file

    def _node_command(self) -> list[str]:
        self._generation += 1
        files = [str(self._node_file), str(self._taken)]
        return [sys.executable, "-m", "tests.bench.node", *files, str(self._generation), *self._ways]

    def drain(self) -> None:
        """Let the node take no more, and wait until all that it holds is acknowledged."""
        self.node.kill()
        load.wait_for(self.port)
        self._ways.append("quiet")
        self.node.start()
        code = self.node.wait(DRAIN_S)
        if code or self.gateway.stop(20):
            raise RuntimeError(f"the node ended with {code}; see the logs beside {self.database}")

    def count(self, faults: int) -> Outcome:
        """Read what was taken, and what the closed database holds of it."""
        taken = set(self._taken.read_text(encoding="ascii").split())
        store = open_store(self.database, SystemClock())
        found = Counter(
            name_of(series.channel.id, sample.value)
            for series in store.series()
            for sample in store.samples(series.id, 0, time.time() + 3_600)
            if sample.value is not None  # a number that a crash skipped, said to be unknown
        )
        gaps = len(store.gaps())
        store.close()
        return Outcome(faults, len(taken), len(found), len(taken - set(found)), found.total() - len(found), gaps)


@contextmanager
def place(directory: Path, *, is_forgetful: bool = False) -> Iterator[Place]:
    """Everything started, and nothing left behind."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-", dir="/dev/shm") as young:
        made = Place(directory, Path(young), is_forgetful=is_forgetful)
        for program in made.programs:
            program.start()
        try:
            load.wait_for(made.port)
            yield made
        finally:
            for program in made.programs:
                program.kill()


def _away(programs: tuple[Program, ...], dice: random.Random) -> None:
    """Kill them in the order given, a moment apart or at once, and start them again in the opposite order."""
    for program in programs:
        program.kill()
    time.sleep(dice.uniform(0.02, LONGEST_AWAY_S))
    for program in reversed(programs):
        program.start()


def gateway_away_then_broker(made: Place, dice: random.Random) -> None:
    """What the broker has taken for a gateway that is away goes with the broker."""
    made.gateway.kill()
    time.sleep(dice.uniform(0.2, LONGEST_AWAY_S))
    _away((made.broker,), dice)
    time.sleep(dice.uniform(0.0, LONGEST_AWAY_S))
    made.gateway.start()


Fault = Callable[[Place, random.Random], None]
FAULTS: tuple[Fault, ...] = (
    lambda made, dice: _away((made.broker,), dice),
    lambda made, dice: _away((made.gateway,), dice),
    lambda made, dice: _away((made.node,), dice),
    lambda made, dice: _away(made.programs, dice),
    lambda made, dice: _away((made.node, made.broker), dice),
    gateway_away_then_broker,
)


def run(seed: int, faults: Sequence[Fault], *, is_forgetful: bool = False) -> Outcome:
    """Let all of these happen, in the seed's order."""
    dice = random.Random(seed)
    faults = dice.sample(faults, len(faults))
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name:
        with place(Path(name), is_forgetful=is_forgetful) as made:
            for strike in faults:
                if dice.random() < FOUND_RUNNING:
                    load.wait_for(made.port)
                time.sleep(dice.uniform(SHORTEST_PAUSE_S, LONGEST_PAUSE_S))
                strike(made, dice)
            time.sleep(LONGEST_PAUSE_S)
            made.drain()
        return made.count(len(faults))


def main() -> None:
    """Print a line a seed."""
    for seed in SEEDS:
        began_mono = time.monotonic()
        outcome = run(seed, FAULTS * ROUNDS)
        control = run(seed, FAULTS, is_forgetful=True)
        load.print_line(
            name="kill",
            seed=seed,
            faults=outcome.faults,
            taken=outcome.taken,
            stored=outcome.stored,
            lost=outcome.lost,
            duplicates=outcome.duplicates,
            gaps=outcome.gaps,
            control_taken=control.taken,
            control_lost=control.lost,
            seconds=round(time.monotonic() - began_mono),
        )
