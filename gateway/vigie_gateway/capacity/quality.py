"""Scores of a line: voice by the E-model, responsiveness, latency that load adds.

Pure. Called by whoever reports a rehearsal, whose figures these are. Sources stand at each function. Quality of
Outcome, by which a session's latency is judged, is in ``place.wifi``.
"""

from __future__ import annotations

import math

DEFAULT_R = 93.2
"""The E-model's rating of a perfect digital call (ITU-T G.107 (06/2015), table 3)."""
LEAST_HEARD_DELAY_MS = 100.0
"""One-way delay below which nobody notices (§7.4)."""
_ADDED_MS = ((5.0, "A+"), (30.0, "A"), (60.0, "B"), (200.0, "C"), (400.0, "D"))


def mean_opinion_score(rating: float) -> float:
    """MOS of a rating R, 1 to 4.5: 1 + 0.035 R + 7·10⁻⁶ R (R - 60) (100 - R) (ITU-T G.107 annex B).

    Raises:
        ValueError: When the rating is no finite number.
    """
    if not math.isfinite(rating):
        raise ValueError(f"rating is {rating!r}, expected a finite number")
    if rating <= 0:
        return 1.0
    if rating >= 100:  # noqa: PLR2004 - where the formula of annex B ends
        return 4.5
    return max(1.0, 1 + 0.035 * rating + 7e-6 * rating * (rating - 60) * (100 - rating))


def voice_rating(
    delay_ms: float, loss: float, *, equipment: float = 0.0, robustness: float = 4.3, burst: float = 1.0
) -> float:
    """R = 93.2 - I_dd - I_e,eff (ITU-T G.107 eq. 7-1, 7-27 and 7-29).

    Args:
        delay_ms: One way, mouth to ear.
        loss: Share of packets lost.
        equipment: I_e of the codec; 0 for G.711.
        robustness: B_pl: 4.3 for G.711 as it is, 25.1 with concealment (G.113 appendix I).
        burst: 1 for losses at random, more where they come together.

    Raises:
        ValueError: When delay or loss is none.
    """
    if not 0 <= delay_ms < math.inf:
        raise ValueError(f"delay_ms is {delay_ms!r}, expected milliseconds, 0 or more")
    if not 0 <= loss <= 1:
        raise ValueError(f"loss is {loss!r}, expected a share, 0 to 1")
    lost = 100 * loss
    by_loss = equipment + (95 - equipment) * lost / (lost / burst + robustness)
    return DEFAULT_R - _delay_impairment(delay_ms) - by_loss


def _delay_impairment(delay_ms: float) -> float:
    if delay_ms <= LEAST_HEARD_DELAY_MS:
        return 0.0
    times = math.log2(delay_ms / LEAST_HEARD_DELAY_MS)
    return 25 * (math.pow(1 + times**6, 1 / 6) - 3 * math.pow(1 + (times / 3) ** 6, 1 / 6) + 2)


def responsiveness_rpm(foreign_ms: tuple[float, ...], loaded_ms: float) -> tuple[float, float, float]:
    """Round trips a minute under load (draft-ietf-ippm-responsiveness-09 §4.4).

    Args:
        foreign_ms: Trimmed means of connections of their own: TCP, TLS and HTTP (TCP and HTTP without TLS).
        loaded_ms: Trimmed mean of HTTP on a connection that carries the load.

    Returns:
        Foreign, loaded, and their mean: the RPM.

    Raises:
        ValueError: When a time is not above 0, or there is none.
    """
    times = (*foreign_ms, loaded_ms)
    if not foreign_ms or not all(0 < time < math.inf for time in times):
        raise ValueError(f"times are {times!r} ms, expected numbers above 0")
    foreign = 60_000 / (sum(foreign_ms) / len(foreign_ms))
    loaded = 60_000 / loaded_ms
    return foreign, loaded, (foreign + loaded) / 2


def trimmed_mean_ms(times_ms: list[float], kept: float = 0.95) -> float:
    """The mean without the slowest, one-sided (the same draft, §4.4): one lost probe must not be the figure.

    Raises:
        ValueError: When there is no time.
    """
    if not times_ms:
        raise ValueError("times_ms is empty, expected at least one")
    held = sorted(times_ms)[: max(1, math.floor(len(times_ms) * kept))]
    return sum(held) / len(held)


def added_latency_grade(added_ms: float) -> str:
    """A+ to F for the mean round trip that load adds (DSLReports' bufferbloat scale: 5, 30, 60, 200, 400 ms)."""
    return next((grade for limit_ms, grade in _ADDED_MS if added_ms < limit_ms), "F")
