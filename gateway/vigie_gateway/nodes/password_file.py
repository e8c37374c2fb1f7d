"""The broker's users, in the file that mosquitto_passwd(1) describes: a line each, name and salted hash.

Called by ``admission``. Every change replaces the file whole.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vigie_contract.topics import check_id
from vigie_gateway.broker_users import digest_line
from vigie_gateway.files import replace_file

_LINE = re.compile(r"\$7\$(\d{1,7})\$([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+)")


class PasswordFileError(Exception):
    """The file cannot be read or written; one line for a person."""


def new_password() -> str:
    """192 random bits that need no quoting anywhere."""
    return secrets.token_urlsafe(24)


def hashed(user: str, password: str) -> str:
    """A user's line, without its end; raises ContractError for a name that is no id."""
    check_id(user, "broker user")  # a user named + or # would have the rights of every node
    return digest_line(user, password)


def is_password(line: str, password: str) -> bool:
    """Whether a line of the file is of that password; False also for a line of another kind."""
    match = _LINE.fullmatch(line.strip().partition(":")[2])
    if match is None:
        return False
    rounds, salt, key = int(match[1]), base64.b64decode(match[2]), base64.b64decode(match[3])
    return hmac.compare_digest(hashlib.pbkdf2_hmac("sha512", password.encode(), salt, rounds, len(key)), key)


class PasswordFile:
    """One file of users.

    Attributes:
        path: Where it is; its rights and group are left as they are.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def users(self) -> tuple[str, ...]:
        """Everybody in it, in its order; raises PasswordFileError."""
        return tuple(line.partition(":")[0] for line in self._lines())

    def line_of(self, user: str) -> str | None:
        """The line of a user, without its end; None when there is none. Raises PasswordFileError."""
        return next((line for line in self._lines() if line.partition(":")[0] == user), None)

    def put(self, user: str, password: str) -> None:
        """Give a user this password, the only one that holds from the broker's next reading on.

        Raises:
            PasswordFileError: The file cannot be read or written.
            ContractError: The user's name is no id.
        """
        line = hashed(user, password)
        with self._changed() as lines:
            lines[:] = [*(kept for kept in lines if kept.partition(":")[0] != user), line]

    def remove(self, user: str) -> bool:
        """Take a user out; False when there was none. Raises PasswordFileError."""
        with self._changed() as lines:
            left = [line for line in lines if line.partition(":")[0] != user]
            is_there = len(left) < len(lines)
            lines[:] = left
        return is_there

    def _lines(self) -> list[str]:
        try:
            return [line for line in self.path.read_text(encoding="utf-8").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise PasswordFileError(f"{self.path}: {getattr(error, 'strerror', None) or error}") from error

    @contextmanager
    def _changed(self) -> Iterator[list[str]]:
        """The lines, to be changed; two commands at once wait for each other."""
        try:
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise PasswordFileError(f"{self.path.parent}: {error.strerror}") from error
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            lines = self._lines()
            before = list(lines)
            yield lines
            if lines != before:
                self._write(lines)
        finally:
            os.close(folder)

    def _write(self, lines: list[str]) -> None:
        try:
            was = self.path.stat()
            text = "".join(f"{line}\n" for line in lines)
            replace_file(self.path, text.encode(), was.st_mode & 0o777, self.path.group())
        except (OSError, LookupError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise PasswordFileError(f"{self.path} cannot be written: {why}; as root?") from error
