"""Passwords: argon2id, at most two at a time. The one module that knows argon2-cffi.

Called from request threads and the ``user`` command. A hash takes 20 MB and some tens of milliseconds of a Pi: many
sign-ins at once wait here, so that they take neither its memory nor its processor.
"""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LEAST_LENGTH = 12
"""NIST SP 800-63B-4 §3.1.1.2 asks for 15 where a password is all there is, 8 with a second factor; growing delays stand
between. Shorter can be guessed, longer is written on a note beside the screen."""
MOST_LENGTH = 256
"""Longer only makes the hash slower for whoever asks for it."""
AT_ONCE = 2
"""Hashes under way: each takes MEMORY_KIB. More would push a Pi with 512 MB into swap during a flood of sign-ins."""
WAIT_S = 5.0
"""How long a sign-in waits for its turn. Lower turns people away on a busy morning; higher holds request threads."""
MEMORY_KIB, ROUNDS, LANES = 19_456, 2, 1
"""OWASP's password storage cheat sheet, first choice of argon2id."""

_hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)
_turns = threading.BoundedSemaphore(AT_ONCE)


class BusyError(Exception):
    """Too many passwords are being looked at; try again in a moment."""


class PasswordError(ValueError):
    """A password that will not do; the message says why."""


def check_new(password: str) -> None:
    """Raises PasswordError unless the password is long enough and not too long; what it is made of is its owner's."""
    if not LEAST_LENGTH <= len(password) <= MOST_LENGTH:
        raise PasswordError(f"a password has {LEAST_LENGTH} to {MOST_LENGTH} characters, this one has {len(password)}")


def make_hash(password: str) -> str:
    """The hash to keep, with its own salt and parameters.

    Raises:
        BusyError: No turn came within WAIT_S.
        PasswordError: See ``check_new``.
    """
    check_new(password)
    with _Turn():
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the one of ``stored``; None costs the same time, and is never matched.

    Raises:
        BusyError: No turn came within WAIT_S.
    """
    if len(password) > MOST_LENGTH:
        return False
    with _Turn():
        nobody = _nobody()
        try:
            return _hasher.verify(stored or nobody, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


class _Turn:
    def __enter__(self) -> None:
        if not _turns.acquire(timeout=WAIT_S):
            raise BusyError

    def __exit__(self, *_: object) -> None:
        _turns.release()


_nobody_hash: str | None = None


def _nobody() -> str:
    """A hash of the same cost that belongs to nobody: how long an answer takes must not tell which names there are."""
    global _nobody_hash  # noqa: PLW0603 - made once, when first asked for
    if _nobody_hash is None:
        _nobody_hash = _hasher.hash("nobody's password")
    return _nobody_hash
