"""A store with readings, and the servers that they are copied to."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.store.influxdb.servers import FaultyServer, Server, ask, influxd, victoria_metrics

from vigie_contract.messages import Channel
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store import Sample, Store, open_store
from vigie_gateway.store.influxdb.sink import Sink

CHANNELS = (Channel("plug", "power", 10.0), Channel("door", "people_in", 60.0))
Load = Callable[[list[str]], None]
WHOLE = os.environ.get("INFLUXDB_URL")
"""An InfluxDB that both writes and reads are tried on, in a bucket of its own (INFLUXDB_BUCKET, INFLUXDB_ORG,
INFLUXDB_TOKEN_FILE)."""


class Place:
    """A store and what was committed to it."""

    def __init__(self, path: Path, clock: ManualClock) -> None:
        self.path = path
        self.clock = clock
        self.store: Store = open_store(path, clock)
        self.series = [entry.id for entry in self.store.register("node", CHANNELS).values()]
        self.committed: list[Sample] = []

    def commit(self, count: int = 1, late_s: float = 0.0) -> None:
        """Commits ten seconds apart, a reading of each series in each."""
        for _ in range(count):
            self.clock.pass_time(10)
            at_ts = self.clock.now - late_s
            number = float(len(self.committed))
            samples = [Sample(self.series[0], at_ts, number), Sample(self.series[1], at_ts + 0.5, number)]
            self.store.commit(samples, {})
            self.committed += samples

    def seal(self) -> None:
        """A day goes by."""
        self.clock.pass_time(86_400)
        while self.store.maintain(self.clock.now).has_more:
            pass

    def reopen(self, *, is_killed: bool = False) -> None:
        """The process ends, and another begins; after a kill with what lies on the disk in the middle of its work."""
        if is_killed:
            killed = self.path.with_name(f"again-{self.path.name}")
            for end in ("", "-wal"):
                shutil.copy(f"{self.path}{end}", f"{killed}{end}")
            self.path = killed
        self.store.close()
        self.store = open_store(self.path, self.clock)

    def sink(self, url: str, **more: object) -> Sink:
        settings = InfluxdbSettings.model_validate({"url": url, "write_timeout_s": 1.0, **more})
        return Sink(self.store, settings, "semaphore", self.clock)

    def expected(self) -> dict[tuple[str, str], str]:
        """What a server must hold: by measurement and tags, and milliseconds, its fields."""
        names = {entry.id: entry for entry in self.store.every_series()}
        return {
            (
                f"{names[one.series].channel.quantity},channel={names[one.series].channel.id},node=node,site=semaphore",
                str(round(one.at_ts * 1000)),
            ): f"value={one.value!r}" if one.value is not None else f'unknown="{one.reason}"'
            for one in self.committed
        }


def turn(sink: Sink, most: int = 2_000) -> float:
    """Turns until it would wait."""
    for _ in range(most):
        wait_s = sink.turn()
        if wait_s:
            return wait_s
    raise AssertionError("the sink has always more")


@pytest.fixture
def place(tmp_path: Path, clock: ManualClock) -> Iterator[Place]:
    found = Place(tmp_path / "vigie.db", clock)
    yield found
    found.store.close()


@pytest.fixture
def faulty() -> Iterator[FaultyServer]:
    server = FaultyServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _reading_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = influxd(tmp_path_factory.mktemp("influxd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def writing_server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "victoria").mkdir()
    server = victoria_metrics(tmp_path / "victoria")
    server.start()
    yield server
    server.stop()


def whole_settings() -> InfluxdbSettings:
    """Of INFLUXDB_URL."""
    given = {
        "url": WHOLE,
        "org": os.environ.get("INFLUXDB_ORG", ""),
        "bucket": os.environ.get("INFLUXDB_BUCKET", "vigie"),
        "token_file": os.environ.get("INFLUXDB_TOKEN_FILE"),
    }
    return InfluxdbSettings.model_validate({key: value for key, value in given.items() if value is not None})


@pytest.fixture
def answering(_reading_server: Server) -> tuple[InfluxdbSettings, Load]:
    """A server that answers InfluxQL, and what puts lines into it."""
    if WHOLE is not None:
        from vigie_gateway.store.influxdb.writer import Writer

        settings = whole_settings()
        return settings, Writer(settings).write
    url = _reading_server.url
    ask(url, "/query", {"q": "CREATE DATABASE vigie"}, b"")

    def load(some: list[str]) -> None:
        ask(url, "/write", {"db": "vigie", "precision": "ms"}, "\n".join(some).encode())

    return InfluxdbSettings(url=url, read_timeout_s=20.0), load
