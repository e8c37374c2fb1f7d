"""Which session is asked about, what is asked, and when it is time to ask again.

Pure: a session, what was found before, and the time in; a question or a moment out. Called on the checks' thread.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vigie_dashboard.notices import SessionView
from vigie_gateway.capacity.activities import Activities
from vigie_gateway.capacity.answer import Answer
from vigie_gateway.capacity.question import Question, problems

AHEAD_S = 48 * 3_600.0
"""How long before its begin a session is looked at first. Lower tells too late to borrow a second access point; higher
than the calendars are read for (``calendars.feeds.DAYS_AFTER``) finds nothing more."""
DAY_BEFORE_S, HOUR_BEFORE_S = 86_400.0, 3_600.0
MOMENTS_S = (DAY_BEFORE_S, HOUR_BEFORE_S)
"""Before its begin, when it is asked about whatever was found before: the evening before there is time to change
something, an hour before to tell people."""
AGAIN_S = 3_600.0
"""Between two answers: the forecast is made of whole hours, and an outlet that lost its power is known at once. Lower
reckons the same again; higher shows this morning's line for the evening's."""
RETRY_S = 60.0
"""After a store that could not be read. Lower tries while the disk is away; higher leaves a session unchecked."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of asking.

    Attributes:
        question: What was asked; None where the event does not say enough.
        answer: None where nothing could be asked or found.
        why: Why nothing was found: a word of UNASKED, or ``store`` where readings could not be read; "" with an answer.
        at_ts: When.
        tried_ts: When it was last tried in vain, after ``at_ts``; None when it was not. An answer of before stays.
    """

    question: Question | None
    answer: Answer | None
    why: str
    at_ts: float
    tried_ts: float | None = None


UNASKED = ("no-seats", "unread", "people", "activity", "all-day", "impossible")
"""Why a session is not asked about: its room has no seats; a part of its line is not understood; nobody says how many
come, or what they do; it has no times; or what it says cannot be (a session of a month)."""


def question_of(session: SessionView, activities: Activities, rooms: Collection[str]) -> tuple[Question | None, str]:
    """What is asked about a session, or a word of UNASKED.

    Args:
        session: Of the calendar.
        activities: Of the place.
        rooms: Of the place, with seats.
    """
    if session.room not in rooms:
        return None, "no-seats"
    if session.unread:
        return None, "unread"
    if session.people is None:
        return None, "people"
    if session.activity is None:
        return None, "activity"
    if session.is_all_day:
        return None, "all-day"
    question = Question(
        session.room,
        session.begins_ts,
        session.ends_ts,
        session.people,
        session.activity,
        equipment=session.equipment,
    )
    return (None, "impossible") if problems(question, activities) else (question, "")


def is_ahead(session: SessionView, now_ts: float) -> bool:
    """Whether it begins within AHEAD_S: what has begun is not asked about any more."""
    return now_ts < session.begins_ts <= now_ts + AHEAD_S


def is_due(session: SessionView, checked: Checked | None, question: Question | None, now_ts: float) -> bool:
    """Whether it is time to ask: for the first time, at each of MOMENTS_S, each AGAIN_S, and when the question changed.

    Args:
        session: One that is ahead.
        checked: What was found before; None for nothing.
        question: What would be asked now.
        now_ts: The time.
    """
    if checked is None or checked.question != question or checked.at_ts > now_ts:
        return True
    if checked.tried_ts is not None:
        return not 0 <= now_ts - checked.tried_ts < RETRY_S
    if any(checked.at_ts < moment_ts <= now_ts for moment_ts in moments_of(session)):
        return True
    return now_ts - checked.at_ts >= AGAIN_S


def moments_of(session: SessionView) -> tuple[float, ...]:
    """The day before, and an hour before: by the length of time, so that a day of 25 hours moves neither."""
    return tuple(session.begins_ts - before_s for before_s in MOMENTS_S)
