"""The ingest thread's work: commit before acknowledging, nothing twice, and bad input costs nothing else."""

from __future__ import annotations

import pytest
from tests.gateway.conftest import Bench, make_bench

from vigie_contract import topics
from vigie_contract.messages import Ack
from vigie_contract.readings import Reading
from vigie_gateway.ingest import pipeline as pipeline_module
from vigie_gateway.ingest import presence
from vigie_gateway.store import StoreError, open_store

DATA = topics.data("semaphore", "tableau")


def _power(bench: Bench, value: float, age_s: float = 0.0) -> Reading:
    return Reading("linky-va", bench.clock.now - age_s, value)


def test_a_reading_is_live_at_once_and_acknowledged_only_after_its_commit(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 5100.0), first=1)
    assert bench.board.view(bench.clock.now).figures.power_va == 5100.0
    assert Ack("j1", 1) not in bench.acks()
    bench.commit()
    assert bench.acks()[-1] == Ack("j1", 1)
    assert [value for _, value in bench.stored("linky-va")] == [5100.0]


def test_a_thousand_readings_are_committed_without_waiting_for_the_interval(bench: Bench) -> None:
    bench.declare()
    for pack in range(4):
        bench.send(*(_power(bench, float(i), 300 - i) for i in range(250)), first=1 + 250 * pack)
    bench.pipeline._round()
    assert Ack("j1", 1000) in bench.acks()


def test_a_repeated_pack_is_stored_once_and_answered_with_what_is_stored(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 1.0), first=1)
    bench.commit()
    answered = len(bench.acks())
    bench.send(_power(bench, 1.0), first=1)
    assert bench.acks()[answered:] == [Ack("j1", 1)]
    bench.commit()
    assert len(bench.stored("linky-va")) == 1


def test_a_pack_behind_a_hole_is_not_stored_and_sends_the_node_back(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 1.0), first=1)
    bench.commit()
    bench.send(_power(bench, 3.0), first=3)
    assert bench.acks()[-1] == Ack("j1", 1)
    bench.send(_power(bench, 2.0), _power(bench, 3.0), first=2)
    bench.commit()
    assert [value for _, value in bench.stored("linky-va")] == [1.0, 2.0, 3.0]


def test_readings_that_the_node_evicted_are_counted_as_a_gap(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 9.0), first=50, floor=50)
    bench.commit()
    assert bench.pipeline.counts["gaps"] == 1
    assert bench.acks()[-1] == Ack("j1", 50)


def test_another_journal_of_the_same_node_starts_its_own_count(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 1.0), first=1)
    bench.send(_power(bench, 2.0), first=1, journal="j2")
    bench.commit()
    assert {Ack("j1", 1), Ack("j2", 1)} <= set(bench.acks())


def test_readings_before_any_birth_are_left_to_their_node(bench: Bench) -> None:
    bench.send(_power(bench, 1.0), first=1)
    bench.commit()
    assert bench.acks() == []
    assert bench.refusals.all()["missing"].count == 1


def test_a_restart_knows_channels_and_progress_from_the_store(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 1.0), first=1)
    bench.commit()
    again = make_bench(bench.store, bench.clock, bench.gateway.site, bench.gateway.access.accounts)
    again.send(_power(bench, 1.0), first=1)
    again.send(_power(bench, 2.0), first=2)
    again.commit()
    assert [value for _, value in again.stored("linky-va")] == [1.0, 2.0]


def test_a_disk_that_refuses_stops_acknowledgements_and_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("vigie.db: disk full")

    bench.declare()
    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "commit", refuse, raising=False)
        bench.send(_power(bench, 1.0), first=1)
        bench.commit()
        assert Ack("j1", 1) not in bench.acks()
        told = bench.gateway.health.report()["parts"]["store"]
        assert (told["status"], told["trouble"]) == ("fail", "vigie.db: disk full")
    bench.commit()
    assert bench.acks()[-1] == Ack("j1", 1)
    assert bench.gateway.health.report()["parts"]["store"]["status"] == "pass"
    assert [value for _, value in bench.stored("linky-va")] == [1.0]


def test_while_the_disk_refuses_memory_stays_bounded(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline_module, "MAX_PENDING", 3)
    bench.declare()
    for number in range(10):
        bench.send(_power(bench, float(number)), first=number + 1)
    assert bench.pipeline.pending() == 3
    assert bench.refusals.all()["store-behind"].count == 7


