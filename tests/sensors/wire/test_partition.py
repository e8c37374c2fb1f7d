"""A partition of a minute that the kernel's TCP knows nothing of, in a network of its own."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.own_network import own_network, run
from tests.sensors.wire.conftest import CHANNELS, Broker, RightClock, readings, wait_until

from vigie_sensors.config import SensorsConfig
from vigie_sensors.connection import KEEPALIVE_S
from vigie_sensors.journal import Journal
from vigie_sensors.publisher import Publisher

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(shutil.which("iptables") is None, reason="needs iptables: sudo apt install iptables"),
]
PARTITION_S = 60.0


@pytest.fixture(autouse=True)
def _network_of_its_own() -> Iterator[None]:
    with own_network():
        yield


@pytest.fixture
def node_port() -> int:
    """The broker's port for the node alone: what is lost is lost there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def broker(tmp_path: Path, node_port: int) -> Iterator[Broker]:
    running = Broker(tmp_path, ["allow_anonymous true", f"listener {node_port} 127.0.0.1"])
    running.start()
    yield running
    running.kill()


@pytest.fixture
def publisher(node_port: int, make_config: Callable[..., SensorsConfig], journal: Journal) -> Iterator[Publisher]:
    made = Publisher(make_config(node_port), CHANNELS, journal, RightClock())
    yield made
    made.stop(0.0)


def lose(port: int) -> None:
    """Drop every packet from and to the port."""
    for way in ("--dport", "--sport"):
        run("iptables", "-A", "INPUT", "-p", "tcp", way, str(port), "-j", "DROP")


def statuses(gateway: Any) -> list[bytes]:
    return [text for leaf, text in gateway.told if leaf == "status"]


def test_a_partition_of_a_minute_is_one_absence_and_one_return_and_costs_no_reading(
    node_port: int, publisher: Publisher, journal: Journal, make_gateway: Callable[..., Any]
) -> None:
    gateway = make_gateway(commit=10)
    publisher.start()
    journal.append(readings(10))
    publisher.wake()
    wait_until(lambda: journal.floor == 11, "the first acknowledged")
    lose(node_port)
    journal.append(readings(10, 10))
    publisher.wake()
    time.sleep(PARTITION_S)  # the partition is this long
    assert PARTITION_S >= KEEPALIVE_S * 1.5 + 10
    assert statuses(gateway) == [b"online", b"offline"]
    run("iptables", "-F")
    wait_until(lambda: journal.floor == 21, "everything acknowledged")
    assert [record["v"] for _, record in gateway.stored] == [index / 100 for index in range(20)]
    assert statuses(gateway) == [b"online", b"offline", b"online"]
