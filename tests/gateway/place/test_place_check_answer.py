"""Every word that an answer may use has its text in both languages; an answer reaches the page unchanged."""

from __future__ import annotations

import math
from dataclasses import replace
from enum import StrEnum

import pytest
from tests.gateway.conftest import SAMPLE_SITE

from vigie_contract.readings import UNKNOWN_REASONS
from vigie_dashboard import check_words
from vigie_dashboard.check_form_text import trouble_text
from vigie_dashboard.check_page import render_check
from vigie_dashboard.check_text import action_text
from vigie_dashboard.check_view import ActionView, CheckView, Trouble
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.pages import LANGUAGES
from vigie_gateway.capacity.answer import ActionKind, Confidence, Obstacle, Unsaid
from vigie_gateway.capacity.check import check
from vigie_gateway.capacity.judgement import Caution, Verdict
from vigie_gateway.capacity.question import ProblemKind, Question
from vigie_gateway.capacity.supply import Basis, Capacity, Missing, Rehearsal, Resource, Supply, declared
from vigie_gateway.place.check_answer import answer_view
from vigie_gateway.place.check_form import read_typed
from vigie_gateway.place.site import load_site
from vigie_gateway.place.wifi import Path

SITE = load_site(SAMPLE_SITE)
ACTIVITIES = SITE.session_activities()
NOW_TS = 1_795_527_130.0
HOUR_S = 3_600.0
QUESTION = Question("salle", NOW_TS + HOUR_S, NOW_TS + 3 * HOUR_S, 36, "video-call", equipment=(("projector", 1),))
MEASURED = Supply(
    "salle",
    seats=declared(40),
    outlets=Capacity(21, 23, 24, days=4, effective=9.0),
    power_w=Capacity(3300, 3400, 3500, days=4, effective=9.0),
    devices=Capacity(60, 70, 75, days=4, effective=9.0),
    download_bps=Capacity(71e6, 80e6, 84e6, days=4, effective=9.0),
    upload_bps=Capacity(50e6, 55e6, 58e6, days=4, effective=9.0),
    latency=Missing("power-save"),
    is_free_after=True,
    alternatives=(Supply("atelier", seats=declared(16)),),
)


