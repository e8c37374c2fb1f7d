"""The rate of an IEEE 802.11 transmission mode, from its formula: subcarriers x bits x code rate x streams / symbol.

Pure. Called by ``ppdu``, ``sensitivity`` and ``load``. Clauses are those of IEEE 802.11-2020; clause 27 (HE) those of
IEEE 802.11ax-2021. No table of rates: 72.2, 300, 866.7 and 1,201 Mb/s come out of the four lines of ``Mode.rate_bps``.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Phy(StrEnum):
    """A generation of Wi-Fi, by its clause."""

    DSSS = "dsss"
    """802.11b (clauses 15 and 16)."""
    OFDM = "ofdm"
    """802.11a; in 2.4 GHz, where it is called ERP-OFDM, 802.11g (clauses 17 and 18)."""
    HT = "ht"
    """802.11n, Wi-Fi 4 (clause 19)."""
    VHT = "vht"
    """802.11ac, Wi-Fi 5 (clause 21)."""
    HE = "he"
    """802.11ax, Wi-Fi 6 (clause 27)."""


_HALF, _TWO_THIRDS, _THREE_QUARTERS, _FIVE_SIXTHS = (Fraction(*pair) for pair in ((1, 2), (2, 3), (3, 4), (5, 6)))

_MODULATIONS = (
    (1, _HALF),
    (2, _HALF),
    (2, _THREE_QUARTERS),
    (4, _HALF),
    (4, _THREE_QUARTERS),
    (6, _TWO_THIRDS),
    (6, _THREE_QUARTERS),
    (6, _FIVE_SIXTHS),
    (8, _THREE_QUARTERS),
    (8, _FIVE_SIXTHS),
    (10, _THREE_QUARTERS),
    (10, _FIVE_SIXTHS),
)
"""By MCS: coded bits a subcarrier (BPSK to 1024-QAM) and code rate (tables 19-27, 21-29 and 27-54)."""
_OFDM_MODULATIONS = (
    (1, _HALF),
    (1, _THREE_QUARTERS),
    (2, _HALF),
    (2, _THREE_QUARTERS),
    (4, _HALF),
    (4, _THREE_QUARTERS),
    (6, _TWO_THIRDS),
    (6, _THREE_QUARTERS),
)
"""The same for 802.11a/g, from 6 to 54 Mb/s at 20 MHz (table 17-4)."""
_DSSS_RATES_BPS = (1_000_000, 2_000_000, 5_500_000, 11_000_000)

_SUBCARRIERS = {
    Phy.OFDM: {5: 48, 10: 48, 20: 48},
    Phy.HT: {20: 52, 40: 108},
    Phy.VHT: {20: 52, 40: 108, 80: 234, 160: 468},
    Phy.HE: {20: 234, 40: 468, 80: 980, 160: 1960},
}
"""Data subcarriers (N_SD) by width in MHz (tables 17-5, 19-6, 21-5 and 27-12)."""
RESOURCE_UNITS = {26: 24, 52: 48, 106: 102, 242: 234, 484: 468, 996: 980, 1992: 1960}
"""Data subcarriers of an HE resource unit by its tones (table 27-13); 1992 is 2x996."""
_RESOURCE_UNIT_WIDTH_MHZ = {26: 20, 52: 20, 106: 20, 242: 20, 484: 40, 996: 80, 1992: 160}

_MCS = {Phy.DSSS: range(4), Phy.OFDM: range(8), Phy.HT: range(8), Phy.VHT: range(10), Phy.HE: range(12)}
_STREAMS = {
    Phy.DSSS: range(1, 2),
    Phy.OFDM: range(1, 2),
    Phy.HT: range(1, 5),
    Phy.VHT: range(1, 9),
    Phy.HE: range(1, 9),
}
_GUARDS_NS = {Phy.DSSS: (800,), Phy.OFDM: (800,), Phy.HT: (800, 400), Phy.VHT: (800, 400), Phy.HE: (800, 1600, 3200)}
_DSSS_WIDTHS_MHZ = (20, 22)

_NOT_VHT = frozenset(
    [(6, 80, 3), (6, 80, 7), (9, 80, 6), (9, 160, 3)] + [(9, 20, streams) for streams in (1, 2, 4, 5, 7, 8)]
)
"""(MCS, width, streams) that §21.5 leaves out, because coded bits would not divide among the encoders."""

_LEGACY_SYMBOL_NS = 3200
_HE_SYMBOL_NS = 12_800
_BITS_AN_ENCODER = {Phy.HT: 320e6, Phy.VHT: 540e6}
"""Beyond each such rate (b/s, at the long guard interval) one more encoder adds its tail (§19.3.11.4, §21.5)."""


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to transmit.

    Attributes:
        phy: The generation.
        mcs: Index of modulation and coding; of one stream for HT (MCS 15 of the standard is MCS 7 with two streams).
            For OFDM 0 to 7 are 6 to 54 Mb/s, for DSSS 0 to 3 are 1 to 11 Mb/s.
        width_mhz: Of the channel.
        streams: Spatial streams.
        guard_ns: Guard interval.
        ru_tones: Of an HE resource unit that is narrower than the channel; None for the whole channel.

    Raises:
        ValueError: For what the standard does not define; says what was found and expected.
    """

    phy: Phy
    mcs: int
    width_mhz: int = 20
    streams: int = 1
    guard_ns: int = 800
    ru_tones: int | None = None

    def __post_init__(self) -> None:
        _known("phy", self.phy, tuple(Phy))
        phy = Phy(self.phy)
        object.__setattr__(self, "phy", phy)  # a word of a settings file is as good as the enumeration's
        _known(f"mcs of {phy}", self.mcs, _MCS[phy])
        widths = _DSSS_WIDTHS_MHZ if phy is Phy.DSSS else tuple(_SUBCARRIERS[phy])
        _known(f"width_mhz of {phy}", self.width_mhz, widths)
        _known(f"streams of {phy}", self.streams, _STREAMS[phy])
        _known(f"guard_ns of {phy}", self.guard_ns, _GUARDS_NS[phy])
        if phy is Phy.VHT and (self.mcs, self.width_mhz, self.streams) in _NOT_VHT:
            raise ValueError(
                f"VHT MCS {self.mcs} at {self.width_mhz} MHz with {self.streams} streams, expected a combination "
                "that IEEE 802.11 §21.5 defines"
            )
        if self.ru_tones is not None:
            if phy is not Phy.HE:
                raise ValueError(f"ru_tones of {phy} is {self.ru_tones}, expected none: only HE has resource units")
            fitting = [tones for tones, width in _RESOURCE_UNIT_WIDTH_MHZ.items() if width <= self.width_mhz]
            _known(f"ru_tones at {self.width_mhz} MHz", self.ru_tones, fitting)

    @property
    def symbol_us(self) -> float:
        """Length of an OFDM symbol with its guard interval; half- and quarter-clocked OFDM channels stretch it."""
        if self.phy is Phy.OFDM:
            return (_LEGACY_SYMBOL_NS + self.guard_ns) / 1000 * (20 / self.width_mhz)
        return ((_HE_SYMBOL_NS if self.phy is Phy.HE else _LEGACY_SYMBOL_NS) + self.guard_ns) / 1000

    @property
    def subcarriers(self) -> int:
        """Data subcarriers, N_SD."""
        if self.ru_tones is not None:
            return RESOURCE_UNITS[self.ru_tones]
        return _SUBCARRIERS[self.phy][self.width_mhz]

    @property
    def coding(self) -> tuple[int, Fraction]:
        """Coded bits a subcarrier and stream, and the code rate."""
        return (_OFDM_MODULATIONS if self.phy is Phy.OFDM else _MODULATIONS)[self.mcs]

    @property
    def bits_per_symbol(self) -> int:
        """Data bits a symbol, N_DBPS = ⌊N_SD · N_BPSCS · N_SS · R⌋ (§17.3.2.3, §19.3.5, §21.3.7, §27.3.7)."""
        bits, rate = self.coding
        return math.floor(self.subcarriers * bits * self.streams * rate)

    @property
    def encoders(self) -> int:
        """Convolutional encoders, N_ES, each of which adds six tail bits."""
        if self.phy not in _BITS_AN_ENCODER:
            return 1
        at_long_guard_bps = self.bits_per_symbol * 250_000
        return max(1, math.ceil(at_long_guard_bps / _BITS_AN_ENCODER[self.phy]))

    @property
    def rate_bps(self) -> float:
        """Data rate of the PHY, in bits a second."""
        if self.phy is Phy.DSSS:
            return float(_DSSS_RATES_BPS[self.mcs])
        return self.bits_per_symbol / self.symbol_us * 1e6


def non_ht_reference_bps(mode: Mode) -> float:
    """The OFDM rate of a mode's modulation and coding, from which the rate of its acknowledgement follows (§10.6.11).

    Modulations that OFDM has not (5/6, and 256-QAM on) count as 54 Mb/s.
    """
    if mode.phy in (Phy.DSSS, Phy.OFDM):
        return mode.rate_bps
    coding = mode.coding
    index = _OFDM_MODULATIONS.index(coding) if coding in _OFDM_MODULATIONS else len(_OFDM_MODULATIONS) - 1
    return Mode(Phy.OFDM, index).rate_bps


def _known(what: str, value: object, known: Collection[object]) -> None:
    if isinstance(value, bool) or value not in known:
        listed = f"{known[0]} to {known[-1]}" if isinstance(known, range) else ", ".join(map(str, known))
        raise ValueError(f"{what} is {value!r}, expected one of {listed}")
