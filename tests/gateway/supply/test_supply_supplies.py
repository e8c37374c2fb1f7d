"""A supply is filled from the place's own measurements; where they say nothing, it says why and does not say go."""

from __future__ import annotations

import pytest
from tests.gateway.supply.conftest import Town, question

from vigie_gateway.capacity.judgement import Verdict
from vigie_gateway.capacity.supply import Basis, Capacity, Latency, Radio


def test_a_place_that_measures_everything_says_that_a_small_session_fits(town: Town) -> None:
    town.live_well()
    supply = town.supplies.at(question())
    assert isinstance(supply.download_bps, Capacity)
    assert (supply.download_bps.dependable, supply.download_bps.basis) == (200e6, Basis.MEASURED)
    assert isinstance(supply.devices, Capacity)
    assert supply.devices.usual == 55
    assert isinstance(supply.power_w, Capacity)
    assert supply.power_w.usual == 20 * 230 - 2 * 230
    assert isinstance(supply.radio, Radio)
    assert supply.radio.rssi_dbm == -55
    assert supply.radio.usual_busy == pytest.approx(0.1)
    assert isinstance(supply.latency, Latency)
    assert (supply.latency.usual.p50_ms, supply.latency.usual.p95_ms, supply.latency.usual.loss) == (12, 25, 0)
    assert supply.is_open
    assert [one.room for one in supply.alternatives] == ["atelier"]
    assert town.ask(question()).verdict is Verdict.GO
