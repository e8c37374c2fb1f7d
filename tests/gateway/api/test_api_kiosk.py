"""The board on a wall, over HTTP."""

from __future__ import annotations

from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

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
        assert stranger.get("/kiosk", headers={"accept": "text/html"}).status_code in {303, 401, 403}
