"""What a gateway costs while nothing happens: memory with 100 channels, and the time from its start to its board."""

from __future__ import annotations

import http.client
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import load

STARTS = 5
SETTLE_S = 5.0


def main() -> None:
    """Print the line; the baseline is a Python that starts and ends."""
    with (
        tempfile.TemporaryDirectory(prefix="vigie-bench-") as name,
        load.bed(Path(name)) as bed,
        bed.node() as node,
    ):
        node.declare(load.CHANNELS)
        load.run_load(node, load.make_load("bench-idle", 100, 1, start_ts=time.time() - 60, step_s=0.1))
        time.sleep(SETTLE_S)
        rss_mb = bed.gateway.memory_info().rss / 1e6
        cpu = load.cpu_s(bed.gateway)
        time.sleep(SETTLE_S)
        cpu = load.cpu_s(bed.gateway) - cpu
    starts = [_ready_s() for _ in range(STARTS)]
    load.print_line(
        name="idle",
        channels=len(load.CHANNELS),
        rss_mb=round(rss_mb, 1),
        cpu_percent=round(100 * cpu / SETTLE_S, 2),
        ready_s=round(statistics.median(ready for ready, _ in starts), 2),
        first_board_s=round(statistics.median(board for _, board in starts), 2),
        baseline_python_s=round(statistics.median(_python_s() for _ in range(STARTS)), 3),
    )


def _ready_s() -> tuple[float, float]:
    """From the start of the process on an empty store: to the first answer, and to the first whole board."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name, load.broker(Path(name)) as broker:
        config, port = load.write_config(Path(name), broker)
        began = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)], stderr=subprocess.DEVNULL
        )
        try:
            while not _answers(port, "/api/v1/series"):
                time.sleep(0.01)
            ready_s = time.perf_counter() - began
            _answers(port, "/board")
            return ready_s, time.perf_counter() - began
        finally:
            process.terminate()
            process.wait(15)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return bool(connection.getresponse().read())
    except OSError:
        return False
    finally:
        connection.close()


def _python_s() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return time.perf_counter() - began
