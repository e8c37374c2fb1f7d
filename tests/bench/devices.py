"""What a bus full of devices of others costs a whole gateway, and what one that floods costs the others.

A real broker with the rights that are shipped, the gateway as a process that listens to every family, the load written
from a process of its own. ``idle``: 2,000 messages a second that no family knows, on topics that are listened to; its
baseline is the same gateway with a silent bus. ``flood``: one device says 10,000 messages a second while 20 others say
one a second; ``others`` of the same run without it is the baseline. How long what a quiet device says takes to be seen
by a program (``/api/v1/devices``) is asked for again and again, and so is 50 ms too long at worst.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from tests.bench.load import print_line

from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock
from vigie_gateway import broker as broker_module
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.broker import DEVICES_USER, GATEWAY_USER, Mosquitto, free_port, make_passwords

LASTS_S = 10.0
FOREIGN_PER_S, FLOOD_PER_S = 2_000, 10_000
QUIET = 20
SITE = 'id = "place"\nname = "Place"\ntimezone = "Europe/Paris"\nlanguages = ["en"]\n'
SETTLE_S = 3.0
"""After a start or the end of a load, before anything is measured."""


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as folder, _gateway(Path(folder)) as gateway:
        silent = gateway.cpu_percent(lambda: time.sleep(LASTS_S))
        foreign = gateway.cpu_percent(lambda: gateway.load(FOREIGN_PER_S, "home/x{n}/said"))
        print_line(
            bench="devices", case="idle", messages_per_s=FOREIGN_PER_S, cpu_percent=round(foreign, 1),
            baseline_cpu_percent=round(silent, 1),
        )  # fmt: skip
        alone = gateway.others()
        before_mb = gateway.rss_mb()
        flood = gateway.start_load(FLOOD_PER_S, "tele/flood/SENSOR", '{"ENERGY":{"Power":%d}}')
        cpu_before = gateway.cpu_s()
        with_flood = gateway.others()
        cpu_percent = 100 * (gateway.cpu_s() - cpu_before) / LASTS_S
        flooding = gateway.asked("/healthz")["parts"]["devices"]["flooding"]
        flood.wait(LASTS_S * 3)
        print_line(
            bench="devices", case="flood", messages_per_s=FLOOD_PER_S, others_p99_ms=with_flood[0],
            others_lost=with_flood[1], baseline_p99_ms=alone[0], baseline_lost=alone[1],
            cpu_percent=round(cpu_percent), rss_mb=round(gateway.rss_mb(), 1),
            baseline_rss_mb=round(before_mb, 1), named=sorted(flooding),
        )  # fmt: skip


class _Gateway:
    def __init__(self, process: subprocess.Popen[bytes], http_port: int, token: str, broker: Mosquitto) -> None:
        self._process = psutil.Process(process.pid)
        self._http_port, self._token, self._broker = http_port, token, broker

    def asked(self, path: str) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._http_port}{path}", headers={"Authorization": f"Bearer {self._token}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - this benchmark's own gateway
            return json.load(answer)

    def cpu_percent(self, work: Any) -> float:
        """Of one core, while work is done."""
        before_s, began_mono = self.cpu_s(), time.monotonic()
        work()
        return 100 * (self.cpu_s() - before_s) / (time.monotonic() - began_mono)

    def cpu_s(self) -> float:
        """Processor time since the gateway's start."""
        spent = self._process.cpu_times()
        return float(spent.user + spent.system)

    def rss_mb(self) -> float:
        return float(self._process.memory_info().rss) / 1e6

    def start_load(self, per_s: int, topic: str, payload: str = "%d") -> subprocess.Popen[bytes]:
        password = self._broker.password("load")
        arguments = [str(self._broker.port), password, str(per_s), topic, payload]
        return subprocess.Popen([sys.executable, "-m", "tests.bench.devices", *arguments])

    def load(self, per_s: int, topic: str) -> None:
        self.start_load(per_s, topic).wait(LASTS_S * 3)

    def others(self) -> tuple[int, int]:
        """99th percentile in ms of what quiet devices say until a program sees it, and how much was never seen."""
        password = self._broker.password("quiet")
        said: dict[tuple[str, float], float] = {}
        seen: dict[tuple[str, float], float] = {}
        end_mono, number = time.monotonic() + LASTS_S, 0
        with _connected(self._broker.port, "quiet", password) as quiet:
            while time.monotonic() < end_mono:
                number += 1
                for device in range(QUIET):
                    said[f"quiet-{device}", float(number)] = time.monotonic()
                    quiet.sendall(_publication(f"tele/quiet-{device}/SENSOR", b'{"ENERGY":{"Power":%d}}' % number))
                next_mono = time.monotonic() + 1
                while time.monotonic() < next_mono:
                    for one in self.asked("/api/v1/devices"):
                        for entity in one["entities"]:
                            seen.setdefault((one["id"], entity["value"]), time.monotonic())
                    time.sleep(0.05)
        waits = sorted(seen[key] - at_mono for key, at_mono in said.items() if key in seen)
        return round(1000 * waits[int(0.99 * len(waits))]), len(said) - len(waits)


