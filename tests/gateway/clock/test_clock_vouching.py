"""A person's word: taken when it can be true, kept beside the database, refused with what to type instead."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.conftest import ManualClock

from vigie_contract.messages import Channel
from vigie_gateway.clock import rtc, word
from vigie_gateway.clock.belief import Witness
from vigie_gateway.clock.vouching import RefusedError, Vouching
from vigie_gateway.store import Sample, StoreError, open_store
from vigie_gateway.store.newest import newest_ts


@pytest.fixture(autouse=True)
def _no_other_witness(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.is_right = False
    monkeypatch.setattr(rtc, "read", lambda: None)


def _vouching(folder: Path, clock: ManualClock) -> Vouching:
    return Vouching(folder / "vigie.db", clock, lambda to_ts: setattr(clock, "now", to_ts))


def _store_one(folder: Path, clock: ManualClock) -> None:
    store = open_store(folder / "vigie.db", clock)
    series = store.register("tableau", [Channel("linky-va", "apparent_power", 10.0)])["linky-va"]
    store.commit([Sample(series.id, clock.now, 1.0)], {("tableau", "j1"): 1})
    store.close()


def test_without_a_time_the_present_one_is_vouched_for(tmp_path: Path, clock: ManualClock) -> None:
    assert not _vouching(tmp_path, clock).belief().is_known
    told = _vouching(tmp_path, clock).vouch(None, is_forced=False)
    assert told == "2026-11-24 13:30:00+00:00 is vouched for until this machine starts again or its clock is moved"
    assert _vouching(tmp_path, clock).belief().witness is Witness.PERSON


def test_with_a_time_the_clock_is_set_and_vouched_for(tmp_path: Path, clock: ManualClock) -> None:
    clock.now = 30.0
    meant = datetime(2026, 6, 21, 7, 30, tzinfo=UTC)
    _vouching(tmp_path, clock).vouch(meant, is_forced=False)
    assert clock.now == meant.timestamp()
    assert _vouching(tmp_path, clock).belief().witness is Witness.PERSON


def test_a_user_who_may_not_set_the_clock_is_told_the_command(tmp_path: Path, clock: ManualClock) -> None:
    def refuse(_: float) -> None:
        raise PermissionError(1, "Operation not permitted")

    meant = datetime(2026, 11, 24, 14, 0, tzinfo=UTC)
    with pytest.raises(RefusedError) as refused:
        Vouching(tmp_path / "vigie.db", clock, refuse).vouch(meant, is_forced=False)
    assert str(refused.value) == (
        "this user may not set the clock (Operation not permitted): "
        f"sudo {Path(sys.executable).parent}/vigie-gateway clock set 2026-11-24T14:00:00+00:00"
    )
    assert word.read(tmp_path / "clock.json") is None


@pytest.mark.parametrize(
    ("meant", "why"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), "is before 2026-01-01, when this software was made: give the right TIME"),
        (datetime(9999, 12, 31, tzinfo=UTC), "is after 2046-01-01: give the right TIME"),
        (datetime(2026, 11, 24, 13, 0, tzinfo=UTC), "before the newest stored reading, of 2026-11-24 13:30:00+00:00"),
    ],
)
def test_a_time_that_cannot_be_now_is_refused_and_sets_nothing(
    tmp_path: Path, clock: ManualClock, meant: datetime, why: str
) -> None:
    _store_one(tmp_path, clock)
    before_ts = clock.now
    with pytest.raises(RefusedError) as refused:
        _vouching(tmp_path, clock).vouch(meant, is_forced=False)
    assert why in str(refused.value)
    assert clock.now == before_ts
    assert word.read(tmp_path / "clock.json") is None


def test_a_word_for_a_wrong_later_date_can_be_taken_back(tmp_path: Path, clock: ManualClock) -> None:
    _store_one(tmp_path, clock)
    meant = datetime(2026, 7, 1, tzinfo=UTC)
    _vouching(tmp_path, clock).vouch(meant, is_forced=True)
    assert _vouching(tmp_path, clock).belief().witness is Witness.PERSON


def test_a_user_who_may_not_look_at_the_store_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "exists", refuse)
        with pytest.raises(StoreError, match="may not be looked at by this user: use sudo"):
            newest_ts(tmp_path / "vigie.db")


def test_the_newest_reading_is_asked_beside_a_gateway_that_runs(tmp_path: Path, clock: ManualClock) -> None:
    database = tmp_path / "vigie.db"
    assert newest_ts(database) is None
    store = open_store(database, clock)
    assert newest_ts(database) is None
    series = store.register("tableau", [Channel("linky-va", "apparent_power", 10.0)])["linky-va"]
    store.commit([Sample(series.id, clock.now, 1.0)], {})
    assert newest_ts(database) == clock.now
    store.close()
    database.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match="cannot be read"):
        newest_ts(database)
