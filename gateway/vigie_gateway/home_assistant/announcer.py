"""Says on the gateway's broker what ``announcement`` tells of the place: retained, and again as it changes.

A thread of its own, woken by the board's stream (``live``), so that Home Assistant changes when the pages do. Built by
the composition root where ``gateway.toml`` turns it on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event, Thread
from typing import Any, Protocol

from vigie_gateway.alerts.beacon import Publication
from vigie_gateway.home_assistant.announcement import BIRTH, Announcement

log = logging.getLogger(__name__)

INTERVAL_S = 1.0
"""Least time between two looks at the place. Lower costs a Pi its processor; higher is felt as lag."""
REPEAT_S = 3_600.0
"""All of it is said again after so long, before the broker forgets it. Lower is traffic for nothing."""
TRUST_S = 86_400
"""What is said is forgotten by the broker after so long: an announcement that was turned off goes away by itself.
Lower than some REPEAT_S and it would go while the gateway is there; higher leaves it longer."""


class Broker(Protocol):
    """What is needed of ``ingest.bus.Bus``."""

    connections: int

    def say(self, topic: str, payload: bytes, expires_s: int, *, retain: bool = False) -> Publication | None:
        """Send a message; None without a connection."""


class Announcer:
    """What one gateway tells Home Assistant.

    Args:
        broker: The gateway's connection.
        look: The announcement now; called on this thread.
        monotonic: Real seconds.

    Attributes:
        trouble: Why Home Assistant does not see it, for a person; None while all is well.
        births: How often Home Assistant said that it had started.
    """

    def __init__(self, broker: Broker, look: Callable[[], Announcement], monotonic: Callable[[], float]) -> None:
        self._broker = broker
        self._look = look
        self._monotonic = monotonic
        self._said: dict[str, bytes] = {}
        self._connections = 0
        self._whole_mono = 0.0
        self._left_out = 0
        self._answers: dict[str, Publication] = {}
        self._refused: dict[str, str] = {}
        self._is_born = Event()
        self._poked = Event()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="home-assistant", daemon=True)
        self.trouble: str | None = None
        self.births = 0

    def poke(self) -> None:
        """Something may have changed. Any thread."""
        self._poked.set()

    def hear(self, payload: bytes) -> None:
        """What Home Assistant says of itself; on the network's thread."""
        if payload == BIRTH:
            self.births += 1
            self._is_born.set()
            self._poked.set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; that the gateway is gone is told by its ``alerts`` topic."""
        self._stopping.set()
        self._poked.set()
        self._thread.join()

    def refresh(self) -> None:
        """Say what changed, or all of it: to a new connection, to a Home Assistant that has started, and each hour."""
        now_mono, connections = self._monotonic(), self._broker.connections
        is_born = self._is_born.is_set()
        if is_born or connections != self._connections or now_mono - self._whole_mono >= REPEAT_S:
            self._is_born.clear()
            self._said.clear()
            self._connections, self._whole_mono = connections, now_mono
        told = self._look()
        self._left_out = told.left_out
        for topic, payload in ((told.config_topic, told.config), *told.states.items()):
            if self._said.get(topic) == payload:
                continue
            publication = self._broker.say(topic, payload, TRUST_S, retain=True)
            if publication is not None:
                self._said[topic] = payload
                self._answers[topic] = publication
        self._look_at_answers()

    def report(self) -> dict[str, Any]:
        """For ``/healthz``."""
        return {
            "status": "warn" if self.trouble else "pass",
            "trouble": self.trouble,
            "topics": len(self._said),
            "births": self.births,
        }

    def _look_at_answers(self) -> None:
        for topic, publication in list(self._answers.items()):
            if publication.is_answered():
                del self._answers[topic]
                refusal = publication.refusal()
                if refusal is None:
                    self._refused.pop(topic, None)
                else:
                    self._refused[topic] = refusal
        trouble = None
        if self._refused:
            topic, refusal = next(iter(self._refused.items()))
            trouble = f"the broker refuses {topic} ({refusal}): see its acl_file"
        elif self._left_out:
            trouble = f"{self._left_out} rooms do not fit into what Home Assistant is told"
        if trouble is not None and trouble != self.trouble:
            log.warning("%s", trouble)
        self.trouble = trouble

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._poked.clear()
            try:
                self.refresh()
            except Exception:  # one wrong value must not end it for good: it is logged, and the next look is another
                log.exception("Home Assistant could not be told")
                self.trouble = "it failed: see the log"
            self._stopping.wait(INTERVAL_S)
            self._poked.wait()
