"""Which stretch of time a history page shows: from the fields of its form to epoch seconds, and on to the next one.

Called by ``api.history`` for each request. Pure: the place's zone and the time now are given.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from vigie_dashboard.history_view import PeriodView
from vigie_gateway.place.hours import local_date, local_ts

SPANS = ("day", "week", "month", "year")
"""What the page's buttons offer: without a day the last 24 hours, 7, 31 or 365 days, else that of the calendar."""
RECENT_DAYS = {"day": 1, "week": 7, "month": 31, "year": 365}
FIELDS = ("from", "from_time", "to", "to_time")
"""A period of one's own, as the form sends it: dates and times of the place's own clock."""
STEPS_S = (
    (1_800, 10), (3 * 3_600, 60), (12 * 3_600, 300), (36 * 3_600, 900), (8 * 86_400, 1_800), (62 * 86_400, 10_800),
    (800 * 86_400, 86_400),
)  # fmt: skip
"""(a period of at most so many seconds, its step): up to 800 points. More weigh more than a phone shows, and make holes
of what a node measured each quarter of an hour; fewer hide a short outage. From a minute on each is a whole number of
one of the store's roll-ups."""
LONGEST_STEP_S = 7 * 86_400
SHORTEST_S = 60
"""Lower leaves nothing to draw: most channels are read each 10 s."""
EARLIEST = date(1971, 1, 1)
LATEST = date(9998, 12, 31)
"""Beyond these, neighbouring periods could not be counted in epoch seconds, nor as dates."""


class PeriodError(ValueError):
    """What was typed is no period.

    Attributes:
        field: One of FIELDS, ``span`` or ``day``.
        reason: ``date``, ``time``, ``missing``, ``order`` (not before its end), ``short``, ``future`` or ``unknown``.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class Period(NamedTuple):
    """From ``from_ts`` to ``to_ts``, which is never after now.

    Attributes:
        from_ts: Epoch seconds.
        to_ts: After ``from_ts``.
        span: One of SPANS; None for one's own.
        first: The first day of a period of the calendar; None for one that ends now, or one's own.
    """

    from_ts: float
    to_ts: float
    span: str | None
    first: date | None

    @property
    def step_s(self) -> int:
        """Seconds of one point."""
        length_s = self.to_ts - self.from_ts
        return next((step_s for most_s, step_s in STEPS_S if length_s <= most_s), LONGEST_STEP_S)

    def grid(self, least_step_s: int = 0) -> tuple[float, float, int]:
        """First and last moment on whole steps of at least so many seconds, and how many points lie between."""
        step_s = max(self.step_s, least_step_s)
        first, last = int(self.from_ts // step_s), int(-(-self.to_ts // step_s))
        return float(first * step_s), float(last * step_s), last - first


def read_period(asked: Mapping[str, str], zone: ZoneInfo, now_ts: float) -> Period:
    """The period that a request asks for; the last 24 hours when it asks for none.

    Args:
        asked: Parameters of the request: FIELDS, or ``span`` and perhaps ``day``; others are left alone.
        zone: Of the place.
        now_ts: Nothing is shown after it.

    Raises:
        PeriodError: It cannot be understood, or is not yet.
    """
    if any(asked.get(field) for field in FIELDS):
        return _own(asked, zone, now_ts)
    span = asked.get("span") or "day"
    if span not in SPANS:
        raise PeriodError("span", "unknown")
    if not asked.get("day"):
        return Period(now_ts - RECENT_DAYS[span] * 86_400, now_ts, span, None)
    first = _first_day(span, _date("day", asked["day"]))
    from_ts = local_ts(zone, first, 0)
    if from_ts >= now_ts:
        raise PeriodError("day", "future")
    return Period(from_ts, min(now_ts, local_ts(zone, _day_after(span, first), 0)), span, first)


def span_between(from_ts: float, to_ts: float, now_ts: float) -> Period:
    """A part of a chart that somebody looks at closer.

    Raises:
        PeriodError: It is shorter than a minute, in the future or not a time.
    """
    # Written so that a value that is not a number is refused too.
    if not 0 <= from_ts < now_ts:
        raise PeriodError("from", "future" if from_ts >= now_ts else "date")
    if not to_ts - from_ts >= SHORTEST_S:
        raise PeriodError("to", "short")
    return Period(from_ts, min(to_ts, now_ts), None, None)


def period_view(period: Period, asked: Mapping[str, str], zone: ZoneInfo, now_ts: float) -> PeriodView:
    """The period as the page's buttons and form show it."""
    from_at, to_at = (datetime.fromtimestamp(at_ts, UTC).astimezone(zone) for at_ts in (period.from_ts, period.to_ts))
    now_day = local_date(zone, now_ts)
    # The day that a change of span stays at: the last one shown, unless that is today.
    last_day = local_date(zone, period.to_ts - 1)
    keep = {} if period.first is None and period.span else {"day": last_day.isoformat()}
    return PeriodView(
        span=period.span,
        query=_query(period, asked),
        previous=_neighbour(period, zone, now_ts, -1),
        next=_neighbour(period, zone, now_ts, 1),
        spans={span: {"span": span} | (keep if last_day < now_day else {}) for span in SPANS},
        typed={field: asked[field] for field in FIELDS if field in asked}
        if period.span is None
        else {
            "from": from_at.date().isoformat(),
            "from_time": f"{from_at:%H:%M}",
            "to": to_at.date().isoformat(),
            "to_time": f"{to_at:%H:%M}",
        },
        problem=None,
    )


