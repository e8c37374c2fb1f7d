"""The sample place, lived in: a broker, a gateway that can be killed, and nodes that have told what they measure.

For tests and benchmarks that look at pages: each starts one with ``lived_in``, and ends it with the block.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench import load

from vigie_contract import topics
from vigie_contract.messages import ONLINE, Birth, Channel, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, make_passwords

PERIOD_S = 600.0
"""Of every channel: what is told once stays fresh for all of the tests."""
WAIT_S = 30.0

DOORS = ("salle", "atelier", "biblio", "cafe", "mezzanine")
OUTLETS = tuple(f"p{number:02}" for number in range(1, 31))
CHANNELS: dict[str, dict[str, str]] = {
    "accueil": {
        **{f"porte-{door}-{way}": f"people_{way}" for door in ("entree", *DOORS) for way in ("in", "out")},
        **{f"cabine-{number}": "occupied" for number in (1, 2)},
    },
    "tableau": {
        "linky-va": "apparent_power",
        "linky-subscribed": "subscribed_power",
        **{f"c{number}-mains": "mains" for number in (1, 2, 3, 4)},
        **{f"{outlet}-in-use": "in_use" for outlet in OUTLETS},
        **{f"{outlet}-va": "apparent_power" for outlet in OUTLETS},
    },
    "ondes": {
        **{f"scan-borne-{number}-stations": "stations" for number in (1, 2, 3)},
        **{f"scan-borne-{number}-utilisation": "channel_utilisation" for number in (1, 2, 3)},
        **{
            f"latence-{target}-{what}": quantity
            for target in ("gateway", "outside")
            for what, quantity in (("p50", "latency_p50"), ("p95", "latency_p95"), ("loss", "loss"))
        },
        "latence-power-save": "power_save",
        "portail": "internet_access",
        "debit-download": "download",
        "dns-time": "dns_time",
    },
}
"""By node, the channels that the sample place names, with their quantities."""
EMPTY = dict.fromkeys(CHANNELS["accueil"], 0.0)
LIVED_IN: dict[str, dict[str, float]] = {
    "accueil": EMPTY
    | {"porte-entree-in": 71, "porte-salle-in": 40, "porte-atelier-in": 10, "porte-biblio-in": 12, "cabine-1": 1}
    | {"porte-cafe-in": 12, "porte-cafe-out": 3},
    "tableau": {
        "linky-va": 5120,
        "linky-subscribed": 9000,
        **{f"c{number}-mains": float(number != 4) for number in (1, 2, 3, 4)},
        **{f"{outlet}-in-use": float(index % 3 == 0) for index, outlet in enumerate(OUTLETS)},
        **{f"{outlet}-va": 60.0 * (index % 3 == 0) for index, outlet in enumerate(OUTLETS)},
    },
    "ondes": {
        **{f"scan-borne-{number}-stations": count for number, count in ((1, 60), (2, 12), (3, 9))},
        **{f"scan-borne-{number}-utilisation": 0.2 for number in (1, 2, 3)},
        **{f"latence-{target}-p50": 9 for target in ("gateway", "outside")},
        **{f"latence-{target}-p95": 21 for target in ("gateway", "outside")},
        **{f"latence-{target}-loss": 0 for target in ("gateway", "outside")},
        "latence-power-save": 0,
        "portail": 0,
        "debit-download": 84e6,
        "dns-time": 12,
    },
}
"""A full hall with a crowded access point, a café without power, a booth in use; the rest has seats."""


@dataclass
class Place:
    """A broker, and a gateway that can be killed and started again where it was."""

    directory: Path
    broker: Mosquitto
    config: Path
    port: int
    sent: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.launch()
        self.wait_for(self._is_ready)

    def launch(self) -> None:
        with (self.directory / "gateway.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vigie_gateway", "run", "--config", str(self.config)], stdout=log, stderr=log
            )

    def _is_ready(self) -> bool:
        """It hears its broker and has read its calendar: sessions that come later load a page again."""
        parts = json.loads(self.get("/healthz"))["parts"]
        return parts["broker"]["status"] == "pass" and parts["calendars"]["by_id"]["agenda"]["read_ts"] is not None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:  # noqa: S310 - our own address
            return bytes(answer.read())

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        deadline_mono = time.monotonic() + WAIT_S
        while True:
            with suppress(OSError, urllib.error.HTTPError, KeyError, TypeError):
                if is_so():
                    return
            if time.monotonic() > deadline_mono:
                log = (self.directory / "gateway.log").read_text(encoding="utf-8")
                raise TimeoutError(f"it did not happen; the gateway said:\n{log[-2000:]}")
            time.sleep(0.05)

    def declare(self, node: str) -> None:
        channels = tuple(
            Channel(id_, quantity, PERIOD_S, None, "", _labels(quantity)) for id_, quantity in CHANNELS[node].items()
        )
        with load.RawNode(self.broker.port, node, self.broker.password(node)) as link:
            birth = encode_birth(Birth("test 1", "boot-1", channels))
            link.send(load.publish_packet(topics.about(load.SITE, node), birth, 1, retain=True))
            link.send(load.publish_packet(topics.status(load.SITE, node), ONLINE, 2, retain=True))
            self.wait_for(lambda: node in json.loads(self.get("/healthz"))["parts"]["nodes"]["by_id"])

    def send(self, node: str, values: Mapping[str, float], ago_s: float = 0.0) -> None:
        """Publish readings of one moment; returns when they are committed and acknowledged."""
        first, at_ts = self.sent.get(node, 0) + 1, time.time() - ago_s
        pack = [(QUANTITIES[CHANNELS[node][id_]], Reading(id_, at_ts, float(value))) for id_, value in values.items()]
        self.sent[node] = first + len(pack) - 1
        payload = encode_pack(load.SITE, node, "j1", first, 1, pack)
        with load.RawNode(self.broker.port, node, self.broker.password(node)) as link:
            link.send(load.publish_packet(topics.data(load.SITE, node), payload, first))
            deadline_mono = time.monotonic() + WAIT_S
            while link.upto < self.sent[node]:
                assert time.monotonic() < deadline_mono, f"{node} was not acknowledged"
                link.wait(0.1)


def _labels(quantity: str) -> tuple[str, ...]:
    return ("open", "portal", "none") if quantity == "internet_access" else ()


@contextmanager
def lived_in(directory: Path) -> Iterator[Place]:
    """The sample place where it is noon now: open, and far from the day's end."""
    site = load.sample_site().read_text(encoding="utf-8")
    assert '"Europe/Paris"' in site
    zone = f'"Etc/GMT{time.gmtime().tm_hour - 12:+}"'  # in these names + is west of Greenwich
    shutil.copy(load.sample_site().with_name("sessions.ics"), directory)
    (directory / "site.toml").write_text(site.replace('"Europe/Paris"', zone), encoding="utf-8")
    with Mosquitto(directory / "broker", load.SITE, make_passwords([GATEWAY_USER, *CHANNELS])) as broker:
        config, port = load.write_config(directory, broker)
        text = config.read_text(encoding="utf-8").replace(str(load.sample_site()), str(directory / "site.toml"))
        config.write_text(text + "commit_interval_s = 0.2\n", encoding="utf-8")
        made = Place(directory, broker, config, port)
        try:
            made.start()
            for node in CHANNELS:
                made.declare(node)
            # Counters count from where they were first heard, and nobody believes forty people in a second. Of this
            # morning, so that the day has a curve.
            made.send("accueil", EMPTY, ago_s=3 * 3600)
            for node, values in LIVED_IN.items():
                made.send(node, values)
            # Until the curve of the day is there the page is another one, and would load itself again during a test.
            made.wait_for(lambda: b"day-w" in made.get("/board"))
            yield made
        finally:
            made.kill()
