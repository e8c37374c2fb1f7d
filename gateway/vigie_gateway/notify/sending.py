"""From the outbox to people: a thread for each notifier, so that a slow or dead one never delays another.

Each takes what waits for its recipients, has the words composed, claims it as one dispatch, sends and marks that.
Claimed before it is sent and marked after: whatever stops the gateway in between, the same message leaves again under
the same key. Messages to one recipient keep their order: the next waits until the one before got through.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random, SystemRandom
from threading import Event, Lock, Thread
from typing import Any, Protocol

from vigie_contract.clock import Clock
from vigie_dashboard.fault_words import fault
from vigie_gateway.notify.notices import Dispatch, Message, Notice, NotifierError
from vigie_gateway.notify.notifier import SEND_S, Notifier
from vigie_gateway.notify.patience import FINAL_S, Patience
from vigie_gateway.notify.recipients import Recipient

log = logging.getLogger(__name__)

LOOK_S = 5.0
"""Between two looks when nobody calls: grouping and quiet hours end without anybody's doing. Lower reads the disk for
nothing; higher tells so much later."""
HELD_S = 1_800.0
"""How long messages are held while the place has no internet, as an alert says: what is over by then is one message
with both times, and not two. Lower sends two after an ordinary cut; higher believes a probe for longer that is wrong.
"""
STOP_S = 1.0
"""How long a send under way may hold up the end of the gateway. It leaves again after the restart, under its key."""


class Claimed(Protocol):
    """A message on its way, as it was first written down."""

    @property
    def dispatch(self) -> Dispatch:
        """Its key, and when it may be tried."""

    @property
    def message(self) -> Message:
        """The same words at every try."""


class Outbox(Protocol):
    """What is needed of ``outbox.Outbox``."""

    def unfinished(self, notifier: str) -> Sequence[Claimed]:
        """What was claimed and did not get through yet, oldest first."""

    def waiting(self, recipient: str, notifier: str, now_ts: float) -> Sequence[Notice]:
        """What is due and not claimed, oldest first."""

    def claim(
        self,
        recipient: str,
        notifier: str,
        told: Sequence[int],
        dropped: Sequence[int],
        message: Message | None,
        now_ts: float,
    ) -> Claimed | None:
        """Write down what is about to be sent, under a new key; None without a message."""

    def keep_only(self, told_by: Collection[tuple[str, str]], now_ts: float) -> int:
        """Drop what waits for others than these recipients by these notifiers; how much that was."""

    def sent(self, key: str, at_ts: float) -> None:
        """It got through."""

    def failed(self, key: str, at_ts: float, error: str, retry_ts: float) -> None:
        """It did not."""


class Composition(Protocol):
    """The words for some notices."""

    @property
    def message(self) -> Message | None:
        """None when nothing of it needs telling any more. The outbox gives it its key."""

    @property
    def told(self) -> tuple[int, ...]:
        """Numbers of the notices in it."""

    @property
    def dropped(self) -> tuple[int, ...]:
        """Numbers of those that nobody needs to be told of any more."""


Compose = Callable[[str, Sequence[Notice], float], Composition]
"""Words for a recipient's notices, at a time."""


@dataclass(frozen=True, slots=True)
class SenderState:
    """How a notifier does.

    Attributes:
        is_local: Whether it works without internet.
        kind: What it is.
        tried_ts: When a message was last tried; None: not since the start.
        success_ts: When one last got through; None: not since the start.
        failures: In a row.
        error: Of the last try; None when it got through.
        is_resting: Whether one at a time is tried, rarely.
        waiting: Messages and notices that are due.
    """

    kind: str
    is_local: bool
    tried_ts: float | None
    success_ts: float | None
    failures: int
    error: str | None
    is_resting: bool
    waiting: int


