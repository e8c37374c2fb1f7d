"""The board and the desk's kiosk. They show every open alert by themselves; here they are asked to look now."""

from __future__ import annotations

from collections.abc import Callable

from vigie_gateway.notify.notices import Message


class Screen:
    """A notifier, so that who is told by looking stands in the same list as who is told otherwise.

    Args:
        name: Its id.
        refresh: Shows what is now to all that look on.
    """

    kind = "screen"
    is_local = True

    def __init__(self, name: str, refresh: Callable[[], None]) -> None:
        self.name = name
        self._refresh = refresh

    def send(self, message: Message) -> None:  # noqa: ARG002 - the pages take the alert from the book, not from here
        """Have it shown now."""
        self._refresh()
