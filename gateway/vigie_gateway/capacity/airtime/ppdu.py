"""How long one transmission takes on the air: preamble, then whole symbols.

Pure. Called by ``aggregation``, ``dcf`` and ``load``. Checked against the durations that ns-3 asserts in its
``tx-duration-test.cc``.
"""

from __future__ import annotations

import math

from vigie_gateway.capacity.airtime.rates import Mode, Phy, non_ht_reference_bps

SERVICE_BITS = 16
"""The SERVICE field before the data (IEEE 802.11-2020 §17.3.5.2)."""
TAIL_BITS = 6
"""After the data, of each encoder (§17.3.5.3). HE with LDPC sends none, which ends a symbol earlier at times; it is
counted all the same, as ns-3 does."""
SIGNAL_EXTENSION_US = 6.0
"""Silence after an OFDM transmission in 2.4 GHz, for decoders (§18.3.2.4)."""

ACK_OCTETS = 14
CTS_OCTETS = 14
RTS_OCTETS = 20
BLOCK_ACK_OCTETS = 32
"""A compressed BlockAck for up to 64 frames (§9.3.1.8.3)."""

_LEGACY_PREAMBLE_US = 20.0
"""L-STF 8, L-LTF 8, L-SIG 4 µs (§17.3.3)."""
_LONG_DSSS_PREAMBLE_US, _SHORT_DSSS_PREAMBLE_US = 192.0, 96.0
_HT_SIGNAL_US, _VHT_SIGNAL_A_US, _HE_SIGNAL_US = 8.0, 8.0, 12.0
"""HT-SIG; VHT-SIG-A; RL-SIG 4 and HE-SIG-A 8 µs (tables 19-6, 21-5 and 27-12)."""
_SHORT_TRAINING_US = 4.0
_LONG_TRAINING_US = {Phy.HT: 4.0, Phy.VHT: 4.0, Phy.HE: 8.0}
"""One long training field. HE has several lengths (7.2 µs for 2x with a guard of 0.8): 8 as in ns-3."""
_VHT_SIGNAL_B_US = 4.0

_MANDATORY_RATES_MBPS = (24, 12, 6)
_OFDM_INDEX = {6: 0, 12: 2, 24: 4}
_DSSS_CONTROL_MCS = 1
"""Control frames of DSSS go at 2 Mb/s, or 1 when the data does (§10.6.6.5, the usual basic rates)."""


def preamble_us(mode: Mode, *, is_short: bool = False, has_signal_b: bool = True) -> float:
    """Preamble and PHY header, in µs.

    Args:
        mode: Of the data.
        is_short: Of DSSS only: the short preamble, which 1 Mb/s has not (§16.2.2.3).
        has_signal_b: Of VHT only: with VHT-SIG-B (§21.3.4), which ns-3 leaves out for a single user.
    """
    if mode.phy is Phy.DSSS:
        return _SHORT_DSSS_PREAMBLE_US if is_short and mode.mcs > 0 else _LONG_DSSS_PREAMBLE_US
    if mode.phy is Phy.OFDM:
        return _LEGACY_PREAMBLE_US * (20 / mode.width_mhz)
    training_us = _SHORT_TRAINING_US + long_training_fields(mode.streams) * _LONG_TRAINING_US[mode.phy]
    if mode.phy is Phy.HT:
        return _LEGACY_PREAMBLE_US + _HT_SIGNAL_US + training_us
    if mode.phy is Phy.VHT:
        return _LEGACY_PREAMBLE_US + _VHT_SIGNAL_A_US + training_us + (_VHT_SIGNAL_B_US if has_signal_b else 0.0)
    return _LEGACY_PREAMBLE_US + _HE_SIGNAL_US + training_us


def long_training_fields(streams: int) -> int:
    """How many long training fields so many streams need: 1, 2, 4, 4, 6, 6, 8, 8 (tables 19-13 and 21-13)."""
    return streams if streams == 1 else streams + streams % 2


def ppdu_us(
    mode: Mode, octets: int, *, is_2g4: bool = False, is_short: bool = False, has_signal_b: bool = True
) -> float:
    """How long a PSDU takes: T = preamble + T_sym ⌈(16 + 8 L + 6 N_ES) / N_DBPS⌉ (§17.4.3, §19.4.3, §21.4.3, §27.4.3).

    Args:
        mode: How it is sent.
        octets: L, all that stands after the PHY header, with MAC header and FCS.
        is_2g4: In 2.4 GHz, where OFDM adds a signal extension.
        is_short: See ``preamble_us``.
        has_signal_b: See ``preamble_us``.

    Returns:
        Microseconds.

    Raises:
        ValueError: When ``octets`` is negative or no whole number.
    """
    if isinstance(octets, bool) or not isinstance(octets, int) or octets < 0:
        raise ValueError(f"octets is {octets!r}, expected a whole number, 0 or more")
    start_us = preamble_us(mode, is_short=is_short, has_signal_b=has_signal_b)
    if mode.phy is Phy.DSSS:
        return start_us + math.ceil(8 * octets * 1e6 / mode.rate_bps)  # §16.2.3.5: LENGTH is in whole microseconds
    symbols = math.ceil((SERVICE_BITS + 8 * octets + TAIL_BITS * mode.encoders) / mode.bits_per_symbol)
    return start_us + symbols * mode.symbol_us + (SIGNAL_EXTENSION_US if is_2g4 else 0.0)


def control_mode(mode: Mode) -> Mode:
    """How the answer to a frame is sent: the highest mandatory rate that is not above the frame's own (§10.6.6.5)."""
    if mode.phy is Phy.DSSS:
        return Mode(Phy.DSSS, min(mode.mcs, _DSSS_CONTROL_MCS))
    reference_mbps = non_ht_reference_bps(mode) / 1e6
    allowed = next((rate for rate in _MANDATORY_RATES_MBPS if rate <= reference_mbps), min(_MANDATORY_RATES_MBPS))
    return Mode(Phy.OFDM, _OFDM_INDEX[allowed])


def control_us(mode: Mode, octets: int, *, is_2g4: bool = False) -> float:
    """How long an ACK, BlockAck, RTS or CTS of so many octets takes beside data that is sent in ``mode``, in µs."""
    return ppdu_us(control_mode(mode), octets, is_2g4=is_2g4)
