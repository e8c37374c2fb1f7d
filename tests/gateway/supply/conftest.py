"""A small place with weeks of history in a real store, and its supplies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import ManualClock

from vigie_contract.messages import Channel
from vigie_gateway.capacity.answer import Answer
from vigie_gateway.capacity.check import check
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import Rehearsal
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import Site, load_site
from vigie_gateway.store import Correction, Sample, open_store
from vigie_gateway.store.sqlite import SqliteStore
from vigie_gateway.supply.supplies import Supplies

PARIS = ZoneInfo("Europe/Paris")
HOUR_S = 3600.0
WEEK_HOURS = 168
PLACE = """
id = "p"
name = "P"
timezone = "Europe/Paris"
[hours]
monday = ["08:00-22:00"]
tuesday = ["08:00-22:00"]
wednesday = ["08:00-22:00"]
thursday = ["08:00-22:00"]
friday = ["08:00-22:00"]
[[rooms]]
id = "salle"
name = "Hall"
seats = 40
[[rooms]]
id = "atelier"
name = "Workshop"
seats = 16
[[rooms]]
id = "couloir"
name = "Passage"
seats = 0
[[doors]]
id = "porte"
between = ["outside", "salle"]
in = "n.door-in"
out = "n.door-out"
[[circuits]]
id = "main"
name = "Main"
max_power_va = 9000
power = "n.main"
[[circuits]]
id = "c1"
name = "C1"
parent = "main"
max_current_a = 20
power = "n.c1"
[[outlets]]
room = "salle"
circuit = "c1"
id = "p"
count = 30
[[outlets]]
room = "atelier"
circuit = "c1"
ids = ["q1", "q2"]
in_use = "n.{id}"
[[access_points]]
id = "ap"
name = "AP"
rooms = ["salle"]
client_limit = 60
stations = "n.stations"
utilisation = "n.busy"
[[wifi]]
rooms = ["salle"]
latency = "n.local"
rssi = "n.rssi"
power_save = "n.power-save"
[[uplinks]]
id = "line"
name = "Line"
subscribed_download_bps = 300_000_000
subscribed_upload_bps = 300_000_000
download = "n.down"
upload = "n.up"
latency = "n.out"
"""
WELL = {
    "main": ("apparent_power", 1000.0),
    "c1": ("current", 2.0),
    "stations": ("stations", 5.0),
    "busy": ("channel_utilisation", 0.1),
    "rssi": ("rssi", -55.0),
    "power-save": ("power_save", 0.0),
    "down": ("download", 200e6),
    "up": ("upload", 100e6),
    "local-p50": ("latency_p50", 4.0),
    "local-p95": ("latency_p95", 9.0),
    "local-loss": ("loss", 0.0),
    "out-p50": ("latency_p50", 12.0),
    "out-p95": ("latency_p95", 25.0),
    "out-loss": ("loss", 0.0),
}
"""Of a quiet place with a fast line: channel, quantity and what each hour says."""


def local_ts(text: str) -> float:
    """``2026-11-24T18:00`` on the place's clock."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


NOW_TS = local_ts("2026-11-24T12:00")


@dataclass
class Town:
    """The place, its store and its clock."""

    site: Site
    store: SqliteStore
    board: Board
    clock: ManualClock
    supplies: Supplies

    def put(
        self,
        channel: str,
        quantity: str,
        value: Callable[[float], float | None] | float,
        weeks: float = 4,
        *,
        period_s: float = HOUR_S,
        reason: str = "failed",
        until_ts: float | None = None,
    ) -> None:
        """A reading an hour up to now, by the hour's end; ``value`` None is unknown."""
        until_ts = self.clock.now if until_ts is None else until_ts
        series = self.store.register("n", [Channel(channel, quantity, period_s)])[channel]
        self.board.declare(series)
        readings = []
        for number in range(round(weeks * WEEK_HOURS)):
            at_ts = until_ts - number * HOUR_S
            found = value(at_ts) if callable(value) else value
            readings.append(Sample(series.id, at_ts, found, reason if found is None else None))
        self.store.commit(readings[::-1], {})

    def live_well(self, weeks: float = 4, without: str = "") -> None:
        """History of everything but the channels whose names begin so."""
        for channel, (quantity, value) in WELL.items():
            if not without or not channel.startswith(without):
                self.put(channel, quantity, value, weeks)

    def say(self, kind: str, subject: str, value: int, until_ts: float | None = None) -> None:
        said = Correction(kind, subject, value, None, "tried", "lou", self.clock.now, until_ts)
        self.store.commit([], {}, (), [said])
        self.board.correct(said)

    def ask(self, question: Question, rehearsal: Rehearsal | None = None) -> Answer:
        supply = self.supplies.at(question, rehearsal=rehearsal)
        return check(question, supply, self.site.session_activities())


def question(room: str = "salle", people: int = 12, **given: object) -> Question:
    """Thursday evening, pages and mail."""
    fields: dict[str, object] = {
        "starts_ts": local_ts("2026-11-26T18:30"), "ends_ts": local_ts("2026-11-26T20:30"), "activity": "web-write",
    }  # fmt: skip
    return Question(room=room, people=people, **(fields | given))  # type: ignore[arg-type] # fields by name


Build = Callable[[str], Town]


@pytest.fixture
def build(tmp_path: Path, clock: ManualClock) -> Iterator[Build]:
    """A place out of a site file with more tables at its end."""
    opened: list[SqliteStore] = []

    def made(more: str) -> Town:
        clock.now = NOW_TS
        path = tmp_path / "site.toml"
        path.write_text(PLACE + more, encoding="utf-8")
        site = load_site(path)
        store = open_store(tmp_path / "vigie.db", clock)
        opened.append(store)
        board = Board(site, clock)
        return Town(site, store, board, clock, Supplies(site, store, board, clock))

    yield made
    for store in opened:
        store.close()


@pytest.fixture
def town(build: Build) -> Town:
    return build("")
