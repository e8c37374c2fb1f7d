"""From the signal that is received to the rate that it should carry.

Pure. Called by ``capacity.supply``. The numbers are what the standard requires of every receiver at least: a good phone
does better by several decibels, a radiator in between does worse. It is an estimate and labelled as one.
"""

from __future__ import annotations

import math

from vigie_gateway.capacity.airtime.rates import Mode, Phy

SENSITIVITY_DBM = (-82, -79, -77, -74, -70, -66, -65, -64, -59, -57, -54, -52)
"""Least signal at 20 MHz by MCS 0 to 11 (IEEE 802.11-2020 table 21-25, 802.11ax-2021 table 27-51). Lower promises rates
that no receiver has to reach; higher gives up air that there is."""
OFDM_SENSITIVITY_DBM = (-82, -81, -79, -77, -74, -70, -66, -65)
"""The same for 6 to 54 Mb/s (table 17-18)."""
DOUBLING_DB = 3
"""Each doubling of the width lets in twice the noise."""

_HIGHEST_MCS = {Phy.OFDM: 7, Phy.HT: 7, Phy.VHT: 9, Phy.HE: 11}


def mode_at(
    rssi_dbm: float,
    phy: Phy,
    width_mhz: int = 20,
    streams: int = 1,
    guard_ns: int = 800,
    highest_mcs: int | None = None,
) -> Mode | None:
    """The fastest mode that a signal carries, on a narrower channel where the full one is out of reach.

    Args:
        rssi_dbm: Received signal.
        phy: Of both ends; OFDM to HE.
        width_mhz: Widest channel that both have.
        streams: Spatial streams that both have.
        guard_ns: Guard interval.
        highest_mcs: That both have; None takes the generation's.

    Returns:
        None when even the slowest mode at 20 MHz asks for more. The widest channel that works is taken with its highest
        MCS, as stations do, also where a narrower one would be faster.

    Raises:
        ValueError: When the signal is no finite number, or there is no such mode.
    """
    if isinstance(rssi_dbm, bool) or not math.isfinite(rssi_dbm):
        raise ValueError(f"rssi_dbm is {rssi_dbm!r}, expected a finite number")
    if phy not in _HIGHEST_MCS:
        raise ValueError(f"phy is {phy!r}, expected one of {', '.join(_HIGHEST_MCS)}")
    Mode(phy, 0, width_mhz, streams, guard_ns)  # whether there is such a channel
    floors_dbm = OFDM_SENSITIVITY_DBM if phy is Phy.OFDM else SENSITIVITY_DBM
    limit = _HIGHEST_MCS[phy] if highest_mcs is None else min(highest_mcs, _HIGHEST_MCS[phy])
    while width_mhz >= 20:  # noqa: PLR2004 - the narrowest channel of all
        lift_db = DOUBLING_DB * math.log2(width_mhz / 20)
        for mcs in range(limit, -1, -1):
            if rssi_dbm < floors_dbm[mcs] + lift_db:
                continue
            try:
                return Mode(phy, mcs, width_mhz, streams, guard_ns)
            except ValueError:
                continue  # a combination that VHT leaves out: the next lower MCS
        width_mhz //= 2
    return None
