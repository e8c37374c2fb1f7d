"""Dates that cannot be, wherever a request may name one: an answer that says so, never an error of our own."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench

from vigie_contract.readings import Reading

IMPOSSIBLE = (
    "2016-12-31T23:59:60Z", "2026-06-30T23:59:60+00:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "10000-01-01T00:00:00Z", "+10000-01-01T00:00:00Z",
    "-0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-02-29T00:00:00Z", "2026-03-29T25:00:00Z",
    "2026-13-01T00:00:00Z", "nan", "-nan", "inf", "-inf", "1e400", "-1", "253402300800", "9" * 400, "1_000", "\u0663",
    "0x10", "", " ", "\x00", "2026-11-24T14:30:00", "24/11/2026", "T", "Z",
)  # fmt: skip


@pytest.fixture
def filled(bench: Bench) -> Bench:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now - 5, 5_000.0), first=1)
    bench.commit()
    return bench


@pytest.mark.parametrize("name", ["from", "to"])
def test_the_api_answers_with_problem_details(filled: Bench, client: TestClient, name: str) -> None:
    for text in IMPOSSIBLE:
        answer = client.get("/api/v1/series/tableau.linky-va/history", params={name: text})
        assert answer.status_code == 422, (text, answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"].startswith(f"{name} is ")


@pytest.mark.parametrize("name", ["from", "from_time", "to", "to_time", "day"])
def test_the_history_page_never_breaks(filled: Bench, client: TestClient, name: str) -> None:
    good = {"from": "2026-11-23", "to": "2026-11-24"}
    assert client.get("/history/series/tableau.linky-va", params=good).status_code == 200
    for text in IMPOSSIBLE:
        params = good | {name: text}
        answer = client.get("/history/series/tableau.linky-va", params=params)
        assert answer.status_code < 500, (text, answer.text[:300])


@pytest.mark.parametrize("name", ["from_ts", "to_ts"])
def test_the_points_of_the_history_page_answer_with_problem_details(
    filled: Bench, client: TestClient, name: str
) -> None:
    good = {"from_ts": "1795500000", "to_ts": "1795526000"}
    assert client.get("/history/series/tableau.linky-va.json", params=good).status_code == 200
    for text in IMPOSSIBLE:
        params = good | {name: text}
        answer = client.get("/history/series/tableau.linky-va.json", params=params)
        assert answer.status_code < 500, (text, answer.text[:300])


@pytest.mark.parametrize("now_ts", [0.0, 30.0, -1e9, 4e9, 2.5e11])
def test_every_page_is_written_whatever_the_gateways_clock_says(
    filled: Bench, client: TestClient, now_ts: float
) -> None:
    filled.clock.now, filled.clock.is_right = now_ts, False
    filled.pipeline._round()
    for path in ("/board", "/", "/history/atelier", "/history", "/api/v1/rooms", "/healthz", "/metrics"):
        answer = client.get(path)
        assert answer.status_code in ({200, 503} if path == "/healthz" else {200}), (path, answer.text[:300])
