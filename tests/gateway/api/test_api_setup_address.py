"""The one-time address: it makes the first administrator, once, in its time, and says clearly why not otherwise."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.api.context import Gateway
from vigie_gateway.auth.roles import Role
from vigie_gateway.setup.address import HOLDS_S, SetupAddress

PASSWORD = "a long enough password"
FORM = {"name": "ada", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def browser(bench: Bench) -> TestClient:
    """Elsewhere, over TLS, with nobody signed in."""
    return ask_from(bench, "192.168.1.20", scheme="https")


def path_of(bench: Bench) -> str:
    return f"/setup/start/{bench.gateway.setup.address.issue()}"


def roles(gateway: Gateway) -> dict[str, Role]:
    return {account.name: account.role for account in gateway.access.accounts.users()}


def test_it_makes_the_first_administrator_and_signs_in(bench: Bench, browser: TestClient) -> None:
    path = path_of(bench)
    assert browser.get(path).status_code == 200
    answer = browser.post(path, data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/setup")
    assert roles(bench.gateway) == {"ada": Role.ADMIN}
    assert browser.get("/setup").status_code == 200


def test_the_page_after_it_keeps_the_language_and_the_theme_that_were_asked_for(
    bench: Bench, browser: TestClient
) -> None:
    answer = browser.post(path_of(bench), params={"l": "fr", "theme": "dark", "next": "//else.example"}, data=FORM)
    assert answer.headers["location"] == "/setup?l=fr&theme=dark"


def test_it_works_once(bench: Bench, browser: TestClient) -> None:
    path = path_of(bench)
    browser.post(path, data=FORM)
    again = browser.post(path, params={"l": "en"}, data={**FORM, "name": "eve"})
    assert again.status_code == 410
    assert "This set-up address was used" in again.text
    assert set(roles(bench.gateway)) == {"ada"}


def test_looking_at_it_does_not_use_it_up(bench: Bench, browser: TestClient) -> None:
    path = path_of(bench)
    assert [browser.get(path).status_code for _ in range(5)] == [200] * 5


def test_a_later_address_ends_the_one_before(bench: Bench, browser: TestClient) -> None:
    first, second = path_of(bench), path_of(bench)
    assert "a later one was made" in browser.get(first, params={"l": "en"}).text
    assert browser.get(second).status_code == 200


def test_it_ends_with_its_half_hour_and_with_its_boot(bench: Bench) -> None:
    age_s, boot = [0.0], ["one"]
    folder, accounts = bench.store.file.path.parent, bench.gateway.access.accounts
    address = SetupAddress(folder, accounts, boot=lambda: boot[0], monotonic=lambda: age_s[0])
    code = address.issue()
    age_s[0] = HOLDS_S
    assert address.standing(code) == "valid"
    age_s[0] = HOLDS_S + 1
    assert address.standing(code) == "expired"
    age_s[0], boot[0] = 1.0, "another"
    assert address.standing(code) == "expired"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Ada Lovelace"}, "A name has 1 to 32 characters"),
        ({"password": "short", "again": "short"}, "A password has 12 to 256 characters"),
        ({"again": "another long password"}, "The two passwords differ"),
    ],
)
def test_a_wrong_entry_is_told_and_the_address_stays(
    bench: Bench, browser: TestClient, wrong: dict[str, str], said: str
) -> None:
    path = path_of(bench)
    answer = browser.post(path, params={"l": "en"}, data=FORM | wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{(FORM | wrong)["name"].lower()}"' in answer.text
    assert roles(bench.gateway) == {}
    assert browser.post(path, data=FORM).status_code == 303


def test_guessing_has_to_wait_soon(bench: Bench, browser: TestClient) -> None:
    path_of(bench)
    assert [browser.get("/setup/start/aaaa-bbbb").status_code for _ in range(4)] == [404, 404, 404, 429]


def test_no_password_is_asked_for_where_it_could_be_read(bench: Bench) -> None:
    path = path_of(bench)
    plain = ask_from(bench, "192.168.1.20")
    page = plain.get(path, params={"l": "en"})
    assert page.status_code == 403
    assert 'name="password"' not in page.text
    assert plain.post(path, data=FORM).status_code == 403
    assert ask_from(bench, "127.0.0.1").post(path, data=FORM).status_code == 303


def test_what_is_kept_of_it_opens_nothing(bench: Bench) -> None:
    code = bench.gateway.setup.address.issue()
    kept = next(bench.store.file.path.parent.glob("setup-address"))
    assert code.replace("-", "") not in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0


def test_one_address_used_twice_at_once_makes_one_administrator(bench: Bench, browser: TestClient) -> None:
    address = bench.gateway.setup.address
    code, now_ts = address.issue(), bench.clock.now_ts()
    assert address.use(code, "ada", PASSWORD, now_ts) == "valid"
    assert address.use(code, "eve", PASSWORD, now_ts) == "over"


def test_who_comes_to_sign_in_before_anybody_is_told_where_to_begin(bench: Bench, browser: TestClient) -> None:
    told = "vigie-gateway setup-address"
    assert told in browser.get("/setup", headers={"accept": "text/html"}, follow_redirects=True).text
    browser.post(path_of(bench), data=FORM)
    browser.cookies.clear()
    assert told not in browser.get("/sign-in").text
