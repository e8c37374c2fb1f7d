"""One node, two brokers, two real gateways: each gets everything, and one that was restored is refilled."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.bench import load
from tests.gateway.conftest import SAMPLE_SITE
from tests.sensors.wire.conftest import Broker, RightClock, wait_until

from vigie_contract.clock import SystemClock
from vigie_contract.messages import Channel
from vigie_contract.readings import Reading
from vigie_gateway.broker import free_port
from vigie_gateway.place.site import load_site
from vigie_gateway.store import Gap, open_store
from vigie_sensors.config import BrokerConfig, JournalConfig, MirrorConfig, SensorsConfig
from vigie_sensors.journal import Journal
from vigie_sensors.publisher import Publisher

SITE = load_site(SAMPLE_SITE).id
CHANNELS = (Channel("linky-va", "apparent_power", 10.0),)


class Address:
    """A broker and the gateway beside it, each a process."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir()
        self.name = name
        self.database = folder / "vigie.db"
        self.broker = Broker(folder, ["allow_anonymous true"])
        self.broker.start()
        self._config = folder / "gateway.toml"
        self._gateway: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start the gateway."""
        self._port = free_port()
        self._config.write_text(
            f'name = "{self.name}"\nsite = "{SAMPLE_SITE}"\n[broker]\nport = {self.broker.port}\n'
            f'[http]\nport = {self._port}\n[store]\npath = "{self.database}"\ncommit_interval_s = 0.2\n',
            encoding="utf-8",
        )
        load.vouch_for_clock(self.database)
        command = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(self._config)]
        environment = {name: value for name, value in os.environ.items() if name != "NOTIFY_SOCKET"}
        self._gateway = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment)

    def wait(self) -> None:
        """Until the gateway hears its broker."""
        wait_until(self._is_listening, f"gateway {self.name} listens")

    def stop(self) -> None:
        """End it tidily: what it has taken is in its database."""
        if self._gateway is not None:
            self._gateway.send_signal(signal.SIGTERM)
            self._gateway.wait(20)
            self._gateway = None

    def end(self) -> None:
        self.stop()
        self.broker.kill()

    def restore(self, backup: Path) -> None:
        """Put an older database in place of the present one."""
        for suffix in ("-wal", "-shm"):
            self.database.with_name(self.database.name + suffix).unlink(missing_ok=True)
        shutil.copy(backup, self.database)

    def stored(self) -> tuple[list[float], list[Gap]]:
        """What a gateway that is stopped has of the node; by value, since several readings are of one millisecond."""
        store = open_store(self.database, SystemClock())
        (series,) = store.series()
        samples = store.samples(series.id, 0, time.time() + 3_600)
        values = sorted(sample.value for sample in samples if sample.value is not None)
        gaps = store.gaps()
        store.close()
        return values, list(gaps)

    def stored_upto(self) -> int | None:
        """How far it has the node's journal on disk, by its own word."""
        found = self._parts()["nodes"]["by_id"].get("tableau")
        return None if found is None else found["stored_upto"]

    def _parts(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/healthz", timeout=5) as answer:
            parts: dict[str, Any] = json.load(answer)["parts"]
            return parts

    def _is_listening(self) -> bool:
        try:
            return bool(self._parts()["broker"]["status"] == "pass")
        except OSError:
            return False


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[tuple[Address, Address]]:
    made: list[Address] = []
    try:
        made += [Address(tmp_path / name, name) for name in ("main", "mirror")]
        for address in made:
            address.wait()
        yield made[0], made[1]
    finally:
        for address in made:
            address.end()


@pytest.fixture
def take(tmp_path: Path, addresses: tuple[Address, Address]) -> Iterator[Callable[[int], Journal]]:
    """A node with both addresses; called, it takes so many readings."""
    main, mirror = (BrokerConfig("127.0.0.1", address.broker.port, "tableau", None, None) for address in addresses)
    config = SensorsConfig(
        tmp_path / "sensors.toml", SITE, "tableau", main, JournalConfig(tmp_path, 7.0, 64.0), ("main",), (), {}, None,
        (MirrorConfig(mirror, ("mirror",)),),
    )  # fmt: skip
    (tmp_path / "young").mkdir()
    clock = RightClock()
    journal = Journal.open(
        tmp_path / "node" / "journal.sqlite", config.all_gateways, 7.0, 64_000_000, clock, young=tmp_path / "young"
    )
    journal.declare({"linky-va": "apparent_power"})
    publishers = [Publisher(seen, CHANNELS, journal, clock) for seen in config.by_broker()]
    for publisher in publishers:
        publisher.start()

    def take_readings(count: int) -> Journal:
        for value in range(journal.last + 1, journal.last + count + 1):
            journal.append([Reading("linky-va", clock.now_ts(), float(value))])
        for publisher in publishers:
            publisher.wake()
        return journal

    yield take_readings
    for publisher in publishers:
        publisher.stop(0.0)
    journal.close()


def test_each_of_two_gateways_gets_everything_and_one_restored_from_a_backup_is_refilled(
    addresses: tuple[Address, Address], take: Callable[[int], Journal], tmp_path: Path
) -> None:
    main, mirror = addresses
    journal = take(200)
    wait_until(lambda: journal.floor == 201, "both have the first readings")
    mirror.stop()
    shutil.copy(mirror.database, tmp_path / "backup.db")
    mirror.start()
    take(100)
    wait_until(lambda: journal.floor == 301, "both have the next ones")

    main.stop()
    take(50)
    wait_until(lambda: journal.acknowledged("mirror") == 350, "the mirror alone has the last ones")
    assert journal.floor == 301, "freed on one gateway's word"

    mirror.stop()
    mirror.restore(tmp_path / "backup.db")
    mirror.start()
    mirror.wait()
    wait_until(lambda: mirror.stored_upto() == 350, "it is refilled")
    main.start()
    wait_until(lambda: journal.floor == 351, "nothing is held any more")

    main.stop()
    mirror.stop()
    everything = [float(value) for value in range(1, 351)]
    assert main.stored() == (everything, [])
    values, gaps = mirror.stored()
    assert values == [value for value in everything if not 200 < value <= 300]
    assert [(gap.first, gap.last, gap.reason) for gap in gaps] == [(201, 300, "evicted")]
