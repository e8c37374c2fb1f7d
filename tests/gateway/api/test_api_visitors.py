"""The public page, as browsers and programs meet it."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re

import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from
from tests.gateway.place.test_place_visitors import crowds, place, taken
from tests.gateway.routes import addressed, roles_of

from vigie_dashboard.view import RoomView
from vigie_gateway.api.visitors import poster_view
from vigie_gateway.auth.roles import Role
from vigie_gateway.place import told
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Visitors
from vigie_gateway.place.visitors import visitors_view

BROWSER = {"accept": "text/html", "accept-language": "fr-FR,fr;q=0.9"}
MOST_BYTES = 3_000


def test_the_public_page_is_one_request_of_at_most_3_kb(client: TestClient) -> None:
    answer = client.get("/", headers=BROWSER | {"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    head = sum(len(name) + len(value) + 4 for name, value in answer.headers.raw)
    assert len(gzip.compress(answer.content, 5)) + head <= MOST_BYTES
    assert not re.findall(r"<(?:script|img|link rel=.stylesheet)", answer.text)


def test_its_policy_allows_the_style_inside_it_and_no_script(client: TestClient) -> None:
    answer = client.get("/", headers=BROWSER)
    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = answer.headers.get_list("content-security-policy")
    assert len(policies) == 1
    assert f"style-src 'sha256-{digest}';" in policies[0]
    assert " style=" not in answer.text


def test_a_page_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/", headers=BROWSER)
    assert first.headers["cache-control"] == "public, max-age=15"
    again = client.get("/", headers=BROWSER | {"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get("/?l=en", headers=BROWSER).headers["etag"] != first.headers["etag"]


def test_the_json_tells_what_the_page_tells(bench: Bench, client: TestClient) -> None:
    told = client.get("/api/v1/public").json()
    view = visitors_view(bench.gateway.board_view(), bench.gateway.site)
    assert [room["id"] for room in told["rooms"]] == [room.id for room in view.rooms]
    assert told["wifi_name"] == "Semaphore-Invites"
    assert told["measured_ts"] is None
    assert all(room["free"] is None for room in told["rooms"])


@pytest.mark.parametrize("path", ["/", "/accessibilite", "/api/v1/public"])
@pytest.mark.parametrize("address", ["192.168.1.20", "2001:db8::5"])
def test_anybody_may_see_what_is_public(bench: Bench, path: str, address: str) -> None:
    assert ask_from(bench, address).get(path, headers=BROWSER).status_code == 200


def test_an_asset_of_a_public_page_may_be_had(bench: Bench) -> None:
    outside = ask_from(bench, "192.168.1.20")
    page = outside.get("/accessibilite", headers=BROWSER).text
    name = page.split("/static/", 1)[1].split('"', 1)[0]
    assert outside.get(f"/static/{name}").status_code == 200
    assert outside.get("/static/../board").status_code in {401, 403, 404}


def test_it_may_be_asked_under_any_address_and_under_no_unknown_name(client: TestClient) -> None:
    for host, status in (("192.168.1.10:8080", 200), ("[2001:db8::1]:8080", 200), ("rebound.example", 421)):
        assert client.get("/", headers=BROWSER | {"host": host}).status_code == status, host


@pytest.mark.parametrize(
    ("asked_under", "printed"),
    [
        ("http://192.168.1.10:8080/", "http://192.168.1.10:8080/"),
        ("https://vigie.local/", "https://vigie.local/"),
        ("http://127.0.0.1:8080/", None),
        ("http://[::1]:8080/", None),
        ("http://localhost:8080/", None),
    ],
)
def test_the_sheet_prints_what_it_is_asked_under_unless_only_this_machine_can_follow(
    bench: Bench, asked_under: str, printed: str | None
) -> None:
    site = bench.gateway.site.model_copy(update={"visitors": Visitors()})
    assert poster_view(site, asked_under).address == printed


def test_anybody_gets_the_sheet_of_the_place_and_is_sent_there_from_the_page(bench: Bench) -> None:
    outside = ask_from(bench, "192.168.1.20")
    assert 'href="/poster?l=en"' in outside.get("/?l=en").text
    assert "<bdi>http://vigie.local:8080/</bdi>" in outside.get("/poster?l=en").text


def test_the_site_file_s_own_address_is_the_one_printed(bench: Bench) -> None:
    told = Visitors(address="http://vigie.local:8080/", wifi_name="Invites", wifi_password="ouvert a tous")
    site = bench.gateway.site.model_copy(update={"visitors": told})
    view = poster_view(site, "http://127.0.0.1:8080/")
    assert (view.address, view.wifi_password, view.can_join) == ("http://vigie.local:8080/", "ouvert a tous", True)


@pytest.fixture
def anybody(bench: Bench) -> TestClient:
    """Elsewhere; one for all examples of a test: building the application takes longer than asking it."""
    return ask_from(bench, "192.168.1.20")


OF_THEIR_OWN = {"/kiosk/wait", "/setup/start/{code}"}
"""They tell of a code that is another each time, or of how many were tried."""


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(crowds())
def test_no_byte_that_anybody_may_read_depends_on_the_size_of_a_small_group(
    bench: Bench, anybody: TestClient, pair: tuple[list[RoomView], list[RoomView]]
) -> None:
    public = {path for (_, path), roles in roles_of(bench).items() if Role.PUBLIC in roles}
    open_paths = sorted(public - OF_THEIR_OWN)
    assert {"/", "/api/v1/public"} <= set(open_paths)
    found = []
    for rooms in pair:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Board, "view", lambda *_: place(*rooms))  # noqa: B023 - asked within the loop
            patch.setattr(told, "STEP_S", 0.0)  # or the second crowd would be told of as the first
            asked = [anybody.get(addressed(path), headers=BROWSER | {"accept-encoding": ""}) for path in open_paths]
            found.append([(one.status_code, one.headers.raw, one.content) for one in asked])
    assert found[0] == found[1]


def test_the_page_and_its_json_tell_of_the_same_step(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    client = ask_from(bench, "192.168.1.20")
    for people, expected in ((9, 7), (10, 7), (12, 7)):
        monkeypatch.setattr(Board, "view", lambda *_, people=people: place(taken("hall", 16, people, 0, 6)))
        assert "7 seats free" in client.get("/?l=en").text
        assert client.get("/api/v1/public").json()["rooms"][0]["free"]["count"] == expected