def page_view() -> CheckView:
    form = read_typed({"people": "36"}, SITE, ACTIVITIES, (), NOW_TS).form
    return CheckView(SITE.name, SITE.timezone, NOW_TS, form)


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (check_words.verdict_words, set(Verdict) - {Verdict.NOT_CHECKED}),
        (check_words.then_words, set(Verdict) - {Verdict.NOT_CHECKED}),
        (check_words.resource_names, set(Resource)),
        (check_words.resource_phrases, set(Resource)),
        (check_words.resource_notes, set(Resource)),
        (check_words.breaking_words, set(Resource)),
        (check_words.basis_words, set(Basis)),
        (check_words.obstacle_words, set(Obstacle)),
        (check_words.caution_words, set(Caution)),
        (check_words.unsaid_words, set(Unsaid)),
        (check_words.doubt_words, set(Unsaid)),
        (check_words.confidence_words, set(Confidence)),
        (check_words.activity_words, set(ACTIVITIES.by_id)),
        (check_words.equipment_words, set(ACTIVITIES.equipment)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_word_of_an_answer_has_its_text_in_both_languages(words: object, kinds: set[StrEnum]) -> None:
    assert callable(words)
    english, french = words(language_of("en")), words(language_of("fr"))
    assert set(english) == set(french) == {str(kind) for kind in kinds}
    assert all(english.values())
    assert all(french[kind] != english[kind] for kind in english)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_why_something_is_unknown_has_its_text(lang: str) -> None:
    words = check_words.missing_words(language_of(lang))
    own = {"no-sensor", "no-history", "silent", "power-save", "not-declared"}
    assert own | set(UNKNOWN_REASONS) <= set(words)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", ActionKind)
def test_every_action_has_its_text(kind: ActionKind, lang: str) -> None:
    action = ActionView(kind, "go", "upload", 36, 5, {"fr": "Atelier"}, "web-write", "projector")
    assert action_text(action, page_view(), language_of(lang))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("field", ["room", "activity", "people", "lighter", "plugged", "bring-kettle", "to"])
@pytest.mark.parametrize("kind", [*ProblemKind, "missing", "no-date", "no-time", "no-number", "too-late"])
def test_every_trouble_of_a_field_has_its_text(kind: str, field: str, lang: str) -> None:
    language: Language = language_of(lang)
    assert trouble_text(Trouble(field, kind, 5_000), page_view(), language).endswith(".")


def test_an_answer_reaches_the_page_with_its_numbers_and_names() -> None:
    answer = check(QUESTION, MEASURED, ACTIVITIES)
    view = answer_view(QUESTION, answer, SITE, ACTIVITIES)
    assert view.room == {"fr": "Grande salle", "en": "Main hall"}
    assert [gauge.resource for gauge in view.gauges] == [gauge.resource for gauge in answer.gauges]
    upload = next(gauge for gauge in view.gauges if gauge.resource == "upload")
    assert (upload.verdict, upload.breaks_at) == ("tight", 33)
    assert upload.amounts is not None
    assert (upload.amounts.dependable, upload.amounts.highest, upload.amounts.days) == (50e6, 58e6, 4)
    latency = next(gauge for gauge in view.gauges if gauge.resource == "latency")
    assert (latency.amounts, latency.missing) == (None, "power-save")


def test_what_a_person_takes_is_said_where_all_take_the_same_and_nothing_is_shared() -> None:
    def of(activity: str, **changes: float) -> tuple[float | None, ...]:
        question = replace(QUESTION, activity=activity, **changes)  # type: ignore[arg-type] # a field by its name
        view = answer_view(question, check(question, MEASURED, ACTIVITIES), SITE, ACTIVITIES)
        return view.plugged_share, view.person_download_bps, view.person_upload_bps

    assert of("video-call") == (2 / 3, 1.5e6, 1.5e6)
    assert of("video-call", lighter_share=0.5, plugged_share=0.25) == (0.25, None, None)
    assert of("livestream") == (0.25, 0.1e6, None)


def test_each_action_leads_to_the_question_that_was_tried() -> None:
    answer = check(QUESTION, MEASURED, ACTIVITIES)
    view = answer_view(QUESTION, answer, SITE, ACTIVITIES)
    assert len(view.actions) == len(answer.actions) > 0
    for shown, action in zip(view.actions, answer.actions, strict=True):
        if action.question == QUESTION:
            assert shown.query == {}
        else:
            asked = read_typed(shown.query, SITE, ACTIVITIES, (), NOW_TS).question
            assert asked is not None
            assert (asked.people, asked.lighter_share) == (action.question.people, action.question.lighter_share)


def test_a_rehearsal_that_had_more_to_give_has_no_highest() -> None:
    rehearsal = Rehearsal(90e6, 90e6, path=Path(10.0, 12.0, 0.0), at_ts=NOW_TS)
    unmeasured = Supply("salle", seats=declared(40), rehearsal=rehearsal)
    view = answer_view(QUESTION, check(QUESTION, unmeasured, ACTIVITIES), SITE, ACTIVITIES)
    upload = next(gauge for gauge in view.gauges if gauge.resource == "upload")
    assert upload.amounts is not None
    assert upload.amounts.highest is None
    assert upload.amounts.basis == "rehearsed"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("people", [1, 12, 36, 52, 400])
@pytest.mark.parametrize("activity", sorted(ACTIVITIES.by_id))
def test_any_answer_of_the_model_makes_a_page(activity: str, people: int, lang: str) -> None:
    question = Question("salle", QUESTION.starts_ts, QUESTION.ends_ts, people, activity)
    for supply in (MEASURED, Supply("salle"), Supply("salle", upload_bps=declared(0), is_open=False, is_booked=True)):
        answer = check(question, supply, ACTIVITIES)
        assert answer.go_people == 0 or math.isfinite(answer.go_people)
        view = page_view()
        shown = answer_view(question, answer, SITE, ACTIVITIES)
        page = render_check(CheckView(SITE.name, SITE.timezone, NOW_TS, view.form, {}, shown), lang, None)
        assert "%(" not in page
        assert "None" not in page
        assert "inf" not in page.partition('<div class="answer"')[2].replace("info", "")
