"""A line of an event's description says who is expected; what is not understood is never guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.calendars.convention import MOST_CHARACTERS, Expected, line_in, read_line
from vigie_gateway.capacity.activities import BUILT_IN, Activities, Activity
from vigie_gateway.capacity.question import MOST_PEOPLE

CHOIR = Activities(
    {**BUILT_IN.by_id, "choir": Activity("choir", 1.0, 1.0, "counted here", "2026", {"fr": "Chœur", "en": "Choir"})},
    BUILT_IN.equipment,
)


@pytest.mark.parametrize(
    ("description", "line"),
    [
        ("Vigie: 40 personnes, visio", "40 personnes, visio"),
        ("Bring a cup.\nvigie : 12\nSee you", "12"),
        ("<p>Welcome</p><p><b>Vigie:</b>&nbsp;40 people, video call</p>", "40 people, video call"),
        ("Welcome<br/>Vigie: 8 people<br>Bye", "8 people"),
        ("Vigie: 3\nVigie: 4", "3"),
        ("We meet in the Vigie: come", ""),
        ("", ""),
    ],
)
def test_the_line_is_found_wherever_a_calendar_program_puts_it(description: str, line: str) -> None:
    assert line_in(description) == line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("40 personnes, visio", Expected(40, "video-call")),
        ("40 people, video call", Expected(40, "video-call")),
        ("video-call, 40", Expected(40, "video-call")),
        ("1 personne, Télécharger, vidéoprojecteur, 2 bouilloires", Expected(
            1, "download-code", (("projector", 1), ("kettle", 2))
        )),
        ("25 pers., chœur", Expected(25, "choir")),
        ("12 participants", Expected(12)),
        ("visio", Expected(None, "video-call")),
        ("", Expected()),
        (" , ,", Expected()),
    ],
)  # fmt: skip
def test_a_line_says_people_activity_and_what_is_brought_in_either_language(line: str, expected: Expected) -> None:
    assert read_line(line, CHOIR) == expected


@pytest.mark.parametrize(
    ("line", "unread"),
    [
        ("30-40 people, visio", "30-40 people"),
        ("40 people, juggling", "juggling"),
        ("40 people, 50 people", "50 people"),
        ("0 people", "0 people"),
        ("5001 people", "5001 people"),
        ("visio, web", "web"),
        ("-3 people", "-3 people"),
        ("many", "many"),
        ("\u0663 people", "\u0663 people"),
    ],
)
def test_nothing_counts_of_a_line_that_is_not_understood_whole(line: str, unread: str) -> None:
    assert read_line(line, CHOIR) == Expected(unread=unread)


@given(st.text(max_size=400))
def test_any_text_gives_numbers_within_bounds_or_what_was_not_understood(text: str) -> None:
    line = line_in(f"{text}\nVigie: {text}")
    assert len(line) <= MOST_CHARACTERS
    found = read_line(line, CHOIR)
    assert found.people is None or 1 <= found.people <= MOST_PEOPLE
    assert found.activity is None or found.activity in CHOIR.by_id
    assert not found.unread or found == Expected(unread=found.unread)
