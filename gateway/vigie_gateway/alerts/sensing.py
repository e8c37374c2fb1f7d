"""What the gateway knows, as signals: the first step of an alert's way. Called once a second on the alert thread.

The place comes from the board; nodes, broker, store and machine are asked here; notifiers tell of themselves
(``notify.telling``). Nothing is silent while the gateway could not hear it: not before it has listened for long enough,
and not while the broker is away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from vigie_contract.clock import Clock
from vigie_gateway.alerts.signals import Signal, Subject, SubjectKind
from vigie_gateway.clock.belief import STEP_S
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest.drops import BrokerDrops
from vigie_gateway.ingest.nodes import ChannelState, NodeState
from vigie_gateway.ingest.pipeline import STALLED_S, Pipeline
from vigie_gateway.machine import Machine, MachineState
from vigie_gateway.place.board import Board
from vigie_gateway.place.cells import ASSUMED_PERIOD_S, FRESH_PERIODS, SILENT_PERIODS
from vigie_gateway.place.signals import Listening

CONNECT_S = 10.0
"""Until a broker that never answered since the gateway's start counts as away. Lower begins an alert at every start of
the machine; higher tells later of a broker that does not come."""
HEARD_S = 60.0
"""A node is not silent before, however often it speaks. Lower begins an alert at each lost packet of bad Wi-Fi."""
MACHINE_S = 10.0
"""Between two looks at sysfs and the disk. Lower costs system calls each second; higher misses a short dip."""
FEWEST_NODES = 3
"""Of which it can be said that most are silent. With two, one that is away would be half of the place."""

GATEWAY = Subject(SubjectKind.GATEWAY, "")
BROKER = Subject(SubjectKind.BROKER, "")


class BrokerLink(Protocol):
    """What is asked of the connection to the broker (``ingest.bus.Bus``)."""

    is_connected: bool
    drops: BrokerDrops

    def waiting_since_ts(self) -> float | None:
        """Since when the oldest message has waited."""


class Sensing:
    """Makes the signals. One thread."""

    def __init__(
        self,
        board: Board,
        bus: BrokerLink,
        pipeline: Pipeline,
        watch: ClockWatch,
        machine: Machine,
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._board = board
        self._bus = bus
        self._pipeline = pipeline
        self._watch = watch
        self._machine = machine
        self._clock = clock
        self._monotonic = monotonic
        self._used = frozenset(board.wiring.nodes)
        self._began_mono = self._listening_mono = clock.now_mono()
        self._offset_s = clock.now_ts() - self._began_mono
        self._was_connected = False
        self._known: dict[str, tuple[float, float]] = {}
        self._state: MachineState | None = None
        self._state_mono = 0.0

    def signals(self, now_ts: float) -> list[Signal]:
        """Everything that rules can look at, at ``now_ts`` of the gateway's clock."""
        listening = self._listen(now_ts)
        found = self._board.signals(now_ts, listening)
        for node in list(self._pipeline.nodes.values()):
            if node.birth is not None or node.id in self._used:
                found += self._node(node, now_ts, listening)
        found += _nodes_together(found, listening)
        found += self._broker(listening)
        found += self._gateway(now_ts)
        return found

    def _listen(self, now_ts: float) -> Listening:
        now_mono = self._clock.now_mono()
        offset_s = now_ts - now_mono
        is_moved = abs(offset_s - self._offset_s) > STEP_S * max(1.0, self._clock.speed)
        if is_moved:
            step_s = offset_s - self._offset_s
            self._known = {name: (at_ts + step_s, value) for name, (at_ts, value) in self._known.items()}
        self._offset_s = offset_s
        if is_moved or (self._bus.is_connected and not self._was_connected):
            self._listening_mono = now_mono
        self._was_connected = self._bus.is_connected
        return Listening(self._was_connected, now_mono - self._listening_mono)

    def _node(self, node: NodeState, now_ts: float, listening: Listening) -> Iterator[Signal]:
        periods = {} if node.birth is None else {one.id: one.period_s for one in node.birth.channels}
        channels = [
            (channel, self._last_known(channel), periods.get(channel_id, ASSUMED_PERIOD_S))
            for channel_id, channel in list(node.channels.items())
        ]
        newest_ts = max((known[0] for _, known, _ in channels if known is not None), default=None)
        by_quantity = {channel.quantity.name: (channel, known, period_s) for channel, known, period_s in channels[::-1]}
        told = {
            name: None if found is None or found[1] is None else found[1][1]
            for name, found in (("battery_percent", by_quantity.get("battery")), ("rssi_dbm", by_quantity.get("rssi")))
        }
        usual_s = max(HEARD_S, FRESH_PERIODS * min(periods.values(), default=ASSUMED_PERIOD_S))
        subject = Subject(SubjectKind.NODE, node.id)
        heard_ts = _heard_ts(node, newest_ts)
        silent_s, why = _silence(node, heard_ts, usual_s, now_ts, listening)
        at_ts = node.heard_ts or newest_ts
        yield Signal("node-silent", subject, silent_s, at_ts, heard_ts=heard_ts, why=why, figures=told)
        yield Signal("node-cloned", subject, float(node.is_cloned), node.heard_ts)
        battery = by_quantity.get("battery")
        if battery is not None:
            yield self._battery(subject, *battery[1:], now_ts, listening)
        for channel, known, period_s in channels:
            yield from self._channel(channel, known, period_s, told, now_ts, listening)

    def _last_known(self, channel: ChannelState) -> tuple[float, float] | None:
        """Time and value of its last known reading.

        The board has those from before the start, and those that came between two looks at what a node had kept.
        """
        previous = channel.previous
        if previous is not None and previous[1] is not None:
            self._known[channel.name] = previous[0], previous[1]
        known = self._known.get(channel.name)
        cell = self._board.wiring.cells.get(channel.name)
        if cell is not None and cell.known_value is not None and (known is None or cell.known_ts > known[0]):
            known = cell.known_ts, cell.known_value
        return known

    @staticmethod
    def _battery(
        subject: Subject, known: tuple[float, float] | None, period_s: float, now_ts: float, listening: Listening
    ) -> Signal:
        if known is None:
            return Signal("battery", subject, None, why=listening.why(FRESH_PERIODS * period_s) or "never")
        at_ts, percent = known
        if now_ts - at_ts > SILENT_PERIODS * period_s:
            return Signal("battery", subject, None, at_ts, why=listening.why(FRESH_PERIODS * period_s) or "silent")
        return Signal("battery", subject, percent, at_ts, figures={"battery_percent": percent})

    def _channel(
        self,
        channel: ChannelState,
        known: tuple[float, float] | None,
        period_s: float,
        told: Mapping[str, float | None],
        now_ts: float,
        listening: Listening,
    ) -> Iterator[Signal]:
        subject = Subject(SubjectKind.CHANNEL, channel.name)
        if known is None:
            why = listening.why(SILENT_PERIODS * period_s) or "never"
            yield Signal("channel-silent", subject, None, why=why)
            yield Signal("reading", subject, None, why=why)
            return
        at_ts, value = known
        age_s = max(0.0, now_ts - at_ts)
        is_fresh = age_s <= FRESH_PERIODS * period_s
        # Until the longest usual silence has passed, its node may still be telling what it kept.
        why = "" if is_fresh else listening.why(SILENT_PERIODS * period_s)
        if not is_fresh and not self._watch.is_known:
            why = "clock"
        figures = {"age_s": age_s, "period_s": period_s, **told}
        age = None if why else age_s / period_s
        yield Signal("channel-silent", subject, age, at_ts, heard_ts=at_ts, why=why, figures=figures)
        newest = channel.previous
        if newest is not None and newest[1] is None and newest[0] > at_ts:
            is_fresh, why = False, why or "unknown"
        yield Signal("reading", subject, value if is_fresh else None, at_ts, why="" if is_fresh else why or "silent")

    def _broker(self, listening: Listening) -> Iterator[Signal]:
        is_starting = not listening.is_connected and self._clock.now_mono() - self._began_mono < CONNECT_S
        yield Signal(
            "broker", BROKER, None if is_starting else float(not listening.is_connected), why="starting" * is_starting
        )
        drops = self._bus.drops
        why = listening.why(0.0) or ("" if drops.total is not None else "never")
        value = None if why else float(drops.is_recent(self._monotonic()))
        yield Signal("broker-drops", BROKER, value, why=why, figures={"dropped": drops.risen})

    def _gateway(self, now_ts: float) -> Iterator[Signal]:
        pipeline, belief = self._pipeline, self._watch.state.belief
        trouble = pipeline.store_trouble
        if trouble is None and self._monotonic() - pipeline.progress_mono > STALLED_S:
            trouble = "the ingest thread stands still"
        elif trouble is None and not self._board.is_recording:
            trouble = "the disk takes no write"
        yield Signal("store", GATEWAY, float(trouble is not None), now_ts, figures={"trouble": trouble})
        yield Signal("clock", GATEWAY, float(not belief.is_known), now_ts, figures={"why": belief.why})
        yield self._backlog(now_ts)
        yield from self._machine_signals(now_ts)

    def _backlog(self, now_ts: float) -> Signal:
        nodes = [node for node in list(self._pipeline.nodes.values()) if node.is_online is not False]
        pending_s = self._pipeline.pending_s()
        since = [node.waiting_since_ts for node in nodes] + [self._bus.waiting_since_ts()]
        waited = [now_ts - one for one in since if one is not None]
        waited += [] if pending_s is None else [pending_s * self._clock.speed]
        readings = self._pipeline.pending() + sum(node.waiting_readings or 0 for node in nodes)
        return Signal("backlog", GATEWAY, max([0.0, *waited]), now_ts, figures={"readings": readings})

    def _machine_signals(self, now_ts: float) -> Iterator[Signal]:
        now_mono = self._monotonic()
        if self._state is None or now_mono - self._state_mono >= MACHINE_S:
            self._state, self._state_mono = self._machine.state(), now_mono
        state = self._state
        free, size = state.disk_free_bytes, state.disk_bytes
        share = free / size if free is not None and size else None
        alarm = None if state.is_under_voltage is None else float(state.is_under_voltage)
        for name, value in (("disk", share), ("under-voltage", alarm), ("heat", state.cpu_celsius)):
            figures = {"free_bytes": free} if name == "disk" else {}
            yield Signal(name, GATEWAY, value, now_ts, why="" if value is not None else "no-sensor", figures=figures)


