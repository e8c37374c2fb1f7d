"""The power is cut at any write: what was committed is there, nothing is half there, and the file is sound."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.gateway.store.power import Disk, Mode

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.store import Sample, StoreError, open_store
from vigie_gateway.store.sqlite import SqliteStore

NOW_TS = 1_780_012_800.0
CUTS = 40
COMMITS = 60
SERIES = 4
READINGS = 20
MODES: tuple[Mode, ...] = ("prefix", "subset", "torn")


def clock() -> SimulatedClock:
    return SimulatedClock(NOW_TS, 0.0, 1e-9)


def samples_of(number: int) -> list[Sample]:
    """The readings of one commit: of every series, some of them late."""
    at_ts = NOW_TS + number * 200
    fresh = [
        Sample(series, at_ts + place * 10, float((number * 7 + place) % 500) / 10)
        for series in range(1, SERIES + 1)
        for place in range(READINGS)
    ]
    return fresh + ([Sample(1, at_ts - 3005, 1.0)] if number % 5 == 0 else [])


@dataclass
class Cuts:
    """What each cut left, and how many commits had returned before it."""

    done: dict[Path, int] = field(default_factory=dict)


def run(folder: Path, seed: int, *, keeps_promises: bool = True) -> Cuts:
    """Commit and seal on a disk whose power is cut CUTS times, in each way."""
    disk = Disk(f"cut-{folder.name}")
    disk.keeps_promises = keeps_promises
    chance = random.Random(seed)
    path = folder / "vigie.db"
    open_store(path, clock()).close()  # its making is a rename, which no VFS sees
    store = SqliteStore(path, clock(), connect=disk.connect)
    store.register("n", [Channel(f"c{number}", "power", 10.0) for number in range(SERIES)])
    done = 0
    cuts = Cuts()
    # Some ten operations a commit: so the last cut is before the last commit.
    moments = set(chance.sample(range(disk.operations, disk.operations + COMMITS * 4), CUTS))

    def before() -> None:
        if disk.operations in moments:
            for mode in MODES:
                left = folder / f"{disk.operations}-{mode}"
                disk.cut(left, chance, mode)
                cuts.done[left / "vigie.db"] = done

    disk.before = before
    for number in range(1, COMMITS + 1):
        store.commit(samples_of(number), {("n", "j"): number})
        done = number
        if number % 9 == 0:
            while store.maintain(NOW_TS + 1e6).sealed:
                pass
    disk.before = lambda: None
    store.close()
    return cuts


def is_whole(path: Path, done: int) -> bool:
    """Whether all commits that had returned are there, at most the one under way with them, and nothing else."""
    with closing(sqlite3.connect(path)) as database:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            return False
    store = open_store(path, clock())
    stored = store.progress().get(("n", "j"), 0)
    expected = [sample for number in range(1, stored + 1) for sample in samples_of(number)]
    found = [sample for series in store.series() for sample in store.samples(series.id, 0, NOW_TS + 1e9)]
    report = store.salvage_report
    store.close()
    return done <= stored <= done + 1 and sorted(found) == sorted(expected) and report is None


def test_whatever_write_the_power_is_cut_at_all_that_was_committed_is_there(tmp_path: Path) -> None:
    cuts = run(tmp_path, seed=1)
    assert len(cuts.done) == CUTS * len(MODES)
    assert [path.parent.name for path, done in cuts.done.items() if not is_whole(path, done)] == []


def test_the_cut_is_a_cut_a_disk_that_lies_about_syncs_loses(tmp_path: Path) -> None:
    cuts = run(tmp_path, seed=2, keeps_promises=False)
    lost = 0
    for path, done in list(cuts.done.items())[-12:]:
        try:
            lost += not is_whole(path, done)
        except (sqlite3.Error, StoreError):
            lost += 1
    assert lost > 0


@pytest.mark.parametrize("mode", MODES)
def test_a_power_cut_while_the_schema_is_updated_leaves_one_schema_or_the_next(tmp_path: Path, mode: Mode) -> None:
    path = tmp_path / "vigie.db"
    store = open_store(path, clock())
    store.register("n", [Channel(f"c{number}", "power", 10.0) for number in range(SERIES)])
    store.commit(samples_of(1), {("n", "j"): 1})
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.executescript("DROP TABLE salvage; DROP TABLE correction; DROP TABLE rehearsal")
        database.execute("PRAGMA user_version = 2")
    disk = Disk(f"update-{mode}")
    chance = random.Random(3)
    left: list[Path] = []

    def before() -> None:
        left.append(tmp_path / f"cut-{disk.operations}")
        disk.cut(left[-1], chance, mode)

    disk.before = before
    SqliteStore(path, clock(), connect=disk.connect).close()
    assert left
    assert all(is_whole(folder / "vigie.db", 1) for folder in left if (folder / "vigie.db").exists())
