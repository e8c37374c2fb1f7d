"""A small place with a whole gateway, and what happens in it: for ``test_alert_scenarios``.

Everything is the real thing, from the packs of nodes to the words of messages: pipeline, board, store, rules, book,
outbox. Two ends are in memory: the broker's socket, and the last step of the notifiers. Time is moved by hand, second
by second while something happens, in longer strides while nothing does; a stride never passes the time at which the
engine or a notice is due.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.conftest import ManualClock
from tests.gateway.conftest import Bench, make_bench

from vigie_contract import topics
from vigie_contract.messages import OFFLINE, ONLINE, Birth, Channel, encode_birth
from vigie_contract.quantities import INTERNET_ACCESS, QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.ingest.bus import Message as Received
from vigie_gateway.notify.notices import Message, NotifierError
from vigie_gateway.notify.notifier_file import NO_NOTIFIERS
from vigie_gateway.notify.patience import Patience
from vigie_gateway.place.site import load_site
from vigie_gateway.store import open_store

SITE = "phare"
ZONE = ZoneInfo("Europe/Paris")
TITLE = "Le Phare \u2013 "
"""Before every title."""
STRIDES_S = ((60.0, 1.0), (900.0, 10.0), (3_600.0, 60.0), (math.inf, 300.0))
"""Until so long after anything happened, steps of so much."""

PACK = 500
"""Readings of a pack at most: of a long time without a clock, a node here tells the end."""

PLACE = """
id = "phare"
name = "Le Phare"
timezone = "Europe/Paris"

[hours]
monday = ["08:00-20:00"]
tuesday = ["08:00-20:00"]
wednesday = ["08:00-20:00"]
thursday = ["08:00-20:00"]
friday = ["08:00-20:00"]
saturday = ["08:00-20:00"]
sunday = ["08:00-20:00"]

[[rooms]]
id = "cafe"
name = "Café"
seats = 18

[[rooms]]
id = "hall"
name = "Hall"
seats = 0

[[doors]]
id = "back"
between = ["outside", "hall"]
open = "desk-node.back-door"

[[circuits]]
id = "general"
name = "Main meter"
max_power_va = 9000

[[circuits]]
id = "c4"
name = "C4"
parent = "general"
max_current_a = 16
mains = "board.c4-mains"
power = "board.c4-va"

[[outlets]]
room = "cafe"
circuit = "c4"
id = "p"
count = 6

[[nodes]]
id = "counter"
circuit = "c4"
room = "cafe"

[[access_points]]
id = "ap"
name = "Access point"
rooms = ["cafe"]
client_limit = 30
stations = "desk-node.stations"

[[wifi]]
latency = "desk-node.router"

[[uplinks]]
id = "fibre"
name = "main line"
role = "main"
portal = "desk-node.portal"
dns = "desk-node.dns"

# At once, by what works without internet.
[[told]]
id = "desk"
name = "Desk"
language = "en"
by = ["lan"]

# At once, over the internet.
[[told]]
id = "technician"
name = "Technician"
language = "en"
by = ["mail"]

# Of outages that nobody has in hand after ten minutes.
[[told]]
id = "chief"
name = "Chief"
language = "en"
by = ["sms"]
for = "outages"
after = "10 min"
"""
CARETAKER = """
[[told]]
id = "caretaker"
name = "Caretaker"
language = "en"
by = ["post"]
quiet = ["22:00-07:00"]
"""
"""More of the place: somebody who sleeps."""
NOTIFIERS = {"lan": "desk", "mail": "technician", "sms": "chief", "post": "caretaker"}
"""By what, who is told."""

CHANNELS: dict[str, tuple[Channel, ...]] = {
    "board": (
        Channel("c4-mains", "mains", 10.0, label="C4: voltage"),
        Channel("c4-va", "apparent_power", 10.0, label="C4: power"),
    ),
    "desk-node": (
        Channel("back-door", "open", 10.0, "hall"),
        Channel("stations", "stations", 10.0),
        Channel("router-p50", "latency_p50", 10.0),
        Channel("router-p95", "latency_p95", 10.0),
        Channel("router-loss", "loss", 10.0),
        Channel("router-jitter", "jitter", 10.0),
        Channel("portal", "internet_access", 20.0, labels=INTERNET_ACCESS),
        Channel("dns", "dns_time", 20.0),
    ),
    "counter": (Channel("people", "people", 10.0, "cafe", "counter"),),
    "shelf": (Channel("occupied", "occupied", 60.0, "cafe", "shelf"), Channel("battery", "battery", 60.0, "cafe")),
}
"""The nodes, and what each measures."""
WELL: dict[str, float | None] = {
    "board.c4-mains": 1.0,
    "board.c4-va": 800.0,
    "desk-node.back-door": 0.0,
    "desk-node.stations": 12.0,
    "desk-node.router-p50": 3.0,
    "desk-node.router-p95": 6.0,
    "desk-node.router-loss": 0.0,
    "desk-node.router-jitter": 1.0,
    "desk-node.portal": 0.0,
    "desk-node.dns": 12.0,
    "counter.people": 4.0,
    "shelf.occupied": 1.0,
    "shelf.battery": 80.0,
}
"""What they say while nothing is wrong."""


class Told(NamedTuple):
    """One message: how long after the beginning, to whom, its title without the place's name."""

    at: str
    who: str
    title: str


