"""The front desk corrects on a room's sheet, programs over the API, and everybody's word is in one list."""

from __future__ import annotations

import csv
import io
import re
import threading
from collections.abc import Iterator, Mapping

import pytest
from httpx2 import Response
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role

ELSEWHERE = "192.168.1.20"
ORIGIN = {"origin": "https://testserver"}


@pytest.fixture(autouse=True)
def _the_ingest_thread(bench: Bench) -> Iterator[None]:
    """That part of it which serves the desk."""
    stop = threading.Event()

    def serve() -> None:
        while not stop.wait(0.005):
            bench.gateway.desk.serve()

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    stop.set()
    thread.join()


def signed_in(bench: Bench, accounts: Accounts, role: Role) -> TestClient:
    now_ts = bench.clock.now_ts()
    accounts._database.execute("INSERT INTO user VALUES (?, ?, 'x', ?, ?)", (f"of-{role}", role, now_ts, now_ts))
    client = ask_from(bench, ELSEWHERE, scheme="https")
    client.cookies.set(COOKIE, accounts.open_session(f"of-{role}", now_ts))
    return client


@pytest.fixture
def desk(bench: Bench, accounts: Accounts) -> TestClient:
    return signed_in(bench, accounts, Role.CONCIERGE)


def submit(client: TestClient, headers: Mapping[str, str] = ORIGIN, **fields: str) -> Response:
    csrf = re.findall(r'name="csrf" value="([^"]+)"', client.get("/rooms/atelier").text)[0]
    return client.post("/rooms/atelier?l=en", data={"csrf": csrf} | fields, headers=headers)


def people_in(client: TestClient) -> object:
    rooms = client.get("/api/v1/rooms").json()["rooms"]
    return next(one["people"] for one in rooms if one["id"] == "atelier")


def test_a_room_is_counted_closed_and_opened_again(desk: TestClient) -> None:
    answer = submit(desk, do="people", value="12", reason="counted twice")
    assert (answer.status_code, answer.headers["location"]) == (303, "/rooms/atelier?l=en#correct")
    assert people_in(desk) == 12
    assert submit(desk, do="close", reason="water leak", until="2026-11-24T18:00").status_code == 303
    assert "Closed · water leak · opens at 18:00" in desk.get("/board?l=en").text
    page = desk.get("/rooms/atelier?l=en").text
    assert "water leak · of-concierge, 14:30 · until 18:00" in page
    public = desk.get("/?l=en").text
    assert "Closed" in public
    assert "leak" not in public
    assert submit(desk, do="open").status_code == 303
    assert people_in(desk) == 12


