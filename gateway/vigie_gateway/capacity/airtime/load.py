"""What people's traffic comes to on the air of one access point, and how much air there is for it.

Pure. Called by ``capacity.needs`` and ``capacity.supply``. Both are shares of the time: demand is what frames take with
their answers and repeats, supply is what neighbours leave of it, less what contention costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from vigie_gateway.capacity.airtime.aggregation import (
    MPDU_OVERHEAD_OCTETS,
    MSDU_OVERHEAD_OCTETS,
    ampdu_octets,
    answer_us,
)
from vigie_gateway.capacity.airtime.dcf import AT_5_GHZ, Contention, basic_exchange, saturate
from vigie_gateway.capacity.airtime.ppdu import ppdu_us
from vigie_gateway.capacity.airtime.rates import Mode, Phy

MOST_BACKLOGGED = 20
"""Stations that ever wait for the air at the same moment. Bianchi's model has all of them saturated, which people at
laptops are not: more would price a full room as a file transfer from every seat, fewer sees no collisions."""
TURN_US = 1000.0
"""A turn by which contention is priced: about a millisecond for a dozen full frames at 100 Mb/s. Shorter weighs waiting
more, longer less."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic one way.

    Attributes:
        rate_bps: Of payload, all stations together.
        packet_octets: Payload of a packet.
        mpdus: Packets that go in one turn; a share of one more on average is well.
    """

    rate_bps: float
    packet_octets: int
    mpdus: float

    def __post_init__(self) -> None:
        if not 0 <= self.rate_bps < float("inf"):
            raise ValueError(f"rate_bps is {self.rate_bps!r}, expected a number, 0 or more")
        if self.packet_octets < 1:
            raise ValueError(f"packet_octets is {self.packet_octets!r}, expected 1 or more")
        if self.mpdus < 1:
            raise ValueError(f"mpdus is {self.mpdus!r}, expected 1 or more")


@lru_cache(
    maxsize=1024
)  # the same few modes and packets over and over, while the largest number of people is looked for
def turn_us(mode: Mode, packet_octets: int, mpdus: int, contention: Contention = AT_5_GHZ) -> float:
    """T_s of a turn: frames, SIFS, answer and DIFS, in µs."""
    mpdu_octets = packet_octets + MSDU_OVERHEAD_OCTETS + MPDU_OVERHEAD_OCTETS
    psdu_octets = mpdu_octets if mpdus == 1 else ampdu_octets(mpdus, mpdu_octets)
    return ppdu_us(mode, psdu_octets) + contention.sifs_us + answer_us(mode, mpdus) + contention.difs_us


def airtime_demand(
    flows: Sequence[Flow], mode: Mode, retry_share: float = 0.0, contention: Contention = AT_5_GHZ
) -> float:
    """Share of the time that flows take: Σ pps/k · T_s(k) · (1 + retries).

    Args:
        flows: Of all stations of one access point, both ways.
        mode: The rate that they are sent at on average; what knows no aggregation (OFDM) sends each packet alone.
        retry_share: Frames that are sent again, 0 to below 1.
        contention: The rules of the band.

    Returns:
        0 or more; past 1 there is not so much time.
    """
    if not 0 <= retry_share < 1:
        raise ValueError(f"retry_share is {retry_share!r}, expected a share below 1")
    has_aggregation = mode.phy in (Phy.HT, Phy.VHT, Phy.HE)
    total_us = 0.0
    for flow in flows:
        mpdus = max(1, round(flow.mpdus)) if has_aggregation else 1
        packets = flow.rate_bps / (8 * flow.packet_octets)
        total_us += packets / mpdus * turn_us(mode, flow.packet_octets, mpdus, contention)
    return total_us * (1 + retry_share) / 1e6


def airtime_supply(busy_share: float, backlogged: int, contention: Contention = AT_5_GHZ) -> float:
    """Share of the time in which frames of ours get across: (1 - busy) · P_tr P_s T_s / E[slot].

    Args:
        busy_share: Of the time, taken by others.
        backlogged: Stations that wait at the same time, the access point among them; counted up to MOST_BACKLOGGED.
        contention: The rules of the band.
    """
    if not 0 <= busy_share <= 1:
        raise ValueError(f"busy_share is {busy_share!r}, expected 0 to 1")
    stations = max(1, min(MOST_BACKLOGGED, backlogged))
    return (1 - busy_share) * contention_share(stations, contention)


@lru_cache(maxsize=256)
def contention_share(stations: int, contention: Contention = AT_5_GHZ) -> float:
    """P_tr P_s T_s / E[slot] for turns of TURN_US: what so many stations leave of the air by waiting for each other."""
    exchange = basic_exchange(
        0.0, TURN_US - 2 * contention.sifs_us - contention.difs_us, contention.sifs_us, contention
    )
    return saturate(stations, exchange, contention).success_share
