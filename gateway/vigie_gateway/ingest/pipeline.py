"""The ingest thread: from a message to live state, to the disk, to the acknowledgement.

The steps of a reading's way that the gateway takes (docs/protocol.md): decode (6), quality (7), live state (8), commit
and then, and only then, acknowledge (9). One thread owns all of it and is the store's only writer, so that nothing
here needs a lock; the board, which pages read meanwhile, has its own.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from vigie_contract import topics
from vigie_contract.clock import Clock
from vigie_contract.errors import ContractError
from vigie_contract.messages import Ack, encode_ack
from vigie_contract.senml import Pack, decode_pack
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest.bus import Bus, Message
from vigie_gateway.ingest.desk import Desk
from vigie_gateway.ingest.device_readings import DeviceReadings
from vigie_gateway.ingest.journals import ANSWER_EVERY_S, REPEAT_ACK_S, decide
from vigie_gateway.ingest.nodes import ChannelState, NodeState
from vigie_gateway.ingest.presence import Presence
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.ingest.showing import DECODE_TS, readings_to_show
from vigie_gateway.place.board import Board
from vigie_gateway.quality import BACKLOG_AGE_S, FUTURE_LIMIT_S, judge
from vigie_gateway.rehearsals.rehearsals import Rehearsals
from vigie_gateway.store import Gap, Sample, Store, StoreError

log = logging.getLogger(__name__)

STALLED_S = 20.0
"""Seconds without a round of the ingest thread until it counts as stalled, and the watchdog is not fed. Lower would
kill a gateway whose card takes ten seconds for one write (seen on worn cards); higher leaves a dead one in place."""
COMMIT_READINGS = 1_000
"""A commit is due when so many readings wait. Lower writes more bytes a reading to the card; higher delays
acknowledgements, so that nodes with a backlog stall."""
LARGEST_COMMIT = 20_000
"""Readings of one transaction while messages still wait. Lower commits more often under load; higher makes a page that
reads wait longer for memory and the disk."""
MAX_PENDING = 60_000
"""Readings held while the disk refuses them; beyond that no more are taken and the nodes keep them. Lower turns a
short stall into resends; higher takes memory (about 250 bytes each)."""
MESSAGES_A_ROUND = 256
"""Messages handled before the disk is looked after. Lower asks for the time more often; higher delays a due commit."""
RETRY_COMMIT_S = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Waits between tries of a commit that the disk refused."""
BUSY_MESSAGES_PER_S = 1_000
"""More than this is a flood: as many wake-ups a second cost more than the messages. Lower pauses on an ordinary day."""
BUSY_PAUSE_S = 0.004
"""How long the thread then lets messages gather. Without it each message costs two switches between the network thread
and this one, more than its handling; higher is felt on the board."""
AFTER_FAULT_S = 1.0
"""Pause after a fault of our own. Lower fills the log with one fault; higher delays what works."""
IDLE_WAIT_S = 0.25
"""How long the thread sleeps without a message. Lower wakes the processor for nothing; higher delays a due commit."""


