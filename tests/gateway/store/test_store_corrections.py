"""Corrections are kept with their author for as long as the store is, and never come apart from their reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.store import BY_HAND, Correction, Sample, StoreError, open_store
from vigie_gateway.store.copies import copy_database
from vigie_gateway.store.sqlite import SqliteStore

NOW_TS = 1_780_012_800.0
HALL = Channel("people-hall", "people", 1.0, "hall")


def opened(path: Path) -> SqliteStore:
    return open_store(path, SimulatedClock(NOW_TS, 0.0, 1e-9))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vigie.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    made = opened(path)
    yield made
    made.close()


def said(at_s: float, value: int = 1, kind: str = "people", subject: str = "hall") -> Correction:
    return Correction(kind, subject, value, None, "why \N{EN DASH} é", "lou", NOW_TS + at_s, NOW_TS + 9 + at_s)


def enter(store: SqliteStore, *corrections: Correction) -> None:
    for one in corrections:
        store.commit([], {}, (), [one])


def test_they_come_back_whole_after_a_restart_and_from_a_backup(store: SqliteStore, path: Path) -> None:
    told = [said(1, 12), said(2, 1, "closed"), replace(said(3, 0, "out_of_order", "c4-1"), was=1, until_ts=None)]
    enter(store, *told)
    expected = [replace(one, id=number) for number, one in enumerate(told, 1)]
    assert store.corrections.newest(9) == expected[::-1]
    copy = path.with_name("copy.db")
    copy_database(path, copy, lambda _share: None)
    store.close()
    for kept in (path, copy):
        again = opened(kept)
        assert again.corrections.newest(9) == expected[::-1]
        again.close()


def test_a_page_of_the_list_goes_on_where_the_one_before_it_ended(store: SqliteStore) -> None:
    enter(store, *(said(number, number) for number in range(1, 8)))
    first = store.corrections.newest(3)
    second = store.corrections.newest(3, first[-1].id)
    assert [one.value for one in (*first, *second)] == [7, 6, 5, 4, 3, 2]


def test_the_last_word_on_each_room_and_outlet_stands(store: SqliteStore) -> None:
    enter(store, said(1, 5), said(2, 1, "closed"), said(3, 7), said(4, 3, subject="cafe"), said(5, 0, "closed"))
    standing = [(one.kind, one.subject, one.value) for one in store.corrections.standing()]
    assert standing == [("people", "hall", 7), ("people", "cafe", 3), ("closed", "hall", 0)]


def test_a_span_is_open_at_its_begin_and_closed_at_its_end(store: SqliteStore) -> None:
    enter(store, said(1, 1), said(2, 2), said(3, 3), said(3, 1, "closed"), said(4, 4))
    found = store.corrections.between("people", NOW_TS + 1, NOW_TS + 3)
    assert [one.value for one in found] == [2, 3]


def test_a_correction_is_stored_with_its_reading_or_not_at_all(store: SqliteStore) -> None:
    series = store.register(BY_HAND, [HALL])["people-hall"]
    with pytest.raises(StoreError, match="never registered"):
        store.commit([Sample(series.id, NOW_TS, 12.0), Sample(999, NOW_TS, 1.0)], {}, (), [said(0, 12)])
    assert (store.corrections.newest(9), store.samples(series.id, 0, NOW_TS + 9)) == ([], [])
    store.commit([Sample(series.id, NOW_TS, 12.0)], {}, (), [said(0, 12)])
    assert [one.value for one in store.corrections.newest(9)] == [12]
    assert [one.value for one in store.samples(series.id, 0, NOW_TS + 9)] == [12.0]
