"""The one-time address with which the first administrator makes an account: printed at a first start, or by a command.

Its code is kept as a digest, beside the store; it holds for half an hour, once, and only as long as there is no
administrator. Called by ``app`` at start, by ``api.setup_address`` on request threads, and by the command
``setup-address`` in a process of its own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.clock.word import boot_id
from vigie_gateway.files import replace_file
from vigie_gateway.settings import HttpSettings

FILE_NAME = "setup-address"
CODE_BYTES = 10
"""80 random bits, 16 letters: nobody guesses one in its half hour. Fewer can be tried out; more are hard to type."""
HOLDS_S = 1_800.0
"""Lower is over before somebody has walked from the machine to a browser; higher leaves it open, and in the log, for
longer."""


class Standing(StrEnum):
    """What an address is."""

    VALID = "valid"
    WRONG = "wrong"
    """Never given out, or replaced by a later one."""
    EXPIRED = "expired"
    OVER = "over"
    """There is an administrator: no address makes another one."""


class AddressError(Exception):
    """The code cannot be kept; one line for a person."""


class SetupAddress:
    """The address, if there is one."""

    def __init__(
        self,
        folder: Path,
        accounts: Accounts,
        *,
        boot: Callable[[], str] = boot_id,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Look into ``folder``.

        Args:
            folder: Where the code's digest is kept.
            accounts: Open.
            boot: This boot's id.
            monotonic: Seconds of this boot, the same for every process; the date is set only after a Pi has started.
        """
        self._path = folder / FILE_NAME
        self._accounts = accounts
        self._boot = boot
        self._monotonic = monotonic
        self._lock = threading.Lock()

    def administrators(self) -> list[str]:
        """Who is one: where somebody is, no address is given out. Raises AccountError."""
        return [account.name for account in self._accounts.users() if account.role is Role.ADMIN]

    def issue(self) -> str:
        """Make a code, in place of any before; told once. Raises AddressError."""
        code = base64.b32encode(secrets.token_bytes(CODE_BYTES)).decode().lower()
        kept = {"digest": _digest(code), "boot": self._boot(), "issued_mono": self._monotonic()}
        try:
            replace_file(self._path, json.dumps(kept).encode(), 0o600)
        except OSError as error:
            raise AddressError(f"{self._path}: a set-up address cannot be kept: {error.strerror}") from error
        return "-".join(code[at : at + 4] for at in range(0, len(code), 4))

    def standing(self, code: str) -> Standing:
        """What an address with this code is. Raises AccountError."""
        if self.administrators():
            return Standing.OVER
        try:
            kept = json.loads(self._path.read_bytes())
            digest, boot, issued_mono = str(kept["digest"]), str(kept["boot"]), float(kept["issued_mono"])
        except (OSError, ValueError, KeyError, TypeError):
            return Standing.WRONG
        if not hmac.compare_digest(_digest(code), digest):
            return Standing.WRONG
        is_young = boot == self._boot() and 0 <= self._monotonic() - issued_mono <= HOLDS_S
        return Standing.VALID if is_young else Standing.EXPIRED

    def use(self, code: str, name: str, password: str, now_ts: float) -> Standing:
        """Make the first administrator's account; the address is over then, and stays where it could not be made.

        Raises:
            AccountError: The name or the password will not do, or the accounts cannot be written.
            BusyError: Too many passwords are looked at.
        """
        with self._lock:
            standing = self.standing(code)
            if standing is Standing.VALID:
                self._accounts.add_user(name, Role.ADMIN, password, "set-up address", now_ts)
                self._path.unlink(missing_ok=True)
        return standing


def address_of(http: HttpSettings, port: int, code: str) -> str:
    """Where a browser finds the page of a code: by the name that HTTPS is for, else by this machine's own address."""
    if http.proxy is not None and http.names:
        return f"https://{http.names[0]}/setup/start/{code}"
    if http.certificate_file is not None and http.names:
        return f"https://{http.names[0]}:{http.https_port}/setup/start/{code}"
    host = "127.0.0.1" if http.host in {"0.0.0.0", "::", "localhost"} else http.host  # noqa: S104 - compared, not bound
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/setup/start/{code}"


def _digest(code: str) -> str:
    return hashlib.sha256(code.replace("-", "").strip().lower().encode()).hexdigest()
