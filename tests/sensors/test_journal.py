"""The journal: numbers, cursors, the ring, clocks that step, crashes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sensors.journals import DAY_S, NOON_TS, TwoClocks, crash, cut_power, take

from vigie_contract.readings import Reading
from vigie_sensors.journal import (
    COMMIT_READINGS,
    NO_CHANNEL,
    RESERVE_READINGS,
    YOUNG_READINGS,
    YOUNG_S,
    Journal,
    JournalError,
)

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
    assert again._card.database.execute("SELECT count(*) FROM reading").fetchone() == (0,)
    again.close()


def test_the_ring_is_bounded_by_size_and_raises_its_floor(opener: Opener, clock: TwoClocks) -> None:
    journal = opener(max_bytes=1_000_000)
    for _ in range(10):
        take(journal, clock, 5_000)
    assert journal.evicted > 0
    assert journal.floor == journal.evicted + 1
    assert journal.read(0, 1)[0].number == journal.floor
    assert journal._card.held_bytes() <= 1_000_000
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
    journal._card.database.execute("PRAGMA query_only = ON")
    with pytest.raises(JournalError, match="cannot be written"):
        journal.flush()
    was_writable = journal.is_writable
    with pytest.raises(JournalError):
        take(journal, clock, COMMIT_READINGS)
    assert journal.last == 100
    journal._card.database.execute("PRAGMA query_only = OFF")
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


Step = tuple[str, int]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 450)),
        st.tuples(st.sampled_from(["main", "mirror"]), st.integers(0, 2_000)),
        st.tuples(st.sampled_from(["flush", "close", "crash", "power_cut", "evict"]), st.just(0)),
    ),
    max_size=25,
)


class Model:
    """What a journal should hold, beside the journal."""

    def __init__(self, folder: Path, *, has_young: bool) -> None:
        self.path = folder / "journal.sqlite"
        self.young = folder / "young" if has_young else None
        if self.young is not None:
            self.young.mkdir()
        self.clock = TwoClocks()
        self.values: dict[int, float] = {}
        self.committed = self.may_free_upto = 0
        self.journal = self.start()

    def start(self) -> Journal:
        return Journal.open(self.path, ["main", "mirror"], 7, 4_000_000, self.clock, "boot", young=self.young)

    def append(self, number: int) -> None:
        first = self.journal.last + 1
        self.journal.append([Reading("a", NOON_TS, float(first + index)) for index in range(number)])
        self.values |= {first + index: float(first + index) for index in range(number)}
        self.committed = self.journal._committed

    def flush(self, _: int) -> None:
        self.clock.advance(YOUNG_S)
        self.journal.flush()
        self.committed = self.journal._committed

    def close(self, _: int) -> None:
        self.journal.close()
        self.journal = self.start()
        self.committed = self.journal.last

    def crash(self, _: int) -> None:
        last = self.journal.last
        crash(self.journal)
        self.journal = self.start()
        if self.young is None:
            self._forget(last)
        else:
            assert self.journal.last == last

    def power_cut(self, _: int) -> None:
        last = self.journal.last
        if self.young is None:
            crash(self.journal)
        else:
            cut_power(self.journal, self.young)
        self.journal = self.start()
        self._forget(last)

    def _forget(self, last: int) -> None:
        """What was not on the card is gone, and no number of it is given again."""
        self.values = {number: value for number, value in self.values.items() if number <= self.committed}
        assert self.journal.last >= last
        self.committed = self.journal._committed

    def evict(self, _: int) -> None:
        self.journal._commit()
        self.committed = self.journal.last
        journal = self.journal
        if journal.floor + 10 <= journal.last:
            with journal._lock, journal._card.transaction():
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


@pytest.mark.parametrize("has_young", [False, True])
@settings(max_examples=50)
@given(steps=steps)
def test_whatever_happens_numbers_follow_each_other_and_nothing_kept_is_lost(
    tmp_path_factory: pytest.TempPathFactory, has_young: bool, steps: list[Step]
) -> None:
    """Against a model: what each gateway still needs can be read, in sequence, with the values given."""
    model = Model(tmp_path_factory.mktemp("model"), has_young=has_young)
    for name, number in steps:
        if name in ("main", "mirror"):
            model.acknowledge(name, number)
        else:
            getattr(model, name)(number)
        model.check()
    model.journal.close()


@pytest.fixture
def young(tmp_path: Path) -> Path:
    folder = tmp_path / "young"
    folder.mkdir()
    return folder


def on_card(journal: Journal) -> int:
    (count,) = journal._card.database.execute("SELECT count(*) FROM reading").fetchone()
    return int(count)


def test_with_a_gateway_that_answers_the_card_takes_no_reading_and_a_commit_each_few_thousand(
    opener: Opener, clock: TwoClocks, young: Path
) -> None:
    journal = opener(young=young)
    journal.declare({"a": "current"})
    before = journal._card.database.total_changes
    for _ in range(RESERVE_READINGS // 4 + 100):
        take(journal, clock, 4)
        clock.advance(1.0)
        journal.acknowledge("main", journal.id, max(0, journal.last - 40))
        journal.flush()
    assert on_card(journal) == 0
    assert journal._card.database.total_changes - before == 1
    assert next(young.iterdir()).stat().st_size < 150_000
    journal.close()


def test_what_no_gateway_acknowledged_within_a_minute_goes_to_the_card_and_leaves_it_when_it_is(
    opener: Opener, clock: TwoClocks, young: Path
) -> None:
    journal = opener(young=young)
    take(journal, clock, 10)
    clock.advance(YOUNG_S - 1)
    journal.flush()
    assert on_card(journal) == 0
    clock.advance(1)
    journal.flush()
    assert on_card(journal) == 10
    journal.acknowledge("main", journal.id, 10)
    clock.advance(YOUNG_S)
    journal.flush()
    assert (on_card(journal), journal.floor) == (0, 11)
    journal.close()


def test_a_node_that_measures_very_much_keeps_no_more_than_so_much_in_memory(
    opener: Opener, clock: TwoClocks, young: Path
) -> None:
    journal = opener(young=young)
    for _ in range(40):
        take(journal, clock, 400)
        assert len(journal._pending) < YOUNG_READINGS
    assert [entry.number for entry in journal.read(0, 20_000)] == list(range(1, 16_001))
    journal.close()


def test_a_stop_leaves_nothing_in_memory(opener: Opener, clock: TwoClocks, young: Path) -> None:
    journal = opener(young=young)
    take(journal, clock, 7)
    journal.close()
    assert list(young.iterdir()) == []
    again = opener(young=young)
    assert (on_card(again), again.last, again.floor) == (7, 7, 1)
    again.close()


def test_when_memory_is_full_the_card_takes_over_and_no_number_is_used_twice(
    opener: Opener, clock: TwoClocks, young: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    journal = opener(young=young)
    take(journal, clock, 5)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", lambda *_: 3)
        take(journal, clock, 5)
    assert "the card takes them" in caplog.text
    assert on_card(journal) == 10
    take(journal, clock, 5)
    sent = journal.read(0, 100)[-1].number
    crash(journal)
    again = opener(young=young)
    assert again.last > sent
    assert [entry.reading.value for entry in again.read(0, 10)] == [*map(float, range(5))] * 2
    again.close()


def test_a_channel_that_was_never_declared_is_known_after_a_crash(
    opener: Opener, clock: TwoClocks, young: Path
) -> None:
    journal = opener(young=young)
    journal.append([Reading("new", NOON_TS, 1.0)])
    crash(journal)
    again = opener(young=young)
    again.append([Reading("other", NOON_TS, 2.0)])
    assert [entry.reading.channel for entry in again.read(0, 10)] == ["new", "other"]
    again.close()


def test_a_disk_that_refuses_stops_a_node_with_memory_only_when_its_numbers_or_its_room_are_used_up(
    opener: Opener, clock: TwoClocks, young: Path
) -> None:
    journal = opener(young=young)
    journal.declare({"a": "current"})
    journal._card.database.execute("PRAGMA query_only = ON")
    take(journal, clock, RESERVE_READINGS)
    with pytest.raises(JournalError, match="cannot be written"):
        take(journal, clock, 1)
    assert (journal.last, journal.is_writable) == (RESERVE_READINGS, False)
    journal._card.database.execute("PRAGMA query_only = OFF")
    take(journal, clock, 1)
    journal.flush()
    assert journal.is_writable
    assert len(journal.read(0, 10_000)) == RESERVE_READINGS + 1
    journal.close()


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
