"""Rules in sentences, and what came of trying one, in words that claim no more than is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.alerts import plain
from tests.dashboard.places import NOW_TS

from vigie_dashboard.language import language_of
from vigie_dashboard.notices import Severity
from vigie_dashboard.rule_text import conditions_of, looks_at, origin_of, title_of
from vigie_dashboard.rule_view import RulePageView, RuleView, TrialView
from vigie_dashboard.rules_page import render_rule

PEOPLE = RuleView(
    id="room-full-over", signal="people", kind="room", unit="/", is_above=True, level=1.1, clears=1.0, for_s=600.0,
    keep_firing_s=300.0, when="open", severity=Severity.WARNING, is_on=True, is_own=False, is_changed=False,
    absent_s=None, name={}, about=None,
)  # fmt: skip
TRIAL = TrialView(7, NOW_TS - 7 * 86_400, NOW_TS, unknown_share=0.0)
FR = language_of("fr")


def tried(trial: TrialView, lang: str = "en") -> str:
    """The page after a trial."""
    view = RulePageView(
        site_name={"fr": "Lieu"}, timezone="Europe/Paris", now_ts=NOW_TS, csrf="c", rule=PEOPLE, languages=("fr",),
        subjects=(), base="", fields={}, file="site.toml", spans_d=(1, 7), has_level=True, trial=trial,
    )  # fmt: skip
    return plain(render_rule(view, lang, None))


def test_a_rule_is_a_sentence_with_its_level_hours_and_place() -> None:
    assert plain(looks_at(PEOPLE, FR)) == "Personnes dans une salle, en part de ses places : au-dessus de 110 %"
    assert plain(conditions_of(PEOPLE, FR)) == (
        "pendant 10 min · aux heures d'ouverture · dans toutes les salles · finie à 100 % · "
        "finie après 5 min de retour à la normale"
    )


def test_a_setting_is_told_whole() -> None:
    assert plain(conditions_of(replace(PEOPLE, for_s=90.0), FR)).startswith("pendant 90 s")
    assert plain(conditions_of(replace(PEOPLE, for_s=0.0, absent_s=3_600.0), FR)).startswith("tout de suite")


def test_a_state_is_told_by_what_it_is_and_not_by_a_number() -> None:
    wifi = replace(PEOPLE, signal="wifi", unit="1", level=1.5)
    assert plain(looks_at(wifi, FR)) == "Le Wi-Fi d'une salle est en panne"
    assert plain(looks_at(replace(wifi, level=0.75), FR)) == "Le Wi-Fi d'une salle est lent"
    assert plain(looks_at(replace(wifi, level=0.25), FR)) == "Le Wi-Fi d'une salle ne convient pas aux visios"


def test_a_rule_of_the_place_speaks_by_its_own_name_and_says_whose_it_is() -> None:
    own = replace(PEOPLE, name={"fr": "Trop de monde"}, is_own=True, about=({"fr": "Café"},))
    assert title_of(own, FR) == "Trop de monde"
    assert origin_of(own, FR) == "de ce lieu"
    assert "Café" in conditions_of(own, FR)


@pytest.mark.parametrize(
    ("trial", "said", "not_said"),
    [
        (TRIAL, "It would not have fired in the last 7 days.", "nothing is known"),
        (replace(TRIAL, unknown_share=0.12), "As far as is known, it would not have fired", "It would not"),
        (replace(TRIAL, unknown_share=0.12), "For 12% of that time nothing is known", "It would not"),
        (
            replace(TRIAL, unknown_share=1.0),
            "Nobody knows: no reading is stored in the last 7 days",
            "would not have fired",
        ),
        (replace(TRIAL, unknown_share=None), "Nobody knows: nothing of it was measured", "would not have fired"),
        (replace(TRIAL, is_told=False), "Nobody knows: of what this rule looks at", "would not have fired"),
        (replace(TRIAL, count=3), "It would have fired 3 times in the last 7 days.", "nothing is known"),
        (replace(TRIAL, trouble="long"), "more than can be looked through", "would not have fired"),
    ],
)
def test_a_trial_claims_no_more_than_is_known(trial: TrialView, said: str, not_said: str) -> None:
    page = tried(trial)
    assert said in page
    assert not_said not in page
