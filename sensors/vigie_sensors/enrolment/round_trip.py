"""Whether a gateway hears this node: one reading that says "starting", and its acknowledgement from the gateway's disk.

Called by ``course``, on the main thread. The broker alone would not do: it takes a connection whose messages it then
drops without a word where rights are wrong.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

from vigie_contract import topics
from vigie_contract.clock import SystemClock
from vigie_contract.errors import ContractError
from vigie_contract.messages import ONLINE, Birth, decode_ack, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_sensors.config import SensorsConfig
from vigie_sensors.connection import Connection
from vigie_sensors.machine import boot_id
from vigie_sensors.publisher import software

HEARD_WITHIN_S = 75.0
"""A gateway commits each 10 s, at most each 60. Lower takes a slow one for deaf; higher keeps a person waiting."""
AGAIN_S = 5.0
"""A gateway that was just starting has heard nothing. Lower asks one that is about to answer; higher waits for it."""
POLL_S = 0.25
_FAILURE = 0x80


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it: whether the broker could be reached, and why the node is not heard (empty when it is)."""

    is_reached: bool
    trouble: str


def try_broker(config: SensorsConfig, within_s: float = HEARD_WITHIN_S) -> Tried:
    """Say one reading there, and wait for its acknowledgement.

    Args:
        config: With the broker to try, and files that this process may read.
        within_s: How long to wait for the acknowledgement.
    """
    awake = threading.Event()
    connection = Connection(config, awake.set)
    broker = f"{config.broker.host}:{config.broker.port}"
    try:
        connection.open(config)
        return Tried(is_reached=True, trouble=_Trial(config, connection, awake).run(broker, within_s))
    except (OSError, ValueError) as error:  # a ValueError is a name or certificate that cannot be used
        return Tried(is_reached=False, trouble=f"the broker at {broker} cannot be reached: {error}")
    finally:
        connection.close()


class _Trial:
    """One connection, until it is known."""

    def __init__(self, config: SensorsConfig, connection: Connection, awake: threading.Event) -> None:
        self._config = config
        self._connection = connection
        self._awake = awake
        self._journal = secrets.token_hex(8)

    def run(self, broker: str, within_s: float) -> str:
        now_mono = time.monotonic()
        until_mono, again_mono = now_mono + within_s, now_mono + AGAIN_S
        while (now_mono := time.monotonic()) < until_mono:
            if now_mono >= again_mono:
                again_mono = now_mono + AGAIN_S
                self._introduce()
            while self._connection.events:
                found = self._judge(*self._connection.events.popleft())
                if found is not None:
                    return f"the broker at {broker} {found}" if found else ""
            self._awake.wait(POLL_S)
            self._awake.clear()
        return (
            f"the broker takes what this node says, but no gateway ({', '.join(self._config.gateways)}) has "
            f"acknowledged it within {within_s:.0f} s: does it run, and is its clock right?"
        )

    def _judge(self, kind: str, first: Any, second: Any) -> str | None:
        """What an event says of the broker; empty when this node is heard, None when that is still open."""
        if kind == "connected" and first.is_failure:
            return f"refuses this node ({first})"
        if kind == "connected":
            self._introduce()
        elif kind == "lost":
            return f"ended the connection ({first})"
        elif kind == "published" and second.value >= _FAILURE:
            return f"does not let this node speak ({second})"
        elif kind == "message" and self._is_acknowledged(first, second):
            self._connection.bid_farewell()
            return ""
        return None

    def _introduce(self) -> None:
        site, node = self._config.site, self._config.node
        channels = tuple(channel for declared in self._config.channels.values() for channel in declared)
        self._connection.subscribe()
        birth = Birth(software(), boot_id(), channels, None)
        self._connection.publish(topics.about(site, node), encode_birth(birth), retain=True)
        self._connection.publish(topics.status(site, node), ONLINE, retain=True)
        # An age, not a date: this machine's clock may not be right yet.
        now_mono = SystemClock().now_mono()
        reading = Reading(channels[0].id, now_mono, None, "starting")
        records = [(QUANTITIES[channels[0].quantity], reading)]
        pack = encode_pack(site, node, self._journal, 1, 1, records, last=1, now_ts=now_mono)
        self._connection.publish(topics.data(site, node), pack)

    def _is_acknowledged(self, topic: str, payload: bytes) -> bool:
        try:
            gateway = topics.parse(topic).gateway
            ack = decode_ack(payload)
        except ContractError:
            return False
        return gateway in self._config.gateways and ack.journal == self._journal and ack.upto >= 1
