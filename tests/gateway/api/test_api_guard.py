"""Who may ask for what: every route by every role, and nothing that says nobody's role."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from
from tests.gateway.routes import addressed, roles_of

from vigie_gateway.api.guard import GuardedRoute
from vigie_gateway.api.headers import SECURITY_HEADERS
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import SIGNED_IN_ROLES, STAFF, Role

ELSEWHERE = "192.168.1.20"
HTML = {"accept": "text/html"}
PUBLIC = {
    "/", "/accessibilite", "/poster", "/api/v1/public", "/static/{name}", "/sign-in", "/kiosk/alive", "/kiosk/wait",
    "/setup/start/{code}", "/s/{token}.ics", "/a/{token}.atom",
}  # fmt: skip
"""What anybody may ask for. A new entry here is a decision: it is open to the whole network."""


@pytest.fixture
def signed_in(bench: Bench) -> Callable[[Role], TestClient]:
    """A browser elsewhere, over TLS, signed in as that role; anybody for ``public``."""

    def make(role: Role) -> TestClient:
        client = ask_from(bench, ELSEWHERE, scheme="https")
        if role is not Role.PUBLIC:
            accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
            if role not in {account.role for account in accounts.users()}:
                accounts._database.execute("INSERT INTO user VALUES (?, ?, 'x', ?, ?)", (role, role, now_ts, now_ts))
            client.cookies.set(COOKIE, accounts.open_session(role, now_ts))
        return client

    return make


def test_every_route_by_every_role_is_answered_or_refused_as_it_says(
    bench: Bench, signed_in: Callable[[Role], TestClient]
) -> None:
    table = roles_of(bench)
    assert {"/board", "/kiosk", "/history", "/health", "/users", "/metrics"} <= {path for _, path in table}
    for role in Role:
        client = signed_in(role)
        for (method, path), roles in table.items():
            if path == "/events" and role in roles:
                continue  # a stream has no end to wait for
            status = client.request(method, addressed(path)).status_code
            if role in roles:
                assert status != 401, (role, method, path, status)
                assert method != "GET" or status != 403, (role, path)
            else:
                assert status == (401 if role is Role.PUBLIC else 403), (role, method, path, status)


def test_what_anybody_may_ask_for_is_this_and_no_more(bench: Bench) -> None:
    open_paths = {path for (_, path), roles in roles_of(bench).items() if Role.PUBLIC in roles}
    assert open_paths == PUBLIC


def test_a_route_that_says_nobodys_role_is_not_built() -> None:
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(TypeError, match=r"route /secret says nobody's role"):

        @router.get("/secret")
        def secret() -> str:
            return "told"


@pytest.mark.parametrize("path", ["/board", "/events", "/history/atelier", "/account"])
def test_a_browser_that_may_not_yet_is_sent_to_sign_in(bench: Bench, path: str) -> None:
    answer = ask_from(bench, ELSEWHERE).get(f"{path}?l=en", headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?l=en")


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/api/v1/rooms", "/api/v1/openapi.json"])
def test_a_program_that_may_not_yet_is_told_how(bench: Bench, path: str) -> None:
    answer = ask_from(bench, ELSEWHERE).get(path)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["status"] == 401


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.8.8.8"])
def test_this_machine_reads_without_signing_in_and_changes_nothing(bench: Bench, address: str) -> None:
    client = ask_from(bench, address)
    assert client.get("/api/v1/rooms").status_code == 200
    form = {"csrf": "", "password": "x", "new": "a new password!"}
    assert client.post("/account/password", data=form).status_code == 403


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(bench: Bench, header: str) -> None:
    assert ask_from(bench, "127.0.0.1").get("/api/v1/rooms", headers={header: "127.0.0.1"}).status_code == 401


def test_a_token_reads_what_its_scope_says_until_it_is_revoked_or_ends(bench: Bench) -> None:
    accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
    client = ask_from(bench, ELSEWHERE)

    def status(secret: str, path: str = "/api/v1/rooms") -> int:
        return client.get(path, headers={"authorization": f"Bearer {secret}"}).status_code

    read = accounts.add_token("grafana", "read", now_ts + 3600, "test", now_ts)
    public = accounts.add_token("sign", "public", now_ts + 3600, "test", now_ts)
    assert status(read) == 200
    assert status(public) == 403
    assert status(public, "/api/v1/public") == 200
    assert status(read[:-1] + ("1" if read.endswith("0") else "0")) == 401
    accounts.remove_token("grafana", "test", now_ts)
    assert status(read) == 401
    bench.clock.pass_time(3_601)
    assert status(public, "/api/v1/rooms") == 401


def test_sessions_of_all_roles_that_there_are_exist() -> None:
    assert set(SIGNED_IN_ROLES) == STAFF


def test_nothing_is_kept_by_a_browser_but_what_says_so(bench: Bench, signed_in: Callable[[Role], TestClient]) -> None:
    admin, anybody = signed_in(Role.ADMIN), signed_in(Role.PUBLIC)
    for method, path in roles_of(bench):
        if path == "/events":
            continue
        for client in (admin, anybody):
            answer = client.request(method, addressed(path))
            kept = answer.headers.get_list("cache-control")
            assert len(kept) == 1, path
            if answer.status_code != 200 or path not in PUBLIC - {"/sign-in"}:
                assert kept == ["no-store"], (method, path)
            if answer.status_code == 200 and kept == ["no-store"]:
                assert "etag" not in answer.headers, path


@pytest.mark.parametrize("path", ["/", "/board", "/nothing", "/api/v1/rooms", "/%00", "/static/../vigie.css"])
@pytest.mark.parametrize("host", ["testserver", "evil.example"])
def test_every_answer_has_the_security_headers(bench: Bench, path: str, host: str) -> None:
    answer = ask_from(bench, ELSEWHERE).get(path, headers={"host": host})
    for name, _ in SECURITY_HEADERS:
        assert len(answer.headers.get_list(name.decode())) == 1, name
    assert answer.status_code == 421 or host == "testserver"


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2f..%2fetc%2fpasswd",
        "..%5c..%5cvigie.css",
        "%2e%2e/site.toml",
        "....//vigie.css",
        "vigie.css%00.js",
        "%252e%252e%252fvigie.css",
        "/etc/passwd",
        "vendor/../../view.py",
    ],
)
def test_a_path_leads_to_no_file_but_those_listed(bench: Bench, name: str) -> None:
    client = ask_from(bench, ELSEWHERE)
    for address in (f"/static/{name}", f"/history/{name}", f"/rooms/{name}", f"/{name}"):
        answer = client.get(address)
        assert answer.status_code in {401, 404, 307}, address
        assert b"root:" not in answer.content


def test_accounts_that_cannot_be_read_refuse_and_do_not_say_where_they_are(
    bench: Bench, signed_in: Callable[[Role], TestClient]
) -> None:
    client = signed_in(Role.ADMIN)
    bench.gateway.access.accounts.close()
    for path in ("/board", "/api/v1/rooms"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "accounts.db" not in answer.text
    assert client.post("/sign-in", data={"name": "lou", "password": "x"}).status_code == 503
    client.cookies.clear()
    assert client.get("/").status_code == 200
