"""The health page's values are those of ``/healthz``, of the store, and of this machine."""

from __future__ import annotations

from starlette.testclient import TestClient
from tests.gateway.conftest import Bench

from vigie_contract.messages import Channel
from vigie_dashboard.health_view import HealthView
from vigie_gateway.health_page import health_view
from vigie_gateway.store import Sample

BROWSER = {"accept": "text/html", "accept-language": "en"}


def view_of(bench: Bench) -> HealthView:
    gateway = bench.gateway
    return health_view(gateway.site, gateway.store, gateway.health.report())


def states(view: HealthView) -> dict[str, str]:
    return {part.name: part.state for part in view.parts}


def test_every_part_of_the_report_is_on_the_page(bench: Bench) -> None:
    report = bench.gateway.health.report()
    found = states(view_of(bench))
    assert {name: found[name] for name in report["parts"]} == {
        name: part["status"] for name, part in report["parts"].items()
    }


def test_the_worst_part_is_the_pages_state(bench: Bench) -> None:
    assert view_of(bench).state == "fail", "no ingest thread runs in these tests"


def test_a_node_has_a_bar_for_each_half_hour_of_the_last_day(bench: Bench) -> None:
    bench.declare(channels=[Channel("linky-va", "apparent_power", 60.0), Channel("c4-mains", "mains", 60.0)])
    series = {one.channel.id: one.id for one in bench.store.series()}
    end_ts = bench.clock.now
    bench.store.commit([Sample(series["linky-va"], end_ts - 60 * minute, 5.0) for minute in range(60)], {})
    (node,) = view_of(bench).nodes
    assert len(node.bars) == 48
    assert node.bars[-2:] == (0.5, 0.5), "one of two channels was measured"
    assert sum(node.bars[:-2]) == 0
    assert node.bars_before == 46, "it is new: nothing is known from before its first reading"
    assert node.is_online is True


def test_a_node_says_how_full_its_battery_is_and_without_one_nothing(bench: Bench) -> None:
    bench.declare(channels=[Channel("pile", "battery", 300.0), Channel("rssi", "rssi", 60.0)])
    assert [node.battery_percent for node in view_of(bench).nodes] == [None]
    (series,) = (one for one in bench.store.series() if one.channel.quantity == "battery")
    bench.store.commit([Sample(series.id, bench.clock.now, 8.0)], {})
    (node,) = view_of(bench).nodes
    assert (node.battery_percent, node.signal_dbm) == (8.0, None)


def test_a_node_that_comes_back_after_days_is_not_new(bench: Bench) -> None:
    bench.declare(channels=[Channel("linky-va", "apparent_power", 60.0)])
    (series,) = bench.store.series()
    end_ts = bench.clock.now
    bench.store.commit([Sample(series.id, end_ts - 5 * 86_400, 5.0), Sample(series.id, end_ts - 60, 5.0)], {})
    (node,) = view_of(bench).nodes
    assert (node.bars[0], node.bars_before) == (0.0, 0)


def test_a_node_that_was_not_heard_since_the_start_is_there_from_the_store(bench: Bench) -> None:
    bench.store.register("attic", [Channel("rssi", "rssi", 60.0)])
    (node,) = view_of(bench).nodes
    assert (node.id, node.is_online, node.heard_ts, len(node.bars)) == ("attic", None, None, 48)


def test_a_refusal_shows_its_last_example(bench: Bench, client: TestClient) -> None:
    bench.refusals.add("shape", "vigie/1/x/<script>alert(1)</script>", "<img src=x onerror=alert(2)>", bench.clock.now)
    page = client.get("/health", headers=BROWSER).text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "<img" not in page


def test_the_page_is_there_while_the_broker_is_away(bench: Bench, client: TestClient) -> None:
    bench.bus.is_connected = False
    answer = client.get("/health", headers=BROWSER)
    assert answer.status_code == 200
    assert "The broker does not answer" in answer.text
    assert "http-equiv" not in answer.text
