"""The gateway's connection to the broker for its own nodes: the one place here that knows paho.

paho's network thread calls ``_on_message``, which puts the message in a bounded queue and returns: nothing else
happens on that thread, so that a slow disk or a bad payload can never make the gateway deaf. The ingest thread
takes messages with ``get``. No broker session is relied on (clean start, no expiry): what is lost between the two is
not acknowledged, and its node sends it again.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import ssl
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from vigie_contract import topics
from vigie_contract.clock import Clock
from vigie_contract.memory import hidden
from vigie_gateway.ingest import drops
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.settings import BrokerSettings

# paho would load dnspython where it finds it, for SRV records that are not used here: a fifth of a second of every
# start, and 8 MB.
with hidden("dns.resolver"):
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

MAX_QUEUED_MESSAGES = 20_000
"""Messages between the network and the ingest thread. Lower makes a short stall of the disk cost a resend; higher
lets tiny messages take more memory than MAX_QUEUED_BYTES says (each costs about 1 kB beside its payload)."""
MAX_QUEUED_BYTES = 16 * 1024 * 1024
"""Payload bytes between the two threads: what a Pi with 512 MB can spare. Lower makes a backlog of full packs stall."""
READ_BYTES = 65_536
"""Asked of the socket at once. Lower costs system calls under load; higher only takes memory."""
PACKETS_A_READ = 100
"""Packets handled before what waits to be sent goes out: the broker allows itself as many unacknowledged ones
(systemd/mosquitto). Lower costs system calls; higher could keep acknowledgements and the keepalive waiting."""
KEEPALIVE_S = 30
"""Seconds without traffic until the broker asks. Lower costs bad Wi-Fi reconnects; higher finds a dead link later."""
RECONNECT_MIN_S = 1
RECONNECT_MAX_S = 15
"""Longest wait between two tries. Lower hammers a broker that starts; higher leaves the board blind for longer."""
TAKEN_OVER = 0x8E
"""MQTT 5: another client connected under our client id, which with a broker as shipped is our user name."""
SHORT_CONNECTION_S = 10.0
"""Mosquitto 2.0.11 does not say why it ends a connection that another takes over. Two clients of one name throw each
other out as fast as they connect: connections that end sooner than this, SHORT_CONNECTIONS in a row, are taken for
that. Higher takes a bad link for it; lower misses a rival that waits between its tries."""
SHORT_CONNECTIONS = 3
TAKEOVER_TOLD_S = 900.0
"""How long a takeover is told of. Lower hides one that happened at night; higher warns of what was put right."""
NOBODY_LISTENS = 0x10
"""MQTT 5: taken, and nobody has subscribed to it."""
KEPT_ANSWERS = 500
"""Of the broker to what was published. Lower forgets one before who waits for it has read it; higher would take the
answer to a number for that to the same number of 65,535 messages ago."""
VERSION_TOPIC = "$SYS/broker/version"
MAX_VERSION_BYTES = 60
"""Of the broker's name kept for the health report: mosquitto's takes 24. Higher lets a strange broker fill a page."""


class _BufferedSocket:
    """The broker's socket, read many packets at a time.

    paho reads a packet in three or four calls of ``recv``, each a system call that hands the interpreter to another
    thread: with this they cost one for all that has arrived. paho asks ``pending``, as of a TLS socket, before it waits
    for more.
    """

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._data = b""
        self._position = 0

    def recv(self, size: int) -> bytes:
        """As a socket's; never more than ``size`` bytes."""
        position = self._position
        if position >= len(self._data):
            self._data = self._sock.recv(READ_BYTES)
            position = 0
        end = self._position = position + size
        return self._data[position:end]

    def pending(self) -> int:
        """Bytes that can be had without waiting, those of the rest of a TLS record included."""
        left = len(self._data) - self._position
        return left if left > 0 else self._sock.pending() if isinstance(self._sock, ssl.SSLSocket) else 0

    def __getattr__(self, name: str) -> Any:
        """All else is the socket's own."""
        return getattr(self._sock, name)


class BufferedClient(mqtt.Client):
    """paho's client at two thirds of its cost for each small message (``./run bench ingest``)."""

    def _create_socket(self) -> Any:
        # paho has no public way to put a socket of one's own in its place; a test notices should this name go.
        return _BufferedSocket(super()._create_socket())

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Handle what has arrived, as paho's own loop asks for; acknowledgements go out after it."""
        for _ in range(PACKETS_A_READ):
            rc = super().loop_read(max_packets)
            sock = self._sock
            if rc or not isinstance(sock, _BufferedSocket) or not sock.pending():
                break
        return rc


def identify(client: mqtt.Client, settings: BrokerSettings) -> None:
    """Give a client what it shows to the broker, and the authority by which it knows the broker.

    Raises:
        OSError: The password or the authority cannot be read.
    """
    if settings.password_file is not None:
        client.username_pw_set(settings.username, Path(settings.password_file).read_text(encoding="utf-8").strip())
    if settings.ca_file is not None:
        client.tls_set(ca_certs=settings.ca_file, tls_version=ssl.PROTOCOL_TLS_CLIENT)


