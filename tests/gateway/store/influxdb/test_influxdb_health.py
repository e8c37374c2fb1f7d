"""What /healthz and /metrics tell of the copy, only where there is one."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.gateway.conftest import Bench
from tests.gateway.formats.test_format_prometheus import is_at, numbers
from tests.gateway.store.influxdb.conftest import turn
from tests.gateway.store.influxdb.servers import Answer, FaultyServer

from vigie_contract.readings import Reading
from vigie_gateway.formats.prometheus import METRICS, exposition
from vigie_gateway.health import Health
from vigie_gateway.settings import InfluxdbSettings
from vigie_gateway.store.influxdb.sink import LATE_S, Sink


@pytest.fixture
def sink(bench: Bench, faulty: FaultyServer) -> Sink:
    found = Sink(bench.store, InfluxdbSettings(url=faulty.url), "semaphore", bench.clock)
    bench.gateway.health._influxdb = found
    return found


def test_without_influxdb_nothing_is_said_of_it(bench: Bench) -> None:
    report = bench.gateway.health.report()
    assert "influxdb" not in report["parts"]
    assert "influxdb" not in exposition(report)


def test_every_number_of_the_copy_has_its_metric(bench: Bench, sink: Sink, faulty: FaultyServer) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now, 900.0), first=1)
    bench.commit()
    turn(sink)
    report = bench.gateway.health.report()
    assert isinstance(bench.gateway.health, Health)
    told = [path for path in numbers(report) if path[:2] == ("parts", "influxdb")]
    assert {path[-1] for path in told} >= {"cursor", "waiting_readings", "written_readings", "written_ts", "set_aside"}
    for path in told:
        assert any(is_at(metric, path) for metric in METRICS), f"{'.'.join(path)} has no metric"
    found = {family.name: family for family in text_string_to_metric_families(exposition(report))}
    assert found["vigie_influxdb_written_readings"].samples[0].value == 1
    assert "vigie_influxdb_waiting_since_seconds" not in found, "nothing waits"


def test_a_copy_that_is_away_warns_and_never_fails_the_gateway(bench: Bench, sink: Sink, faulty: FaultyServer) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now, 900.0), first=1)
    bench.commit()
    since_ts = bench.clock.now
    assert bench.gateway.health.report()["parts"]["influxdb"]["status"] == "pass"
    bench.clock.pass_time(LATE_S + 1)
    part = bench.gateway.health.report()["parts"]["influxdb"]
    assert (part["status"], part["waiting_readings"], part["waiting_since_ts"]) == ("warn", 1, since_ts)
    faulty.behaviour = lambda _: Answer(503, {"message": "compacting"})
    turn(sink)
    report = bench.gateway.health.report()
    assert report["parts"]["influxdb"]["trouble"].endswith("answers 503: compacting")
    assert report["parts"]["influxdb"]["status"] == "warn"
