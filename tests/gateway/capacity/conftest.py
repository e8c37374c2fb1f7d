"""A room with everything measured, and questions for it."""

from __future__ import annotations

import pytest

from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import Capacity, Latency, Radio, Supply, declared
from vigie_gateway.place.wifi import Path

GOOD_PATH = Path(10.0, 30.0, 0.0)


def measured(dependable: float, usual: float, highest: float) -> Capacity:
    """From a month of such evenings."""
    return Capacity(dependable, usual, highest, days=4, effective=25.0, last_ts=0.0)


@pytest.fixture
def hall() -> Supply:
    """Forty seats, 24 outlets, 71 Mb/s down and 50 up nine times in ten, two access points."""
    return Supply(
        "hall",
        seats=declared(40),
        outlets=measured(21, 24, 24),
        power_w=measured(3300, 3400, 3500),
        devices=measured(60, 70, 75),
        addresses=declared(190),
        download_bps=measured(71e6, 80e6, 84e6),
        upload_bps=measured(50e6, 56e6, 58e6),
        radio=Radio(-55, 0.02, 0.05, 0.1, width_mhz=80, access_points=2, days=4, effective=25.0, last_ts=0.0),
        latency=Latency(GOOD_PATH, GOOD_PATH, GOOD_PATH, is_loaded=True, days=4, effective=25.0, last_ts=0.0),
    )


@pytest.fixture
def question() -> Question:
    """Twenty people, an hour and a half on video calls."""
    return Question("hall", 100_000.0, 105_400.0, 20, "video-call")
