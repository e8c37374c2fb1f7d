"""What is said of an alert beside its headline."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dashboard.alerts import DEAD, DOOR, SILENT, WIFI, alert, plain
from tests.dashboard.places import NOW_TS

from vigie_dashboard.alert_text import (
    course_line,
    dependants_line,
    duration,
    fault_line,
    lasted,
    moment,
    runbook_of,
    silence_line,
    since,
    taken_line,
    tell_line,
    unknown_line,
)
from vigie_dashboard.alert_view import EventView, ToldView
from vigie_dashboard.language import language_of
from vigie_dashboard.notices import Severity

PARIS = "Europe/Paris"
FR, EN = language_of("fr"), language_of("en")
TOLD = (
    ToldView("admin", {"fr": "Admin"}, "mail", "email", Severity.UNKNOWN),
    ToldView("accueil", {"fr": "Accueil", "en": "Desk"}, "sms", "SMSEagle", Severity.OUTAGE),
    ToldView("hall", {"fr": "Écran"}, "screen", "screen", Severity.OUTAGE),
)


def paris(*parts: int, fold: int = 0) -> float:
    return datetime(*parts, fold=fold, tzinfo=ZoneInfo(PARIS)).timestamp()  # type: ignore[arg-type, misc]  # a date


@pytest.mark.parametrize(
    ("seconds", "french", "english"),
    [
        (-3, "0 s", "0 s"),
        (59.9, "59 s", "59 s"),
        (60, "1 min", "1 min"),
        (52 * 60, "52 min", "52 min"),
        (59 * 60 + 59, "59 min", "59 min"),
        (3_600, "1 h 00", "1 h 00"),
        (3 * 3_600 + 5 * 60, "3 h 05", "3 h 05"),
        (86_399, "23 h 59", "23 h 59"),
        (86_400, "1 j", "1 d"),
        (2 * 86_400 + 4 * 3_600 + 59, "2 j 4 h", "2 d 4 h"),
        (30 * 86_400, "30 j", "30 d"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, french: str, english: str) -> None:
    assert (plain(duration(seconds, FR)), plain(duration(seconds, EN))) == (french, english)


@given(st.floats(0, 1e8))
def test_a_duration_is_never_empty_and_says_no_zero_of_a_whole_minute(seconds: float) -> None:
    said = plain(duration(seconds, EN))
    assert said
    assert (said == "0 s") == (seconds < 1)


def test_times_of_today_are_times_and_others_have_their_day() -> None:
    now_ts = paris(2026, 11, 24, 14, 32)
    said = {
        at: plain(moment(paris(*at), now_ts, PARIS, FR))
        for at in (
            (2026, 11, 24, 13, 40),
            (2026, 11, 25, 8, 0),
            (2026, 11, 26, 8, 0),
            (2026, 11, 23, 17, 10),
            (2026, 11, 18, 9, 0),
            (2026, 11, 17, 9, 0),
            (2025, 11, 24, 9, 0),
        )
    }
    assert list(said.values()) == [
        "13 h 40",
        "demain 8 h",
        "jeu. 26 8 h",
        "lun. 23 17 h 10",
        "mer. 18 9 h",
        "17 nov. 9 h",
        "24 nov. 2025 9 h",
    ]
    assert moment(paris(2026, 11, 25, 8), now_ts, PARIS, EN) == "tomorrow 08:00"


def test_the_night_of_new_year_is_yesterday_and_not_another_year() -> None:
    assert plain(moment(paris(2026, 12, 31, 23, 50), paris(2027, 1, 1, 0, 5), PARIS, FR)) == "jeu. 31 23 h 50"


def test_how_long_is_what_passed_also_when_the_clocks_are_changed() -> None:
    """From 2:30 in summer time to 2:10 in winter time are 40 minutes; from 1:30 to 3:10 in spring as many."""
    autumn = replace(DEAD, since_ts=paris(2026, 10, 25, 2, 30), ended_ts=paris(2026, 10, 25, 2, 10, fold=1))
    assert plain(lasted(autumn, NOW_TS, FR)) == "40 min"
    spring = replace(DEAD, since_ts=paris(2026, 3, 29, 1, 30), ended_ts=paris(2026, 3, 29, 3, 10))
    assert plain(lasted(spring, NOW_TS, FR)) == "40 min"
    tomorrow = moment(paris(2026, 10, 26, 8), paris(2026, 10, 25, 0, 30), PARIS, FR)
    assert plain(tomorrow) == "demain 8 h"


def test_since_when_and_for_how_long_are_those_of_the_picture() -> None:
    assert plain(since(DEAD, NOW_TS, PARIS, FR)) == "depuis 13 h 40"
    assert (plain(lasted(DEAD, NOW_TS, FR)), plain(lasted(DOOR, NOW_TS, FR))) == ("52 min", "3 h 05")


def test_what_is_over_says_from_when_to_when_with_its_day_once() -> None:
    over = replace(DEAD, ended_ts=NOW_TS)
    assert plain(since(over, NOW_TS, PARIS, FR)) == "de 13 h 40 à 14 h 32"
    assert plain(since(over, NOW_TS + 86_400, PARIS, FR)) == "de mar. 24 13 h 40 à 14 h 32"
    assert plain(since(over, NOW_TS + 86_400, PARIS, EN)) == "from Tue 24 13:40 to 14:32"
    long = replace(over, ended_ts=NOW_TS + 86_400)
    assert plain(since(long, NOW_TS + 86_400, PARIS, FR)) == "de mar. 24 13 h 40 à mer. 25 14 h 32"
    assert plain(since(long, NOW_TS + 30 * 86_400, PARIS, FR)) == "de 24 nov. 13 h 40 à 25 nov. 14 h 32"


def test_a_silence_says_until_when_by_whom_and_why() -> None:
    until = replace(DOOR, silenced_until_ts=paris(2026, 11, 25, 8))
    assert plain(silence_line(until, NOW_TS, PARIS, FR)) == (
        "en silence jusqu'à demain 8 h · Admin : « travaux de peinture »"
    )
    assert plain(silence_line(DOOR, NOW_TS, PARIS, FR)).startswith("en silence jusqu'au rétablissement · Admin")
    assert silence_line(DEAD, NOW_TS, PARIS, FR) == ""


def test_who_has_it_in_hand_is_said_with_since_when_if_that_is_known() -> None:
    assert plain(taken_line(DEAD, NOW_TS, PARIS, FR)) == "Accueil, 13 h 52"
    assert taken_line(replace(DEAD, taken_ts=None), NOW_TS, PARIS, FR) == "Accueil"
    assert taken_line(WIFI, NOW_TS, PARIS, FR) == ""


def test_that_nothing_is_known_any_more_is_said_while_it_is_open() -> None:
    lost = replace(DEAD, unknown_since_ts=NOW_TS - 60)
    assert plain(unknown_line(lost, NOW_TS, PARIS, FR)) == "rien reçu depuis 14 h 31 : on ne sait pas si c'est rétabli"
    assert unknown_line(replace(lost, ended_ts=NOW_TS), NOW_TS, PARIS, FR) == ""
    assert unknown_line(DEAD, NOW_TS, PARIS, FR) == ""


def test_the_places_own_words_come_before_vigies() -> None:
    own = replace(
        WIFI,
        tell={"fr": "Allez à l'Atelier.", "en": "Try the workshop."},
        runbook={"fr": ("Allumer la borne 2 (placard du fond)", "Envoyer les visios à l'Atelier")},
    )
    assert tell_line(own, FR) == "Allez à l'Atelier."
    assert runbook_of(own, FR) == ("Allumer la borne 2 (placard du fond)", "Envoyer les visios à l'Atelier")
    # A reader of another language is told in the one that is there, rather than something else.
    assert runbook_of(own, EN) == runbook_of(own, FR)
    assert runbook_of(replace(own, runbook={"de": ("…",), "en": ("Turn it on",)}), FR) == ("Turn it on",)
    assert runbook_of(WIFI, FR)[0] == "Envoyer les visios dans une autre salle."
    assert tell_line(WIFI, FR).startswith("«")


def test_a_rule_that_is_not_known_tells_nobody_anything_invented() -> None:
    ghost = alert("flood", "flood")
    assert (tell_line(ghost, FR), runbook_of(ghost, FR)) == ("", ())


def test_of_what_is_not_known_nothing_is_told_that_was_meant_for_what_is() -> None:
    fridge = replace(
        alert("absent:reading", "fridge.absent", name="frigo"),
        tell={"fr": "Ne rien mettre au frigo."},
        runbook={"fr": ("Fermer la porte du frigo.",)},
    )
    assert tell_line(fridge, FR) == ""
    assert [plain(step) for step in runbook_of(fridge, FR)] == [
        "Regarder le câble du capteur, puis éteindre et rallumer son nœud une fois."
    ]


def test_where_the_fault_lies_is_not_said_of_what_says_it_itself() -> None:
    """A battery at 18 % is not empty, and a copied card is no node that stopped."""
    assert fault_line(replace(alert("battery", "battery-low"), fault="battery"), FR) == ""
    assert fault_line(replace(alert("node-cloned"), fault="node"), FR) == ""
    assert plain(fault_line(SILENT, FR)) == "Sa pile est probablement vide."
    weak = replace(alert("under-voltage"), fault="power")
    assert fault_line(weak, FR) != fault_line(DEAD, FR) != ""


def test_what_hangs_on_it_is_named_and_then_counted() -> None:
    others = [replace(SILENT, number=n, name={"fr": f"pi-{n}"}) for n in range(1, 5)]
    assert plain(dependants_line(replace(DEAD, dependants=tuple(others[:2])), FR)) == "avec elle : pi-1, pi-2"
    assert (
        plain(dependants_line(replace(DEAD, dependants=tuple(others[:3])), FR)) == "avec elle : pi-1, pi-2 et 1 autre"
    )
    assert plain(dependants_line(replace(DEAD, dependants=tuple(others)), EN)) == "with it: pi-1, pi-2 and 2 others"
    slow = replace(WIFI, dependants=(replace(WIFI, number=9, rule="wifi-slow"),))
    assert dependants_line(slow, FR) == ""
    twice = replace(DEAD, dependants=(others[0], replace(others[0], number=9)))
    assert plain(dependants_line(twice, EN)) == "with it: pi-1"
    assert dependants_line(DEAD, FR) == ""


@pytest.mark.parametrize(
    ("what", "reason", "french", "english"),
    [
        ("told", "admin mail", "courriel à Admin : remis", "e-mail to Admin: delivered"),
        ("told", "hall screen", "affichée : Écran", "shown: Écran"),
        ("told", "gone screen", "affichée : gone", "shown: gone"),
        ("not-told", "gone lamp: no answer", "lampe à gone : échec, no answer", "lamp to gone: failed, no answer"),
        ("not-told", "accueil sms: crédit épuisé", "SMSEagle à Accueil : échec, crédit épuisé",
         "SMSEagle to Desk: failed, crédit épuisé"),
        ("not-told", "accueil sms: 550: no such user", "SMSEagle à Accueil : échec, 550: no such user",
         "SMSEagle to Desk: failed, 550: no such user"),
        ("told", "gone mail", "mail à gone : remis", "mail to gone: delivered"),
        ("not-told", "gone mail", "mail à gone : échec, on ne sait pas pourquoi",
         "mail to gone: failed, nobody knows why"),
    ],
)  # fmt: skip
def test_a_message_says_by_what_to_whom_and_whether_it_got_through(
    what: str, reason: str, french: str, english: str
) -> None:
    event = EventView(what, NOW_TS, reason=reason)
    assert plain(course_line(event, FR, TOLD)) == french
    assert plain(course_line(event, EN, TOLD)) == english


@pytest.mark.parametrize(
    ("event", "french"),
    [
        (EventView("acknowledged", 0.0, "Accueil"), "Accueil s'en occupe"),
        (EventView("acknowledged", 0.0, "Accueil", "j'y vais"), "Accueil s'en occupe : « j'y vais »"),
        (EventView("released", 0.0, "Accueil"), "Accueil ne s'en occupe plus"),
        (EventView("silenced", 0.0, "Admin", "travaux"), "mise en silence par Admin : « travaux »"),
        (EventView("unsilenced", 0.0, "Admin"), "Admin a levé le silence"),
        (EventView("unsilenced", 0.0, "", "time"), "fin du silence"),
        (EventView("noted", 0.0, "Admin", "vu"), "Admin : « vu »"),
        (EventView("explained", 0.0, "", "7"), "expliquée par l'alerte 7"),
        (EventView("resolved", 0.0, "", "well"), "rétabli"),
        (EventView("resolved", 0.0, "", "hours"), "rétabli : hors des heures de sa règle"),
        (EventView("dropped", 0.0, "", "rule-off"), "rétabli avant l'alerte : sa règle est désactivée"),
        (EventView("fired", 0.0, "", "above"), "alerte"),
        (EventView("eaten", 0.0), "eaten"),
    ],
)
def test_the_course_says_who_did_what_and_why(event: EventView, french: str) -> None:
    assert plain(course_line(event, FR)) == french
