"""Which time a history page shows."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.place.period import (
    SPANS,
    STEPS_S,
    Period,
    PeriodError,
    period_view,
    read_period,
    span_between,
)

PARIS = ZoneInfo("Europe/Paris")
NOW_TS = datetime(2026, 11, 24, 14, 32, tzinfo=PARIS).timestamp()


def read(**asked: str) -> Period:
    return read_period({key.rstrip("_"): value for key, value in asked.items()}, PARIS, NOW_TS)


def at(*moment: int) -> float:
    return datetime(*moment, tzinfo=PARIS).timestamp()  # type: ignore[arg-type,misc]  # year, month, day, hour, minute


def test_without_a_wish_the_last_24_hours_are_shown() -> None:
    assert read() == (NOW_TS - 86_400, NOW_TS, "day", None)


def test_a_period_of_the_calendar_begins_at_the_places_midnight_and_ends_by_now() -> None:
    assert read(span="day", day="2026-10-25")[:2] == (at(2026, 10, 25), at(2026, 10, 26))
    assert at(2026, 10, 26) - at(2026, 10, 25) == 25 * 3600
    assert read(span="week", day="2026-11-22") == (at(2026, 11, 16), at(2026, 11, 23), "week", date(2026, 11, 16))
    assert read(span="month", day="2026-02-28")[:2] == (at(2026, 2, 1), at(2026, 3, 1))
    assert read(span="year", day="2026-06-01")[:2] == (at(2026, 1, 1), NOW_TS)


def test_a_period_of_ones_own_is_on_the_places_clock() -> None:
    assert read(from_="2026-11-20", from_time="08:30", to="2026-11-20", to_time="12:00")[:2] == (
        at(2026, 11, 20, 8, 30),
        at(2026, 11, 20, 12, 0),
    )
    assert read(from_="2026-11-20", to="2026-11-20")[:2] == (at(2026, 11, 20), at(2026, 11, 21))
    assert read(from_="2026-11-24", to="2026-11-30").to_ts == NOW_TS


@pytest.mark.parametrize(
    ("asked", "field", "reason"),
    [
        ({"from": "24/11/2026", "to": "2026-11-24"}, "from", "date"),
        ({"from": "2026-11-24"}, "to", "missing"),
        ({"from": "2026-11-24", "from_time": "8h", "to": "2026-11-24"}, "from_time", "time"),
        ({"from": "2026-11-24", "from_time": "08:00+01:00", "to": "2026-11-24"}, "from_time", "time"),
        ({"from": "2026-11-24", "to": "2026-11-23"}, "to", "order"),
        ({"from": "2026-11-25", "to": "2026-11-26"}, "from", "future"),
        ({"from": "2026-11-24", "from_time": "14:31:50", "to": "2026-11-24", "to_time": "14:31:59"}, "to", "order"),
        ({"from": "0001-01-01", "to": "2026-11-24"}, "from", "date"),
        ({"to": "9999-12-31", "from": "2026-11-24"}, "to", "date"),
        ({"span": "century"}, "span", "unknown"),
        ({"span": "day", "day": "2026-11-25"}, "day", "future"),
        ({"span": "day", "day": "yesterday"}, "day", "date"),
    ],
)
def test_what_is_no_period_says_which_field_and_why(asked: dict[str, str], field: str, reason: str) -> None:
    with pytest.raises(PeriodError) as found:
        read_period(asked, PARIS, NOW_TS)
    assert (found.value.field, found.value.reason) == (field, reason)


texts = st.one_of(st.text(max_size=12), st.dates().map(str), st.times().map(str), st.sampled_from(["", *SPANS]))


@given(st.dictionaries(st.sampled_from(["from", "from_time", "to", "to_time", "span", "day"]), texts))
def test_whatever_is_asked_gives_a_period_up_to_now_or_the_one_error(asked: dict[str, str]) -> None:
    try:
        period = read_period(asked, PARIS, NOW_TS)
    except PeriodError:
        return
    assert period.from_ts < period.to_ts <= NOW_TS
    from_ts, to_ts, points = period.grid()
    assert from_ts <= period.from_ts
    assert to_ts >= period.to_ts
    assert points * period.step_s == to_ts - from_ts
    shown = period_view(period, asked, PARIS, NOW_TS)
    assert read_period(shown.query, PARIS, NOW_TS) == period
    for neighbour in (shown.previous, shown.next):
        if neighbour is not None:
            assert read_period(neighbour, PARIS, NOW_TS).to_ts <= NOW_TS


@given(st.floats(), st.floats())
def test_a_part_of_a_chart_is_a_period_up_to_now_or_the_one_error(from_ts: float, to_ts: float) -> None:
    try:
        period = span_between(from_ts, to_ts, NOW_TS)
    except PeriodError:
        return
    assert period.grid()[2] >= 1


def test_previous_and_next_are_those_of_the_calendar() -> None:
    shown = period_view(read(span="month", day="2026-03-15"), {}, PARIS, NOW_TS)
    assert shown.previous == {"span": "month", "day": "2026-02-01"}
    assert shown.next == {"span": "month", "day": "2026-04-01"}
    recent = period_view(read(), {}, PARIS, NOW_TS)
    assert recent.previous == {"span": "day", "day": "2026-11-23"}
    assert recent.next is None


def test_a_change_of_span_stays_at_the_day_that_is_shown() -> None:
    shown = period_view(read(span="day", day="2026-10-25"), {}, PARIS, NOW_TS)
    assert shown.spans["week"] == {"span": "week", "day": "2026-10-25"}
    assert period_view(read(), {}, PARIS, NOW_TS).spans["week"] == {"span": "week"}


def test_a_period_of_ones_own_moves_by_its_length() -> None:
    asked = {"from": "2026-11-20", "from_time": "08:00", "to": "2026-11-20", "to_time": "12:00"}
    shown = period_view(read_period(asked, PARIS, NOW_TS), asked, PARIS, NOW_TS)
    assert shown.next == {"from": "2026-11-20", "from_time": "12:00", "to": "2026-11-20", "to_time": "16:00"}
    assert shown.typed == asked


def test_no_period_has_more_points_than_a_page_bears() -> None:
    for most_s, step_s in STEPS_S:
        assert 60 <= most_s / step_s <= 800
