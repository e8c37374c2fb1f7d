"""Where a journal goes on: after a crash, a power cut, in another machine; and no number is given twice."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.sensors.journals import NOON_TS, TwoClocks, crash, cut_power, take

from vigie_contract.readings import Reading
from vigie_sensors.journal import NO_CHANNEL, RESERVE_READINGS, YOUNG_S, Journal

Opener = Callable[..., Journal]
HERE, THERE = ["serial 1"], ["serial 2"]
VERSION_1 = """
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), journal TEXT NOT NULL, last INTEGER NOT NULL,
    is_open INTEGER NOT NULL) STRICT;
CREATE TABLE cursor (gateway TEXT PRIMARY KEY, upto INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE boot (id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, offset_s REAL) STRICT;
CREATE TABLE channel (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE reading (number INTEGER PRIMARY KEY, channel INTEGER NOT NULL, at_ts REAL NOT NULL, at_mono REAL NOT NULL,
    boot INTEGER NOT NULL, is_dated INTEGER NOT NULL, value REAL, reason TEXT) STRICT;
PRAGMA user_version = 1;
INSERT INTO channel VALUES (1, 'a');
INSERT INTO boot VALUES (1, 'former', 0.0);
INSERT INTO reading VALUES (6, 1, 1790000000.0, 10.0, 1, 1, 2.5, NULL);
INSERT INTO cursor VALUES ('main', 5);
"""


@pytest.fixture
def clock() -> TwoClocks:
    return TwoClocks()


@pytest.fixture
def young(tmp_path: Path) -> Path:
    folder = tmp_path / "young"
    folder.mkdir()
    return folder


@pytest.fixture
def opener(tmp_path: Path, clock: TwoClocks, young: Path) -> Opener:
    def make(gateways: tuple[str, ...] = ("main",), machine: list[str] = HERE, place: str = "card") -> Journal:
        path = tmp_path / place / "journal.sqlite"
        return Journal.open(path, gateways, 7.0, 64_000_000, clock, "boot", young=young, machine=machine)

    return make


def held(journal: Journal) -> list[tuple[int, float | None]]:
    return [(entry.number, entry.reading.value) for entry in journal.read(0, 100_000)]


def test_a_crash_takes_no_reading_and_skips_no_number(opener: Opener, clock: TwoClocks) -> None:
    journal = opener()
    take(journal, clock, 5)
    clock.advance(YOUNG_S)
    journal.flush()
    take(journal, clock, 5)
    before = held(journal)
    crash(journal)
    again = opener()
    assert (held(again), again.last, again.id) == (before, 10, journal.id)
    crash(again)
    third = opener()
    assert (held(third), third.last) == (before, 10)
    third.close()


def test_after_a_crash_the_floor_is_never_below_what_was_freed_and_trimmed(opener: Opener, clock: TwoClocks) -> None:
    """The card may still hold readings of below: with those of above they would leave a hole."""
    journal = opener()
    take(journal, clock, 10)
    clock.advance(YOUNG_S)
    journal.flush()
    take(journal, clock, 3_000)
    journal.acknowledge("main", journal.id, 2_990)
    journal.flush()
    crash(journal)
    again = opener()
    assert [number for number, _ in held(again)] == list(range(2_991, 3_011))
    again.close()


def test_a_power_cut_takes_what_was_young_and_a_gateway_is_told_by_the_floor(
    opener: Opener, clock: TwoClocks, young: Path
) -> None:
    journal = opener()
    take(journal, clock, 50)
    journal.acknowledge("main", journal.id, 30)
    cut_power(journal, young)
    again = opener()
    assert (again.last, again.floor) == (RESERVE_READINGS, RESERVE_READINGS + 1)
    assert again.append([Reading("a", NOON_TS, 1.0)]) == RESERVE_READINGS + 1
    assert again.acknowledged("main") == RESERVE_READINGS
    again.close()


def test_a_power_cut_leaves_what_was_on_the_card_and_fills_the_numbers_up_to_the_next(
    opener: Opener, clock: TwoClocks, young: Path
) -> None:
    journal = opener(("main", "mirror"))
    take(journal, clock, 3)
    clock.advance(YOUNG_S)
    journal.flush()
    take(journal, clock, 20)
    journal.acknowledge("main", journal.id, 23)
    cut_power(journal, young)
    again = opener(("main", "mirror"))
    again.append([Reading("a", NOON_TS, 7.0)])
    entries = again.read(0, 10_000)
    assert [entry.number for entry in entries] == list(range(1, again.last + 1)), "no hole on the wire"
    assert [entry.reading.value for entry in entries[:3]] == [0.0, 1.0, 2.0]
    assert {(entry.reading.channel, entry.reading.reason) for entry in entries[3:-1]} == {(NO_CHANNEL, "restarted")}
    assert again.last > 23
    again.close()


def test_a_second_power_cut_at_once_uses_no_number_twice_either(opener: Opener, clock: TwoClocks, young: Path) -> None:
    last = 0
    for _ in range(4):
        journal = opener()
        assert journal.append([Reading("a", NOON_TS, 1.0)]) > last
        last = journal.last
        cut_power(journal, young)


def test_a_young_file_of_before_a_start_without_memory_is_not_gone_on_with(
    opener: Opener, clock: TwoClocks, young: Path, tmp_path: Path
) -> None:
    journal = opener()
    take(journal, clock, 5)
    shutil.copytree(young, tmp_path / "kept")
    cut_power(journal, young)
    between = Journal.open(tmp_path / "card" / "journal.sqlite", ["main"], 7, 10**7, clock, "boot", machine=HERE)
    between.append([Reading("a", NOON_TS, 1.0)])
    last = between.last
    crash(between)
    shutil.copytree(tmp_path / "kept", young, dirs_exist_ok=True)
    again = opener()
    assert again.last >= last
    again.close()


def test_in_another_machine_a_card_goes_on_under_a_new_id_with_what_was_not_acknowledged(
    opener: Opener, clock: TwoClocks, caplog: pytest.LogCaptureFixture
) -> None:
    journal = opener()
    take(journal, clock, 8)
    journal.acknowledge("main", journal.id, 5)
    journal.close()
    with caplog.at_level(logging.WARNING):
        moved = opener(machine=THERE)
    assert [record.getMessage() for record in caplog.records] == [
        f"the card of journal {journal.id} is in another machine now: it goes on as journal {moved.id}, with 3 readings"
    ]
    assert moved.id != journal.id
    assert held(moved) == [(1, 5.0), (2, 6.0), (3, 7.0)]
    assert moved.append([Reading("a", NOON_TS, 1.0)]) == 4
    assert not moved.acknowledge("main", journal.id, 4)
    assert moved.acknowledge("main", moved.id, 2)
    moved.close()
    stays = opener(machine=THERE)
    assert (stays.id, [number for number, _ in held(stays)]) == (moved.id, [3, 4])
    stays.close()


def test_a_card_copied_while_it_was_in_use_gets_its_own_id_and_the_first_keeps_its_own(
    opener: Opener, clock: TwoClocks, tmp_path: Path
) -> None:
    journal = opener()
    take(journal, clock, 4)
    clock.advance(YOUNG_S)
    journal.flush()
    shutil.copytree(tmp_path / "card", tmp_path / "copy")
    copy = opener(machine=THERE, place="copy")
    take(copy, clock, 1)
    take(journal, clock, 2)
    assert copy.id != journal.id
    assert (copy.last, journal.last) == (5, 6)
    copy.close()
    journal.close()
    again = opener()
    assert again.id == journal.id
    again.close()


@pytest.mark.parametrize("machine", [[], ["address 1", "address 9"]])
def test_hardware_that_cannot_tell_or_has_an_adapter_more_is_no_other_machine(
    opener: Opener, machine: list[str]
) -> None:
    first = opener(machine=["address 1", "address 2"])
    first.close()
    again = opener(machine=machine)
    again.close()
    last = opener(machine=["address 1"])
    last.close()
    assert first.id == again.id == last.id


def test_what_identifies_the_machine_is_not_on_the_card(opener: Opener, tmp_path: Path) -> None:
    opener(machine=["serial 10000000abcdef12"]).close()
    assert b"abcdef12" not in b"".join(file.read_bytes() for file in (tmp_path / "card").iterdir())


@pytest.mark.parametrize(("is_open", "last"), [(0, 6), (1, 206)])
def test_a_journal_of_version_1_goes_on_and_its_perhaps_used_numbers_stay_unused(
    opener: Opener, tmp_path: Path, is_open: int, last: int
) -> None:
    (tmp_path / "card").mkdir()
    database = sqlite3.connect(tmp_path / "card" / "journal.sqlite")
    database.executescript(VERSION_1)
    database.execute("INSERT INTO state VALUES (1, 'old', 6, ?)", (is_open,))
    database.commit()
    database.close()
    journal = opener()
    assert (journal.id, journal.last, journal.floor) == ("old", last, 6)
    assert journal.read(5, 1)[0].reading.value == 2.5
    journal.close()
