"""What the doctor says of certificates, their keys, and the rights of nodes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vigie_gateway.certificates.authority import (
    BROWSER_DAYS,
    Pair,
    certify,
    certify_for_browsers,
    certify_for_nodes,
    make_authority,
)
from vigie_gateway.doctor import broker_file
from vigie_gateway.doctor.certificates import broker_findings, page_findings, rights_findings, sign_in_findings
from vigie_gateway.doctor.findings import Finding
from vigie_gateway.settings import HttpSettings

NOW_AT = datetime(2026, 11, 26, tzinfo=UTC)
AUTHORITY = make_authority("lieu", ["vigie.local"])


@dataclass
class Place:
    """A broker's files and the authority's."""

    folder: Path

    def put(self, pair: Pair, name: str = "vigie", mode: int = 0o640) -> None:
        for ending, content in (("crt", pair.certificate), ("key", pair.key)):
            path = self.folder / f"{name}.{ending}"
            path.write_bytes(content)
            path.chmod(mode)

    def file(self) -> broker_file.BrokerFile:
        path = self.folder / "mosquitto.conf"
        path.write_text(
            f"listener 1883 127.0.0.1\nacl_file {self.folder}/acl\n"
            f"listener 8883\ncertfile {self.folder}/vigie.crt\nkeyfile {self.folder}/vigie.key\n"
        )
        return broker_file.read(path)

    def findings(self, now_at: datetime = NOW_AT) -> list[Finding]:
        return broker_findings(self.file(), self.folder, now_at.timestamp())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.put(AUTHORITY, "ca", 0o600)
    made.put(certify_for_nodes(AUTHORITY, ["vigie.local", "192.168.1.20"]))
    return made


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_what_is_in_order_says_for_whom_and_for_how_long(place: Place) -> None:
    found = only(place.findings())
    assert found.status == "pass"
    assert "is in order: for vigie.local, 192.168.1.20, 84" in found.text


@pytest.mark.parametrize(
    ("days", "status", "said"),
    [(-1, "fail", "ended 1 days ago"), (12, "warn", "ends in 12 days"), (31, "pass", "31 days left")],
)
def test_the_end_of_a_certificate_is_told_before_it_comes(place: Place, days: int, status: str, said: str) -> None:
    place.put(certify(AUTHORITY, ["vigie.local"], datetime(2000, 1, 1, tzinfo=UTC), NOW_AT + timedelta(days=days)))
    found = only(place.findings())
    assert (found.status, said in found.text) == (status, True), found.text


def test_a_certificate_that_a_node_without_a_clock_would_refuse_is_told(place: Place) -> None:
    place.put(certify_for_browsers(AUTHORITY, ["vigie.local"], NOW_AT))
    found = only(place.findings())
    assert (found.status, "a node that starts without a clock refuses it" in found.text) == ("warn", True)
    early = only(place.findings(NOW_AT - timedelta(days=9)))
    assert (early.status, "begins to hold in 8 days" in early.text) == ("fail", True)


def test_another_authority_another_key_and_no_certificate_fail(place: Place) -> None:
    other = make_authority("lieu", ["vigie.local"])
    place.put(certify_for_nodes(other, ["vigie.local"]))
    assert "is not of the authority" in only(place.findings()).text
    (place.folder / "vigie.key").write_bytes(AUTHORITY.key)
    assert "its key is another's" in only(place.findings()).text
    (place.folder / "vigie.crt").write_bytes(b"none")
    assert "no certificate in PEM" in only(place.findings()).text
    (place.folder / "vigie.crt").unlink()
    found = only(place.findings())
    assert (found.status, "No such file" in found.text) == ("fail", True)


def test_keys_that_others_may_read_fail(place: Place) -> None:
    (place.folder / "vigie.key").chmod(0o644)
    (place.folder / "ca.key").chmod(0o640)
    assert [(found.status, found.remedy.rsplit("/", 1)[-1]) for found in place.findings()] == [
        ("fail", "vigie.key"),
        ("fail", "ca.key"),
    ]


def test_the_pages_certificate_may_begin_when_it_was_made(tmp_path: Path) -> None:
    Place(tmp_path).put(certify_for_browsers(AUTHORITY, ["vigie.local"], NOW_AT))
    files = tmp_path / "vigie.crt", tmp_path / "vigie.key"
    assert only(page_findings(*files, NOW_AT.timestamp())).status == "pass"
    soon = only(page_findings(*files, (NOW_AT + timedelta(days=BROWSER_DAYS - 3)).timestamp()))
    assert (soon.status, "ends in 3 days" in soon.text) == ("warn", True)


@pytest.mark.parametrize(
    ("site", "status", "said"),
    [("+", "warn", "in any site"), ("autre", "fail", "this place is lieu"), ("lieu", "", "")],
)
def test_rights_of_nodes_that_are_not_bound_to_this_site_are_told(
    place: Place, site: str, status: str, said: str
) -> None:
    (place.folder / "acl").write_text(
        f"user gateway\ntopic read vigie/1/+/+/data\npattern write vigie/1/{site}/%u/data\n"
    )
    found = rights_findings(place.file(), "lieu")
    assert [finding.status for finding in found] == ([status] if status else [])
    assert all(said in finding.text for finding in found)


def test_passwords_that_can_be_read_on_their_way_are_told() -> None:
    assert (
        "can be read on their way"
        in only(sign_in_findings(HttpSettings(host="0.0.0.0", sign_in_without_tls=True))).text
    )
    assert sign_in_findings(HttpSettings(sign_in_without_tls=True)) == []
    assert sign_in_findings(HttpSettings(host="0.0.0.0")) == []
