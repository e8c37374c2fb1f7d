"""The JSON API: what it returns, and that every error is a problem document."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench

from vigie_contract.readings import Reading

HISTORY = "/api/v1/series/tableau.linky-va/history"


@pytest.fixture
def filled(bench: Bench) -> Bench:
    bench.declare()
    now = bench.clock.now
    bench.send(*(Reading("linky-va", now - 600 + 10 * i, 1000.0 + i) for i in range(60)), first=1)
    bench.commit()
    return bench


def test_every_room_of_the_site_is_listed_with_unknown_as_null(client: TestClient) -> None:
    answer = client.get("/api/v1/rooms").json()
    rooms = {room["id"]: room for room in answer["rooms"]}
    assert rooms["fablab"]["people"] is None
    assert rooms["fablab"]["state"] == "no-sensor"
    assert answer["figures"]["seats_free"] is None


def test_a_series_is_listed_with_its_newest_reading(filled: Bench, client: TestClient) -> None:
    listed = {series["id"]: series for series in client.get("/api/v1/series").json()}
    assert listed["tableau.linky-va"]["latest"]["value"] == 1059.0
    assert listed["tableau.linky-va"]["unit"] == "VA"
    assert listed["tableau.c4-mains"]["latest"] is None


@pytest.mark.parametrize("points", [1, 7, 60, 500])
def test_history_returns_at_most_the_asked_number_of_points(filled: Bench, client: TestClient, points: int) -> None:
    now = filled.clock.now
    found = client.get(HISTORY, params={"from": now - 620, "to": now, "points": points}).json()["points"]
    assert 1 <= len(found) <= points
    known = [point for point in found if point["mean"] is not None]
    assert known
    assert min(point["low"] for point in known) == 1000.0
    assert max(point["high"] for point in known) == 1059.0


def test_history_takes_rfc_3339_times(filled: Bench, client: TestClient) -> None:
    answer = client.get(HISTORY, params={"from": "2026-11-24T14:00:00+01:00", "to": "2026-11-24T15:00:00+01:00"})
    assert answer.status_code == 200
    assert answer.json()["to_ts"] - answer.json()["from_ts"] == 3600


def test_a_time_without_any_reading_has_unknown_points_and_no_coverage(filled: Bench, client: TestClient) -> None:
    now = filled.clock.now
    found = client.get(HISTORY, params={"from": now - 90_000, "to": now - 86_400, "points": 4}).json()["points"]
    assert all(point["mean"] is None and point["coverage"] == 0 for point in found)


@pytest.mark.parametrize(
    ("params", "status", "word"),
    [
        ({"from": "yesterday"}, 422, "RFC 3339"),
        ({"from": "2026-11-24T14:00:00"}, 422, "offset"),
        ({"from": "nan"}, 422, "1970 to 9999"),
        ({"to": "1e18"}, 422, "1970 to 9999"),
        ({"from": "2016-12-31T23:59:60Z"}, 422, "RFC 3339"),
        ({"from": "0000-01-01T00:00:00Z"}, 422, "RFC 3339"),
        ({"from": "0001-01-01T00:00:00+23:59"}, 422, "1970 to 9999"),
        ({"to": "10000-01-01T00:00:00Z"}, 422, "RFC 3339"),
        ({"to": "9999-12-31T23:59:59-23:59"}, 422, "1970 to 9999"),
        ({"from": "20", "to": "10"}, 422, "is not before"),
        ({"points": "0"}, 422, "points"),
        ({"points": "1000000"}, 422, "points"),
        ({"points": "many"}, 422, "points"),
    ],
)
def test_a_wrong_parameter_is_a_problem_document_that_says_what_was_expected(
    filled: Bench, client: TestClient, params: dict[str, str], status: int, word: str
) -> None:
    answer = client.get(HISTORY, params=params)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert word in answer.json()["detail"]


def test_an_unknown_series_is_a_problem_document(client: TestClient) -> None:
    answer = client.get("/api/v1/series/nobody.nothing/history")
    assert (answer.status_code, answer.json()["status"]) == (404, 404)
    assert "nobody.nothing" in answer.json()["detail"]


def test_an_error_of_our_own_tells_nothing_of_the_inside(
    bench: Bench, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_now: float) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(bench.board, "view", fail)
    answer = client.get("/api/v1/rooms")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
