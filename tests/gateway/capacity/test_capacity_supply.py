"""What a room offers, from samples: of what is worse when it is higher, the best and the worst change places."""

from __future__ import annotations

from datetime import UTC

import pytest

from vigie_gateway.capacity.forecast import Sample
from vigie_gateway.capacity.supply import (
    NO_SENSOR,
    Capacity,
    Latency,
    Missing,
    Radio,
    declared,
    measure,
    measure_latency,
    measure_radio,
)

WEEK_S = 7 * 86_400.0
SPAN = (10 * WEEK_S, 10 * WEEK_S + 3_600, UTC)


def weekly(*values: float) -> list[Sample]:
    return [Sample(10 * WEEK_S + 1_800 - number * WEEK_S, value) for number, value in enumerate(values, 1)]


def test_samples_make_a_capacity_with_its_days() -> None:
    found = measure(weekly(50, 60, 55, 58), *SPAN)
    assert isinstance(found, Capacity)
    assert found.dependable == 50
    assert found.highest == 60
    assert found.days == 4


def test_no_samples_are_missing_with_the_reason() -> None:
    assert measure([], *SPAN) == Missing("no-history")
    assert measure_radio([], *SPAN, rssi_dbm=-60) == Missing("no-history")
    assert measure_latency([], [], weekly(0.1), *SPAN) == Missing("no-history")


def test_what_is_declared_is_the_same_every_day() -> None:
    assert declared(40) == Capacity(40, 40, 40, declared(0).basis)


def test_busy_air_is_worst_where_least_was_free() -> None:
    found = measure_radio(weekly(0.2, 0.5, 0.3, 0.25), *SPAN, rssi_dbm=-60)
    assert isinstance(found, Radio)
    assert (found.quiet_busy, found.worst_busy) == pytest.approx((0.2, 0.5))
    assert found.quiet_busy <= found.usual_busy <= found.worst_busy
    assert found.days == 4


def test_air_without_a_signal_is_not_known() -> None:
    assert measure_radio(weekly(0.2), *SPAN, rssi_dbm=None) == NO_SENSOR


def test_utilisation_that_rounds_past_its_ends_stays_a_share() -> None:
    found = measure_radio(weekly(1.004, -0.004), *SPAN, rssi_dbm=-60)
    assert isinstance(found, Radio)
    assert (found.quiet_busy, found.worst_busy) == (0, 1)


def test_the_worst_latency_is_the_highest() -> None:
    found = measure_latency(weekly(20, 30, 25), weekly(60, 90, 70), weekly(0.0, 0.02, 0.01), *SPAN, is_loaded=True)
    assert isinstance(found, Latency)
    assert (found.best.p95_ms, found.worst.p95_ms) == (60, 90)
    assert (found.best.loss, found.worst.loss) == (0, 0.02)
    assert found.is_loaded


def test_a_percentile_or_loss_that_was_not_measured_stays_unknown() -> None:
    found = measure_latency([], weekly(60, 90, 70), [], *SPAN)
    assert isinstance(found, Latency)
    assert found.usual.p50_ms is None
    assert found.usual.loss is None
    assert found.usual.p95_ms is not None
