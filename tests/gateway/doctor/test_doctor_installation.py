"""Wrong files, unreadable passwords, old programs and a full or missing folder are said in one sentence each."""

from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import SAMPLE_SITE

from vigie_gateway.doctor import installation, storage
from vigie_gateway.settings import BrokerSettings, Settings
from vigie_gateway.store import open_store
from vigie_gateway.store.copies import DailyCopies


def with_password(path: Path) -> Settings:
    return Settings(broker=BrokerSettings(password_file=str(path)))


def test_every_problem_of_the_settings_is_a_finding_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    path.write_text("[broker]\nport = 0\nhots = 1\n", encoding="utf-8")
    settings, found = installation.settings_findings(path)
    assert settings == Settings()
    assert [finding.status for finding in found] == ["fail", "fail"]
    assert str(path) in found[0].text


def test_right_files_pass(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text('name = "main"\n', encoding="utf-8")
    _, found = installation.settings_findings(tmp_path / "gateway.toml")
    found += installation.site_findings(SAMPLE_SITE)
    assert [finding.status for finding in found] == ["pass", "pass"]


def test_a_wrong_place_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('id = "a"\nname = "A"\ntimezone = "Mars/Olympus"\n', encoding="utf-8")
    found = installation.site_findings(tmp_path / "site.toml")
    assert found[0].status == "fail"
    assert "site.toml:3" in found[0].text


def test_a_password_is_there_secret_and_not_empty(tmp_path: Path) -> None:
    path = tmp_path / "password"
    assert installation.password_findings(with_password(path))[0].status == "fail"
    path.write_text("\n", encoding="utf-8")
    path.chmod(0o600)
    assert "is empty" in installation.password_findings(with_password(path))[0].text
    path.write_text("secret\n", encoding="utf-8")
    assert installation.password_findings(with_password(path)) == []
    path.chmod(0o604)
    (found,) = installation.password_findings(with_password(path))
    assert (found.status, "mode 604" in found.text) == ("warn", True)
    path.write_bytes(b"\xff\xfe")
    assert "not text" in installation.password_findings(with_password(path))[0].text


def test_a_password_of_the_service_is_not_missing_while_the_service_is_stopped() -> None:
    found = installation.password_findings(with_password(installation.CREDENTIALS / "none.service" / "broker-password"))
    assert [finding.status for finding in found] == ["warn"]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("mosquitto version 2.0.11\n", "pass"),
        ("mosquitto version 2.1.2 is here", "pass"),
        ("mosquitto version 10.0", "pass"),
        ("mosquitto version 1.6.9\n", "fail"),
        ("something else", "warn"),
    ],
)
def test_a_broker_of_before_2_0_is_too_old(said: str, status: str) -> None:
    assert installation.mosquitto_finding(Path("/usr/sbin/mosquitto"), said).status == status


def test_a_folder_with_room_that_takes_a_write_passes_and_keeps_nothing(tmp_path: Path) -> None:
    found = storage.folder_findings(tmp_path / "vigie.db")
    assert {finding.status for finding in found} <= {"pass", "warn"}
    assert found[-1].text == f"{tmp_path} takes a write to the disk"
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_said_with_the_command_that_makes_it(tmp_path: Path) -> None:
    (found,) = storage.folder_findings(tmp_path / "none" / "vigie.db")
    assert (found.status, "install -d" in found.remedy) == ("fail", True)


@pytest.mark.parametrize(("free_mb", "status"), [(63, "fail"), (64, "warn"), (511, "warn"), (512, "pass")])
def test_room_on_the_disk_is_judged_by_its_limits(free_mb: int, status: str) -> None:
    (found,) = storage._room(Path("/var/lib/vigie"), free_mb)
    assert (found.status, str(free_mb) in found.text) == (status, True)


def test_a_disk_that_refuses_a_write_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "fsync", refuse)
    found = storage.folder_findings(tmp_path / "vigie.db")
    assert (found[-1].status, "Read-only file system" in found[-1].text) == ("fail", True)


def test_a_database_of_ours_passes_and_what_was_set_aside_is_told(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "vigie.db"
    assert storage.database_findings(path)[0].status == "pass"
    open_store(path, clock).close()
    assert [finding.status for finding in storage.database_findings(path)] == ["pass"]
    for name in ("", "-wal"):
        path.with_name(f"vigie.db.damaged-2026-11-24{name}").touch()
    assert [finding.status for finding in storage.database_findings(path)] == ["pass", "warn"]


def test_a_damaged_database_and_one_of_another_program_are_failures(tmp_path: Path, clock: ManualClock) -> None:
    path = tmp_path / "vigie.db"
    path.touch()
    (found,) = storage.database_findings(path)
    assert (found.status, "is damaged: it is empty" in found.text) == ("fail", True)
    path.write_bytes(b"this is no database" * 1_000)
    (found,) = storage.database_findings(path)
    assert (found.status, str(path) in found.text) == ("fail", True)


@pytest.mark.parametrize(
    ("days", "kept", "status", "word"),
    [
        ((), 7, "pass", "no daily copy"),
        ((23, 22), 7, "pass", "2026-11-23"),
        ((22,), 7, "pass", "2026-11-22"),
        ((21, 20), 7, "warn", "3 days ago"),
        ((23,), 0, "warn", "copies_kept is 0"),
    ],
)
def test_daily_copies_are_told_by_the_newest(
    days: tuple[int, ...], kept: int, status: str, word: str, tmp_path: Path
) -> None:
    for day in days:
        (tmp_path / f"vigie-2026-11-{day}.db").touch()
    (found,) = storage.copy_findings(DailyCopies(tmp_path, kept), date(2026, 11, 24))
    assert (found.status, word in found.text) == (status, True)
