"""A board's journal keeps what no gateway has, gives no number twice, and says what it let go, whatever happens."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.firmware.interpreters import run_there

from vigie_node import journal as module
from vigie_node import records
from vigie_node.journal import SPILL_MS, Journal

HOUR_MS = 3_600_000


SEGMENT_RECORDS = 8


def opened(folder: Path, ram: int = 12, segments: int = 4) -> Journal:
    return Journal(str(folder / "journal"), "k3v9", ram, segments)


def add(journal: Journal, at_ms: int = 0, value: float | None = 1) -> int:
    return journal.add(0, value, "" if value is not None else "failed", at_ms, False, 1)


def held(journal: Journal) -> list[int]:
    """Numbers that can be sent."""
    found, number = [], journal.after(0)
    while number <= journal.last:
        if (record := journal.at(number)) is not None:
            assert record.number == number
            found.append(number)
        number = journal.after(number + 1)
    return found


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(1, 40)),
        st.tuples(st.just("forget"), st.integers(0, 100)),
        st.tuples(st.just("spill"), st.integers(0, 100)),
        st.tuples(st.just("restart"), st.integers(0, 40)),
    ),
    max_size=25,
)


@pytest.fixture(scope="module", autouse=True)
def _small_files() -> Iterator[None]:
    """Of a few records, so that few readings meet every edge of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SEGMENT_RECORDS", SEGMENT_RECORDS)
        patch.setattr(module, "BLOCK", 5)
        yield


@settings(max_examples=30)
@given(STEPS)
def test_what_is_not_acknowledged_evicted_or_cut_off_is_held_under_its_number(steps: list[tuple[str, int]]) -> None:
    _hold(steps)


@pytest.mark.long
@settings(max_examples=1_000)
@given(STEPS)
def test_many_more_lives_of_a_journal_hold_the_same(steps: list[tuple[str, int]]) -> None:
    _hold(steps)


