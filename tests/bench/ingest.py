"""From an MQTT publish to a committed row that the history API returns: readings a second, single and in packs.

The baseline, in the same run, is paho's bare callback on the same broker, messages and quality of service.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tests.bench import load

from vigie_contract.clock import SystemClock
from vigie_gateway.broker import GATEWAY_USER, Mosquitto
from vigie_gateway.store import open_store

SINGLE_MESSAGES = 60_000
PACKS = 1_600
READINGS_A_PACK = 500
OVERLOAD_PACKS = 1_200
BASELINE_ACK_EVERY = 500


def main() -> None:
    """Print the line."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name:
        directory = Path(name)
        baseline_per_s = _baseline(directory)
        with load.bed(directory) as bed:
            node = bed.node()
            node.declare(load.CHANNELS)
            time.sleep(1)
            single_per_s, cpu_us = _singles(bed, node)
            pack_per_s = _packs(bed, node)
            _overload(bed, node)
        lost = _lost(bed.database)
    load.print_line(
        name="ingest",
        single_per_s=round(single_per_s),
        baseline_per_s=round(baseline_per_s),
        single_ratio=round(single_per_s / baseline_per_s, 2),
        pack_readings_per_s=round(pack_per_s),
        lost=lost,
        cpu_us_per_message=round(cpu_us, 1),
    )


@contextlib.contextmanager
def _bare_subscriber(broker: Mosquitto) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load", "baseline", str(broker.port),
         str(broker.password_file(GATEWAY_USER)), str(BASELINE_ACK_EVERY)],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _baseline(directory: Path) -> float:
    with load.broker(directory / "baseline") as broker, _bare_subscriber(broker):
        node = load.RawNode(broker.port, load.NODE, broker.password(load.NODE))
        messages = load.make_load("bench-baseline", SINGLE_MESSAGES, 1, start_ts=time.time() - 60, step_s=0.001)
        return load.run_load(node, messages)


def _singles(bed: load.Bed, node: load.RawNode) -> tuple[float, float]:
    messages = load.make_load("bench-single", SINGLE_MESSAGES, 1, start_ts=time.time() - 60, step_s=0.001)
    cpu = load.cpu_s(bed.gateway)
    rate_per_s = load.run_load(node, messages)
    _check_history(bed)
    return rate_per_s, (load.cpu_s(bed.gateway) - cpu) / SINGLE_MESSAGES * 1e6


def _packs(bed: load.Bed, node: load.RawNode) -> float:
    packs = load.make_load("bench-packs", PACKS, READINGS_A_PACK, start_ts=time.time() - 80, step_s=0.0001)
    rate_per_s = load.run_load(node, packs)
    _check_history(bed)
    return rate_per_s


def _overload(bed: load.Bed, node: load.RawNode) -> None:
    """Everything at once, far more than the queues hold: what is dropped on the way must come again."""
    packs = load.make_load("bench-overload", OVERLOAD_PACKS, READINGS_A_PACK, start_ts=time.time() - 60, step_s=0.0001)
    load.run_load(node, packs, window=10**9)
    _check_history(bed)


def _check_history(bed: load.Bed) -> None:
    """The acknowledged readings must be what the API returns, or there is nothing to measure."""
    url = f"http://127.0.0.1:{bed.http_port}/api/v1/series/{load.NODE}.{load.CHANNELS[0].id}/history?points=1"
    with urllib.request.urlopen(url, timeout=10) as answer:
        (point,) = json.load(answer)["points"]
    if point["last"] is None:
        raise RuntimeError("the history API returns nothing of what was acknowledged")


def _lost(database: Path) -> int:
    """Readings sent and acknowledged that the closed database does not hold."""
    store = open_store(database, SystemClock())
    sent = SINGLE_MESSAGES + (PACKS + OVERLOAD_PACKS) * READINGS_A_PACK
    stored = sum(
        len(store.samples(series.id, 0, time.time() + 3600)) for series in store.series() if series.node == load.NODE
    )
    store.close()
    return sent - stored
