"""What works and what does not, for ``/healthz``: pass, warn or fail for each part, and why. Read from any thread."""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

from vigie_contract.clock import Clock
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.live import Live

STALLED_S = 20.0
"""Seconds without a round of the ingest thread until it counts as stalled, and the watchdog is not fed. Lower would
kill a gateway whose card takes ten seconds for one write (seen on worn cards); higher leaves a dead one in place."""
BACKLOG_LATE_S = 300.0
"""How long something may wait until the backlog warns. Lower warns of every restart of a node on bad Wi-Fi; higher
tells late that a disk, a link or a cursor stands still."""
_ORDER = ("pass", "warn", "fail")


class Health:
    """Gathers the report."""

    def __init__(self, bus: Bus, pipeline: Pipeline, live: Live, refusals: Refusals, clock: Clock) -> None:
        self._bus = bus
        self._pipeline = pipeline
        self._live = live
        self._refusals = refusals
        self._clock = clock
        self._started_mono = time.monotonic()

    def is_progressing(self) -> bool:
        """Whether the ingest thread lives and came round lately: what the watchdog asks."""
        return self._pipeline.is_alive() and time.monotonic() - self._pipeline.progress_mono < STALLED_S

    def report(self) -> dict[str, Any]:
        """The whole report, JSON-ready; its ``status`` is the worst of the parts'."""
        parts = {
            "broker": self._broker(),
            "ingest": self._ingest(),
            "store": self._store(),
            "backlog": self._backlog(),
            "nodes": self._nodes(),
            "refused": self._refused(),
            "live": {"status": "pass", "viewers": self._live.viewers(), "dropped": self._live.dropped},
        }
        worst = max((part["status"] for part in parts.values()), key=_ORDER.index)
        return {
            "status": worst,
            "version": version("vigie"),
            "now_ts": self._clock.now_ts(),
            "up_s": round(time.monotonic() - self._started_mono, 1),
            "parts": parts,
        }

    def _broker(self) -> dict[str, Any]:
        bus, now_mono = self._bus, time.monotonic()
        drops = bus.drops
        status, trouble = "pass", bus.trouble
        if not bus.is_connected:
            status = "fail"
        elif trouble is not None:
            status = "warn"
        elif bus.is_contested():
            status = "warn"
            trouble = (
                f"another client took the gateway's connection {bus.takeovers} times since it started: "
                "a second gateway uses its name, or its password is in other hands (or the broker dies again and again)"
            )
        elif drops.is_recent(now_mono):
            status = "warn"
            trouble = f"the broker dropped {drops.risen} messages since the gateway started: its queues are too short"
        return {
            "status": status,
            "trouble": trouble,
            "version": bus.broker_version,
            "round_trip_s": bus.round_trip_s,
            "takeovers": bus.takeovers,
            "dropped_messages": drops.total,
            "dropped_while_watched": drops.risen,
        }

    def _ingest(self) -> dict[str, Any]:
        return {"status": "pass" if self.is_progressing() else "fail", **self._pipeline.counts}

    def _store(self) -> dict[str, Any]:
        trouble = self._pipeline.store_trouble
        return {"status": "pass" if trouble is None else "fail", "trouble": trouble}

    def _backlog(self) -> dict[str, Any]:
        """What waits on its way to the disk, where, and since when; null is nothing, or not known."""
        now_ts = self._clock.now_ts()
        messages, payload_bytes = self._bus.backlog()
        waited_s = self._pipeline.pending_s()
        nodes = [node for node in list(self._pipeline.nodes.values()) if node.waiting_readings is not None]
        since = {
            "on_nodes_since_ts": min(
                (node.waiting_since_ts for node in nodes if node.waiting_since_ts is not None), default=None
            ),
            "messages_since_ts": self._bus.waiting_since_ts(),
            "uncommitted_since_ts": None if waited_s is None else now_ts - waited_s * self._clock.speed,
        }
        late_s = BACKLOG_LATE_S * self._clock.speed
        is_late = any(since_ts is not None and now_ts - since_ts > late_s for since_ts in since.values())
        return {
            "status": "warn" if is_late else "pass",
            "on_nodes_readings": sum(node.waiting_readings or 0 for node in nodes) if nodes else None,
            "messages": messages,
            "message_bytes": payload_bytes,
            "uncommitted_readings": self._pipeline.pending(),
            **since,
        }

    def _nodes(self) -> dict[str, Any]:
        nodes = {
            node.id: {
                "is_online": node.is_online,
                "heard_ts": node.heard_ts,
                "software": None if node.birth is None else node.birth.software,
                "channels": len(node.channels),
                "journal": node.journal,
                "stored_upto": None if node.journal is None else node.stored.get(node.journal),
                "is_dated": node.is_dated,
                "waiting_readings": node.waiting_readings,
                "waiting_since_ts": node.waiting_since_ts,
            }
            for node in list(self._pipeline.nodes.values())
        }
        is_one_away = any(node["is_online"] is False for node in nodes.values())
        return {"status": "warn" if is_one_away else "pass", "by_id": nodes}

    def _refused(self) -> dict[str, Any]:
        by_reason = {
            reason: {"count": found.count, "last": found.subject, "detail": found.detail, "at_ts": found.at_ts}
            for reason, found in sorted(self._refusals.all().items())
        }
        return {"status": "warn" if by_reason else "pass", "by_reason": by_reason}
