"""The load of the benchmarks: a node that costs next to nothing, so that what is measured is the gateway.

Packets are encoded beforehand and written to the socket as they are (MQTT 3.1.1, QoS 1); the protocol above it is the
real one: a window, cumulative acknowledgements, back to the last acknowledged reading when nothing moves.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from vigie_contract import topics
from vigie_contract.messages import Ack, Birth, Channel, decode_ack, encode_ack, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, free_port, make_passwords
from vigie_gateway.clock import word
from vigie_gateway.clock.belief import Witness, Word
from vigie_gateway.ingest.pipeline import COMMIT_READINGS

SITE = "semaphore"
NODE = "tableau"
WINDOW_READINGS = 8_000
"""Readings under way: what the publisher of the sensors also allows itself, so that commits of 1,000 never stall it."""
STALL_S = 2.0
CHANNELS = tuple(Channel(f"load-{number:03}", "power", 10.0) for number in range(100))


def _string(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _packet(kind: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def publish_packet(topic: str, payload: bytes, packet_id: int, *, retain: bool = False) -> bytes:
    """A PUBLISH of QoS 1 (MQTT 3.1.1 §3.3)."""
    return _packet(0x33 if retain else 0x32, _string(topic) + (packet_id % 65_535 + 1).to_bytes(2, "big") + payload)


class RawNode:
    """A connection of one node, single-threaded."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.upto = 0
        self.acks = 0
        self._buffer = b""
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flags = 0x02 | 0x80 | 0x40  # clean session, user name, password
        body = _string("MQTT") + bytes([4, flags]) + (60).to_bytes(2, "big") + _string(user)
        self._socket.sendall(_packet(0x10, body + _string(user) + _string(password)))
        if self._socket.recv(4)[3] != 0:
            raise ConnectionError("the broker refused the load's password")
        self._socket.sendall(_packet(0x82, b"\x00\x01" + _string(topics.all_acks(SITE, user)) + b"\x00"))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def declare(self, channels: Sequence[Channel]) -> None:
        """Publish the birth and presence."""
        birth = encode_birth(Birth("bench 1", "bench-boot", tuple(channels)))
        self.send(publish_packet(topics.about(SITE, NODE), birth, 1, retain=True))
        self.send(publish_packet(topics.status(SITE, NODE), b"online", 2, retain=True))

    def send(self, data: bytes) -> None:
        """Write all of it, reading what comes meanwhile."""
        view = memoryview(data)
        while view:
            readable, writable, _ = select.select([self._socket], [self._socket], [], 1.0)
            if readable:
                self._read()
            if writable:
                with contextlib.suppress(BlockingIOError):
                    view = view[self._socket.send(view) :]

    def wait(self, timeout_s: float) -> None:
        """Read acknowledgements for at most so long."""
        if select.select([self._socket], [], [], timeout_s)[0]:
            self._read()

    def _read(self) -> None:
        data = self._socket.recv(262_144)
        if not data:
            raise ConnectionError("the broker closed the load's connection")
        self._buffer += data
        position, size = 0, len(self._buffer)
        while size - position >= 2:
            length, digits = 0, 0
            while position + 1 + digits < size:
                digit = self._buffer[position + 1 + digits]
                length |= (digit & 127) << (7 * digits)
                digits += 1
                if not digit & 128:
                    break
            else:
                break
            end = position + 1 + digits + length
            if end > size:
                break
            if self._buffer[position] >> 4 == 3:
                body = self._buffer[position + 1 + digits : end]
                self._take(body[2 + int.from_bytes(body[:2], "big") :])
            position = end
        self._buffer = self._buffer[position:]

    def _take(self, payload: bytes) -> None:
        self.acks += 1
        self.upto = max(self.upto, decode_ack(payload).upto)


@dataclass(frozen=True, slots=True)
class Load:
    """Encoded messages: ``ends[i]`` is the last sequence number in ``packets[i]``."""

    journal: str
    packets: list[bytes]
    ends: list[int]


def make_load(journal: str, messages: int, readings_each: int, *, start_ts: float, step_s: float) -> Load:
    """Readings of CHANNELS in turn, ``step_s`` apart, in packs of ``readings_each``."""
    power = QUANTITIES["power"]
    topic = topics.data(SITE, NODE)
    packets, ends = [], []
    number = 0
    for message in range(messages):
        readings = []
        first = number + 1
        for _ in range(readings_each):
            channel = CHANNELS[number % len(CHANNELS)].id
            readings.append((power, Reading(channel, start_ts + number * step_s, float(number * 7 % 1_000))))
            number += 1
        payload = encode_pack(SITE, NODE, journal, first, 1, readings)
        packets.append(publish_packet(topic, payload, message))
        ends.append(number)
    return Load(journal, packets, ends)


