"""Who asks: from a request's address, cookie and token to a principal. Called by ``api.guard`` on a request thread.

What is on this machine reads as ``local_role`` without signing in: the desk's own screen, a script of the admin. A
request that a proxy passed on is not from here, whatever its address: it says so itself (``Forwarded`` headers).
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from vigie_contract.clock import Clock
from vigie_gateway.addresses import ip_of
from vigie_gateway.auth.accounts import (
    CORRECTING_SCOPES,
    KIOSK_SCOPE,
    SCOPES,
    TOKEN_PREFIX,
    AccountError,
    Accounts,
    Session,
    Token,
)
from vigie_gateway.auth.kiosks import WaitingKiosks
from vigie_gateway.auth.roles import CHECKERS, DESK, Role
from vigie_gateway.auth.turns import Turns

COOKIE = "__Host-vigie"
"""Browsers take a cookie of this prefix only with Secure, for this host and path / (RFC 6265bis §4.1.3.2)."""
PLAIN_COOKIE = "vigie"
"""Where the operator allows sign-in without TLS: there a browser refuses the other."""
KIOSK_COOKIE = "__Host-vigie-kiosk"
"""Of a screen on a wall: beside the other, so that whoever signs in on it does not shut it out."""
PLAIN_KIOSK_COOKIE = "vigie-kiosk"
_FORWARDING = ("forwarded", "x-forwarded-for", "x-real-ip", "via")


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, for one request.

    Attributes:
        name: Of the account or token; "" for anybody.
        role: What they may do.
        session: Of a browser that signed in; None otherwise.
        may_change: Whether they may do more than read.
        may_correct: Whether they may say how many people are in a room, that it is closed and the like: also whoever
            sits at this machine, where the front desk is.
        csrf: What a form of theirs must send along; "" for a program.
        token: Of a program that sent one; None otherwise.
    """

    name: str
    role: Role
    session: Session | None = None
    may_change: bool = False
    token: Token | None = None
    may_correct: bool = False
    csrf: str = ""

    @property
    def may_rehearse(self) -> bool:
        """Whether they may have the line loaded: whoever plans sessions here, and may do more than read."""
        return self.role in CHECKERS and (self.may_correct or self.session is not None)


ANYBODY = Principal("", Role.PUBLIC)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a request comes from.

    Attributes:
        address: Of the browser or program; of what a trusted proxy says, where one is configured.
        is_local: Whether it is on this machine, and no proxy passed it on.
        is_secure: Whether nobody on the way could read along: TLS up to here or up to the trusted proxy, or local.
    """

    address: str
    is_local: bool
    is_secure: bool


class Access:
    """Decides who somebody is."""

    def __init__(
        self, accounts: Accounts, clock: Clock, local_role: Role, *, proxy: str | None, allows_plain: bool
    ) -> None:
        """Decide.

        Args:
            accounts: Open.
            clock: For the ends of sessions and tokens.
            local_role: What this machine's own browser and programs may read.
            proxy: Address whose forwarding headers are believed; None believes nobody's.
            allows_plain: Whether people may sign in where others can read along.
        """
        self.accounts = accounts
        self.clock = clock
        self.turns = Turns()
        self.waiting_kiosks = WaitingKiosks()
        self._local_role = local_role
        # Of forms where nobody has signed in: until the gateway is started again.
        self._local_csrf = secrets.token_urlsafe(20)
        self._proxy = proxy
        self._allows_plain = allows_plain

    def caller(self, scheme: str, peer: str | None, headers: Mapping[str, str]) -> Caller:
        """Where a request comes from, by its connection and headers."""
        if peer is None:
            return Caller("", is_local=False, is_secure=False)
        is_forwarded = any(name in headers for name in _FORWARDING)
        if is_forwarded and self._proxy is not None and _same(peer, self._proxy):
            # The last entry is what the trusted proxy saw; those before it are what its client says.
            address = headers.get("x-forwarded-for", peer).rpartition(",")[2].strip()
            return Caller(address, is_local=False, is_secure=headers.get("x-forwarded-proto") == "https")
        is_local = _is_loopback(peer) and not is_forwarded
        return Caller(peer, is_local, is_secure=is_local or scheme == "https")

    def may_sign_in(self, caller: Caller) -> bool:
        """Whether a password may be typed there."""
        return caller.is_secure or self._allows_plain

    def principal(self, caller: Caller, cookies: Mapping[str, str], authorization: str) -> Principal:
        """Who it is.

        Raises:
            AccountError: The accounts cannot be read.
        """
        if authorization.startswith(f"Bearer {TOKEN_PREFIX}"):
            token = self.accounts.token(authorization.removeprefix("Bearer "), self.clock.now_ts())
            if token is None or token.scope not in SCOPES:
                return ANYBODY
            may_change = token.scope == "admin"
            may_correct = token.scope in CORRECTING_SCOPES
            return Principal(f"token {token.name}", SCOPES[token.scope], None, may_change, token, may_correct)
        secret = cookies.get(COOKIE) or (cookies.get(PLAIN_COOKIE) if self._allows_plain else None)
        if secret:
            now_ts = self.clock.now_ts()
            session = self.accounts.session(secret, now_ts)
            if session is not None:
                self.accounts.touch(session, now_ts)
                may_correct = session.role in DESK
                return Principal(
                    session.user, session.role, session, may_change=True, may_correct=may_correct, csrf=session.csrf
                )
        if caller.is_local and self._local_role is not Role.PUBLIC:
            may_correct = self._local_role in DESK
            return Principal("", self._local_role, may_correct=may_correct, csrf=self._local_csrf)
        return self._kiosk(cookies) or ANYBODY

    def kiosk_secret(self, cookies: Mapping[str, str]) -> str:
        """That of a screen on a wall, let in or waiting; "" when this is none."""
        return cookies.get(KIOSK_COOKIE) or (cookies.get(PLAIN_KIOSK_COOKIE, "") if self._allows_plain else "")

    def _kiosk(self, cookies: Mapping[str, str]) -> Principal | None:
        secret = self.kiosk_secret(cookies)
        token = self.accounts.token(secret, self.clock.now_ts()) if secret else None
        if token is None or token.scope != KIOSK_SCOPE:
            return None
        return Principal(f"screen {token.name}", Role.KIOSK, token=token)

    def stays(self, principal: Principal) -> Callable[[], bool]:
        """A question that an open stream asks again and again: may it go on?

        Whoever cannot be looked up any more may not.
        """
        session, token = principal.session, principal.token

        def is_valid() -> bool:
            now_ts = self.clock.now_ts()
            try:
                if session is not None:
                    found = self.accounts.session_by_key(session.key, now_ts)
                    return found is not None and found.role == principal.role
                return token is None or self.accounts.token_by_key(token.key, now_ts) is not None
            except AccountError:
                return False

        return is_valid


def _is_loopback(text: str) -> bool:
    try:
        return ip_of(text).is_loopback
    except ValueError:
        return False


def _same(one: str, other: str) -> bool:
    try:
        return ipaddress.ip_address(one) == ipaddress.ip_address(other)
    except ValueError:
        return False
