"""Where what tells people is put together: notifiers, their threads, the dead man's switch. Called by ``app``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vigie_contract.clock import Clock
from vigie_gateway.alerts.beacon import Beacon
from vigie_gateway.alerts.signals import Signal, Subject, SubjectKind
from vigie_gateway.notify.heartbeat import Heartbeat, Progress
from vigie_gateway.notify.notifier import Notifier
from vigie_gateway.notify.notifier_file import NotifierFile
from vigie_gateway.notify.notifiers.mqtt_lamp import MqttLamp
from vigie_gateway.notify.notifiers.screen import Screen
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.notify.sending import Compose, Outbox, Senders, SenderState

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Telling:
    """What the gateway has to tell people, while it serves one place.

    Attributes:
        notifiers: All that a recipient may name, by their names.
        senders: Their threads.
        heartbeat: None: nobody outside watches.
        lamps: Those of the notifiers that are switched rather than told.
        beacon: Tells the lamps and buzzers of nodes; None where nothing does.
        told: Ids of those whom a notifier of this machine tells, besides the screen.
        unknown: Names in ``[[told]]`` that no notifier here has: nobody is told by them.
    """

    notifiers: Mapping[str, Notifier]
    senders: Senders
    heartbeat: Heartbeat | None
    lamps: tuple[MqttLamp, ...] = ()
    unknown: tuple[str, ...] = ()
    beacon: Beacon | None = None
    told: frozenset[str] = frozenset()

    def start(self) -> None:
        """Start the threads."""
        self.senders.start()
        if self.heartbeat is not None:
            self.heartbeat.start()

    def stop(self) -> None:
        """End them; lamps show from now on that nobody knows. The alert thread has ended."""
        if self.heartbeat is not None:
            self.heartbeat.stop()
        self.senders.stop()
        for light in self._lights():
            light.stop()

    def refresh(self) -> None:
        """Switch the lamps as they are to be now. From any thread: after a change, and after each look at alerts."""
        for light in self._lights():
            light.refresh()

    def _lights(self) -> tuple[MqttLamp | Beacon, ...]:
        return self.lamps if self.beacon is None else (*self.lamps, self.beacon)

    def signals(self) -> list[Signal]:
        """Whether each gets through. One that was not tried since the start is not known; the screen is never tried."""
        lamps = {lamp.name: lamp for lamp in self.lamps}
        return [
            _signal(name, one, lamps.get(name))
            for name, one in self.senders.states().items()
            if one.kind != Screen.kind
        ]

    def report(self) -> dict[str, Any]:
        """The part "notifiers" of ``/healthz``."""
        found = self.senders.report()
        heartbeat = None if self.heartbeat is None else self.heartbeat.report()
        is_fed = heartbeat is None or heartbeat["status"] == "pass"
        lamps = {lamp.name: lamp.trouble for lamp in self.lamps}
        nodes = None if self.beacon is None else self.beacon.report()
        is_shown = not any(lamps.values()) and (nodes is None or nodes["status"] == "pass")
        is_well = found["status"] == "pass" and is_fed and is_shown and not self.unknown
        return {
            **found,
            "status": "pass" if is_well else "warn",
            "heartbeat": heartbeat,
            "lamps": lamps,
            "lamps_of_nodes": nodes,
            "unknown": self.unknown,
            "people": len(self.told),
        }


def _signal(name: str, one: SenderState, lamp: MqttLamp | None) -> Signal:
    """Of one notifier; a lamp is tried each minute, also while no message is due."""
    error = one.error if lamp is None else one.error or lamp.trouble
    is_tried = one.tried_ts is not None or (lamp is not None and lamp.is_tried)
    return Signal(
        "notifier",
        Subject(SubjectKind.NOTIFIER, name),
        value=float(error is not None) if is_tried else None,
        at_ts=one.tried_ts,
        why="" if is_tried else "never",
        figures={"failures": float(one.failures), "error": error},
    )


def build_telling(
    file: NotifierFile,
    outbox: Outbox,
    clock: Clock,
    *,
    lamps: Sequence[MqttLamp] = (),
    beacon: Beacon | None = None,
    people: Sequence[Recipient] = (),
    compose: Compose,
    is_cut_off: Callable[[], bool] = lambda: False,
    show: Callable[[], None],
    counters: Mapping[str, Callable[[], float]],
    is_sound: Mapping[str, Callable[[], bool]],
) -> Telling:
    """Put it together; nothing is started. What waits for somebody who is not told any more is dropped.

    Args:
        file: ``notifiers.toml``.
        outbox: What is to be told.
        clock: The time.
        lamps: What is switched by the broker.
        beacon: Tells the lamps and buzzers of nodes.
        people: Who asked to be told.
        compose: Finds the words for what waits for them.
        is_cut_off: Whether the place has no internet.
        show: Shows browsers what is now.
        counters: By its name, what rises while a thread of the gateway gets on; the notifiers' own are added.
        is_sound: By its name, whether a part works.
    """
    notifiers: tuple[Notifier, ...] = (Screen("screen", show), *lamps, *file.notifiers)
    senders = Senders.of(notifiers, people, outbox, compose, clock, is_cut_off, show)
    heartbeat = None
    if file.heartbeat is not None:
        progress = Progress({**counters, "notifiers": senders.rounds}, is_sound)
        heartbeat = Heartbeat(
            file.heartbeat.url.get_secret_value(),
            file.heartbeat.every_s,
            may_be_here=file.heartbeat.loopback,
            stuck=progress.stuck,
            clock=clock,
        )
    by_name = {one.name: one for one in notifiers}
    unknown = tuple(sorted({name for person in people for name in person.notifiers} - by_name.keys()))
    if unknown:
        log.warning("[[told]]: no notifier %s here: expected one of %s", ", ".join(unknown), ", ".join(by_name))
    told_by = {(person.id, name) for person in people for name in person.notifiers if name in by_name}
    if dropped := outbox.keep_only(told_by, clock.now_ts()):
        log.warning("%d messages are told to nobody: the settings no longer name who they were for", dropped)
    told = frozenset(person for person, name in told_by if by_name[name].kind != Screen.kind)
    return Telling(by_name, senders, heartbeat, tuple(lamps), unknown, beacon, told)
