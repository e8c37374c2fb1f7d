"""Pages are read as SQLite wrote them, and whatever else lies there is passed over."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie_gateway.store.pages import PAGE_BYTES, Field, Pages, committed_frames

ROWS: list[tuple[Field, ...]] = [
    (number, f"texte é {number}", number / 3, None, bytes(number * 37), -(1 << (number % 62))) for number in range(300)
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A killed process' file, and its log with the last hundred rows and a transaction that never was committed."""
    path = tmp_path_factory.mktemp("pages") / "some.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as found:
        found.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        found.execute("PRAGMA wal_autocheckpoint = 0")
        found.execute("PRAGMA journal_mode = WAL")
        found.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, a TEXT, b REAL, c, d BLOB, e INTEGER)")
        found.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?)", ROWS[:200])
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found.executemany("INSERT INTO row VALUES (?, ?, ?, ?, ?, ?)", ROWS[200:])
        killed = path.with_name("killed.db")
        shutil.copy(path, killed)
        shutil.copy(f"{path}-wal", f"{killed}-wal")
    return killed


def rows(path: Path, log: Path | None) -> list[tuple[Field, ...]]:
    with closing(Pages(path, log)) as pages:
        found = [row for number in range(1, pages.count + 1) for row in pages.rows(number)]
        assert pages.unreadable == 0
    return sorted((row.id, *row.fields[1:]) for row in found if row.id is not None and len(row.fields) == 6)


def test_every_row_comes_as_it_was_stored_overflow_and_log_included(database: Path) -> None:
    assert rows(database, database.with_name("killed.db-wal")) == ROWS
    assert rows(database, None) == ROWS[:200]


def test_frames_of_a_log_count_up_to_the_first_that_is_damaged(database: Path) -> None:
    log = bytearray(database.with_name("killed.db-wal").read_bytes())
    whole = committed_frames(bytes(log))
    log[len(log) // 2] ^= 0xFF
    half = committed_frames(bytes(log))
    assert 0 < len(half) <= len(whole)
    assert half != whole
    log[20] ^= 0xFF
    assert committed_frames(bytes(log)) == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.binary(min_size=1, max_size=300)), max_size=20), st.integers(0, 10**6)
)
def test_whatever_bytes_a_file_holds_they_are_read_to_their_end(
    database: Path, tmp_path: Path, scratches: list[tuple[int, bytes]], length: int
) -> None:
    raw = bytearray(database.read_bytes())
    for at, scratch in scratches:
        raw[at % len(raw) : at % len(raw) + len(scratch)] = scratch
    path = tmp_path / "damaged.db"
    path.write_bytes(bytes(raw[: length % len(raw) + PAGE_BYTES]))
    with closing(Pages(path, None)) as pages:
        for number in range(pages.count + 2):
            assert all(isinstance(row.fields, tuple) for row in pages.rows(number))


@given(st.binary(max_size=3 * PAGE_BYTES))
def test_bytes_that_are_no_log_hold_no_page(raw: bytes) -> None:
    assert committed_frames(raw) == {}
