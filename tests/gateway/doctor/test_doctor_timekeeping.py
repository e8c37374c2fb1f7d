"""A clock that is not believed is a failure that says what to do: nothing is stored meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.bench.load import vouch_for_clock

from vigie_gateway.clock import word
from vigie_gateway.clock.belief import Belief, Witness
from vigie_gateway.doctor.timekeeping import clock_findings, judge


@pytest.mark.parametrize(
    ("belief", "status"),
    [
        (Belief(Witness.NTP, "the kernel says so"), "pass"),
        (Belief(Witness.PERSON, "a person vouched for it"), "pass"),
        (Belief(Witness.RTC, "it was asked", is_held=True), "pass"),
        (Belief(Witness.NTP, "it was kept earlier", is_held=True), "warn"),
        (Belief(None, "nobody has vouched for it"), "fail"),
    ],
)
def test_a_belief_is_told_with_its_reason(belief: Belief, status: str) -> None:
    found = judge(belief)
    assert found.status == status
    assert belief.why in found.text
    assert (status == "pass") == (not found.remedy)


def test_a_clock_that_a_person_vouched_for_beside_this_database_passes(tmp_path: Path) -> None:
    vouch_for_clock(tmp_path / "vigie.db")
    assert [finding.status for finding in clock_findings(tmp_path / "vigie.db")] == ["pass"]


def test_a_word_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    word.path_beside(tmp_path / "vigie.db").write_text("{", encoding="utf-8")
    (found,) = clock_findings(tmp_path / "vigie.db")
    assert (found.status, "was not looked at" in found.text) == ("warn", True)
