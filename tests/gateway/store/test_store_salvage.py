"""A damaged file is set aside, the gateway goes on with a new one, and what can be read comes back into it."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.store import Correction, Gap, Sample, open_store
from vigie_gateway.store.pages import PAGE_BYTES, Pages
from vigie_gateway.store.sqlite import SqliteStore

NOW_TS = 1_780_012_800.0
DAY_S = 86_400.0
NODES = 8
ROUNDS = 12
READINGS = 2_000
GAP = Gap("n", "j", 3, 5, "evicted", NOW_TS)
SAID = Correction("people", "hall", 12, None, "counted", "lou", NOW_TS)


def opened(path: Path) -> SqliteStore:
    return open_store(path, SimulatedClock(NOW_TS, 0.0, 1e-9))


def maintain(store: SqliteStore) -> None:
    while store.maintain(NOW_TS + 2 * ROUNDS * DAY_S).has_more:
        pass


def readings_of(store: SqliteStore) -> dict[str, list[Sample]]:
    return {series.name: store.samples(series.id, 0, NOW_TS + 1e9) for series in store.series()}


class Original:
    """A store of some weeks as its process left it when it was killed, and what it held."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "vigie.db"
        chance = random.Random(2)
        store = opened(self.path)
        channels = [Channel(f"c{number}", "power", 10.0) for number in range(NODES)]
        ids = [series.id for series in store.register("n", channels).values()]
        for day in range(ROUNDS):
            from_ts = NOW_TS + day * DAY_S / 4
            for series in ids:
                samples = [
                    Sample(series, from_ts + place * 10, round(chance.random() * 1000, 1)) for place in range(READINGS)
                ]
                store.commit(samples, {("n", "j"): day * 100 + series})
            maintain(store)
        last = [Sample(series, NOW_TS + ROUNDS * DAY_S, None, "silent") for series in ids]
        store.commit(last, {("n", "j"): 99_999}, [GAP], [SAID])
        self.readings = readings_of(store)
        self.history = {number: store.history(number, NOW_TS, NOW_TS + DAY_S * ROUNDS / 4, 500) for number in ids}
        killed = folder / "killed"
        killed.mkdir()
        for name in ("vigie.db", "vigie.db-wal"):
            shutil.copy(folder / name, killed / name)
        store.close()
        self.path = killed / "vigie.db"

    def copy_to(self, folder: Path) -> Path:
        """Both files, in another folder."""
        for found in self.path.parent.iterdir():
            shutil.copy(found, folder / found.name)
        return folder / "vigie.db"

    def closed_in(self, folder: Path) -> Path:
        """The file as its process leaves it when it ends by itself: all is in it, nothing in its log."""
        path = self.copy_to(folder)
        opened(path).close()
        return path


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    return Original(tmp_path_factory.mktemp("original"))


