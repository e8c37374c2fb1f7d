"""Signing in and out, as a browser does it: cookies, forms of the right session, and no hint for whoever guesses."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from httpx2 import Response
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.api import sign_in as api_sign_in
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import Role

ELSEWHERE = "192.168.1.20"
PASSWORD = "eight rooms, one lamp"
FORM = {"origin": "https://testserver"}


@pytest.fixture
def browser(bench: Bench) -> TestClient:
    """Elsewhere, over TLS; there is an account ``lou`` of the front desk."""
    bench.gateway.access.accounts.add_user("lou", Role.CONCIERGE, PASSWORD, "test", bench.clock.now_ts())
    return ask_from(bench, ELSEWHERE, scheme="https")


def sign_in(browser: TestClient, password: str = PASSWORD, name: str = "lou", **headers: str) -> Response:
    return browser.post("/sign-in", data={"name": name, "password": password}, headers=FORM | headers)


def csrf(browser: TestClient) -> str:
    """Of the account page's forms."""
    return str(re.findall(r'name="csrf" value="([^"]+)"', browser.get("/account").text)[0])


def test_the_right_password_leads_to_the_board_with_a_cookie_that_no_script_reads(browser: TestClient) -> None:
    answer = sign_in(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"))
    assert "Domain" not in cookie
    assert browser.get("/board").status_code == 200
    assert "lou" in browser.get("/account").text


def test_a_name_is_taken_as_people_type_it(browser: TestClient) -> None:
    assert sign_in(browser, name=" Lou ").status_code == 303


def test_a_wrong_password_and_an_unknown_name_are_told_alike_and_the_name_is_kept(browser: TestClient) -> None:
    wrong = sign_in(browser, "not the password")
    nobody = sign_in(browser, "not the password", "sam")
    assert wrong.status_code == nobody.status_code == 403
    assert wrong.text.replace("lou", "…") == nobody.text.replace("sam", "…")
    assert 'value="lou"' in wrong.text
    assert "set-cookie" not in wrong.headers


def test_who_guesses_waits_and_others_do_not(
    bench: Bench, browser: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine the wait of a second would be over before the next try.
    monkeypatch.setattr(api_sign_in, "time", SimpleNamespace(monotonic=lambda: 100.0))
    for _ in range(3):
        assert sign_in(browser, "guess").status_code == 403
    answer = sign_in(browser)
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    other = ask_from(bench, "192.168.1.21", scheme="https")
    assert sign_in(other).status_code == 303


def test_signing_out_ends_the_session_for_good(browser: TestClient) -> None:
    sign_in(browser)
    stolen = browser.cookies[COOKIE]
    assert browser.post("/sign-out", data={"csrf": csrf(browser)}, headers=FORM).status_code == 303
    browser.cookies.set(COOKIE, stolen)
    assert browser.get("/api/v1/rooms").status_code == 401


def test_a_new_sign_in_has_a_new_secret_and_ends_the_one_before(browser: TestClient) -> None:
    sign_in(browser)
    first = browser.cookies[COOKIE]
    sign_in(browser)
    second = browser.cookies[COOKIE]
    assert first != second
    browser.cookies.clear()
    browser.cookies.set(COOKIE, first)
    assert browser.get("/api/v1/rooms").status_code == 401


def test_another_password_ends_every_session_of_the_account(bench: Bench, browser: TestClient) -> None:
    other = ask_from(bench, "192.168.1.21", scheme="https")
    sign_in(browser)
    sign_in(other)
    form = {"csrf": csrf(browser), "password": PASSWORD, "new": "nine rooms, two lamps"}
    assert browser.post("/account/password", data=form, headers=FORM).status_code == 303
    assert other.get("/api/v1/rooms").status_code == 401
    assert sign_in(browser).status_code == 403
    assert sign_in(browser, "nine rooms, two lamps").status_code == 303


@pytest.mark.parametrize(
    ("changes", "status"),
    [({"password": "wrong"}, 403), ({"new": "short"}, 422), ({"csrf": "of another"}, 403), ({"csrf": ""}, 403)],
)
def test_a_password_is_not_changed_by_a_wrong_form(browser: TestClient, changes: dict[str, str], status: int) -> None:
    sign_in(browser)
    form = {"csrf": csrf(browser), "password": PASSWORD, "new": "nine rooms, two lamps"} | changes
    assert browser.post("/account/password", data=form, headers=FORM).status_code == status
    browser.cookies.clear()
    assert sign_in(browser).status_code == 303


@pytest.mark.parametrize("headers", [{"origin": "https://evil.example"}, {"origin": "null"}])
def test_a_form_on_a_page_elsewhere_does_nothing(browser: TestClient, headers: dict[str, str]) -> None:
    assert sign_in(browser, **headers).status_code == 403
    sign_in(browser)
    form = {"csrf": csrf(browser)}
    assert browser.post("/sign-out", data=form, headers=headers).status_code == 403
    del headers["origin"]
    headers["sec-fetch-site"] = "cross-site"
    assert browser.post("/sign-out", data=form, headers=headers).status_code == 403
    assert browser.get("/api/v1/rooms").status_code == 200


def test_where_others_could_read_along_no_password_is_asked_for_nor_taken(bench: Bench, browser: TestClient) -> None:
    plain = ask_from(bench, ELSEWHERE)
    assert "<form" not in plain.get("/sign-in").text
    data = {"name": "lou", "password": PASSWORD}
    answer = plain.post("/sign-in", data=data, headers={"origin": "http://testserver"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_an_idle_session_ends_and_a_used_one_goes_on(bench: Bench, browser: TestClient) -> None:
    sign_in(browser)
    for _ in range(3):
        bench.clock.pass_time(11 * 3600)
        assert browser.get("/api/v1/rooms").status_code == 200
    bench.clock.pass_time(12 * 3600 + 1)
    assert browser.get("/api/v1/rooms").status_code == 401


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"name=" + b"a" * 5_000, "application/x-www-form-urlencoded", 413),
        (b"name=\xff", "application/x-www-form-urlencoded", 400),
        (b"name=%ff&password=%fe", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=1" for _ in range(50)), "application/x-www-form-urlencoded", 400),
        (b"{}", "application/json", 415),
    ],
)
def test_what_is_no_form_is_refused_and_nothing_breaks(
    browser: TestClient, body: bytes, kind: str, status: int
) -> None:
    assert browser.post("/sign-in", content=body, headers=FORM | {"content-type": kind}).status_code == status


def test_what_was_typed_as_a_name_is_text(browser: TestClient) -> None:
    page = sign_in(browser, "guess", '"><script>alert(1)</script>').text
    assert "<script>alert" not in page