def test_a_pack_with_one_unreadable_record_becomes_a_gap_and_the_journal_goes_on(bench: Bench) -> None:
    bench.declare()
    bad = b'[{"bn":"semaphore/tableau/","bt":1.79e9,"journal":"j1","first":1,"floor":1,"n":"linky-va","v":"x"}]'
    bench.receive(DATA, bad)
    bench.send(_power(bench, 7.0), first=2)
    bench.commit()
    assert bench.acks()[-1] == Ack("j1", 2)
    assert bench.pipeline.counts["gaps"] == 1
    assert [value for _, value in bench.stored("linky-va")] == [7.0]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not-json"),
        (b"\xff\xfe", "not-utf8"),
        (b"NaN", "range"),
        (b"[" * 100_000, "too-large"),
        (b"[" * 60_000, "not-json"),
        (b"x" * 1_000_000, "too-large"),
        (b'{"n":"linky-va"}', "shape"),
        (b"[]", "shape"),
        (b'[{"bn":"semaphore/tableau/","journal":"j1","first":9223372036854775808,"floor":1,"n":"a","v":1}]', "range"),
        (b'[{"bn":"semaphore/other/","journal":"j1","first":1,"floor":1,"n":"linky-va","v":1}]', "id"),
    ],
)
def test_bad_bytes_are_refused_counted_by_reason_and_cost_nothing_else(
    bench: Bench, payload: bytes, reason: str
) -> None:
    bench.declare()
    bench.receive(DATA, payload)
    assert bench.refusals.all()[reason].subject == DATA
    bench.send(_power(bench, 4.0), first=1)
    bench.commit()
    assert [value for _, value in bench.stored("linky-va")] == [4.0]


@pytest.mark.parametrize(
    "topic",
    ["vigie/1/semaphore/tableau", "vigie/2/semaphore/tableau/data", "vigie/1/semaphore/<script>/data", "$SYS/x", ""],
)
def test_a_topic_that_is_none_of_ours_is_refused(bench: Bench, topic: str) -> None:
    bench.receive(topic, b"online")
    assert bench.refusals.all()["topic"].count == 1


def test_more_nodes_than_a_site_can_have_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "MAX_NODES", 2)
    for number in range(4):
        bench.receive(topics.status("semaphore", f"n{number}"), b"online")
    assert set(bench.pipeline.nodes) == {"n0", "n1"}
    assert bench.refusals.all()["range"].count == 2


def test_what_cannot_be_true_is_stored_as_unknown_and_counted(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 2e5), first=1)
    bench.commit()
    assert bench.stored("linky-va")[0][1] is None
    assert bench.refusals.all()["quality-range"].subject == "tableau.linky-va"


def test_a_backlog_goes_to_history_and_not_on_the_board(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 8000.0, age_s=7200.0), first=1)
    assert bench.pipeline.backlog_seen
    assert bench.board.view(bench.clock.now).figures.power_va is None
    bench.pipeline.commit_soon()
    bench.pipeline._round()
    assert [value for _, value in bench.stored("linky-va")] == [8000.0]


def test_a_node_that_comes_online_is_told_how_far_its_journal_is_stored(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 1.0), first=1)
    bench.commit()
    bench.bus.published.clear()
    bench.receive(topics.status("semaphore", "tableau"), b"online")
    assert bench.acks() == [Ack("j1", 1)]


def test_a_changed_reading_tells_browsers_and_a_channel_off_the_board_does_not(bench: Bench) -> None:
    bench.declare()
    bench.changes.clear()
    bench.send(_power(bench, 1234.0), first=1)
    assert len(bench.changes) == 1


def test_stopping_commits_what_was_taken(bench: Bench) -> None:
    bench.declare()
    bench.send(_power(bench, 6.0), first=1)
    bench.pipeline._thread.start()
    bench.pipeline.stop()
    assert [value for _, value in bench.stored("linky-va")] == [6.0]


def test_what_was_acknowledged_is_there_after_the_database_is_opened_again(bench: Bench, tmp_path: object) -> None:
    bench.declare()
    bench.send(_power(bench, 6.0), first=1)
    bench.commit()
    bench.store.close()
    again = open_store(tmp_path / "vigie.db", bench.clock)  # type: ignore[operator] # pytest's tmp_path is a Path
    assert again.progress() == {("tableau", "j1"): 1}
    again.close()


def test_a_fault_of_our_own_loses_no_reading_and_does_not_end_the_thread(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.declare()
    with monkeypatch.context() as patched:
        patched.setattr(bench.board, "take", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            bench.send(_power(bench, 3.0), first=1)
    assert bench.pipeline.pending() == 0
    bench.send(_power(bench, 3.0), first=1)
    bench.commit()
    assert bench.acks()[-1] == Ack("j1", 1)
    assert [value for _, value in bench.stored("linky-va")] == [3.0]