def scratched(path: Path, seed: int) -> set[int]:
    """30 times 256 bytes written over; returns the pages that were touched."""
    chance, raw = random.Random(seed), bytearray(path.read_bytes())
    touched = set()
    for _ in range(30):
        at = chance.randrange(len(raw) - 256)
        raw[at : at + 256] = chance.randbytes(256)
        touched |= {at // PAGE_BYTES + 1, (at + 255) // PAGE_BYTES + 1}
    path.write_bytes(raw)
    return touched


def salvaged(path: Path) -> SqliteStore:
    """The store opened, and all put back that can be."""
    store = opened(path)
    maintain(store)
    return store


def untouched_readings(path: Path, touched: set[int]) -> int:
    """Sealed readings none of whose pages was touched; counted in the intact file, page by page."""
    asked: set[int] = set()

    class Traced(Pages):
        def page(self, number: int) -> bytes:
            asked.add(number)
            return super().page(number)

    pages = Traced(path, path.with_name("vigie.db-wal"))
    count = 0
    for number in range(1, pages.count + 1):
        rows = pages.rows(number)
        while True:
            asked.clear()
            asked.add(number)
            row = next(rows, None)
            if row is None:
                break
            is_raw = len(row.fields) == 7 and row.id is not None and row.fields[2] == 0
            if is_raw and not asked & touched:
                count += int(str(row.fields[5]))
    pages.close()
    return count


@pytest.mark.parametrize("seed", range(3))
def test_of_a_scratched_file_nearly_all_comes_back_and_nothing_twice_or_wrong(
    original: Original, tmp_path: Path, seed: int
) -> None:
    path = original.copy_to(tmp_path)
    touched = scratched(path, seed)
    store = salvaged(path)
    found = readings_of(store)
    recovered = sum(map(len, found.values()))
    assert recovered >= 0.95 * untouched_readings(original.path, touched)
    for name, samples in found.items():
        assert samples == sorted(set(samples), key=lambda sample: sample.at_ts)
        assert set(samples) <= set(original.readings[name])
    report = store.salvage_report
    assert report is not None
    assert report.done_ts is not None
    assert report.readings == recovered
    assert path.with_name(report.file).exists()
    assert path.with_name(f"{report.file}-wal").exists()
    store.close()
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()


def header(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(b"\xff" * 16 + raw[16:])


def first_page(path: Path) -> None:
    path.write_bytes(bytes(PAGE_BYTES) + path.read_bytes()[PAGE_BYTES:])


def foreign_log(path: Path) -> None:
    other = path.with_name("other.db")
    database = sqlite3.connect(other, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE song (title TEXT)")
    database.executemany("INSERT INTO song VALUES (?)", [("x" * 3000,)] * 300)
    shutil.copy(f"{other}-wal", f"{path}-wal")
    database.close()


@pytest.mark.parametrize("damage", [header, first_page, foreign_log])
def test_what_a_damage_left_whole_comes_back_whole_with_progress_gaps_and_history(
    original: Original, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    path = original.closed_in(tmp_path)
    damage(path)
    store = opened(path)
    assert store.progress() == {("n", "j"): 99_999}
    maintain(store)
    assert readings_of(store) == original.readings
    assert store.gaps() == [GAP]
    assert store.corrections.newest(9) == [replace(SAID, id=1)]
    for number, points in original.history.items():
        assert store.history(number, NOW_TS, NOW_TS + DAY_S * ROUNDS / 4, 500) == points
    store.close()


def test_a_file_cut_short_gives_back_what_its_pages_and_its_log_still_hold(original: Original, tmp_path: Path) -> None:
    path = original.copy_to(tmp_path)
    raw = path.read_bytes()
    kept = len(raw) * 3 // 4 // PAGE_BYTES
    path.write_bytes(raw[: kept * PAGE_BYTES + 100])
    store = salvaged(path)
    lost = set(range(kept + 1, -(-len(raw) // PAGE_BYTES) + 1))
    assert sum(map(len, readings_of(store).values())) >= 0.95 * untouched_readings(original.path, lost)
    store.close()


def test_an_empty_file_is_set_aside_and_nodes_are_asked_for_all_that_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "vigie.db"
    path.touch()
    store = salvaged(path)
    assert store.progress() == {}
    report = store.salvage_report
    assert report is not None
    assert (report.reason, report.readings) == ("it is empty", 0)
    assert path.with_name(report.file).exists()
    store.close()


def test_readings_that_a_node_sent_again_before_the_salvage_came_to_them_are_there_once(
    original: Original, tmp_path: Path
) -> None:
    path = original.closed_in(tmp_path)
    first_page(path)
    store = opened(path)
    again = [sample for samples in original.readings.values() for sample in samples[-READINGS - 1 :]]
    store.commit(again, {("n", "j"): 100_001})
    assert store.salvage_report is not None
    maintain(store)
    assert readings_of(store) == original.readings
    store.close()


def test_a_salvage_that_was_killed_on_its_way_begins_again_and_doubles_nothing(
    original: Original, tmp_path: Path
) -> None:
    path = original.closed_in(tmp_path)
    first_page(path)
    for steps in (2, 5, 9):
        store = opened(path)
        assert store.salvage_report is not None
        assert store.salvage_report.done_ts is None
        for _ in range(steps):
            assert store.maintain(NOW_TS).has_more
        store.close()
    store = salvaged(path)
    assert readings_of(store) == original.readings
    store.close()


def test_a_file_damaged_before_the_salvage_of_another_is_done_comes_back_too(
    original: Original, tmp_path: Path
) -> None:
    path = original.closed_in(tmp_path)
    first_page(path)
    store = opened(path)
    assert store.maintain(NOW_TS).has_more
    store.close()
    header(path)
    store = salvaged(path)
    assert readings_of(store) == original.readings
    assert len(list(tmp_path.glob("vigie.db.damaged-*"))) == 2
    store.close()


def test_damage_met_while_the_gateway_runs_sets_the_file_aside_and_the_commit_is_taken(
    original: Original, tmp_path: Path
) -> None:
    path = original.copy_to(tmp_path)
    store = opened(path)
    series = store.series()[0]
    with path.open("r+b") as file:  # every page but the first few: the next look below them finds it
        file.seek(8 * PAGE_BYTES)
        file.write(b"\xaa" * (path.stat().st_size - 8 * PAGE_BYTES))
    store.file.found_damaged("found by the nightly check")
    new = Sample(series.id, NOW_TS + ROUNDS * DAY_S + 10, 5.0)
    maintain(store)
    store.commit([new], {("n", "j"): 100_000})
    assert store.progress() == {("n", "j"): 100_000}
    assert [found.name for found in store.series()] == list(original.readings)
    assert store.samples(series.id, NOW_TS + ROUNDS * DAY_S - 1, NOW_TS + 1e9) == [
        original.readings[series.name][-1], new
    ]  # fmt: skip
    assert store.salvage_report is not None
    assert store.salvage_report.reason == "found by the nightly check"
    store.close()


def test_a_file_whose_large_rest_is_damaged_below_the_first_check_is_replaced_by_the_commit_that_meets_it(
    original: Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vigie_gateway.store.schema.CHECK_BELOW_BYTES", 0)
    path = original.closed_in(tmp_path)
    with sqlite3.connect(path) as database:
        page = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'log'").fetchone()[0]
    database.close()
    store = opened(path)
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE_BYTES)
        file.write(b"\xaa" * PAGE_BYTES)
    store.file.writer.execute("PRAGMA shrink_memory")
    store.commit([Sample(store.series()[0].id, NOW_TS + 2e6, 5.0)], {("n", "j"): 100_000})
    assert store.latest()[store.series()[0].id].value == 5.0
    assert store.salvage_report is not None
    maintain(store)
    found = readings_of(store)
    store.close()
    assert {name: samples[: len(original.readings[name])] for name, samples in found.items()} == original.readings
