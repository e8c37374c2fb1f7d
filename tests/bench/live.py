"""From an MQTT publish to the server-sent event that shows it, and a thousand viewers of one event a second.

The baseline, in the same run, is a bare paho subscriber on the same broker and messages. A message is shown by the
first event that holds its text or that of a later one; both ends are timed on the machine's monotonic clock.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from tests.bench import load

from vigie_contract import topics
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.broker import GATEWAY_USER

RATES_PER_S = (10, 100, 1_000)
SECONDS = {10: 20.0, 100: 10.0, 1_000: 5.0}
VIEWERS = 1_000
VIEWING_S = 15.0
POWER = Channel("linky-va", "apparent_power", 10.0)
POWER_FIELD = "k.power"
STEP_VA = 100
STEPS = 900
"""Distinct texts (0.0 to 89.9 kW), so that a shown one tells which message it was within the last 900."""


def main() -> None:
    """Print a line a rate, then the viewers' line."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name:
        directory = Path(name)
        bare_ms = _bare(directory)
        with load.bed(directory) as bed:
            node = bed.node()
            node.declare([POWER])
            time.sleep(1)
            sender = _Sender(node)
            for rate_per_s in RATES_PER_S:
                _rate(bed, sender, rate_per_s, bare_ms[rate_per_s])
            _viewers(bed, sender)


def _bare(directory: Path) -> dict[int, list[float]]:
    """Delays of the same messages to a bare subscriber, by rate: on a broker of its own, where one may subscribe."""
    found = {}
    with load.broker(directory / "baseline") as broker:
        watcher = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.live", "baseline", str(broker.port),
             str(broker.password_file(GATEWAY_USER))],
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert watcher.stdout is not None
        watcher.stdout.readline()
        sender = _Sender(load.RawNode(broker.port, load.NODE, broker.password(load.NODE)))
        for rate_per_s in RATES_PER_S:
            sent = sender.run(rate_per_s, SECONDS[rate_per_s])
            received = [float(watcher.stdout.readline()) for _ in sent]
            found[rate_per_s] = [1e3 * (at - began) for began, at in zip(sent, received, strict=True)]
        watcher.terminate()
        watcher.wait()
        watcher.stdout.close()
    return found


class _Sender:
    """Publishes one reading after the other, each another power."""

    def __init__(self, node: load.RawNode) -> None:
        self._node = node
        self._count = 0

    def run(self, rate_per_s: float, seconds: float) -> list[float]:
        """The monotonic time of each publish."""
        sent = []
        began = time.monotonic()
        for number in range(int(rate_per_s * seconds)):
            delay = began + number / rate_per_s - time.monotonic()
            if delay > 0:
                self._node.wait(0)
                time.sleep(delay)
            self._count += 1
            reading = Reading(POWER.id, time.time(), float(number % STEPS * STEP_VA))
            payload = encode_pack(
                load.SITE, load.NODE, "bench-live", self._count, 1, [(QUANTITIES[POWER.quantity], reading)]
            )
            sent.append(time.monotonic())
            self._node.send(load.publish_packet(topics.data(load.SITE, load.NODE), payload, self._count))
        return sent


def _rate(bed: load.Bed, sender: _Sender, rate_per_s: int, bare_ms: list[float]) -> None:
    shown: list[tuple[float, int]] = []
    stop = threading.Event()
    reader = threading.Thread(target=_read_events, args=(bed.http_port, shown, stop))
    reader.start()
    time.sleep(0.5)
    sent = sender.run(rate_per_s, SECONDS[rate_per_s])
    time.sleep(1.5)
    stop.set()
    reader.join()
    event_ms = _delays_ms(sent, shown)
    load.print_line(
        name="live",
        rate_per_s=rate_per_s,
        p50_ms=_percentile(event_ms, 50),
        p99_ms=_percentile(event_ms, 99),
        baseline_p50_ms=_percentile(bare_ms, 50),
        baseline_p99_ms=_percentile(bare_ms, 99),
        shown=len(event_ms),
        sent=len(sent),
    )


