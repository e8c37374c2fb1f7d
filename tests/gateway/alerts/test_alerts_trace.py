"""The curve of an alert, from what a real store has of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.gateway.conftest import Bench

from vigie_contract.readings import Reading
from vigie_dashboard.alert_view import AlertView
from vigie_gateway.alerts.trace import AFTER_S, BEFORE_S, LONGEST_S, POINTS, SPAN_S, trace_of


def measure(bench: Bench, value: float, minutes: int) -> None:
    """Have the mains of the café's circuit measured every ten seconds for so long."""
    for _ in range(minutes * 6):
        bench.clock.pass_time(10)
        sequence = bench.pipeline.nodes["tableau"].accepted.get("j1", 0) + 1
        bench.send(Reading("c4-mains", bench.clock.now, value), first=sequence)
    bench.commit()


@pytest.fixture
def dead(bench: Bench) -> AlertView:
    """The café's circuit had voltage for ten minutes, and then none for five."""
    bench.declare()
    measure(bench, 1.0, 10)
    begun_ts = bench.clock.now
    measure(bench, 0.0, 5)
    assert bench.alerts.watch.look()
    bench.clock.pass_time(20)
    assert bench.alerts.watch.look()
    (view,) = [one for one in bench.alerts.desk.current() if one.rule == "circuit-dead"]
    return replace(view, since_ts=begun_ts)


def test_what_was_measured_is_told_and_what_was_not_is_unknown(bench: Bench, dead: AlertView) -> None:
    now_ts = bench.clock.now
    trace = trace_of(bench.gateway.site, bench.store, dead, bench.alerts.desk.rules[dead.rule], now_ts)
    assert trace is not None
    assert (trace.from_ts, trace.to_ts, trace.unit) == (now_ts - SPAN_S, now_ts, "1")
    values = [value for _, value in trace.points]
    assert len(values) == POINTS
    assert values[: POINTS - 18] == [None] * (POINTS - 18)
    assert values[-12:-7] == [0.0] * 5
    assert values[-4:] == [1.0] * 4


def test_the_curve_shows_how_it_began_and_how_it_went_on_and_never_more_than_a_day(
    bench: Bench, dead: AlertView
) -> None:
    def span(view: AlertView, now_ts: float) -> tuple[float, float]:
        trace = trace_of(bench.gateway.site, bench.store, view, None, now_ts)
        assert trace is not None
        return trace.from_ts, trace.to_ts

    since_ts = dead.since_ts
    assert span(dead, since_ts + 4 * 3600) == (since_ts - BEFORE_S, since_ts + 4 * 3600)
    ended = replace(dead, ended_ts=since_ts + 600)
    assert span(ended, since_ts + 9e5) == (since_ts + 600 + AFTER_S - SPAN_S, since_ts + 600 + AFTER_S)
    assert span(dead, since_ts + 9e5) == (since_ts + 9e5 - LONGEST_S, since_ts + 9e5)


def test_what_history_does_not_tell_has_no_curve(bench: Bench, dead: AlertView) -> None:
    site, now_ts = bench.gateway.site, bench.clock.now
    assert trace_of(site, bench.store, replace(dead, signal="broker", subject_kind="broker"), None, now_ts) is None
    assert trace_of(site, bench.store, replace(dead, signal="gone"), None, now_ts) is None
    assert trace_of(site, bench.store, replace(dead, subject="no-such-circuit"), None, now_ts) is None


def test_of_what_is_not_known_the_readings_are_shown_without_a_limit(bench: Bench, dead: AlertView) -> None:
    absent = replace(dead, signal="absent:circuit-dead")
    trace = trace_of(bench.gateway.site, bench.store, absent, bench.alerts.desk.rules[dead.rule], bench.clock.now)
    assert trace is not None
    assert trace.level is None
