"""Tells the place's own lamps and buzzers what fires: one retained message on the gateway's own broker.

Refreshed by the alert thread after each round that went through, so that it stops when alerts do: what was said last
expires at the nodes and at the broker, whose last will for this gateway says the same at once. Needs no internet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from threading import Lock
from typing import Any, Protocol

from vigie_contract.alerts import REPEAT_S, TRUST_S, Firing, encode_alerts
from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.alert import Alert, Phase
from vigie_gateway.alerts.rules import Rule

FAREWELL_S = 2.0
"""How long a stop waits for the broker to have heard that it does. Lower leaves that to the expiry; higher holds a stop
up where the broker hangs."""
_COUNTED = {Severity.OUTAGE: "outage", Severity.WARNING: "warning", Severity.UNKNOWN: "unknown"}


class Publication(Protocol):
    """What is needed of ``ingest.bus.Publication``."""

    def is_answered(self, timeout_s: float = 0.0) -> bool:
        """Whether the broker has answered, waiting at most so long."""

    def refusal(self) -> str | None:
        """Of one that is answered, what the broker says against it."""


class Broker(Protocol):
    """What is needed of ``ingest.bus.Bus``."""

    connections: int

    def say(self, topic: str, payload: bytes, expires_s: int, *, retain: bool = False) -> Publication | None:
        """Send a message; None without a connection."""


class Beacon:
    """What one gateway says of its alerts. Any thread.

    Args:
        topic: Where.
        broker: The gateway's connection.
        firing: What fires now.
        monotonic: Real seconds.

    Attributes:
        trouble: Why nobody hears it, for a person; None while all is well.
    """

    def __init__(
        self, topic: str, broker: Broker, firing: Callable[[], Firing], monotonic: Callable[[], float]
    ) -> None:
        self._topic = topic
        self._broker = broker
        self._firing = firing
        self._monotonic = monotonic
        self._lock = Lock()
        self._said: tuple[Firing, int] | None = None
        self._said_mono = 0.0
        self._is_over = False
        self._publication: Publication | None = None
        self.trouble: str | None = None

    def refresh(self) -> None:
        """Say what fires where that changed, the broker came back, or it is time to say it again."""
        with self._lock:
            self._look_at_answer()
            now = (self._firing(), self._broker.connections)
            is_due = now != self._said or self._monotonic() - self._said_mono >= REPEAT_S
            if is_due and not self._is_over:
                self._publication = self._say(now[0])
                self._said = None if self._publication is None else now
                self._said_mono = self._monotonic()

    def stop(self) -> None:
        """Say that from now on nobody knows; for good."""
        with self._lock:
            self._is_over = True
            publication = self._say(None)
            if publication is not None:
                publication.is_answered(FAREWELL_S)

    def report(self) -> dict[str, Any]:
        """For ``/healthz``."""
        return {"status": "warn" if self.trouble else "pass", "topic": self._topic, "trouble": self.trouble}

    def _say(self, firing: Firing | None) -> Publication | None:
        return self._broker.say(self._topic, encode_alerts(firing), round(TRUST_S), retain=True)

    def _look_at_answer(self) -> None:
        publication = self._publication
        if publication is None or not publication.is_answered():
            return
        # That no node listens is no fault: a place may have no lamp, and a retained message waits for one.
        refusal = publication.refusal()
        self.trouble = None if refusal is None else f"the broker refuses {self._topic} ({refusal}): see its acl_file"


def firing_of(alerts: Sequence[Alert], rules: Mapping[str, Rule]) -> Firing:
    """What is to be counted of open alerts: what fires, is not silenced and has no cause that is told for it."""
    told = [one for one in alerts if one.phase is Phase.FIRING and one.silence is None and one.cause is None]
    counts = Counter(_severities((one for one in told if one.acknowledged is None), rules))
    return Firing(**counts, in_hand=sum(one.acknowledged is not None for one in told))


def _severities(alerts: Iterable[Alert], rules: Mapping[str, Rule]) -> Iterable[str]:
    for alert in alerts:
        if (rule := rules.get(alert.key.rule)) is not None:
            yield _COUNTED[rule.severity]
