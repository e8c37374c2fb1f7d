"""How stations share the air: Bianchi's model of the distributed coordination function in saturation.

Pure. Called by ``load`` and ``aggregation``. G. Bianchi, "Performance Analysis of the IEEE 802.11 Distributed
Coordination Function", IEEE JSAC 18(3), 2000; the equations are numbered as there. A simulation of the slots stays
within 0.5 % of it (``tests/gateway/capacity/test_capacity_dcf.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from vigie_gateway.capacity.airtime.ppdu import ACK_OCTETS, CTS_OCTETS, RTS_OCTETS, control_us, ppdu_us
from vigie_gateway.capacity.airtime.rates import Mode

_BISECTIONS = 60
"""Halvings of [0, 1]: past 53 a float does not change any more."""
PROPAGATION_US = 0.1
"""Thirty metres. Only where a collision waits for the answer that does not come is it seen at all."""


@dataclass(frozen=True, slots=True)
class Contention:
    """How a station waits for its turn.

    Attributes:
        window: W, slots of the first back-off (CWmin + 1).
        stages: m, how often it doubles: CWmax + 1 = 2^m W.
        slot_us: sigma.
        sifs_us: Between a frame and its answer.
        difs_us: Of silence before a back-off goes on.
    """

    window: int = 16
    stages: int = 6
    slot_us: float = 9.0
    sifs_us: float = 16.0
    difs_us: float = 34.0

    def __post_init__(self) -> None:
        if isinstance(self.window, bool) or not isinstance(self.window, int) or self.window < 1:
            raise ValueError(f"window is {self.window!r}, expected a whole number of slots, 1 or more")
        if isinstance(self.stages, bool) or not isinstance(self.stages, int) or self.stages < 0:
            raise ValueError(f"stages is {self.stages!r}, expected a whole number, 0 or more")
        for name in ("slot_us", "sifs_us", "difs_us"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected microseconds, 0 or more")


AT_5_GHZ = Contention()
"""IEEE 802.11-2020 table 17-21; 6 GHz is the same."""
AT_2G4 = Contention(sifs_us=10.0, difs_us=28.0)
"""ERP with short slots (table 18-5)."""
AT_11B = Contention(window=32, stages=5, slot_us=20.0, sifs_us=10.0, difs_us=50.0)
"""DSSS (table 16-4)."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What one turn on the air carries and takes.

    Attributes:
        payload_bits: E[P], that the sender wanted to get across.
        success_us: T_s, until the next back-off goes on.
        collision_us: T_c, the same after a collision.
    """

    payload_bits: float
    success_us: float
    collision_us: float

    def __post_init__(self) -> None:
        for name in ("payload_bits", "success_us", "collision_us"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)!r}, expected a number, 0 or more")


@dataclass(frozen=True, slots=True)
class Saturation:
    """What becomes of the air when every station always has something to send.

    Attributes:
        attempt: τ, the chance that a station sends in a slot.
        collision: p, the chance that what it sends collides.
        throughput_bps: S, of all stations together.
        success_share: Share of the time in exchanges that succeed.
        collision_share: Share of the time lost in collisions; the rest is idle.
    """

    attempt: float
    collision: float
    throughput_bps: float
    success_share: float
    collision_share: float


@lru_cache(
    maxsize=1024
)  # a verdict asks for the same few station counts again and again while it looks for the largest
def attempt_probability(stations: int, window: int = 16, stages: int = 6) -> float:
    """τ: where eq. (7), τ = 2 / (1 + W + p W Σ_{i<m} (2p)^i), meets eq. (9), p = 1 - (1 - τ)^(n-1).

    The first falls with p and the second rises with τ, so that there is one crossing, and bisection finds it.

    Raises:
        ValueError: When ``stations`` is no whole number above 0.
    """
    if isinstance(stations, bool) or not isinstance(stations, int) or stations < 1:
        raise ValueError(f"stations is {stations!r}, expected a whole number, 1 or more")
    low, high = 0.0, 1.0
    for _ in range(_BISECTIONS):
        attempt = (low + high) / 2
        collision = 1 - (1 - attempt) ** (stations - 1)
        doublings = sum((2 * collision) ** stage for stage in range(stages))
        if attempt < 2 / (1 + window + collision * window * doublings):
            low = attempt
        else:
            high = attempt
    return (low + high) / 2


def saturate(
    stations: int, exchange: Exchange, contention: Contention = AT_5_GHZ, *, is_frozen: bool = False, again: float = 0.0
) -> Saturation:
    """Bianchi's eq. (13): S = P_s P_tr E[P] / ((1 - P_tr) sigma + P_tr P_s T_s + P_tr (1 - P_s) T_c).

    Args:
        stations: n, that always have something to send.
        exchange: E[P], T_s and T_c.
        contention: The rules of the band.
        is_frozen: A counter stands still during the slot after an exchange, so that a success takes a slot more
            (Tinnirello, Bianchi, Xiao: "Refinements on IEEE 802.11 DCF Modeling Approaches", IEEE TVT 59(3), 2010).
        again: B, the chance that who succeeded draws 0 and sends again at once, 1/W in the same paper: payload and
            success time are divided by 1 - B.

    Raises:
        ValueError: When ``stations`` is no whole number above 0, or ``again`` no share below 1.
    """
    if not 0 <= again < 1:
        raise ValueError(f"again is {again!r}, expected a share below 1")
    attempt = attempt_probability(stations, contention.window, contention.stages)
    any_sends = 1 - (1 - attempt) ** stations
    one_sends = stations * attempt * (1 - attempt) ** (stations - 1)
    success_us = exchange.success_us / (1 - again) + (contention.slot_us if is_frozen else 0.0)
    succeeding_us = one_sends * success_us
    colliding_us = (any_sends - one_sends) * exchange.collision_us
    slot_us = (1 - any_sends) * contention.slot_us + succeeding_us + colliding_us
    return Saturation(
        attempt=attempt,
        collision=1 - (1 - attempt) ** (stations - 1),
        throughput_bps=one_sends * exchange.payload_bits / (1 - again) / slot_us * 1e6,
        success_share=succeeding_us / slot_us,
        collision_share=colliding_us / slot_us,
    )


def basic_exchange(
    payload_bits: float,
    data_us: float,
    answer_us: float,
    contention: Contention = AT_5_GHZ,
    *,
    propagation_us: float = 0.0,
    has_eifs: bool = False,
) -> Exchange:
    """Data, then its acknowledgement: eq. (14), T_s = H + P + SIFS + δ + ACK + DIFS + δ, T_c = H + P + DIFS + δ.

    Args:
        payload_bits: E[P].
        data_us: H + P, the whole frame on the air.
        answer_us: ACK or BlockAck.
        contention: The rules of the band.
        propagation_us: δ.
        has_eifs: Who hears a collision waits as long as its answer would have taken (EIFS, §10.3.2.3.7).
    """
    tail_us = contention.difs_us + propagation_us
    answered_us = contention.sifs_us + propagation_us + answer_us
    return Exchange(
        payload_bits, data_us + answered_us + tail_us, data_us + (answered_us if has_eifs else 0.0) + tail_us
    )


def rts_exchange(
    payload_bits: float,
    data_us: float,
    answer_us: float,
    rts_us: float,
    cts_us: float,
    contention: Contention = AT_5_GHZ,
    *,
    propagation_us: float = 0.0,
) -> Exchange:
    """The same after RTS and CTS: eq. (17); only the RTS is lost in a collision, T_c = RTS + DIFS + δ."""
    gap_us = contention.sifs_us + propagation_us
    success_us = rts_us + gap_us + cts_us + gap_us + data_us + gap_us + answer_us + contention.difs_us + propagation_us
    return Exchange(payload_bits, success_us, rts_us + contention.difs_us + propagation_us)


def frame_exchange(
    mode: Mode,
    payload_octets: int,
    overhead_octets: int,
    contention: Contention = AT_5_GHZ,
    *,
    is_2g4: bool = False,
    has_rts: bool = False,
    has_eifs: bool = False,
) -> Exchange:
    """One frame alone, without aggregation, as ``mode`` sends and acknowledges it.

    Args:
        mode: Of the data.
        payload_octets: That count as carried.
        overhead_octets: Headers and FCS around them.
        contention: The rules of the band.
        is_2g4: See ``ppdu.ppdu_us``.
        has_rts: With RTS and CTS before.
        has_eifs: See ``basic_exchange``.
    """
    data_us = ppdu_us(mode, payload_octets + overhead_octets, is_2g4=is_2g4)
    answer_us = control_us(mode, ACK_OCTETS, is_2g4=is_2g4)
    if has_rts:
        rts_us, cts_us = (control_us(mode, octets, is_2g4=is_2g4) for octets in (RTS_OCTETS, CTS_OCTETS))
        return rts_exchange(8.0 * payload_octets, data_us, answer_us, rts_us, cts_us, contention)
    propagation_us = PROPAGATION_US if has_eifs else 0.0
    exchange = basic_exchange(8.0 * payload_octets, data_us, answer_us, contention, has_eifs=has_eifs)
    return Exchange(exchange.payload_bits, exchange.success_us + propagation_us, exchange.collision_us + propagation_us)
