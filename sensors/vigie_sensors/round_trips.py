"""What many round-trip times say together: median, 95th percentile, loss, jitter. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """The figures of one interval.

    Attributes:
        sent: Probes that left this machine.
        p50_ms: Median of the answered ones; None when none was.
        p95_ms: 95th percentile of the answered ones; None when none was.
        jitter_ms: Mean absolute difference of the answers of successive probes; None when no two in a row answered.
        loss: Share of the probes not answered, 0 to 1; None when none was sent.
    """

    sent: int
    p50_ms: float | None
    p95_ms: float | None
    jitter_ms: float | None
    loss: float | None


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least this share of the values do not exceed (nearest rank).

    Nearest rank returns a time that was really measured; interpolating between two would invent one, and hides the
    spikes that a call suffers from.

    Args:
        values: At least one, in any order.
        share: Above 0, at most 1.
    """
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def summarise(round_trips_ms: Sequence[float | None]) -> RoundTrips:
    """The figures of probes in the order they were sent, None for each that was not answered.

    Jitter is the mean of |difference| between neighbours (the idea of RFC 3550 §6.4.1 without its smoothing, since an
    interval stands for itself); a lost probe breaks the chain.
    """
    answered = [time_ms for time_ms in round_trips_ms if time_ms is not None]
    steps = [abs(b - a) for a, b in pairwise(round_trips_ms) if a is not None and b is not None]
    sent = len(round_trips_ms)
    return RoundTrips(
        sent=sent,
        p50_ms=percentile(answered, 0.5) if answered else None,
        p95_ms=percentile(answered, 0.95) if answered else None,
        jitter_ms=sum(steps) / len(steps) if steps else None,
        loss=(sent - len(answered)) / sent if sent else None,
    )