class Sending:
    """One notifier's thread.

    Args:
        notifier: By which.
        recipients: Ids of those who are told by it.
        outbox: What is to be told.
        compose: Finds the words.
        clock: The time.
        random: For the waits between tries.
        is_cut_off: Whether the place has no internet: who needs it waits.
        on_change: Called when a message got through, or did not.
    """

    def __init__(
        self,
        notifier: Notifier,
        recipients: Sequence[str],
        outbox: Outbox,
        compose: Compose,
        clock: Clock,
        random: Random,
        is_cut_off: Callable[[], bool] = lambda: False,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.notifier = notifier
        self._recipients = tuple(recipients)
        self._outbox = outbox
        self._compose = compose
        self._clock = clock
        self._is_cut_off = is_cut_off
        self._cut_since_ts: float | None = None
        self._on_change = on_change
        self._patience = Patience(random)
        self._tried: set[str] = set()
        self._tried_ts: float | None = None
        self._success_ts: float | None = None
        self._error: str | None = None
        self._waiting = 0
        self._rounds = 0
        self._sending = Lock()
        self._stopping = Event()
        self._woken = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        # A look-up of a name cannot be ended: the process may, with it under way.
        self._thread = Thread(target=self._run, name=f"notifier-{self.notifier.name}", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Begin nothing further; do not wait."""
        self._stopping.set()
        self._woken.set()

    def stop(self) -> None:
        """End the thread, or leave it behind with what it has under way."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(STOP_S)

    def wake(self) -> None:
        """Have it look now."""
        self._woken.set()

    def state(self) -> SenderState:
        """How it does. Any thread."""
        return SenderState(
            self.notifier.kind,
            self.notifier.is_local,
            self._tried_ts,
            self._success_ts,
            self._patience.failures,
            self._error,
            self._patience.is_resting,
            self._waiting,
        )

    @property
    def rounds(self) -> int:
        """Looks and tries so far: rises while the thread lives, also while each try takes all its time."""
        return self._rounds

    def send_test(self, message: Message) -> None:
        """Send at once, on the caller's thread, past what waits.

        Raises:
            NotifierError: It did not get through, or another message is on its way for too long.
        """
        if not self._sending.acquire(timeout=SEND_S):
            raise NotifierError(fault("busy"))
        try:
            self.notifier.send(message)
        except NotifierError as error:
            self._error, self._tried_ts = str(error), self._clock.now_ts()
            raise
        finally:
            self._sending.release()
        self._succeeded()
        self.wake()

    def look(self) -> None:
        """Try all that may be tried now, oldest first. Called by the thread, and by tests without one."""
        name = self.notifier.name
        held = {one.dispatch.recipient for one in self._outbox.unfinished(name) if not self._try_again(one)}
        for recipient in self._recipients:
            if recipient not in held:
                self._begin(recipient)
        now_ts = self._clock.now_ts()
        self._waiting = len(self._outbox.unfinished(name)) + sum(
            len(self._outbox.waiting(recipient, name, now_ts)) for recipient in self._recipients
        )

    def _try_again(self, claimed: Claimed) -> bool:
        """Whether a message that did not get through has now, so that others to its recipient may follow."""
        dispatch, now_ts = claimed.dispatch, self._clock.now_ts()
        # The first time after a start each is tried at once: the settings may be mended. Nor is a time believed that
        # lies further ahead than any wait: the clock was set.
        is_early = dispatch.key in self._tried and now_ts < dispatch.retry_ts <= now_ts + FINAL_S
        return not is_early and self._may_try() and self._try(claimed)

    def _begin(self, recipient: str) -> None:
        """Make what waits for one recipient a message on its way, and try it."""
        name, now_ts = self.notifier.name, self._clock.now_ts()
        notices = self._outbox.waiting(recipient, name, now_ts)
        if not notices or not self._may_try():
            return
        composition = self._compose(recipient, notices, now_ts)
        if not composition.told and not composition.dropped:
            return
        claimed = self._outbox.claim(
            recipient, name, composition.told, composition.dropped, composition.message, now_ts
        )
        if claimed is not None:
            self._try(claimed)

    def _try(self, claimed: Claimed) -> bool:
        """Send one message and mark it; whether it got through."""
        key = claimed.dispatch.key
        self._tried.add(key)
        self._rounds += 1
        try:
            with self._sending:
                self.notifier.send(claimed.message)
        except NotifierError as error:
            self._failed(claimed.dispatch, error)
            return False
        except Exception as error:  # noqa: BLE001 - a library's fault delays this message, and must not starve the others
            self._failed(claimed.dispatch, NotifierError(fault("own", kind=type(error).__name__)))
            return False
        self._outbox.sent(key, self._clock.now_ts())
        self._tried.discard(key)
        self._succeeded()
        return True

    def _may_try(self) -> bool:
        now_ts = self._clock.now_ts()
        return not self._stopping.is_set() and not self._is_held(now_ts) and self._patience.may_try(now_ts)

    def _is_held(self, now_ts: float) -> bool:
        """Whether to wait for the internet, rather than to try in vain and say half of it."""
        if self.notifier.is_local or not self._is_cut_off():
            self._cut_since_ts = None
            return False
        if self._cut_since_ts is None:
            self._cut_since_ts = now_ts
        return now_ts - self._cut_since_ts < HELD_S

    def _failed(self, dispatch: Dispatch, error: NotifierError) -> None:
        now_ts = self._tried_ts = self._clock.now_ts()
        retry_ts = self._patience.failed(now_ts, dispatch.tries + 1, is_permanent=error.is_permanent)
        if self._error is None:
            log.warning("notifier %s: %s", self.notifier.name, error)
        self._error = str(error)
        self._outbox.failed(dispatch.key, now_ts, str(error), retry_ts)
        self._on_change()

    def _succeeded(self) -> None:
        if self._error is not None:
            log.info("notifier %s gets through again", self.notifier.name)
        self._error = None
        self._success_ts = self._tried_ts = self._clock.now_ts()
        self._patience.succeeded()
        self._on_change()

    def round(self) -> None:
        """Look once, whatever comes of it."""
        self._woken.clear()
        try:
            self.look()
        except Exception:  # the loop that owns recovery: nobody is told by a thread that has ended
            log.exception("notifier %s could not go through what waits; it looks again", self.notifier.name)
        self._rounds += 1

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.round()
            if not self._stopping.is_set():
                self._clock.wait(self._woken, LOOK_S)


class Senders:
    """All notifiers' threads, and what the pages ask of them."""

    def __init__(self, sendings: Sequence[Sending]) -> None:
        self._by_name: Mapping[str, Sending] = {one.notifier.name: one for one in sendings}

    @classmethod
    def of(
        cls,
        notifiers: Sequence[Notifier],
        people: Sequence[Recipient],
        outbox: Outbox,
        compose: Compose,
        clock: Clock,
        is_cut_off: Callable[[], bool] = lambda: False,
        on_change: Callable[[], None] = lambda: None,
    ) -> Senders:
        """A thread for each notifier, with those who are told by it."""
        random = SystemRandom()
        told_by = {one.name: [person.id for person in people if one.name in person.notifiers] for one in notifiers}
        return cls(
            [
                Sending(one, told_by[one.name], outbox, compose, clock, random, is_cut_off, on_change)
                for one in notifiers
            ]
        )

    def start(self) -> None:
        """Start them."""
        for one in self._by_name.values():
            one.start()

    def stop(self) -> None:
        """End them all together."""
        for one in self._by_name.values():
            one.ask_to_stop()
        for one in self._by_name.values():
            one.stop()

    def wake(self) -> None:
        """Have them look now: something was written for somebody."""
        for one in self._by_name.values():
            one.wake()

    def states(self) -> dict[str, SenderState]:
        """How each does, by its name."""
        return {name: one.state() for name, one in self._by_name.items()}

    def rounds(self) -> int:
        """Of all of them together: rises while they live."""
        return sum(one.rounds for one in self._by_name.values())

    def send_test(self, notifier: str, message: Message) -> None:
        """Send one message at once; NotifierError when it did not get through, or there is no such notifier."""
        if (found := self._by_name.get(notifier)) is None:
            raise NotifierError(fault("no-notifier", name=repr(notifier)), is_permanent=True)
        found.send_test(message)

    def report(self) -> dict[str, Any]:
        """For ``/healthz``."""
        by_name = {
            name: {"status": "pass" if one.error is None else "warn", **asdict(one)}
            for name, one in self.states().items()
        }
        is_well = all(one["status"] == "pass" for one in by_name.values())
        return {"status": "pass" if is_well else "warn", "notifiers": by_name}