def run_load(node: RawNode, load: Load, *, window: int = WINDOW_READINGS, deadline_s: float = 120.0) -> float:
    """Send it all and wait for the last acknowledgement.

    Returns:
        Readings acknowledged a second, up to the last commit that a full batch made due: what remains after it waits
        for the commit interval, and says nothing of speed.
    """
    began = time.perf_counter()
    node.upto = 0
    total, position = load.ends[-1], 0
    moved, seen = began, 0
    rate_per_s = 0.0
    while node.upto < total:
        batch = bytearray()
        while position < len(load.packets) and load.ends[position] <= node.upto + window and len(batch) < 262_144:
            batch += load.packets[position]
            position += 1
        if batch:
            node.send(bytes(batch))
        else:
            node.wait(0.01)
        now = time.perf_counter()
        if node.upto > seen:
            seen, moved = node.upto, now
            if seen <= total - COMMIT_READINGS:
                rate_per_s = seen / (now - began)
        elif now - moved > STALL_S:
            moved = now
            position = next(index for index, end in enumerate(load.ends) if end > node.upto)
        if now - began > deadline_s:
            raise TimeoutError(f"acknowledged {node.upto} of {total} in {deadline_s} s")
    return rate_per_s or total / (time.perf_counter() - began)


@dataclass(slots=True)
class Bed:
    """A broker, a gateway with the sample place, and the way in."""

    broker: Mosquitto
    directory: Path
    http_port: int
    gateway: psutil.Process
    database: Path

    def node(self) -> RawNode:
        """A connected node of the load."""
        return RawNode(self.broker.port, NODE, self.broker.password(NODE))


def sample_site() -> Path:
    """The site file that we ship."""
    import vigie_gateway

    return Path(vigie_gateway.__file__).parent / "sample" / "site.toml"


@contextlib.contextmanager
def broker(directory: Path) -> Iterator[Mosquitto]:
    """A broker of our own, with the users of a bench."""
    with Mosquitto(directory / "broker", SITE, make_passwords([GATEWAY_USER, NODE])) as running:
        yield running


def vouch_for_clock(database: Path) -> None:
    """Say that this machine's clock is right, as `clock set` does: where benches run, the kernel may not say so."""
    said = Word(Witness.PERSON, word.boot_id(), time.time(), time.monotonic(), is_forced=True)
    word.write(word.path_beside(database), said)


def write_config(directory: Path, running: Mosquitto, place: str = "") -> tuple[Path, int]:
    """A gateway.toml for this broker, and the port on which the gateway will serve.

    ``place`` is what it says of the place, instead of the sample's.
    """
    port = free_port()
    config = directory / "gateway.toml"
    config.write_text(
        f"{place or f'site = {json.dumps(str(sample_site()))}'}\n"
        f"[broker]\nport = {running.port}\npassword_file = {json.dumps(str(running.password_file(GATEWAY_USER)))}\n"
        f"[http]\nport = {port}\n[store]\npath = {json.dumps(str(directory / 'vigie.db'))}\n",
        encoding="utf-8",
    )
    vouch_for_clock(directory / "vigie.db")
    return config, port


@contextlib.contextmanager
def bed(directory: Path, place: str = "") -> Iterator[Bed]:
    """Start both, wait until the gateway answers; stop both. ``place`` as for ``write_config``."""
    with broker(directory) as running:
        config, port = write_config(directory, running, place)
        with (directory / "gateway.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)],
                stdout=log, stderr=log, env=os.environ,
            )  # fmt: skip
        try:
            _wait_for(port, process, directory / "gateway.log")
            yield Bed(running, directory, port, psutil.Process(process.pid), directory / "vigie.db")
        finally:
            process.terminate()
            process.wait(15)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    try:
        wait_for(port, lambda: process.poll() is None)
    except EOFError:
        raise RuntimeError(f"the gateway ended: {log.read_text(encoding='utf-8')[-2_000:]}") from None


def wait_for(port: int, is_alive: Callable[[], bool] = lambda: True) -> None:
    """Until a gateway answers there.

    Raises:
        EOFError: It is not alive any more.
        TimeoutError: It did not within 30 s.
    """
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if not is_alive():
            raise EOFError
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise TimeoutError("the gateway did not answer within 30 s")


def cpu_s(process: psutil.Process) -> float:
    """Processor seconds of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def print_line(**figures: object) -> None:
    """One JSON object, one line."""
    print(json.dumps(figures), flush=True)


def baseline_subscriber() -> None:
    """Paho with a bare callback, in a process of its own: counts, and acknowledges so that the window moves."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    port, password_file, every = int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=GATEWAY_USER, protocol=mqtt.MQTTv5)
    client.username_pw_set(GATEWAY_USER, password_file.read_text(encoding="utf-8"))
    count = 0
    ack = topics.ack(SITE, NODE, "main")

    def on_message(_client: mqtt.Client, _data: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal count
        count += 1
        if count % every == 0:
            client.publish(ack, encode_ack(Ack("bench-baseline", count)))

    client.on_message = on_message
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.subscribe(topics.data(SITE, NODE), 1)
    client.loop_forever()


if __name__ == "__main__" and sys.argv[1] == "baseline":
    baseline_subscriber()
