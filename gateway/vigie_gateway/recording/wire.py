"""A connection to a broker that hears everything or says it again: the edge to paho for ``recorder`` and ``replayer``.

A session of its own, forgotten when it ends, under a user of its own: the broker takes the user's name as the client
id, so whoever came as the gateway would throw the gateway out.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Event
from typing import Any, Self

from vigie_contract.memory import hidden
from vigie_gateway.ingest.bus import identify
from vigie_gateway.settings import BrokerSettings

with hidden("dns.resolver"):  # as in ``ingest.bus``: loaded for nothing
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

ANSWER_S = 10.0
"""What a broker may take to answer. Lower gives up on a busy Pi; higher keeps who typed the command waiting."""
MAX_PACKET_BYTES = 1024 * 1024
"""The broker is asked (MQTT 5 §3.1.2.11.4) to leave out larger messages. Lower misses pictures that some devices send;
higher lets one message take the memory of a small Pi."""
UNDER_WAY = 100
"""Publications without an answer. Lower is slow over a bad link; higher only takes memory: the broker allows itself as
many."""
KEEPALIVE_S = 30

Take = Callable[[str, bytes, bool], None]
"""Is given topic, payload and whether the broker had kept it, on the network's thread; must not raise."""


class WireError(Exception):
    """No such broker, or it refuses; one line for a person."""


class Wire:
    """One connection, open within ``with``.

    Attributes:
        connections: How often the broker let it in.
        unreadable: Messages whose topic is no UTF-8.
        refused: By topic, what the broker says against a publication.
    """

    def __init__(self, settings: BrokerSettings, take: Take | None = None) -> None:
        """Prepare.

        Args:
            settings: Where to, and as whom.
            take: Is given all that this user may hear; None hears nothing.
        """
        self._settings = settings
        self._take = take
        self._answered = Event()
        self._refusal: str | None = None
        self._under_way: deque[tuple[str, mqtt.MQTTMessageInfo]] = deque()
        self._reasons: dict[int, ReasonCode] = {}
        self.connections = 0
        self.unreadable = 0
        self.refused: dict[str, str] = {}
        self._client = client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="", protocol=mqtt.MQTTv5)
        client.max_queued_messages_set(0)
        client.on_connect, client.on_subscribe = self._on_connect, self._on_subscribe
        client.on_message, client.on_publish = self._on_message, self._on_publish

    def __enter__(self) -> Self:
        """Connect, and hear from now on.

        Raises:
            WireError: Nothing answers there, or the broker refuses this user.
            OSError: The password or the certificate cannot be read.
        """
        settings, client = self._settings, self._client
        identify(client, settings)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it so
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        try:
            client.connect(settings.host, settings.port, KEEPALIVE_S, clean_start=True, properties=properties)
        except OSError as error:
            raise WireError(f"no broker answers at {self.address()}: {error}") from error
        client.loop_start()
        is_answered = self._answered.wait(ANSWER_S)
        if not is_answered or self._refusal is not None:
            self.__exit__()
            raise WireError(self._refusal or f"no broker answers at {self.address()} within {ANSWER_S:g} s")
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, is_retained: bool) -> None:
        """Say it at QoS 1; waits while UNDER_WAY are without an answer. Raises WireError when none comes."""
        while len(self._under_way) >= UNDER_WAY:
            self._settle_oldest()
        info = self._client.publish(topic, payload, qos=1, retain=is_retained)
        if info.rc not in {MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN}:
            raise WireError(f"the broker at {self.address()} cannot be told {topic[:80]!r}: {info.rc.name}")
        self._under_way.append((topic, info))

    def settle(self) -> None:
        """Wait until the broker has answered all of it; ``refused`` is whole then. Raises WireError."""
        while self._under_way:
            self._settle_oldest()

    def address(self) -> str:
        """Of the broker, and as whom."""
        return f"{self._settings.host}:{self._settings.port} (user {self._settings.username})"

    def _settle_oldest(self) -> None:
        topic, info = self._under_way.popleft()
        deadline_mono = time.monotonic() + ANSWER_S
        while not info.is_published():
            left_s = deadline_mono - time.monotonic()
            if left_s <= 0:
                raise WireError(f"the broker at {self.address()} does not answer any more")
            info.wait_for_publish(left_s)
        reason = self._reasons.pop(info.mid, None)
        if reason is not None and reason.is_failure:
            self.refused[topic] = str(reason)

    def _on_connect(
        self, client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, reason: ReasonCode, _props: Properties | None
    ) -> None:
        if reason.is_failure:
            self._refusal = f"the broker at {self.address()} refuses: {reason}"
            self._answered.set()
            return
        self.connections += 1
        if self._take is None:
            self._answered.set()
        else:
            client.subscribe("#", qos=0)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, reasons: list[ReasonCode], _props: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._refusal = f"the broker at {self.address()} does not let this user hear anything: {reasons[0]}"
        self._answered.set()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # raised on paho's thread it would end the recording in silence
            self.unreadable += 1
            return
        if self._take is not None:
            self._take(topic, bytes(message.payload), message.retain)

    def _on_publish(
        self, _client: mqtt.Client, _data: Any, mid: int, reason: ReasonCode, _props: Properties | None
    ) -> None:
        self._reasons[mid] = reason
