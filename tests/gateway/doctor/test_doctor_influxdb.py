"""The doctor tries both halves of the place's InfluxDB and says in words what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path

import pytest
from tests.gateway.store.influxdb.conftest import WHOLE, whole_settings
from tests.gateway.store.influxdb.servers import Answer, FaultyServer, ask, influxd, victoria_metrics

from vigie_contract.clock import SystemClock
from vigie_gateway.broker import free_port
from vigie_gateway.doctor import influxdb
from vigie_gateway.doctor.influxdb import influxdb_findings
from vigie_gateway.settings import InfluxdbSettings

GIVEN_BACK = Answer(200, {"results": [{"series": [{"columns": ["time", "value"], "values": [[1, 1.0]]}]}]})


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    server = FaultyServer()
    yield server
    server.stop()


def told(settings: InfluxdbSettings) -> dict[str, list[str]]:
    """By status what is said, with its remedy."""
    found: dict[str, list[str]] = {"pass": [], "warn": [], "fail": []}
    for finding in influxdb_findings(settings, "semaphore"):
        assert finding.part == "influxdb"
        assert (finding.status == "pass") == (not finding.remedy), finding
        found[finding.status].append(f"{finding.text} → {finding.remedy}")
    return found


def test_without_an_influxdb_nothing_is_said() -> None:
    assert influxdb_findings(InfluxdbSettings(), "semaphore") == []


def test_a_server_that_takes_a_point_and_gives_it_back_passes(faulty: FaultyServer) -> None:
    faulty.behaviour = lambda lines: Answer(204) if lines else GIVEN_BACK
    found = told(InfluxdbSettings(url=faulty.url))
    assert (found["warn"], found["fail"], len(found["pass"])) == ([], [], 3)
    assert faulty.requests[0][2][0].startswith("vigie_doctor,site=semaphore value=1.0 ")
    assert "time+%3D" in faulty.requests[1][0]


def test_a_bucket_without_a_mapping_is_named(faulty: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influxdb, "VISIBLE_S", 0.0)
    for answer in (Answer(200, {"results": [{}]}), Answer(404, {"message": "no dbrp mapping found"})):
        faulty.behaviour = lambda lines, answer=answer: Answer(204) if lines else answer  # type: ignore[misc]  # bound
        (text,) = told(InfluxdbSettings(url=faulty.url))["fail"]
        assert "influx v1 dbrp create --db vigie" in text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(401, {"message": "unauthorized access"}), ("unauthorized access", "a token that may write and read")),
        (Answer(404, {"message": "bucket not found"}), ("bucket not found", "make the bucket 'vigie'")),
        (Answer(400, {"message": "org is required"}), ("refuses a plain point", "org is required")),
        (Answer(503, {"message": "starting"}), ("answers 503: starting", "is it running")),
    ],
)
def test_what_keeps_a_point_from_being_written_is_said(
    faulty: FaultyServer, answer: Answer, words: tuple[str, ...]
) -> None:
    faulty.behaviour = lambda lines: answer if lines else Answer(200, {"results": [{}]})
    (text,) = told(InfluxdbSettings(url=faulty.url))["fail"]
    assert all(word in text for word in words)


def test_nobody_listening_is_said_of_both_halves() -> None:
    found = told(InfluxdbSettings(url=f"http://127.0.0.1:{free_port()}"))["fail"]
    assert len(found) == 2
    assert all("does not answer" in text for text in found)


def test_a_certificate_of_nobody_is_named(faulty: FaultyServer, tmp_path: Path) -> None:
    settings = InfluxdbSettings(url=f"https://127.0.0.1:{free_port()}", ca_file=str(tmp_path / "none.pem"))
    assert any("ca_file" in text for text in told(settings)["fail"])


def test_a_server_whose_clock_is_off_is_warned_of(faulty: FaultyServer) -> None:
    date = formatdate(SystemClock().now_ts() - 600, usegmt=True)
    faulty.date = date
    faulty.behaviour = lambda lines: Answer(204) if lines else GIVEN_BACK
    (text,) = told(InfluxdbSettings(url=faulty.url))["warn"]
    assert "s behind this one" in text


def test_a_token_is_looked_for_before_anything_is_sent(faulty: FaultyServer, tmp_path: Path) -> None:
    path = tmp_path / "token"
    settings = InfluxdbSettings(url=faulty.url, token_file=str(path))
    assert f"{path} cannot be read" in told(settings)["fail"][0]
    path.write_text("\n")
    assert "is empty" in told(settings)["fail"][0]
    assert faulty.requests == []


def test_a_token_in_the_clear_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret")
    settings = InfluxdbSettings(url="http://influx.invalid:1", token_file=str(path))
    assert "is not encrypted" in told(settings)["warn"][0]


@pytest.mark.skipif(WHOLE is not None, reason="INFLUXDB_URL is set: see the test of the whole")
def test_a_server_that_only_takes_writes_is_told_from_one_that_only_answers(tmp_path: Path) -> None:
    folders = [tmp_path / "writes", tmp_path / "reads"]
    for folder in folders:
        folder.mkdir()
    writes, reads = victoria_metrics(folders[0]), influxd(folders[1])
    try:
        writes.start()
        found = told(InfluxdbSettings(url=writes.url))
        assert any("takes a point for bucket 'vigie'" in text for text in found["pass"])
        assert len(found["fail"]) == 1
        assert "it knows no InfluxQL" in found["fail"][0]
        reads.start()
        ask(reads.url, "/query", {"q": "CREATE DATABASE vigie"}, b"")
        found = told(InfluxdbSettings(url=reads.url))
        assert any("database 'vigie' answers InfluxQL" in text for text in found["pass"])
        assert len(found["fail"]) == 1
    finally:
        writes.stop()
        reads.stop()


@pytest.mark.skipif(WHOLE is None, reason="INFLUXDB_URL is not set")
def test_the_server_of_influxdb_url_passes_whole() -> None:
    found = told(whole_settings())
    assert found["fail"] == []
    assert len(found["pass"]) >= 2
