"""What ``/metrics`` says, Prometheus' own parser reads; every number of the health report is there, no unknown is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench

from vigie_contract.readings import Reading
from vigie_gateway.formats.prometheus import METRICS, STATUS_NUMBERS, Metric, exposition

every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


def families(text: str) -> dict[str, Family]:
    return {family.name: family for family in text_string_to_metric_families(text)}


def numbers(report: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where every number and word of state in a report stands."""
    if isinstance(report, dict):
        for key, value in report.items():
            yield from numbers(value, (*path, key))
    elif isinstance(report, int | float) or (path[-1] == "status" and report in STATUS_NUMBERS):
        yield path


def is_at(metric: Metric, path: tuple[str, ...]) -> bool:
    return len(path) == len(metric.path) and all(
        step.startswith("{") or step == key for step, key in zip(metric.path, path, strict=True)
    )


def test_every_number_of_the_health_report_has_its_metric(bench: Bench) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now, 900.0), first=1)
    bench.receive("nonsense", b"x")
    report = bench.gateway.health.report()
    told = list(numbers(report))
    assert len(told) > 20
    for path in told:
        assert any(is_at(metric, path) for metric in METRICS), f"{'.'.join(path)} has no metric"


def test_what_is_unknown_is_absent_and_what_is_zero_is_there(bench: Bench) -> None:
    found = families(exposition(bench.gateway.health.report()))
    assert "vigie_backlog_uncommitted_since_seconds" not in found
    assert "vigie_broker_dropped_messages" not in found, "the broker has not said"
    assert found["vigie_backlog_uncommitted_readings"].samples[0].value == 0


def test_a_node_and_its_backlog_are_told_by_its_label(bench: Bench) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now, 900.0), first=1)
    found = families(exposition(bench.gateway.health.report()))
    (online,) = found["vigie_node_online"].samples
    assert (online.labels, online.value) == ({"node": "tableau"}, 1.0)
    assert found["vigie_backlog_uncommitted_since_seconds"].samples[0].value == bench.clock.now


def test_the_route_answers_as_prometheus_asks(client: TestClient, bench: Bench) -> None:
    bench.bus.is_connected = False
    answer = client.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert {sample.labels["part"]: sample.value for sample in families(answer.text)["vigie_part_status"].samples}[
        "broker"
    ] == 2


@every_metric
def test_a_name_follows_prometheus_rules(metric: Metric) -> None:
    assert re.fullmatch(r"vigie_[a-z]+(_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    last = metric.path[-1]
    if last.endswith(("_s", "_ts")) or "bytes" in last:
        assert metric.name.removesuffix("_total").endswith(("_seconds", "_bytes"))
    assert "\n" not in metric.text
    assert "\\" not in metric.text


def test_no_two_metrics_have_one_name_or_one_value() -> None:
    assert len({metric.name for metric in METRICS}) == len({metric.path for metric in METRICS}) == len(METRICS)


_ANY_NUMBER = st.one_of(st.none(), st.integers(-(2**63), 2**63), st.floats(), st.booleans())
_ANY_KEY = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.dictionaries(_ANY_KEY, st.fixed_dictionaries({"heard_ts": _ANY_NUMBER}), max_size=5), _ANY_KEY)
def test_whatever_nodes_are_called_and_say_the_parser_reads_it_back(
    nodes: dict[str, dict[str, float | None]], version: str
) -> None:
    report = {"version": version, "parts": {"nodes": {"by_id": nodes}}}
    found = families(exposition(report))
    assert found["vigie_build_info"].samples[0].labels == {"version": version}
    read = {
        sample.labels["node"]: float(sample.value)
        for sample in (found["vigie_node_heard_seconds"].samples if "vigie_node_heard_seconds" in found else ())
    }
    assert read == {
        node: float(said["heard_ts"])
        for node, said in nodes.items()
        if said["heard_ts"] is not None and float("-inf") < said["heard_ts"] < float("inf")
    }
