"""When a recipient may be told: not in their quiet hours, unless it is an outage that those let through. Pure.

Asked by ``plan`` for each notice that it makes. Hours are those of the wall clock of the place, so that a night in
which it changes is an hour shorter or longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from vigie_dashboard.notices import Severity
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.place.hours import WEEKDAYS, Hours, current_opening, next_opening

MOST_TURNS = 30
"""Quiet hours that follow one another without a break until they count as over: a fortnight of closed days, each with
its night. Lower tells somebody on holiday; higher only costs the time to look."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The clock on the wall, and the opening hours; a place without any (None) never counts as closed."""

    zone: ZoneInfo
    hours: Hours | None

    def told_from(self, recipient: Recipient, severity: Severity, at_ts: float) -> float:
        """The first time from ``at_ts`` on at which they may be told of something so bad."""
        if severity is Severity.OUTAGE and recipient.lets_outages:
            return at_ts
        nights = Hours((recipient.quiet,) * len(WEEKDAYS))
        for _ in range(MOST_TURNS):
            end_ts = self._end_of_night(nights, at_ts) or self._end_of_closing(recipient, at_ts)
            if end_ts is None:
                break
            at_ts = end_ts
        return at_ts

    def _end_of_night(self, nights: Hours, at_ts: float) -> float | None:
        night = current_opening(nights, self.zone, at_ts)
        return None if night is None else night.closes_ts

    def _end_of_closing(self, recipient: Recipient, at_ts: float) -> float | None:
        """The next opening of a place that is closed; None when it is open, or nobody knows when it opens."""
        if not recipient.is_quiet_when_closed or self.hours is None:
            return None
        if current_opening(self.hours, self.zone, at_ts) is not None:
            return None
        following = next_opening(self.hours, self.zone, at_ts)
        return None if following is None else following.opens_ts
