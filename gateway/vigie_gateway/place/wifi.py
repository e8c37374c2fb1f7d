"""What the Wi-Fi of a room is good for: Quality of Outcome, and what else can spoil it.

Pure. Called by the board, once a room and view. The rules, their numbers and sources are told in docs/wifi-fit.md.

Quality of Outcome (draft-ietf-ippm-qoo): each application has a network requirement for perfection (NRP) and a point
of unacceptability (NRPoU), for percentiles of latency and for loss. Between the two the score falls in a straight line
from 100 to 0, and the worst of all counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from vigie_dashboard.view import WifiFit


@dataclass(frozen=True, slots=True)
class Requirement:
    """What one application asks of the network.

    Attributes:
        latency_ms: By percentile of the round-trip time, ``(perfect, unacceptable)``.
        loss: The same, as shares of packets.
    """

    latency_ms: Mapping[float, tuple[float, float]]
    loss: tuple[float, float]


VIDEO_CALL = Requirement({50: (85.0, 750.0), 95: (99.0, 975.0)}, (0.01, 0.10))
"""The draft's own example for video conferencing (p0 70 and p99 100 ms are perfect, 500 and 1000 ms unacceptable), read
between those percentiles at the two that are measured; loss by the planning figures of Microsoft Teams (1 % over 15 s
is well, bursts of 10 % are not). Stricter would call every home line unfit; laxer lets people talk over each other."""
WEB = Requirement({50: (200.0, 1500.0), 95: (500.0, 3000.0)}, (0.03, 0.20))
"""Reading pages and mail: a page takes some ten round trips one after the other, so that 200 ms make two seconds, the
usual limit of an undisturbed train of thought, and 1.5 s make fifteen, when people give up. Our own figures."""

FIT_SCORE = 80.0
"""From this score on an application is fit: for a video call p95 up to 274 ms, loss up to 2.8 %. Lower promises calls
that stutter; higher refuses them on any line with a busy hour."""
WEB_SCORE = 50.0
"""The same for pages and mail, which suffer less: p95 up to 1.75 s, loss up to 11.5 %."""

BUSY_UTILISATION = 0.70
"""Share of busy air beyond which a call breaks up (planning guides: under 0.5 good, 0.5 to 0.7 watch)."""
JAMMED_UTILISATION = 0.90
"""Beyond this even pages wait for air: less than a tenth is left for all."""
WEAK_RSSI_DBM = -75.0
"""Below, calls break up (-67 is the usual voice limit, -75 is weak)."""
LOST_RSSI_DBM = -82.0
"""Below, the slowest rate is all that a receiver must still hear (MCS 0 at 20 MHz, IEEE 802.11)."""
CROWDED_FACTOR = 1.25
"""So many times an access point's client limit, and pages wait too."""
VIDEO_BPS = 4e6
"""Each way for a video call (the draft's example, and 720p group calls of the common services)."""
WEB_BPS = 1e6
"""Down for pages and mail (planning guides: 0.5 to 1 Mb/s a person)."""
SLOW_DNS_MS = 1000.0
"""A name that takes longer to find makes every page wait."""

_RANK = {WifiFit.DOWN: 0, WifiFit.SLOW: 1, WifiFit.WEB: 2, WifiFit.VIDEO: 3}


def quality_of_outcome(requirement: Requirement, latency_ms: Mapping[float, float], loss: float | None) -> float | None:
    """The score, 0 (unacceptable) to 100 (perfect).

    Args:
        requirement: Of the application.
        latency_ms: By percentile, as far as it was measured.
        loss: Share of packets lost; None when unknown.

    Returns:
        The worst of what was measured; None when no percentile that the requirement names was.
    """
    scores = [
        _share(latency_ms[percentile], *bounds)
        for percentile, bounds in requirement.latency_ms.items()
        if percentile in latency_ms
    ]
    if not scores:
        return None
    if loss is not None:
        scores.append(_share(loss, *requirement.loss))
    return 100 * min(scores)


def _share(measured: float, perfect: float, unacceptable: float) -> float:
    return min(1.0, max(0.0, 1 - (measured - perfect) / (unacceptable - perfect)))


@dataclass(frozen=True, slots=True)
class Path:
    """Latency and loss to one target: percentiles in ms, loss as a share; None when not measured or no longer."""

    p50_ms: float | None = None
    p95_ms: float | None = None
    loss: float | None = None

    def is_dead(self) -> bool:
        """Every probe was lost."""
        return self.loss is not None and self.loss >= 1

    def score(self, requirement: Requirement) -> float | None:
        """Quality of Outcome on this path; None when it was not measured."""
        if self.is_dead():
            return 0.0
        measured = {50.0: self.p50_ms, 95.0: self.p95_ms}
        return quality_of_outcome(
            requirement,
            {percentile: value for percentile, value in measured.items() if value is not None},
            self.loss,
        )


UNMEASURED = Path()


