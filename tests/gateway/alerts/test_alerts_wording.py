"""What the gateway may find, the dashboard has words for: rules, faults, events and figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dashboard.alerts import alert

from vigie_dashboard.alert_text import course_line, fault_line, runbook_of
from vigie_dashboard.alert_view import EventView
from vigie_dashboard.alert_words import figures_line, headline
from vigie_dashboard.language import language_of
from vigie_dashboard.pages import LANGUAGES
from vigie_gateway.alerts.alert import What
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.faults import FAULTS
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import SIGNALS


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("rule", DEFAULT_RULES, ids=lambda rule: rule.id)
def test_each_of_vigies_rules_has_a_headline_of_its_own_and_says_what_to_do(rule: Rule, lang: str) -> None:
    view = alert(rule.signal, rule.id, name="C4", rooms=("Café",), figures={"outlets": 2})
    words = headline(view, language_of(lang))
    assert words not in {headline(alert("x", "x", name="C4"), language_of(lang)), rule.id}
    assert all(runbook_of(view, language_of(lang)))
    assert runbook_of(view, language_of(lang))


@pytest.mark.parametrize("rule", DEFAULT_RULES, ids=lambda rule: rule.id)
def test_french_and_english_say_it_in_their_own_words(rule: Rule) -> None:
    view = alert(rule.signal, rule.id, name="C4", rooms=("Café",))
    assert headline(view, language_of("fr")) != headline(view, language_of("en"))
    assert runbook_of(view, language_of("fr")) != runbook_of(view, language_of("en"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_fault_has_one_sentence_and_no_other_has(lang: str) -> None:
    language = language_of(lang)
    said = [fault_line(replace(alert("x"), fault=fault), language) for fault in FAULTS]
    assert all(said)
    assert len(set(said)) == len(FAULTS)
    assert fault_line(replace(alert("x"), fault="ghost"), language) == fault_line(alert("x"), language) == ""


@pytest.mark.parametrize("lang", LANGUAGES)
def test_whatever_can_happen_to_an_alert_is_told_in_its_course(lang: str) -> None:
    said = [course_line(EventView(str(what), 0.0, "Accueil", "7"), language_of(lang)) for what in What]
    assert len(set(said)) == len(What)
    assert not set(said) & {str(what) for what in What}


@settings(max_examples=200)
@given(
    st.sampled_from([(rule.id, rule.signal) for rule in DEFAULT_RULES] + [("own", "reading"), ("own", "absent:disk")]),
    st.dictionaries(
        st.sampled_from(sorted({name for kind in SIGNALS.values() for name in kind.figures})),
        st.none() | st.floats(-1e12, 1e12) | st.integers(-5, 5) | st.text(max_size=5),
    ),
    st.none() | st.floats(-1e9, 1e9),
)
def test_whatever_figures_an_alert_has_it_is_said_without_a_none(
    rule: tuple[str, str], figures: dict[str, float | str | None], value: float | None
) -> None:
    words = {name: one for name, one in figures.items() if not isinstance(one, str)}
    for lang in LANGUAGES:
        language = language_of(lang)
        view = alert(rule[1], rule[0], name="C4", rooms=("Café",), figures=words, value=value, level=1.0)
        assert "None" not in headline(view, language) + figures_line(view, language)
        # A figure of another version may be a word: it is told as nothing, or as it is, and breaks no page.
        assert headline(replace(view, figures=figures), language)
        assert isinstance(figures_line(replace(view, figures=figures), language), str)
