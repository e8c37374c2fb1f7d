"""The tree of circuits: voltage comes from above, power adds up from below."""

from __future__ import annotations

import pytest

from vigie_gateway.place.circuits import CircuitNode, CircuitTree

MAIN = CircuitNode("main", None, 40.0, 9000.0, has_meter=False, outlets=(), has_watch=True)
C1 = CircuitNode("c1", "main", 16.0, None, has_meter=True, outlets=("p1",), has_watch=True)
C2 = CircuitNode("c2", "main", None, None, has_meter=False, outlets=("p2", "p3"), has_watch=False)
TREE = CircuitTree([MAIN, C1, C2])


@pytest.mark.parametrize(
    ("mains", "live_1", "live_2"),
    [
        ({"main": True, "c1": True}, True, True),
        ({"main": True, "c1": False}, False, True),
        ({"main": False, "c1": True}, False, False),
        ({"main": None, "c1": True}, None, None),
        ({"main": None, "c1": False}, False, None),
        ({"main": True, "c1": None}, None, True),
        ({}, None, None),
    ],
)
def test_a_circuit_is_dead_when_it_or_one_above_has_tripped(
    mains: dict[str, bool | None], live_1: bool | None, live_2: bool | None
) -> None:
    assert TREE.is_live("c1", mains) is live_1
    assert TREE.is_live("c2", mains) is live_2


def test_a_circuit_that_nothing_watches_is_taken_to_be_live() -> None:
    assert CircuitTree([CircuitNode("c", None, None, None, False, (), False)]).is_live("c", {}) is True


def test_power_without_a_meter_is_the_sum_of_what_hangs_below() -> None:
    assert TREE.power_va("main", {"c1": 1000.0}, {"p1": 5.0, "p2": 100.0, "p3": 50.0}) == 1150.0


@pytest.mark.parametrize("outlets", [{"p2": 100.0, "p3": None}, {"p2": 100.0}])
def test_power_is_unknown_when_a_part_is_unknown(outlets: dict[str, float | None]) -> None:
    assert TREE.power_va("main", {"c1": 1000.0}, outlets) is None
    assert TREE.power_va("main", {"c1": None}, {"p2": 1.0, "p3": 1.0}) is None


def test_power_is_unknown_where_an_outlet_has_no_meter_or_nothing_hangs() -> None:
    assert CircuitTree([CircuitNode("c", None, None, None, False, None, False)]).power_va("c", {}, {}) is None
    assert CircuitTree([CircuitNode("c", None, None, None, False, (), False)]).power_va("c", {}, {}) is None


def test_the_limit_is_the_least_of_contract_file_and_breaker() -> None:
    assert TREE.limit_va("main") == 9000.0
    assert TREE.limit_va("main", 6000.0) == 6000.0
    assert TREE.limit_va("c1") == 16 * 230.0
    assert TREE.limit_va("c2") is None
    assert TREE.main() == "main"
    assert CircuitTree([]).main() is None
