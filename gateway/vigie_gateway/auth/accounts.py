"""Accounts, sessions and API tokens: one small SQLite file beside the readings, which it never holds up.

Request threads and the ``user`` and ``token`` commands (another process) use it; each call is one transaction. Nothing
that lets anybody in is kept as it is: passwords as argon2id, sessions and tokens as SHA-256 of 160 random bits, which
nobody can try out. What a command changes holds from the next request on, and for open streams within a second.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vigie_gateway.auth import passwords
from vigie_gateway.auth.roles import SIGNED_IN_ROLES, Role

IDLE_S = {Role.ADMIN: 1_800.0}
"""How long a session may be idle, by role. Lower signs people out while they think; higher leaves an open door."""
IDLE_OTHERS_S = 12 * 3_600.0
"""The others': a working day at the desk."""
LONGEST_SESSION_S = 7 * 86_400.0
"""After so long everybody signs in again, idle or not."""
SEEN_EVERY_S = 60.0
"""How often it is written that a session is in use. Lower wears the card; higher ends idle ones early."""
MOST_SESSIONS = 50
"""Of one account; the oldest is ended for a new one."""
SESSIONS_SCOPE = "sessions"
"""Of the tokens that are part of an exported calendar's address; elsewhere such a token is anybody's."""
ALERTS_SCOPE = "alerts"
"""Of those that are part of the address of the feed of alerts, likewise."""
ADDRESSES = {SESSIONS_SCOPE: ("/s/", ".ics"), ALERTS_SCOPE: ("/a/", ".atom")}
"""By scope, what stands before and after the secret in an address; such an address is never logged."""
SCOPES = {
    "read": Role.CONCIERGE,
    "public": Role.PUBLIC,
    "admin": Role.ADMIN,
    "correct": Role.CONCIERGE,
    SESSIONS_SCOPE: Role.PUBLIC,
    ALERTS_SCOPE: Role.PUBLIC,
}
"""What an API token may do: what that role may read; ``admin`` may also change, ``correct`` say what a person says."""
CORRECTING_SCOPES = frozenset({"admin", "correct"})
KIOSK_SCOPE = "kiosk"
"""Of the tokens that screens on a wall have in a cookie; no program can have one."""
KIOSK_CLAIM_S = 600.0
"""From an administrator's word to the screen that takes it. Lower fails where a screen starts slowly; higher keeps a
code that was mistyped."""
KIOSK_IDLE_S = 180 * 86_400.0
"""A screen that was off for so long is let in anew. Lower shuts out one that is put away for the summer; higher keeps
the token of one that was given away."""
LONGEST_TOKEN_DAYS = 3_650
"""Higher is for ever, and a token that nobody remembers is an open door."""
TOKEN_PREFIX = "vigie_"  # noqa: S105 - what makes a leaked token recognisable, not a secret
AUDIT_ROWS = 10_000
"""Entries of the audit list that are kept."""

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")
_APPLICATION_ID = 0x56494143  # "VIAC"
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS user (name TEXT PRIMARY KEY, role TEXT NOT NULL, password TEXT NOT NULL,
    created_ts REAL NOT NULL, changed_ts REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS session (digest BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES user ON DELETE CASCADE,
    csrf TEXT NOT NULL, created_ts REAL NOT NULL, seen_ts REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS token (name TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, scope TEXT NOT NULL,
    created_ts REAL NOT NULL, expires_ts REAL NOT NULL, used_ts REAL) STRICT;
CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY, at_ts REAL NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL)
    STRICT;
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = 1;
COMMIT;
"""


class AccountError(Exception):
    """What was asked cannot be done; one line for a person that names the account and what was expected.

    Attributes:
        kind: The same for a page, which says it in its reader's language: ``name``, ``taken``, ``role``, ``password``,
            ``scope``, ``days``, ``missing``, ``last-admin``, or ``file`` when the file itself is the trouble.
    """

    def __init__(self, message: str, kind: str = "file") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Account:
    """One account."""

    name: str
    role: Role
    created_ts: float
    changed_ts: float


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that is valid.

    Attributes:
        key: Names the session to this module.
        user: Whose it is.
        role: What that account is now.
        csrf: What a form of this session must send along.
        seen_ts: When it was last written down that it is in use.
    """

    key: bytes
    user: str
    role: Role
    csrf: str
    seen_ts: float


@dataclass(frozen=True, slots=True)
class Token:
    """An API token, without its secret; ``used_ts`` is None when it never was, ``key`` names it to this module."""

    key: bytes
    name: str
    scope: str
    created_ts: float
    expires_ts: float
    used_ts: float | None


class Accounts:
    """The open file. Every method may be called from any thread."""

    def __init__(self, path: Path) -> None:
        """Open the file, or make it, readable by its owner alone.

        Raises:
            AccountError: It cannot be opened or made, or is of another program.
        """
        self._path = path
        self._lock = threading.Lock()
        try:
            path.touch(mode=0o600)
            self._database = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
            application = self._database.execute("PRAGMA application_id").fetchone()[0]
            tables = self._database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
            if tables and application != _APPLICATION_ID:
                raise AccountError(f"{path}: this is a database of another program (application_id {application:#x})")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            self._database.execute("PRAGMA foreign_keys = ON")
            if not tables:
                self._database.executescript(_SCHEMA)
        except (sqlite3.Error, OSError) as error:
            raise AccountError(f"{path}: the accounts cannot be opened: {error}") from error

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._database.execute("BEGIN IMMEDIATE")
                try:
                    yield self._database
                    self._database.execute("COMMIT")
                except BaseException:
                    self._database.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise AccountError(f"{self._path}: the accounts cannot be written: {error}") from error

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._database.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise AccountError(f"{self._path}: the accounts cannot be read: {error}") from error

    def version(self) -> tuple[int, int]:
        """Another one after whatever was changed, by this process or by a command. Raises AccountError."""
        ((others,),) = self._rows("PRAGMA data_version")
        return others, self._database.total_changes

    # Accounts

    def users(self) -> list[Account]:
        """All of them, by name."""
        rows = self._rows("SELECT name, role, created_ts, changed_ts FROM user ORDER BY name")
        return [Account(name, Role(role), created_ts, changed_ts) for name, role, created_ts, changed_ts in rows]

    def add_user(self, name: str, role: Role, password: str, who: str, now_ts: float) -> None:
        """Make an account.

        Raises:
            AccountError: The name is taken or no name, the role is none, or the password will not do.
        """
        _check_name(name)
        role_of(role)
        password_hash = _hashed(name, password)
        with self._transaction() as database:
            if database.execute("SELECT 1 FROM user WHERE name = ?", (name,)).fetchone():
                raise AccountError(f"there is an account {name!r} already", "taken")
            database.execute("INSERT INTO user VALUES (?, ?, ?, ?, ?)", (name, role, password_hash, now_ts, now_ts))
            _note(database, who, f"account {name} made, {role}", now_ts)

    def set_password(self, name: str, password: str, who: str, now_ts: float) -> None:
        """Give an account another password; its sessions end. Raises AccountError."""
        self._change(name, "password", _hashed(name, password), who, "password changed", now_ts)

    def set_role(self, name: str, role: Role, who: str, now_ts: float) -> None:
        """Make an account something else; its sessions end. Raises AccountError, also for the last administrator."""
        role_of(role)
        if role is not Role.ADMIN:
            self._keep_an_admin(name)
        self._change(name, "role", role, who, f"role {role}", now_ts)

    def _change(self, name: str, column: str, value: str, who: str, what: str, now_ts: float) -> None:
        with self._transaction() as database:
            self._must_exist(database, name)
            database.execute(f"UPDATE user SET {column} = ?, changed_ts = ? WHERE name = ?", (value, now_ts, name))  # noqa: S608 - two names above
            database.execute("DELETE FROM session WHERE user = ?", (name,))
            _note(database, who, f"account {name}: {what}", now_ts)

    def _keep_an_admin(self, name: str) -> None:
        """Without an administrator nobody could make one, but at the command line of a machine that may be far away."""
        admins = [account.name for account in self.users() if account.role is Role.ADMIN]
        if admins == [name]:
            raise AccountError(f"{name} is the last administrator: make another one first", "last-admin")

    def remove_user(self, name: str, who: str, now_ts: float) -> None:
        """Remove an account and its sessions. Raises AccountError, also for the last administrator."""
        self._keep_an_admin(name)
        with self._transaction() as database:
            self._must_exist(database, name)
            database.execute("DELETE FROM user WHERE name = ?", (name,))
            _note(database, who, f"account {name} removed", now_ts)

    @staticmethod
    def _must_exist(database: sqlite3.Connection, name: str) -> None:
        if database.execute("SELECT 1 FROM user WHERE name = ?", (name,)).fetchone() is None:
            raise AccountError(f"there is no account {name!r}", "missing")

    # Sessions

    def has_password(self, name: str, password: str) -> bool:
        """Whether the account is there and that is its password; takes as long when it is not.

        Raises:
            BusyError: Too many passwords are looked at.
        """
        rows = self._rows("SELECT password FROM user WHERE name = ?", name)
        return passwords.matches(str(rows[0][0]) if rows else None, password)

    def open_session(self, name: str, now_ts: float) -> str:
        """Begin a session of an account; what is returned is its secret, for the cookie. Raises AccountError."""
        secret = secrets.token_urlsafe(20)
        with self._transaction() as database:
            self._must_exist(database, name)
            database.execute("DELETE FROM session WHERE created_ts < ?", (now_ts - LONGEST_SESSION_S,))
            database.execute(
                "DELETE FROM session WHERE user = ?1 AND digest NOT IN"
                " (SELECT digest FROM session WHERE user = ?1 ORDER BY seen_ts DESC LIMIT ?2)",
                (name, MOST_SESSIONS - 1),
            )
            row = (_digest(secret), name, secrets.token_urlsafe(20), now_ts, now_ts)
            database.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", row)
            _note(database, name, "signed in", now_ts)
        return secret

    def session(self, secret: str, now_ts: float) -> Session | None:
        """The session of a cookie; None when there is none, or it has ended."""
        return self.session_by_key(_digest(secret), now_ts)

    def session_by_key(self, key: bytes, now_ts: float) -> Session | None:
        """The same, by ``Session.key``."""
        rows = self._rows(
            "SELECT user.name, user.role, csrf, session.created_ts, seen_ts FROM session JOIN user ON user.name ="
            " session.user WHERE digest = ?",
            key,
        )
        if not rows:
            return None
        name, role, csrf, created_ts, seen_ts = rows[0]
        idle_s = IDLE_S.get(Role(role), IDLE_OTHERS_S)
        if not created_ts - SEEN_EVERY_S <= now_ts <= created_ts + LONGEST_SESSION_S or now_ts > seen_ts + idle_s:
            return None
        return Session(key, name, Role(role), csrf, seen_ts)

    def touch(self, session: Session, now_ts: float) -> None:
        """The session is in use, by somebody and not by an open page alone."""
        if now_ts - session.seen_ts >= SEEN_EVERY_S:
            with self._transaction() as database:
                database.execute("UPDATE session SET seen_ts = ? WHERE digest = ?", (now_ts, session.key))

    def end_session(self, session: Session, now_ts: float) -> None:
        """Sign out."""
        with self._transaction() as database:
            database.execute("DELETE FROM session WHERE digest = ?", (session.key,))
            _note(database, session.user, "signed out", now_ts)

    # Tokens

    def tokens(self) -> list[Token]:
        """All of them, by name."""
        rows = self._rows("SELECT digest, name, scope, created_ts, expires_ts, used_ts FROM token ORDER BY name")
        return [Token(*row) for row in rows]

    def add_token(self, name: str, scope: str, expires_ts: float, who: str, now_ts: float) -> str:
        """Make a token; what is returned is told once and kept nowhere.

        Raises:
            AccountError: The name is taken or no name, or the scope is none.
        """
        _check_name(name)
        if scope not in SCOPES:
            raise AccountError(f"{scope!r} is no scope of a token: expected {', '.join(sorted(SCOPES))}", "scope")
        secret = TOKEN_PREFIX + secrets.token_hex(20)
        with self._transaction() as database:
            if database.execute("SELECT 1 FROM token WHERE name = ?", (name,)).fetchone():
                raise AccountError(f"there is a token {name!r} already", "taken")
            row = (name, _digest(secret), scope, now_ts, expires_ts, None)
            database.execute("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?)", row)
            _note(database, who, f"token {name} made, {scope}", now_ts)
        return secret

    def remove_token(self, name: str, who: str, now_ts: float) -> None:
        """Revoke a token. Raises AccountError."""
        with self._transaction() as database:
            if database.execute("DELETE FROM token WHERE name = ?", (name,)).rowcount == 0:
                raise AccountError(f"there is no token {name!r}", "missing")
            _note(database, who, f"token {name} revoked", now_ts)

    def token(self, secret: str, now_ts: float) -> Token | None:
        """The token of a request; None when there is none, or it has expired."""
        token = self.token_by_key(_digest(secret), now_ts)
        if token is not None and (token.used_ts is None or now_ts - token.used_ts >= SEEN_EVERY_S):
            expires_ts = now_ts + KIOSK_IDLE_S if token.scope == KIOSK_SCOPE else token.expires_ts
            with self._transaction() as database:
                values = (now_ts, expires_ts, token.key)
                database.execute("UPDATE token SET used_ts = ?, expires_ts = ? WHERE digest = ?", values)
        return token

    def token_by_key(self, key: bytes, now_ts: float) -> Token | None:
        """The same, by ``Token.key``; this is no use of it."""
        columns = "digest, name, scope, created_ts, expires_ts, used_ts"
        rows = self._rows(f"SELECT {columns} FROM token WHERE digest = ?", key)  # noqa: S608 - columns above
        token = Token(*rows[0]) if rows else None
        return token if token is not None and now_ts < token.expires_ts else None

    # Screens on a wall

    def accept_kiosk(self, name: str, code: str, who: str, now_ts: float) -> None:
        """Let in the screen that shows this code, under a name. Raises AccountError: the name is taken or none."""
        _check_name(name)
        with self._transaction() as database:
            database.execute("DELETE FROM token WHERE scope = ? AND expires_ts <= ?", (KIOSK_SCOPE, now_ts))
            key = _code_digest(code)
            if database.execute("SELECT 1 FROM token WHERE name = ? OR digest = ?", (name, key)).fetchone():
                raise AccountError(f"there is a token {name!r} already", "taken")
            row = (name, key, KIOSK_SCOPE, now_ts, now_ts + KIOSK_CLAIM_S, None)
            database.execute("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?)", row)
            _note(database, who, f"screen {name} accepted", now_ts)

    def claim_kiosk(self, code: str, secret: str, now_ts: float) -> bool:
        """The screen with that code asks whether it was accepted; from then on its secret is its token."""
        accepted = self.token_by_key(_code_digest(code), now_ts)
        if accepted is None:
            return False
        with self._transaction() as database:
            values = (_digest(secret), now_ts + KIOSK_IDLE_S, now_ts, accepted.key)
            database.execute("UPDATE token SET digest = ?, expires_ts = ?, used_ts = ? WHERE digest = ?", values)
            _note(database, f"screen {accepted.name}", "let in", now_ts)
        return True

    def note(self, who: str, what: str, now_ts: float) -> None:
        """Write down what somebody changed elsewhere. Raises AccountError."""
        with self._transaction() as database:
            _note(database, who, what, now_ts)

    def audit(self, limit: int = 100) -> list[tuple[float, str, str]]:
        """When, who, what: the newest first."""
        rows = self._rows("SELECT at_ts, who, what FROM audit ORDER BY id DESC LIMIT ?", limit)
        return [(at_ts, who, what) for at_ts, who, what in rows]


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _code_digest(code: str) -> bytes:
    """By another function than the secrets', or a code on a screen would be one."""
    return hashlib.sha3_256(code.encode()).digest()


def _hashed(name: str, password: str) -> str:
    try:
        return passwords.make_hash(password)
    except passwords.PasswordError as error:
        raise AccountError(f"account {name!r}: {error}", "password") from error


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name) is None:
        raise AccountError(f"{name!r} cannot be a name: expected 1 to 32 characters of a-z, 0-9, dot, dash, _", "name")


def shown_secret(secret: str, scope: str) -> str:
    """What is shown once of a token that was just made: its secret, or the address that it is part of."""
    before, after = ADDRESSES.get(scope, ("", ""))
    return f"{before}{secret}{after}"


def without_secret(path: str) -> str:
    """The path of a request, for a log: an address that is its own key without the key."""
    return next((f"{before}…" for before, _ in ADDRESSES.values() if path.startswith(before)), path)


def role_of(text: str) -> Role:
    """The role that an account can have by that word. Raises AccountError."""
    if text not in SIGNED_IN_ROLES:
        raise AccountError(f"{text[:40]!r} is no role of an account: expected {', '.join(SIGNED_IN_ROLES)}", "role")
    return Role(text)


def _note(database: sqlite3.Connection, who: str, what: str, now_ts: float) -> None:
    database.execute("INSERT INTO audit (at_ts, who, what) VALUES (?, ?, ?)", (now_ts, who, what))
    database.execute("DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?", (AUDIT_ROWS,))
