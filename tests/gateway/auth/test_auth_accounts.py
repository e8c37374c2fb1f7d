"""Accounts, sessions and tokens in their file: what is kept, what ends what, and no secret in it."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vigie_gateway.auth.accounts import LONGEST_SESSION_S, MOST_SESSIONS, AccountError, Accounts
from vigie_gateway.auth.roles import Role

PASSWORD = "eight rooms, one lamp"
NOW_TS = 1_795_527_000.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "accounts.db"


@pytest.fixture
def accounts(path: Path) -> Iterator[Accounts]:
    opened = Accounts(path)
    opened.add_user("lou", Role.CONCIERGE, PASSWORD, "test", NOW_TS)
    yield opened
    opened.close()


def test_an_account_is_there_after_a_restart(path: Path, accounts: Accounts) -> None:
    again = Accounts(path)
    assert [(found.name, found.role) for found in again.users()] == [("lou", Role.CONCIERGE)]
    assert again.has_password("lou", PASSWORD)
    again.close()


def test_the_file_is_its_owners_alone_and_holds_no_secret(path: Path, accounts: Accounts) -> None:
    session = accounts.open_session("lou", NOW_TS)
    token = accounts.add_token("grafana", "read", NOW_TS + 60, "test", NOW_TS)
    accounts._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(secret.encode() not in held for secret in (PASSWORD, session, token))


@pytest.mark.parametrize("name", ["", "Lou", "a b", "x" * 33, "-a", "../etc", "a'; DROP TABLE user; --"])
def test_a_name_that_is_none_is_refused_and_named(accounts: Accounts, name: str) -> None:
    with pytest.raises(AccountError, match="cannot be a name"):
        accounts.add_user(name, Role.ADMIN, PASSWORD, "test", NOW_TS)


def test_nobody_can_be_public_or_have_a_short_password_or_a_taken_name(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match="no role of an account"):
        accounts.add_user("sam", Role.PUBLIC, PASSWORD, "test", NOW_TS)
    with pytest.raises(AccountError, match="12 to 256"):
        accounts.add_user("sam", Role.ADMIN, "short", "test", NOW_TS)
    with pytest.raises(AccountError, match="already"):
        accounts.add_user("lou", Role.ADMIN, PASSWORD, "test", NOW_TS)
    assert [found.name for found in accounts.users()] == ["lou"]


def test_another_role_password_or_no_account_ends_its_sessions_at_once(accounts: Accounts) -> None:
    changes: list[Callable[[], None]] = [
        lambda: accounts.set_role("lou", Role.ORGANISER, "test", NOW_TS),
        lambda: accounts.set_password("lou", PASSWORD + "!", "test", NOW_TS),
        lambda: accounts.remove_user("lou", "test", NOW_TS),
    ]
    for change in changes:
        secret = accounts.open_session("lou", NOW_TS)
        assert accounts.session(secret, NOW_TS) is not None
        change()
        assert accounts.session(secret, NOW_TS) is None


def test_the_last_administrator_stays_one(accounts: Accounts) -> None:
    accounts.add_user("sam", Role.ADMIN, PASSWORD, "test", NOW_TS)
    changes: list[Callable[[], None]] = [
        lambda: accounts.set_role("sam", Role.CONCIERGE, "test", NOW_TS),
        lambda: accounts.remove_user("sam", "test", NOW_TS),
    ]
    for change in changes:
        with pytest.raises(AccountError, match="sam is the last administrator"):
            change()
    accounts.add_user("alex", Role.ADMIN, PASSWORD, "test", NOW_TS)
    accounts.remove_user("sam", "test", NOW_TS)
    assert [found.name for found in accounts.users()] == ["alex", "lou"]


def test_what_is_not_there_cannot_be_changed(accounts: Accounts) -> None:
    changes: list[Callable[[], object]] = [
        lambda: accounts.set_role("sam", Role.ADMIN, "test", NOW_TS),
        lambda: accounts.remove_user("sam", "test", NOW_TS),
        lambda: accounts.remove_token("sam", "test", NOW_TS),
        lambda: accounts.open_session("sam", NOW_TS),
    ]
    for change in changes:
        with pytest.raises(AccountError, match="there is no"):
            change()


def test_an_admins_session_is_short_and_no_session_lasts_beyond_a_week(accounts: Accounts) -> None:
    accounts.add_user("sam", Role.ADMIN, PASSWORD, "test", NOW_TS)
    admin, desk = accounts.open_session("sam", NOW_TS), accounts.open_session("lou", NOW_TS)
    assert accounts.session(admin, NOW_TS + 1_800) is not None
    assert accounts.session(admin, NOW_TS + 1_801) is None
    now_ts = NOW_TS
    while now_ts < NOW_TS + LONGEST_SESSION_S:
        session = accounts.session(desk, now_ts)
        assert session is not None
        accounts.touch(session, now_ts)
        now_ts += 6 * 3_600
    assert accounts.session(desk, NOW_TS + LONGEST_SESSION_S + 1) is None


def test_the_oldest_session_makes_room_for_a_new_one(accounts: Accounts) -> None:
    secrets = [accounts.open_session("lou", NOW_TS + number) for number in range(MOST_SESSIONS + 2)]
    valid = [accounts.session(secret, NOW_TS + 100) is not None for secret in secrets]
    assert valid == [False, False] + [True] * MOST_SESSIONS


def test_what_was_done_to_accounts_is_listed_with_its_author_and_without_secrets(accounts: Accounts) -> None:
    accounts.open_session("lou", NOW_TS + 5)
    accounts.add_token("grafana", "read", NOW_TS + 60, "sam", NOW_TS + 6)
    assert accounts.audit() == [
        (NOW_TS + 6, "sam", "token grafana made, read"),
        (NOW_TS + 5, "lou", "signed in"),
        (NOW_TS, "test", "account lou made, concierge"),
    ]


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(AccountError, match="of another program"):
        Accounts(path)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(AccountError, match=r"nowhere/accounts\.db: the accounts cannot be opened"):
        Accounts(tmp_path / "nowhere" / "accounts.db")
