"""Which outlets of a room are free: live, and feeding nothing.

Pure. Called by the board, once a room and view.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from vigie_dashboard.view import OutletsView


class OutletFacts(NamedTuple):
    """What is fresh about one outlet.

    Attributes:
        in_use: Whether it feeds something; None when not measured, or no longer.
        is_live: Whether its circuit, and all above, have voltage. True where nothing watches that; None when a watch
            is configured but does not tell.
        at_ts: The oldest reading that the two come from; None when there is none.
        is_out_of_order: Whether somebody said so: what it feeds, or that it has voltage, then says nothing.
    """

    in_use: bool | None
    is_live: bool | None
    at_ts: float | None
    is_out_of_order: bool = False


def total_power(metered_va: Sequence[float | None]) -> float | None:
    """What a room's metered outlets draw together; None where one of them is unknown: a part is not the whole."""
    known = [power_va for power_va in metered_va if power_va is not None]
    return sum(known) if known and len(known) == len(metered_va) else None


def room_outlets(facts: Sequence[OutletFacts]) -> OutletsView:
    """Count them.

    One that is out of order is neither free nor measured. An outlet without voltage is known not to be free, measured
    or not. One that draws current is in use, whatever the watch on its circuit says. One that draws none is free only
    if it is known to be live.
    """
    free = cut = measured = out_of_order = 0
    oldest_ts: float | None = None
    for outlet in facts:
        if outlet.is_out_of_order:
            out_of_order += 1
            continue
        if outlet.is_live is False:
            cut += 1
        elif outlet.in_use is None or (not outlet.in_use and outlet.is_live is None):
            continue
        elif not outlet.in_use:
            free += 1
        measured += 1
        if outlet.at_ts is not None and (oldest_ts is None or outlet.at_ts < oldest_ts):
            oldest_ts = outlet.at_ts
    return OutletsView(len(facts), free if measured else None, cut, measured, oldest_ts, out_of_order)
