"""One resource at a time: need against capacity, and what that comes to. The rules of the verdict stand here.

Pure. Called by ``check`` and, for numbers of people it looks for, many times a question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.airtime.load import MOST_BACKLOGGED, airtime_supply, contention_share
from vigie_gateway.capacity.needs import (
    Group,
    Need,
    backlogged,
    groups_of,
    needed_addresses,
    needed_airtime,
    needed_bps,
    needed_devices,
    needed_outlets,
    needed_power_w,
    others_of,
    widening,
)
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import NETWORK, Basis, Capacity, Latency, Missing, Rehearsal, Resource, Supply

LEAST_MARGIN = 0.10
"""Of what is dependable, that has to be left for a go. Lower promises a room where the last laptop trips the breaker;
higher calls every full room tight."""
LEAST_DAYS = 3
"""Comparable days for a go: fewer cannot tell a usual Tuesday from a lucky one."""
_ROUNDING = 1e-9


class Verdict(StrEnum):
    """The answer, or the answer of one resource."""

    GO = "go"
    TIGHT = "tight"
    NO_GO = "no-go"
    NOT_CHECKED = "not-checked"
    """Of a resource only: nothing is known of it."""


SEVERITY = {Verdict.GO: 0, Verdict.NOT_CHECKED: 1, Verdict.TIGHT: 2, Verdict.NO_GO: 3}
"""Worst last. A resource that was not checked weighs less than one that is known to be tight."""


class Caution(StrEnum):
    """Why a resource with margin is tight all the same."""

    FEW_DAYS = "few-days"
    ESTIMATED = "estimated"
    OTHERS_UNKNOWN = "others-unknown"
    """Another session takes from it, and how much is not known; or the calendar cannot be read."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One resource.

    Attributes:
        resource: Which.
        need: What the session asks, and others at the same time.
        capacity: What there is; None where it is not known.
        missing: Why not.
        ratio: Need over capacity: the least need over the highest capacity, probable over usual, most over dependable.
            None where capacity is not known.
        verdict: Of this resource alone.
        cautions: What made it tight besides its figures.
    """

    resource: Resource
    need: Need | None
    capacity: Capacity | None
    missing: str | None
    ratio: Need | None
    verdict: Verdict
    cautions: tuple[Caution, ...] = ()

    @property
    def margin(self) -> float | None:
        """Share of what is dependable that is left; negative when it is too little."""
        return None if self.ratio is None else 1 - self.ratio.high


def gauges(question: Question, supply: Supply, activities: Activities) -> tuple[Gauge, ...]:
    """Every resource, tightest first."""
    found = tuple(_all_gauges(question, supply, activities))
    return tuple(sorted(found, key=lambda one: (-SEVERITY[one.verdict], -(one.ratio.mid if one.ratio else 0.0))))


def worst(found: Iterable[Gauge]) -> Verdict:
    """The verdict of all: the worst of them; not better than tight while radio or uplink were not checked."""
    answer = Verdict.GO
    checked = 0
    for gauge in found:
        verdict = gauge.verdict
        checked += verdict is not Verdict.NOT_CHECKED
        if verdict is Verdict.NOT_CHECKED:
            verdict = Verdict.TIGHT if gauge.resource in NETWORK else Verdict.GO
        if SEVERITY[verdict] > SEVERITY[answer]:
            answer = verdict
    return answer if checked else Verdict.TIGHT


def _all_gauges(question: Question, supply: Supply, activities: Activities) -> Iterator[Gauge]:
    own = groups_of(question, activities)

    def with_others(resource: Resource) -> tuple[Group, ...]:
        return own + others_of(supply.others, resource, activities)

    def judge(resource: Resource, need: float | Need | None, capacity: Capacity | Missing) -> Gauge:
        return _judge(resource, need, capacity, is_sharing_known=_is_sharing_known(supply, resource, activities))

    power_w = needed_power_w(question, activities, others_of(supply.others, Resource.POWER, activities))
    yield judge(Resource.SEATS, float(question.people), supply.seats)
    yield judge(Resource.OUTLETS, needed_outlets(question, activities), _with_extra(supply.outlets, question))
    yield judge(Resource.POWER, power_w, supply.power_w)
    yield judge(Resource.DEVICES, needed_devices(with_others(Resource.DEVICES)), supply.devices)
    yield judge(Resource.ADDRESSES, needed_addresses(with_others(Resource.ADDRESSES)), supply.addresses)
    for resource, is_up in ((Resource.DOWNLOAD, False), (Resource.UPLOAD, True)):
        measured = supply.upload_bps if is_up else supply.download_bps
        capacity = _rehearsed(measured, supply.rehearsal, is_up=is_up)
        yield judge(resource, needed_bps(with_others(resource), is_up=is_up), capacity)
    yield judge(Resource.AIRTIME, *_air(question, supply, with_others(Resource.AIRTIME)))
    yield judge(Resource.LATENCY, *_latency(own, supply))


def _judge(
    resource: Resource, need: float | Need | None, capacity: Capacity | Missing, *, is_sharing_known: bool
) -> Gauge:
    needed = Need(need, need, need) if isinstance(need, float) else need
    if isinstance(capacity, Missing) or needed is None:
        reason = capacity.reason if isinstance(capacity, Missing) else "no-sensor"
        return Gauge(resource, needed, None, reason, None, Verdict.NOT_CHECKED)
    ratio = Need(
        _ratio(needed.low, capacity.highest),
        _ratio(needed.mid, capacity.usual),
        _ratio(needed.high, capacity.dependable),
    )
    cautions = tuple(_cautions(capacity, is_sharing_known=is_sharing_known))
    if ratio.low > 1 + _ROUNDING:
        verdict = Verdict.NO_GO
    elif ratio.high > 1 - LEAST_MARGIN + _ROUNDING or cautions:
        verdict = Verdict.TIGHT
    else:
        verdict = Verdict.GO
    return Gauge(resource, needed, capacity, None, ratio, verdict, cautions)


def _cautions(capacity: Capacity, *, is_sharing_known: bool) -> Iterator[Caution]:
    if capacity.days is not None and capacity.days < LEAST_DAYS:
        yield Caution.FEW_DAYS
    if capacity.basis is Basis.ESTIMATED:
        yield Caution.ESTIMATED
    if not is_sharing_known:
        yield Caution.OTHERS_UNKNOWN


_SHARED = frozenset(Resource) - {Resource.SEATS, Resource.OUTLETS, Resource.LATENCY}
"""What sessions in other rooms take from."""


def _is_sharing_known(supply: Supply, resource: Resource, activities: Activities) -> bool:
    """Whether it is known what others take; a calendar that cannot be read says nothing of anybody."""
    if resource not in _SHARED:
        return True
    is_each_known = all(
        other.people is not None and other.activity in activities.by_id
        for other in supply.others
        if resource in other.shares
    )
    return is_each_known and supply.unknown_calendar is None


def _ratio(need: float, capacity: float) -> float:
    if need <= 0:
        return 0.0
    return need / capacity if capacity > 0 else math.inf


def _with_extra(outlets: Capacity | Missing, question: Question) -> Capacity | Missing:
    extra = question.extra_outlets
    if isinstance(outlets, Missing) or not extra:
        return outlets
    return Capacity(
        outlets.dependable + extra,
        outlets.usual + extra,
        outlets.highest + extra,
        outlets.basis,
        outlets.days,
        outlets.effective,
        outlets.last_ts,
    )


def _rehearsed(measured: Capacity | Missing, rehearsal: Rehearsal | None, *, is_up: bool) -> Capacity | Missing:
    """What a rehearsal held is there. One that stopped at its goal does not say how much more there is."""
    if rehearsal is None:
        return measured
    held_bps = rehearsal.upload_bps if is_up else rehearsal.download_bps
    highest_bps = held_bps
    if not (rehearsal.is_upload_all if is_up else rehearsal.is_download_all):
        highest_bps = max(held_bps, measured.highest) if isinstance(measured, Capacity) else math.inf
    return Capacity(held_bps, held_bps, highest_bps, Basis.REHEARSED, last_ts=rehearsal.at_ts)


def _air(
    question: Question, supply: Supply, groups: tuple[Group, ...]
) -> tuple[Need | float | None, Capacity | Missing]:
    """The radio's time; where it is not measured, what a rehearsal carried over it, less what more stations cost."""
    radio = supply.radio
    if isinstance(radio, Missing):
        return _rehearsed_air(supply, groups, radio)
    need = needed_airtime(groups, radio)
    if need is None:  # no signal, no air
        return Need(1.0, 1.0, 1.0), Capacity(0.0, 0.0, 0.0, days=radio.days, effective=radio.effective)
    stations = backlogged(groups, radio.access_points)
    busy = (radio.worst_busy, radio.usual_busy, radio.quiet_busy)
    dependable, usual, highest = (airtime_supply(share, stations, radio.contention()) for share in busy)
    capacity = Capacity(dependable, usual, highest, Basis.MEASURED, radio.days, radio.effective, radio.last_ts)
    factor = widening(question.people, supply.most_people_seen)
    return Need(need.low, need.mid, need.high * factor), capacity


