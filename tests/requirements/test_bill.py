"""The bill of materials names what is pinned, and an audit that asked nothing is never taken for a good one."""

import json
import re
from pathlib import Path

import pytest

from requirements import bill

CLEAN = {"name": "segno", "version": "1.6.6", "vulns": []}
NAMED = {
    "name": "jinja2",
    "version": "3.1.0",
    "vulns": [{"id": "PYSEC-0", "fix_versions": ["3.1.6"]}, {"id": "PYSEC-1", "fix_versions": []}],
}
SKIPPED = {"name": "lampe", "skip_reason": "Dependency not found"}


def answer(*packages: object) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_an_audit_of_everything_without_a_finding_is_good() -> None:
    found = bill.verdict(0, answer(CLEAN, CLEAN), "", 2)
    assert (found.code, found.lines) == (0, ["2 packages, no advisory names one of them"])


@pytest.mark.parametrize(
    ("code", "out"),
    [
        (0, answer()),
        (0, answer(CLEAN)),
        (0, answer(CLEAN, SKIPPED)),
        (1, answer(CLEAN, CLEAN)),
        (0, ""),
        (0, "[]"),
        (1, "{"),
    ],
)
def test_an_audit_that_left_a_package_out_is_none(code: int, out: str) -> None:
    found = bill.verdict(code, out, "", 2)
    assert found.code == bill.EX_UNAVAILABLE
    assert found.lines[0].startswith("not audited: ")


def test_an_audit_that_failed_says_why() -> None:
    found = bill.verdict(1, "", "ERROR:lampe: not found\n\n", 2)
    assert found.lines == ["not audited: ERROR:lampe: not found"]


def test_every_advisory_is_told_with_the_version_that_mends_it() -> None:
    found = bill.verdict(1, answer(NAMED, SKIPPED), "", 2)
    assert found.code == 1
    assert found.lines == ["jinja2 3.1.0: PYSEC-0, fixed in 3.1.6", "jinja2 3.1.0: PYSEC-1, fixed in no version yet"]


@pytest.mark.long
def test_where_no_advisory_can_be_reached_it_says_that_nothing_was_audited(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert bill.main(["audit"]) == bill.EX_UNAVAILABLE
    assert "not audited" in capsys.readouterr().err


@pytest.mark.long
def test_the_bill_names_every_pin_with_its_version_and_digests_and_no_index(tmp_path: Path) -> None:
    target = tmp_path / "vigie.cdx.json"
    assert bill.main(["sbom", str(target)]) == 0
    text = target.read_text(encoding="utf-8")
    found = json.loads(text)
    assert found["bomFormat"] == "CycloneDX"
    assert found["metadata"]["component"]["name"] == "vigie"
    wanted = {(name, line.split(" ")[0].partition("==")[2]) for name, line in bill.all_pins().items()}
    assert {(each["name"], each["version"]) for each in found["components"]} == wanted
    for each in found["components"]:
        assert any(reference.get("hashes") for reference in each["externalReferences"]), each["name"]
    assert not re.search(r"file:///|127\.0\.0\.1|localhost", text)
