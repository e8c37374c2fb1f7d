"""A message is text of one title and lines, whatever the names in it try to be."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from email.message import EmailMessage

import pytest
from tests.gateway.api.hostile import PRINTABLE, UNPRINTABLE

from vigie_dashboard.alert_message import LISTED, LONGEST_TITLE, OVER, Letter, Sender, Told, letter_of, letter_of_test
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.language import language_of
from vigie_dashboard.notices import Severity

NOW_TS = 1_795_527_130.0  # 24 November 2026, 14:32:10 in Paris
SENDER = Sender("Le Sémaphore", "Europe/Paris", "http://vigie.lan")
ALERT = AlertView(
    number=7,
    rule="circuit-dead",
    signal="circuit-dead",
    severity=Severity.OUTAGE,
    subject_kind="circuit",
    subject="c4",
    name={"fr": "C4", "en": "C4"},
    rooms=({"fr": "Café", "en": "Café"},),
    phase="firing",
    since_ts=NOW_TS - 3_120,
    fired_ts=NOW_TS - 3_110,
    figures={"outlets": 6.0, "power_w": 0.0},
    fault="power",
)
ENDED = replace(ALERT, phase="resolved", ended_ts=NOW_TS - 60)
LANGUAGES = ("fr", "en")


def letter(*told: Told, lang: str = "fr", sender: Sender = SENDER) -> Letter:
    """In plain spaces."""
    made = letter_of(told, sender, NOW_TS, language_of(lang))
    title, body = (text.replace("\u00a0", " ").replace("\u202f", " ") for text in (made.title, made.body))
    return Letter(title, body, made.severity)


def test_a_title_tells_alone() -> None:
    assert letter(Told(ALERT, "fired")).title == "Le Sémaphore \u2013 Panne : Café : 6 prises sans courant"
    assert "Café: 6 outlets without power" in letter(Told(ALERT, "fired"), lang="en").title


def test_a_message_says_since_when_and_ends_with_its_page() -> None:
    lines = letter(Told(ALERT, "fired")).body.splitlines()
    assert "depuis 13 h 40" in lines[1]
    assert lines[-1] == "http://vigie.lan/alerts/7"


def test_what_is_over_tells_its_times_and_is_no_outage_any_more() -> None:
    made = letter(Told(ENDED, "resolved"))
    assert made.severity == OVER
    assert "13 h 40" in made.body
    assert "14 h 31" in made.body
    assert "51 min" in made.body


def test_the_worst_of_a_group_stands_in_the_title_and_the_others_are_counted() -> None:
    mild = [Told(replace(ALERT, number=n, severity=Severity.WARNING), "fired") for n in range(8, 8 + LISTED)]
    made = letter(*mild, Told(ALERT, "fired"), Told(replace(ENDED, number=90), "resolved"))
    assert made.title.startswith("Le Sémaphore \u2013 Panne : Café")
    assert made.title.endswith(f"et {LISTED + 1} autres")
    assert "\n\net 2 autres\n\n" in made.body
    assert made.body.endswith("http://vigie.lan/alerts")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", [*PRINTABLE, *UNPRINTABLE, "a\u2028b", "a\x85b", "\u202egpj.exe", "\ud800"])
def test_no_name_makes_a_second_line_or_a_header(name: str, lang: str) -> None:
    names = {"fr": name, "en": name}
    hostile = replace(
        ALERT, name=names, rooms=(names,), taken_by=name, taken_ts=NOW_TS, runbook={lang: (name,)}, dependants=(ALERT,)
    )
    ordinary = letter(Told(replace(hostile, name=ALERT.name, rooms=ALERT.rooms, taken_by="x"), "fired"), lang=lang)
    sender = replace(SENDER, site=name)
    for rule in ("circuit-dead", "node-silent", "notifier-failing", "own"):
        made = letter(Told(replace(hostile, rule=rule, rule_name=names), "fired"), lang=lang, sender=sender)
        _is_plain(made)
    assert len(letter(Told(hostile, "fired"), lang=lang).body.splitlines()) == len(ordinary.body.splitlines())
    _is_plain(letter_of_test(name, sender, language_of(lang)))


def _is_plain(made: Letter) -> None:
    assert len(made.title) <= LONGEST_TITLE
    assert not {unicodedata.category(one) for one in made.title} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not {unicodedata.category(one) for one in made.body.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    mail = EmailMessage()
    mail["Subject"] = made.title
    assert mail.keys() == ["Subject"]
