"""A copy is right before it counts, and never costs one that is there."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from vigie_contract.clock import SimulatedClock
from vigie_contract.messages import Channel
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.alerts.book_schema import ALERTS
from vigie_gateway.registry.registry import Registry
from vigie_gateway.registry.schema import DEVICES
from vigie_gateway.sessions.forecast_log import ForecastLog
from vigie_gateway.sessions.forecast_schema import FORECASTS
from vigie_gateway.store import Sample, StoreError, open_store
from vigie_gateway.store import copies as copying
from vigie_gateway.store.copies import DailyCopies, check_copy, copy_database
from vigie_gateway.store.sqlite import SqliteStore

NOW_TS = 1_780_012_800.0
POWER = Channel("plug-power", "power", 10.0)


def opened(path: Path) -> SqliteStore:
    return open_store(path, SimulatedClock(NOW_TS, 0.0, 1e-9))


def ignore(_share: float) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A closed store with 100 readings."""
    path = tmp_path / "vigie.db"
    store = opened(path)
    series = store.register("node-1", [POWER])["plug-power"].id
    store.commit([Sample(series, NOW_TS + number, float(number)) for number in range(100)], {("node-1", "j"): 100})
    store.close()
    return path


def test_a_copy_holds_one_moment_of_a_store_that_goes_on_and_is_one_file(path: Path, tmp_path: Path) -> None:
    store = opened(path)
    series = store.series()[0].id
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    shares: list[float] = []

    def commit_meanwhile(share: float) -> None:
        shares.append(share)
        store.commit([Sample(series, NOW_TS + 1000 + len(shares), 1.0)], {("node-1", "j"): 100 + len(shares)})

    copy_database(path, target, commit_meanwhile)
    store.close()
    assert shares[-1] == 1.0
    assert [found.name for found in target.parent.iterdir()] == ["copy.db"]
    copy = opened(target)
    assert copy.progress() == {("node-1", "j"): 100}
    assert len(copy.samples(series, 0, NOW_TS + 1e6)) == 100
    copy.close()


def test_a_copy_of_a_damaged_database_is_refused_and_nothing_of_it_is_left(path: Path, tmp_path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[4096 : 4096 + 2048] = b"\xaa" * 2048
    path.write_bytes(bytes(raw))
    target = tmp_path / "copies" / "copy.db"
    target.parent.mkdir()
    with pytest.raises(StoreError, match="damaged"):
        copy_database(path, target, ignore)
    assert list(target.parent.iterdir()) == []


def test_a_copy_that_is_given_up_on_the_way_leaves_nothing(path: Path, tmp_path: Path) -> None:
    class GivenUpError(Exception):
        pass

    def give_up(_share: float) -> None:
        raise GivenUpError

    with pytest.raises(GivenUpError):
        copy_database(path, tmp_path / "copy.db", give_up)
    assert not list(tmp_path.glob("copy*"))


def test_a_copy_needs_room_and_says_how_much(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "SPARE_BYTES", 1 << 60)
    with pytest.raises(StoreError, match="a copy needs"):
        copy_database(path, tmp_path / "copy.db", ignore)


@pytest.mark.parametrize("content", [b"", b"people = 12\n" * 1000])
def test_what_is_no_database_of_ours_is_no_copy(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "copy.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"copy\.db"):
        check_copy(tmp_path / "copy.db")
    with pytest.raises(StoreError, match="no such file"):
        check_copy(tmp_path / "absent.db")


def test_seven_days_are_kept_and_other_files_are_left_alone(path: Path, tmp_path: Path) -> None:
    copies = DailyCopies(tmp_path / "backups", 7)
    (tmp_path / "backups").mkdir()
    (tmp_path / "backups" / "vigie-before-the-move.db").touch()
    for day in range(1, 11):
        copies.make(path, date(2026, 5, day), ignore)
    assert [found.name for found in copies.all()] == [f"vigie-2026-05-{day:02}.db" for day in range(4, 11)]
    assert (tmp_path / "backups" / "vigie-before-the-move.db").exists()


def test_what_lies_beside_the_readings_is_copied_with_them_and_its_copies_go_with_theirs(
    path: Path, tmp_path: Path
) -> None:
    BookFile(path.with_name("alerts.db"), "2026-05-01").close()
    ForecastLog(path.with_name("forecasts.db")).close()
    Registry(path.with_name("devices.db")).close()
    copies = DailyCopies(tmp_path / "backups", 2)
    for day in (1, 2, 3):
        copies.make(path, date(2026, 5, day), ignore)
    names = [f"vigie-2026-05-{day:02}{kind}.db" for day in (2, 3) for kind in (".alerts", "", ".devices", ".forecasts")]
    assert sorted(found.name for found in (tmp_path / "backups").iterdir()) == names
    assert [found.name for found in copies.all()] == names[1::4]
    check_copy(tmp_path / "backups" / names[0], ALERTS)
    check_copy(tmp_path / "backups" / names[2], DEVICES)
    check_copy(tmp_path / "backups" / names[3], FORECASTS)


def test_alerts_that_cannot_be_copied_are_said_and_all_else_is_copied(path: Path, tmp_path: Path) -> None:
    path.with_name("alerts.db").write_bytes(b"\xff" * 9000)
    ForecastLog(path.with_name("forecasts.db")).close()
    copies = DailyCopies(tmp_path / "backups", 2)
    with pytest.raises(StoreError, match="not a database"):
        copies.make(path, date(2026, 5, 1), ignore)
    made = sorted(found.name for found in (tmp_path / "backups").iterdir())
    assert made == ["vigie-2026-05-01.db", "vigie-2026-05-01.forecasts.db"]


def test_a_copy_that_fails_deletes_none_of_those_that_are_there(path: Path, tmp_path: Path) -> None:
    copies = DailyCopies(tmp_path / "backups", 2)
    for day in (1, 2):
        copies.make(path, date(2026, 5, day), ignore)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(StoreError):
        copies.make(path, date(2026, 5, 3), ignore)
    assert [found.name for found in (tmp_path / "backups").iterdir() if found.name.endswith(".partial")] == []
    assert len(copies.all()) == 2
    for copy in copies.all():
        check_copy(copy)
