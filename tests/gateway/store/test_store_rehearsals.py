"""Rehearsals are kept whole, through a restart, a backup and a damaged file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.gateway.rehearsals.conftest import HELD
from tests.gateway.store.test_store_corrections import NOW_TS, opened

from vigie_gateway.store.copies import copy_database
from vigie_gateway.store.rehearsals import STATES, Rehearsal

BEGUN = Rehearsal("c1", "ondes", "salle", 24e6, 9e6, 50_000_000, "lou", NOW_TS, is_forced=True)
LINE = Rehearsal("c2", "ondes", None, 0.0, 9e6, 5_000_000, "token é", NOW_TS + 60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vigie.db"


def kept_in(path: Path) -> list[Rehearsal]:
    store = opened(path)
    try:
        return store.rehearsals.newest(9)
    finally:
        store.close()


def filled(path: Path) -> list[Rehearsal]:
    """One that has finished and one that is under way, the newest first."""
    store = opened(path)
    first = replace(BEGUN, id=store.rehearsals.add(BEGUN))
    done = replace(first, state="finished", share=1.0, ended_ts=NOW_TS + 6, detail="far end slow", result=HELD)
    store.rehearsals.save(done)
    second = replace(LINE, id=store.rehearsals.add(LINE))
    store.close()
    return [second, done]


def test_they_come_back_whole_after_a_restart_and_from_a_backup(path: Path) -> None:
    told = filled(path)
    copy = path.with_name("copy.db")
    copy_database(path, copy, lambda _share: None)
    assert kept_in(path) == kept_in(copy) == told


def test_they_are_found_by_id_by_state_and_by_age(path: Path) -> None:
    under_way, done = filled(path)
    store = opened(path)
    assert store.rehearsals.one(done.id) == done
    assert store.rehearsals.one(99) is None
    assert store.rehearsals.under_way() == [under_way]
    assert store.rehearsals.finished(NOW_TS) == [done]
    assert store.rehearsals.finished(NOW_TS + 0.001) == []
    assert store.rehearsals.newest(1) == [under_way]
    store.close()


def test_they_survive_a_file_that_is_damaged(path: Path) -> None:
    told = filled(path)
    content = bytearray(path.read_bytes())
    content[100:104] = b"\xff\xff\xff\xff"  # the head of the first page: SQLite reads nothing any more
    path.write_bytes(content)
    assert kept_in(path) == told
    assert list(path.parent.glob("vigie.db.damaged-*"))


def test_a_rehearsal_is_under_way_until_its_end_was_written() -> None:
    assert {state for state in STATES if replace(BEGUN, state=state).is_under_way} == {"asked", "running"}
