"""An outbox that forgets nothing while its test runs, and words that say which notices they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vigie_gateway.notify.notices import Dispatch, Message, Notice, Occasion


@dataclass
class MemoryOutbox:
    """As ``outbox.Outbox``, without its file."""

    queued: list[Notice] = field(default_factory=list)
    open: dict[str, Dispatch] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    _notices: dict[str, list[Notice]] = field(default_factory=dict)

    def add(self, recipient: str, notifier: str, alert: int, at_ts: float, occasion: Occasion = Occasion.FIRED) -> None:
        number = 1 + sum(map(len, self._notices.values())) + len(self.queued) + len(self.dropped)
        self.queued.append(Notice(number, recipient, notifier, occasion, alert, at_ts, at_ts))

    def unfinished(self, notifier: str) -> Sequence[Dispatch]:
        return [one for one in self.open.values() if one.notifier == notifier]

    def waiting(self, recipient: str, notifier: str, now_ts: float) -> Sequence[Notice]:
        return [
            one
            for one in self.queued
            if (one.recipient, one.notifier) == (recipient, notifier) and one.due_ts <= now_ts
        ]

    def notices(self, key: str) -> Sequence[Notice]:
        return self._notices[key]

    def claim(self, recipient: str, notifier: str, notices: Sequence[int], now_ts: float) -> Dispatch:
        key = f"{1 + len(self._notices):032x}"
        self._notices[key] = [one for one in self.queued if one.number in notices]
        self.queued = [one for one in self.queued if one.number not in notices]
        self.open[key] = Dispatch(key, notifier, recipient, tuple(notices), now_ts)
        return self.open[key]

    def drop(self, notices: Sequence[int], now_ts: float) -> None:
        self.dropped += notices
        self.queued = [one for one in self.queued if one.number not in notices]
        self.open = {key: one for key, one in self.open.items() if not set(one.notices) <= set(notices)}

    def sent(self, key: str, at_ts: float) -> None:
        del self.open[key]
        self.done.append(key)

    def failed(self, key: str, error: str, retry_ts: float) -> None:
        self.errors.append(error)
        self.open[key] = replace(self.open[key], tries=self.open[key].tries + 1, retry_ts=retry_ts)


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
