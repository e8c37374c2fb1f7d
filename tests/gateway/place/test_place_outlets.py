"""Free outlets: live, and feeding nothing."""

from __future__ import annotations

import pytest

from vigie_gateway.place.outlets import OutletFacts, room_outlets, total_power


@pytest.mark.parametrize(
    ("in_use", "is_live", "free", "cut", "measured"),
    [
        (False, True, 1, 0, 1),
        (True, True, 0, 0, 1),
        (True, None, 0, 0, 1),
        (False, None, None, 0, 0),
        (None, True, None, 0, 0),
        (None, None, None, 0, 0),
        (None, False, 0, 1, 1),
        (False, False, 0, 1, 1),
        (True, False, 0, 1, 1),
    ],
)
def test_what_is_known_of_one_outlet_decides_how_it_counts(
    in_use: bool | None, is_live: bool | None, free: int | None, cut: int, measured: int
) -> None:
    view = room_outlets([OutletFacts(in_use, is_live, 5.0)])
    assert (view.free, view.cut, view.measured) == (free, cut, measured)


def test_unmeasured_outlets_are_in_the_total_alone_and_the_oldest_reading_is_told() -> None:
    view = room_outlets([OutletFacts(False, True, 20.0), OutletFacts(True, True, 10.0), OutletFacts(None, True, None)])
    assert (view.total, view.free, view.cut, view.measured, view.at_ts) == (3, 1, 0, 2, 10.0)


@pytest.mark.parametrize(
    ("metered_va", "total_va"),
    [([], None), ([None], None), ([0.0], 0.0), ([40.0, 2.5], 42.5), ([40.0, None], None)],
)
def test_the_power_of_a_room_is_unknown_where_a_meter_does_not_tell(
    metered_va: list[float | None], total_va: float | None
) -> None:
    assert total_power(metered_va) == total_va
