"""Opening hours, over days of 23, 24 and 25 hours."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from vigie_gateway.place.hours import (
    Hours,
    OpeningWatch,
    Span,
    current_opening,
    day_bounds,
    last_reset,
    next_opening,
    next_reset,
    openings_of,
    parse_span,
    resets_between,
)

PARIS = ZoneInfo("Europe/Paris")
EVERY_DAY = Hours(((Span(480, 1200),),) * 7)
SPRING = date(2026, 3, 29)
AUTUMN = date(2026, 10, 25)


def _ts(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("08:00-20:00", (480, 1200)),
        ("00:00-24:00", (0, 1440)),
        ("20:00-02:00", (1200, 1560)),
        ("09:30-09:30", (570, 2010)),
    ],
)
def test_a_span_that_ends_before_it_begins_goes_over_midnight(text: str, span: tuple[int, int]) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "8-20", "08:00", "25:00-26:00", "08:60-09:00", "24:30-25:00", "08:00 - 20:00"])
def test_what_is_no_span_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="a span of hours"):
        parse_span(text)


@pytest.mark.parametrize(("day", "length_h"), [(SPRING, 23), (date(2026, 6, 1), 24), (AUTUMN, 25)])
def test_a_day_without_hours_is_as_long_as_the_calendar_makes_it(day: date, length_h: int) -> None:
    bounds = day_bounds(None, PARIS, day)
    assert bounds.closes_ts - bounds.opens_ts == length_h * 3600


@pytest.mark.parametrize("day", [SPRING, AUTUMN])
def test_opening_hours_keep_the_wall_clock_when_it_changes(day: date) -> None:
    opening = openings_of(EVERY_DAY, PARIS, day)[0]
    assert opening == (_ts(f"{day}T08:00"), _ts(f"{day}T20:00"))
    assert opening.closes_ts - opening.opens_ts == 12 * 3600


def test_a_night_across_the_spring_change_is_an_hour_shorter() -> None:
    night = Hours(((Span(1320, 1740),),) * 7)  # 22:00 to 05:00
    opening = current_opening(night, PARIS, _ts("2026-03-29T04:00"))
    assert opening is not None
    assert opening.closes_ts - opening.opens_ts == 6 * 3600


def test_closed_days_and_exceptions_are_passed_over_for_the_next_opening() -> None:
    weekly = (*((Span(480, 1200),),) * 5, (), ())
    hours = Hours(weekly, {date(2026, 11, 23): ()})
    following = next_opening(hours, PARIS, _ts("2026-11-20T20:00"))  # a Friday evening
    assert following is not None
    assert following.opens_ts == _ts("2026-11-24T08:00")


def test_a_place_that_never_opens_has_no_next_opening() -> None:
    assert next_opening(Hours(((),) * 7), PARIS, _ts("2026-11-20T20:00")) is None


def test_counts_go_back_at_the_last_closing_and_not_over_lunch() -> None:
    hours = Hours(((Span(480, 720), Span(840, 1200)),) * 7)
    assert last_reset(hours, PARIS, _ts("2026-11-24T13:00")) == _ts("2026-11-23T20:00")
    assert next_reset(hours, PARIS, _ts("2026-11-24T13:00")) == _ts("2026-11-24T20:00")
    assert last_reset(hours, PARIS, _ts("2026-11-24T20:00")) == _ts("2026-11-24T20:00")


def test_counts_go_back_at_four_in_the_morning_without_hours() -> None:
    assert last_reset(None, PARIS, _ts("2026-11-24T03:59")) == _ts("2026-11-23T04:00")
    assert last_reset(None, PARIS, _ts("2026-11-24T04:00")) == _ts("2026-11-24T04:00")
    assert resets_between(None, PARIS, _ts("2026-10-24T12:00"), _ts("2026-10-26T12:00")) == [
        _ts("2026-10-25T04:00"),
        _ts("2026-10-26T04:00"),
    ]


def test_the_watch_says_the_same_as_the_calendar_whatever_it_was_asked_before() -> None:
    watch = OpeningWatch(EVERY_DAY, PARIS)
    for text, is_open in (("07:59", False), ("08:00", True), ("19:59", True), ("20:00", False), ("12:00", True)):
        at_ts = _ts(f"2026-11-24T{text}")
        status = watch.at(at_ts)
        assert status.is_open is is_open
        if is_open:
            assert status.closes_ts == _ts("2026-11-24T20:00")
        else:
            assert status.opens_ts is not None
            assert status.opens_ts > at_ts