Deed = Callable[["World"], None]


class Step(NamedTuple):
    """At a time since the beginning, what happens."""

    at: str
    do: Deed


@dataclass(frozen=True)
class Scenario:
    """A row of the table.

    Attributes:
        name: What happens, in a sentence.
        happens: In order of time.
        until: When it ends.
        told: Every message, and no other.
        says: Lines that stand in some message, whole.
        begins: Local time.
        place: More of the site file.
        shelves: How many nodes the place has beside its own.
    """

    name: str
    happens: Sequence[Step]
    until: str
    told: Sequence[Told]
    says: Sequence[str] = ()
    begins: str = "2026-11-24 14:30"
    place: str = ""
    shelves: int = 0


@dataclass
class Phone:
    """The last step of a notifier: what would leave the machine, and when."""

    name: str
    is_local: bool
    world: World
    kind: str = "phone"

    def send(self, message: Message) -> None:
        if not self.is_local and self.world.values["desk-node.portal"] != 0.0:
            raise NotifierError("no way out")
        assert message.title.startswith(TITLE)
        self.world.told.append(Told(self.world.shown(), NOTIFIERS[self.name], message.title.removeprefix(TITLE)))
        self.world.keys.append(message.key)
        self.world.said += message.body.replace("\N{NO-BREAK SPACE}", " ").splitlines()


