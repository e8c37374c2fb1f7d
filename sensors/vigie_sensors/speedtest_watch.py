"""One throughput test under way: its process, its deadline, its byte watchdog and the machine's lock.

Made by the ``throughput`` driver; watches on a thread of its own, so that the sensor's thread is never held. One test
at a time per machine: two at once would measure each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import IO

from vigie_contract.clock import Clock
from vigie_sensors.interfaces import read_bytes

DEADLINE_S = 60.0
"""Two directions of 8 s, the search for a server and slow beginnings. Lower would end tests on bad lines, which are
the ones to know about; higher leaves a hanging one on the line."""
POLL_S = 0.25
"""At 1 Gbit/s 30 MB pass between two looks of the watchdog; lower costs a small Pi time that the test needs."""
MARGIN = 0.8
"""Share of the booked bytes that the test is told to use; the rest is for headers, retransmissions and what else
passes meanwhile. Higher has the watchdog kill good tests; lower wastes budget."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a test said.

    Attributes:
        download_bps: None when it told nothing.
        upload_bps: None when it told nothing.
        moved_bytes: What the interface moved meanwhile; what was booked, when its counters cannot tell.
        ended_ts: Epoch seconds, by the daemon's clock.
        error: Why there is nothing, one line; "" when there is something.
    """

    download_bps: float | None
    upload_bps: float | None
    moved_bytes: int
    ended_ts: float
    error: str


def parse_result(text: str) -> tuple[float | None, float | None, str]:
    """Download, upload and error from what the test's process printed; a rate of 0 is no measurement."""
    try:
        found = json.loads(text)
        if not isinstance(found, dict):
            return None, None, "the test printed no result"
        if "error" in found:
            return None, None, str(found["error"])
        download_bps, upload_bps = (_rate(found.get(key)) for key in ("download_bps", "upload_bps"))
    except (ValueError, RecursionError):
        return None, None, "the test printed no result"
    error = "" if download_bps or upload_bps else "too little was moved to tell"
    return download_bps, upload_bps, error


def _rate(found: object) -> float | None:
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0 < found < 1e15:  # noqa: PLR2004 - beyond any line
        return None
    return float(found) if math.isfinite(found) else None


def lock_machine(path: Path) -> IO[bytes] | None:
    """The lock that only one test holds; None while another does. The kernel frees it when its process ends.

    Raises:
        OSError: The file cannot be made.
    """
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


class SpeedTest:
    """A running test."""

    def __init__(
        self,
        server: str,
        interface: str,
        most_bytes: int,
        lock: IO[bytes],
        clock: Clock,
        real_time: Clock,
        counter: Callable[[str], int | None] = read_bytes,
    ) -> None:
        """Start the process and its watch.

        Args:
            server: URL of a Speedtest Mini server, or ``speedtest.net``.
            interface: Interface under test.
            most_bytes: It is killed when the interface has moved so much.
            lock: Held until the end, then closed.
            clock: The daemon's, for the result's time.
            real_time: The machine's, for the deadline.
            counter: Bytes that an interface has moved.

        Raises:
            OSError: The process cannot be started.
        """
        self._interface = interface
        self._most_bytes = most_bytes
        self._lock = lock
        self._clock = clock
        self._real_time = real_time
        self._counter = counter
        self._stopped = Event()
        self._outcome: Outcome | None = None
        allowed = str(int(most_bytes * MARGIN))
        self._command = [sys.executable, "-m", "vigie_sensors.speedtest_run", "--server", server]
        self._command += ["--interface", interface, "--max-bytes", allowed, "--parent", str(os.getpid())]
        self._thread = Thread(target=self._watch, name="throughput test", daemon=True)
        self._thread.start()

    def outcome(self) -> Outcome | None:
        """The result; None while the test runs."""
        return None if self._thread.is_alive() else self._ended()

    def stop(self) -> Outcome:
        """Kill the test if it still runs, and return what is known of it."""
        self._stopped.set()
        self._thread.join()
        return self._ended()

    def _ended(self) -> Outcome:
        if self._outcome is None:
            return Outcome(None, None, self._most_bytes, self._clock.now_ts(), "its watch ended by itself")
        return self._outcome

    def _watch(self) -> None:
        before = self._counter(self._interface)
        with self._lock:
            text, killed_for = self._run(before)
        download_bps, upload_bps, error = (None, None, killed_for) if killed_for else parse_result(text)
        self._outcome = Outcome(download_bps, upload_bps, self._moved(before), self._clock.now_ts(), error)

    def _run(self, before: int | None) -> tuple[str, str]:
        """What the process printed, and why it was killed ("" when it ended by itself)."""
        deadline_mono = self._real_time.now_mono() + DEADLINE_S
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        except OSError as error:
            return "", f"the test cannot be started: {error.strerror}"
        with process:
            while True:
                # One line of JSON never fills the pipe, so that nobody needs to read before the end.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    text, _ = process.communicate(timeout=POLL_S)
                    return text, ""
                why = self._why_kill(before, deadline_mono)
                if why:
                    process.kill()
                    return "", why

    def _why_kill(self, before: int | None, deadline_mono: float) -> str:
        if self._stopped.is_set():
            return "the daemon stopped meanwhile"
        if self._real_time.now_mono() > deadline_mono:
            return f"it did not end within {DEADLINE_S:g} s"
        if self._moved(before) > self._most_bytes:
            return f"{self._interface} moved more than the {self._most_bytes / 1e6:.1f} MB that the test may cost"
        return ""

    def _moved(self, before: int | None) -> int:
        now = self._counter(self._interface)
        if before is None or now is None or now < before:
            return self._most_bytes
        return now - before
