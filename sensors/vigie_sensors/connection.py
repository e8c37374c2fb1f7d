"""One MQTT connection of a node, from its opening to its loss. The only module that imports paho here.

Made by the publisher, a new one for every connection, so that no pack outlives its own: paho would send it again with
ages that were true a minute ago. Its callbacks run on paho's network thread and only leave word in ``events``.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from vigie_contract import topics
from vigie_contract.memory import hidden
from vigie_contract.messages import OFFLINE
from vigie_sensors.config import SensorsConfig

# paho would load dnspython where it finds it, for SRV records that are not used here: 8 MB of every daemon.
with hidden("dns.resolver"):
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

KEEPALIVE_S = 30
"""A broker declares the node offline after one and a half of these. Lower costs radio time on bad Wi-Fi; higher shows
a dead node as online for longer."""
CONNECT_TIMEOUT_S = 10.0
WAITING_EVENTS = 10_000
"""Of the network thread, before the oldest are dropped. Acknowledgements are cumulative: the next one serves."""


class Connection:
    """One client, from its connection to its loss. Its callbacks run on paho's thread and only leave word."""

    def __init__(self, config: SensorsConfig, wake: Callable[[], None], *, hears_alerts: bool = False) -> None:
        self._wake = wake
        self._status_topic = topics.status(config.site, config.node)
        self._topics = [(topic(config.site, config.node), qos) for topic, qos in ((topics.all_acks, 0), (topics.do, 1))]
        if hears_alerts:
            self._topics.append((topics.all_alerts(config.site), 1))
        self._threads: set[threading.Thread] = set()
        self.events: deque[tuple[str, Any, Any]] = deque(maxlen=WAITING_EVENTS)
        self.data_mids: set[int] = set()
        self.client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=config.node,
            protocol=mqtt.MQTTv5,
            reconnect_on_failure=False,
        )
        self.client.suppress_exceptions = True  # nothing that ours could raise may end the network thread
        self.client.connect_timeout = CONNECT_TIMEOUT_S
        self.client.max_inflight_messages_set(200)  # the window bounds what is in flight, see Lane
        self.client.will_set(self._status_topic, OFFLINE, qos=1, retain=True)
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_publish = self._on_publish
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message

    def open(self, config: SensorsConfig) -> None:
        """Connect; raises OSError. What the broker answers comes as an event."""
        broker = config.broker
        if broker.password_file is not None:
            lines = broker.password_file.read_text(encoding="utf-8").splitlines()
            self.client.username_pw_set(broker.username, lines[0] if lines else "")
        if broker.ca_file is not None:
            self.client.tls_set(ca_certs=str(broker.ca_file))
        self.client.connect(broker.host, broker.port, keepalive=KEEPALIVE_S, clean_start=True)
        before = set(threading.enumerate())
        self.client.loop_start()
        self._threads = set(threading.enumerate()) - before

    @property
    def is_running(self) -> bool:
        """Whether the network thread lives: bytes that no broker sends can end it."""
        return any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """Let go of the socket and the thread."""
        self.client.disconnect()
        self.client.loop_stop()

    def subscribe(self) -> None:
        """To the gateways' acknowledgements and commands, and to what fires there."""
        self.client.subscribe(self._topics)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int | None:
        """At QoS 1; returns what ``published`` will name it by, or None when the connection is gone."""
        info = self.client.publish(topic, payload, qos=1, retain=retain)
        return info.mid if info.rc == mqtt.MQTT_ERR_SUCCESS else None

    def bid_farewell(self) -> None:
        """Say ``offline``, and wait for a second until it is out."""
        farewell = self.client.publish(self._status_topic, OFFLINE, qos=1, retain=True)
        with contextlib.suppress(RuntimeError, ValueError):  # the connection went meanwhile: the last will speaks
            farewell.wait_for_publish(1.0)

    def _tell(self, kind: str, first: Any, second: Any = None) -> None:
        self.events.append((kind, first, second))
        self._wake()

    def _on_connect(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.ConnectFlags, code: ReasonCode, _: Properties | None
    ) -> None:
        self._tell("connected", code)

    def _on_disconnect(
        self, _client: mqtt.Client, _data: Any, _flags: mqtt.DisconnectFlags, code: ReasonCode, _: Properties | None
    ) -> None:
        self._tell("lost", code)

    def _on_publish(self, _client: mqtt.Client, _data: Any, mid: int, code: ReasonCode, _: Properties) -> None:
        self._tell("published", mid, code)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: Any, _mid: int, codes: list[ReasonCode], _: Properties | None
    ) -> None:
        refused = [topic for (topic, _), code in zip(self._topics, codes, strict=False) if code.is_failure]
        self._tell("subscribed", refused)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._tell("message", message.topic, message.payload)
