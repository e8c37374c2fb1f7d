"""Where a request comes from: no header makes it local, and only the configured proxy is believed."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ManualClock

from vigie_gateway.auth.access import Access, Caller
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role


def access(tmp_path: Path, clock: ManualClock, proxy: str | None = None, *, plain: bool = False) -> Access:
    return Access(Accounts(tmp_path / "accounts.db"), clock, Role.CONCIERGE, proxy=proxy, allows_plain=plain)


@pytest.mark.parametrize(
    ("peer", "headers", "expected"),
    [
        ("127.0.0.1", {}, Caller("127.0.0.1", True, True)),
        ("192.168.1.9", {}, Caller("192.168.1.9", False, False)),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1"}, Caller("127.0.0.1", False, False)),
        ("not an address", {}, Caller("not an address", False, False)),
        (None, {}, Caller("", False, False)),
    ],
)
def test_without_a_proxy_nobodys_headers_are_believed(
    tmp_path: Path, clock: ManualClock, peer: str | None, headers: dict[str, str], expected: Caller
) -> None:
    assert access(tmp_path, clock).caller("http", peer, headers) == expected


def test_the_proxys_word_is_taken_and_its_clients_are_not(tmp_path: Path, clock: ManualClock) -> None:
    found = access(tmp_path, clock, "10.0.0.1")
    headers = {"x-forwarded-for": "127.0.0.1, 192.168.1.9", "x-forwarded-proto": "https"}
    assert found.caller("http", "10.0.0.1", headers) == Caller("192.168.1.9", is_local=False, is_secure=True)
    assert found.caller("http", "10.0.0.2", headers) == Caller("10.0.0.2", is_local=False, is_secure=False)


def test_tls_to_the_gateway_itself_is_secure(tmp_path: Path, clock: ManualClock) -> None:
    assert access(tmp_path, clock).caller("https", "192.168.1.9", {}).is_secure


def test_a_plain_cookie_counts_only_where_the_operator_allows_it(tmp_path: Path, clock: ManualClock) -> None:
    found = access(tmp_path, clock)
    found.accounts.add_user("lou", Role.ORGANISER, "eight rooms, one lamp", "test", clock.now_ts())
    secret = found.accounts.open_session("lou", clock.now_ts())
    outside = Caller("192.168.1.9", is_local=False, is_secure=False)
    assert found.principal(outside, {"vigie": secret}, "").role is Role.PUBLIC
    allowing = access(tmp_path, clock, plain=True)
    assert allowing.principal(outside, {"vigie": secret}, "").role is Role.ORGANISER


def test_an_open_stream_may_not_go_on_after_its_session_or_role(tmp_path: Path, clock: ManualClock) -> None:
    found = access(tmp_path, clock)
    found.accounts.add_user("lou", Role.CONCIERGE, "eight rooms, one lamp", "test", clock.now_ts())
    secret = found.accounts.open_session("lou", clock.now_ts())
    caller = Caller("192.168.1.9", is_local=False, is_secure=True)
    stays = found.stays(found.principal(caller, {"__Host-vigie": secret}, ""))
    assert stays()
    found.accounts.set_role("lou", Role.ADMIN, "test", clock.now_ts())
    assert not stays()
