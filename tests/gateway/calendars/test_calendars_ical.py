"""A feed becomes the occurrences of some days, in the place's own time."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vigie_gateway.calendars import ical
from vigie_gateway.calendars.events import CalendarEvent, FeedError
from vigie_gateway.calendars.expansion import expand

PARIS = ZoneInfo("Europe/Paris")


def feed(*events: str) -> bytes:
    """A calendar of those events, each the lines of one."""
    parts = [f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT" for number, event in enumerate(events)]
    lines = "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test", *parts, "END:VCALENDAR", ""])
    return lines.replace("\n", "\r\n").encode()


def ts(text: str) -> float:
    """Epoch seconds of a local time."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).timestamp()


def events_on(day: str, *events: str) -> list[CalendarEvent]:
    """What the feed has on a local day."""
    return ical.events_of(feed(*events), ts(day), ts(day) + 86_400, "Europe/Paris")


WEEKLY = """DTSTART;TZID=Europe/Paris:20261020T140000
DTEND;TZID=Europe/Paris:20261020T160000
RRULE:FREQ=WEEKLY;BYDAY=TU
EXDATE;TZID=Europe/Paris:20261103T140000
SUMMARY:PapyCamp
LOCATION:Grande salle"""


@pytest.mark.parametrize("day", ["2026-10-20", "2026-10-27"])
def test_a_weekly_session_keeps_its_local_time_when_the_clocks_change(day: str) -> None:
    assert events_on(day, WEEKLY) == [
        CalendarEvent("PapyCamp", "Grande salle", ts(f"{day}T14:00"), ts(f"{day}T16:00"), is_all_day=False)
    ]


def test_an_exception_takes_one_occurrence_out() -> None:
    assert events_on("2026-11-03", WEEKLY) == []
    assert len(events_on("2026-11-10", WEEKLY)) == 1


def test_an_occurrence_that_was_moved_is_at_its_new_time() -> None:
    moved = """RECURRENCE-ID;TZID=Europe/Paris:20261110T140000
DTSTART;TZID=Europe/Paris:20261110T170000
DTEND;TZID=Europe/Paris:20261110T180000
SUMMARY:PapyCamp"""
    text = feed(WEEKLY, moved).replace(b"UID:1", b"UID:0")
    (event,) = ical.events_of(text, ts("2026-11-10"), ts("2026-11-11"), "Europe/Paris")
    assert event.begins_ts == ts("2026-11-10T17:00")


def test_a_day_lasts_from_midnight_to_midnight_of_the_place() -> None:
    """The day on which the clocks go back has 25 hours."""
    (event,) = events_on("2026-10-25", "DTSTART;VALUE=DATE:20261025\nSUMMARY:Fête")
    assert event.is_all_day
    assert (event.begins_ts, event.ends_ts - event.begins_ts) == (ts("2026-10-25"), 25 * 3600)


def test_a_time_without_a_timezone_is_the_place_s_own_and_utc_is_utc() -> None:
    floating, universal = events_on(
        "2026-11-24",
        "DTSTART:20261124T080000\nDURATION:PT1H\nSUMMARY:Local",
        "DTSTART:20261124T080000Z\nDURATION:PT1H\nSUMMARY:Universal",
    )
    assert floating.begins_ts == ts("2026-11-24T08:00")
    assert universal.begins_ts == ts("2026-11-24T09:00")


def test_cancelled_events_and_those_without_a_length_are_left_out() -> None:
    times = "DTSTART:20261124T080000\nDTEND:20261124T090000"
    assert events_on("2026-11-24", f"{times}\nSTATUS:CANCELLED", "DTSTART:20261124T080000\nSUMMARY:Note") == []


def test_a_private_event_has_no_name_and_no_event_tells_who_comes() -> None:
    times = "DTSTART:20261124T080000\nDTEND:20261124T090000\nATTENDEE;CN=Zoé:mailto:zoe@example.org"
    (event,) = events_on("2026-11-24", f"{times}\nSUMMARY:Rendez-vous de Zoé\nCLASS:PRIVATE")
    assert event.name is None
    assert "Zoé" not in repr(events_on("2026-11-24", f"{times}\nSUMMARY:Atelier"))


def test_names_are_one_line_of_bounded_length_without_what_turns_text_around() -> None:
    (event,) = events_on(
        "2026-11-24", f"DTSTART:20261124T080000\nDURATION:PT1H\nSUMMARY:a\\nb\u202ec\u0007 {'d' * 200}"
    )
    assert event.name is not None
    assert event.name.startswith("a bc d")
    assert len(event.name) == ical.NAME_CHARACTERS


@pytest.mark.parametrize("text", [b"", b"<html>", b"\xff\xfe", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
def test_what_is_no_calendar_is_said_to_be_none(text: bytes) -> None:
    with pytest.raises(FeedError, match="no calendar"):
        ical.events_of(text, 0, 86_400, "Europe/Paris")


@settings(max_examples=60)
@given(st.binary(max_size=60), st.integers(0, 400))
def test_any_bytes_give_events_or_the_one_error(junk: bytes, at: int) -> None:
    text = feed(WEEKLY)
    try:
        found = ical.events_of(text[:at] + junk + text[at:], ts("2026-10-20"), ts("2026-10-22"), "Europe/Paris")
    except FeedError:
        return
    assert all(event.ends_ts > event.begins_ts for event in found)


def test_more_events_than_a_day_can_hold_are_refused_by_the_process_of_their_own() -> None:
    hostile = feed("DTSTART:20261124T000000\nDURATION:PT1S\nRRULE:FREQ=SECONDLY")
    with pytest.raises(FeedError, match=r"has \d{4} events in 2 hours, expected 5000 at most"):
        expand(hostile, ts("2026-11-24"), ts("2026-11-24") + 7200, "Europe/Paris")


def test_a_rule_that_never_ends_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigie_gateway.calendars.expansion.EXPANSION_S", 1.5)
    hostile = feed("DTSTART:19700101T000000\nDURATION:PT1S\nRRULE:FREQ=SECONDLY")
    with pytest.raises(FeedError, match="repeats too often"):
        expand(hostile, ts("2026-11-24"), ts("2026-11-25"), "Europe/Paris")


def test_the_process_gives_what_the_module_gives() -> None:
    window = ts("2026-10-27"), ts("2026-10-28")
    assert list(expand(feed(WEEKLY), *window, "Europe/Paris")) == ical.events_of(feed(WEEKLY), *window, "Europe/Paris")


def test_of_a_description_only_the_line_for_us_leaves_the_process() -> None:
    written = """DTSTART;TZID=Europe/Paris:20261124T140000
DTEND;TZID=Europe/Paris:20261124T160000
SUMMARY:Calls
ATTENDEE;CN=Ada:mailto:ada@example.org
DESCRIPTION:Ada brings the keys\\nVigie: 40 people\\, video call\\nAda's number is 555"""
    (event,) = expand(feed(written), ts("2026-11-24"), ts("2026-11-25"), "Europe/Paris")
    assert event.said == "40 people, video call"
    assert "Ada" not in repr(event)
