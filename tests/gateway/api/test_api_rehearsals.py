"""Who plans sessions has one rehearsed on a page or over the API, with its cost before and its result after."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from httpx2 import Response
from starlette.testclient import TestClient
from tests.gateway.api.test_api_corrections import ELSEWHERE, ORIGIN, signed_in
from tests.gateway.conftest import Bench, ask_from
from tests.gateway.rehearsals.conftest import HELD, NODE, Stage

from vigie_contract.commands import decode_do
from vigie_contract.rehearsal import most_bytes
from vigie_dashboard.notices import SessionView
from vigie_gateway.api.rehearsals import call_of, own_address
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.place.sessions import Agenda

ASKED = {"room": "salle", "down": "24", "up": "9"}
BODY = {"room": "salle", "download_bps": 24e6, "upload_bps": 9e6}


@pytest.fixture
def stage(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A node that can, and the part of the ingest thread that begins rehearsals, in turn with a test's own rounds."""
    turn, round_ = threading.Lock(), bench.pipeline._round

    def in_turn() -> None:
        with turn:
            round_()

    monkeypatch.setattr(bench.pipeline, "_round", in_turn)
    made = Stage(bench)
    bench.board.agenda = Agenda(until_ts=2e9)
    made.declare("salle")
    stop = threading.Event()

    def serve() -> None:
        while not stop.wait(0.005):
            with turn:
                bench.gateway.rehearsals.serve()

    thread = threading.Thread(target=serve)
    thread.start()
    yield made
    stop.set()
    thread.join()


@pytest.fixture
def organiser(stage: Stage, accounts: Accounts) -> TestClient:
    return signed_in(stage.bench, accounts, Role.ORGANISER)


def press(client: TestClient, **fields: str) -> Response:
    page = client.get("/rehearsals", params={"l": "en", **ASKED}).text
    csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
    return client.post(
        "/rehearsals?l=en", data={"csrf": csrf, **ASKED, **fields}, headers=ORIGIN, follow_redirects=False
    )


def test_the_cost_stands_beside_the_button_and_the_result_on_the_page(stage: Stage, organiser: TestClient) -> None:
    page = organiser.get("/rehearsals", params={"l": "en", **ASKED}).text
    assert "It costs 18 MB and 5 s where the line holds, never more than 62 MB and 15 s." in page
    answer = press(organiser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/rehearsals?l=en&shown=1#rehearsal")
    page = organiser.get("/rehearsals?l=en&shown=1").text
    assert 'value="0.0" data-rehearsal="/api/v1/rehearsals/1"' in page
    assert "Rehearse now" not in page
    (begun,) = stage.bench.store.rehearsals.newest(9)
    stage.answer(begun.command, "running", 0.4)
    assert 'value="0.4"' in organiser.get("/rehearsals?l=en").text
    stage.finish(begun)
    page = organiser.get("/rehearsals?l=en&shown=1").text
    for text in (
        "The line does not hold it.",
        "Download: 31 Mb/s held.",
        "Upload: 7.1 Mb/s, short by 21%.",
        "Delay meanwhile 84 ms, 131 ms one time in twenty: a call would stay fluid.",
        "It cost 21 MB and took 5.6 s, against hub.example.org:8377.",
    ):
        assert text in page
    assert "un appel resterait fluide" in organiser.get("/rehearsals?l=fr&shown=1").text
    assert "Last tried against hub.example.org:8377." in organiser.get("/rehearsals", params={"l": "en", **ASKED}).text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"down": "much"}, 422, "Type a number of Mb/s above 0."),
        ({"down": "0", "up": "0"}, 422, "Type a number of Mb/s above 0."),
        ({"up": "-1"}, 422, "Type a number of Mb/s above 0."),
        ({"down": "nan"}, 422, "Type a number of Mb/s above 0."),
        ({"room": "attic"}, 422, "There is no such room any more."),
        ({"room": "cafe"}, 409, "No node on the access point of this room can rehearse."),
    ],
)
def test_a_wrong_form_sends_nothing_and_keeps_what_was_typed(
    stage: Stage, organiser: TestClient, fields: dict[str, str], status: int, said: str
) -> None:
    answer = press(organiser, **fields)
    assert (answer.status_code, said in answer.text) == (status, True)
    for name, value in (ASKED | fields).items():
        assert name == "room" or f'name="{name}" inputmode="decimal" value="{value}"' in answer.text
    assert stage.bench.bus.commands == []


