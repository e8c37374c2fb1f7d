"""Takes commands, obeys them one at a time within this node's own limits, and answers how far it is.

Built by the daemon; ``take`` is called on a publisher's thread and returns at once. A rehearsal runs on a thread of its
own. What it may cost is written down as spent before a byte is sent, and settled by what the interface really moved.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from vigie_contract.clock import Clock
from vigie_contract.commands import MAX_DETAIL_CHARACTERS, Done, Rehearse, Rehearsed, decode_do, encode_done
from vigie_contract.errors import ContractError
from vigie_sensors.budget import BudgetError, DataBudget, Spending
from vigie_sensors.driver import DriverError
from vigie_sensors.interfaces import read_bytes
from vigie_sensors.iw import IwError, parse_power_save
from vigie_sensors.rehearsal.settings import RehearsalConfig
from vigie_sensors.routes import read_default_route
from vigie_sensors.speedtest_watch import lock_machine

if TYPE_CHECKING:  # HTTP, TLS and ICMP are loaded when a node first rehearses; most never do
    from vigie_sensors.rehearsal.streams import FarEnd
    from vigie_sensors.rehearsal.trial import Outcome

PROGRESS_S = 0.5
"""Between two answers while it goes on. Lower costs the line that is tried; higher makes a bar that jerks."""
REMEMBERED = 64
"""Ids of commands that were taken: QoS 1 brings one twice after a bad moment."""
INTERFACES = Path("/sys/class/net")
"""Where the kernel says which interface is a radio."""
STOP_S = 8.0
"""How long a stop waits for the streams to end."""

Answer = Callable[[bytes], None]

_log = logging.getLogger(__name__)


class RefusedError(Exception):
    """A command that is not obeyed; its ``reason`` is a word of the contract's REFUSED."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class Commands:
    """What the node does when it is told to.

    Attributes:
        refused: Payloads that were no command, since the start.
    """

    def __init__(
        self,
        config: RehearsalConfig | None,
        state_directory: Path,
        run_tool: Callable[[list[str], float], str],
        clock: Clock,
    ) -> None:
        """Prepare; nothing is opened.

        Args:
            config: Against whom; None refuses every command.
            state_directory: Where the budget is kept; it exists.
            run_tool: Asks ``iw`` whether the radio sleeps.
            clock: The machine's own.
        """
        self.refused = 0
        self._config = config
        self._budget_path = state_directory / "rehearsal.json"
        self._lock_path = state_directory / "throughput.lock"
        self._run_tool = run_tool
        self._clock = clock
        self._stop = threading.Event()
        self._seen: deque[str] = deque(maxlen=REMEMBERED)
        self._running: threading.Thread | None = None

    def take(self, payload: bytes, answer: Answer) -> None:
        """A command has come; ``answer`` publishes, from any thread."""
        try:
            command = decode_do(payload)
        except ContractError as error:
            self.refused += 1
            if self.refused == 1:
                _log.warning("a command was refused (the next ones are only counted): %s", error)
            return
        if command.id in self._seen:
            return
        self._seen.append(command.id)
        if self._running is not None and self._running.is_alive():
            answer(encode_done(Done(command.id, "refused", reason="busy", detail="another rehearsal runs")))
            return
        self._running = threading.Thread(target=self._obey, args=(command, answer), name="rehearsal", daemon=True)
        self._running.start()

    def stop(self) -> None:
        """End what runs; its result is still answered."""
        self._stop.set()
        if self._running is not None:
            self._running.join(STOP_S)

    def _obey(self, command: Rehearse, answer: Answer) -> None:
        try:
            result = self._rehearse(command, answer)
        except RefusedError as error:
            _log.warning("rehearsal %s refused: %s", command.id, error)
            done = Done(command.id, "refused", reason=error.reason, detail=str(error)[:MAX_DETAIL_CHARACTERS])
        else:
            done = Done(command.id, "finished", 1.0, detail=result[1], result=result[0])
        answer(encode_done(done))

    def _rehearse(self, command: Rehearse, answer: Answer) -> tuple[Rehearsed, str]:
        """Run it; the result, and what a person should know beside it."""
        config = self._config
        if config is None:
            raise RefusedError("not-configured", "this node's sensors.toml has no [rehearsal]")
        most_bytes = min(command.most_bytes, config.most_bytes)
        if command.most_bytes > config.most_bytes:
            text = f"{command.most_bytes / 1e6:.1f} MB asked, this node allows {config.most_bytes / 1e6:g} MB at once"
            raise RefusedError("range", text)
        interface = self._interface(config)
        self._check_awake(interface)
        with self._lock_machine():
            budget = DataBudget(self._budget_path, config.monthly_bytes)
            before = self._book(budget, most_bytes)
            moved_before = read_bytes(interface)
            far_end_name, moved_bytes = "", most_bytes
            try:
                far_end = self._find_far_end(config, interface)
                far_end_name = urlsplit(far_end.download_url).netloc
                outcome = self._run(command, far_end, most_bytes, interface, answer)
                moved_bytes = max(outcome.moved_bytes, _moved(moved_before, read_bytes(interface)))
            finally:
                with contextlib.suppress(BudgetError):  # what was booked then counts as spent
                    budget.settle(before, moved_bytes, self._clock.now_ts())
        return _result(outcome, far_end_name), outcome.trouble

    def _run(self, command: Rehearse, far_end: FarEnd, most_bytes: int, interface: str, answer: Answer) -> Outcome:
        from vigie_sensors.rehearsal.course import Demand
        from vigie_sensors.rehearsal.trial import RoundTrips, rehearse

        parts = urlsplit(far_end.download_url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        told_mono = self._clock.now_mono()

        def on_progress(share: float) -> None:
            nonlocal told_mono
            if self._clock.now_mono() - told_mono >= PROGRESS_S:
                told_mono = self._clock.now_mono()
                answer(encode_done(Done(command.id, "running", share)))

        answer(encode_done(Done(command.id, "running")))
        return rehearse(
            far_end,
            Demand(command.download_bps, command.upload_bps),
            most_bytes,
            interface,
            RoundTrips(parts.hostname or "", port, interface),
            self._clock,
            self._stop,
            on_progress,
        )

    def _interface(self, config: RehearsalConfig) -> str:
        if config.interface:
            if read_bytes(config.interface) is None:
                raise RefusedError("absent", f"there is no interface {config.interface}")
            return config.interface
        if config.far_end is not None and config.far_end[0] in {"127.0.0.1", "localhost"}:
            return "lo"
        route = read_default_route()
        if route is None:
            raise RefusedError("absent", "there is no default route")
        return route.interface

    def _check_awake(self, interface: str) -> None:
        """A cable does not sleep, and is no radio to ask; a radio that cannot be asked may."""
        if not (INTERFACES / interface / "wireless").exists():
            return
        try:
            is_saving = parse_power_save(self._run_tool(["iw", "dev", interface, "get", "power_save"], 5.0))
        except (DriverError, IwError) as error:
            raise RefusedError("absent", f"whether {interface} saves power cannot be told: {error}") from error
        if is_saving:
            raise RefusedError("power-save", f"{interface} saves power: sudo iw dev {interface} set power_save off")

    @contextlib.contextmanager
    def _lock_machine(self) -> Iterator[IO[bytes]]:
        try:
            lock = lock_machine(self._lock_path)
        except OSError as error:
            raise RefusedError("absent", f"{self._lock_path} cannot be made: {error.strerror}") from error
        if lock is None:
            raise RefusedError("busy", "a throughput test runs on this node")
        with lock:
            yield lock

    def _book(self, budget: DataBudget, most_bytes: int) -> Spending:
        try:
            return budget.book(most_bytes, self._clock.now_ts())
        except BudgetError as error:
            raise RefusedError("budget", str(error)) from error

    def _find_far_end(self, config: RehearsalConfig, interface: str) -> FarEnd:
        from vigie_sensors.rehearsal.far_ends import find_far_end

        try:
            return find_far_end(config, interface)
        except (OSError, ValueError) as error:
            raise RefusedError("absent", f"the far end cannot be asked: {error}") from error


def _moved(before: int | None, after: int | None) -> int:
    return after - before if before is not None and after is not None and after >= before else 0


def _result(outcome: Outcome, far_end: str) -> Rehearsed:
    return Rehearsed(
        outcome.download.finding.value,
        outcome.download.held_bps,
        outcome.upload.finding.value,
        outcome.upload.held_bps,
        outcome.latency.idle_ms,
        outcome.latency.loaded_ms,
        outcome.latency.loaded_p95_ms,
        outcome.latency.lost_share,
        outcome.moved_bytes,
        outcome.took_s,
        "far-end" if outcome.trouble else outcome.stopped_by,
        far_end[:MAX_DETAIL_CHARACTERS],
    )
