"""The ingest thread of third parties: takes their messages, has them decoded and registered, then acknowledges them.

Steps 5 and 6 of a reading's way for devices of others. A thread of its own, built by the composition root where
``gateway.toml`` turns it on: what devices send, however much, is never in the way of own nodes.
"""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread
from typing import Any

from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Decoded, clean
from vigie_gateway.ingest.device_bus import RECEIVE_MAXIMUM, DeviceBus, Receipt
from vigie_gateway.ingest.device_readings import DeviceReadings
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.registry.registry import Registry
from vigie_gateway.store import StoreError

log = logging.getLogger(__name__)

WAIT_S = 1.0
"""For a message. Lower wakes a Pi for nothing; higher ends later."""
RETRY_S = 2.0
"""After a commit that failed. Lower hammers a full disk; higher keeps what waits for longer."""
FLOODERS_TOLD = 5
"""Topics named in the health report. Fewer hides the second; more fills it."""


class DeviceIngest:
    """Takes what devices of others say.

    Args:
        bus: Their connection.
        decoding: Reads their messages.
        registry: Keeps what they are and say.
        refusals: Of devices alone: counts what gives nothing.

    Attributes:
        messages: Taken since the start.
        measures: That they held.
        registry: What they are and say, for pages.
        refusals: What gave nothing.
        trouble: Why nothing is kept; None while all is well.
    """

    def __init__(self, bus: DeviceBus, decoding: Decoding, registry: Registry, refusals: Refusals) -> None:
        self._bus = bus
        self._decoding = decoding
        self.registry = registry
        self.refusals = refusals
        self._stopping = Event()
        self._turn = Lock()
        self._readings: DeviceReadings | None = None
        self._is_attached = Event()
        self._taken_before: frozenset[str] = frozenset()
        self._thread = Thread(target=self._run, name="devices", daemon=True)
        self.messages = 0
        self.measures = 0
        self.trouble: str | None = None

    def start(self) -> None:
        """Begin, and connect."""
        self._thread.start()
        self._bus.start()

    def stop(self) -> None:
        """End; what is not acknowledged by then the broker sends again."""
        self._stopping.set()
        self._bus.stop()
        self._thread.join()

    def attach(self, readings: DeviceReadings) -> None:
        """Take messages from now on, and give the readings of what the place took in to its store.

        What a device said before it was taken in is given to it too. Until then, and after ``detach``, messages wait.
        """
        with self._turn:
            self._decoding.pin(readings.approved.announced_on())
            self.registry.approve(readings.approved.devices())
            readings.feed(self.registry.devices(), self._taken_before)
            self._taken_before |= readings.approved.identities()
            self._readings = readings
        self._is_attached.set()

    def detach(self) -> None:
        """Take no more messages until another place is attached."""
        self._is_attached.clear()
        with self._turn:
            self._readings = None

    @property
    def is_connected(self) -> bool:
        """Whether the broker knows us now; from any thread."""
        return self._bus.is_connected

    def done(self, receipt: Receipt) -> None:
        """Let a message go whose readings are on the disk; from any thread."""
        self._bus.done(receipt)

    def report(self) -> dict[str, Any]:
        """For the health report: what was taken, and what gave nothing, with the last example of each reason."""
        refused = {
            reason: {"count": found.count, "last": found.subject, "detail": found.detail, "at_ts": found.at_ts}
            for reason, found in sorted(self.refusals.all().items())
        }
        known = self.registry.devices()
        flooding = self._bus.flooding(FLOODERS_TOLD)
        names = ", ".join(clean(topic, 64) for topic, _ in flooding)
        trouble = self.trouble or self._bus.trouble or (f"flooding the bus: {names}" if flooding else None)
        return {
            "status": "pass" if trouble is None else "warn",
            "trouble": trouble,
            "devices": len(known),
            "given_way": self.registry.given_way,
            "messages": self.messages,
            "measures": self.measures,
            "stored": 0 if self._readings is None else self._readings.stored,
            "flooding": {clean(topic, 120): dropped for topic, dropped in flooding},
            "by_id": {} if self._readings is None else self._readings.given(known),
            "by_reason": refused,
        }

    def _run(self) -> None:
        while not self._stopping.is_set():
            if not self._is_attached.wait(WAIT_S):
                continue
            first = self._bus.get(WAIT_S)
            if first is not None:
                self._take_batch(first)

    def _take_batch(self, first: Receipt) -> None:
        taken = 0
        settled: list[Receipt] = []
        receipt: Receipt | None = first
        with self._turn:
            while receipt is not None:
                taken += 1
                if not self._take(receipt):
                    settled.append(receipt)
                receipt = self._bus.get(0) if taken < RECEIVE_MAXIMUM else None
        while not self._is_committed() and not self._stopping.wait(RETRY_S):
            pass
        if self.trouble is None:
            for one in settled:
                self._bus.done(one)

    def _take(self, receipt: Receipt) -> bool:
        """Take one message; whether its acknowledgement is left to whoever stores its readings."""
        message = receipt.message
        self.messages += 1
        decoded = self._decoding.decode(message)
        subject = clean(message.topic, 120)
        if decoded.refusal is not None:
            self.refusals.add(decoded.refusal.reason, subject, decoded.refusal.detail, message.at_ts)
            return False
        for entity in decoded.entities:
            if entity.trouble is not None:
                self.refusals.add(entity.trouble, subject, entity.detail, message.at_ts)
        left_out = self.registry.take(message, decoded)
        if left_out:
            detail = "more devices, or more entities of one device, than are taken"
            self.refusals.add("too-many", subject, detail, message.at_ts, left_out)
        self.measures += len(decoded.measures)
        self._bus.listen(decoded.listen, is_approved=self._is_approved(decoded))
        return self._readings is not None and self._readings.offer(receipt, decoded)

    def _is_approved(self, decoded: Decoded) -> bool:
        readings = self._readings
        return readings is not None and any(readings.approved.of(one.unique_id) for one in decoded.entities)

    def _is_committed(self) -> bool:
        try:
            self.registry.commit()
        except StoreError as error:
            if self.trouble is None:
                log.warning("%s", error)
            self.trouble = str(error)
            return False
        self.trouble = None
        return True