def test_a_decimal_comma_is_a_number(stage: Stage, organiser: TestClient) -> None:
    assert press(organiser, down="2,5", up="0").status_code == 303
    assert decode_do(stage.bench.bus.commands[0][1]).download_bps == 2.5e6


def test_a_session_that_is_on_has_to_be_overruled_by_name(stage: Stage, organiser: TestClient) -> None:
    now_ts = stage.bench.clock.now
    session = SessionView("cafe", "Yoga", now_ts - 60, now_ts + 60, is_all_day=False)
    stage.bench.board.agenda = Agenda((session,), until_ts=2e9)
    answer = press(organiser)
    assert (answer.status_code, stage.bench.bus.commands) == (409, [])
    assert "A session is on and shares the line. Nothing was sent." in answer.text
    assert re.search(
        r'name="force" value="1" required>\s*A session is on in [^.]+\. Rehearse all the same', answer.text
    )
    assert press(organiser, force="1").status_code == 303
    stage.finish(stage.bench.store.rehearsals.newest(1)[0])
    assert "although a session may have been on" in organiser.get("/rehearsals?l=en&shown=1").text


@pytest.mark.parametrize(
    ("state", "fields", "said"),
    [
        ("refused", {"reason": "power-save"}, "its radio saves power"),
        ("refused", {"reason": "budget", "detail": "1000 MB are spent"}, "The node says: 1000 MB are spent"),
        ("finished", {"result": replace(HELD, upload="headroom", loaded_ms=None)}, "could not be measured"),
        ("finished", {"result": replace(HELD, far_end="192.168.1.9:8377")}, "not the line beyond"),
        ("finished", {"result": replace(HELD, download="unknown", upload="unknown")}, "ended before anything"),
    ],
)
def test_what_came_of_it_is_told_in_words(
    stage: Stage, organiser: TestClient, state: str, fields: dict[str, Any], said: str
) -> None:
    press(organiser)
    stage.answer(stage.bench.store.rehearsals.newest(1)[0].command, state, 1.0, **fields)
    assert said in organiser.get("/rehearsals?l=en&shown=1").text


def test_a_node_that_dies_on_the_way_is_told_as_not_known(stage: Stage, organiser: TestClient) -> None:
    press(organiser)
    stage.leave()
    assert "The node does not answer: what it found is not known." in organiser.get("/rehearsals?l=en&shown=1").text


def test_where_no_node_can_the_page_says_how_to_have_one(bench: Bench, accounts: Accounts) -> None:
    page = signed_in(bench, accounts, Role.ADMIN).get("/rehearsals?l=en").text
    assert "No node of this place can rehearse yet" in page


@pytest.mark.parametrize("csrf", ["", "x"])
def test_a_form_of_another_session_sends_nothing(stage: Stage, organiser: TestClient, csrf: str) -> None:
    assert press(organiser, csrf=csrf).status_code == 403
    assert stage.bench.bus.commands == []


def test_this_machine_has_the_button_without_signing_in(stage: Stage, client: TestClient) -> None:
    assert press(client).status_code == 303
    assert "this machine" in client.get("/rehearsals?l=en&shown=1").text


def program(stage: Stage, scope: str) -> TestClient:
    accounts, now_ts = stage.bench.gateway.access.accounts, stage.bench.clock.now_ts()
    secret = accounts.add_token("program", scope, now_ts + 3_600, "test", now_ts)
    client = ask_from(stage.bench, ELSEWHERE)
    client.headers["authorization"] = f"Bearer {secret}"
    return client


def test_a_program_begins_one_and_follows_it_to_its_result(stage: Stage) -> None:
    client = program(stage, "correct")
    answer = client.post("/api/v1/rehearsals", json=BODY)
    assert (answer.status_code, answer.headers["location"]) == (202, "/api/v1/rehearsals/1")
    begun = answer.json()
    assert (begun["state"], begun["node"], begun["author"]) == ("asked", NODE, "token program")
    assert begun["most_bytes"] == most_bytes(24e6, 9e6) > begun["usual_bytes"] > 0
    assert client.post("/api/v1/rehearsals", json=BODY).json()["reason"] == "busy"
    stage.finish(stage.bench.store.rehearsals.newest(1)[0])
    told = client.get(answer.headers["location"]).json()
    assert (told["state"], told["call"], told["is_under_way"]) == ("finished", "fluid", False)
    assert told["result"]["upload"] == "short"
    assert client.get("/api/v1/rehearsals").json() == [told]
    assert client.get("/api/v1/rehearsals/2").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({**BODY, "download_bps": -1}, 422),
        ({**BODY, "download_bps": "24"}, 422),
        ({**BODY, "download_bps": 0, "upload_bps": 0}, 422),
        ({**BODY, "room": "attic"}, 422),
        ({**BODY, "force": 1}, 422),
        ({**BODY, "host": "example.org"}, 422),
        ({**BODY, "room": "cafe"}, 409),
    ],
)
def test_a_wrong_body_sends_nothing(stage: Stage, body: dict[str, object], status: int) -> None:
    assert program(stage, "admin").post("/api/v1/rehearsals", json=body).status_code == status
    assert stage.bench.bus.commands == []


