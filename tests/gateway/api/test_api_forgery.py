"""A page elsewhere changes nothing through somebody's browser: every form of the application, from its own routes."""

from __future__ import annotations

import pytest
from tests.gateway.api.conftest import HOST, Served, Visitor
from tests.gateway.routes import roles_of

from vigie_gateway.auth.roles import Role

WITHOUT_SESSION = {"/sign-in", "/setup/start/{code}", "/kiosk/wait"}
"""Forms of those who are nobody yet: what they send (a password, a one-time code) is what a forger does not have."""
FOREIGN = (
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": f"https://{HOST}.evil.example"},
    {"origin": f"https://evil.example/{HOST}"},
    {"origin": f"https://{HOST}@evil.example"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
)
FORM = {"content-type": "application/x-www-form-urlencoded"}


def forms(served: Served) -> list[str]:
    """Every address that changes something, by its template."""
    unsafe = {(method, path) for method, path in roles_of(served.bench) if method not in {"GET", "HEAD"}}
    assert {method for method, _ in unsafe} == {"POST"}
    found = sorted(path for _, path in unsafe)
    assert len(found) >= 10
    return found


def filled(path: str) -> str:
    return path.replace("{code}", "x").replace("{room_id}", "atelier").replace("{name}", "x")


def state_of(served: Served) -> tuple[object, ...]:
    """What a form could have changed."""
    accounts = served.bench.gateway.access.accounts
    return accounts.users(), [token.name for token in accounts.tokens()], accounts.audit()


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_form_of_a_page_elsewhere_is_refused_on_every_route(served: Served, headers: dict[str, str]) -> None:
    admin = served.staff(Role.ADMIN)
    body = f"csrf={admin.csrf()}&do=remove&name=of-admin".encode()
    before = state_of(served)
    for path in forms(served):
        answer = admin.ask("POST", filled(path), body, FORM | headers)
        assert answer.status == 403, path
        assert "not on a page of Vigie" in answer.text, path
    assert state_of(served) == before


def answers(visitor: Visitor, served: Served, csrf: str | None) -> dict[str, int]:
    own = FORM | {"origin": f"https://{HOST}"}
    body = (b"" if csrf is None else f"csrf={csrf}&".encode()) + b"do=remove&name=of-admin&password=x&new=y"
    return {
        path: visitor.ask("POST", filled(path), body, own).status
        for path in forms(served)
        if path not in WITHOUT_SESSION
    }


def test_a_form_without_its_sessions_own_token_is_refused_on_every_route(served: Served) -> None:
    admin, other = served.staff(Role.ADMIN), served.staff(Role.ADMIN)
    before = state_of(served)
    for csrf in (None, "", "x", other.csrf()):
        found = answers(admin, served, csrf)
        assert set(found.values()) <= {403, 415}, (csrf, found)
    assert state_of(served) == before


def test_who_only_reads_changes_nothing_on_any_route(served: Served) -> None:
    accounts, now_ts = served.bench.gateway.access.accounts, served.bench.clock.now
    secret = accounts.add_token("reader", "read", now_ts + 3600, "test", now_ts)
    here = served.visitor()
    here.headers = {"host": f"127.0.0.1:{served.port}"}  # this machine, which reads without signing in
    before = state_of(served)
    for visitor in (served.visitor(), served.visitor(authorization=f"Bearer {secret}"), here):
        found = answers(visitor, served, "x")
        assert set(found.values()) <= {401, 403}, found
    assert state_of(served) == before


def test_the_forms_own_token_lets_the_form_through(served: Served) -> None:
    admin = served.staff(Role.ADMIN)
    served.staff(Role.ORGANISER)
    form = {"csrf": admin.csrf(), "do": "remove", "name": "of-organiser"}
    assert admin.post("/users", form).status == 303
    assert [account.name for account in served.bench.gateway.access.accounts.users()] == ["of-admin"]
