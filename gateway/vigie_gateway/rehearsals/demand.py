"""What a session would ask of the line, for a rehearsal of it. Pure: called by the pages and the API."""

from __future__ import annotations

from typing import NamedTuple

from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.needs import groups_of, needed_bps
from vigie_gateway.capacity.question import Question


class Demand(NamedTuple):
    """Both ways, in bit/s."""

    download_bps: float
    upload_bps: float


def demand_of(question: Question, activities: Activities) -> Demand:
    """Of the session alone: what others take is on the line when it is tried, or is not."""
    groups = groups_of(question, activities)
    return Demand(needed_bps(groups, is_up=False), needed_bps(groups, is_up=True))