def _hold(steps: list[tuple[str, int]]) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        journal = opened(folder)
        given_numbers: list[int] = []
        safe: set[int] = set()  # what must be held: added, and since then no end of power but with it on the flash
        for what, how in steps:
            if what == "add":
                for _ in range(how):
                    given_numbers.append(add(journal))
                    safe.add(given_numbers[-1])
            elif what == "forget":
                upto = journal.floor + (journal.last - journal.floor + 1) * how // 100 - 1
                journal.forget(upto)
                safe = {number for number in safe if number > upto}
            elif what == "spill":
                journal.spill(journal.floor + (journal.last - journal.floor + 1) * how // 100)
            else:
                written = cut_power(folder, how)
                journal = opened(folder)
                safe &= written
            if journal.evicted:
                safe = {number for number in safe if number >= journal.floor}
            assert safe <= set(held(journal))
            assert all(number >= journal.floor for number in held(journal))
            assert journal.floor <= journal.last + 1
        assert given_numbers == sorted(set(given_numbers))
        assert len(list((folder / "journal").glob("s*"))) <= 4
    finally:
        shutil.rmtree(folder)


def cut_power(folder: Path, bytes_lost: int) -> set[int]:
    """The last of the newest file does not arrive; what the files hold then."""
    files = sorted((folder / "journal").glob("s*"), key=lambda path: int(path.name[1:]))
    if files:
        data = files[-1].read_bytes()
        files[-1].write_bytes(data[: max(0, len(data) - bytes_lost)])
    numbers = set()
    for path in files:
        data = path.read_bytes()
        numbers |= {int(path.name[1:]) + index for index in range(len(data) // records.SIZE)}
    return numbers


def test_an_hour_without_a_link_loses_nothing_within_the_ring(tmp_path: Path) -> None:
    journal = Journal(str(tmp_path / "journal"), "k3v9", segments=280)
    for now_ms in range(0, HOUR_MS, 10_000):
        for channel in range(6):
            journal.add(channel, now_ms // 10_000, "", now_ms, False, 1)
        journal.spill_old(now_ms, None)
    assert len(held(journal)) == journal.last == 2_160
    record = journal.at(7)
    assert record is not None
    assert (record.channel, record.value, record.at_ms) == (0, 1, 10_000)
    journal.forget(journal.last)
    assert held(journal) == []
    assert list((tmp_path / "journal").glob("s*")) == []


def test_what_is_acknowledged_within_a_minute_never_touches_the_flash(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    for now_ms in range(0, HOUR_MS, 10_000):
        journal.forget(add(journal, now_ms))
        journal.spill_old(now_ms, None)
    assert sorted(path.name for path in (tmp_path / "journal").iterdir()) == ["id", "next"]


def test_what_waits_for_a_minute_survives_an_end_of_power(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    add(journal, 0)
    add(journal, SPILL_MS)
    journal.spill_old(SPILL_MS, None)
    assert held(opened(tmp_path)) == [1]


def test_a_full_ring_lets_the_oldest_go_and_says_so_by_its_floor(tmp_path: Path) -> None:
    journal = opened(tmp_path, ram=12, segments=2)
    for _ in range(5 * SEGMENT_RECORDS):
        add(journal)
    journal.spill(journal.last + 1)
    assert held(journal) == list(range(journal.floor, journal.last + 1))
    assert journal.evicted == journal.floor - 1 > 2 * SEGMENT_RECORDS


def go_on(journal: Journal) -> None:
    for _ in range(100):
        add(journal)
        journal.forget(SEGMENT_RECORDS)


@pytest.mark.parametrize("what", ["rename", "remove"])
def test_an_end_of_power_between_two_changes_of_the_folder_loses_no_record_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    class OutOfPowerError(Exception):
        pass

    def fail(*_: object) -> None:
        raise OutOfPowerError

    journal = opened(tmp_path)
    for _ in range(2 * SEGMENT_RECORDS):
        add(journal)
    journal.spill(journal.last + 1)
    monkeypatch.setattr(os, what, fail)
    with pytest.raises(OutOfPowerError):
        go_on(journal)
    monkeypatch.undo()
    assert held(opened(tmp_path))[-SEGMENT_RECORDS:] == list(range(SEGMENT_RECORDS + 1, 2 * SEGMENT_RECORDS + 1))


@given(
    st.one_of(st.none(), st.integers(-(2**40), 2**40), st.floats(allow_nan=False)),
    st.integers(0, 2**45),
    st.booleans(),
    st.integers(0, 65_535),
)
def test_a_record_is_read_as_it_was_written(value: float | None, at_ms: int, is_dated: bool, boot: int) -> None:
    data = bytearray(records.SIZE)
    records.write(records.Record(9, 3, value, "" if value is not None else "busy", at_ms, is_dated, boot), data, 0)
    found = records.read(data, 0)
    assert found is not None
    assert (found.number, found.channel, found.value, found.reason) == (
        9,
        3,
        value,
        "" if value is not None else "busy",
    )
    assert (found.at_ms, found.is_dated, found.boot) == (at_ms, is_dated, boot)


@given(st.binary(min_size=records.SIZE, max_size=records.SIZE), st.integers(0, records.SIZE * 8 - 1))
def test_a_flipped_bit_or_an_empty_page_is_no_record(noise: bytes, bit: int) -> None:
    data = bytearray(records.SIZE)
    assert records.read(data, 0) is None
    assert records.read(b"\xff" * records.SIZE, 0) is None
    records.write(records.Record(int.from_bytes(noise[:3], "big"), 1, 2, "", 3, False, 4), data, 0)
    data[bit // 8] ^= 1 << bit % 8
    assert records.read(data, 0) is None


CODE = """
import os
from vigie_node.journal import Journal
folder = sys.stdin.read().strip()
journal = Journal(folder, "k3v9", 100, 8)
for number in range(700):
    journal.add(number % 6, number / 4 if number % 5 else None, "" if number % 5 else "failed", number * 1000, False, 1)
journal.forget(130)
journal.spill(journal.last + 1)
again = Journal(folder, "k3v9", 100, 8)
print(again.floor, again.last, again.at(699).value, again.at(131).value, again.at(696).reason, len(os.listdir(folder)))
"""


def test_a_board_keeps_the_same_as_a_test_machine(tmp_path: Path) -> None:
    said = {name: run_there(name, CODE, str(tmp_path / name)) for name in ("cpython", "micropython")}
    said["webassembly"] = run_there("webassembly", CODE, "/journal")  # its files are in memory, and no folder is there
    assert said["micropython"] == said["webassembly"] == said["cpython"]
    assert said["cpython"].split()[:2] == ["129", "704"]  # from the beginning of the file that holds 131
