"""A disk that takes a second for each commit costs memory within bounds, a lag that is shown, and no reading."""

from __future__ import annotations

import tracemalloc
from collections.abc import Mapping, Sequence

import pytest
from tests.conftest import TUESDAY_1430_TS
from tests.gateway.conftest import Bench

from vigie_contract import topics
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.ingest.bus import Message
from vigie_gateway.ingest.pipeline import MAX_PENDING
from vigie_gateway.store import Gap, Sample

COMMIT_S = 1.0
READINGS_PER_S = 4_000
SECONDS = 8
MOST_BYTES = 20 << 20


def payloads_of(second: int) -> list[bytes]:
    """What a node sends in one second."""
    first = second * READINGS_PER_S
    return [
        encode_pack(
            "semaphore", "tableau", "j1", start + 1, 1,
            [(QUANTITIES["apparent_power"], Reading("linky-va", TUESDAY_1430_TS + n / 4_000, float(n)))
             for n in range(start, start + 50)],
            last=start + 50,
        )
        for start in range(first, first + READINGS_PER_S, 50)
    ]  # fmt: skip


def test_a_second_for_each_commit_bounds_memory_shows_the_lag_and_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [payloads_of(second) for second in range(SECONDS)]
    commit = bench.store.commit
    lags: list[tuple[int, float | None]] = []

    def arrive() -> None:
        for payload in waiting.pop(0) if waiting else ():
            bench.bus.waiting.append(Message(topics.data("semaphore", "tableau"), payload, bench.clock.now))

    def slowly(samples: Sequence[Sample], progress: Mapping[tuple[str, str], int], gaps: Sequence[Gap] = ()) -> None:
        backlog = bench.gateway.health.report()["parts"]["backlog"]
        lags.append((backlog["uncommitted_readings"], backlog["uncommitted_since_ts"]))
        commit(samples, progress, gaps)
        bench.clock.pass_time(COMMIT_S)
        arrive()

    monkeypatch.setattr(bench.store, "commit", slowly)
    bench.declare()
    tracemalloc.start()
    arrive()
    while bench.bus.waiting or bench.pipeline.pending():
        bench.pipeline._round()
        assert bench.pipeline.pending() <= MAX_PENDING
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < MOST_BYTES
    assert max(readings for readings, _ in lags) >= READINGS_PER_S
    assert all(since_ts is not None for _, since_ts in lags)
    assert bench.acks()[-1].upto == SECONDS * READINGS_PER_S
    assert [value for _, value in bench.stored("linky-va")] == [float(n) for n in range(SECONDS * READINGS_PER_S)]
