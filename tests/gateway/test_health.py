"""The health report tells what waits, where and since when, and what the broker lost."""

from __future__ import annotations

import time
from typing import Any

from tests.gateway.conftest import Bench

from vigie_contract import topics
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.health import BACKLOG_LATE_S
from vigie_gateway.ingest.bus import Message


def part(bench: Bench, name: str) -> dict[str, Any]:
    found: dict[str, Any] = bench.gateway.health.report()["parts"][name]
    return found


def test_nothing_that_waits_is_null_and_what_is_not_known_too(bench: Bench) -> None:
    found = part(bench, "backlog")
    assert found["status"] == "pass"
    assert (found["messages"], found["uncommitted_readings"]) == (0, 0)
    assert {key for key, value in found.items() if value is None} == {
        "on_nodes_readings", "on_nodes_since_ts", "messages_since_ts", "uncommitted_since_ts"
    }  # fmt: skip


def test_readings_wait_since_they_were_taken_until_their_commit(bench: Bench) -> None:
    bench.declare()
    taken_ts = bench.clock.now
    bench.send(Reading("linky-va", taken_ts, 900.0), first=1)
    bench.clock.pass_time(4)
    found = part(bench, "backlog")
    assert (found["uncommitted_readings"], found["uncommitted_since_ts"]) == (1, taken_ts)
    bench.commit()
    assert part(bench, "backlog")["uncommitted_since_ts"] is None


def test_messages_that_wait_too_long_are_a_warning(bench: Bench) -> None:
    bench.bus.waiting.append(Message("vigie/1/semaphore/tableau/status", b"online", bench.clock.now))
    assert (part(bench, "backlog")["status"], part(bench, "backlog")["messages"]) == ("pass", 1)
    bench.clock.pass_time(BACKLOG_LATE_S + 1)
    assert part(bench, "backlog")["status"] == "warn"


def test_messages_that_the_broker_dropped_are_a_warning_with_their_number(bench: Bench) -> None:
    bench.bus.drops.take(b"3", time.monotonic())
    assert part(bench, "broker")["status"] == "pass"
    bench.bus.drops.take(b"45", time.monotonic())
    found = part(bench, "broker")
    assert (found["status"], found["dropped_messages"], found["dropped_while_watched"]) == ("warn", 45, 42)
    assert "42 messages" in found["trouble"]


def test_another_client_under_the_gateways_name_is_a_warning_with_what_it_means(bench: Bench) -> None:
    assert (part(bench, "broker")["status"], part(bench, "broker")["takeovers"]) == ("pass", 0)
    bench.bus.takeovers = 2
    found = part(bench, "broker")
    assert (found["status"], found["takeovers"]) == ("warn", 2)
    assert "2 times" in found["trouble"]


def test_a_node_tells_its_battery_and_signal_and_an_empty_battery_is_a_warning(bench: Bench) -> None:
    channels = [Channel("pile", "battery", 300.0), Channel("rssi", "rssi", 60.0)]
    bench.declare("attic", channels)
    found = part(bench, "nodes")
    assert (found["status"], found["by_id"]["attic"]["battery_percent"]) == ("pass", None)
    for number, percent, status in ((1, 64.0, "pass"), (3, 8.0, "warn"), (5, None, "pass")):
        at_ts = bench.clock.now
        reason = "absent" if percent is None else None
        readings = (Reading("pile", at_ts, percent, reason), Reading("rssi", at_ts, -83.0))
        pack = [(QUANTITIES[one.quantity], reading) for one, reading in zip(channels, readings, strict=True)]
        bench.receive(topics.data("semaphore", "attic"), encode_pack("semaphore", "attic", "j1", number, 1, pack))
        bench.clock.pass_time(10)
        found = part(bench, "nodes")
        said = found["by_id"]["attic"]
        assert (found["status"], said["battery_percent"], said["signal_dbm"]) == (status, percent, -83.0)
        assert (found["trouble"] == "battery low: attic") == (status == "warn")
