"""When a session is asked about, and what: the day before, an hour before, and whenever something changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_dashboard.language import language_of
from vigie_dashboard.notices import SessionCheck, SessionView
from vigie_dashboard.pages import LANGUAGES
from vigie_dashboard.session_check_text import EXAMPLE, unchecked_text
from vigie_gateway.calendars.convention import Expected, read_line
from vigie_gateway.capacity.activities import BUILT_IN
from vigie_gateway.sessions.due import (
    AGAIN_S,
    AHEAD_S,
    DAY_BEFORE_S,
    HOUR_BEFORE_S,
    RETRY_S,
    UNASKED,
    Checked,
    is_ahead,
    is_due,
    question_of,
)

BEGINS_TS = datetime(2026, 11, 24, 18, 30, tzinfo=ZoneInfo("Europe/Paris")).timestamp()
SESSION = SessionView("salle", "Calls", BEGINS_TS, BEGINS_TS + 9_000, False, 40, "video-call")
QUESTION, _ = question_of(SESSION, BUILT_IN, {"salle"})


def found(before_s: float, *, tried_s: float | None = None) -> Checked:
    """Something that was found so long before the session begins, and tried in vain so long before."""
    return Checked(QUESTION, None, "", BEGINS_TS - before_s, None if tried_s is None else BEGINS_TS - tried_s)


def due(before_s: float, checked: Checked | None) -> bool:
    return is_due(SESSION, checked, QUESTION, BEGINS_TS - before_s)


def test_a_session_is_ahead_from_two_days_before_until_it_begins() -> None:
    times = (AHEAD_S + 1, AHEAD_S, 1, 0, -1)
    assert [is_ahead(SESSION, BEGINS_TS - before_s) for before_s in times] == [False, True, True, False, False]


@pytest.mark.parametrize("moment_s", [DAY_BEFORE_S, HOUR_BEFORE_S])
def test_it_is_asked_again_a_day_and_an_hour_before_however_young_the_answer(moment_s: float) -> None:
    assert not due(moment_s + 1, found(moment_s + 60))
    assert due(moment_s, found(moment_s + 60))
    assert not due(moment_s - 60, found(moment_s))


def test_it_is_asked_again_with_each_hour_of_new_forecast_and_soon_where_the_store_failed() -> None:
    assert not due(5 * 3600, found(5 * 3600 + AGAIN_S - 1))
    assert due(5 * 3600, found(5 * 3600 + AGAIN_S))
    assert not due(5 * 3600, found(9 * 3600, tried_s=5 * 3600 + RETRY_S - 1))
    assert due(5 * 3600, found(9 * 3600, tried_s=5 * 3600 + RETRY_S))


def test_it_is_asked_at_first_and_when_the_event_says_something_else_or_the_clock_went_back() -> None:
    assert due(7_200, None)
    more, _ = question_of(replace(SESSION, people=41), BUILT_IN, {"salle"})
    assert is_due(SESSION, found(7_210), more, BEGINS_TS - 7_200)
    assert due(7_200, found(7_199))


@pytest.mark.parametrize(
    ("session", "why"),
    [
        (replace(SESSION, room="hall"), "no-seats"),
        (replace(SESSION, people=None), "people"),
        (replace(SESSION, activity=None), "activity"),
        (replace(SESSION, people=None, activity=None, unread="many"), "unread"),
        (replace(SESSION, is_all_day=True), "all-day"),
        (replace(SESSION, ends_ts=BEGINS_TS + 40 * 86_400), "impossible"),
    ],
)
def test_what_nobody_said_is_not_asked_and_never_guessed(session: SessionView, why: str) -> None:
    assert question_of(session, BUILT_IN, {"salle"}) == (None, why)
    assert why in UNASKED


def test_the_question_is_what_the_event_says() -> None:
    question, why = question_of(replace(SESSION, equipment=(("projector", 1),)), BUILT_IN, {"salle"})
    assert question is not None
    assert (question.room, question.people, question.activity, why) == ("salle", 40, "video-call", "")
    assert (question.starts_ts, question.ends_ts) == (SESSION.begins_ts, SESSION.ends_ts)
    assert question.equipment == (("projector", 1),)


@given(st.floats(0.5, AHEAD_S), st.floats(60, 9_000))
def test_whenever_the_clock_is_looked_at_it_has_been_asked_since_each_moment(start_s: float, step_s: float) -> None:
    """Rounds at any interval: after a round no moment that has passed is unanswered."""
    at_s, checked = start_s, None
    while at_s > 0:
        if due(at_s, checked):
            checked = found(at_s)
        assert checked is not None
        for moment_s in (DAY_BEFORE_S, HOUR_BEFORE_S):
            asked_s = BEGINS_TS - checked.at_ts
            assert not at_s <= moment_s < start_s or asked_s <= moment_s + 1e-3
        at_s -= step_s


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_reason_for_asking_nothing_has_its_words_in_both_languages(lang: str) -> None:
    language = language_of(lang)
    session = replace(SESSION, unread="30-40 people")
    said = {
        why: unchecked_text(session, SessionCheck("not-checked", why, BEGINS_TS), language)
        for why in (*UNASKED, "store")
    }
    assert len(set(said.values())) == len(said)
    assert "30-40 people" in said["unread"]
    assert all(EXAMPLE[lang] in said[why] for why in ("unread", "people", "activity"))
    assert read_line(EXAMPLE[lang].removeprefix("Vigie: "), BUILT_IN) == Expected(40, "video-call")
