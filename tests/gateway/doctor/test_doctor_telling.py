"""Whom an alert would not reach is said before it happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.gateway.conftest import SAMPLE_SITE

from vigie_gateway.doctor import telling
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.settings import NotifySettings, Settings

SITE = """
id = "a"
name = "A"
timezone = "Europe/Paris"

[[told]]
id = "desk"
name = "Desk"
by = {by}
"""
FAR = '[notifiers.phones]\nurl = "ntfys://ntfy.example.org/alertes"\n'
NEAR = '[notifiers.lamp]\nkind = "mqtt"\ntopic = "cmnd/lamp/POWER"\non = "ON"\noff = "OFF"\n'
BEAT = '[heartbeat]\nurl = "https://beat.example.org/ping"\n'


def found(folder: Path, notifiers: str, by: str, mode: int = 0o640) -> list[Finding]:
    file, site = folder / "notifiers.toml", folder / "site.toml"
    file.write_text(notifiers, encoding="utf-8")
    file.chmod(mode)
    site.write_text(SITE.format(by=by), encoding="utf-8")
    return telling.telling_findings(Settings(notify=NotifySettings(file=str(file))), site)


@pytest.mark.parametrize(
    ("notifiers", "by", "statuses", "said"),
    [
        ("", '["screen"]', ["warn", "warn"], "nobody is told of alerts"),
        (FAR, '["screen"]', ["warn", "warn"], "nobody is told of alerts"),
        (FAR, '["phones"]', ["warn", "warn"], "over the internet (phones)"),
        (FAR + BEAT, '["phones"]', ["warn", "pass"], "over the internet (phones)"),
        (NEAR + BEAT, '["lamp"]', ["pass", "pass"], "told by lamp"),
        (FAR + NEAR + BEAT, '["phones", "lamp"]', ["pass", "pass"], "told by lamp, phones"),
        (FAR, '["phone"]', ["warn", "warn", "warn"], "desk is to be told by phone, which"),
    ],
)
def test_who_is_told_and_by_what_is_judged_before_anything_happens(
    tmp_path: Path, notifiers: str, by: str, statuses: list[str], said: str
) -> None:
    findings = found(tmp_path, notifiers, by)
    assert [one.status for one in findings] == statuses
    assert said in findings[0].text
    assert all(one.remedy for one in findings if one.status != "pass")


def test_a_file_of_notifiers_that_everybody_may_read_fails_with_its_mode(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, FAR, '["phones"]', mode=0o604)
    assert (finding.status, "mode 604" in finding.text) == ("fail", True)


def test_a_place_that_is_wrong_is_told_by_its_own_check_alone(tmp_path: Path) -> None:
    assert found(tmp_path, FAR, "7") == []


def test_nobody_is_told_in_the_sample_place_of_a_machine_without_notifiers(tmp_path: Path) -> None:
    settings = Settings(notify=NotifySettings(file=str(tmp_path / "notifiers.toml")))
    (tmp_path / "notifiers.toml").write_text("", encoding="utf-8")
    (tmp_path / "notifiers.toml").chmod(0o600)
    assert telling.telling_findings(settings, SAMPLE_SITE)[0].status == "warn"
