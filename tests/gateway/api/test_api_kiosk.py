"""The board on a wall, over HTTP."""

from __future__ import annotations

import re

from httpx2 import Response
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.access import COOKIE, KIOSK_COOKIE
from vigie_gateway.auth.kiosks import typed_code

ELSEWHERE = "192.168.1.20"
HTML = {"accept": "text/html"}
SECOND = "http://vigie2.lan:8080"


def test_a_kiosk_has_no_link_and_may_ask_nobody_else(client: TestClient) -> None:
    answer = client.get("/kiosk?l=fr", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert "<a " not in answer.text
    assert "connect-src 'self';" in answer.headers["content-security-policy"]


def test_a_kiosk_may_ask_the_second_address_of_the_place(bench: Bench, client: TestClient) -> None:
    object.__setattr__(bench.board.site, "second_address", f"{SECOND}/")
    policy = client.get("/kiosk", headers={"accept": "text/html"}).headers["content-security-policy"]
    assert f"connect-src 'self' {SECOND};" in policy
    assert "script-src 'self';" in policy


def test_anybody_may_ask_whether_a_gateway_is_alive_and_nobody_a_kiosk_without_a_role(bench: Bench) -> None:
    with ask_from(bench, "192.0.2.7") as stranger:
        alive = stranger.get("/kiosk/alive")
        assert (alive.status_code, alive.content) == (204, b"")
        assert alive.headers["cross-origin-resource-policy"] == "cross-origin"
        sent = stranger.get("/kiosk?l=en", headers={"accept": "text/html"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/kiosk/wait?l=en")


def screen(bench: Bench, scheme: str = "https") -> TestClient:
    """A browser elsewhere, as it is switched on."""
    return ask_from(bench, ELSEWHERE, scheme=scheme)


def code_on(client: TestClient) -> str:
    """What the screen shows."""
    found = re.search(r"<code>([A-Z2-9-]+)</code>", client.get("/kiosk/wait?l=en", headers=HTML).text)
    assert found is not None
    return found[1]


def state_of(client: TestClient) -> str:
    """What it is told when it asks."""
    return str(client.post("/kiosk/wait").json()["state"])


def accept(bench: Bench, shown: str, name: str = "hall") -> None:
    code = typed_code(shown)
    assert code is not None
    bench.gateway.access.accounts.accept_kiosk(name, code, "test", bench.clock.now_ts())


def test_a_screen_is_let_in_by_its_code_sees_the_board_and_nothing_else(bench: Bench) -> None:
    client = screen(bench)
    shown = code_on(client)
    assert code_on(client) == shown
    assert state_of(client) == "waiting"
    accept(bench, f" {shown.lower().replace('-', ' ')}")
    assert state_of(client) == "in"
    board = client.get("/kiosk?l=fr", headers=HTML)
    assert board.status_code == 200
    assert 'data-events="/events?l=fr"' in board.text
    kept = board.headers["set-cookie"]
    assert "HttpOnly" in kept
    assert "Secure" in kept
    assert "SameSite=lax" in kept
    for path in ("/board", "/history", "/rooms/atelier", "/healthz", "/metrics", "/api/v1/rooms", "/account", "/users"):
        assert client.get(path, headers=HTML).status_code == 403, path


def test_a_code_lets_in_one_screen_once_and_is_no_secret_itself(bench: Bench) -> None:
    client, other = screen(bench), screen(bench)
    shown = code_on(client)
    assert code_on(other) != shown
    accept(bench, shown)
    assert state_of(other) == "waiting"
    assert state_of(client) == "in"
    assert state_of(other) == "waiting"
    guess = screen(bench)
    guess.cookies.set(KIOSK_COOKIE, shown.replace("-", ""))
    assert guess.get("/kiosk", headers=HTML).status_code == 303
    assert state_of(guess) == "unknown"


def test_a_code_that_nobody_took_within_ten_minutes_lets_nobody_in_and_frees_its_name(bench: Bench) -> None:
    client = screen(bench)
    accept(bench, code_on(client))
    bench.clock.pass_time(601)
    assert state_of(client) == "waiting"
    accept(bench, code_on(client))
    assert state_of(client) == "in"


def test_a_screen_that_is_revoked_is_nobody_and_waits_again(bench: Bench) -> None:
    client = screen(bench)
    accept(bench, code_on(client))
    assert state_of(client) == "in"
    bench.gateway.access.accounts.remove_token("hall", "test", bench.clock.now_ts())
    assert client.get("/kiosk", headers=HTML).status_code == 303
    assert client.get("/events").status_code == 401
    assert state_of(client) == "unknown"
    assert len(code_on(client)) == 9


def test_a_screen_in_use_stays_in_and_one_that_is_put_away_for_half_a_year_does_not(bench: Bench) -> None:
    client = screen(bench)
    accept(bench, code_on(client))
    state_of(client)
    for _ in range(4):
        bench.clock.pass_time(170 * 86_400)
        assert client.get("/kiosk", headers=HTML).status_code == 200
    bench.clock.pass_time(181 * 86_400)
    assert client.get("/kiosk", headers=HTML).status_code == 303


def test_where_its_cookie_could_be_read_on_the_way_a_screen_gets_no_code(bench: Bench) -> None:
    answer = screen(bench, "http").get("/kiosk/wait?l=en", headers=HTML)
    assert "cannot be let in" in answer.text
    assert "set-cookie" not in answer.headers


def test_a_screens_secret_is_no_token_of_a_program(bench: Bench) -> None:
    client = screen(bench)
    accept(bench, code_on(client))
    state_of(client)
    secret = client.cookies[KIOSK_COOKIE]
    program = ask_from(bench, ELSEWHERE)
    assert program.get("/events", headers={"authorization": f"Bearer {secret}"}).status_code == 401


def test_an_administrator_lets_a_screen_in_and_a_mistyped_code_is_said_with_nothing_lost(bench: Bench) -> None:
    accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
    accounts._database.execute("INSERT INTO user VALUES ('sam', 'admin', 'x', ?, ?)", (now_ts, now_ts))
    admin, client = screen(bench), screen(bench)
    admin.cookies.set(COOKIE, accounts.open_session("sam", now_ts))
    csrf = re.findall(r'name="csrf" value="([^"]+)"', admin.get("/users").text)[0]

    def submit(code: str) -> Response:
        form = {"csrf": csrf, "do": "accept-kiosk", "name": "hall", "code": code}
        return admin.post("/users?l=en", data=form, headers={"origin": "https://testserver"})

    shown = code_on(client)
    for wrong in ("", "ABCD", "IIII-0000", "AAAA-AAAA"):
        answer = submit(wrong)
        assert answer.status_code == 422
        assert "No screen shows this code" in answer.text
        assert f'value="{wrong}"' in answer.text
        assert 'value="hall"' in answer.text
    assert submit(shown).status_code == 303
    assert state_of(client) == "in"
    assert "shows the board on a wall" in admin.get("/users?l=en").text
