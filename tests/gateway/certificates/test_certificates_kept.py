"""The files of the authority: made once, renewed when they do not fit, never thrown away."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vigie_gateway.certificates.authority import BROWSER_DAYS, CertificateError, facts_of
from vigie_gateway.certificates.kept import Wanted, steps_of, within

NOW_AT = datetime(2026, 11, 26, tzinfo=UTC)


@pytest.fixture
def wanted(tmp_path: Path) -> Wanted:
    folders = {"authority": tmp_path / "authority", "broker": tmp_path / "broker", "browsers": tmp_path / "https"}
    return Wanted("lieu", ("vigie.local", "192.168.1.20"), **folders, broker_group=None, browser_group=None)


def take(wanted: Wanted, now_at: datetime = NOW_AT) -> list[str]:
    steps = steps_of(wanted, now_at)
    for step in steps:
        step.take()
    return [step.says for step in steps]


def test_a_first_run_makes_all_and_a_second_changes_nothing(wanted: Wanted, tmp_path: Path) -> None:
    said = take(wanted)
    assert [line.split(" in ")[0] for line in said] == [
        "make the authority of the place",
        "make the certificate of the broker",
        "make the certificate of the pages",
    ]
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert take(wanted) == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_only_the_owner_may_read_the_keys(wanted: Wanted, tmp_path: Path) -> None:
    take(wanted)
    keys = list(tmp_path.rglob("*.key"))
    assert len(keys) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*.crt")} == {0o644}


def test_a_plan_that_is_not_taken_writes_nothing(wanted: Wanted, tmp_path: Path) -> None:
    assert len(steps_of(wanted, NOW_AT)) == 3
    assert list(tmp_path.iterdir()) == []


def test_another_address_renews_the_servers_certificates_and_keeps_the_authority(
    wanted: Wanted, tmp_path: Path
) -> None:
    take(wanted)
    authority = (tmp_path / "authority" / "ca.crt").read_bytes()
    moved = replace(wanted, names=("vigie.local", "192.168.7.7"))
    said = take(moved)
    assert len(said) == 2
    assert all(line.endswith("it is not for 192.168.7.7") for line in said)
    assert (tmp_path / "authority" / "ca.crt").read_bytes() == authority
    assert facts_of((tmp_path / "broker" / "vigie.crt").read_bytes()).names == moved.names


def test_the_pages_certificate_is_renewed_before_it_ends_and_the_brokers_is_not(wanted: Wanted) -> None:
    take(wanted)
    later_at = NOW_AT + timedelta(days=BROWSER_DAYS - 29)
    assert [line.split(": ")[-1] for line in take(wanted, later_at)] == ["it ends in 29 days"]
    assert take(wanted, later_at) == []


def test_a_key_that_is_anothers_is_made_anew_with_its_certificate(wanted: Wanted, tmp_path: Path) -> None:
    take(wanted)
    (tmp_path / "broker" / "vigie.key").write_bytes((tmp_path / "https" / "vigie.key").read_bytes())
    assert [line.split(": ")[-1] for line in take(wanted)] == ["its key is another's"]
    assert take(wanted) == []


def test_an_authority_is_never_replaced_unasked(wanted: Wanted, tmp_path: Path) -> None:
    take(wanted)
    with pytest.raises(CertificateError, match=r"was not made for 'elsewhere\.example'"):
        take(replace(wanted, names=("vigie.local", "elsewhere.example")))
    key = tmp_path / "authority" / "ca.key"
    kept = key.read_bytes()
    key.unlink()
    with pytest.raises(CertificateError, match="bring it back from where it is kept"):
        take(wanted)
    key.write_bytes((tmp_path / "broker" / "vigie.key").read_bytes())
    with pytest.raises(CertificateError, match="the key is not that of the certificate"):
        take(wanted)
    key.write_bytes(kept)
    assert take(wanted) == []


def test_a_machine_that_is_called_otherwise_since_keeps_what_its_authority_was_made_for(wanted: Wanted) -> None:
    names = ("vigie.local", "new-name.local", "192.168.1.20", "8.8.8.8")
    assert within(names, wanted.authority) == names
    take(wanted)
    assert within(names, wanted.authority) == ("vigie.local", "192.168.1.20")
    assert take(replace(wanted, names=within(names, wanted.authority))) == []


def test_a_group_that_is_not_there_is_one_sentence(wanted: Wanted) -> None:
    with pytest.raises(CertificateError, match="no-such-group"):
        take(replace(wanted, broker_group="no-such-group"))
