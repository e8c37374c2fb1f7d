"""Accounts and tokens in the browser: only an administrator changes them, and no form loses what was typed."""

from __future__ import annotations

import re

import pytest
from httpx2 import Response
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role

PASSWORD = "eight rooms, one lamp"
ORIGIN = {"origin": "https://testserver"}


@pytest.fixture
def admin(bench: Bench, accounts: Accounts) -> TestClient:
    """A browser in which the administrator has signed in."""
    accounts.add_user("sam", Role.ADMIN, PASSWORD, "test", bench.clock.now_ts())
    client = ask_from(bench, "192.168.1.20", scheme="https")
    client.cookies.set(COOKIE, accounts.open_session("sam", bench.clock.now_ts()))
    return client


def submit(client: TestClient, **fields: str) -> Response:
    csrf = re.findall(r'name="csrf" value="([^"]+)"', client.get("/users").text)[0]
    return client.post("/users?l=en", data={"csrf": csrf} | fields, headers=ORIGIN)


def test_an_account_is_made_changed_and_removed(admin: TestClient, accounts: Accounts) -> None:
    assert submit(admin, do="add", name=" Lou ", role="concierge", password=PASSWORD).status_code == 303
    assert submit(admin, do="role", name="lou", role="organiser").status_code == 303
    assert [(one.name, one.role) for one in accounts.users()] == [("lou", Role.ORGANISER), ("sam", Role.ADMIN)]
    assert submit(admin, do="password", name="lou", password=PASSWORD + "!").status_code == 303
    assert accounts.has_password("lou", PASSWORD + "!")
    assert submit(admin, do="remove", name="lou").status_code == 303
    assert "sam" in {who for _, who, _ in accounts.audit()}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"do": "add", "name": "L ou", "role": "concierge", "password": PASSWORD}, "1 to 32 characters"),
        ({"do": "add", "name": "sam", "role": "concierge", "password": PASSWORD}, "That name is taken."),
        ({"do": "add", "name": "lou", "role": "king", "password": PASSWORD}, "Choose a role"),
        ({"do": "add", "name": "lou", "role": "concierge", "password": "short"}, "12 to 256 characters"),
        ({"do": "role", "name": "sam", "role": "concierge"}, "last administrator"),
        ({"do": "remove", "name": "sam"}, "last administrator"),
        ({"do": "remove", "name": "nobody"}, "not there any more"),
        ({"do": "add-token", "name": "grafana", "scope": "read", "days": "0"}, "1 to 3650 days"),
        ({"do": "add-token", "name": "grafana", "scope": "read", "days": "\u0663"}, "1 to 3650 days"),
        ({"do": "add-token", "name": "grafana", "scope": "read", "days": "0000019999"}, "1 to 3650 days"),
        ({"do": "add-token", "name": "grafana", "scope": "read", "days": "000001" + "9" * 400}, "1 to 3650 days"),
        ({"do": "add-token", "name": "grafana", "scope": "all", "days": "9"}, "what the token may do"),
        ({"do": "nothing"}, "not there any more"),
    ],
)
def test_a_wrong_form_says_what_was_expected_and_keeps_the_name(
    admin: TestClient, accounts: Accounts, fields: dict[str, str], said: str
) -> None:
    answer = submit(admin, **fields)
    assert answer.status_code == 422
    assert said in answer.text
    if fields["do"] == "add":
        assert f'value="{fields["name"]}"' in answer.text
    assert PASSWORD not in answer.text
    assert [one.name for one in accounts.users()] == ["sam"]


def test_a_tokens_secret_is_shown_once_and_works(bench: Bench, admin: TestClient) -> None:
    page = submit(admin, do="add-token", name="grafana", scope="read", days="30")
    secret = re.findall(r"vigie_[0-9a-f]{40}", page.text)[0]
    outside = ask_from(bench, "192.168.1.21")
    headers = {"authorization": f"Bearer {secret}"}
    assert outside.get("/api/v1/rooms", headers=headers).status_code == 200
    assert secret not in admin.get("/users").text
    assert submit(admin, do="remove-token", name="grafana").status_code == 303
    assert outside.get("/api/v1/rooms", headers=headers).status_code == 401


def test_without_the_sessions_form_token_nothing_is_changed(admin: TestClient, accounts: Accounts) -> None:
    form = {"do": "add", "name": "lou", "role": "admin", "password": PASSWORD}
    assert admin.post("/users", data=form | {"csrf": "guess"}, headers=ORIGIN).status_code == 403
    assert admin.post("/users", data=form, headers=ORIGIN).status_code == 403
    assert [one.name for one in accounts.users()] == ["sam"]


def test_a_token_of_scope_admin_may_change_accounts_and_one_that_reads_may_not(
    bench: Bench, accounts: Accounts
) -> None:
    now_ts = bench.clock.now_ts()
    form = {"do": "add", "name": "lou", "role": "concierge", "password": PASSWORD}
    for scope, status in (("read", 403), ("admin", 303)):
        secret = accounts.add_token(f"t-{scope}", scope, now_ts + 60, "test", now_ts)
        client = ask_from(bench, "192.168.1.21")
        answer = client.post("/users", data=form, headers={"authorization": f"Bearer {secret}"})
        assert answer.status_code == status