def test_who_may_only_read_begins_none(stage: Stage, organiser: TestClient) -> None:
    assert program(stage, "read").post("/api/v1/rehearsals", json=BODY).status_code == 403
    assert organiser.post("/api/v1/rehearsals", json=BODY, headers=ORIGIN).status_code == 403
    assert stage.bench.bus.commands == []


def test_a_bytes_limit_of_a_program_is_the_nodes(stage: Stage) -> None:
    assert (
        program(stage, "correct").post("/api/v1/rehearsals", json={**BODY, "most_bytes": 1_000_000}).status_code == 202
    )
    assert decode_do(stage.bench.bus.commands[0][1]).most_bytes == 1_000_000


def test_a_rehearsal_on_the_line_counts_for_the_check_of_its_room(stage: Stage) -> None:
    client = program(stage, "correct")
    client.post("/api/v1/rehearsals", json=BODY)
    stage.finish(stage.bench.store.rehearsals.newest(1)[0], replace(HELD, upload="headroom"))
    soon_ts = stage.bench.clock.now + 3_600
    held = stage.bench.gateway.rehearsals.evidence("salle", soon_ts, soon_ts + 7_200)
    assert held is not None
    assert (held.download_bps, held.is_download_all, held.is_upload_all) == (31.2e6, False, False)
    assert stage.bench.gateway.rehearsals.evidence("cafe", soon_ts, soon_ts + 7_200) is None


@pytest.mark.parametrize(
    ("ms", "expected"), [((20.0, 40.0), "fluid"), ((300.0, 900.0), "pages"), ((2_000.0, 9_000.0), "slow")]
)
def test_the_delay_meanwhile_is_told_by_what_a_call_would_be(ms: tuple[float, float], expected: str) -> None:
    assert call_of(replace(HELD, loaded_ms=ms[0], loaded_p95_ms=ms[1])) == expected
    assert call_of(None) is None


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example/check?x=1",
        "https://evil.example/check?x=1",
        "/check",
        "/board?x=1",
        "javascript:x",
        "/check?x=é",
    ],
)
def test_the_button_leads_back_to_a_check_and_nowhere_else(address: str) -> None:
    assert own_address("/check?room=salle&people=40") == "/check?room=salle&people=40"
    assert own_address(address) == ""


def test_the_page_of_a_session_has_it_rehearsed_and_counts_what_was_held(stage: Stage, organiser: TestClient) -> None:
    session = {"l": "en", "room": "salle", "people": "10", "activity": "web-write"}
    page = organiser.get("/check", params=session).text
    assert "10 Mb/s down and 2.5 Mb/s up. It costs" in page
    fields = dict(re.findall(r'<input type="hidden" name="(csrf|room|down|up|back)" value="([^"]*)"', page))
    fields = {name: html.unescape(value) for name, value in fields.items()}
    assert fields["back"].startswith("/check?l=en&room=salle&")
    answer = organiser.post("/rehearsals?l=en", data=fields, headers=ORIGIN, follow_redirects=False)
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where == f"{fields['back']}#rehearsal"
    under_way = organiser.get(where).text
    assert 'data-rehearsal="/api/v1/rehearsals/1"' in under_way
    assert "Rehearse now" not in under_way
    (begun,) = stage.bench.store.rehearsals.newest(9)
    stage.finish(begun)
    page = organiser.get(where).text
    assert "Download: 31 Mb/s held." in page
    assert "held in the rehearsal" in page


def test_the_page_of_a_session_offers_no_rehearsal_where_no_node_can(bench: Bench, accounts: Accounts) -> None:
    page = signed_in(bench, accounts, Role.ORGANISER).get("/check?l=en&room=salle&people=16&activity=web-write").text
    assert 'id="verdict"' in page
    assert "Rehearse now" not in page