def _rehearsed_air(
    supply: Supply, groups: tuple[Group, ...], missing: Missing
) -> tuple[float | None, Capacity | Missing]:
    rehearsal = supply.rehearsal
    if rehearsal is None:
        return None, missing
    crowd = contention_share(min(MOST_BACKLOGGED, backlogged(groups, 1))) / contention_share(1)
    held_bps = (rehearsal.download_bps + rehearsal.upload_bps) * crowd
    need_bps = needed_bps(groups, is_up=False) + needed_bps(groups, is_up=True)
    # The two ways share the air: one that had more to give shows that the air was not what ended the other.
    highest_bps = held_bps if rehearsal.is_download_all and rehearsal.is_upload_all else math.inf
    return need_bps, Capacity(held_bps, held_bps, highest_bps, Basis.REHEARSED, last_ts=rehearsal.at_ts)


def _latency(groups: tuple[Group, ...], supply: Supply) -> tuple[Need | None, Capacity | Missing]:
    """Points of Quality of Outcome lost, of those that the most demanding activity may lose."""
    rehearsal, latency = supply.rehearsal, supply.latency
    if rehearsal is not None and rehearsal.path is not None:
        latency = Latency(rehearsal.path, rehearsal.path, rehearsal.path, is_loaded=True, last_ts=rehearsal.at_ts)
    if isinstance(latency, Missing):
        return None, latency
    paths = (latency.best, latency.usual, latency.worst)
    strictest = Need(0.0, 0.0, 0.0)
    for activity in (group.activity for group in groups):
        scores = [path.score(activity.requirement) for path in paths]
        lost = sorted((100 - score) / (100 - activity.least_score) for score in scores if score is not None)
        if len(lost) < len(paths):
            return None, Missing("no-history")
        strictest = max(strictest, Need(*lost), key=lambda one: one.high)
    capacity = Capacity(1.0, 1.0, 1.0, Basis.MEASURED, latency.days, latency.effective, latency.last_ts)
    return strictest, capacity