def test_an_outlet_is_taken_out_and_put_back(desk: TestClient) -> None:
    outlet = re.findall(r"<option[^>]*>([a-z0-9-]+)</option>", desk.get("/rooms/atelier").text)[0]
    assert submit(desk, do="out-of-order", outlet=outlet, reason="loose plate").status_code == 303
    page = desk.get("/rooms/atelier?l=en").text
    assert "Out of order · loose plate" in page
    assert f">{outlet}</option>" not in page
    assert submit(desk, do="in-order", outlet=outlet).status_code == 303
    assert "loose plate" not in desk.get("/rooms/atelier?l=en").text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "people", "value": "many"}, "whole number from 0 to 48"),
        ({"do": "people", "value": "490"}, "More than 48 people"),
        ({"do": "people"}, "whole number from 0 to 48"),
        ({"do": "close", "reason": " "}, "Say why"),
        ({"do": "close", "reason": "leak", "until": "2026-11-24T09:00"}, "That time is past."),
        ({"do": "close", "reason": "leak", "until": "noon"}, "a day and a time"),
        ({"do": "out-of-order", "outlet": "nowhere", "reason": "loose"}, "not there any more"),
        ({"do": "nothing"}, "not there any more"),
        ({}, "not there any more"),
    ],
)
def test_a_wrong_form_changes_nothing_and_says_what_was_expected(
    bench: Bench, desk: TestClient, fields: dict[str, str], said: str
) -> None:
    answer = submit(desk, ORIGIN, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    if fields.get("value"):
        assert f'value="{fields["value"]}"' in answer.text
    assert bench.store.corrections.newest(1) == []


def test_a_room_that_there_is_not_is_not_found(desk: TestClient) -> None:
    csrf = re.findall(r'name="csrf" value="([^"]+)"', desk.get("/rooms/atelier").text)[0]
    form = {"csrf": csrf, "do": "people", "value": "1"}
    assert desk.post("/rooms/attic", data=form, headers=ORIGIN).status_code == 404


def test_nothing_is_taken_without_the_form_of_ones_own_page(bench: Bench, desk: TestClient) -> None:
    form = {"do": "people", "value": "1"}
    assert desk.post("/rooms/atelier", data=form, headers=ORIGIN).status_code == 403
    assert submit(desk, headers={"origin": "https://evil.example"}, **form).status_code == 403
    assert bench.store.corrections.newest(1) == []


@pytest.mark.parametrize("role", [Role.ORGANISER, Role.NETWORK])
def test_who_is_not_the_front_desk_reads_the_sheet_and_corrects_nothing(
    bench: Bench, accounts: Accounts, role: Role
) -> None:
    client = signed_in(bench, accounts, role)
    page = client.get("/rooms/atelier")
    assert page.status_code == 200
    assert "<form" not in page.text
    assert client.post("/rooms/atelier", data={"do": "people", "value": "1"}, headers=ORIGIN).status_code == 403
    assert client.get("/corrections").status_code == 403


def test_the_desks_own_screen_corrects_without_signing_in_and_says_so(bench: Bench, client: TestClient) -> None:
    assert submit(client, headers={"origin": "http://testserver"}, do="people", value="5").status_code in {200, 303}
    assert "this machine" in client.get("/corrections?l=en").text
    assert bench.store.corrections.newest(1)[0].author == "(this machine)"
    other = {"csrf": "guessed", "do": "people", "value": "9"}
    assert client.post("/rooms/atelier", data=other).status_code == 403


def test_the_list_is_newest_first_page_by_page_and_whole_as_csv(desk: TestClient) -> None:
    for number in range(53):
        assert submit(desk, do="people", value=str(number % 40), reason="=1+1").status_code == 303
    page = desk.get("/corrections?l=en").text
    assert page.count("<tr><td>") == 50
    older = re.findall(r"before=(\d+)", page)[0]
    assert desk.get(f"/corrections?l=en&before={older}").text.count("<tr><td>") == 3
    rows = list(csv.DictReader(io.StringIO(desk.get("/corrections.csv").text)))
    assert [row["value"] for row in rows[:2]] == ["12", "11"]
    assert (len(rows), rows[0]["author"], rows[0]["was"]) == (53, "of-concierge", "11")
    assert {row["reason"] for row in rows} == {"'=1+1"}


def test_what_is_said_is_shown_as_text_wherever_it_stands(desk: TestClient) -> None:
    evil = "<script>alert(1)</script>"
    assert submit(desk, do="close", reason=evil).status_code == 303
    for path in ("/board", "/rooms/atelier", "/corrections", "/kiosk", "/"):
        assert evil not in desk.get(path).text, path


def test_a_program_corrects_with_a_token_of_that_scope_alone(bench: Bench, accounts: Accounts) -> None:
    now_ts, client = bench.clock.now_ts(), ask_from(bench, ELSEWHERE)
    secrets = {
        scope: accounts.add_token(f"of-{scope}", scope, now_ts + 3600, "test", now_ts)
        for scope in ("correct", "read", "public", "admin")
    }

    def post(scope: str, **fields: object) -> Response:
        body = {"kind": "people", "subject": "atelier", "value": 12} | fields
        return client.post("/api/v1/corrections", json=body, headers={"authorization": f"Bearer {secrets[scope]}"})

    answers = {scope: post(scope).status_code for scope in secrets}
    assert answers == {"correct": 201, "read": 403, "public": 403, "admin": 201}
    found = post("correct", value=3, reason="recount").json()
    assert (found["id"], found["was"], found["value"], found["author"]) == (3, 12, 3, "token of-correct")
    listed = client.get("/api/v1/corrections?limit=2", headers={"authorization": f"Bearer {secrets['read']}"}).json()
    assert [one["id"] for one in listed] == [3, 2]
    assert listed[0] == found
    assert post("correct", subject="attic").status_code == 404
    wrongs: list[dict[str, object]] = [{"value": value} for value in (-1, 490, 1.5, True, "12", None)]
    wrongs += [{"kind": "spin"}, {"until": "x"}, {"more": 1}]
    for wrong in wrongs:
        answer = post("correct", **wrong)
        assert answer.status_code == 422, wrong
        assert answer.json()["detail"]


def test_a_browsers_session_does_not_correct_over_the_api(desk: TestClient) -> None:
    body = {"kind": "people", "subject": "atelier", "value": 12}
    assert desk.post("/api/v1/corrections", json=body, headers=ORIGIN).status_code == 403
