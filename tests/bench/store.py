"""The store against plain SQLite rows: bytes on disk, bytes written, the time of a history query.

``./run bench store``. The same readings go into both in the same run: 100 series, one reading every 10 s with some
milliseconds of jitter, noisy values of five quantities, 1,000 readings a commit. Bytes written are the kernel's own
count of what this process sent to the block device (``write_bytes`` of /proc/self/io), after an fsync of everything;
the folder must therefore be on a disk, not on a tmpfs. Plain rows are keyed (series, time), which is what one would
write first, and averaged by SQLite itself.

``disk_bytes_per_reading`` is the closed file, after the checkpoint that closing makes; while it is open a write-ahead
log lies beside it, which ``open_disk_bytes_per_reading`` counts too. It keeps a megabyte or so however many readings
there are. Both include what is not sealed yet. ``commit_us_per_reading`` is CPU time, sealing included;
``seal_us_per_reading`` is the part of it that sealing took, which a gateway does when no message waits.
``week_cpu_p50_ms`` and ``year_cpu_p50_ms`` are CPU time too, which other programs on the machine do not lengthen.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.store import Sample, Store, open_store

READINGS = 1_000_000
SERIES = 100
COMMIT = 1_000
POINTS = 1_000
QUERIES = 15
DAY_S = 86_400
START_TS = 1_763_769_600.0

QUANTITIES: tuple[tuple[str, Callable[[random.Random, int], float]], ...] = (
    ("power", lambda chance, step: float(max(0, round(chance.gauss(400 + step % 500, 12))))),
    ("rssi", lambda chance, _: float(round(chance.gauss(-61, 3)))),
    ("channel_utilisation", lambda chance, _: round(min(1.0, max(0.0, chance.gauss(0.3, 0.02))), 3)),
    ("latency_p50", lambda chance, _: round(chance.lognormvariate(2.5, 0.2), 2)),
    ("energy", lambda chance, step: float(step * 2 + chance.randrange(2))),
)


def readings(ids: Sequence[int], steps: int, period_s: float, from_ts: float, seed: int) -> Iterator[Sample]:
    """Noisy readings of all series in turn, as they come in."""
    chance = random.Random(seed)
    for step in range(steps):
        at_ts = from_ts + (step + 1) * period_s
        for place, series in enumerate(ids):
            value = QUANTITIES[place % len(QUANTITIES)][1](chance, step)
            yield Sample(series, round(at_ts + chance.gauss(0, 0.005), 3), value)


class Plain:
    """Rows keyed (series, time) in SQLite with the same promises: WAL, synchronous FULL."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS reading (series INTEGER, at_ms INTEGER, value REAL,"
            " PRIMARY KEY (series, at_ms)) WITHOUT ROWID, STRICT"
        )

    def commit(self, samples: Sequence[Sample]) -> None:
        rows = [(sample.series, round(sample.at_ts * 1000), sample.value) for sample in samples]
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany("INSERT OR REPLACE INTO reading VALUES (?, ?, ?)", rows)
        self._database.execute("COMMIT")

    def history(self, series: int, from_ts: float, to_ts: float, points: int) -> list[tuple[float, ...]]:
        step_ms = round((to_ts - from_ts) * 1000 / points)
        return self._database.execute(
            "SELECT (at_ms - ?2) / ?3, avg(value), min(value), max(value), max(at_ms) FROM reading"
            " WHERE series = ?1 AND at_ms > ?2 AND at_ms <= ?4 GROUP BY 1",
            (series, round(from_ts * 1000), step_ms, round(to_ts * 1000)),
        ).fetchall()

    def close(self) -> None:
        self._database.close()


def written_bytes() -> int:
    """What the kernel counts of this process, everything on the disk included."""
    os.sync()
    for line in Path("/proc/self/io").read_text("ascii").splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise SystemExit("bench: /proc/self/io tells no write_bytes")


def _disk_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())


def _batches(samples: Iterator[Sample], size: int) -> Iterator[list[Sample]]:
    while batch := list(islice(samples, size)):
        yield batch


def _maintain(store: Store, now_ts: float) -> None:
    while store.maintain(now_ts).has_more:
        pass


def _p50_ms(
    query: Callable[[int], object], series: Sequence[int], clock: Callable[[], float] = time.perf_counter
) -> float:
    taken: list[float] = []
    for number in range(QUERIES):
        begun = clock()
        query(series[number % len(series)])
        taken.append((clock() - begun) * 1000)
    return round(statistics.median(taken), 2)


