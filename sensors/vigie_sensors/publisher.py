"""Sends the journal to the broker, and takes the gateways' acknowledgements and commands.

Built by the daemon. One thread of its own connects, sends, hands acknowledgements to the journal and commands to whom
they concern; the connection's network thread only drops what happened into a queue and wakes it.

Data go out on one topic that every gateway hears. Each gateway has a lane of its own (see ``lane``); where lanes stand
at the same place, one pack serves them all. While no gateway answers, new readings are still sent once as they come,
out of line: a gateway that may not store yet (its clock is not right) shows them live, and one that came back answers
the hole.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby

from vigie_contract import topics
from vigie_contract.clock import Clock, SystemClock
from vigie_contract.errors import ContractError
from vigie_contract.messages import (
    MAX_PAYLOAD_BYTES,
    ONLINE,
    Ack,
    Birth,
    Channel,
    decode_ack,
    encode_birth,
)
from vigie_contract.quantities import QUANTITIES, Quantity
from vigie_contract.readings import Reading
from vigie_contract.senml import MAX_RECORDS, encode_pack
from vigie_sensors.config import SensorsConfig
from vigie_sensors.connection import CONNECT_TIMEOUT_S, Connection
from vigie_sensors.journal import Entry, Journal, JournalError
from vigie_sensors.lane import Lane
from vigie_sensors.machine import boot_id
from vigie_sensors.told_alerts import ToldAlerts

SHORTEST_RETRY_S = 1.0
LONGEST_RETRY_S = 30.0
"""Between two tries to connect, doubling. Higher leaves the board old for longer after a broker's restart."""
POLL_S = 0.25
"""How late a lane's timer may be noticed; also the first look at readings that nobody announced."""
LARGEST_PACK_BYTES = MAX_PAYLOAD_BYTES - 512
"""The broker's limit holds for the packet: topic and properties are in it too."""
WAITING_ANSWERS = 16
"""To commands, while there is no broker: the last one tells the result. Higher would tell old progress first."""
UNANSWERED_PACKS = 100
"""Packs that wait for the broker's PUBACK. Lower than the window's dozen would slow a backlog; higher lets a broker
that hangs fill the memory of a small Pi."""

