"""The roll of who is told: by what, of what, and what became of the last message; and the "test" button.

Made by ``app`` from the people of the place and the notifiers of the machine; asked by ``api`` on worker threads. Reads
the outbox. What became of tests is kept in memory: after a restart nobody knows it, and the button is still there.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from vigie_contract.clock import Clock
from vigie_dashboard.alert_view import ToldView
from vigie_dashboard.fault_words import fault
from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.building import Alerts
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.showing import MarkError
from vigie_gateway.notify.notices import Message, Notice, NotifierError
from vigie_gateway.notify.notifier import Notifier
from vigie_gateway.notify.outbox import Delivery
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.notify.telling import Telling
from vigie_gateway.place.site import Site

TEST_EVERY_S = 10.0
"""Between two tests by one notifier, real seconds. Lower lets a button that is pressed again and again use up a
service's quota; higher keeps whoever mends a notifier waiting."""


class Past(Protocol):
    """What is asked of ``outbox.Outbox``."""

    def last_by(self, recipient: str, notifier: str) -> Delivery | None:
        """The last message to somebody."""

    def waiting(self, recipient: str, notifier: str, now_ts: float) -> Sequence[Notice]:
        """What is due and not claimed."""


@dataclass(frozen=True, slots=True)
class _Test:
    """When one was sent, and why it did not get through; "" where it did."""

    at_ts: float
    error: str


class Roll:
    """Who is told.

    Args:
        people: In the order of the site file.
        rules: By id.
        room_names: Names of the place's rooms, by id and language.
        notifiers: Of this machine, by name.
        outbox: What was told.
        words: Composes a test message for a recipient, from an author, at a time.
        send: Sends one at once by a notifier; NotifierError when it did not get through.
        clock: The time.
    """

    def __init__(
        self,
        people: Sequence[Recipient],
        rules: Mapping[str, Rule],
        room_names: Mapping[str, Mapping[str, str]],
        notifiers: Mapping[str, Notifier],
        outbox: Past,
        words: Callable[[str, str, float], Message],
        send: Callable[[str, Message], None],
        clock: Clock,
    ) -> None:
        self._people = people
        self._rules = rules
        self._room_names = room_names
        self._notifiers = notifiers
        self._outbox = outbox
        self._words = words
        self._send = send
        self._clock = clock
        self._lock = threading.Lock()
        self._tests: dict[tuple[str, str], _Test] = {}
        self._tested_mono: dict[str, float] = {}

    @classmethod
    def of(cls, site: Site, alerts: Alerts, telling: Telling, clock: Clock) -> Roll:
        """The roll of a place."""
        return cls(
            alerts.people,
            alerts.desk.rules,
            {room.id: room.name for room in site.rooms},
            telling.notifiers,
            alerts.outbox,
            alerts.words.test,
            telling.senders.send_test,
            clock,
        )

    def notifiers(self) -> list[tuple[str, str]]:
        """Name and kind of each notifier of this machine."""
        return [(name, one.kind) for name, one in self._notifiers.items()]

    def told(self) -> list[ToldView]:
        """Who is told, in the order of the site file, a line for each of their notifiers; empty where nobody is.

        Raises:
            BookError: The outbox cannot be read.
        """
        now_ts = self._clock.now_ts()
        return [self._view(one, notifier, now_ts) for one in self._people for notifier in one.notifiers]

    def test(self, recipient: str, notifier: str, author: str) -> None:
        """Send them a message that says that it is a test; what became of it stands in ``told``.

        Raises:
            MarkError: ``unknown``: nobody of that id is told by such a notifier here; ``soon``: it was just tested.
        """
        is_known = any(one.id == recipient and notifier in one.notifiers for one in self._people)
        if not is_known or notifier not in self._notifiers:
            raise MarkError("unknown", f"nobody {recipient[:40]!r} is told by {notifier[:40]!r} here")
        self._take_turn(notifier)
        message = replace(self._words(recipient, author, self._clock.now_ts()), key=secrets.token_hex(16))
        error = ""
        try:
            self._send(notifier, message)
        except NotifierError as caught:
            error = str(caught) or fault("not-through")
        with self._lock:
            self._tests[recipient, notifier] = _Test(self._clock.now_ts(), error)

    def _take_turn(self, notifier: str) -> None:
        with self._lock:
            now_mono = self._clock.now_mono()
            last_mono = self._tested_mono.get(notifier)
            if last_mono is not None and now_mono - last_mono < TEST_EVERY_S:
                raise MarkError("soon", f"{notifier} was tested less than {TEST_EVERY_S:g} s ago")
            self._tested_mono[notifier] = now_mono

    def _view(self, one: Recipient, notifier: str, now_ts: float) -> ToldView:
        found = self._notifiers.get(notifier)
        told = ToldView(
            recipient=one.id,
            name={one.language: one.name},
            notifier=notifier,
            means="" if found is None else found.kind,
            least=Severity.OUTAGE if one.is_for_outages else Severity.UNKNOWN,
            is_out_of_hours=not one.is_quiet_when_closed,
            lets_outages=one.lets_outages,
            is_here=found is not None,
            rules=None if one.rules is None else tuple(sorted(one.rules)),
            rule_names={id_: rule.name for id_, rule in self._rules.items() if one.rules and id_ in one.rules},
            rooms=() if one.rooms is None else tuple(self._room_names.get(id_, {}) for id_ in sorted(one.rooms)),
            after_s=one.after_s,
            waiting=len(self._outbox.waiting(one.id, notifier, now_ts)),
        )
        return _with_last(told, self._outbox.last_by(one.id, notifier), self._tests.get((one.id, notifier)))


def _with_last(told: ToldView, last: Delivery | None, test: _Test | None) -> ToldView:
    """With the newer of the last message and the last test."""
    tried_ts = None if last is None else last.tried_ts
    if test is not None and (tried_ts is None or test.at_ts >= tried_ts):
        return replace(told, last_ts=test.at_ts, is_last_sent=not test.error, error=test.error, is_test=True)
    if last is None:
        return told
    is_on_its_way = last.state != "sent"
    return replace(
        told,
        last_ts=tried_ts,
        is_last_sent=None if tried_ts is None else not last.error,
        error=last.error,
        waiting=told.waiting + is_on_its_way,
    )
