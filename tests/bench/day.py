"""A demo of 24 simulated hours: what memory and open files do over the day, for the gateway and each node.

The baseline is the same process after its start-up and the two weeks of history: the medians of the second and of the
last quarter of the day are compared, so that neither loading nor one sample decides.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import psutil
from tests.bench import load

from vigie_gateway.broker import free_port

SPEED = 480
DAY_S = 86_400 / SPEED
SAMPLE_S = 2.0


@dataclass(slots=True)
class _Watched:
    """One program of the demo: resident megabytes and open files, as time went by."""

    process: psutil.Process
    rss_mb: list[float] = field(default_factory=list)
    files: list[int] = field(default_factory=list)

    def sample(self) -> None:
        """Take one sample; a program that was started again is told by its missing ones."""
        self.rss_mb.append(self.process.memory_info().rss / 1e6)
        self.files.append(self.process.num_fds())


def main() -> None:
    """Print a line a program."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder:
        demo = subprocess.Popen(
            [sys.executable, "-m", "vigie_gateway", "demo", "--speed", str(SPEED), "--port", str(free_port())],
            cwd=folder, stdout=subprocess.DEVNULL, env=os.environ,
        )  # fmt: skip
        try:
            time.sleep(DAY_S / 8)
            watched = {_name(child): _Watched(child) for child in psutil.Process(demo.pid).children()}
            began = time.monotonic()
            while time.monotonic() - began < DAY_S:
                for program in watched.values():
                    program.sample()
                time.sleep(SAMPLE_S)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(20)
    for name, program in sorted(watched.items()):
        quarter = len(program.rss_mb) // 4
        before = statistics.median(program.rss_mb[quarter : 2 * quarter])
        after = statistics.median(program.rss_mb[-quarter:])
        load.print_line(
            name="day",
            program=name,
            simulated_hours=24,
            rss_mb=round(after, 1),
            baseline_rss_mb=round(before, 1),
            ratio=round(after / before, 3),
            rss_peak_mb=round(max(program.rss_mb), 1),
            files=program.files[-1],
            baseline_files=program.files[quarter],
        )


def _name(process: psutil.Process) -> str:
    arguments = process.cmdline()
    return next((arg.rsplit("/", 1)[-1].removesuffix(".toml") for arg in arguments if arg.endswith(".toml")), "broker")
