"""Housekeeping: counts are rebuilt once a backlog is over, and a fault is survived."""

from __future__ import annotations

import pytest
from tests.gateway.conftest import Bench

from vigie_contract.readings import Reading
from vigie_gateway.housekeeping import CALM_S, PATIENCE_S, ROUND_S, Housekeeping


class Watch:
    """Counts the rebuilds."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.rebuilt: list[float] = []
        monkeypatch.setattr(bench.board, "restore", lambda _store, now_ts: self.rebuilt.append(now_ts))
        self.refreshed = 0
        self.keeper = Housekeeping(
            bench.board, bench.store, bench.pipeline, bench.clock, self._refresh, bench.clock.now_mono
        )

    def _refresh(self) -> None:
        self.refreshed += 1

    def rounds(self, seconds: float) -> None:
        for _ in range(round(seconds / ROUND_S)):
            self.bench.clock.pass_time(ROUND_S)
            self.keeper._tried(self.keeper._round)
            self.bench.pipeline._round()


@pytest.fixture
def watch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Watch:
    return Watch(bench, monkeypatch)


def _late(bench: Bench, number: int) -> None:
    bench.send(Reading("linky-va", bench.clock.now - 7200, float(number)), first=number)


def test_after_a_backlog_its_end_is_committed_and_counts_are_rebuilt_once(bench: Bench, watch: Watch) -> None:
    bench.declare()
    _late(bench, 1)
    watch.rounds(CALM_S + 3 * ROUND_S)
    assert len(watch.rebuilt) == 1
    assert len(bench.stored("linky-va")) == 1
    watch.rounds(20)
    assert len(watch.rebuilt) == 1


def test_without_any_backlog_nothing_is_rebuilt(bench: Bench, watch: Watch) -> None:
    watch.rounds(30)
    assert watch.rebuilt == []


def test_the_hours_of_the_capacity_check_are_read_each_minute(bench: Bench, watch: Watch) -> None:
    watch.rounds(150)
    assert watch.refreshed == 3


def test_a_backlog_that_never_ends_is_rebuilt_from_now_and_then(bench: Bench, watch: Watch) -> None:
    bench.declare()
    for number in range(1, 260):
        _late(bench, number)
        watch.rounds(ROUND_S)
    assert 1 <= len(watch.rebuilt) <= 130 / PATIENCE_S + 1


def test_a_fault_is_said_and_the_next_round_works(
    bench: Bench, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(bench.board, "refresh_day", lambda *_: 1 / 0)
        watch.rounds(ROUND_S)
    assert "could not be made from history" in caplog.text
    bench.declare()
    _late(bench, 1)
    watch.rounds(5)
    assert len(watch.rebuilt) == 1
