"""What takes place at the time asked for, and whether the room is open: from the calendars and the hours.

Pure. Made by ``supplies`` for one question, from what the calendars' thread last told the board.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vigie_dashboard.notices import SessionView
from vigie_gateway.capacity.forecast import HOUR_S, Sample
from vigie_gateway.place.hours import Hours, current_opening
from vigie_gateway.place.sessions import Agenda
from vigie_gateway.place.site import Site


class Asked(NamedTuple):
    """The time asked for, and when it was asked."""

    starts_ts: float
    ends_ts: float
    now_ts: float


@dataclass(frozen=True, slots=True)
class Diary:
    """The sessions as the calendars tell them.

    Attributes:
        site: The place.
        agenda: Of the board.
        own: The session that the question is about, where it stands in a calendar already: it is in nobody's way.
    """

    site: Site
    agenda: Agenda
    own: SessionView | None = None

    def unknown(self, until_ts: float) -> str | None:
        """Why it is not known what takes place up to a time; None when it is, or the place has no calendar."""
        if not self.site.calendars:
            return None
        if self.agenda.until_ts is None:
            return "calendar-starting"
        if self.agenda.stale:
            return "calendar-failed"
        return "calendar-ends" if until_ts > self.agenda.until_ts else None

    def at(self, starts_ts: float, ends_ts: float) -> tuple[SessionView, ...]:
        """Those that overlap a time, but for the one that was asked about."""
        return tuple(
            one
            for one in self.agenda.sessions
            if one.begins_ts < ends_ts and one.ends_ts > starts_ts and one != self.own
        )

    def is_booked(self, room: str, starts_ts: float, ends_ts: float) -> bool:
        """Whether another session has the room then."""
        return any(one.room == room for one in self.at(starts_ts, ends_ts))

    def without_sessions(self, samples: list[Sample], rooms: Collection[str]) -> list[Sample]:
        """Samples of the hours in which no session was in any of those rooms.

        A session to come is added by what it asks; were those of the past in the history too, a weekly one would be
        told each week that its place is taken, by itself. Where sessions leave no hour at all, all are taken.
        """
        past = [(one.begins_ts, one.ends_ts) for one in self.agenda.sessions if one.room in rooms]
        if not past or not samples:
            return samples
        taken = _hours_of(past, samples[0].at_ts)
        kept = [sample for sample in samples if sample.at_ts // HOUR_S not in taken]
        return kept or samples


def _hours_of(spans: Sequence[tuple[float, float]], from_ts: float) -> set[float]:
    """The whole hours, by their number since 1970, that the spans touch."""
    found: set[float] = set()
    for begins_ts, ends_ts in spans:
        hour = max(begins_ts, from_ts) // HOUR_S
        while hour * HOUR_S < ends_ts:
            found.add(hour)
            hour += 1
    return found


def is_open(site: Site, room: str, starts_ts: float, ends_ts: float) -> bool:
    """Whether a room, or the place where the room has no hours of its own, is open throughout; without hours always."""
    own = next((one.hours for one in site.rooms if one.id == room), None)
    hours: Hours | None = site.opening_hours() if own is None else own.to_hours()
    if hours is None:
        return True
    zone, at_ts = site.zone(), starts_ts
    while at_ts < ends_ts:
        opening = current_opening(hours, zone, at_ts)
        if opening is None:
            return False
        at_ts = opening.closes_ts  # one that closes at midnight may go on with the next
    return True
