"""On a line whose rate and queue are set by the kernel, a rehearsal says what the line holds and how long it delays."""

from __future__ import annotations

import pytest
from tests.sensors.rehearsal.shaped import line, missing_tools

LINES = {(20.0, 10.0): 100.0, (100.0, 20.0): 50.0, (10.0, 2.0): 200.0}
"""Mbit/s down and up, and the queue in ms."""
FINDINGS = {0.5: "headroom", 0.9: "holds", 1.1: "short", 2.0: "short"}
BESIDE = 0.2
"""Of the other direction. At 0.9 both ways the answers to the download overfill the upload, and *short* is right."""

pytestmark = [
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(bool(missing_tools), reason=f"missing: {missing_tools}: apt-get install iproute2"),
]


@pytest.mark.parametrize("rates", LINES, ids=lambda rates: f"{rates[0]:g}-{rates[1]:g}")
def test_at_half_nine_tenths_eleven_tenths_and_twice_the_rate_the_finding_is_right(rates: tuple[float, float]) -> None:
    down, up = rates
    with line(down, up, LINES[rates]) as shaped:
        downloads = shaped.ask(*((down * share, up * BESIDE) for share in FINDINGS))
        uploads = shaped.ask(*((down * BESIDE, up * share) for share in FINDINGS))
    assert [found["download"]["finding"] for found in downloads] == list(FINDINGS.values())
    assert [found["upload"]["finding"] for found in uploads] == list(FINDINGS.values())
    assert {found["upload"]["finding"] for found in downloads} == {"headroom"}
    assert {found["download"]["finding"] for found in uploads} == {"headroom"}
    for found in downloads + uploads:
        # An estimate: what a full queue dropped was sent twice. The budget is settled by the interface's own count.
        assert found["moved_bytes"] == pytest.approx(found["counted_bytes"], rel=0.25)


def test_the_delay_of_a_full_queue_is_told_within_15_per_cent() -> None:
    with line(20, 10, 100) as shaped:
        tries = [found["latency"] for found in shaped.ask((0, 20), (0, 20), (0, 20))]
    assert max(latency["idle_ms"] for latency in tries) < 15
    # How full TCP keeps the queue is TCP's affair, and differs from try to try.
    assert max(latency["loaded_p95_ms"] for latency in tries) == pytest.approx(100, rel=0.15)
