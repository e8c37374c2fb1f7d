"""Whoever may no longer read is cut off at once, also in the middle of a stream."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.gateway.api.conftest import PASSWORD, Served, Visitor

from vigie_gateway.api import revocation
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role


def secret_of(visitor: Visitor) -> str:
    return visitor.headers["cookie"].removeprefix(f"{COOKIE}=")


def end_session(served: Served, visitor: Visitor, accounts: Accounts) -> None:
    now_ts = served.bench.clock.now_ts()
    session = accounts.session(secret_of(visitor), now_ts)
    assert session is not None
    accounts.end_session(session, now_ts)


CHANGES: dict[str, Callable[[Served, Visitor, Accounts], None]] = {
    "signed out": end_session,
    "password": lambda served, _, accounts: accounts.set_password(
        "lou", PASSWORD + "s", "test", served.bench.clock.now
    ),
    "role": lambda served, _, accounts: accounts.set_role("lou", Role.ORGANISER, "test", served.bench.clock.now),
    "removed": lambda served, _, accounts: accounts.remove_user("lou", "test", served.bench.clock.now),
}


Opener = Callable[[Visitor], http.client.HTTPResponse]


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "LOOK_EVERY_S", 0.1)


@pytest.fixture
def stream_of() -> Iterator[Opener]:
    """Opens streams, reads their first event, and closes them in the end."""
    with ExitStack() as stack:

        def opened(visitor: Visitor) -> http.client.HTTPResponse:
            connection = visitor.open("GET", "/events?l=en")
            stack.callback(connection.close)
            answer = connection.getresponse()
            stack.callback(answer.close)
            assert answer.status == 200
            while answer.readline().strip() != b"event: b":
                pass
            return answer

        yield opened


@pytest.fixture
def lou(served: Served) -> Visitor:
    accounts, now_ts = served.bench.gateway.access.accounts, served.bench.clock.now_ts()
    accounts.add_user("lou", Role.CONCIERGE, PASSWORD, "test", now_ts)
    return served.visitor(cookie=f"{COOKIE}={accounts.open_session('lou', now_ts)}")


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_other_process", [False, True])
def test_a_stream_ends_and_further_requests_are_refused(
    served: Served, lou: Visitor, change: str, is_other_process: bool, stream_of: Opener, tmp_path: Path
) -> None:
    bystander = stream_of(served.staff(Role.CONCIERGE))
    stream = stream_of(lou)
    accounts = served.bench.gateway.access.accounts
    if is_other_process:  # as the command line: another connection to the same file
        accounts = Accounts(tmp_path / "accounts.db")
    CHANGES[change](served, lou, accounts)
    stream.read()  # up to its end, or the connection's time-out fails the test
    assert lou.get("/api/v1/rooms").status == 401
    assert bystander.readline()
    if is_other_process:
        accounts.close()


def test_a_program_whose_token_is_revoked_is_cut_off_though_a_new_one_has_its_name(
    served: Served, stream_of: Opener
) -> None:
    accounts, now_ts = served.bench.gateway.access.accounts, served.bench.clock.now_ts()
    secret = accounts.add_token("sign", "read", now_ts + 3600, "test", now_ts)
    program = served.visitor(authorization=f"Bearer {secret}")
    stream = stream_of(program)
    accounts.remove_token("sign", "test", now_ts)
    accounts.add_token("sign", "read", now_ts + 3600, "test", now_ts)
    stream.read()
    assert program.get("/api/v1/rooms").status == 401


def test_a_stream_ends_with_the_session_or_token_that_ends_of_itself(
    served: Served, lou: Visitor, stream_of: Opener
) -> None:
    accounts, now_ts = served.bench.gateway.access.accounts, served.bench.clock.now_ts()
    secret = accounts.add_token("sign", "read", now_ts + 3600, "test", now_ts)
    streams = [stream_of(lou), stream_of(served.visitor(authorization=f"Bearer {secret}"))]
    served.bench.clock.pass_time(13 * 3600)
    for stream in streams:
        stream.read()


def test_accounts_that_cannot_be_read_end_every_stream_of_theirs(
    served: Served, lou: Visitor, stream_of: Opener
) -> None:
    stream = stream_of(lou)
    served.bench.gateway.access.accounts.close()
    stream.read()
