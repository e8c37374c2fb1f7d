"""A person's word on the clock, given on the health page: asked of an administrator alone, while it is needed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.roles import Role
from vigie_gateway.clock.vouching import RefusedError

ORIGIN = {"origin": "https://testserver"}
QUESTION = "Yes, this is the time"


@pytest.fixture
def browser(bench: Bench) -> Callable[..., TestClient]:
    """Signed in as that role, to a gateway that takes a person's word by ``vouch``."""

    def make(role: Role, vouch: Callable[[], object] = lambda: None) -> TestClient:
        accounts, now_ts = bench.gateway.access.accounts, bench.clock.now_ts()
        accounts.add_user("sam", role, "eight rooms, one lamp", "test", now_ts)
        bench.gateway = replace(bench.gateway, vouch=vouch)
        client = ask_from(bench, "192.168.1.20", scheme="https")
        client.cookies.set(COOKIE, accounts.open_session("sam", now_ts))
        return client

    return make


@pytest.fixture
def doubt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's report says that the time is not known."""
    report = bench.gateway.health.report()
    report["parts"]["clock"] |= {"is_known": False, "status": "fail"}
    monkeypatch.setattr(type(bench.gateway.health), "report", lambda _: report)


def csrf(client: TestClient) -> str:
    return str(re.findall(r'name="csrf" value="([^"]+)"', client.get("/health?l=en").text)[0])


@pytest.mark.usefixtures("doubt")
def test_an_administrator_vouches_for_the_time_that_the_page_shows(browser: Callable[..., TestClient]) -> None:
    words: list[int] = []
    admin = browser(Role.ADMIN, lambda: words.append(1))
    assert "Is it really 24 Nov 2026 14:30?" in admin.get("/health?l=en").text
    assert admin.post("/health/clock", data={"csrf": csrf(admin)}, headers=ORIGIN).status_code == 303
    assert words == [1]


def test_nobody_is_asked_while_the_time_is_known(browser: Callable[..., TestClient]) -> None:
    assert QUESTION not in browser(Role.ADMIN).get("/health?l=en").text


@pytest.mark.usefixtures("doubt")
def test_others_see_the_page_and_are_not_asked_nor_heard(bench: Bench, browser: Callable[..., TestClient]) -> None:
    desk = browser(Role.CONCIERGE)
    page = desk.get("/health?l=en")
    assert page.status_code == 200
    assert QUESTION not in page.text
    assert desk.post("/health/clock", data={"csrf": ""}, headers=ORIGIN).status_code == 403
    assert ask_from(bench, "127.0.0.1").post("/health/clock", data={"csrf": ""}).status_code == 401


@pytest.mark.usefixtures("doubt")
def test_a_word_that_cannot_be_is_refused_with_the_reason(browser: Callable[..., TestClient]) -> None:
    def refuse() -> None:
        raise RefusedError("1970-01-01 is before Vigie was made: give the right TIME")

    admin = browser(Role.ADMIN, refuse)
    answer = admin.post("/health/clock?l=en", data={"csrf": csrf(admin)}, headers=ORIGIN)
    assert answer.status_code == 409
    assert "1970-01-01 is before Vigie was made" in answer.text
    assert QUESTION in answer.text


@pytest.mark.usefixtures("doubt")
def test_a_form_of_another_session_is_no_word(browser: Callable[..., TestClient]) -> None:
    admin = browser(Role.ADMIN)
    assert admin.post("/health/clock", data={"csrf": "of another"}, headers=ORIGIN).status_code == 403
