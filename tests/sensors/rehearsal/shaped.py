"""A line of a known rate and queue: three network namespaces, with a token bucket each way on the router between. Root.

The router is a machine of its own: on the sender's own interface the kernel would hold the sender back, and no queue
would ever fill. ``python -m tests.sensors.rehearsal.shaped serve|ask …`` is what runs inside.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.sensors.rehearsal.links import SECRET
from tests.sensors.test_throughput import MiniServer

from vigie_contract.clock import SystemClock
from vigie_sensors.interfaces import read_bytes
from vigie_sensors.rehearsal.course import Demand
from vigie_sensors.rehearsal.far_end import FarEndServer, OwnFarEnd
from vigie_sensors.rehearsal.trial import RoundTrips, rehearse

ROOT = Path(__file__).resolve().parents[3]
FAR_HOST, PORT, MINI_PORT = "10.9.2.1", 8377, 8378
BURST_KB = 16
TOOLS = ("ip", "tc", "sysctl")
missing_tools = [tool for tool in TOOLS if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None]


@dataclass(frozen=True)
class Line:
    """Rates in Mbit/s, and how long a full queue holds a packet, in ms, each way."""

    download_mbps: float
    upload_mbps: float
    queue_ms: float
    namespace: str

    def ask(self, *demands: tuple[float, float]) -> list[dict[str, Any]]:
        """Rehearse these demands (Mbit/s, down and up) one after the other from the near end; what each said."""
        words = [f"{down}/{up}" for down, up in demands]
        return [json.loads(line) for line in self._run("-m", __name__, "ask", *words).splitlines()]

    def speed_test(self) -> dict[str, float]:
        """One test by speedtest-cli against the same far end: rates in Mbit/s, megabytes and seconds."""
        server = f"http://{FAR_HOST}:{MINI_PORT}/mini"
        before, began = self._moved(), time.monotonic()
        words = ["--server", server, "--interface", "c", "--max-bytes", "2000000000"]
        text = self._run("-m", "vigie_sensors.speedtest_run", *words)
        took_s = time.monotonic() - began
        found = json.loads(text)
        return {
            "download_mbps": round(found["download_bps"] / 1e6, 1),
            "upload_mbps": round(found["upload_bps"] / 1e6, 1),
            "moved_mb": round((self._moved() - before) / 1e6, 1),
            "took_s": round(took_s, 1),
        }

    def _moved(self) -> int:
        return int(self._run("-c", "from vigie_sensors.interfaces import read_bytes; print(read_bytes('c'))"))

    def _run(self, *words: str) -> str:
        command = ["ip", "netns", "exec", self.namespace, sys.executable, *words]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr[-2_000:]
        return done.stdout


@contextlib.contextmanager
def line(download_mbps: float, upload_mbps: float, queue_ms: float) -> Iterator[Line]:
    """Set it up, with a far end and a Speedtest Mini server behind it; take it down at the end of the block."""
    tag = str(os.getpid())
    near, router, far = (f"vigie-{name}-{tag}" for name in ("near", "router", "far"))
    commands = [
        *(f"ip netns add {name}" for name in (near, router, far)),
        f"ip link add c netns {near} type veth peer name rc netns {router}",
        f"ip link add s netns {far} type veth peer name rs netns {router}",
        f"ip -n {near} addr add 10.9.1.1/24 dev c",
        f"ip -n {router} addr add 10.9.1.254/24 dev rc",
        f"ip -n {far} addr add {FAR_HOST}/24 dev s",
        f"ip -n {router} addr add 10.9.2.254/24 dev rs",
        *(f"ip -n {name} link set lo up" for name in (near, router, far)),
    ]
    for name, interface in ((near, "c"), (far, "s"), (router, "rc"), (router, "rs")):
        # A packet is a packet: one of 64 kB would wait in no queue that is shorter.
        commands.append(f"ip -n {name} link set {interface} up gso_max_segs 1")
    commands += [
        f"ip -n {near} route add default via 10.9.1.254",
        f"ip -n {far} route add default via 10.9.2.254",
        f"ip netns exec {router} sysctl -qw net.ipv4.ip_forward=1",
        f"ip netns exec {near} sysctl -qw net.ipv4.ping_group_range=0\t2147483647",
    ]
    for interface, rate_mbps in (("rc", download_mbps), ("rs", upload_mbps)):
        limit = round(rate_mbps * 1e6 / 8 * queue_ms / 1e3)
        commands.append(
            f"ip netns exec {router} tc qdisc add dev {interface} root tbf rate {rate_mbps}mbit burst {BURST_KB}kb "
            f"limit {limit}"
        )
    server: subprocess.Popen[bytes] | None = None
    try:
        for command in commands:
            subprocess.run(command.split(" "), check=True, stdout=subprocess.DEVNULL)
        server = subprocess.Popen(
            ["ip", "netns", "exec", far, sys.executable, "-m", __name__, "serve"], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        yield Line(download_mbps, upload_mbps, queue_ms, near)
    finally:
        if server is not None:
            server.kill()
            server.communicate()
        for name in (near, router, far):
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def serve() -> None:
    """The far side, until it is killed."""
    mini = ThreadingHTTPServer((FAR_HOST, MINI_PORT), MiniServer)
    mini.daemon_threads = True
    threading.Thread(target=mini.serve_forever, daemon=True).start()
    far_end = FarEndServer(FAR_HOST, PORT, SECRET)
    print("ready", flush=True)
    far_end.serve_forever()


def ask(words: list[str]) -> None:
    """The near side: a line of JSON for each demand."""
    for word in words:
        down_mbps, up_mbps = map(float, word.split("/"))
        before = read_bytes("c") or 0
        outcome = rehearse(
            OwnFarEnd(FAR_HOST, PORT, SECRET),
            Demand(down_mbps * 1e6, up_mbps * 1e6),
            2_000_000_000,
            "c",
            RoundTrips(FAR_HOST, PORT, "c"),
            SystemClock(),
            threading.Event(),
            lambda share: None,
        )
        print(json.dumps(asdict(outcome) | {"counted_bytes": (read_bytes("c") or 0) - before}), flush=True)


if __name__ == "__main__":
    serve() if sys.argv[1] == "serve" else ask(sys.argv[2:])