@dataclass
class Node:
    """One that speaks as long as it has power, and keeps what the gateway has not on its disk.

    Attributes:
        journal: Channel, value and time (seconds since the beginning) of each reading, by its number.
        due_s: By channel, when it measures next.
    """

    id: str
    channels: tuple[Channel, ...]
    is_on: bool = True
    sequence: int = 0
    journal: dict[int, tuple[Channel, float | None, float]] = field(default_factory=dict)
    due_s: dict[str, float] = field(default_factory=dict)

    def measure(self, now_s: float, value_of: Callable[[str], float | None]) -> None:
        for channel in self.channels:
            if now_s >= self.due_s.get(channel.id, 0.0):
                self.due_s[channel.id] = (now_s // channel.period_s + 1) * channel.period_s
                self.sequence += 1
                self.journal[self.sequence] = channel, value_of(f"{self.id}.{channel.id}"), now_s

    def pack(self, accepted: int, stored: int, now_s: float, now_ts: float) -> bytes | None:
        """What the gateway has not, with ages, as a node without a clock sends them; None when it has all."""
        self.journal = {number: kept for number, kept in self.journal.items() if number > stored}
        if accepted >= self.sequence:
            return None
        readings = []
        for number in range(max(accepted + 1, self.sequence - PACK + 1), self.sequence + 1):
            channel, value, at_s = self.journal[number]
            reading = Reading(channel.id, now_ts - (now_s - at_s), value, "failed" if value is None else None)
            readings.append((QUANTITIES[channel.quantity], reading))
        first = self.sequence - len(readings) + 1
        return encode_pack(SITE, self.id, "j1", first, first, readings, now_ts=now_ts)


class World:
    """The place, its gateway and its clock."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        began_ts = datetime.fromisoformat(scenario.begins).replace(tzinfo=ZONE).timestamp()
        self.clock = ManualClock(began_ts)
        self.folder = folder
        self.began_mono = self.moved_mono = self.clock.mono
        self.right_ts = began_ts - self.clock.mono
        """What is to be added to the monotonic clock for the right time."""
        self.values = dict(WELL)
        self.waves: dict[str, Callable[[float], float]] = {}
        self.told: list[Told] = []
        self.keys: list[str] = []
        self.said: list[str] = []
        self.nodes = {name: Node(name, channels) for name, channels in CHANNELS.items()}
        for number in range(1, scenario.shelves + 1):
            name = f"n{number:02}"
            self.nodes[name] = Node(name, (Channel("occupied", "occupied", 30.0, "cafe"),))
            self.values[f"{name}.occupied"] = 0.0
        (folder / "site.toml").write_text(PLACE + scenario.place, encoding="utf-8")
        self.accounts = Accounts(folder / "accounts.db")
        self.start()

    def start(self) -> None:
        """Start the gateway on the files that are there."""
        site = load_site(self.folder / "site.toml")
        self.store = open_store(self.folder / "vigie.db", self.clock)
        watch = ClockWatch(self.clock, None, lambda: None, boot="boot-1", read_rtc=lambda: None)
        phones = tuple(Phone(name, name == "lan", self) for name in NOTIFIERS)
        told_by = replace(NO_NOTIFIERS, notifiers=phones)
        self.bench: Bench = make_bench(self.store, self.clock, site, self.accounts, watch, told_by)
        self.sendings = tuple(self.bench.telling.senders._by_name.values())
        for sending in self.sendings:
            sending._patience = Patience(Random(1))  # else the time of a second try is another one at each run
        for node in self.nodes.values():
            if node.is_on:
                self.greet(node)
        while self.bench.bus.waiting:
            self.bench.pipeline._round()

    def stop(self) -> None:
        """End the gateway."""
        self.bench.gateway.forecasts.close()
        self.bench.alerts.close()
        self.store.close()

    def close(self) -> None:
        """End all of it."""
        self.stop()
        self.accounts.close()

    def greet(self, node: Node) -> None:
        """A node's birth."""
        self._publish(topics.about(SITE, node.id), encode_birth(Birth("test 1", "boot-1", node.channels)))
        self._publish(topics.status(SITE, node.id), ONLINE)

    def lose(self, node: Node) -> None:
        """A node goes, and the broker tells its last will."""
        node.is_on = False
        self._publish(topics.status(SITE, node.id), OFFLINE)

    def _publish(self, topic: str, payload: bytes) -> None:
        self.bench.bus.waiting.append(Received(topic, payload, self.clock.now))

    def play(self, scenario: Scenario) -> None:
        """All that happens, to its end."""
        for at, do in scenario.happens:
            self.run_to(seconds(at))
            do(self)
            self.moved_mono = self.clock.mono
        self.run_to(seconds(scenario.until))

    def elapsed_s(self) -> float:
        """Since the beginning, whatever the gateway's clock shows."""
        return self.clock.mono - self.began_mono

    def shown(self) -> str:
        """The same, as the table has it."""
        hours, rest = divmod(round(self.elapsed_s()), 3_600)
        return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"

    def run_to(self, end_s: float) -> None:
        """Let time go by: nodes speak, the gateway takes it in, judges, writes and tells."""
        while self.elapsed_s() < end_s:
            self.clock.pass_time(self._stride_s(end_s - self.elapsed_s()))
            for node in self.nodes.values():
                if node.is_on:
                    self._speak(node)
            self.bench.pipeline._round()
            while self.bench.bus.waiting:
                self.bench.pipeline._round()
            watch = self.bench.alerts.watch
            before = watch.standing
            assert watch.look(), watch.report()["trouble"]
            count = len(self.told)
            for sending in self.sendings:
                sending.look()
            if watch.standing is not before or len(self.told) > count:
                self.moved_mono = self.clock.mono

    def _stride_s(self, left_s: float) -> float:
        calm_s = self.clock.mono - self.moved_mono
        stride_s = next(stride for until_s, stride in STRIDES_S if calm_s < until_s)
        if stride_s > 1.0:
            rows = self.bench.alerts.file.read("SELECT min(due_ts) FROM notice WHERE state = 'waiting'")
            due_ts = min(self.bench.alerts.watch._engine.next_ts(), rows[0][0] or math.inf)
            stride_s = min(stride_s, max(1.0, math.ceil(due_ts - self.clock.now) if due_ts < math.inf else stride_s))
        return min(stride_s, left_s)

    def _speak(self, node: Node) -> None:
        node.measure(self.elapsed_s(), self._value)
        known = self.bench.pipeline.nodes.get(node.id)
        accepted, stored = (0, 0) if known is None else (known.accepted.get("j1", 0), known.stored.get("j1", 0))
        payload = node.pack(accepted, stored, self.elapsed_s(), self.clock.now)
        if payload is not None:
            self._publish(topics.data(SITE, node.id), payload)

    def _value(self, name: str) -> float | None:
        return self.waves[name](self.elapsed_s()) if name in self.waves else self.values[name]


def seconds(text: str) -> float:
    """``h:mm:ss`` or ``mm:ss``."""
    total = 0
    for part in text.split(":"):
        total = total * 60 + int(part)
    return float(total)
