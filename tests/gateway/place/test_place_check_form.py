"""The form of "will it fit?" is read from an address, with wrong entries kept and told; a question goes back to it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.conftest import SAMPLE_SITE

from vigie_dashboard.notices import SessionView
from vigie_gateway.capacity.question import Question
from vigie_gateway.place.check_form import MOST_TYPED, TypedQuestion, own_session, query_of, read_typed
from vigie_gateway.place.site import load_site

SITE = load_site(SAMPLE_SITE)
ACTIVITIES = SITE.session_activities()
ZONE = ZoneInfo("Europe/Paris")
NOW_TS = datetime(2026, 11, 24, 14, 32, 10, tzinfo=ZONE).timestamp()
ASKED = {
    "room": "salle",
    "date": "2026-11-26",
    "from": "18:30",
    "to": "21:00",
    "people": "36",
    "activity": "video-call",
}


def read(*sessions: SessionView, **given: str) -> TypedQuestion:
    names = {name.strip("_"): value for name, value in given.items()}
    return read_typed(ASKED | names, SITE, ACTIVITIES, sessions, NOW_TS)


def at_ts(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


def test_an_address_without_parameters_asks_nothing_and_fills_the_form_with_the_next_hour() -> None:
    typed = read_typed({"l": "fr", "theme": "dark"}, SITE, ACTIVITIES, (), NOW_TS)
    assert typed.question is None
    assert typed.query == {}
    assert typed.form.troubles == ()
    shown = {name: typed.form.typed[name] for name in ("room", "date", "from", "to", "people")}
    assert shown == {"room": "salle", "date": "2026-11-24", "from": "15:00", "to": "17:00", "people": "20"}


def test_late_in_the_evening_the_first_session_ends_at_midnight() -> None:
    late_ts = at_ts("2026-11-24T22:10")
    typed = read_typed({"people": "5"}, SITE, ACTIVITIES, (), late_ts)
    assert (typed.form.typed["from"], typed.form.typed["to"]) == ("23:00", "00:00")
    assert typed.question is not None
    assert typed.question.ends_ts == at_ts("2026-11-25T00:00")


def test_what_is_asked_is_read_in_the_time_of_the_place() -> None:
    typed = read(**{"lighter": "50", "plugged": "67", "bring-projector": "1", "strips": "5"})
    assert typed.question == Question(
        "salle", at_ts("2026-11-26T18:30"), at_ts("2026-11-26T21:00"), 36, "video-call",
        0.5, (("projector", 1),), 2 / 3, 5,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "text", "kind"),
    [
        ("people", "0", "too-few"), ("people", "-3", "too-few"), ("people", "1000000", "too-many"),
        ("people", "", "missing"), ("people", "forty", "no-number"), ("people", "9" * 30, "no-number"),
        ("people", "3.5", "no-number"), ("to", "18:30", "not-after"), ("to", "17:00", "not-after"),
        ("to", "", "missing"), ("to", "25:00", "no-time"), ("from", "half past six", "no-time"),
        ("date", "2026-11-23", "past"), ("date", "2026-02-30", "no-date"), ("date", "", "missing"),
        ("date", "9999-12-31", "no-date"), ("date", "2031-01-01", "too-late"), ("room", "cellar", "unknown"),
        ("room", "", "unknown"), ("activity", "sleep", "unknown"), ("lighter", "101", "too-many"),
        ("plugged", "120", "too-many"), ("bring-kettle", "101", "too-many"), ("bring-kettle", "-1", "too-few"),
        ("strips", "-1", "too-few"), ("strips", "x", "no-number"),
    ],
)  # fmt: skip
def test_a_wrong_entry_is_told_at_its_field_and_kept(field: str, text: str, kind: str) -> None:
    typed = read_typed(ASKED | {field: text}, SITE, ACTIVITIES, (), NOW_TS)
    assert typed.question is None
    told = {trouble.field: trouble.kind for trouble in typed.form.troubles}
    assert told == {"from" if kind == "past" else field: kind}
    assert typed.form.typed[field] == text
    assert typed.form.typed["activity" if field == "people" else "people"]


def test_every_wrong_entry_is_told_at_once() -> None:
    typed = read(room="cellar", people="0", activity="sleep", lighter="-1")
    assert [trouble.field for trouble in typed.form.troubles] == ["room", "people", "activity", "lighter"]


def test_nothing_lighter_than_an_activity_that_has_none_can_be_asked() -> None:
    (trouble,) = read(activity="web-write", lighter="50").form.troubles
    assert (trouble.field, trouble.kind, trouble.bound) == ("lighter", "too-many", 0)


def test_numbers_may_be_grouped_as_french_groups_them() -> None:
    typed = read(people="1\u202f200")
    assert typed.question is not None
    assert typed.question.people == 1200


@given(
    st.dictionaries(
        st.sampled_from(["room", "date", "from", "to", "people", "activity", "lighter", "plugged", "strips", "own",
                         "bring-projector", "bring-kettle"]),
        st.text(max_size=60),
    )
)  # fmt: skip
def test_any_parameters_give_a_question_or_say_what_is_wrong(given_: dict[str, str]) -> None:
    typed = read_typed(given_, SITE, ACTIVITIES, (), NOW_TS)
    assert (typed.question is not None) == (bool(given_) and not typed.form.troubles)
    assert all(len(text) <= MOST_TYPED for text in typed.form.typed.values())


@given(
    st.integers(1, 5000), st.sampled_from(sorted(ACTIVITIES.by_id)), st.integers(0, 3), st.integers(0, 500),
    st.sampled_from([None, 0.0, 0.25, 1 / 3, 0.5, 2 / 3, 1.0]), st.integers(0, 60 * 24 * 300), st.integers(1, 60),
)  # fmt: skip
def test_a_question_goes_to_an_address_and_comes_back_the_same(
    people: int, activity: str, kettles: int, strips: int, plugged: float | None, minutes: int, length_min: int
) -> None:
    starts = datetime.fromtimestamp(NOW_TS // 60 * 60 + 60 + 60 * minutes, ZONE)
    ends_ts = starts.timestamp() + 60 * length_min
    is_twice = starts.replace(fold=1).utcoffset() != starts.utcoffset()
    if is_twice or datetime.fromtimestamp(ends_ts - 60, ZONE).date() != starts.date():
        return
    equipment = (("kettle", kettles),) if kettles else ()
    asked = Question("salle", starts.timestamp(), ends_ts, people, activity, 0.0, equipment, plugged, strips)
    assert read_typed(query_of(asked, ACTIVITIES, ZONE), SITE, ACTIVITIES, (), NOW_TS).question == asked


EVENING = SessionView(
    "salle", "PapyCamp", at_ts("2026-11-26T18:30"), at_ts("2026-11-26T21:00"), False, 36, "video-call",
    (("projector", 1),),
)  # fmt: skip


def test_a_session_of_the_calendar_fills_the_form_with_all_that_is_said_of_it() -> None:
    (choice,) = read(EVENING).form.sessions
    typed = read_typed(choice.query, SITE, ACTIVITIES, (EVENING,), NOW_TS)
    assert typed.question is not None
    assert typed.question == Question(
        "salle", EVENING.begins_ts, EVENING.ends_ts, 36, "video-call", equipment=(("projector", 1),)
    )
    assert own_session(typed.question, (EVENING,)) == EVENING


def test_past_and_whole_day_sessions_and_those_of_other_rooms_are_not_offered() -> None:
    past = SessionView("salle", "Past", NOW_TS - 7200, NOW_TS - 3600, False)
    whole = SessionView("salle", "Whole", NOW_TS + 3600, NOW_TS + 7200, True)
    elsewhere = SessionView("cellar", "Cellar", NOW_TS + 3600, NOW_TS + 7200, False)
    night = SessionView("salle", "Night", at_ts("2026-11-26T22:00"), at_ts("2026-11-27T02:00"), False)
    assert read(past, whole, elsewhere, night).form.sessions == ()


def test_a_session_of_another_time_is_nobodys_own() -> None:
    typed = read(EVENING, to="20:00")
    assert typed.question is not None
    assert own_session(typed.question, (EVENING,)) is None
