"""Programs ask whether a session fits."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role

ELSEWHERE = "192.168.1.20"
DAY_S = 86_400.0


def body(bench: Bench, **fields: Any) -> dict[str, Any]:
    starts_ts = bench.clock.now + DAY_S
    question = {"room": "atelier", "starts_ts": starts_ts, "ends_ts": starts_ts + 7_200, "people": 4}
    return question | {"activity": "web-write"} | fields


def test_a_question_is_answered_with_every_resource_and_what_to_do(bench: Bench, client: TestClient) -> None:
    answer = client.post("/api/v1/check", json=body(bench, equipment={"projector": 1}))
    assert answer.status_code == 200
    found = answer.json()
    assert found["verdict"] == "tight"
    gauges = {gauge["resource"]: gauge for gauge in found["gauges"]}
    assert len(gauges) == 9
    assert gauges["seats"]["capacity"]["dependable"] == 16
    assert gauges["seats"]["need"] == {"low": 4, "mid": 4, "high": 4}
    assert gauges["airtime"]["verdict"] == "not-checked"
    assert gauges["airtime"]["missing"] == "no-sensor"
    assert found["unknown_calendar"] == "calendar-starting"
    assert found["question"]["equipment"] == {"projector": 1}


def test_each_action_may_be_asked_as_it_stands(bench: Bench, client: TestClient) -> None:
    found = client.post("/api/v1/check", json=body(bench, people=20)).json()
    assert found["verdict"] == "no-go"
    assert found["actions"]
    for action in found["actions"]:
        assert client.post("/api/v1/check", json=action["question"]).status_code == 200
    fewer = next(one for one in found["actions"] if one["kind"] == "fewer-people")
    again = client.post("/api/v1/check", json=fewer["question"]).json()
    assert again["verdict"] == fewer["verdict"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"people": 0}, "people"),
        ({"people": 1_000_000}, "people"),
        ({"starts_ts": 1_700_000_000, "ends_ts": 1_700_003_600}, "starts_ts"),
        ({"ends_ts": 1_700_000_000}, "ends_ts"),
        ({"room": "cave"}, "room"),
        ({"room": "hall"}, "room"),
        ({"activity": "welding"}, "activity"),
        ({"equipment": {"oven": 1}}, "equipment"),
        ({"equipment": {"kettle": 1_000}}, "equipment"),
        ({"extra_outlets": -1}, "extra_outlets"),
        ({"people": "twelve"}, "people"),
        ({"plugged_share": 2}, "plugged_share"),
    ],
)
def test_what_is_wrong_is_said_of_its_field(
    bench: Bench, client: TestClient, fields: dict[str, Any], field: str
) -> None:
    answer = client.post("/api/v1/check", json=body(bench, **fields))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert {error["pointer"] for error in answer.json()["errors"]} == {f"#/{field}"}


def test_everything_that_is_wrong_is_said_at_once(bench: Bench, client: TestClient) -> None:
    errors = client.post("/api/v1/check", json=body(bench, people=0, room="cave", activity="welding")).json()["errors"]
    assert [error["pointer"] for error in errors] == ["#/room", "#/people", "#/activity"]
    assert errors[1]["detail"] == "people is 0, expected at least 1"


def test_a_closed_room_is_said_first_and_still_measured(bench: Bench, client: TestClient) -> None:
    night_ts = bench.clock.now + 11 * 3_600
    found = client.post("/api/v1/check", json=body(bench, starts_ts=night_ts, ends_ts=night_ts + 3_600)).json()
    assert found["obstacles"] == ["closed"]
    assert len(found["gauges"]) == 9


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.ORGANISER, 200), (Role.CONCIERGE, 200), (Role.ADMIN, 200), (Role.NETWORK, 403)],
)
def test_organisers_and_the_desk_may_ask(bench: Bench, accounts: Accounts, role: Role, status: int) -> None:
    accounts._database.execute("INSERT INTO user VALUES (?, ?, 'x', 0, 0)", (role, role))
    client = ask_from(bench, ELSEWHERE, scheme="https")
    client.cookies.set(COOKIE, accounts.open_session(role, bench.clock.now))
    headers = {"origin": "https://testserver"}
    assert client.post("/api/v1/check", json=body(bench), headers=headers).status_code == status


def test_a_token_that_may_only_read_may_ask(bench: Bench, accounts: Accounts) -> None:
    token = accounts.add_token("program", "read", bench.clock.now + 60, "lou", bench.clock.now)
    client = ask_from(bench, ELSEWHERE, scheme="https")
    headers = {"authorization": f"Bearer {token}"}
    assert client.post("/api/v1/check", json=body(bench), headers=headers).status_code == 200