def _query(period: Period, asked: Mapping[str, str]) -> dict[str, str]:
    if period.span is None:
        return {field: asked[field] for field in FIELDS if field in asked}
    return {"span": period.span} | ({} if period.first is None else {"day": period.first.isoformat()})


def _neighbour(period: Period, zone: ZoneInfo, now_ts: float, way: int) -> dict[str, str] | None:
    """Parameters of the period before or after; None when that is not yet."""
    if period.span is None:
        length_s = period.to_ts - period.from_ts
        from_ts = period.from_ts + way * length_s
        if from_ts >= now_ts or from_ts < local_ts(zone, EARLIEST, 0):
            return None
        return _fields(from_ts, min(from_ts + length_s, now_ts), zone)
    if period.first is None:
        if way > 0:
            return None
        first = _first_day(period.span, local_date(zone, period.from_ts))
    else:
        first = _day_after(period.span, period.first) if way > 0 else _day_before(period.span, period.first)
    if first < EARLIEST or local_ts(zone, first, 0) >= now_ts:
        return None
    return {"span": period.span, "day": first.isoformat()}


def _fields(from_ts: float, to_ts: float, zone: ZoneInfo) -> dict[str, str]:
    from_at, to_at = (datetime.fromtimestamp(at_ts, UTC).astimezone(zone) for at_ts in (from_ts, to_ts))
    texts = (f"{from_at:%Y-%m-%d}", f"{from_at:%H:%M}", f"{to_at:%Y-%m-%d}", f"{to_at:%H:%M}")
    return dict(zip(FIELDS, texts, strict=True))


def _own(asked: Mapping[str, str], zone: ZoneInfo, now_ts: float) -> Period:
    days = {field: _date(field, asked.get(field, "")) for field in ("from", "to")}
    from_min = _minutes("from_time", asked.get("from_time", ""), 0)
    to_min = _minutes("to_time", asked.get("to_time", ""), 24 * 60)
    from_ts, to_ts = local_ts(zone, days["from"], from_min), local_ts(zone, days["to"], to_min)
    if from_ts >= to_ts:
        raise PeriodError("to", "order")
    if from_ts >= now_ts:
        raise PeriodError("from", "future")
    to_ts = min(to_ts, now_ts)
    if to_ts - from_ts < SHORTEST_S:
        raise PeriodError("to", "short")
    return Period(from_ts, to_ts, None, None)


def _date(field: str, text: str) -> date:
    if not text.strip():
        raise PeriodError(field, "missing")
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise PeriodError(field, "date") from error
    if not EARLIEST <= day <= LATEST:
        raise PeriodError(field, "date")
    return day


def _minutes(field: str, text: str, default: int) -> int:
    """Of a day; an empty time is its beginning, or its end."""
    if not text.strip():
        return default
    try:
        at = time.fromisoformat(text.strip())
    except ValueError as error:
        raise PeriodError(field, "time") from error
    if at.tzinfo is not None:
        raise PeriodError(field, "time")
    return at.hour * 60 + at.minute


def _first_day(span: str, day: date) -> date:
    if span == "week":
        return day - timedelta(days=day.weekday())
    if span == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if span == "year" else day


def _day_after(span: str, first: date) -> date:
    """The first day of the period that follows."""
    if span == "month":
        return (first + timedelta(days=31)).replace(day=1)
    if span == "year":
        return first.replace(year=first.year + 1)
    return first + timedelta(days=RECENT_DAYS[span])


def _day_before(span: str, first: date) -> date:
    """The first day of the period before."""
    return _first_day(span, first - timedelta(days=1))
