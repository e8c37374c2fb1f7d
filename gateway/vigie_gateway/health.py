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
        trouble = self._bus.trouble
        return {"status": "pass" if self._bus.is_connected else "fail", "trouble": trouble}

    def _ingest(self) -> dict[str, Any]:
        messages, payload_bytes = self._bus.backlog()
        return {
            "status": "pass" if self.is_progressing() else "fail",
            "waiting_messages": messages,
            "waiting_bytes": payload_bytes,
            "uncommitted_readings": self._pipeline.pending(),
            **self._pipeline.counts,
        }

    def _store(self) -> dict[str, Any]:
        trouble = self._pipeline.store_trouble
        return {"status": "pass" if trouble is None else "fail", "trouble": trouble}

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
