"""Users of the broker as its password file has them. Called by ``broker`` and by ``install``; standard library only."""

from __future__ import annotations

import base64
import hashlib
import secrets

_ROUNDS = 101
"""mosquitto_passwd's own default; the passwords are random and long: nothing is gained by trying them slowly."""


def digest_line(user: str, password: str) -> str:
    """A line of mosquitto_passwd(1)'s file, without its end.

    ``$7$`` is PBKDF2-HMAC-SHA-512, with its rounds, salt and key.
    """
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _ROUNDS, 64)
    return f"{user}:$7${_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
