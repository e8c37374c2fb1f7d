"""What becomes of the file when it is not ours, when the disk refuses, and when the process is killed."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.store import Sample, Store, StoreError, open_store
from vigie_gateway.store.sqlite import SqliteStore

NOW_TS = 1_780_012_800.0
POWER = Channel("plug-power", "power", 10.0)
KILLS = 10


def opened(path: Path) -> Store:
    return open_store(path, SimulatedClock(NOW_TS, 0.0, 1e-9))


def refusal(path: Path) -> str:
    """Why the store will not open: one line that names the file."""
    with pytest.raises(StoreError) as told:
        opened(path)
    line = str(told.value)
    assert str(path) in line
    assert "\n" not in line
    return line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store with one series and 100 readings."""
    path = tmp_path / "vigie.db"
    store = opened(path)
    series = store.register("node-1", [POWER])["plug-power"].id
    store.commit([Sample(series, NOW_TS + number, float(number)) for number in range(100)], {("node-1", "j"): 100})
    store.close()
    return path


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    path.write_text("people = 12\n" * 400, "utf-8")
    assert "not a database" in refusal(path)
    assert path.read_text("utf-8").startswith("people = 12")


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE song (title TEXT)")
        other.execute("PRAGMA application_id = 1234")
    other.close()
    before = path.read_bytes()
    assert "another program (application_id 0x4d2)" in refusal(path)
    assert path.read_bytes() == before


def test_a_file_of_a_newer_vigie_is_refused_and_says_to_update(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert "newer Vigie (schema 99" in refusal(path)


def test_two_gateways_never_write_to_one_file(path: Path) -> None:
    store = opened(path)
    assert "another vigie-gateway has it open" in refusal(path)
    store.close()
    opened(path).close()


def test_a_folder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    assert "does its folder exist" in refusal(tmp_path / "absent" / "vigie.db")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to what is read-only")
@pytest.mark.parametrize("is_folder", [False, True])
def test_what_can_only_be_read_is_refused_when_it_opens_and_not_at_the_first_commit(
    path: Path, is_folder: bool
) -> None:
    read_only = path.parent if is_folder else path
    mode = read_only.stat().st_mode
    read_only.chmod(0o555 if is_folder else 0o444)
    try:
        line = refusal(path)
    finally:
        read_only.chmod(mode)
    assert "read-only" in line or "may this user write there" in line


def test_a_file_that_only_lets_itself_be_read_is_refused_whoever_asks(path: Path) -> None:
    def read_only(target: Path | str, **options: object) -> sqlite3.Connection:
        uri = target if isinstance(target, str) else f"{target.as_uri()}?mode=ro"
        return sqlite3.connect(uri, **{**options, "uri": True})  # type: ignore[call-overload,no-any-return]  # options of sqlite3.connect are passed on

    with pytest.raises(StoreError, match="read-only") as told:
        SqliteStore(path, SimulatedClock(NOW_TS, 0.0, 1e-9), connect=read_only)
    assert str(path) in str(told.value)


@pytest.fixture
def full_disk(path: Path) -> Iterator[SqliteStore]:
    """A store whose file may not grow by more than two pages."""
    store = opened(path)
    assert isinstance(store, SqliteStore)
    pages = store.file.writer.execute("PRAGMA page_count").fetchone()[0]
    store.file.writer.execute(f"PRAGMA max_page_count = {pages + 2}")
    yield store
    store.close()


def test_a_full_disk_refuses_a_commit_whole_and_takes_the_same_one_when_there_is_room(full_disk: SqliteStore) -> None:
    store = full_disk
    series = store.series()[0].id
    before = store.samples(series, 0, NOW_TS + 1e6)
    chance = random.Random(1)
    samples = [Sample(series, NOW_TS + 1000 + number, chance.random()) for number in range(5000)]
    for _ in range(2):
        with pytest.raises(StoreError, match=r"vigie\.db: could not commit: the disk is full") as told:
            store.commit(samples, {("node-1", "j"): 5100})
        assert "\n" not in str(told.value)
        assert store.samples(series, 0, NOW_TS + 1e6) == before
        assert store.progress() == {("node-1", "j"): 100}
        assert store.latest()[series] == before[-1]
    store.file.writer.execute("PRAGMA max_page_count = 100000")
    store.commit(samples, {("node-1", "j"): 5100})
    assert store.samples(series, 0, NOW_TS + 1e6) == before + samples
    assert store.progress() == {("node-1", "j"): 5100}


def test_a_full_disk_while_sealing_loses_nothing_and_sealing_goes_on_when_there_is_room(path: Path) -> None:
    store = opened(path)
    assert isinstance(store, SqliteStore)
    series = store.series()[0].id
    chance = random.Random(1)
    store.commit([Sample(series, NOW_TS + 1000 + number, chance.random()) for number in range(5000)], {})
    before = store.samples(series, 0, NOW_TS + 1e6)
    pages = store.file.writer.execute("PRAGMA page_count").fetchone()[0]
    store.file.writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="could not be sealed: the disk is full"):
        store.maintain(NOW_TS + 86_400)
    assert store.samples(series, 0, NOW_TS + 1e6) == before
    store.file.writer.execute("PRAGMA max_page_count = 100000")
    assert store.maintain(NOW_TS + 86_400).sealed == 5100
    assert store.samples(series, 0, NOW_TS + 1e6) == before
    store.close()