@contextmanager
def _gateway(folder: Path) -> Iterator[_Gateway]:
    rights = "\nuser load\ntopic readwrite tele/#\ntopic readwrite home/#\nuser quiet\ntopic readwrite tele/#\n"
    shipped = broker_module.access_rules
    broker_module.access_rules = lambda site: shipped(site) + rights
    with Mosquitto(folder / "broker", "place", make_passwords([GATEWAY_USER, DEVICES_USER, "load", "quiet"])) as broker:
        accounts = Accounts(folder / "accounts.db")
        token = accounts.add_token("bench", "admin", time.time() + 3_600, "bench", time.time())
        accounts.close()
        http_port = free_port()
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        (folder / "gateway.toml").write_text(
            f'site = "{folder}/site.toml"\n'
            f'[broker]\nport = {broker.port}\npassword_file = "{broker.password_file(GATEWAY_USER)}"\n'
            f'[devices]\npassword_file = "{broker.password_file(DEVICES_USER)}"\ndiscovery = ["homeassistant"]\n'
            'families = ["tasmota", "shelly", "zigbee2mqtt", "esphome", "openmqttgateway", "mqtt-io", "teleinfo"]\n'
            f'[http]\nport = {http_port}\n[store]\npath = "{folder}/vigie.db"\n',
            encoding="utf-8",
        )
        clock = SimulatedClock(time.time(), time.monotonic(), 1.0)
        process = subprocess.Popen(
            [sys.executable, "-m", "vigie_gateway", "run", "--config", str(folder / "gateway.toml")],
            env=os.environ | {CLOCK_VARIABLE: clock.to_environment()}, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            gateway = _Gateway(process, http_port, token, broker)
            end_mono = time.monotonic() + 30
            while time.monotonic() < end_mono:
                try:
                    if gateway.asked("/healthz")["parts"]["devices"]["trouble"] is None:
                        break
                except OSError:
                    pass
                time.sleep(0.1)
            time.sleep(SETTLE_S)
            yield gateway
        finally:
            process.terminate()
            process.wait(20)


def _string(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def _publication(topic: str, payload: bytes) -> bytes:
    """A PUBLISH of QoS 0 (MQTT 3.1.1 §3.3) of fewer than 128 bytes."""
    body = _string(topic) + payload
    return bytes([0x30, len(body)]) + body


@contextmanager
def _connected(port: int, user: str, password: str) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port)) as made:
        body = _string("MQTT") + bytes([4, 0x02 | 0x80 | 0x40]) + (60).to_bytes(2, "big") + _string("")
        body += _string(user) + _string(password)
        made.sendall(bytes([0x10, len(body)]) + body)
        if made.recv(4)[3] != 0:
            raise ConnectionError("the broker refused the load")
        yield made


def say(port: int, password: str, per_s: int, topic: str, payload: str) -> None:
    """Say so much for LASTS_S, in a process of its own; ``{n}`` in the topic counts to 100."""
    began_mono, sent = time.monotonic(), 0
    with _connected(port, "load", password) as made:
        while (elapsed_s := time.monotonic() - began_mono) < LASTS_S:
            due = int(elapsed_s * per_s)
            made.sendall(
                b"".join(
                    _publication(
                        topic.replace("{n}", str(number % 100)), payload.replace("%d", str(number % 1000)).encode()
                    )
                    for number in range(sent, due)
                )
            )
            sent = due
            time.sleep(0.005)


if __name__ == "__main__":
    say(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5])
