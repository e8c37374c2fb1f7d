"""Screens on a wall that wait to be let in: each shows a code, and whoever may type it into the accounts lets it in.

So no secret is ever typed, printed, or in an address: the screen has one in a cookie, and the code is only its name
for as long as it waits. Asked on request threads by ``api.kiosk``; nothing here survives the process, a screen then
shows another code.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Of a code; without those that look alike on a screen across the room."""
CODE_LENGTH = 8
"""40 bits. Shorter, two screens may show the same code; longer is mistyped."""
MOST_WAITING = 200
"""Screens that wait at once; the one that was heard longest ago goes. Lower lets somebody who opens the page again and
again drive the real one out; higher keeps more of them in memory."""


class WaitingKiosks:
    """Who waits, by their secrets."""

    def __init__(self, now_mono: Callable[[], float] = time.monotonic) -> None:
        self._now_mono = now_mono
        self._lock = threading.Lock()
        self._codes: dict[str, str] = {}
        self._heard_mono: dict[str, float] = {}

    def begin(self) -> tuple[str, str]:
        """A new screen: its secret, for its cookie, and its code."""
        secret = secrets.token_urlsafe(20)
        with self._lock:
            while len(self._codes) >= MOST_WAITING:
                self._forget(min(self._heard_mono, key=self._heard_mono.__getitem__))
            self._codes[secret] = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
            self._heard_mono[secret] = self._now_mono()
            return secret, self._codes[secret]

    def code_of(self, secret: str) -> str | None:
        """The code of a screen that is still there; None when it does not wait."""
        with self._lock:
            if secret in self._codes:
                self._heard_mono[secret] = self._now_mono()
            return self._codes.get(secret)

    def is_shown(self, code: str) -> bool:
        """Whether a screen waits that shows this code."""
        with self._lock:
            return code in self._codes.values()

    def end(self, secret: str) -> None:
        """It waits no more."""
        with self._lock:
            self._forget(secret)

    def _forget(self, secret: str) -> None:
        self._codes.pop(secret, None)
        self._heard_mono.pop(secret, None)


def shown_code(code: str) -> str:
    """As it stands on the screen: in two halves."""
    return f"{code[: CODE_LENGTH // 2]}-{code[CODE_LENGTH // 2 :]}"


def typed_code(text: str) -> str | None:
    """What was read off a screen, however it was typed; None when it cannot be a code."""
    code = "".join(text.upper().replace("-", " ").split())
    return code if len(code) == CODE_LENGTH and set(code) <= set(LETTERS) else None
