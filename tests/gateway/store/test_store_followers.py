"""A follower of the log gets every commit once it is on disk, whatever sealing, a kill or a restored copy do."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import ManualClock

from vigie_contract.messages import Channel
from vigie_gateway.store import Behind, Cursor, Refused, Sample, SetAside, Store, cursors, open_store, schema
from vigie_gateway.store.sqlite import SqliteStore

POWER = Channel("plug-power", "power", 10.0)
NOBODY = Refused(0, None)


@pytest.fixture
def reopen(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[[], Store]]:
    """Opens the same store; what was open is closed first."""
    open_ones: list[Store] = []

    def again() -> Store:
        while open_ones:
            open_ones.pop().close()
        open_ones.append(open_store(tmp_path / "vigie.db", clock))
        return open_ones[-1]

    yield again
    for store in open_ones:
        store.close()


def commit(store: Store, clock: ManualClock, count: int = 3) -> list[Sample]:
    """Some commits of one reading each, ten seconds apart."""
    series = store.register("node-1", [POWER])["plug-power"].id
    samples = []
    for number in range(count):
        clock.pass_time(10)
        samples.append(Sample(series, clock.now, float(number)))
        store.commit(samples[-1:], {})
    return samples


def seal(store: Store, clock: ManualClock) -> None:
    clock.pass_time(86_400)
    while store.maintain(clock.now).has_more:
        pass


def followed(store: Store, after_row: int, readings: int = 1_000) -> list[Sample]:
    held = store.commits(after_row, readings)
    assert held is not None
    assert [found.row for found in held] == list(range(after_row + 1, after_row + 1 + len(held)))
    return [sample for found in held for sample in found.samples]


def test_commits_are_told_in_order_until_they_hold_enough_readings(
    reopen: Callable[[], Store], clock: ManualClock
) -> None:
    store = reopen()
    samples = commit(store, clock)
    store.commit([], {("node-1", "j"): 3})
    unknown = Sample(samples[0].series, clock.now - 3_600, None, "failed")
    store.commit([unknown], {})
    assert followed(store, 0) == [*samples, unknown]
    assert followed(store, 0, 2) == samples[:2]
    assert followed(store, store.last_row()) == []
    assert store.behind(1) == Behind(3, samples[1].at_ts)
    assert store.behind(store.last_row()) == Behind(0, None)


def test_sealing_leaves_a_follower_what_it_has_not_had(reopen: Callable[[], Store], clock: ManualClock) -> None:
    store = reopen()
    assert store.follow("sink") is None
    samples = commit(store, clock)
    store.move("sink", Cursor(1))
    seal(store, clock)
    assert followed(store, 1) == samples[1:]
    assert store.commits(0, 10) is None, "the first one was let go"
    store.move("sink", Cursor(3))
    commit(store, clock)
    seal(store, clock)
    assert store.commits(2, 10) is None
    assert len(followed(store, 3)) == 3


def test_sealing_holds_nothing_for_nobody(reopen: Callable[[], Store], clock: ManualClock) -> None:
    store = reopen()
    commit(store, clock)
    seal(store, clock)
    assert store.commits(0, 10) is None
    assert followed(store, store.last_row()) == []


def test_what_is_held_is_not_taken_for_unsealed_after_a_restart(
    reopen: Callable[[], Store], clock: ManualClock
) -> None:
    store = reopen()
    store.follow("sink")
    samples = commit(store, clock)
    seal(store, clock)
    store = reopen()
    assert store.samples(samples[0].series, 0, clock.now) == samples
    more = commit(store, clock)
    assert store.follow("sink") is None
    assert followed(store, 0) == samples + more
    seal(store, clock)
    assert store.samples(samples[0].series, 0, clock.now) == samples + more


def test_what_is_held_is_bounded_and_what_was_let_go_is_said(
    reopen: Callable[[], Store], clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "HELD_READINGS", 4)
    store = reopen()
    store.follow("sink")
    commit(store, clock, 10)
    seal(store, clock)
    assert store.commits(0, 100) is None
    assert len(followed(store, 6)) == 4


def test_a_cursor_and_what_was_set_aside_survive_a_restart(reopen: Callable[[], Store], clock: ManualClock) -> None:
    store = reopen()
    samples = commit(store, clock)
    bad = SetAside(samples[0].series, samples[0].at_ts, 0.0, None, "field type conflict", clock.now)
    store.follow("sink")
    store.move("sink", Cursor(2, (samples[0].series, 17)), (bad,))
    assert store.refused("sink") == Refused(1, bad)
    store = reopen()
    assert store.follow("sink") == Cursor(2, (samples[0].series, 17))
    assert store.refused("sink") == Refused(1, bad)
    assert store.refused("another") == NOBODY


def test_a_moved_cursor_is_written_with_a_later_commit(
    reopen: Callable[[], Store], clock: ManualClock, tmp_path: Path
) -> None:
    store = reopen()
    store.follow("sink")
    commit(store, clock)
    store.move("sink", Cursor(1))
    commit(store, clock, 1)
    with sqlite3.connect(tmp_path / "vigie.db") as database:
        assert database.execute("SELECT follower, row FROM cursor").fetchall() == [("sink", 1)]
    database.close()


def test_rows_set_aside_are_bounded_and_all_counted(
    reopen: Callable[[], Store], clock: ManualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cursors, "MOST_SET_ASIDE", 5)
    store = reopen()
    (sample,) = commit(store, clock, 1)
    rows = tuple(SetAside(sample.series, sample.at_ts, 1.0, None, f"reason {n}", clock.now + n) for n in range(9))
    for row in rows:
        store.move("sink", Cursor(1), (row,))
        clock.pass_time(cursors.WRITE_EVERY_S)
        store.commit([], {("node-1", "j"): 1})
    store = reopen()
    assert store.refused("sink") == Refused(9, rows[-1])
    with sqlite3.connect(tmp_path / "vigie.db") as database:
        assert database.execute("SELECT count(*) FROM set_aside").fetchone() == (5,)
    database.close()


def test_a_copy_that_is_restored_holds_the_cursor_of_its_time(
    reopen: Callable[[], Store], clock: ManualClock, tmp_path: Path
) -> None:
    store = reopen()
    store.follow("sink")
    samples = commit(store, clock)
    store.move("sink", Cursor(2))
    store.close()
    shutil.copy(tmp_path / "vigie.db", tmp_path / "copy.db")
    copy = open_store(tmp_path / "copy.db", clock)
    assert copy.follow("sink") == Cursor(2)
    assert followed(copy, 2) == samples[2:]
    copy.close()


@pytest.mark.parametrize("is_readable", [True, False])
def test_a_file_replaced_while_it_runs_tells_a_follower_what_its_log_has_lost(
    reopen: Callable[[], Store], clock: ManualClock, tmp_path: Path, is_readable: bool
) -> None:
    store = reopen()
    assert isinstance(store, SqliteStore)
    store.follow("sink")
    commit(store, clock)
    store.move("sink", Cursor(1))
    seal(store, clock)
    assert len(followed(store, 1)) == 2
    if not is_readable:
        with sqlite3.connect(tmp_path / "vigie.db") as database:
            database.execute("DELETE FROM cursor")
        database.close()
    store.file.found_damaged("for a test")
    store.maintain(clock.now)
    assert store.commits(1, 10) is None
    store = reopen()
    assert store.follow("sink") == Cursor(1)
    assert store.commits(1, 10) is None
    more = commit(store, clock)
    assert followed(store, 3) == more


def test_a_file_of_the_first_schema_is_taken_over(
    reopen: Callable[[], Store], clock: ManualClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
        database = schema.open_writer(tmp_path / "vigie.db")
        database.execute(
            "INSERT INTO series VALUES (1, 'node-1', 'plug-power', 'power', 10.0, NULL, '', '[]', 0)",
        )
        database.close()
    store = reopen()
    assert [series.name for series in store.series()] == ["node-1.plug-power"]
    assert store.follow("sink") is None
    assert len(commit(store, clock)) == len(followed(store, 0))
