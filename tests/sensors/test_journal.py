"""The journal: numbers, cursors, the ring, clocks that step, crashes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_contract.readings import Reading
from vigie_sensors.journal import COMMIT_READINGS, NO_CHANNEL, Journal, JournalError, boot_id

DAY_S = 86_400.0
NOON_TS = 1_790_000_000.0


class TwoClocks:
    """Wall and monotonic time, set by hand."""

    speed = 1.0

    def __init__(self, ts: float = NOON_TS, mono: float = 5_000.0, is_right: bool = True) -> None:
        self.ts, self.mono, self.is_right = ts, mono, is_right

    def now_ts(self) -> float:
        return self.ts

    def now_mono(self) -> float:
        return self.mono

    def wait(self, event: Event, duration_s: float) -> bool:
        self.advance(duration_s)
        return event.is_set()

    def is_synchronised(self) -> bool:
        return self.is_right

    def advance(self, duration_s: float) -> None:
        self.ts += duration_s
        self.mono += duration_s


Opener = Callable[..., Journal]


@pytest.fixture
def clock() -> TwoClocks:
    return TwoClocks()


@pytest.fixture
def opener(tmp_path: Path, clock: TwoClocks) -> Opener:
    def make(gateways: tuple[str, ...] = ("main",), **given: object) -> Journal:
        arguments = {"keep_days": 7.0, "max_bytes": 64_000_000, "clock": clock} | given
        return Journal.open(tmp_path / "j" / "journal.sqlite", gateways, **arguments)  # type: ignore[arg-type] # a test's own mapping

    return make


def take(journal: Journal, clock: TwoClocks, count: int) -> None:
    journal.append([Reading("a", clock.now_ts(), float(value)) for value in range(count)])


def crash(journal: Journal) -> None:
    """What kill -9 leaves: the lock is gone, nothing was committed since the last commit."""
    journal._database.close()
    os.close(journal._lock_file)
    journal._lock_file = -1


def test_a_reading_can_be_read_before_its_commit_and_after_a_reopening(opener: Opener, clock: TwoClocks) -> None:
    journal = opener()
    journal.append([Reading("a", NOON_TS, 21.5), Reading("b", NOON_TS, None, "absent")])
    expected = [(1, Reading("a", NOON_TS, 21.5), None), (2, Reading("b", NOON_TS, None, "absent"), None)]
    assert [tuple(entry) for entry in journal.read(0, 10)] == expected
    name = journal.id
    journal.close()
    journal.close()
    again = opener()
    assert again.id == name
    assert [tuple(entry) for entry in again.read(0, 10)] == expected
    assert (again.floor, again.last) == (1, 2)
    again.close()


def test_a_reading_is_freed_only_when_every_gateway_has_acknowledged_it(opener: Opener, clock: TwoClocks) -> None:
    journal = opener(("main", "mirror"))
    take(journal, clock, 10)
    assert journal.acknowledge("main", journal.id, 8)
    assert journal.floor == 1
    assert journal.acknowledge("mirror", journal.id, 3)
    assert journal.floor == 4
    assert [entry.number for entry in journal.read(0, 3)] == [4, 5, 6]
    journal.close()
    again = opener(("main", "mirror"))
    assert (again.acknowledged("main"), again.acknowledged("mirror"), again.floor) == (8, 3, 4)
    again.close()


def test_an_acknowledgement_that_is_not_ours_frees_nothing(opener: Opener, clock: TwoClocks) -> None:
    journal = opener()
    take(journal, clock, 5)
    assert not journal.acknowledge("main", "another", 5)
    assert not journal.acknowledge("stranger", journal.id, 5)
    assert not journal.acknowledge("main", journal.id, 6)
    assert journal.floor == 1
    journal.close()


def test_a_gateway_restored_from_a_backup_gets_what_is_still_held(opener: Opener, clock: TwoClocks) -> None:
    journal = opener(("main", "mirror"))
    take(journal, clock, 10)
    journal.acknowledge("main", journal.id, 9)
    journal.acknowledge("mirror", journal.id, 5)
    assert journal.acknowledge("main", journal.id, 2)
    assert journal.acknowledged("main") == 2
    assert [entry.number for entry in journal.read(2, 2)] == [6, 7]
    journal.close()


def test_a_second_process_gets_one_clear_line(opener: Opener) -> None:
    journal = opener()
    with pytest.raises(JournalError, match="in use by another vigie-sensors"):
        opener()
    journal.close()
    opener().close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, clock: TwoClocks) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="cannot be written"):
        Journal.open(tmp_path / "file" / "journal.sqlite", ["main"], 7, 10**7, clock)


def test_after_a_crash_no_number_that_may_have_been_sent_is_used_again(opener: Opener, clock: TwoClocks) -> None:
    journal = opener()
    take(journal, clock, 50)
    journal.flush()
    take(journal, clock, COMMIT_READINGS - 1)
    sent = journal.read(0, 1_000)[-1].number
    assert sent == 50 + COMMIT_READINGS - 1
    crash(journal)
    again = opener()
    assert again.append([Reading("a", clock.now_ts(), 1.0)]) > sent
    entries = again.read(0, 1_000)
    assert [entry.number for entry in entries] == list(range(1, again.last + 1)), "no hole on the wire"
    skipped = entries[50:-1]
    assert {(entry.reading.channel, entry.reading.reason) for entry in skipped} == {(NO_CHANNEL, "restarted")}
    again.close()


def test_a_closed_journal_skips_no_number(opener: Opener, clock: TwoClocks) -> None:
    journal = opener()
    take(journal, clock, 3)
    journal.close()
    again = opener()
    assert again.append([Reading("a", NOON_TS, 1.0)]) == 4
    again.close()


def test_what_is_acknowledged_before_its_commit_is_never_written(opener: Opener, clock: TwoClocks) -> None:
    journal = opener()
    take(journal, clock, 20)
    journal.acknowledge("main", journal.id, 20)
    journal.close()
    again = opener()
    assert (again.floor, again.last, again.read(0, 10)) == (21, 20, [])
    assert again._database.execute("SELECT count(*) FROM reading").fetchone() == (0,)
    again.close()


def test_the_ring_is_bounded_by_size_and_raises_its_floor(opener: Opener, clock: TwoClocks) -> None:
    journal = opener(max_bytes=1_000_000)
    for _ in range(10):
        take(journal, clock, 5_000)
    assert journal.evicted > 0
    assert journal.floor == journal.evicted + 1
    assert journal.read(0, 1)[0].number == journal.floor
    assert journal._held_bytes() <= 1_000_000
    journal.close()
    again = opener()
    assert (again.floor, again.last) == (journal.floor, 50_000)
    again.close()


def test_readings_older_than_their_days_are_let_go(opener: Opener, clock: TwoClocks) -> None:
    journal = opener(keep_days=2.0)
    take(journal, clock, 4)
    clock.advance(3 * DAY_S)
    take(journal, clock, 2)
    journal.flush()
    assert (journal.floor, journal.evicted) == (5, 4)
    journal.close()
    clock.advance(3 * DAY_S)
    again = opener(keep_days=2.0)
    assert (again.floor, again.evicted) == (7, 2)
    again.close()


def test_a_clock_that_is_not_right_lets_nothing_go(opener: Opener, clock: TwoClocks) -> None:
    journal = opener(keep_days=2.0)
    take(journal, clock, 4)
    journal.close()
    clock.ts += 30 * DAY_S
    clock.is_right = False
    again = opener(keep_days=2.0)
    assert again.floor == 1
    again.close()


def test_before_the_clock_is_right_readings_have_ages_and_after_that_dates(opener: Opener, clock: TwoClocks) -> None:
    clock.ts, clock.is_right = 3_600.0, False
    journal = opener()
    take(journal, clock, 1)
    clock.advance(60)
    entry = journal.read(0, 1)[0]
    assert entry.at_mono == 5_000.0
    clock.ts, clock.is_right = NOON_TS, True
    entry = journal.read(0, 1)[0]
    assert entry.at_mono is None
    assert entry.reading.at_ts == pytest.approx(NOON_TS - 60)
    journal.close()


def test_an_event_stamped_before_the_clock_was_set_and_handed_over_after_is_dated_right(
    opener: Opener, clock: TwoClocks
) -> None:
    clock.ts, clock.is_right = NOON_TS - DAY_S, False
    journal = opener()
    take(journal, clock, 1)
    stamped_ts = clock.now_ts()
    clock.advance(5)
    clock.ts, clock.is_right = NOON_TS, True
    journal.append([Reading("a", stamped_ts, 1.0), Reading("a", clock.now_ts(), 2.0)])
    assert [entry.reading.at_ts for entry in journal.read(1, 2)] == pytest.approx([NOON_TS - 5, NOON_TS])
    journal.close()


def test_a_former_boot_is_dated_when_its_clock_was_right_at_its_end(opener: Opener, clock: TwoClocks) -> None:
    clock.ts, clock.is_right = 100.0, False
    journal = opener(boot="first")
    take(journal, clock, 1)
    clock.advance(10)
    clock.ts, clock.is_right = NOON_TS, True
    take(journal, clock, 1)
    journal.close()
    clock.ts, clock.mono, clock.is_right = 500.0, 1.0, False
    again = opener(boot="second")
    first, second = again.read(0, 2)
    assert (first.at_mono, second.at_mono) == (None, None)
    assert first.reading.at_ts == pytest.approx(NOON_TS - 10)
    again.close()


def test_a_former_boot_whose_clock_was_never_right_gives_unknowns_not_wrong_dates(
    opener: Opener, clock: TwoClocks
) -> None:
    clock.ts, clock.is_right = 100.0, False
    journal = opener(boot="first")
    take(journal, clock, 1)
    journal.close()
    clock.ts, clock.mono, clock.is_right = NOON_TS, 1.0, True
    again = opener(boot="second")
    assert again.read(0, 1) == [(1, Reading("a", NOON_TS, None, "restarted"), None)]
    again.close()


def test_a_damaged_file_is_set_aside(opener: Opener, clock: TwoClocks, tmp_path: Path) -> None:
    opener().close()
    file = tmp_path / "j" / "journal.sqlite"
    file.write_bytes(b"no database at all, only text " * 500)
    journal = opener()
    take(journal, clock, 1)
    journal.close()
    assert (tmp_path / "j" / "journal.damaged").read_bytes().startswith(b"no database")


def test_a_disk_that_refuses_is_told_and_nothing_is_taken_beyond_what_waits(opener: Opener, clock: TwoClocks) -> None:
    journal = opener()
    take(journal, clock, 100)
    journal._database.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalError, match="cannot be written"):
        journal.flush()
    was_writable = journal.is_writable
    with pytest.raises(JournalError):
        take(journal, clock, COMMIT_READINGS)
    assert journal.last == 100
    journal._database.execute("PRAGMA query_only = OFF")
    take(journal, clock, COMMIT_READINGS)
    assert (was_writable, journal.is_writable) == (False, True)
    assert len(journal.read(0, 1_000)) == 100 + COMMIT_READINGS
    journal.close()


def test_a_newer_file_is_refused_and_left_alone(opener: Opener, tmp_path: Path) -> None:
    opener().close()
    database = sqlite3.connect(tmp_path / "j" / "journal.sqlite")
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(JournalError, match="version 99"):
        opener()
    assert not (tmp_path / "j" / "journal.damaged").exists()


def test_a_boot_id_is_an_id_of_the_protocol() -> None:
    assert len(boot_id()) == 32
    assert boot_id().isalnum()


Step = tuple[str, int]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 450)),
        st.tuples(st.sampled_from(["main", "mirror"]), st.integers(0, 2_000)),
        st.tuples(st.sampled_from(["flush", "close", "crash", "evict"]), st.just(0)),
    ),
    max_size=25,
)


class Model:
    """What a journal should hold, beside the journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = TwoClocks()
        self.values: dict[int, float] = {}
        self.committed = self.may_free_upto = 0
        self.journal = self.start()

    def start(self) -> Journal:
        return Journal.open(self.path, ["main", "mirror"], 7, 4_000_000, self.clock)

    def append(self, number: int) -> None:
        first = self.journal.last + 1
        self.journal.append([Reading("a", NOON_TS, float(first + index)) for index in range(number)])
        self.values |= {first + index: float(first + index) for index in range(number)}
        self.committed = self.journal._committed

    def flush(self, _: int) -> None:
        self.journal.flush()
        self.committed = self.journal.last

    def close(self, _: int) -> None:
        self.journal.close()
        self.journal = self.start()
        self.committed = self.journal.last

    def crash(self, _: int) -> None:
        crash(self.journal)
        self.journal = self.start()
        self.values = {number: value for number, value in self.values.items() if number <= self.committed}
        assert self.journal.last == self.committed + COMMIT_READINGS
        self.committed = self.journal.last

    def evict(self, _: int) -> None:
        self.flush(0)
        journal = self.journal
        if journal.floor + 10 <= journal.last:
            with journal._lock, journal._transaction():
                journal._evict(journal._floor + 10, "test")
        self.may_free_upto = max(self.may_free_upto, journal.floor - 1)

    def acknowledge(self, gateway: str, number: int) -> None:
        before = self.journal.acknowledged(gateway)
        accepted = self.journal.acknowledge(gateway, self.journal.id, number)
        assert accepted == (number <= self.journal.last)
        assert self.journal.acknowledged(gateway) == (number if accepted else before)

    def check(self) -> None:
        journal = self.journal
        entries = journal.read(0, 100_000)
        assert [entry.number for entry in entries] == list(range(journal.floor, journal.last + 1))
        assert [entry.reading.value for entry in entries] == [self.values.get(entry.number) for entry in entries]
        acknowledged = min(journal.acknowledged("main"), journal.acknowledged("mirror"))
        self.may_free_upto = max(self.may_free_upto, acknowledged)
        assert journal.floor <= self.may_free_upto + 1


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_whatever_happens_numbers_follow_each_other_and_nothing_kept_is_lost(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    """Against a model: what each gateway still needs can be read, in sequence, with the values given."""
    model = Model(tmp_path_factory.mktemp("model") / "journal.sqlite")
    for name, number in steps:
        if name in ("main", "mirror"):
            model.acknowledge(name, number)
        else:
            getattr(model, name)(number)
        model.check()
    model.journal.close()


def test_what_is_held_of_a_channel_that_measured_something_else_is_of_no_channel_any_more(tmp_path: Path) -> None:
    path, clock = tmp_path / "journal.sqlite", TwoClocks()

    def opened(quantity: str) -> Journal:
        journal = Journal.open(path, ["main"], 7, 64_000_000, clock)
        journal.declare({"desk": quantity, "door": "people_in"})
        return journal

    for number, quantity in enumerate(["power", "temperature", "power", "power"], start=1):
        journal = opened(quantity)
        journal.append([Reading("desk", NOON_TS, float(number)), Reading("door", NOON_TS, 1.0)])
        journal.close()
    journal = opened("power")
    held = [(entry.reading.channel, entry.reading.value) for entry in journal.read(0, 100)]
    journal.close()
    assert [value for channel, value in held if channel == "desk"] == [3.0, 4.0]
    assert [channel for channel, _ in held].count("door") == 4
    assert len(held) == 8
