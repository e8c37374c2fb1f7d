"""What is usual at an hour of the week: the middle of the same hours of the weeks before. Pure.

``api.history`` reads the weeks as it reads the period itself, from roll-ups, and compares them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from zoneinfo import ZoneInfo

from vigie_dashboard.history_view import UsualPoint
from vigie_dashboard.view import HistoryPoint

MOST_WEEKS = 8
"""How far back weeks are looked for. Fewer follow one odd week; more remember another season."""
LEAST_WEEKS = 2
"""One week is an anecdote."""
LONGEST_S = 8 * 86_400
"""The longest period that is compared: each week of a longer one would be compared with its own neighbours."""
LEAST_STEP_S = 60
"""The step of the finest roll-ups, which are kept for longer than MOST_WEEKS. Lower asks for single readings, which are
gone after 35 days; higher hides minutes."""


def weeks_before(at_ts: float, weeks: int, zone: ZoneInfo) -> float:
    """The same time on the place's clock, so many weeks ago: also when the clocks have changed since."""
    at = datetime.fromtimestamp(at_ts, UTC).astimezone(zone)
    return (at - timedelta(weeks=weeks)).timestamp()


def usual_of(weeks: Sequence[Sequence[HistoryPoint]], points: int) -> tuple[UsualPoint | None, ...]:
    """Median and middle half, point by point; None where fewer than LEAST_WEEKS weeks were measured.

    Args:
        weeks: Of each week the points on the same grid, oldest first; one of another length is left out, since its
            points are not those of the period (retention has taken the fine ones).
        points: How many the period has.
    """
    alike = [week for week in weeks if len(week) == points]
    return tuple(_middle([week[index].mean for week in alike]) for index in range(points))


def _middle(means: Sequence[float | None]) -> UsualPoint | None:
    known = [mean for mean in means if mean is not None]
    if len(known) < LEAST_WEEKS:
        return None
    low, median, high = quantiles(known, n=4, method="inclusive")
    return UsualPoint(median, low, high, len(known))
