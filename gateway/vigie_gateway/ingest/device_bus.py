"""The gateway's second connection to the broker, for devices of others: apart, so that they cost own nodes nothing.

A durable session (MQTT 5, ``clean_start`` False): what came at QoS 1 while the gateway was away comes after. paho's
network thread puts a message into a bounded queue and returns; the ingest thread of third parties takes it with
``get`` and acknowledges with ``done`` after its commit. The broker sends no more than RECEIVE_MAXIMUM before that. A
device that floods loses its own messages: of one topic no more than MAX_WAITING_OF_A_TOPIC wait.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from vigie_contract.clock import Clock
from vigie_contract.memory import hidden
from vigie_gateway.devices.measures import Message, clean
from vigie_gateway.devices.payloads import MAX_PAYLOAD_BYTES
from vigie_gateway.ingest.bus import KEEPALIVE_S, RECONNECT_MAX_S, RECONNECT_MIN_S, BufferedClient, identify
from vigie_gateway.ingest.fair_queue import FairQueue
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.settings import BrokerSettings

with hidden("dns.resolver"):
    from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTv5
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

RECEIVE_MAXIMUM = 100
"""Unacknowledged messages that the broker may send. Lower costs round trips; higher sends more of them twice after a
crash."""
MAX_PACKET_BYTES = 2 * MAX_PAYLOAD_BYTES
"""That the broker may send, which drops what is larger. Lower leaves nobody told of what is too large; higher lets one
message of a broker without a limit of its own (256 MB) fill the memory of a small Pi."""
SESSION_EXPIRY_S = 3_600
"""How long the broker keeps what comes for a gateway that is away. Lower loses it at a long update; higher lets the
broker's queue fill with states that nobody needs any more."""
MAX_WAITING = 2_000
"""Messages between the two threads. Lower drops what 200 Zigbee devices say at once; higher takes more memory."""
MAX_WAITING_OF_A_TOPIC = 50
"""Of one topic. Lower drops from a device that says ten things a second while the card stalls for five; higher lets one
that floods take the place of others."""
MAX_WAITING_OF_A_DEVICE = 200
"""Of one device, over all of its topics. Lower drops from a bridge that says all it knows at once; higher keeps more of
what floods in memory."""
MAX_SUBSCRIPTIONS = 4_000
"""Topics listened to, and as many again for what was approved. Lower leaves announced entities deaf; higher lets a
flood of announcements fill the broker."""
TOPICS_A_PACKET = 100
"""Subscribed to at once. Lower is slow to start; higher makes packets that the broker refuses for their size."""


class Receipt(NamedTuple):
    """A message with what is needed to acknowledge it, in the connection in which it came alone."""

    message: Message
    mid: int
    qos: int
    connection: int


_SHARED_LEVELS = frozenset({"tele", "stat", "cmnd", "shellies", "zigbee2mqtt", "tasmota", "home", "teleinfo"})
"""First levels under which each device has one of its own."""


def device_of(topic: str) -> str:
    """By which levels of a topic devices are told apart, whose messages wait in a line each.

    A guess, made without decoding, on the network's thread.
    """
    first, slash, rest = topic.partition("/")
    if first in _SHARED_LEVELS and slash:
        return f"{first}/{rest.partition('/')[0]}"
    if rest.endswith("/config"):
        return topic  # an announcement, of which each device has a few
    return first


