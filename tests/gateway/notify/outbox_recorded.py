"""An outbox that also remembers what it was told, and words that say which notices they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.notify.notices import Message, Notice, Occasion
from vigie_gateway.notify.outbox import Claimed, Outbox


class RecordedOutbox(Outbox):
    """The outbox itself, on its file."""

    def __init__(self, file: BookFile) -> None:
        super().__init__(file)
        self.done: list[str] = []
        self.dropped: list[int] = []
        self.errors: list[str] = []

    def queue(
        self, recipient: str, notifier: str, alert: int, at_ts: float, occasion: Occasion = Occasion.FIRED
    ) -> None:
        self.add([Notice(0, recipient, notifier, occasion, alert, at_ts, at_ts)])

    def claim(
        self,
        recipient: str,
        notifier: str,
        told: Sequence[int],
        dropped: Sequence[int],
        message: Message | None,
        now_ts: float,
    ) -> Claimed | None:
        claimed = super().claim(recipient, notifier, told, dropped, message, now_ts)
        self.dropped += dropped
        return claimed

    def sent(self, key: str, at_ts: float) -> None:
        super().sent(key, at_ts)
        self.done.append(key)

    def failed(self, key: str, at_ts: float, error: str, retry_ts: float) -> None:
        super().failed(key, at_ts, error, retry_ts)
        self.errors.append(error)


@dataclass(frozen=True)
class Composed:
    message: Message | None
    told: tuple[int, ...]
    dropped: tuple[int, ...] = ()


def compose(recipient: str, notices: Sequence[Notice], now_ts: float) -> Composed:
    """``fired 3, resolved 3`` and such, for all of them."""
    text = ", ".join(f"{one.occasion} {one.alert}" for one in notices)
    alerts = tuple(one.alert for one in notices if one.alert is not None)
    return Composed(
        Message("", text, f"Pour {recipient} : l'électricité est coupée.", "critical", "fr", alerts, notices[0].at_ts),
        tuple(one.number for one in notices),
    )
