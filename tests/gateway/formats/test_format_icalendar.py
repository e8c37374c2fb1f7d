"""Events as iCalendar, read back by the library that reads calendars."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.calendars.ical import events_of
from vigie_gateway.formats.icalendar import MOST_LINE_BYTES, Entry, encode

BEGINS_TS, ENDS_TS = 1_795_800_600.0, 1_795_809_600.0
MAKER = "-//Vigie//Test//EN"


def entry(**changes: str) -> Entry:
    texts = {"uid": "1@semaphore.vigie", "name": "My session", "location": "Main hall", "description": "It fits"}
    texts |= changes
    return Entry(
        texts["uid"], texts["name"], texts["location"], texts["description"], BEGINS_TS, ENDS_TS, BEGINS_TS - 9_000
    )


def read(text: str) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return event


def test_what_is_written_is_what_a_calendar_reads() -> None:
    event = read(encode([entry(description="Ça passe, mais juste ; 36 \u00b7 C:\\\nDeux lignes")], MAKER))
    assert event["SUMMARY"] == "My session"
    assert event["LOCATION"] == "Main hall"
    assert event["DESCRIPTION"] == "Ça passe, mais juste ; 36 \u00b7 C:\\\nDeux lignes"
    assert (event.start, event.end) == tuple(datetime.fromtimestamp(at_ts, UTC) for at_ts in (BEGINS_TS, ENDS_TS))


def test_the_gateways_own_reader_takes_it() -> None:
    (event,) = events_of(encode([entry()], MAKER).encode(), BEGINS_TS - 1, ENDS_TS, "Europe/Paris")
    assert (event.name, event.location, event.begins_ts, event.ends_ts) == (
        "My session", "Main hall", BEGINS_TS, ENDS_TS
    )  # fmt: skip


def test_nowhere_is_left_out() -> None:
    assert "LOCATION" not in encode([entry(location="")], MAKER)


@given(st.text(), st.text(max_size=300))
def test_any_text_stays_in_its_line_and_folds_within_the_limit(name: str, description: str) -> None:
    text = encode([entry(name=name, description=description)], MAKER)
    lines = text.encode().split(b"\r\n")
    assert all(len(line) <= MOST_LINE_BYTES for line in lines)
    assert [line for line in text.split("\r\n") if line.startswith(("BEGIN:", "END:"))] == [
        "BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "END:VCALENDAR"
    ]  # fmt: skip
    plain = "".join(char for char in name if char == "\n" or char.isprintable() or char in "\u00a0\u202f")
    assert str(read(text)["SUMMARY"]) == plain


def test_a_calendar_to_subscribe_to_has_a_name_its_events_and_says_how_often_to_ask() -> None:
    text = encode([entry(uid="1"), entry(uid="2")], MAKER, name="Le Sémaphore", refresh_s=900)
    calendar = icalendar.Calendar.from_ical(text)
    assert [str(event["UID"]) for event in calendar.walk("VEVENT")] == ["1", "2"]
    assert str(calendar["NAME"]) == "Le Sémaphore"
    assert calendar["REFRESH-INTERVAL"].to_ical() == b"PT15M"


def test_an_event_of_whole_days_has_dates_of_the_places_own() -> None:
    zone = ZoneInfo("Europe/Paris")
    begins, ends = (datetime(2026, 11, day, tzinfo=zone).timestamp() for day in (28, 30))
    days = replace(entry(), begins_ts=begins, ends_ts=ends, whole_days_of=zone)
    event = read(encode([days], MAKER))
    assert (event.start, event.end) == (date(2026, 11, 28), date(2026, 11, 30))