def _heard_ts(node: NodeState, newest_ts: float | None) -> float | None:
    """When it was last heard; None for never."""
    if node.is_online is False and node.heard_ts is not None:
        # A retained "offline" comes with the connection; what it last measured tells since when.
        return min(node.heard_ts, newest_ts or node.heard_ts)
    # Before its first pack, what the broker retained of it may be older than its silence.
    return newest_ts if node.is_dated is None else node.heard_ts


def _silence(
    node: NodeState, heard_ts: float | None, usual_s: float, now_ts: float, listening: Listening
) -> tuple[float | None, str]:
    """For how long it has not been heard; None, and why, when that is not known."""
    why = listening.why(0.0)
    if why:
        return None, why
    if heard_ts is None:
        return None, listening.why(usual_s) or "never"
    if node.is_online is False and node.heard_ts is not None:
        return max(0.0, now_ts - heard_ts), ""
    if now_ts - heard_ts <= usual_s:
        return 0.0, ""
    why = listening.why(usual_s)
    return (None, why) if why else (min(now_ts - heard_ts, listening.for_s), "")


def _nodes_together(found: Iterable[Signal], listening: Listening) -> Iterator[Signal]:
    """How many nodes are silent at once: of a network or a supply that they share."""
    nodes = [one.value for one in found if one.name == "node-silent"]
    if len(nodes) < FEWEST_NODES:
        return
    known = [value for value in nodes if value is not None]
    silent = sum(value > 0 for value in known)
    yield Signal(
        "nodes-silent",
        GATEWAY,
        silent / len(known) if known else None,
        why="" if known else listening.why(0.0) or "starting",
        figures={"silent": silent, "nodes": len(known)},
    )
