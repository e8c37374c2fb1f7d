"""Several frames in one turn on the air: A-MSDU and A-MPDU, which are what makes Wi-Fi 4 and later fast at all.

Pure. Called by ``load``, and by the tests against the single-flow throughputs that ns-3 asserts. Clauses are those of
IEEE 802.11-2020 and 802.11ax-2021.
"""

from __future__ import annotations

import math

from vigie_gateway.capacity.airtime.dcf import AT_5_GHZ, Contention
from vigie_gateway.capacity.airtime.ppdu import (
    ACK_OCTETS,
    BLOCK_ACK_OCTETS,
    CTS_OCTETS,
    RTS_OCTETS,
    control_us,
    ppdu_us,
)
from vigie_gateway.capacity.airtime.rates import Mode, Phy

DELIMITER_OCTETS = 4
"""Before each MPDU of an A-MPDU (§9.7.1)."""
ALIGNMENT_OCTETS = 4
"""MPDUs but the last are padded to it, and so are the MSDUs of an A-MSDU (§9.3.2.2.2)."""
AMSDU_HEADER_OCTETS = 14
"""Destination, source and length before each MSDU of an A-MSDU (§9.3.2.2.2)."""
MPDU_OVERHEAD_OCTETS = 30
"""QoS data header 26 and FCS 4 (§9.2.4)."""
MSDU_OVERHEAD_OCTETS = 36
"""LLC/SNAP 8, IPv4 20, UDP 8. TCP has 12 more, IPv6 20."""
LONGEST_PPDU_US = 5484.0
"""aPPDUMaxTime (§21.5, table 21-28)."""
LONGEST_AMPDU_OCTETS = {Phy.HT: 65_535, Phy.VHT: 1_048_575, Phy.HE: 6_500_631}
"""By generation (§9.7.3, table 27-53)."""
LARGEST_WINDOW = 64
"""Frames that one BlockAck acknowledges; HE may agree on 256 (§10.25.6)."""
LARGEST_HE_WINDOW = 256
BEST_EFFORT_AIFSN = 3
"""Slots of AIFS after SIFS for ordinary traffic (table 9-155)."""


def ampdu_octets(mpdus: int, mpdu_octets: int) -> int:
    """Length of an A-MPDU of equal MPDUs, each with its delimiter, all but the last padded to four octets."""
    if mpdus < 1 or mpdu_octets < 1:
        raise ValueError(f"mpdus and mpdu_octets are {mpdus!r} and {mpdu_octets!r}, expected 1 or more")
    subframe = DELIMITER_OCTETS + mpdu_octets
    return (mpdus - 1) * _padded(subframe) + subframe


def amsdu_octets(msdus: int, msdu_octets: int) -> int:
    """Length of an A-MSDU of equal MSDUs, without the MAC header around it."""
    if msdus < 1 or msdu_octets < 1:
        raise ValueError(f"msdus and msdu_octets are {msdus!r} and {msdu_octets!r}, expected 1 or more")
    subframe = AMSDU_HEADER_OCTETS + msdu_octets
    return (msdus - 1) * _padded(subframe) + subframe


def msdus_that_fit(msdu_octets: int, longest_octets: int) -> int:
    """How many MSDUs an A-MSDU of so many octets (3,839, 7,935 or 11,454) holds; 1 where it holds none."""
    count = max(1, longest_octets // _padded(AMSDU_HEADER_OCTETS + msdu_octets))
    return count + 1 if amsdu_octets(count + 1, msdu_octets) <= longest_octets else count


def mpdus_that_fit(
    mode: Mode,
    mpdu_octets: int,
    longest_octets: int | None = None,
    window: int = LARGEST_WINDOW,
    longest_us: float = LONGEST_PPDU_US,
) -> int:
    """How many MPDUs go into one turn: as many as length, time on the air and BlockAck window all allow.

    Args:
        mode: How they are sent; what knows no A-MPDU (DSSS, OFDM) sends one.
        mpdu_octets: Of each, with header and FCS.
        longest_octets: Of the A-MPDU; None takes the generation's limit.
        window: Of the BlockAck agreement.
        longest_us: Of the PPDU.

    Returns:
        1 or more: a single frame is always sent, however long it takes.
    """
    limit = LONGEST_AMPDU_OCTETS.get(mode.phy)
    if limit is None:
        return 1
    limit = limit if longest_octets is None else min(limit, longest_octets)
    low, high = 1, max(1, window)
    while low < high:
        middle = (low + high + 1) // 2
        octets = ampdu_octets(middle, mpdu_octets)
        if octets <= limit and ppdu_us(mode, octets) <= longest_us:
            low = middle
        else:
            high = middle - 1
    return low


def flow_throughput_bps(
    mode: Mode,
    payload_octets: int,
    mpdus: int = 1,
    msdus: int = 1,
    contention: Contention = AT_5_GHZ,
    *,
    aifsn: int = BEST_EFFORT_AIFSN,
    has_rts: bool = False,
    has_signal_b: bool = True,
) -> float:
    """What one station gets across that nobody disturbs: payload / (AIFS + mean back-off + frame + SIFS + answer).

    The back-off of a station that never collides is half its first window, (W - 1)/2 slots (§10.22.2).

    Args:
        mode: Of the data.
        payload_octets: Of UDP, in each MSDU.
        mpdus: In each A-MPDU; 1 is sent without aggregation.
        msdus: In each MPDU; 1 is sent without aggregation.
        contention: The rules of the band.
        aifsn: Slots of AIFS after SIFS.
        has_rts: With RTS and CTS before.
        has_signal_b: See ``ppdu.preamble_us``.

    Returns:
        Bits of payload a second.
    """
    msdu_octets = payload_octets + MSDU_OVERHEAD_OCTETS
    body_octets = msdu_octets if msdus == 1 else amsdu_octets(msdus, msdu_octets)
    mpdu_octets = MPDU_OVERHEAD_OCTETS + body_octets
    psdu_octets = mpdu_octets if mpdus == 1 else ampdu_octets(mpdus, mpdu_octets)
    wait_us = contention.sifs_us + aifsn * contention.slot_us + (contention.window - 1) / 2 * contention.slot_us
    data_us = ppdu_us(mode, psdu_octets, has_signal_b=has_signal_b)
    turn_us = wait_us + data_us + contention.sifs_us + answer_us(mode, mpdus)
    if has_rts:
        turn_us += control_us(mode, RTS_OCTETS) + control_us(mode, CTS_OCTETS) + 2 * contention.sifs_us
    return 8 * payload_octets * msdus * mpdus / turn_us * 1e6


def answer_us(mode: Mode, mpdus: int) -> float:
    """How long the acknowledgement of so many MPDUs takes: an ACK of one, a BlockAck of several."""
    return control_us(mode, ACK_OCTETS if mpdus == 1 else BLOCK_ACK_OCTETS)


def _padded(octets: int) -> int:
    return ALIGNMENT_OCTETS * math.ceil(octets / ALIGNMENT_OCTETS)
