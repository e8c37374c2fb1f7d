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
    return path.replace("{code}", "x").replace("{room_id}", "atelier").replace("{name}", "x").replace("{number}", "1")


def state_of(served: Served) -> tuple[object, ...]:
    """What a form could have changed."""
    accounts = served.bench.gateway.access.accounts
    said = served.bench.store.corrections.newest(10)
    return accounts.users(), [token.name for token in accounts.tokens()], accounts.audit(), said


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


FOR_PROGRAMS = {
    "/api/v1/corrections": b'{"kind": "people", "subject": "atelier", "value": 3}',
    "/api/v1/rehearsals": b'{"download_bps": 1e6, "upload_bps": 1e6}',
    "/api/v1/alerts/{number}/acknowledge": b"{}",
    "/api/v1/alerts/{number}/release": b"",
    "/api/v1/alerts/{number}/note": b'{"note": "x"}',
    "/api/v1/alerts/{number}/silence": b'{"reason": "x"}',
    "/api/v1/alerts/{number}/unsilence": b"",
}
"""What takes JSON, with something that it takes (nothing where it takes none); browsers have forms instead."""


QUESTIONS = {"/api/v1/check"}
"""Asked with a body, and changing nothing: who may read may ask. A page elsewhere may not, as with every other."""


def answers(visitor: Visitor, served: Served, csrf: str | None) -> dict[str, int]:
    own = {"origin": f"https://{HOST}"}
    form = (b"" if csrf is None else f"csrf={csrf}&".encode()) + b"do=remove&name=of-admin&password=x&new=y"
    found = {}
    for path in forms(served):
        if path in FOR_PROGRAMS:
            headers = own | {"content-type": "application/json"}
            found[path] = visitor.ask("POST", filled(path), FOR_PROGRAMS[path], headers).status
        elif path not in WITHOUT_SESSION | QUESTIONS:
            found[path] = visitor.ask("POST", filled(path), form, own | FORM).status
    return found


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
    before = state_of(served)
    for visitor in (served.visitor(), served.visitor(authorization=f"Bearer {secret}")):
        found = answers(visitor, served, "x")
        assert set(found.values()) <= {401, 403}, found
    assert state_of(served) == before


def test_this_machine_without_a_session_corrects_counts_and_changes_nothing_else(served: Served) -> None:
    here = served.visitor()
    here.headers = {"host": f"127.0.0.1:{served.port}"}
    before = state_of(served)[:-1]
    found = answers(here, served, "x")
    assert {path for path, status in found.items() if status not in {401, 403}} <= set(FOR_PROGRAMS), found
    assert state_of(served)[:-1] == before


@pytest.mark.parametrize("headers", [{"content-length": "99999999"}, {"transfer-encoding": "chunked"}], ids=str)
def test_a_programs_body_is_bounded_before_it_is_read(served: Served, headers: dict[str, str]) -> None:
    accounts, now_ts = served.bench.gateway.access.accounts, served.bench.clock.now
    secret = accounts.add_token("writer", "admin", now_ts + 3600, "test", now_ts)
    program = served.visitor(authorization=f"Bearer {secret}")
    for path in (path for path, body in FOR_PROGRAMS.items() if body):
        assert program.ask("POST", filled(path), None, {"content-type": "application/json"} | headers).status == 413


def test_the_forms_own_token_lets_the_form_through(served: Served) -> None:
    admin = served.staff(Role.ADMIN)
    served.staff(Role.ORGANISER)
    form = {"csrf": admin.csrf(), "do": "remove", "name": "of-organiser"}
    assert admin.post("/users", form).status == 303
    assert [account.name for account in served.bench.gateway.access.accounts.users()] == ["of-admin"]