@dataclass(frozen=True, slots=True)
class WifiFacts:
    """What is fresh about the Wi-Fi of one room; None is unknown everywhere.

    Attributes:
        local: To the gateway of the network, from the room's probe.
        outside: To a target on the internet.
        is_power_saving: The probe's radio sleeps: its latency says nothing of the network.
        rssi_dbm: Of the probe's link.
        utilisation: Of the busiest of the room's access points.
        load: Stations over client limit, of the fullest access point.
        internet: ``open``, ``portal`` or ``none``.
        dns_ms: Time to an answer.
        is_dns_failing: The resolver does not answer.
        download_bps: Of the uplink, measured today.
        upload_bps: The same.
        missing: Why latency is unknown: ``no-sensor``, ``silent`` or ``starting``.
    """

    local: Path = UNMEASURED
    outside: Path = UNMEASURED
    is_power_saving: bool = False
    rssi_dbm: float | None = None
    utilisation: float | None = None
    load: float | None = None
    internet: str | None = None
    dns_ms: float | None = None
    is_dns_failing: bool = False
    download_bps: float | None = None
    upload_bps: float | None = None
    missing: str = "no-sensor"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer: ``reason`` says why it is unknown or less than video; ``score`` is that of a video call."""

    fit: WifiFit | None
    reason: str | None
    score: float | None


@lru_cache(maxsize=256)  # facts change each minute, the board asks many times a second: half of a view otherwise
def judge(facts: WifiFacts) -> Judgement:
    """What one can do with the Wi-Fi now; see docs/wifi-fit.md for the order of the rules."""
    broken = _what_is_down(facts)
    if broken is not None:
        return Judgement(WifiFit.DOWN, broken, 0.0)
    cap, cap_reason = _cap(facts)
    if facts.is_power_saving:
        return _without_latency(cap, cap_reason, "power-save")
    paths = _paths(facts)
    video = _worst(path.score(VIDEO_CALL) for path in paths)
    web = _worst(path.score(WEB) for path in paths)
    if video is None or web is None:
        return _without_latency(cap, cap_reason, facts.missing)
    fit = WifiFit.VIDEO if video >= FIT_SCORE else WifiFit.WEB if web >= WEB_SCORE else WifiFit.SLOW
    reason = None if fit is WifiFit.VIDEO else _weakness(paths, VIDEO_CALL if fit is WifiFit.WEB else WEB)
    if _RANK[cap] < _RANK[fit]:
        fit, reason = cap, cap_reason
    return Judgement(fit, reason, round(video, 1))


def _paths(facts: WifiFacts) -> tuple[Path, ...]:
    # Every probe lost while the portal check is answered: that target only does not answer probes.
    is_open = facts.internet == "open"
    return tuple(path for path in (facts.local, facts.outside) if not (is_open and path.is_dead()))


def _what_is_down(facts: WifiFacts) -> str | None:
    if facts.internet == "none":
        return "no-internet"
    if facts.internet == "portal":
        return "portal"
    if facts.local.is_dead() and facts.internet != "open":
        return "loss"
    if facts.is_dns_failing:
        return "dns"
    if facts.outside.is_dead() and facts.internet is None:
        return "no-internet"
    return None


def _without_latency(cap: WifiFit, cap_reason: str | None, missing: str) -> Judgement:
    # What is known to be slow is slow, whatever its latency; "web" would promise more than was measured.
    if cap is WifiFit.SLOW:
        return Judgement(cap, cap_reason, None)
    return Judgement(None, missing, None)


def _cap(facts: WifiFacts) -> tuple[WifiFit, str | None]:
    """The best that signal, air, crowd and line still allow, and which of them it is."""
    found: list[tuple[WifiFit, str]] = []
    if facts.rssi_dbm is not None and facts.rssi_dbm < WEAK_RSSI_DBM:
        found.append((WifiFit.SLOW if facts.rssi_dbm < LOST_RSSI_DBM else WifiFit.WEB, "signal"))
    if facts.load is not None and facts.load > 1:
        found.append((WifiFit.SLOW if facts.load > CROWDED_FACTOR else WifiFit.WEB, "too-many-stations"))
    if facts.utilisation is not None and facts.utilisation > BUSY_UTILISATION:
        found.append((WifiFit.SLOW if facts.utilisation > JAMMED_UTILISATION else WifiFit.WEB, "channel-busy"))
    if facts.dns_ms is not None and facts.dns_ms > SLOW_DNS_MS:
        found.append((WifiFit.SLOW, "dns"))
    rates = [rate for rate in (facts.download_bps, facts.upload_bps) if rate is not None]
    if rates and min(rates) < VIDEO_BPS:
        is_slow = facts.download_bps is not None and facts.download_bps < WEB_BPS
        found.append((WifiFit.SLOW if is_slow else WifiFit.WEB, "throughput"))
    return min(found, key=lambda one: _RANK[one[0]], default=(WifiFit.VIDEO, None))


def _worst(scores: Iterable[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return min(known) if known else None


def _weakness(paths: tuple[Path, ...], requirement: Requirement) -> str:
    """Whether it is latency or loss that pulls the score down."""
    by_latency = _worst(Path(path.p50_ms, path.p95_ms).score(requirement) for path in paths)
    by_both = _worst(path.score(requirement) for path in paths)
    return "loss" if by_both is not None and (by_latency is None or by_both < by_latency) else "latency"
