"""A node on a bad network: every reading arrives, once, the network is not hammered, and an absence is told once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.faulty_link import FaultyLink
from tests.sensors.wire.conftest import CHANNELS, RightClock, readings, wait_until

from vigie_sensors import connection as connection_module
from vigie_sensors import publisher as publisher_module
from vigie_sensors.config import SensorsConfig
from vigie_sensors.journal import Journal
from vigie_sensors.publisher import Publisher

Config = Callable[..., SensorsConfig]


@pytest.fixture
def link(broker: Any) -> Iterator[FaultyLink]:
    with FaultyLink(broker.port) as made:
        yield made


@pytest.fixture
def publisher(link: FaultyLink, make_config: Config, journal: Journal) -> Iterator[Publisher]:
    """Of a node that knows the broker by the bad network only."""
    made = Publisher(make_config(link.port), CHANNELS, journal, RightClock())
    yield made
    made.stop(0.0)


def values(gateway: Any) -> list[float]:
    return [record["v"] for _, record in gateway.stored]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"latency_s": 0.3}, id="round trips of 0.6 s"),
        pytest.param({"bytes_per_s": 2_000}, id="2 kB a second"),
        pytest.param({"reset_after_bytes": 400}, id="a reset after 400 bytes"),
    ],
)
def test_on_a_bad_link_every_reading_arrives_once_and_the_node_tries_once_a_second_at_most(
    fault: dict[str, float], link: FaultyLink, publisher: Publisher, journal: Journal, make_gateway: Callable[..., Any]
) -> None:
    gateway = make_gateway(commit=10)
    for name, value in fault.items():
        setattr(link, name, value)
    began_mono = time.monotonic()
    publisher.start()
    for part in range(6):
        journal.append(readings(10, part * 10))
        publisher.wake()
        time.sleep(0.2)  # the fault lasts for a while, whatever happens
    link.heal()
    wait_until(lambda: journal.floor == 61, "everything acknowledged")
    assert values(gateway) == [index / 100 for index in range(60)]
    least_pause_s = publisher_module.SHORTEST_RETRY_S * 0.75
    assert link.accepted <= 1 + (time.monotonic() - began_mono) / least_pause_s


def statuses(gateway: Any) -> list[bytes]:
    return [text for leaf, text in gateway.told if leaf == "status"]


def test_a_half_open_connection_is_one_absence_and_one_return_and_costs_no_reading(
    link: FaultyLink,
    publisher: Publisher,
    journal: Journal,
    make_gateway: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection_module, "KEEPALIVE_S", 2)
    for module in (connection_module, publisher_module):
        monkeypatch.setattr(module, "CONNECT_TIMEOUT_S", 1.0)
    gateway = make_gateway(commit=10)
    publisher.start()
    journal.append(readings(10))
    publisher.wake()
    wait_until(lambda: journal.floor == 11, "the first acknowledged")
    link.is_black_hole = True
    journal.append(readings(10, 10))
    publisher.wake()
    wait_until(lambda: b"offline" in statuses(gateway), "the last will")
    wait_until(lambda: publisher.health.state == "away", "the node knows it too")
    link.heal()
    wait_until(lambda: journal.floor == 21, "everything acknowledged")
    assert values(gateway) == [index / 100 for index in range(20)]
    assert statuses(gateway) == [b"online", b"offline", b"online"]


def test_a_partition_shorter_than_the_keepalive_is_no_absence(
    link: FaultyLink, publisher: Publisher, journal: Journal, make_gateway: Callable[..., Any]
) -> None:
    gateway = make_gateway(commit=10)
    publisher.start()
    wait_until(lambda: ("status", b"online") in gateway.told)
    link.is_black_hole = True
    journal.append(readings(10))
    publisher.wake()
    time.sleep(1.0)
    assert gateway.stored == []
    link.heal()
    wait_until(lambda: journal.floor == 11, "everything acknowledged")
    assert statuses(gateway) == [b"online"]
    assert link.accepted == 1
