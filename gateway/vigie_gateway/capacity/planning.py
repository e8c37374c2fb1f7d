"""How many access points a crowd asks for, as vendors' guides reckon it.

Pure. Called by ``actions`` when the radio is what breaks. Source: Cisco Meraki, "High Density Wi-Fi Deployments".
"""

from __future__ import annotations

import math
from typing import NamedTuple

PLANNED_EFFICIENCY = 0.35
"""Of the PHY rate that reaches applications: half of it, less 30 % (the same guide). Lower sells access points, higher
leaves callers waiting."""
CLIENTS_A_RADIO = 25
"""Active clients (the same guide); measured rooms collapse soon after, whatever the airtime says (docs/capacity.md)."""
SHARE_AT_5_GHZ = 0.7
"""Of clients on the faster band (the same guide); the other one carries the rest."""


class AccessPointCount(NamedTuple):
    """The answer of both rules; ``needed`` is the larger."""

    throughput_per_ap_mbps: float
    by_throughput: int
    by_clients: int
    needed: int


def access_points_needed(
    users: int,
    mbps_per_user: float,
    phy_mbps: float,
    efficiency: float = PLANNED_EFFICIENCY,
    share_5ghz: float = SHARE_AT_5_GHZ,
    clients_per_radio: int = CLIENTS_A_RADIO,
) -> AccessPointCount:
    """Access points by throughput, ⌈users · rate / (PHY · efficiency)⌉, and by clients, ⌈users · share / clients⌉.

    The throughput of an access point is rounded to a whole Mb/s, as in the guide's own example.

    Raises:
        ValueError: When a number is not above 0.
    """
    given = {"mbps_per_user": mbps_per_user, "phy_mbps": phy_mbps, "efficiency": efficiency}
    given |= {"share_5ghz": share_5ghz, "users": users, "clients_per_radio": clients_per_radio}
    for name, value in given.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is {value!r}, expected a number above 0")
    per_ap_mbps = phy_mbps * efficiency
    if per_ap_mbps >= 1:
        per_ap_mbps = float(round(per_ap_mbps))
    by_throughput = math.ceil(users * mbps_per_user / per_ap_mbps)
    by_clients = math.ceil(users * share_5ghz / clients_per_radio)
    return AccessPointCount(per_ap_mbps, by_throughput, by_clients, max(by_throughput, by_clients))
