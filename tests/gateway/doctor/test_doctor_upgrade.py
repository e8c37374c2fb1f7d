"""An installation that was cut off is told, with what it means and how it is made good."""

from __future__ import annotations

import fcntl
from importlib.metadata import version

import pytest
from tests.gateway.doctor.conftest import TalkingMachine

from vigie_gateway.doctor.upgrade import upgrade_findings
from vigie_gateway.install.examination import COMPLETE
from vigie_gateway.install.machine import LOCK

NOW, BEFORE = f"{version('vigie')}-abcdef", "0.0.9-123456"


@pytest.fixture
def installed(machine: TalkingMachine) -> TalkingMachine:
    """As ``install`` leaves it after one upgrade."""
    for name in (NOW, BEFORE):
        machine.put(f"/opt/vigie/versions/{name}/{COMPLETE}", "python3.11")
    for link, name in (("current", NOW), ("previous", BEFORE)):
        machine.at(f"/opt/vigie/{link}").symlink_to(f"versions/{name}")
    return machine


def test_a_machine_without_our_installation_has_nothing_to_say(machine: TalkingMachine) -> None:
    assert upgrade_findings(machine) == []


def test_a_whole_installation_names_its_versions(installed: TalkingMachine) -> None:
    (found,) = upgrade_findings(installed)
    assert (found.status, NOW in found.text, BEFORE in found.text) == ("pass", True, True)


def test_what_did_not_take_notice_of_a_change_is_told(installed: TalkingMachine) -> None:
    installed.put("/opt/vigie/pending", "mosquitto.service\nsystemd\n")
    (found,) = upgrade_findings(installed)
    assert (found.status, "mosquitto.service, systemd" in found.text) == ("fail", True)
    assert "install" in found.remedy


def test_an_upgrade_that_was_never_seen_to_be_well_is_told_with_both_versions(installed: TalkingMachine) -> None:
    installed.put("/opt/vigie/on-trial", "")
    (found,) = upgrade_findings(installed)
    assert (found.status, NOW in found.text, BEFORE in found.text) == ("fail", True, True)
    assert "upgrade once more" in found.remedy


def test_a_half_made_version_is_told_and_one_that_is_to_run_fails(installed: TalkingMachine) -> None:
    installed.put("/opt/vigie/versions/9.0.0-aaaaaa/bin/python", "")
    (found,) = upgrade_findings(installed)
    assert (found.status, "9.0.0-aaaaaa is half made" in found.text) == ("warn", True)
    installed.at(f"/opt/vigie/versions/{NOW}/{COMPLETE}").unlink()
    assert [finding.status for finding in upgrade_findings(installed)] == ["fail", "warn"]


def test_an_installation_that_was_cut_off_before_its_version_ran_is_told(machine: TalkingMachine) -> None:
    machine.put("/opt/vigie/versions/9.0.0-aaaaaa/bin/python", "")
    assert [finding.status for finding in upgrade_findings(machine)] == ["fail", "warn"]


def test_a_doctor_of_another_version_says_so(installed: TalkingMachine) -> None:
    installed.put(f"/opt/vigie/versions/0.0.1-bbbbbb/{COMPLETE}", "python3.11")
    installed.at("/opt/vigie/current").unlink()
    installed.at("/opt/vigie/current").symlink_to("versions/0.0.1-bbbbbb")
    (found,) = upgrade_findings(installed)
    assert (found.status, found.remedy) == ("warn", "sudo /opt/vigie/bin/vigie-gateway doctor")


def test_an_installation_that_runs_just_now_is_no_fault(installed: TalkingMachine) -> None:
    installed.put("/opt/vigie/on-trial", "")
    with installed.put(LOCK, "").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (found,) = upgrade_findings(installed)
    assert (found.status, "runs just now" in found.text) == ("warn", True)