_WRITER = """
    import sys
    from pathlib import Path
    from vigie_contract.clock import SimulatedClock
    from vigie_contract.messages import Channel
    from vigie_gateway.store import Sample, open_store

    path, now_ts = Path(sys.argv[1]), float(sys.argv[2])
    store = open_store(path, SimulatedClock(now_ts, 0.0, 1e-9))
    ids = [found.id for found in store.register("n", [Channel(f"c{n}", "power", 10.0) for n in range(8)]).values()]
    number = store.progress().get(("n", "j"), 0)
    print("open", flush=True)
    while True:
        number += 1
        at_ts = now_ts + number * 100
        samples = [Sample(series, at_ts + place, float(number % 500)) for series in ids for place in range(10)]
        if number % 7 == 0:
            samples += [Sample(ids[0], at_ts - 3005, 1.0)]
        store.commit(samples, {("n", "j"): number})
        print(number, flush=True)
        if number % 5 == 0:
            while store.maintain(now_ts + 1e6).sealed:
                pass
"""


def _kill_at_random(path: Path, after_s: float) -> int:
    """Let a process commit and seal for a moment, kill it, and return the last commit that it said had returned."""
    writer = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(_WRITER), str(path), str(NOW_TS)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    try:
        assert writer.stdout.readline() == "open\n"
        time.sleep(after_s)
    finally:
        writer.send_signal(signal.SIGKILL)
        told = writer.stdout.read().split("\n")[:-1]
        writer.stdout.close()
        writer.wait()
    return int(told[-1]) if told else 0


def test_what_was_committed_survives_kill_9_in_the_middle_of_commits_and_seals(tmp_path: Path) -> None:
    path, chance = tmp_path / "vigie.db", random.Random()
    last = 0
    for _ in range(KILLS):
        last = max(last, _kill_at_random(path, chance.uniform(0.0, 0.25)))
        store = opened(path)
        stored = store.progress().get(("n", "j"), 0)
        # The last one may have been killed between its commit and the word of it.
        assert last <= stored <= last + 1
        last = stored
        for position, series in enumerate(store.series()):
            samples = store.samples(series.id, 0, NOW_TS + 1e9)
            late = stored // 7 if position == 0 else 0
            assert len(samples) == 10 * stored + late
        store.close()
        database = sqlite3.connect(path)
        assert database.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        database.close()
    assert last > 0
