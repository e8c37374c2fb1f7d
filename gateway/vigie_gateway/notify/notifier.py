"""What each way of telling has to do, whatever it is. A new one: copy the nearest file of ``notifiers/``."""

from __future__ import annotations

import unicodedata
from typing import Protocol

from vigie_gateway.notify.notices import Message

SEND_S = 20.0
"""For one try, however slowly the other side drips. Lower gives up on a mail server that thinks for a while about
strangers, and tries again what it then takes; higher keeps what waits behind it for longer."""


class Notifier(Protocol):
    """One way of telling, as ``notifiers.toml`` names it.

    Attributes:
        name: Its id there.
        kind: What it is, for a page: ``email``, ``webhook``, ``screen``, or the name of the service.
        is_local: Whether it works while the place has no internet.
    """

    @property
    def name(self) -> str:
        """As above."""

    @property
    def kind(self) -> str:
        """As above."""

    @property
    def is_local(self) -> bool:
        """As above."""

    def send(self, message: Message) -> None:
        """Tell, and return when it got through. Called on one thread at a time.

        Raises:
            NotifierError: It did not get through, or nobody knows; at most SEND_S later.
        """


def one_line(text: str) -> str:
    """A title as a header may hold it: a line break in a name must not begin another header."""
    return " ".join("".join(" " if unicodedata.category(one)[0] == "C" else one for one in text).split())
