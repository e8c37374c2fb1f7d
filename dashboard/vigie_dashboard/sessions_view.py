"""What the list of sessions shows, as plain values; the ``api.sessions`` of the gateway fills it. None is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigie_dashboard.check_view import CheckForm, HitRate
from vigie_dashboard.notices import SessionView, StaleCalendar

Names = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session that is over: what was said before it, beside what came.

    Attributes:
        session: With ``check`` as it was last before it began.
        people: Most that were counted in its room; None when unknown.
        broke: The resources that gave in, words of ``capacity.supply.Resource``; None where that is not known.
        came_true: Whether the forecast held; None where it promised neither, or nobody can tell.
    """

    session: SessionView
    people: int | None
    broke: tuple[str, ...] | None
    came_true: bool | None


@dataclass(frozen=True, slots=True)
class SessionsView:
    """The page.

    Attributes:
        site_name: By language.
        timezone: IANA name.
        now_ts: The gateway's time.
        rooms: Name by language, by id.
        coming: By begin, those under way first.
        past: The latest first.
        hit_rate: Of the forecasts for sessions that are over; None where there was none.
        stale_calendars: Those whose last read failed.
        form: What may be asked for, for the site's own names of activities.
        has_calendars: Whether the place has any.
        is_time_known: False while the gateway's clock is not known to be right.
    """

    site_name: Names
    timezone: str
    now_ts: float
    rooms: Mapping[str, Names]
    coming: tuple[SessionView, ...]
    past: tuple[PastSession, ...]
    hit_rate: HitRate | None
    stale_calendars: tuple[StaleCalendar, ...]
    form: CheckForm
    has_calendars: bool
    is_time_known: bool = True
