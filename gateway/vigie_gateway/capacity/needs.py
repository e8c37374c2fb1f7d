"""What a session asks of each resource, from what its people do and bring: at least, probably and at most.

Pure. Called by ``judgement``. Rates, outlets and devices are one number each; of the air it is not known how many
frames travel together, and so it has three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vigie_gateway.capacity.activities import Activities, Activity
from vigie_gateway.capacity.airtime.load import Flow, airtime_demand
from vigie_gateway.capacity.question import Question
from vigie_gateway.capacity.supply import OtherSession, Radio, Resource

FRAMES_DOWN, FRAMES_UP = (16.0, 4.0, 2.0), (6.0, 2.0, 1.0)
"""Frames in a turn, optimistic, probable, pessimistic. No device tells; fewer price a room like one of 2005, more like
an empty one. That is the model's own error bar: about two either way."""
TALKER_BPS = 500e3
"""Of upload at which a person counts as one who waits for the air; below in proportion. Lower makes twenty of ten."""
ADDRESS_CHURN = 0.25
"""Devices that come back under another address within a lease (random addresses). Lower runs out of addresses with
people in the room, higher asks for a pool of twice the crowd."""
MOST_WIDENING = 2.0
"""How far a larger crowd than was ever seen widens what the radio may need: to the model's own error bar."""


class Need(NamedTuple):
    """How much of a resource, in its own unit."""

    low: float
    mid: float
    high: float


@dataclass(frozen=True, slots=True)
class Group:
    """So many people at one activity; a fraction where a share of a crowd is one."""

    people: float
    activity: Activity


def groups_of(question: Question, activities: Activities) -> tuple[Group, ...]:
    """Who does what."""
    activity = activities.by_id[question.activity]
    groups = [Group(question.people * (1 - question.lighter_share), activity)]
    if activity.lighter is not None and question.lighter_share > 0:
        groups.append(Group(question.people * question.lighter_share, activities.by_id[activity.lighter]))
    return tuple(group for group in groups if group.people > 0)


def others_of(others: Sequence[OtherSession], resource: Resource, activities: Activities) -> tuple[Group, ...]:
    """Those of other sessions that take from the same; a session of unknown size or kind is left out, and told of."""
    return tuple(
        Group(other.people, activities.by_id[other.activity])
        for other in others
        if resource in other.shares and other.people is not None and other.activity in activities.by_id
    )


def needed_outlets(question: Question, activities: Activities) -> float:
    """Outlets for people and for what is brought."""
    return _plugged(question, activities) + sum(
        activities.equipment[name].outlets * count for name, count in question.equipment
    )


def needed_power_w(question: Question, activities: Activities, others: Sequence[Group]) -> float:
    """Watts at those outlets, and at those of other sessions on the same circuit."""
    plugged_w = sum(
        _plugged_people(question, group) * group.activity.outlet_power_w for group in groups_of(question, activities)
    ) + sum(group.people * group.activity.outlets_per_person * group.activity.outlet_power_w for group in others)
    return plugged_w + sum(activities.equipment[name].power_w * count for name, count in question.equipment)


def needed_devices(groups: Sequence[Group]) -> float:
    """Devices on the Wi-Fi."""
    return _ceil(sum(group.people * group.activity.devices_per_person for group in groups))


def needed_addresses(groups: Sequence[Group]) -> float:
    """Leases: devices, and those that come back as others."""
    return _ceil(sum(group.people * group.activity.devices_per_person for group in groups) * (1 + ADDRESS_CHURN))


def needed_bps(groups: Sequence[Group], *, is_up: bool) -> float:
    """Bits a second one way, of all that are at it at once."""
    return sum(_rate_bps(group, is_up=is_up) for group in groups)


def backlogged(groups: Sequence[Group], access_points: int) -> int:
    """Stations that wait for the air of one access point: itself, and those who send."""
    talkers = sum(
        group.people * group.activity.active_share * min(1.0, group.activity.upload_bps / TALKER_BPS)
        for group in groups
    )
    return 1 + math.ceil(talkers / access_points)


def needed_airtime(groups: Sequence[Group], radio: Radio) -> Need | None:
    """Share of one access point's air; None where the signal carries nothing."""
    mode = radio.mode()
    if mode is None:
        return None
    shares = []
    for down, up in zip(FRAMES_DOWN, FRAMES_UP, strict=True):
        flows = [
            Flow(_rate_bps(group, is_up=is_up) / radio.access_points, group.activity.packet_octets, frames)
            for group in groups
            for is_up, frames in ((False, down), (True, up))
        ]
        shares.append(airtime_demand(flows, mode, radio.retry_share, radio.contention()))
    return Need(*shares)


def widening(people: int, most_people_seen: int | None) -> float:
    """By how much the pessimistic need of the radio grows past the largest crowd that was ever seen; 1 within it."""
    if not most_people_seen or people <= most_people_seen:
        return 1.0
    return min(MOST_WIDENING, people / most_people_seen)


def _rate_bps(group: Group, *, is_up: bool) -> float:
    activity = group.activity
    each, shared = (
        (activity.upload_bps, activity.shared_upload_bps)
        if is_up
        else (activity.download_bps, activity.shared_download_bps)
    )
    return group.people * activity.active_share * each + shared


def _plugged_people(question: Question, group: Group) -> float:
    share = group.activity.outlets_per_person if question.plugged_share is None else question.plugged_share
    return group.people * share


def _plugged(question: Question, activities: Activities) -> float:
    return _ceil(sum(_plugged_people(question, group) for group in groups_of(question, activities)))


def _ceil(number: float) -> float:
    """Whole things: a third of a laptop needs an outlet. The last digits of a float do not."""
    return float(math.ceil(number - 1e-9))
