"""A check that fails or hangs is one finding; the others go on."""

from __future__ import annotations

import json
from threading import Event

from vigie_gateway.doctor.checkup import Check, run
from vigie_gateway.doctor.findings import PARTS, Finding
from vigie_gateway.doctor.wording import as_json, as_text, worst

GOOD = Finding("store", "pass", "all is well")


def test_a_check_that_raises_is_a_finding_and_the_next_one_runs() -> None:
    def broken() -> list[Finding]:
        raise ZeroDivisionError("of ours")

    found = run([Check("broker", broken), Check("store", lambda: [GOOD])])
    assert [(finding.part, finding.status) for finding in found] == [("broker", "fail"), ("store", "pass")]
    assert "ZeroDivisionError('of ours')" in found[0].text


def test_a_check_that_hangs_is_a_finding_and_the_next_one_runs() -> None:
    end = Event()

    def hang() -> list[Finding]:
        end.wait()
        return [Finding("clock", "pass", "too late")]

    found = run([Check("clock", hang, limit_s=0.05), Check("store", lambda: [GOOD])])
    end.set()
    assert [finding.status for finding in found] == ["fail", "pass"]
    assert found[0].text == "no answer after 0.05 s: what it asks hangs"


def test_findings_are_told_by_part_with_a_remedy_where_something_is_wrong() -> None:
    findings = [
        GOOD,
        Finding("broker", "fail", "it is away", "start it"),
        Finding("broker", "pass", "it was there", "nothing to do"),
        Finding("clock", "warn", "it is odd"),
    ]
    assert as_text(findings).splitlines() == [
        "Broker", "  FAIL  it is away", "        → start it", "  ok    it was there", "",
        "Store", "  ok    all is well", "",
        "Clock", "  WARN  it is odd", "",
        "1 wrong, 1 to look at",
    ]  # fmt: skip
    assert worst(findings) == "fail"
    assert json.loads(as_json(findings))["findings"][1]["remedy"] == "start it"


def test_nothing_wrong_is_said_and_what_is_not_known_is_no_part_of_it() -> None:
    assert as_text([GOOD]).endswith("Nothing is wrong.")
    unknown = Finding("power", "unknown", "it does not tell", "keep copies")
    assert as_text([GOOD, unknown]).endswith(
        "Power\n  ?     it does not tell\n        → keep copies\n\nNothing is wrong, 1 not known"
    )
    assert worst([GOOD, unknown]) == "unknown"
    assert worst([unknown, Finding("clock", "warn", "it is odd")]) == "warn"
    assert worst([GOOD]) == worst([]) == "pass"


def test_every_part_is_told() -> None:
    told = as_text([Finding(part, "pass", f"text of {part}") for part in PARTS])
    assert all(f"text of {part}" in told for part in PARTS)