class Message(NamedTuple):
    """One message off the bus; ``received_ts`` is the gateway's time when the network thread took it."""

    topic: str
    payload: bytes
    received_ts: float


class Publication:
    """A message on its way to the broker, which answers it (MQTT 5's PUBACK). Any thread."""

    def __init__(self, info: mqtt.MQTTMessageInfo, answers: Mapping[int, ReasonCode]) -> None:
        self._info = info
        self._answers = answers

    def is_answered(self, timeout_s: float = 0.0) -> bool:
        """Whether the broker has answered, waiting at most so long."""
        if timeout_s > 0:
            with contextlib.suppress(RuntimeError, ValueError):  # the connection went: it is not answered
                self._info.wait_for_publish(timeout_s)
        return self._info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS and self._info.is_published()

    def refusal(self) -> str | None:
        """Of one that is answered, what the broker says against it; None where it takes it."""
        reason = self._answers.get(self._info.mid)
        return str(reason) if reason is not None and reason.is_failure else None

    def is_heard(self) -> bool:
        """Of one that is answered, whether anybody has subscribed to it."""
        reason = self._answers.get(self._info.mid)
        return reason is not None and reason.value == 0


class Bus:
    """The client of one gateway. Attributes may be read from any thread.

    Attributes:
        is_connected: Whether the broker knows us now.
        connections: How often it came to know us since the start.
        trouble: One line for a person; None while all is well.
        takeovers: How often another client took this one's place since the start, by the broker's word or as it seems.
        drops: What the broker says that it dropped.
        broker_version: The broker's program as it names itself; None while it has not.
        round_trip_s: From our last subscription to the broker's answer; None before one.
    """

    def __init__(
        self,
        settings: BrokerSettings,
        site: str,
        clock: Clock,
        refusals: Refusals,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        """Prepare; ``start`` connects.

        Args:
            settings: Where to, and as whom.
            site: Whose nodes are heard.
            clock: Of the receipts.
            refusals: Counts what is not taken.
            will: Topic and payload that the broker keeps in our stead should the connection break; None for none.
        """
        self._settings = settings
        self._site = site
        self._clock = clock
        self._refusals = refusals
        self._queue: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        # Each is written by one thread only, so neither needs a lock: in by the network's, out by ingest's.
        self._bytes_in = 0
        self._bytes_out = 0
        # The same two write these: when the queue was last filled from empty, and the receipt of what was last taken.
        self._filled_ts = 0.0
        self._taken_ts = 0.0
        self._wanted: list[tuple[str, int]] = []
        self._asked_mono = 0.0
        self.drops = drops.BrokerDrops()
        self.broker_version: str | None = None
        self.round_trip_s: float | None = None
        self.takeovers = 0
        self._taken_over_mono = 0.0
        self._connected_mono = 0.0
        self._short_connections = 0
        self._will = will
        self._others: dict[str, Callable[[bytes], None]] = {}
        # Written by the network's thread before the publication counts as answered; the oldest go.
        self._answers: OrderedDict[int, ReasonCode] = OrderedDict()
        self.is_connected = False
        self.connections = 0
        self.trouble: str | None = "not connected to the broker yet"
        self._client = self._make_client()

    def _make_client(self) -> mqtt.Client:
        settings = self._settings
        client = BufferedClient(CallbackAPIVersion.VERSION2, client_id=settings.username, protocol=mqtt.MQTTv5)
        identify(client, settings)
        client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
        if self._will is not None:
            topic, payload = self._will
            client.will_set(topic, payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        return client

    def start(self) -> None:
        """Connect in the background, now and whenever the connection is lost; a broker away is no error."""
        settings = self._settings
        self._client.connect_async(settings.host, settings.port, keepalive=KEEPALIVE_S, clean_start=True)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect and end the network thread; wakes ``get``."""
        self._client.disconnect()
        self._client.loop_stop()
        self._queue.put(None)

    def hear(self, topic: str, take: Callable[[bytes], None]) -> None:
        """Have the payloads of one more topic given to somebody, on the network's thread; must not raise.

        Before ``start``.
        """
        self._others[topic] = take

    def get(self, timeout_s: float) -> Message | None:
        """The next message, waiting at most so long; None when there is none. Ingest thread only."""
        try:
            message = self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None
        if message is not None:
            self._bytes_out += len(message.payload)
            self._taken_ts = message.received_ts
        return message

    def backlog(self) -> tuple[int, int]:
        """Messages and payload bytes that wait."""
        return self._queue.qsize(), max(0, self._bytes_in - self._bytes_out)

    def is_contested(self) -> bool:
        """Whether another client took our place lately: each then throws the other out, for ever."""
        return self.takeovers > 0 and time.monotonic() - self._taken_over_mono < TAKEOVER_TOLD_S

    def waiting_since_ts(self) -> float | None:
        """When the oldest that waits was received, at the earliest; None when nothing waits.

        It is the first of a queue that was empty before, or came right after the one that was taken last.
        """
        return max(self._filled_ts, self._taken_ts) if self._queue.qsize() else None

    def publish(self, topic: str, payload: bytes) -> None:
        """Send an acknowledgement, QoS 0: it is cumulative and repeated, so a lost one costs nothing."""
        self._client.publish(topic, payload, qos=0)

    def command(self, topic: str, payload: bytes, expires_s: int) -> bool:
        """Send a command to a node, as ``say`` does; whether it was sent."""
        return self.say(topic, payload, expires_s) is not None

    def say(self, topic: str, payload: bytes, expires_s: int, *, retain: bool = False) -> Publication | None:
        """Send at QoS 1 what the broker forgets after so long (MQTT 5 §3.3.2.3.3), retained or not; any thread.

        One that is under way when the connection breaks is sent again with the next one, in which the broker counts
        anew: paho has no way to take it back. Brokers are on this machine, where that does not happen by itself.

        Returns:
            None without a connection: nothing is sent then, not even later.
        """
        if not self.is_connected:
            return None
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it so
        properties.MessageExpiryInterval = expires_s
        info = self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return Publication(info, self._answers) if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, mid: int, reason: ReasonCode, _props: Properties | None
    ) -> None:
        # Called with paho's own locks held: one of ours here, held while publishing elsewhere, would never be had.
        self._answers[mid] = reason
        self._answers.move_to_end(mid)
        while len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            self._say(f"the broker at {self._address()} refuses the gateway: {reason}")
            return
        self._wanted = [(topics.all_nodes(self._site, leaf), 1) for leaf in ("about", "status", "data", "done")]
        self._wanted += [(drops.TOPIC, 0), (VERSION_TOPIC, 0), *((topic, 1) for topic in self._others)]
        self._asked_mono = self._connected_mono = time.monotonic()
        client.subscribe(self._wanted)
        self.is_connected = True
        self.connections += 1
        self.trouble = None
        log.info("connected to the broker at %s", self._address())

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Properties | None
    ) -> None:
        self.round_trip_s = time.monotonic() - self._asked_mono
        refused = [topic for (topic, _), reason in zip(self._wanted, reasons, strict=False) if reason.is_failure]
        if refused:
            self._say(f"the broker at {self._address()} does not let the gateway hear {', '.join(refused)}")

    def _on_connect_fail(self, _client: mqtt.Client, _data: Any) -> None:
        self._say(f"no broker answers at {self._address()}; trying again")

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: Any, reason: ReasonCode, _props: Properties | None
    ) -> None:
        was_connected, self.is_connected = self.is_connected, False
        if was_connected:
            self._ask_who_ended_it(reason.value, time.monotonic())
        # One that was refused has said why, and that must stay.
        if was_connected and reason.value != 0:
            self._say(f"the connection to the broker at {self._address()} is lost ({reason}); trying again")

    def _ask_who_ended_it(self, reason: int, now_mono: float) -> None:
        is_short = reason != 0 and now_mono - self._connected_mono < SHORT_CONNECTION_S
        self._short_connections = self._short_connections + 1 if is_short else 0
        if reason == TAKEN_OVER or self._short_connections >= SHORT_CONNECTIONS:
            self.takeovers += 1
            self._taken_over_mono = now_mono

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        # An exception here would end paho's network thread and leave a deaf gateway, so none may get out.
        now_ts = self._clock.now_ts()
        try:
            topic = message.topic
        except UnicodeDecodeError as error:
            self._refusals.add("topic", "?", f"not UTF-8: {error.reason}", now_ts)
            return
        payload = bytes(message.payload)
        if topic.startswith("$SYS/"):
            self._take_report(topic, payload)
            return
        if (take := self._others.get(topic)) is not None:
            take(payload)
            return
        if (
            self._queue.qsize() >= MAX_QUEUED_MESSAGES
            or self._bytes_in - self._bytes_out + len(payload) > MAX_QUEUED_BYTES
        ):
            self._refusals.add("queue-full", topic, "the ingest queue is full; the node will send it again", now_ts)
            return
        if message.retain and topic.endswith(("/data", "/done")):
            self._refusals.add("retained", topic, "a retained message is a last known state, not a new one", now_ts)
            return
        self._bytes_in += len(payload)
        if not self._queue.qsize():
            self._filled_ts = now_ts
        self._queue.put(Message(topic, payload, now_ts))

    def _take_report(self, topic: str, payload: bytes) -> None:
        if topic == drops.TOPIC:
            self.drops.take(payload, time.monotonic())
        elif topic == VERSION_TOPIC:
            self.broker_version = payload[:MAX_VERSION_BYTES].decode("ascii", "replace")

    def _say(self, trouble: str) -> None:
        if trouble != self.trouble:
            log.warning("%s", trouble)
        self.trouble = trouble

    def _address(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"