def _register(store: Store, node: str, count: int, period_s: float) -> list[int]:
    channels = [Channel(f"c{place}", QUANTITIES[place % len(QUANTITIES)][0], period_s) for place in range(count)]
    return [series.id for series in store.register(node, channels).values()]


def _sizes(folder: Path) -> dict[str, float]:
    figures: dict[str, float] = {}
    ours, plain_folder = folder / "ours", folder / "plain"
    ours.mkdir()
    plain_folder.mkdir()
    store = open_store(ours / "vigie.db", SimulatedClock(START_TS, 0.0, 1e-9))
    ids = _register(store, "n", SERIES, 10.0)
    batches = list(_batches(readings(ids, READINGS // SERIES, 10.0, START_TS, 1), COMMIT))
    before, spent_s, sealing_s, wall_s = written_bytes(), 0.0, 0.0, 0.0
    for batch in batches:
        begun, begun_wall = time.thread_time(), time.perf_counter()
        store.commit(batch, {("n", "j"): 1})
        committed = time.thread_time()
        _maintain(store, START_TS)
        sealing_s += time.thread_time() - committed
        spent_s += time.thread_time() - begun
        wall_s += time.perf_counter() - begun_wall
    figures["open_disk_bytes_per_reading"] = round(_disk_bytes(ours) / READINGS, 2)
    store.close()
    figures["disk_bytes_per_reading"] = round(_disk_bytes(ours) / READINGS, 2)
    figures["written_bytes_per_reading"] = round((written_bytes() - before) / READINGS, 1)
    figures["commit_us_per_reading"] = round(spent_s / READINGS * 1e6, 2)
    figures["seal_us_per_reading"] = round(sealing_s / READINGS * 1e6, 2)
    figures["commit_wall_us_per_reading"] = round(wall_s / READINGS * 1e6, 2)
    plain = Plain(plain_folder / "plain.db")
    before, spent_s = written_bytes(), 0.0
    for batch in batches:
        begun = time.thread_time()
        plain.commit(batch)
        spent_s += time.thread_time() - begun
    plain.close()
    figures["plain_disk_bytes_per_reading"] = round(_disk_bytes(plain_folder) / READINGS, 2)
    figures["plain_written_bytes_per_reading"] = round((written_bytes() - before) / READINGS, 1)
    figures["plain_commit_us_per_reading"] = round(spent_s / READINGS * 1e6, 2)
    return figures


def _queries(folder: Path, key: str, days: int, period_s: float) -> dict[str, float]:
    store = open_store(folder / f"{key}.db", SimulatedClock(START_TS, 0.0, 1e-9))
    plain = Plain(folder / f"plain-{key}.db")
    count = len(QUANTITIES) if key == "week" else 2
    ids = _register(store, key, count, period_s)
    end_ts = START_TS + days * DAY_S
    for batch in _batches(readings(ids, round(days * DAY_S / period_s), period_s, START_TS, 2), 10 * COMMIT):
        store.commit(batch, {})
        _maintain(store, START_TS)
        plain.commit(batch)
    figures = {
        f"{key}_p50_ms": _p50_ms(lambda series: store.history(series, START_TS, end_ts, POINTS), ids),
        # What other programs on the machine cost is not in this one.
        f"{key}_cpu_p50_ms": _p50_ms(
            lambda series: store.history(series, START_TS, end_ts, POINTS), ids, time.thread_time
        ),
        f"{key}_points": len(store.history(ids[0], START_TS, end_ts, POINTS)),
        f"plain_{key}_p50_ms": _p50_ms(lambda series: plain.history(series, START_TS, end_ts, POINTS), ids),
    }
    store.close()
    plain.close()
    return figures


def main() -> None:
    """Print one line of figures."""
    folder = Path(tempfile.mkdtemp(prefix="vigie-bench-", dir=os.environ.get("VIGIE_BENCH_FOLDER", "/var/tmp")))  # noqa: S108 - mkdtemp makes a folder of our own
    try:
        figures = _sizes(folder) | _queries(folder, "week", 7, 10.0) | _queries(folder, "year", 365, 60.0)
    finally:
        shutil.rmtree(folder)
    ratio = round(figures["plain_disk_bytes_per_reading"] / figures["disk_bytes_per_reading"], 1)
    print(json.dumps({"name": "store", "readings": READINGS, "series": SERIES} | figures | {"plain_disk_ratio": ratio}))