class Pipeline:
    """Everything between the bus and the disk.

    ``on_change`` is called (on this thread) when something shown may have changed.
    ``progress_mono`` is when the thread last came round: what the watchdog is fed by.
    """

    def __init__(
        self,
        *,
        name: str,
        site: str,
        bus: Bus,
        store: Store,
        board: Board,
        clock: Clock,
        watch: ClockWatch,
        desk: Desk,
        rehearsals: Rehearsals,
        refusals: Refusals,
        commit_interval_s: float,
        on_change: Callable[[], None],
        monotonic: Callable[[], float],
        devices: DeviceReadings | None = None,
    ) -> None:
        self._name = name
        self._site = site
        self._bus = bus
        self._store = store
        self._board = board
        self._clock = clock
        self._watch = watch
        self._desk = desk
        self._rehearsals = rehearsals
        self._presence = Presence(store, board, rehearsals)
        self._refusals = refusals
        self._devices = devices
        self._commit_interval_s = commit_interval_s
        self._on_change = on_change
        self._monotonic = monotonic  # the machine's: a simulated day must not commit sixty times as often
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest")
        self.nodes = self._presence.nodes
        self._topics: dict[str, topics.Topic] = {}
        self._pending: list[Sample] = []
        self._pending_progress: dict[tuple[str, str], int] = {}
        self._pending_gaps: list[Gap] = []
        self._pending_since_mono: float | None = None
        self._failures = 0
        self._round_mono = 0.0
        self._round_messages = 0
        self._retry_mono = 0.0
        self._repeat_mono = 0.0
        self._maintain_mono = 0.0
        self.store_trouble: str | None = None
        self.progress_mono = monotonic()
        self.backlog_seen = False
        self._is_commit_asked = False
        self.counts = {"messages": 0, "readings": 0, "stored": 0, "commits": 0, "gaps": 0}

    def start(self) -> None:
        """Load what the store knows of the nodes and start the thread."""
        self._load()
        self._thread.start()

    def stop(self) -> None:
        """End the thread after a last commit of what it holds."""
        self._stop.set()
        self._bus.stop()
        self._thread.join()

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def commit_soon(self) -> None:
        """Ask for a commit of what waits at the next quiet moment; from any thread."""
        self._is_commit_asked = True

    def pending(self) -> int:
        """Readings taken and not yet on disk."""
        return len(self._pending)

    def pending_s(self) -> float | None:
        """How long the oldest of them has waited, in real seconds; None when none does. From any thread."""
        since_mono = self._pending_since_mono
        return None if since_mono is None else self._monotonic() - since_mono

    def _load(self) -> None:
        self._presence.load()
        self._rehearsals.load()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._round()
            except Exception as error:  # this loop owns recovery: a fault of ours must not make the gateway deaf
                log.exception("a round of the ingest thread failed; it goes on")
                self._refusals.add("internal", "ingest", repr(error), self._clock.now_ts())
                self._stop.wait(AFTER_FAULT_S)
        while (message := self._bus.get(0)) is not None:
            self._take(message)
        self._take_devices()
        self._retry_mono = 0.0
        self._commit()

    def _round(self) -> None:
        began_mono = self._monotonic()
        handled = self.counts["messages"] - self._round_messages
        if handled > (began_mono - self._round_mono) * BUSY_MESSAGES_PER_S:
            self._stop.wait(BUSY_PAUSE_S)
        self._round_mono, self._round_messages = began_mono, self.counts["messages"]
        self._look_at_clock()
        message = self._bus.get(IDLE_WAIT_S)
        changed = False
        if message is not None:
            changed = self._take(message)
            for _ in range(MESSAGES_A_ROUND):
                message = self._bus.get(0)
                if message is None:
                    break
                changed |= self._take(message)
        changed |= self._take_devices()
        if changed:
            self._on_change()
        now_mono = self._monotonic()
        self._serve_disk(now_mono, is_quiet=message is None)
        # A disk that refuses is progress too: a restart would not mend it. A commit that never returns is not.
        self.progress_mono = now_mono

    def _take_devices(self) -> bool:
        """What devices of others said; whether something shown may have changed."""
        if self._devices is None or (self._devices.is_blocked() and self._monotonic() < self._retry_mono):
            return False
        try:
            changed = self._devices.serve()
        except StoreError as error:
            self._store_failed(error)  # registering their channels writes: it is tried again
            return False
        self._await_commit_of_devices()
        return changed

    def _await_commit_of_devices(self) -> None:
        if self._devices is not None and self._devices.uncommitted and self._watch.is_known:
            if self._pending_since_mono is None:
                self._pending_since_mono = self._monotonic()
            self._is_commit_asked |= self._devices.is_pressing()

    # Messages

    def _take(self, message: Message) -> bool:
        """Handle one message; whether something shown may have changed."""
        self.counts["messages"] += 1
        try:
            topic = self._topic(message.topic)
            if topic.leaf == "data":
                return self._take_pack(topic.node, message)
            return self._take_word(topic.node, topic.leaf, message)
        except ContractError as error:
            self._refusals.add(error.reason, message.topic, error.detail, message.received_ts)
        except StoreError as error:
            self._store_failed(error)  # registering a birth writes: it is tried again
        return False

    def _topic(self, text: str) -> topics.Topic:
        """The topic taken apart; what a node of ours sends on again and again is taken apart once."""
        topic = self._topics.get(text)
        if topic is None:
            topic = topics.parse(text)
            if topic.node in self.nodes:
                self._topics[text] = topic
        return topic

    def _take_word(self, node_id: str, leaf: str, message: Message) -> bool:
        """What a node says of itself; one that says hello learns how far its journal is stored."""
        changed = self._presence.take(node_id, leaf, message)
        node = self.nodes.get(node_id)
        if leaf == "status" and node is not None and node.is_online:
            self._acknowledge(node)
        return changed

    def _take_pack(self, node_id: str, message: Message) -> bool:
        node = self.nodes.get(node_id)
        if node is None or not node.quantities:
            # Not acknowledged: the node keeps it, and its retained birth is on the way.
            raise ContractError("missing", f"no birth of node {node_id} has been seen yet")
        node.heard_ts = message.received_ts
        if len(self._pending) >= MAX_PENDING:
            self._refusals.add("store-behind", message.topic, "its node keeps it meanwhile", message.received_ts)
            return False
        if not self._watch.is_known:
            return self._show(node, message)
        try:
            pack = decode_pack(message.payload, self._site, node_id, node.quantities, message.received_ts)
        except ContractError as error:
            self._go_past(node, error, message)
            raise
        node.is_dated = pack.is_dated
        node.clock.heard(pack, message.received_ts)
        node.heard_of(pack.journal, pack.floor, pack.last, message.received_ts)
        self._take_copies(node, pack, message)
        skip = self._place(node, pack.journal, pack.first, len(pack.readings), pack.floor, message.received_ts)
        if skip is None:
            return False
        before = len(self._pending)
        try:
            changed = self._take_readings(node, pack, skip, message.received_ts)
        except Exception:
            # None of it is acknowledged: its node sends it again, and then it is no duplicate.
            del self._pending[before:]
            for channel in node.channels.values():
                channel.previous = None
            raise
        self._advance(node, pack.journal, pack.first + len(pack.readings) - 1)
        node.newest.add(pack, skip)
        return changed

    def _take_copies(self, node: NodeState, pack: Pack, message: Message) -> None:
        """Keep also what came under numbers that were taken with other values: two nodes have one journal."""
        if copies := node.newest.copies(pack):
            node.is_cloned = True
            detail = f"{len(copies)} numbers of journal {pack.journal} came with other values than before"
            self._refusals.add("cloned", message.topic, detail, message.received_ts, len(copies))
            self._take_readings(node, replace(pack, readings=copies), 0, message.received_ts)
            self._advance(node, pack.journal, node.accepted[pack.journal])

    def _place(self, node: NodeState, journal: str, first: int, count: int, floor: int, now_ts: float) -> int | None:
        """How many readings to skip; None when nothing is to be taken. Records gaps and answers holes."""
        node.journal = journal
        decision = decide(node.accepted.get(journal), first, count, floor)
        if decision.gap is not None:
            self._record_gap(node, journal, *decision.gap, "evicted", now_ts)
        if decision.is_hole or decision.skip >= count:
            now_mono = self._monotonic()
            if now_mono - node.answered_mono >= ANSWER_EVERY_S:
                node.answered_mono = now_mono
                self._acknowledge(node)
            return None
        return decision.skip

    def _go_past(self, node: NodeState, error: ContractError, message: Message) -> None:
        """A pack whose records cannot be read must not hold its journal up for ever: it becomes an explicit gap."""
        if error.span is None:
            return
        journal, first, count = error.span
        skip = self._place(node, journal, first, count, error.floor, message.received_ts)
        if skip is not None:
            reason = f"refused: {error.reason}"
            self._record_gap(node, journal, first + skip, first + count - 1, reason, message.received_ts)

    def _advance(self, node: NodeState, journal: str, upto: int) -> None:
        node.accepted[journal] = upto
        self._pending_progress[node.id, journal] = upto
        if self._pending_since_mono is None:
            self._pending_since_mono = self._monotonic()

    def _record_gap(self, node: NodeState, journal: str, first: int, last: int, reason: str, now_ts: float) -> None:
        log.warning("node %s: %d to %d of journal %s will never come (%s)", node.id, first, last, journal, reason)
        self.counts["gaps"] += 1
        self._pending_gaps.append(Gap(node.id, journal, first, last, reason, now_ts))
        self._advance(node, journal, max(last, node.accepted.get(journal, 0)))

    def _take_readings(self, node: NodeState, pack: Pack, skip: int, now_ts: float) -> bool:
        changed = False
        readings = pack.readings[skip:] if skip else pack.readings
        channels = node.channels
        pending = self._pending
        take = self._board.take
        live_from_ts = now_ts - BACKLOG_AGE_S
        soon_ts = now_ts + FUTURE_LIMIT_S
        for channel_id, at_ts, value, reason in readings:
            channel = channels[channel_id]
            plain, moment = channel.plain, (at_ts, value)
            if (
                plain is None
                or value is None
                or not plain[0] <= value <= plain[1]
                or not live_from_ts <= at_ts <= soon_ts
                or moment == channel.previous
            ):
                judged = self._judge(channel, at_ts, value, reason, now_ts)
                if judged is None:
                    continue
                at_ts, value, reason = judged  # noqa: PLW2901 - the reading as quality leaves it
                moment = (at_ts, value)
            channel.previous = moment
            # Past NamedTuple's own constructor, which costs as much as all of the above.
            pending.append(tuple.__new__(Sample, (channel.series, at_ts, value, reason)))
            if at_ts < live_from_ts:
                self.backlog_seen = True
            elif take(channel.name, at_ts, value, reason):
                changed = True
        self.counts["readings"] += len(readings)
        return changed

    def _judge(
        self, channel: ChannelState, at_ts: float, value: float | None, reason: str | None, now_ts: float
    ) -> tuple[float, float | None, str | None] | None:
        """The reading as quality leaves it; None when it is not to be stored."""
        verdict = judge(channel.quantity, at_ts, value, reason, channel.previous, now_ts)
        if verdict.flag is not None:
            self._refusals.add(f"quality-{verdict.flag}", channel.name, f"value {value!r} at {at_ts:.3f}", now_ts)
            if verdict.flag == "duplicate":
                return None
        return verdict.at_ts, verdict.value, verdict.reason

    # Clock

    def _look_at_clock(self) -> None:
        """Once the clock is moved, believed or believed no more, start from the disk: nodes send the rest again."""
        change = self._watch.look()
        if change is None:
            return
        self._pending, self._pending_progress, self._pending_gaps = [], {}, []
        self._pending_since_mono = None
        for node in self.nodes.values():
            node.start_anew(change.step_s)
        if self._devices is not None:
            self._devices.clock_moved(change.step_s)
            self._await_commit_of_devices()
        for _ in range(self._bus.backlog()[0]):
            message = self._bus.get(0)
            if message is not None and not message.topic.endswith("/data"):
                self._take(message._replace(received_ts=self._clock.now_ts()))
        self._board.set_clock(is_known=change.is_known, step_s=change.step_s)
        self._repeat_mono = 0.0  # nodes that were not answered learn that they are heard
        self._on_change()

    def _show(self, node: NodeState, message: Message) -> bool:
        """Show what a pack says, and leave it with its node: the clock is not known to be right."""
        pack = decode_pack(message.payload, self._site, node.id, node.quantities, DECODE_TS)
        node.is_dated = pack.is_dated
        node.heard_of(pack.journal, pack.floor, pack.last, message.received_ts)
        shown = readings_to_show(node, pack, message.received_ts)
        return any([self._board.take(*reading) for reading in shown])  # noqa: C419 - all are taken, not up to the first

    # Disk

    def _serve_disk(self, now_mono: float, *, is_quiet: bool) -> None:
        """Whatever of the store's work is due."""
        self._desk.serve()
        self._rehearsals.serve()
        if self._is_commit_due(now_mono, is_quiet=is_quiet):
            self._commit()
        if now_mono >= self._repeat_mono:
            self._repeat_mono = now_mono + REPEAT_ACK_S
            for node in list(self.nodes.values()):
                self._acknowledge(node)
        if self._presence.unregistered and now_mono >= self._retry_mono:
            self._register_again()
        if is_quiet and self._watch.is_known and now_mono >= self._maintain_mono and self._may_maintain(now_mono):
            self._maintain(now_mono)

    def _is_commit_due(self, now_mono: float, *, is_quiet: bool) -> bool:
        if self._pending_since_mono is None or now_mono < self._retry_mono:
            return False
        waiting = len(self._pending)
        return (
            waiting >= LARGEST_COMMIT
            or (is_quiet and (waiting >= COMMIT_READINGS or self._is_commit_asked))
            or now_mono - self._pending_since_mono >= self._commit_interval_s
        )

    def _commit(self) -> None:
        self._look_at_clock()
        if self._pending_since_mono is None:
            return
        of_devices = self._devices.uncommitted if self._devices is not None and self._watch.is_known else []
        try:
            self._store.commit([*self._pending, *of_devices], self._pending_progress, self._pending_gaps)
        except StoreError as error:
            self._store_failed(error)
            return
        self._store_works()
        self.counts["stored"] += len(self._pending) + len(of_devices)
        if of_devices and self._devices is not None:
            self._devices.committed()
        self.counts["commits"] += 1
        advanced = self._pending_progress
        self._pending = []
        self._pending_progress = {}
        self._pending_gaps = []
        self._pending_since_mono = None
        self._is_commit_asked = False
        now_ts = self._clock.now_ts()
        for (node_id, journal), upto in advanced.items():
            node = self.nodes[node_id]
            node.stored[journal] = upto
            node.reckon_waiting(now_ts)
            self._bus.publish(topics.ack(self._site, node_id, self._name), encode_ack(Ack(journal, upto)))

    def _store_works(self) -> None:
        if self.store_trouble is not None:
            log.info("the store takes readings again")
        self.store_trouble = None
        self._board.is_recording = True
        self._failures = 0

    def _store_failed(self, error: StoreError) -> None:
        if self.store_trouble is None:
            log.error("readings stay on their nodes: %s", error)
        self.store_trouble = str(error)
        self._board.is_recording = False
        wait_s = RETRY_COMMIT_S[min(self._failures, len(RETRY_COMMIT_S) - 1)]
        self._failures += 1
        self._retry_mono = self._monotonic() + wait_s

    def _register_again(self) -> None:
        try:
            self._presence.register_again()
        except StoreError as error:
            self._store_failed(error)
            return
        self._store_works()
        self._on_change()

    def _may_maintain(self, now_mono: float) -> bool:
        # With nothing to commit, only this can find out that the disk works again.
        return self.store_trouble is None or (self._pending_since_mono is None and now_mono >= self._retry_mono)

    def _maintain(self, now_mono: float) -> None:
        try:
            report = self._store.maintain(self._clock.now_ts())
        except StoreError as error:
            self._store_failed(error)
            return
        self._store_works()
        # With more to do it goes on as soon as no message waits; else once a minute is enough to seal and expire.
        self._maintain_mono = now_mono if report.has_more else now_mono + 60.0

    def _acknowledge(self, node: NodeState) -> None:
        if not self._watch.is_known:
            return  # an answer would call for readings that cannot be stored yet
        journal = node.journal
        journals = node.stored if journal is None else {journal: node.stored.get(journal, 0)}
        for known, upto in journals.items():
            self._bus.publish(topics.ack(self._site, node.id, self._name), encode_ack(Ack(known, upto)))
