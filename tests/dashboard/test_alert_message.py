"""What is sent to somebody about alerts."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.alerts import DEAD, SILENT, WIFI, alert, plain
from tests.dashboard.places import NOW_TS
from tests.gateway.api.hostile import PRINTABLE, UNPRINTABLE

from vigie_dashboard.alert_message import LISTED, LONGEST_TITLE, OVER, Letter, Sender, Told, letter_of, letter_of_test
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.language import language_of
from vigie_dashboard.notices import Severity
from vigie_dashboard.pages import LANGUAGES

FR, EN = language_of("fr"), language_of("en")
SITE = Sender("Le Sémaphore", "Europe/Paris", "http://vigie.lan/")
IDLE = replace(DEAD, taken_by="", taken_ts=None)


def letter(*views: AlertView, occasion: str = "fired", lang: str = "fr", sender: Sender = SITE) -> Letter:
    """In ordinary spaces."""
    made = letter_of([Told(view, occasion) for view in views], sender, NOW_TS, language_of(lang))
    return replace(made, title=plain(made.title), body=plain(made.body))


def test_one_alert_is_told_in_full_and_its_title_tells_alone() -> None:
    made = letter(IDLE)
    assert made.title == "Le Sémaphore \u2013 Panne : Café : 6 prises sans courant"
    assert made.body.splitlines() == [
        "Panne : Café : 6 prises sans courant",
        "depuis 13 h 40 · 0 W mesuré, 6 prises sur 6 · disjoncteur C4",
        "La panne est électrique : un disjoncteur qui a sauté, ou une coupure.",
        "1. Débrancher ce qui a été branché en dernier.",
        "2. Réenclencher le disjoncteur une fois. S'il retombe, le laisser et appeler l'électricien.",
        "",
        "http://vigie.lan/alerts/1",
    ]
    assert made.severity == "crit"


def test_in_english_it_is_the_same_in_english() -> None:
    made = letter(IDLE, lang="en")
    assert made.title == "Le Sémaphore \u2013 Outage: Café: 6 outlets without power"
    assert "since 13:40 · 0 W measured, 6 outlets of 6 · breaker C4" in made.body


def test_without_an_address_there_is_no_link() -> None:
    assert "http" not in letter(IDLE, sender=replace(SITE, address=None)).body


def test_the_worst_comes_first_and_what_is_over_last() -> None:
    over = replace(IDLE, number=9, ended_ts=NOW_TS)
    made = letter(over, SILENT, WIFI, IDLE)
    heads = [block.splitlines()[0] for block in made.body.split("\n\n")]
    assert heads == [
        "Panne : Café : 6 prises sans courant",
        "À surveiller : Grande salle : Wi-Fi lent",
        "Sans mesure : Mezzanine : capteur muet",
        "Rétabli : Café : 6 prises sans courant",
        "http://vigie.lan/alerts",
    ]
    assert made.title == "Le Sémaphore \u2013 Panne : Café : 6 prises sans courant et 3 autres"
    assert made.severity == "crit"


def test_forty_at_once_are_one_message_with_the_worst_first_and_the_others_counted() -> None:
    silent = [replace(SILENT, number=n, name={"fr": f"pi-{n}"}, rooms=()) for n in range(2, 41)]
    made = letter(*silent, IDLE)
    assert made.title.endswith("6 prises sans courant et 39 autres")
    blocks = made.body.split("\n\n")
    assert len(blocks) == LISTED + 2
    assert blocks[LISTED] == f"et {40 - LISTED} autres"
    assert blocks[-1] == "http://vigie.lan/alerts"
    assert "1. " not in made.body


def test_two_that_say_the_same_are_one_line_and_not_counted_twice() -> None:
    made = letter(IDLE, replace(IDLE, number=2), replace(IDLE, number=3, ended_ts=NOW_TS))
    assert made.title == "Le Sémaphore \u2013 Panne : Café : 6 prises sans courant et 1 autre"
    assert made.body.count("Panne : Café") == 1
    assert made.body.count("Rétabli : Café") == 1


def test_a_recovery_says_from_when_to_when_and_nothing_of_what_to_do() -> None:
    over = replace(IDLE, ended_ts=NOW_TS, phase="resolved")
    made = letter(over, occasion="resolved")
    assert made.title == "Le Sémaphore \u2013 Rétabli : Café : 6 prises sans courant"
    assert made.body.splitlines() == [
        "Rétabli : Café : 6 prises sans courant",
        "de 13 h 40 à 14 h 32 (52 min)",
        "",
        "http://vigie.lan/alerts/1",
    ]
    assert made.severity == OVER


def test_an_outage_told_after_it_was_over_is_told_with_both_times() -> None:
    line = replace(alert("internet", "internet-down"), since_ts=NOW_TS - 1_800, ended_ts=NOW_TS - 1_200)
    made = letter(line)
    assert "de 14 h 02 à 14 h 12 (10 min)" in made.body
    assert made.title == "Le Sémaphore \u2013 Rétabli : Internet est coupé"


def test_an_escalation_says_that_nobody_is_on_it() -> None:
    assert letter(IDLE, occasion="escalated").title == (
        "Le Sémaphore \u2013 Personne ne s'en occupe : Café : 6 prises sans courant"
    )


def test_a_reminder_says_that_it_still_is() -> None:
    assert letter(IDLE, occasion="reminded").title == "Le Sémaphore \u2013 Toujours : Café : 6 prises sans courant"


def test_who_has_it_in_hand_and_what_hangs_on_it_is_told_too() -> None:
    made = letter(replace(DEAD, dependants=(SILENT,), unknown_since_ts=NOW_TS - 60))
    assert "Pris en charge : Accueil, 13 h 52" in made.body
    assert "avec elle : pi-mezzanine" in made.body
    assert "rien reçu depuis 14 h 31" in made.body


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_test_says_who_asked_and_that_nothing_is_wrong(lang: str) -> None:
    made = letter_of_test("Admin", SITE, language_of(lang))
    assert (
        plain(made.title)
        == {
            "fr": "Le Sémaphore \u2013 Essai : tout va bien",
            "en": "Le Sémaphore \u2013 Test: nothing is wrong",
        }[lang]
    )
    assert made.body.startswith("Admin ")
    assert made.severity == OVER


def hostile(name: str) -> AlertView:
    """Everything that people and the wire can name, named so."""
    names = {"fr": name, "en": name}
    return replace(
        SILENT, number=1, rule="own", signal="reading", rule_name=names, name=names, rooms=(names,), taken_by=name,
        runbook={"fr": (name, name)}, figures={"error": name}, silence_reason=name,
        dependants=(replace(SILENT, name=names),), fault="node",
    )  # fmt: skip


def assert_harmless(made: Letter, lines: int) -> None:
    """A title of one line that can be a header, a body of so many lines, and nothing that turns the writing around."""
    assert 0 < len(made.title) <= LONGEST_TITLE
    assert not [one for one in made.title if unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp", "Cs"}]
    assert not [one for one in made.body if one != "\n" and unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp", "Cs"}]
    assert len(made.body.split("\n")) == lines
    mail = EmailMessage()
    mail["Subject"] = made.title
    mail.set_content(made.body)
    assert mail.keys() == ["Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"]


@pytest.mark.parametrize("rule", ["own", "circuit-dead", "node-silent", "notifier-failing"])
@pytest.mark.parametrize("name", [*PRINTABLE, *UNPRINTABLE, "\ud800"])
def test_no_name_breaks_a_line_adds_a_header_or_turns_the_writing_around(name: str, rule: str) -> None:
    one, ordinary = (replace(hostile(each), rule=rule) for each in (name, "Café"))
    plainly = letter_of([Told(ordinary, "fired")], SITE, NOW_TS, FR)
    made = letter_of([Told(one, "fired")], replace(SITE, site=name), NOW_TS, FR)
    assert_harmless(made, len(plainly.body.split("\n")))
    assert_harmless(letter_of_test(name, replace(SITE, site=name), FR), 1)


@given(st.text(min_size=1, max_size=300), st.text(max_size=300))
def test_whatever_the_names_are_a_title_is_one_line_that_counts_the_others(name: str, site: str) -> None:
    told = [Told(hostile(name), "fired"), Told(WIFI, "fired")]
    made = letter_of(told, replace(SITE, site=site), NOW_TS, EN)
    assert made.title.endswith("and 1 other")
    assert_harmless(made, len(letter_of([Told(hostile("x"), "fired"), told[1]], SITE, NOW_TS, EN).body.split("\n")))


def test_a_name_that_is_too_long_never_hides_what_is_wrong_nor_how_many_others() -> None:
    long = Sender("Z" * 200, "Europe/Paris", None)
    made = letter(IDLE, WIFI, sender=long)
    assert len(made.title) <= LONGEST_TITLE
    assert "Panne : Café : 6 prises sans courant et 1 autre" in made.title
    rooms = ({"fr": "é" * 200},)
    assert letter(replace(IDLE, rooms=rooms), WIFI).title.endswith("… et 1 autre")


def test_a_severity_is_that_of_the_worst() -> None:
    assert letter(SILENT, WIFI).severity == str(Severity.WARNING)
    assert letter(SILENT).severity == str(Severity.UNKNOWN)


def test_the_example_in_the_documentation_is_what_is_sent() -> None:
    made = letter_of([Told(replace(IDLE, number=7), "fired")], SITE, NOW_TS, FR)
    text = plain((Path(__file__).parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8"))
    example = "\n".join(f"    {line}".rstrip() for line in (made.title, "", *made.body.split("\n")))
    assert plain(example) in text