def _delays_ms(sent: list[float], shown: list[tuple[float, int]]) -> list[float]:
    """Delay of each message until the first event with its text or a later one."""
    delays: list[float] = []
    next_message = 0
    for at, step in shown:
        # Which message shows this step: the newest one with it that had been sent by then.
        newest = max(
            (number for number in range(step, len(sent), STEPS) if sent[number] <= at and number >= next_message),
            default=None,
        )
        if newest is None:
            continue
        delays.extend(1e3 * (at - sent[number]) for number in range(next_message, newest + 1))
        next_message = newest + 1
    return delays


def _read_events(port: int, shown: list[tuple[float, int]], stop: threading.Event) -> None:
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.settimeout(0.2)
        stream.sendall(b"GET /events?l=en HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        buffer = b""
        while not stop.is_set():
            try:
                buffer += stream.recv(65_536)
            except TimeoutError:
                continue
            at = time.monotonic()
            *events, buffer = buffer.split(b"\n\n")
            for event in events:
                found = re.search(rb"event: u\ndata: (.*)", event)
                fields = json.loads(found[1]) if found else {}
                if POWER_FIELD in fields:
                    number = re.search(r"[\d.]+", fields[POWER_FIELD])
                    if number is not None:
                        shown.append((at, round(float(number[0]) * 1_000 / STEP_VA)))


def _viewers(bed: load.Bed, sender: _Sender) -> None:
    viewers = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.live", "viewers", str(bed.http_port)], stdout=subprocess.PIPE, text=True
    )
    assert viewers.stdout is not None
    viewers.stdout.readline()
    cpu = load.cpu_s(bed.gateway)
    began = time.monotonic()
    sent = sender.run(1, VIEWING_S)
    elapsed_s = time.monotonic() - began
    cpu = load.cpu_s(bed.gateway) - cpu
    rss_mb = bed.gateway.memory_info().rss / 1e6
    time.sleep(1)
    viewers.terminate()
    found = json.loads(viewers.stdout.read())
    viewers.wait()
    viewers.stdout.close()
    load.print_line(
        name="live",
        viewers=VIEWERS,
        viewers_cpu_percent=round(100 * cpu / elapsed_s, 1),
        viewers_rss_mb=round(rss_mb, 1),
        viewers_dropped=VIEWERS - found["complete"],
        events_sent=len(sent),
        events_received_least=found["least"],
    )


async def _watch(port: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    counts = [0] * VIEWERS
    ended = [False] * VIEWERS

    async def view(index: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /events?l=fr HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        try:
            while line := await reader.readline():
                if line.startswith(b"event: u"):
                    counts[index] += 1
        finally:
            ended[index] = True
            writer.close()

    tasks = []
    for start in range(0, VIEWERS, 50):
        tasks += [asyncio.create_task(view(index)) for index in range(start, start + 50)]
        await asyncio.sleep(0.1)
    await asyncio.sleep(3)
    baseline = list(counts)
    print("ready", flush=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(15, stop.set)
    await stop.wait()
    new = [count - before for count, before in zip(counts, baseline, strict=True)]
    complete = sum(not gone for gone in ended)
    print(json.dumps({"complete": complete, "least": min(new)}), flush=True)
    os._exit(0)  # a thousand connections need no farewell


def _percentile(values: Iterable[float], percent: int) -> float | None:
    ordered = list(values)
    if len(ordered) < 2:
        return None
    return round(statistics.quantiles(ordered, n=100, method="inclusive")[percent - 1], 2)


def _baseline() -> None:
    """A bare subscriber of the same messages; prints when each came."""
    import paho.mqtt.client as mqtt
    from paho.mqtt.enums import CallbackAPIVersion

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=GATEWAY_USER, protocol=mqtt.MQTTv5)
    client.username_pw_set(GATEWAY_USER, Path(sys.argv[3]).read_text(encoding="utf-8"))
    client.on_message = lambda *_: print(time.monotonic(), flush=True)
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", int(sys.argv[2]))
    client.subscribe(topics.data(load.SITE, load.NODE), 1)
    client.loop_forever()


if __name__ == "__main__":
    if sys.argv[1] == "baseline":
        _baseline()
    else:
        asyncio.run(_watch(int(sys.argv[2])))