_NO_MATCHING_SUBSCRIBERS = 0x10
_FAILURE = 0x80
_NOT_AUTHORISED = frozenset({0x86, 0x87, 0x8A, 0x8C})
"""MQTT 5: bad user name or password, not authorized, banned, bad authentication method."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """How the node stands with its broker.

    Attributes:
        state: ``starting``, ``connected``, ``unheard`` (connected, but no gateway listens), ``away`` (no broker),
            ``refused`` (the broker does not let us: password or rights) or ``stopped``.
        text: One line for a person.
    """

    state: str
    text: str


def software() -> str:
    """Name and version for the birth."""
    try:
        return f"vigie-sensors {version('vigie')}"
    except PackageNotFoundError:  # run from a tree that was never installed
        return "vigie-sensors"


class Publisher:
    """The node's side of the wire, towards one broker.

    Attributes:
        health: How it stands; replaced whole, so that any thread may read it.
        counts: ``packs`` and ``readings`` published, ``acknowledgements`` heeded, ``refused-ack`` (none that could be
            ours), ``refused-alerts`` (what no gateway says), ``refused-pack`` (by the broker), ``reconnects``,
            ``undeclared`` (readings of channels that are no longer configured, sent as unknown).
    """

    def __init__(
        self,
        config: SensorsConfig,
        channels: Sequence[Channel],
        journal: Journal,
        clock: Clock,
        link_clock: Clock | None = None,
        obey: Callable[[bytes, Callable[[bytes], None]], None] | None = None,
        rehearses: tuple[str, ...] | None = None,
        alerts: ToldAlerts | None = None,
    ) -> None:
        """Prepare; ``start`` connects.

        Args:
            config: Where to, and as whom.
            channels: What the birth declares, at least one.
            journal: What is sent.
            clock: Of the readings.
            link_clock: Of the network's timers: real time, also in a simulated day. None for the machine's.
            obey: Takes a command's payload and what to answer with; called on this thread, and must not hold it.
            rehearses: What the birth says of rehearsals; None when the node obeys no command.
            alerts: Takes what gateways say of theirs; None when the node shows none.
        """
        self.health = Health("starting", "not yet connected")
        self.counts: Counter[str] = Counter()
        self._config = config
        self._channels = tuple(channels)
        self._quantities: Mapping[str, Quantity] = {
            channel.id: QUANTITIES[channel.quantity] for channel in self._channels
        }
        self._journal = journal
        self._clock = clock
        self._link_clock = link_clock or SystemClock()
        self._lanes = {
            gateway: Lane(journal.acknowledged(gateway), random.random)  # to spread tries, no secret
            for gateway in config.gateways
        }
        self._head = 0
        self._obey = obey
        self._rehearses = rehearses
        self._alerts = alerts
        self._answers: deque[bytes] = deque(maxlen=WAITING_ANSWERS)
        self._awake = threading.Event()
        self._stop_mono: float | None = None
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def start(self) -> None:
        """Begin to connect, on the publisher's own thread."""
        self._thread.start()

    def answer(self, payload: bytes) -> None:
        """Publish how far a command is. Any thread may call this; without a broker the last ones wait for it."""
        self._answers.append(payload)
        self._awake.set()

    def wake(self) -> None:
        """Readings were appended. Any thread may call this."""
        self._awake.set()

    @property
    def is_alive(self) -> bool:
        """Whether the publisher's thread runs."""
        return self._thread.is_alive()

    def ask_to_stop(self, send_for_s: float) -> None:
        """Send what is left for at most so long, say ``offline`` and disconnect; ``stop`` waits for it."""
        if self._stop_mono is None:
            self._stop_mono = self._link_clock.now_mono() + send_for_s
        self._awake.set()

    def stop(self, send_for_s: float) -> None:
        """Ask for it, and wait until it is done."""
        self.ask_to_stop(send_for_s)
        if self._thread.is_alive():
            self._thread.join(send_for_s + CONNECT_TIMEOUT_S + 2.0)

    def _run(self) -> None:
        retry_s = SHORTEST_RETRY_S
        while self._stop_mono is None:
            connection = Connection(self._config, self._awake.set, hears_alerts=self._alerts is not None)
            try:
                was_connected = self._session(connection)
            except Exception:  # noqa: BLE001 - the loop that owns recovery: a fault of ours must not end sending for good
                _log.exception("publisher: unexpected error, connecting anew")
                was_connected = False
            finally:
                connection.close()
            retry_s = SHORTEST_RETRY_S if was_connected else min(LONGEST_RETRY_S, retry_s * 2)
            self._pause(retry_s * (0.75 + 0.5 * random.random()))  # noqa: S311 - to spread tries, no secret
        self.health = Health("stopped", "stopped")

    def _pause(self, duration_s: float) -> None:
        end_mono = self._link_clock.now_mono() + duration_s
        while self._stop_mono is None and (left_s := end_mono - self._link_clock.now_mono()) > 0:
            self._link_clock.wait(self._awake, left_s)
            self._awake.clear()

    def _session(self, connection: Connection) -> bool:
        """One connection, from its opening to its loss; returns whether it was ever established."""
        broker = f"{self._config.broker.host}:{self._config.broker.port}"
        try:
            connection.open(self._config)
        except (OSError, ValueError) as error:  # a ValueError is a name or certificate that cannot be used
            self._tell(Health("away", f"no broker at {broker}: {error}"))
            return False
        if not self._is_accepted(connection, broker):
            return False
        self._introduce(connection)
        self._tell(Health("connected", f"connected to {broker}"))
        while connection.is_running and not self._is_done(connection):
            if not self._handle(connection):
                self._tell(Health("away", f"the connection to {broker} was lost"))
                self.counts["reconnects"] += 1
                return True
            if not self._send(connection):
                self._link_clock.wait(self._awake, POLL_S)
                self._awake.clear()
        if self._stop_mono is not None:
            connection.bid_farewell()
        else:
            self._tell(Health("away", f"the connection to {broker} broke"))
        return True

    def _is_accepted(self, connection: Connection, broker: str) -> bool:
        end_mono = self._link_clock.now_mono() + CONNECT_TIMEOUT_S
        while self._link_clock.now_mono() < end_mono and self._stop_mono is None:
            while connection.events:
                kind, code, _ = connection.events.popleft()
                if kind == "connected" and not code.is_failure:
                    return True
                if code.value in _NOT_AUTHORISED:
                    self._tell(
                        Health(
                            "refused",
                            f"the broker at {broker} refuses user {self._config.broker.username!r} ({code}): "
                            "check [broker] username and password_file",
                        )
                    )
                else:
                    self._tell(Health("away", f"the broker at {broker} ended the connection: {code}"))
                return False
            self._link_clock.wait(self._awake, POLL_S)
            self._awake.clear()
        if self._stop_mono is None:
            self._tell(Health("away", f"{broker} answers, but not as an MQTT broker"))
        return False

    def _introduce(self, connection: Connection) -> None:
        """Subscribe first: a gateway answers the birth with how far it is."""
        site, node = self._config.site, self._config.node
        connection.subscribe()
        birth = Birth(software(), boot_id(), self._channels, self._rehearses)
        connection.publish(topics.about(site, node), encode_birth(birth), retain=True)
        connection.publish(topics.status(site, node), ONLINE, retain=True)
        now_mono = self._link_clock.now_mono()
        for lane in self._lanes.values():
            lane.connected(now_mono)

    def _is_done(self, connection: Connection) -> bool:
        if self._stop_mono is None:
            return False
        if self._link_clock.now_mono() >= self._stop_mono:
            return True
        is_sent = all(lane.next > self._journal.last for lane in self._lanes.values() if lane.is_heard)
        return is_sent and not connection.data_mids

    def _handle(self, connection: Connection) -> bool:
        """Take in what the network thread left; False when the connection is gone."""
        while connection.events:
            kind, first, second = connection.events.popleft()
            match kind:
                case "message":
                    self._take(first, second)
                case "published":
                    self._published(connection, first, second.value, str(second))
                case "subscribed" if first:
                    self._tell(Health("refused", f"the broker does not let this node hear {', '.join(first)}"))
                case "lost":
                    return False
        return True

    def _take(self, topic: str, payload: bytes) -> None:
        try:
            heard = topics.parse(topic)
            if heard.leaf == "do":
                if self._obey is not None:
                    self._obey(payload, self.answer)
            elif heard.leaf == "alerts":
                if self._alerts is not None:
                    self._alerts.take(heard.node, payload)
            else:
                self._acknowledge(heard.gateway, decode_ack(payload))
        except ContractError as error:
            self._refuse("refused-alerts" if topic.endswith("/alerts") else "refused-ack", f"{topic}: {error}")

    def _acknowledge(self, gateway: str | None, ack: Ack) -> None:
        if gateway not in self._lanes or ack.journal != self._journal.id:
            return  # of a gateway that frees nothing here, or of a journal that this node had before
        if not self._journal.acknowledge(gateway, ack.journal, ack.upto):
            said = f"{gateway} acknowledges number {ack.upto}, the last given is {self._journal.last}"
            self._refuse("refused-ack", said)
            return
        self.counts["acknowledgements"] += 1
        self._lanes[gateway].acknowledged(ack.upto, self._link_clock.now_mono())
        if self.health.state == "unheard":
            self._tell(Health("connected", f"gateway {gateway} listens"))

    def _refuse(self, what: str, text: str) -> None:
        self.counts[what] += 1
        if self.counts[what] == 1:
            _log.warning("a gateway's message was refused (the next ones are only counted): %s", text)

    def _published(self, connection: Connection, mid: int, code: int, text: str) -> None:
        if mid not in connection.data_mids:
            if code >= _FAILURE:
                self._tell(Health("refused", f"the broker does not let this node say what it is ({text})"))
            return
        connection.data_mids.discard(mid)
        if code == 0:
            for lane in self._lanes.values():
                lane.matched(self._link_clock.now_mono())
        if code == _NO_MATCHING_SUBSCRIBERS or code >= _FAILURE:
            now_mono = self._link_clock.now_mono()
            for lane in self._lanes.values():
                lane.unheard(now_mono)
        if code == _NO_MATCHING_SUBSCRIBERS:
            self._tell(Health("unheard", "the broker is there, but no gateway listens: readings are kept"))
        elif code >= _FAILURE:
            self.counts["refused-pack"] += 1
            self._tell(Health("refused", f"the broker refuses this node's readings ({text}): check its rights"))

    def _send(self, connection: Connection) -> bool:
        """Send one pack for each lane that wants one, and answers; False when there was nothing to do."""
        if not self._send_answers(connection):
            return False
        if len(connection.data_mids) >= UNANSWERED_PACKS:
            return False
        now_mono = self._link_clock.now_mono()
        has_sent = False
        try:
            for lane in self._lanes.values():
                lane.tick(now_mono)
                lane.evicted(self._journal.floor)
                count = lane.wanted(self._journal.last, now_mono)
                if count:
                    has_sent |= self._send_pack(connection, lane.next, count) > 0
            last = self._journal.last
            if last > self._head and not any(lane.is_heard for lane in self._lanes.values()):
                first = max(self._head + 1, last - MAX_RECORDS + 1, self._journal.floor)
                has_sent |= self._send_pack(connection, first, last - first + 1) > 0
        except JournalError as error:
            _log.error("%s", error)
            return False
        return has_sent

    def _send_answers(self, connection: Connection) -> bool:
        """Whether all that wait are out; one that the connection did not take waits for the next."""
        while self._answers:
            payload = self._answers[0]
            if connection.publish(topics.done(self._config.site, self._config.node), payload) is None:
                return False
            # Of a full queue the oldest may have gone meanwhile, for a newer one.
            with contextlib.suppress(ValueError):
                self._answers.remove(payload)
        return True

    def _send_pack(self, connection: Connection, first: int, count: int) -> int:
        """Publish up to ``count`` readings from ``first`` as one pack; returns how many went."""
        entries = self._journal.read(first - 1, count)
        if not entries:
            return 0
        # A pack holds either dates or ages.
        is_dated = entries[0].at_mono is None
        _, same = next(groupby(entries, lambda entry: (entry.at_mono is None) == is_dated))
        payload, sent = self._encode(list(same), is_dated)
        mid = connection.publish(topics.data(self._config.site, self._config.node), payload)
        if mid is None:
            return 0  # the loss of the connection follows as an event
        connection.data_mids.add(mid)
        self.counts["packs"] += 1
        self.counts["readings"] += sent
        first = entries[0].number
        self._head = max(self._head, first + sent - 1)
        now_mono = self._link_clock.now_mono()
        for lane in self._lanes.values():
            lane.sent(first, sent, now_mono)
        return sent

    def _encode(self, entries: list[Entry], is_dated: bool) -> tuple[bytes, int]:
        """The payload of as many of the entries as fit, and how many that is."""
        first = entries[0].number
        now_mono = None if is_dated else self._clock.now_mono()
        records = [self._record(entry) for entry in entries]
        while True:
            payload = encode_pack(
                self._config.site,
                self._config.node,
                self._journal.id,
                first,
                min(first, self._journal.floor),
                records,
                last=self._journal.last,
                now_ts=now_mono,
            )
            if len(payload) <= LARGEST_PACK_BYTES or len(records) == 1:
                return payload, len(records)
            records = records[: len(records) // 2]

    def _record(self, entry: Entry) -> tuple[Quantity, Reading]:
        reading = entry.reading
        quantity = self._quantities.get(reading.channel)
        if quantity is None:
            # Its number must be taken by something that the birth declares: an unknown, of no real measure.
            self.counts["undeclared"] += 1
            channel = self._channels[entry.number % len(self._channels)].id
            quantity = self._quantities[channel]
            reading = Reading(channel, reading.at_ts, None, "restarted")
        if entry.at_mono is not None:
            reading = reading._replace(at_ts=entry.at_mono)
        return quantity, reading

    def _tell(self, health: Health) -> None:
        """One line for each change of state, not for each try."""
        if health.state != self.health.state:
            level = logging.INFO if health.state == "connected" else logging.WARNING
            _log.log(level, "%s", health.text)
        self.health = health
