"""What works and what does not, for ``/healthz``: pass, warn or fail for each part, and why. Read from any thread.

What the machine cannot tell of itself is ``unknown``, which counts for nothing in the whole.
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

from vigie_contract.clock import Clock
from vigie_dashboard.health_view import LOW_BATTERY_PERCENT
from vigie_gateway.alerts.building import Alerts
from vigie_gateway.calendars.feeds import Calendars
from vigie_gateway.clock.belief import Witness
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.home_assistant.announcer import Announcer
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.device_ingest import DeviceIngest
from vigie_gateway.ingest.pipeline import STALLED_S, Pipeline
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.live import Live
from vigie_gateway.machine import Machine, machine_parts
from vigie_gateway.notify.telling import Telling
from vigie_gateway.sessions.checks import SessionChecks
from vigie_gateway.store.influxdb.sink import Sink
from vigie_gateway.store.upkeep import Upkeep

BACKLOG_LATE_S = 300.0
"""How long something may wait until the backlog warns. Lower warns of every restart of a node on bad Wi-Fi; higher
tells late that a disk, a link or a cursor stands still."""
STEP_WARNED_S = 900.0
"""How long a clock that was moved is warned of. Lower is over before anybody looks; higher hides the next one."""
_ORDER = ("unknown", "pass", "warn", "fail")


class Health:
    """Gathers the report."""

    def __init__(
        self,
        bus: Bus,
        pipeline: Pipeline,
        live: Live,
        refusals: Refusals,
        calendars: Calendars,
        clock: Clock,
        watch: ClockWatch,
        upkeep: Upkeep,
        machine: Machine,
        influxdb: Sink | None = None,
        *,
        checks: SessionChecks,
        alerts: Alerts,
        telling: Telling | None = None,
        home_assistant: Announcer | None = None,
        devices: DeviceIngest | None = None,
    ) -> None:
        self._bus = bus
        self._pipeline = pipeline
        self._live = live
        self._refusals = refusals
        self._calendars = calendars
        self._checks = checks
        self._alerts = alerts
        self._telling = telling
        self._home_assistant = home_assistant
        self._devices = devices
        self._clock = clock
        self._watch = watch
        self._influxdb = influxdb
        self._upkeep = upkeep
        self._machine = machine
        self._started_mono = time.monotonic()

    def is_progressing(self) -> bool:
        """Whether the ingest and the alert thread live and came round lately: what the watchdog asks."""
        return self._is_taking() and self._alerts.watch.is_progressing()

    def _is_taking(self) -> bool:
        return self._pipeline.is_alive() and time.monotonic() - self._pipeline.progress_mono < STALLED_S

    def report(self) -> dict[str, Any]:
        """The whole report, JSON-ready; its ``status`` is the worst of the parts'."""
        parts = {
            "clock": self._clock_part(),
            "broker": self._broker(),
            "ingest": self._ingest(),
            "store": self._store(),
            "backlog": self._backlog(),
            "nodes": self._nodes(),
            "refused": self._refused(),
            "calendars": self._calendars.report(),
            "checks": self._checks.report(),
            "alerts": self._alerts.watch.report(),
            "outbox": self._alerts.outbox_report(self._clock.now_ts()),
            "live": {"status": "pass", "viewers": self._live.viewers(), "dropped": self._live.dropped},
            **machine_parts(self._machine.state()),
        }
        if self._telling is not None:
            parts["notifiers"] = self._telling.report()
        if self._influxdb is not None:
            parts["influxdb"] = self._influxdb.report()
        if self._home_assistant is not None:
            parts["home_assistant"] = self._home_assistant.report()
        if self._devices is not None:
            parts["devices"] = self._devices.report()
        worst = max((part["status"] for part in parts.values()), key=_ORDER.index)
        return {
            "status": worst,
            "version": version("vigie"),
            "now_ts": self._clock.now_ts(),
            "up_s": round(time.monotonic() - self._started_mono, 1),
            "parts": parts,
        }

    def _clock_part(self) -> dict[str, Any]:
        state = self._watch.state
        belief = state.belief
        moved_mono, warned_s = state.last_step_mono, STEP_WARNED_S * self._clock.speed
        is_moved = moved_mono is not None and self._clock.now_mono() - moved_mono < warned_s
        is_left_alone = belief.is_held and belief.witness is Witness.NTP
        trouble = state.trouble
        if not belief.is_known:
            trouble = f"{belief.why}: readings are shown and stay on their nodes; `vigie-gateway clock set` vouches"
        elif trouble is None and is_left_alone:
            trouble = belief.why
        elif trouble is None and is_moved:
            trouble = f"the clock was moved by {state.last_step_s:+.1f} s"
        return {
            "status": "fail" if not belief.is_known else "warn" if trouble is not None else "pass",
            "trouble": trouble,
            "is_known": belief.is_known,
            "witness": belief.witness,
            "why": belief.why,
            "since_ts": self._watch.since_ts(),
            "steps": state.steps,
            "last_step_s": state.last_step_s,
            "last_step_ts": self._watch.last_step_ts(),
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
        return {"status": "pass" if self._is_taking() else "fail", **self._pipeline.counts}

    def _store(self) -> dict[str, Any]:
        return self._upkeep.report(self._pipeline.store_trouble)

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
                "clock_off_s": None if node.clock.off_s is None else round(node.clock.off_s, 1),
                "is_cloned": node.is_cloned,
                "waiting_readings": node.waiting_readings,
                "waiting_since_ts": node.waiting_since_ts,
                "battery_percent": node.told("battery"),
                "signal_dbm": node.told("rssi"),
            }
            for node in list(self._pipeline.nodes.values())
        }
        away = sorted(node for node, said in nodes.items() if said["is_online"] is False)
        troubles = [f"offline: {', '.join(away)}"] if away else []
        cloned = sorted(node for node, said in nodes.items() if said["is_cloned"])
        troubles += [f"two nodes have copies of one card: {', '.join(cloned)}"] if cloned else []
        empty = sorted(node.id for node in list(self._pipeline.nodes.values()) if _is_low(node.told("battery")))
        troubles += [f"battery low: {', '.join(empty)}"] if empty else []
        # Where no NTP client keeps the gateway's clock, the node's may be the right one.
        is_sure = self._watch.state.belief.witness is Witness.NTP
        for node, said in sorted(nodes.items()):
            off_s = said["clock_off_s"]
            if isinstance(off_s, float) and said["is_online"] is not False:
                way = "ahead" if off_s > 0 else "behind"
                troubles.append(
                    f"the clock of {node} is {abs(off_s):.0f} s {way}{'' if is_sure else ', or the gateway is wrong'}"
                )
        trouble = "; ".join(troubles) or None
        return {"status": "pass" if trouble is None else "warn", "trouble": trouble, "by_id": nodes}

    def _refused(self) -> dict[str, Any]:
        by_reason = {
            reason: {"count": found.count, "last": found.subject, "detail": found.detail, "at_ts": found.at_ts}
            for reason, found in sorted(self._refusals.all().items())
        }
        return {"status": "warn" if by_reason else "pass", "by_reason": by_reason}


def _is_low(battery_percent: float | None) -> bool:
    return battery_percent is not None and battery_percent < LOW_BATTERY_PERCENT
