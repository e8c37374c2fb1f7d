"""An outbox that forgets nothing while its test runs, and words that say which notices they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from vigie_gateway.notify.notices import Dispatch, Message, Notice, Occasion


@dataclass(frozen=True)
class Claimed:
    dispatch: Dispatch
    message: Message


@dataclass
class MemoryOutbox:
    """As ``outbox.Outbox``, without its file."""

    queued: list[Notice] = field(default_factory=list)
    open: dict[str, Claimed] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    added: int = 0
    claims: int = 0

    def add(self, recipient: str, notifier: str, alert: int, at_ts: float, occasion: Occasion = Occasion.FIRED) -> None:
        self.added += 1
        self.queued.append(Notice(self.added, recipient, notifier, occasion, alert, at_ts, at_ts))

    def unfinished(self, notifier: str) -> Sequence[Claimed]:
        return [one for one in self.open.values() if one.dispatch.notifier == notifier]

    def waiting(self, recipient: str, notifier: str, now_ts: float) -> Sequence[Notice]:
        return [
            one
            for one in self.queued
            if (one.recipient, one.notifier) == (recipient, notifier) and one.due_ts <= now_ts
        ]

    def claim(
        self,
        recipient: str,
        notifier: str,
        told: Sequence[int],
        dropped: Sequence[int],
        message: Message | None,
        now_ts: float,
    ) -> Claimed | None:
        self.dropped += dropped
        self.queued = [one for one in self.queued if one.number not in {*told, *dropped}]
        if message is None:
            return None
        self.claims += 1
        key = f"{self.claims:032x}"
        dispatch = Dispatch(key, notifier, recipient, tuple(told), now_ts)
        self.open[key] = Claimed(dispatch, replace(message, key=key))
        return self.open[key]

    def sent(self, key: str, at_ts: float) -> None:
        del self.open[key]
        self.done.append(key)

    def failed(self, key: str, at_ts: float, error: str, retry_ts: float) -> None:
        self.errors.append(error)
        before = self.open[key]
        again = replace(before.dispatch, tries=before.dispatch.tries + 1, retry_ts=retry_ts)
        self.open[key] = replace(before, dispatch=again)


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
