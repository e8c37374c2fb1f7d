"""What the answer says: one sentence that decides, how sure it is, and what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.answers import FEW_DAYS, GO, NO_GO, STATES, TIGHT, UNCHECKED, gauge, page_of

from vigie_dashboard.check_text import (
    action_row,
    confidence_text,
    entry_text,
    hits_text,
    rows_of,
    sentence_of,
    values_of,
)
from vigie_dashboard.check_view import ActionView, AnswerView, HitRate
from vigie_dashboard.language import NBSP, NNBSP, language_of
from vigie_dashboard.pages import LANGUAGES
from vigie_dashboard.rehearsal_view import OfferView, RehearsalsView

FR, EN = language_of("fr"), language_of("en")


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(NNBSP, " ")


@pytest.mark.parametrize(
    ("answer", "french", "english"),
    [
        (TIGHT, "Ce qui cède en premier : le débit montant. Au-delà de 33 personnes, l\u2019image se figera.",
         "What gives in first: the upload. Beyond 33 people, pictures will freeze."),
        (NO_GO, "Il manque 12 places, et le débit montant ne tiendra que pour 33 personnes sur 52.",
         "12 seats are missing, and the upload will only carry 33 of 52 people."),
        (GO, "Marge la plus faible : les prises, 13 de marge ; assez pour 31 personnes.",
         "Smallest margin: the outlets, 13 spare; enough for 31 people."),
        (FEW_DAYS,
         "Les chiffres suffisent, mais pour le débit montant : trop peu de jours comparables ont été mesurés.",
         "The figures are enough, but for the upload too few days like this one were measured."),
    ],
)  # fmt: skip
def test_the_sentence_names_the_resource_and_the_number_it_breaks_at(
    answer: AnswerView, french: str, english: str
) -> None:
    assert plain(sentence_of(answer, FR)) == french
    assert sentence_of(answer, EN) == english


def test_french_sentences_have_the_spaces_of_french_printing() -> None:
    assert f"premier{NBSP}:" in sentence_of(TIGHT, FR)
    assert f"marge{NNBSP};" in sentence_of(GO, FR)


def test_one_of_anything_is_singular() -> None:
    one_seat = replace(NO_GO, people=41, gauges=(gauge("seats", "no-go", 41, 40, 40, 40, breaks_at=40),))
    assert sentence_of(one_seat, EN) == "1 seat is missing."
    one_person = replace(TIGHT, gauges=(gauge("upload", "tight", 2e6, 1.5e6, 1.5e6, 2e6, breaks_at=1),))
    assert "Beyond 1 person," in sentence_of(one_person, EN)
    assert "Au-delà de 1 personne," in sentence_of(one_person, FR)


def test_what_was_not_checked_is_said_before_any_margin() -> None:
    said = sentence_of(UNCHECKED, EN)
    assert said.startswith("Not checked: the Wi-Fi airtime, the response time, the upload.")
    assert said.endswith("Smallest margin: the seats, 4 spare; enough for 40 people.")


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("calendar-failed", "what else takes place at that time (the calendar cannot be read)"),
        ("calendar-ends", "what else takes place at that time (the calendar does not say what takes place then)"),
        (None, "what else takes place at that time"),
    ],
)
def test_that_others_are_not_known_says_why_where_it_is_the_calendar(why: str | None, said: str) -> None:
    answer = replace(TIGHT, unsaid=("others-unknown",), unknown_calendar=why)
    assert values_of(page_of(answer), answer, {}, EN)["unsaid"].casefold() == f"{said}."


def test_a_closed_and_booked_room_is_said_first() -> None:
    said = sentence_of(STATES["booked"], EN)
    assert said.startswith("The room is closed for at least part of that time. Somebody else has the room")
    assert said.endswith("33 of 52 people.")


def test_what_breaks_for_a_single_person_is_not_said_to_break_beyond_none() -> None:
    nobody = replace(TIGHT, gauges=(gauge("upload", "tight", 2e6, 1e6, 1e6, 2e6, breaks_at=0),))
    assert "Even for one person pictures will freeze." in sentence_of(nobody, EN)


def test_few_readings_say_how_few_and_what_else_lowers_confidence() -> None:
    assert plain(confidence_text(FEW_DAYS, FR)) == (
        "Peu sûr : peu de mesures (2 jours comparables) ; les dernières mesures ont plus d\u2019une semaine."
    )
    assert confidence_text(UNCHECKED, EN) == (
        "Not very sure: something was never measured on such a day; the Wi-Fi airtime was not checked; "
        "so many people were never counted here; at most 18."
    )
    assert confidence_text(GO, EN) == "Sure."


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_has_its_sentences(state: str, lang: str) -> None:
    view = page_of(STATES[state])
    values = values_of(view, STATES[state], {"l": lang}, language_of(lang))
    assert values["sentence"].endswith(".")
    assert values["confidence"].endswith(".")
    assert values["unsaid"].endswith(".")
    assert all(row.margin and row.said for row in values["rows"])
    assert "%(" not in str(values)
    assert "None" not in values["sentence"]


def test_an_action_says_what_it_changes_and_leads_to_the_form_that_asks_it() -> None:
    row = action_row(TIGHT.actions[0], page_of(TIGHT), {"l": "en"}, EN)
    assert row.what == "Turn off half of the cameras"
    assert row.effect == "The upload: 58% of what is dependable, instead of 108%"
    assert (row.shape, row.then) == ("ok", "it fits")
    assert row.to.startswith("?l=en&room=main-hall&")
    assert "lighter=50" in row.to


def test_an_action_that_changes_nothing_in_the_form_has_no_link() -> None:
    assert action_row(TIGHT.actions[-1], page_of(TIGHT), {"l": "en"}, EN).to == ""


def test_a_rehearsal_leads_to_its_button_where_one_can_be_begun() -> None:
    offer = OfferView("main-hall", 54e6, 54e6, 40_000_000, 120_000_000, 5.0, 15.0)
    offered = RehearsalsView(
        {"fr": "Le Sémaphore"}, "Europe/Paris", 0.0, "csrf", (), has_line=True, has_nodes=True, far_end="", offer=offer,
        session=None, is_calendar_known=True, shown=None, rows=(),
    )  # fmt: skip
    rehearse = TIGHT.actions[-1]
    assert action_row(rehearse, replace(page_of(TIGHT), rehearsals=offered), {}, EN).to == "#h-rehearse"
    reader = replace(offered, csrf="")
    assert action_row(rehearse, replace(page_of(TIGHT), rehearsals=reader), {}, EN).to == ""


def test_what_one_person_takes_stands_under_the_names_of_what_it_takes_from() -> None:
    notes = {row.resource: plain(row.note) for row in rows_of(TIGHT, FR)}
    assert notes["outlets"] == "branchés : 2 sur 3"
    assert notes["download"] == "1,5 Mb/s par personne"
    assert notes["upload"] == "limite la séance"
    mixed = {row.resource: row.note for row in rows_of(replace(TIGHT, person_download_bps=None, plugged_share=0.4), EN)}
    assert (mixed["download"], mixed["outlets"]) == ("of the internet line", "plugged in: 40%")


def test_strips_and_participants_are_counted_in_words_of_their_number() -> None:
    strips = ActionView("power-strip", "go", "outlets", 36, 10)
    assert action_row(strips, page_of(TIGHT), {}, EN).what == "Bring 2 power strips of 6"
    one = ActionView("fewer-people", "go", "seats", 36, 1)
    assert action_row(one, page_of(TIGHT), {}, FR).what == "Limiter à 1 participant"


def test_how_often_forecasts_held_is_said_once_it_is_known() -> None:
    assert hits_text(page_of(GO).hit_rate, EN) == ""
    assert hits_text(HitRate(0, 0), EN) == ""
    assert hits_text(page_of(TIGHT).hit_rate, EN) == "Our forecasts held 18 times in 20."
    assert plain(hits_text(page_of(TIGHT).hit_rate, FR)) == "Nos prévisions ont tenu 18 fois sur 20."


def test_the_text_for_a_calendar_has_the_verdict_first_and_every_resource() -> None:
    lines = entry_text(NO_GO, EN).splitlines()
    assert lines[0] == "It does not fit"
    assert "Seats: 12 short, 52 of 40" in lines
    assert f"Places{NBSP}: il en manque 12, 52 sur 40" in entry_text(NO_GO, FR).splitlines()
    assert len([line for line in lines if ": " in line]) >= len(NO_GO.gauges)
