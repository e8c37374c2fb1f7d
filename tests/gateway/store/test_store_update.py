"""A file of an older Vigie is copied, then updated; killed at any statement of that, nothing is lost."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.store import Sample, StoreError, open_store
from vigie_gateway.store import copies as copying
from vigie_gateway.store.copies import check_copy
from vigie_gateway.store.schema import MIGRATIONS

NOW_TS = 1_780_012_800.0
POWER = Channel("plug-power", "power", 10.0)
SAMPLES = [Sample(1, NOW_TS + number, float(number)) for number in range(100)]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of the first schema, with readings."""
    path = tmp_path / "vigie.db"
    store = open_store(path, SimulatedClock(NOW_TS, 0.0, 1e-9))
    store.register("node-1", [POWER])
    store.commit(SAMPLES, {("node-1", "j"): 100})
    store.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        kept = {"series", "log", "head", "chunk", "retained", "progress", "gap"}
        for name in tables - kept:
            database.execute(f"DROP TABLE {name}")
        database.execute("PRAGMA user_version = 1")
    return path


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def test_an_update_keeps_a_checked_copy_to_go_back_with(old: Path) -> None:
    store = open_store(old, SimulatedClock(NOW_TS, 0.0, 1e-9))
    assert store.samples(1, 0, NOW_TS + 1e6) == SAMPLES
    store.close()
    copy = old.with_name("vigie.db.schema-1")
    check_copy(copy)
    assert (version_of(copy), version_of(old)) == (1, len(MIGRATIONS))


def test_without_room_for_that_copy_nothing_is_updated(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "SPARE_BYTES", 1 << 60)
    with pytest.raises(StoreError, match="a copy needs"):
        open_store(old, SimulatedClock(NOW_TS, 0.0, 1e-9))
    assert version_of(old) == 1


_UPDATER = """
    import os, shutil, signal, sqlite3, sys
    from pathlib import Path
    from vigie_contract.clock import SimulatedClock
    from vigie_gateway.store.sqlite import SqliteStore

    old = Path(sys.argv[1])

    def update(path, statements):
        left = statements

        def count(_statement):
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def connect(target, **options):
            database = sqlite3.connect(target, **options)
            database.set_trace_callback(count)
            return database

        SqliteStore(path, SimulatedClock(1.0, 0.0, 1e-9), connect=connect).close()
        os._exit(0)

    for statements in range(1, 1000):
        folder = old.parent / f"killed-{statements:03}"
        folder.mkdir()
        shutil.copy(old, folder / "vigie.db")
        child = os.fork()
        if not child:
            update(folder / "vigie.db", statements)
        if os.waitpid(child, 0)[1] == 0:
            break
"""


def test_an_update_killed_at_any_statement_goes_on_at_the_next_start(old: Path) -> None:
    subprocess.run([sys.executable, "-c", textwrap.dedent(_UPDATER), str(old)], check=True, timeout=60)
    killed = sorted(old.parent.glob("killed-*"))
    assert len(killed) > 10 * (len(MIGRATIONS) - 1)
    versions = set()
    for folder in killed:
        path = folder / "vigie.db"
        versions.add(version_of(path))
        if version_of(path) > 1:
            check_copy(folder / "vigie.db.schema-1")
        store = open_store(path, SimulatedClock(NOW_TS, 0.0, 1e-9))
        assert store.samples(1, 0, NOW_TS + 1e6) == SAMPLES
        assert store.progress() == {("node-1", "j"): 100}
        assert store.salvage_report is None
        store.close()
    assert versions == set(range(1, len(MIGRATIONS) + 1))
