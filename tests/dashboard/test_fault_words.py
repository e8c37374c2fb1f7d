"""Why something did not get through or is not stored is said in the reader's language, from the gateway's own line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.alerts import alert

from vigie_dashboard import fault_words as module
from vigie_dashboard.alert_words import figures_line
from vigie_dashboard.fault_words import fault, fault_words, store_words
from vigie_dashboard.language import language_of
from vigie_gateway.store import schema

FRENCH, ENGLISH = language_of("fr"), language_of("en")
CODES = sorted(module._notifier_faults(str))


@pytest.mark.parametrize("code", CODES)
def test_every_fault_of_a_notifier_is_found_again_by_its_line_and_translated(code: str) -> None:
    places = dict.fromkeys(module._PLACE.findall(module._notifier_faults(str)[code]), "x (5): y")
    line = fault(code, **places)
    assert fault_words(line, ENGLISH) == line
    french = fault_words(line, FRENCH)
    assert french != line
    assert all(value in french.replace("\u00a0:", ":") for value in places.values())


@pytest.mark.parametrize("reason", sorted(schema._REASONS.values()))
def test_every_reason_of_the_store_is_translated_wherever_it_stands(reason: str) -> None:
    line = f"/var/lib/vigie/vigie.db: readings were not stored: {reason} (SQLITE_X)"
    assert store_words(line, ENGLISH) == reason
    assert store_words(line, FRENCH) not in {line, reason}


@given(st.text())
def test_a_line_that_is_none_of_ours_stays_as_it_is_or_is_one(line: str) -> None:
    assert fault_words(line, ENGLISH) == line


def test_an_alert_about_a_notifier_or_the_store_says_why_in_french() -> None:
    sent = alert("notifier", figures={"error": fault("mail-sign-in", status=535)})
    assert "a refusé l’identifiant ou le mot de passe (535)" in figures_line(sent, FRENCH)  # noqa: RUF001 - as printed
    stored = alert("store", figures={"trouble": "vigie.db: a commit: the disk is full (SQLITE_FULL)"})
    assert figures_line(stored, FRENCH) == "le disque est plein"
