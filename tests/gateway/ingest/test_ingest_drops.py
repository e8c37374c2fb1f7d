"""The broker's own count of what it dropped: a rise is told, a broker that starts anew is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.ingest.drops import RECENT_S, BrokerDrops


def test_what_was_dropped_before_the_gateway_came_is_no_rise() -> None:
    drops = BrokerDrops()
    drops.take(b"4000", 0.0)
    assert (drops.total, drops.risen, drops.is_recent(0.0)) == (4000, 0, False)


def test_a_rise_is_told_with_its_number_and_for_a_while() -> None:
    drops = BrokerDrops()
    drops.take(b"0", 0.0)
    drops.take(b"12", 5.0)
    assert (drops.risen, drops.is_recent(5.0 + RECENT_S - 1), drops.is_recent(5.0 + RECENT_S)) == (12, True, False)


def test_a_broker_that_starts_anew_counts_from_zero() -> None:
    drops = BrokerDrops()
    for report in (b"10", b"15", b"0", b"3"):
        drops.take(report, 1.0)
    assert (drops.total, drops.risen) == (3, 8)


@pytest.mark.parametrize("payload", [b"", b"-1", b"1.5", b"\xff", "٣".encode(), b"9" * 21])
def test_a_report_that_is_no_number_is_unknown_and_not_zero(payload: bytes) -> None:
    drops = BrokerDrops()
    drops.take(payload, 0.0)
    assert drops.total is None


@given(st.lists(st.one_of(st.binary(max_size=25), st.integers(0, 2**70).map(lambda n: str(n).encode()))))
def test_whatever_is_reported_nothing_dropped_is_ever_negative(reports: list[bytes]) -> None:
    drops = BrokerDrops()
    for report in reports:
        drops.take(report, 0.0)
    assert drops.risen >= 0
    assert drops.total is None or drops.total >= 0
