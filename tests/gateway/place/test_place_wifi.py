"""What the Wi-Fi is good for: Quality of Outcome, and all that can spoil it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_dashboard.view import WIFI_REASONS, WifiFit
from vigie_gateway.place.wifi import UNMEASURED, Path, Requirement, WifiFacts, judge, quality_of_outcome

GOOD = WifiFacts(
    local=Path(4.0, 9.0, 0.0),
    outside=Path(20.0, 40.0, 0.0),
    rssi_dbm=-55.0,
    utilisation=0.3,
    load=0.5,
    internet="open",
    dns_ms=12.0,
    download_bps=84e6,
    upload_bps=20e6,
)


def test_the_worked_example_of_the_draft_scores_33() -> None:
    requirement = Requirement({99: (250.0, 400.0), 99.9: (350.0, 401.0)}, (0.001, 0.010))
    measured = {99.0: 350.0, 99.9: 352.0}
    assert quality_of_outcome(requirement, measured, 0.005) == pytest.approx(33.33, abs=0.01)
    by_loss = quality_of_outcome(replace(requirement, latency_ms={99: (1000.0, 2000.0)}), measured, 0.005)
    assert by_loss == pytest.approx(55.56, abs=0.01)


def test_a_score_needs_a_percentile_that_the_requirement_names() -> None:
    assert quality_of_outcome(Requirement({95: (1.0, 2.0)}, (0.0, 1.0)), {50: 1.0}, 0.0) is None


@pytest.mark.parametrize(
    ("change", "fit", "reason"),
    [
        ({}, WifiFit.VIDEO, None),
        ({"internet": "none"}, WifiFit.DOWN, "no-internet"),
        ({"internet": "portal"}, WifiFit.DOWN, "portal"),
        ({"is_dns_failing": True, "dns_ms": None}, WifiFit.DOWN, "dns"),
        ({"dns_ms": 1500.0}, WifiFit.SLOW, "dns"),
        ({"local": Path(None, None, 1.0), "internet": None}, WifiFit.DOWN, "loss"),
        ({"local": Path(None, None, 1.0)}, WifiFit.VIDEO, None),
        ({"outside": Path(None, None, 1.0)}, WifiFit.VIDEO, None),
        ({"outside": Path(None, None, 1.0), "internet": None}, WifiFit.DOWN, "no-internet"),
        ({"outside": Path(150.0, 400.0, 0.0)}, WifiFit.WEB, "latency"),
        ({"outside": Path(20.0, 40.0, 0.05)}, WifiFit.WEB, "loss"),
        ({"local": Path(900.0, 2500.0, 0.0)}, WifiFit.SLOW, "latency"),
        ({"outside": Path(20.0, 40.0, 0.15)}, WifiFit.SLOW, "loss"),
        ({"outside": UNMEASURED}, WifiFit.VIDEO, None),
        ({"is_power_saving": True}, None, "power-save"),
        ({"is_power_saving": True, "load": 1.4}, WifiFit.SLOW, "too-many-stations"),
        ({"local": UNMEASURED, "outside": UNMEASURED, "missing": "silent"}, None, "silent"),
        ({"local": UNMEASURED, "outside": UNMEASURED, "missing": "silent", "load": 1.1}, None, "silent"),
        ({"local": UNMEASURED, "outside": UNMEASURED, "load": 1.4}, WifiFit.SLOW, "too-many-stations"),
        ({"rssi_dbm": -76.0}, WifiFit.WEB, "signal"),
        ({"rssi_dbm": -75.0}, WifiFit.VIDEO, None),
        ({"rssi_dbm": -83.0}, WifiFit.SLOW, "signal"),
        ({"utilisation": 0.71}, WifiFit.WEB, "channel-busy"),
        ({"utilisation": 0.70}, WifiFit.VIDEO, None),
        ({"utilisation": 0.95}, WifiFit.SLOW, "channel-busy"),
        ({"load": 1.0}, WifiFit.VIDEO, None),
        ({"load": 1.1}, WifiFit.WEB, "too-many-stations"),
        ({"load": 1.37}, WifiFit.SLOW, "too-many-stations"),
        ({"upload_bps": 2e6}, WifiFit.WEB, "throughput"),
        ({"download_bps": 5e5}, WifiFit.SLOW, "throughput"),
        ({"download_bps": None, "upload_bps": None}, WifiFit.VIDEO, None),
    ],
)
def test_each_measure_can_lower_what_the_wifi_is_fit_for(
    change: dict[str, object], fit: WifiFit | None, reason: str | None
) -> None:
    judgement = judge(replace(GOOD, **change))  # type: ignore[arg-type]  # a table of fields
    assert (judgement.fit, judgement.reason) == (fit, reason)


def test_nothing_measured_is_unknown_and_not_down() -> None:
    judgement = judge(WifiFacts())
    assert (judgement.fit, judgement.reason, judgement.score) == (None, "no-sensor", None)


_SHARES = st.none() | st.floats(0, 1)
_TIMES = st.none() | st.floats(0, 60_000)
_PATHS = st.builds(Path, _TIMES, _TIMES, _SHARES)
_FACTS = st.builds(
    WifiFacts,
    local=_PATHS,
    outside=_PATHS,
    is_power_saving=st.booleans(),
    rssi_dbm=st.none() | st.floats(-120, 0),
    utilisation=_SHARES,
    load=st.none() | st.floats(0, 10),
    internet=st.sampled_from([None, "open", "portal", "none"]),
    dns_ms=_TIMES,
    is_dns_failing=st.booleans(),
    download_bps=st.none() | st.floats(0, 1e9),
    upload_bps=st.none() | st.floats(0, 1e9),
    missing=st.sampled_from(["no-sensor", "silent", "starting"]),
)


@given(_FACTS)
def test_every_answer_has_a_reason_that_the_pages_know_unless_it_is_video(facts: WifiFacts) -> None:
    judgement = judge(facts)
    assert (judgement.reason is None) == (judgement.fit is WifiFit.VIDEO)
    assert judgement.reason is None or judgement.reason in WIFI_REASONS
    assert judgement.score is None or 0 <= judgement.score <= 100


@given(_FACTS, st.floats(0, 60_000))
def test_a_slower_line_is_never_fitter(facts: WifiFacts, p95_ms: float) -> None:
    rank = [WifiFit.DOWN, WifiFit.SLOW, WifiFit.WEB, WifiFit.VIDEO]
    before = facts.local.p95_ms
    if before is None or p95_ms < before:
        return
    fit, slower = judge(facts).fit, judge(replace(facts, local=replace(facts.local, p95_ms=p95_ms))).fit
    if fit is not None:
        assert slower is not None
        assert rank.index(slower) <= rank.index(fit)
