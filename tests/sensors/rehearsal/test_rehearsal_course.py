"""Whether a line holds is told rightly, soon, and within the bytes it may cost: on lines that are computed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.rehearsal import HEADROOM, LONGEST_S, OVERHEAD, WINDOW_S
from vigie_sensors.rehearsal import course
from vigie_sensors.rehearsal.course import TICK_S, Course, Demand, Direction, Finding

PLENTY_BYTES = 10**12


@dataclass
class Line:
    """A direction that carries what it is asked, up to its capacity, after a start that doubles."""

    capacity_bps: float
    ramp_s: float = 1.0
    moved_bytes: float = 0.0

    def carry(self, at_s: float, pace_bps: float) -> None:
        start = min(1.0, (at_s + TICK_S) / self.ramp_s) if self.ramp_s else 1.0
        self.moved_bytes += min(pace_bps, self.capacity_bps) * start * TICK_S / 8


def rehearse(demand: Demand, down: Line, up: Line, most_bytes: int = PLENTY_BYTES) -> tuple[Course, float]:
    """Run one; returns it and how long it took, in seconds of the line."""
    tried, at_s = Course(demand, most_bytes), 0.0
    for _ in range(1_000):
        down.carry(at_s, tried.download.pace_bps)
        up.carry(at_s, tried.upload.pace_bps)
        at_s += TICK_S
        moved = int(down.moved_bytes + up.moved_bytes)
        if tried.tick(at_s, int(down.moved_bytes), int(up.moved_bytes), moved):
            return tried, at_s
    raise AssertionError("it does not end")


@pytest.mark.parametrize(
    ("share", "finding"),
    [
        (0.5, Finding.HEADROOM),
        (0.76, Finding.HEADROOM),
        (0.9, Finding.HOLDS),
        (1.0, Finding.HOLDS),
        (1.1, Finding.SHORT),
        (2.0, Finding.SHORT),
    ],
)
def test_a_demand_of_a_share_of_the_capacity_is_found_out(share: float, finding: Finding) -> None:
    tried, _ = rehearse(Demand(20e6 * share, 10e6 * share), Line(20e6), Line(10e6))
    assert (tried.download.finding, tried.upload.finding) == (finding, finding)
    assert tried.stopped_by == ""


def test_it_stops_as_soon_as_three_tenths_more_than_the_demand_has_held_for_three_seconds() -> None:
    _, took_s = rehearse(Demand(1e6, 1e6), Line(100e6, ramp_s=0), Line(100e6, ramp_s=0))
    assert took_s == pytest.approx(WINDOW_S + TICK_S, abs=TICK_S)


def test_the_direction_that_breaks_is_named_and_the_other_is_not_blamed() -> None:
    tried, _ = rehearse(Demand(10e6, 10e6), Line(100e6), Line(5e6))
    assert (tried.download.finding, tried.upload.finding) == (Finding.HEADROOM, Finding.SHORT)
    assert tried.upload.held_bps == pytest.approx(5e6, rel=0.02)


def test_a_direction_that_is_not_asked_for_is_neither_tried_nor_told() -> None:
    down, up = Line(20e6), Line(10e6)
    tried, _ = rehearse(Demand(5e6, 0), down, up)
    assert (tried.upload.finding, tried.upload.held_bps, up.moved_bytes) == (Finding.NOT_ASKED, None, 0)


def test_once_told_a_direction_goes_on_at_its_demand_beside_the_other() -> None:
    direction = Direction(8e6)
    for tick in range(60):
        direction.tick(tick * TICK_S, int(tick * TICK_S * 8e6 * HEADROOM / 8))
    assert direction.finding is Finding.HEADROOM
    assert direction.pace_bps == 8e6


def test_at_the_most_bytes_it_ends_and_what_could_not_be_told_is_unknown() -> None:
    tried, _ = rehearse(Demand(20e6, 10e6), Line(100e6), Line(100e6), most_bytes=1_000_000)
    assert tried.stopped_by == "most-bytes"
    assert (tried.download.finding, tried.download.held_bps) == (None, None)


def test_a_dead_line_is_short_and_not_waited_for_twice() -> None:
    tried, took_s = rehearse(Demand(1e6, 1e6), Line(0.0), Line(0.0))
    assert (tried.download.finding, tried.download.held_bps) == (Finding.SHORT, 0.0)
    assert took_s < LONGEST_S


@given(
    demand_bps=st.floats(1e4, 1e9),
    capacity_bps=st.floats(1e4, 1e9),
    ramp_s=st.floats(0, 2),
    most_bytes=st.integers(1_000, 10**10),
)
def test_whatever_the_line_it_ends_in_time_within_its_bytes_and_never_overstates(
    demand_bps: float, capacity_bps: float, ramp_s: float, most_bytes: int
) -> None:
    demand = Demand(demand_bps, 0)
    tried, took_s = rehearse(demand, Line(capacity_bps, ramp_s), Line(0.0), most_bytes)
    assert took_s <= LONGEST_S + TICK_S
    one_tick_bytes = demand_bps * HEADROOM * TICK_S / 8 * OVERHEAD
    assert tried.moved_bytes <= min(most_bytes, demand.cost_bytes()) + one_tick_bytes + 2
    if tried.download.finding in {Finding.HEADROOM, Finding.HOLDS}:
        assert capacity_bps >= demand_bps * course.TOLERANCE * 0.999
    if tried.download.finding is Finding.SHORT:
        assert capacity_bps < demand_bps
    assert tried.download.held_bps is None or tried.download.held_bps <= capacity_bps * 1.05
    assert 0 <= tried.share <= 1


@pytest.mark.parametrize(
    ("constant", "value"),
    [("HEADROOM", 1.0), ("TOLERANCE", 0.5), ("HOPELESS_SHARE", 1.4), ("WINDOW_S", 0.1)],
    ids=["no headroom", "half a rate counts as held", "the push decides", "a burst counts as a rate"],
)
def test_a_course_that_is_wrong_is_found(monkeypatch: pytest.MonkeyPatch, constant: str, value: float) -> None:
    monkeypatch.setattr(course, constant, value)
    cases = [(0.5, Finding.HEADROOM), (0.9, Finding.HOLDS), (1.1, Finding.SHORT), (2.0, Finding.SHORT)]
    found = []
    for share, _ in cases:
        tried, took_s = rehearse(Demand(20e6 * share, 0), Line(20e6), Line(0.0))
        found.append((tried.download.finding, took_s >= 3.0))
    assert found != [(finding, True) for _, finding in cases]