class DeviceBus:
    """The client of one gateway for devices of others. Attributes may be read from any thread.

    Attributes:
        is_connected: Whether the broker knows us now.
        is_listening: Whether it has also answered what we asked to hear.
        connections: How often it came to know us since the start.
        trouble: One line for a person; None while all is well.
    """

    def __init__(self, settings: BrokerSettings, filters: Iterable[str], clock: Clock, refusals: Refusals) -> None:
        """Prepare; ``start`` connects.

        Args:
            settings: Where to, and as whom.
            filters: Topics to listen to for a start; ``listen`` adds more.
            clock: Of the receipts.
            refusals: Counts what is not taken.
        """
        self._settings = settings
        self._clock = clock
        self._refusals = refusals
        self._filters = dict.fromkeys(filters)
        self._queue: FairQueue[Receipt] = FairQueue(MAX_WAITING, MAX_WAITING_OF_A_DEVICE)
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()
        self._flooding: Counter[str] = Counter()
        self.is_connected = False
        self.is_listening = False
        self.connections = 0
        self.trouble: str | None = "not connected to the broker yet"
        self._client = self._make_client()

    def _make_client(self) -> Client:
        settings = self._settings
        client = BufferedClient(
            CallbackAPIVersion.VERSION2, client_id=settings.username, protocol=MQTTv5, manual_ack=True
        )
        identify(client, settings)
        client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def start(self) -> None:
        """Connect in the background, now and whenever the connection is lost; a broker away is no error."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it so
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        self._client.connect_async(
            self._settings.host, self._settings.port, KEEPALIVE_S, clean_start=False, properties=properties
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect and end the network thread; wakes ``get``. The session stays with the broker."""
        self._client.disconnect()
        self._client.loop_stop()
        self._queue.wake()

    def get(self, timeout_s: float) -> Receipt | None:
        """The next message, waiting at most so long; None when there is none. Ingest thread of third parties only."""
        receipt = self._queue.get(timeout_s)
        if receipt is not None:
            self._waits_no_more(receipt.message.topic)
        return receipt

    def _waits_no_more(self, topic: str) -> None:
        with self._lock:
            self._waiting[topic] -= 1
            if self._waiting[topic] <= 0:
                del self._waiting[topic]

    def done(self, receipt: Receipt) -> None:
        """Acknowledge a message that is committed or set aside; of an earlier connection, the broker sends it again."""
        if receipt.qos > 0 and self.is_connected and receipt.connection == self.connections:
            self._client.ack(receipt.mid, receipt.qos)

    def flooding(self, limit: int) -> list[tuple[str, int]]:
        """Topics of which too many waited, and how many messages they lost since the start, the worst first."""
        with self._lock:
            return self._flooding.most_common(limit)

    def listen(self, filters: Iterable[str], *, is_approved: bool = False) -> None:
        """Subscribe to more topics, now and at each connection; what was approved is not crowded out by others."""
        new = [topic for topic in filters if topic not in self._filters]
        most = 2 * MAX_SUBSCRIPTIONS if is_approved else MAX_SUBSCRIPTIONS
        if len(self._filters) + len(new) > most:
            detail = f"{most} topics are listened to already"
            self._refusals.add("too-many", clean(new[0], 120), detail, self._clock.now_ts())
            return
        if new:
            self._filters = self._filters | dict.fromkeys(new)  # a new one: the network's thread may be reading it
            self._subscribe(tuple(new))

    def _subscribe(self, filters: tuple[str, ...]) -> None:
        for first in range(0, len(filters), TOPICS_A_PACKET):
            self._client.subscribe([(topic, 1) for topic in filters[first : first + TOPICS_A_PACKET]])

    def _on_connect(
        self, _client: Client, _data: Any, _flags: ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(f"the broker at {self._address()} refuses {self._settings.username}: {reason}")
            return
        self.connections += 1
        self.is_connected = True
        self.trouble = None
        # Announcements are kept by the broker alone: each connection has them told again.
        self._subscribe(tuple(self._filters))
        log.info("connected to the broker at %s for devices", self._address())

    def _on_subscribe(
        self, _client: Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Properties | None
    ) -> None:
        self.is_listening = True
        refused = sum(reason.is_failure for reason in reasons)
        if refused:
            who = self._settings.username
            self._say(f"the broker at {self._address()} does not let {who} hear {refused} of {len(reasons)} topics")

    def _on_connect_fail(self, _client: Client, _data: Any) -> None:
        self._say(f"no broker answers at {self._address()}; trying again")

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Properties | None
    ) -> None:
        was_connected, self.is_connected = self.is_connected, False
        self.is_listening = False
        if was_connected and reason.value != 0:
            self._say(f"the connection to the broker at {self._address()} is lost ({reason}); trying again")

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        # An exception here would end paho's network thread and leave a deaf gateway, so none may get out.
        now_ts = self._clock.now_ts()
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            self._refuse(message, "topic", "?", f"not UTF-8: {error.reason}")
            return
        if len(message.payload) > MAX_PAYLOAD_BYTES:
            detail = f"{len(message.payload)} bytes, expected {MAX_PAYLOAD_BYTES} at most"
            self._refuse(message, "too-large", topic, detail)
            return
        with self._lock:
            waiting = self._waiting[topic]
            is_flooding = waiting >= MAX_WAITING_OF_A_TOPIC
            if is_flooding:
                self._name_flooding(topic)
            else:
                self._waiting[topic] += 1
        if is_flooding:
            self._refuse(message, "flood", topic, f"{waiting} messages of this topic wait already")
            return
        told = Message(topic, bytes(message.payload), now_ts, message.retain)
        lost = self._queue.put(device_of(topic), Receipt(told, message.mid, message.qos, self.connections))
        if lost is not None:
            self._lose(lost)

    def _name_flooding(self, name: str) -> None:
        if name in self._flooding or len(self._flooding) < MAX_WAITING:
            self._flooding[name] += 1

    def _lose(self, lost: Receipt) -> None:
        """Set aside what waited behind too much of its own device's: counted, named, and acknowledged."""
        topic = lost.message.topic
        device = device_of(topic)
        with self._lock:
            self._name_flooding(f"{device}/#")
        self._waits_no_more(topic)
        self._refusals.add("flood", clean(topic, 120), f"too many messages of {clean(device)} wait", lost.message.at_ts)
        self.done(lost)

    def _refuse(self, message: MQTTMessage, reason: str, topic: str, detail: str) -> None:
        """Set a message aside: counted, and acknowledged, or the broker would send it for ever."""
        self._refusals.add(reason, clean(topic, 120), detail, self._clock.now_ts())
        if message.qos > 0:
            self._client.ack(message.mid, message.qos)

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("%s", trouble)
        self.trouble = trouble

    def _address(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"
