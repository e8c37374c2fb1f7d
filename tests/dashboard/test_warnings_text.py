"""What the strip of warnings says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.alerts import alert, alerted_view

from vigie_dashboard.language import NBSP, language_of
from vigie_dashboard.notices import WarningKind, WarningView
from vigie_dashboard.pages import LANGUAGES
from vigie_dashboard.view import BoardView
from vigie_dashboard.warnings_text import SHOWN, warning_fields, warning_rows


def fields(view: BoardView, lang: str = "en") -> dict[str, str]:
    """In plain spaces."""
    made = warning_fields(view, language_of(lang))
    return {key: text.replace(NBSP, " ").replace("\u202f", " ") for key, text in made.items()}


def only(view: BoardView, warning: WarningView, lang: str = "en") -> dict[str, str]:
    """The fields with a single warning."""
    return fields(replace(view, warnings=(warning,)), lang)


def test_a_warning_says_what_since_when_why_and_what_to_tell(sample: BoardView) -> None:
    made = fields(sample, "fr")
    assert [made[f"w.0.{part}"] for part in ("s", "word", "what", "when", "tell")] == [
        "crit",
        "Panne",
        "Café : 6 prises sans courant",
        "depuis 13 h 40 · disjoncteur C4",
        "« Pour brancher un ordinateur, préférez Atelier. »",
    ]
    assert made["w.1.when"] == "depuis 14 h 12 · 41 appareils, borne prévue pour 30"
    assert made["w.1.tell"] == "« Pour une visio, préférez Atelier ou Cabine 2. »"
    assert made["w.2.s"] == "unk"
    assert made["w.2.when"] == "depuis 14 h 18 · dernière valeur : 4 places libres"


def test_three_are_shown_and_the_others_counted(states: BoardView) -> None:
    made = fields(states)
    assert made["w.more"] == "and 2 others"
    assert [made[f"w.{place}.off"] for place in range(SHOWN)] == ["", "", ""]
    assert made["w.0.when"].startswith("since Mon 23 ")


def test_without_warnings_it_says_since_when_there_is_none(bare: BoardView) -> None:
    made = fields(bare)
    assert made["w.calm"] == "Nothing to report since 11:32"
    assert made["w.none"] == "true"
    assert fields(replace(bare, calm_since_ts=None))["w.calm"] == "Nothing to report"


def test_a_beginning_that_is_not_known_is_left_out(sample: BoardView) -> None:
    made = only(sample, WarningView(WarningKind.WIFI_SLOW, ("main-hall",), None, reason="latency"))
    assert made["w.0.when"] == "slow to answer"
    assert made["w.0.tell"] == "“No room is known to be fit for a video call right now.”"


def test_what_is_wrong_everywhere_or_in_many_rooms_is_not_a_list_of_names(sample: BoardView) -> None:
    assert only(sample, WarningView(WarningKind.WIFI_SLOW, (), None))["w.0.what"] == "Slow Wi-Fi everywhere"
    many = WarningView(WarningKind.NO_POWER, ("cafe", "library", "workshop"), None, 9)
    assert only(sample, many)["w.0.what"] == "3 rooms: 9 outlets without power"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("kind", WarningKind)
def test_every_kind_has_its_words_and_what_to_tell(sample: BoardView, kind: WarningKind, lang: str) -> None:
    made = only(sample, WarningView(kind, ("cafe",), sample.now_ts, 2, 1), lang)
    assert made["w.0.what"]
    assert made["w.0.tell"]
    assert made["say.outages"] or made["say.warnings"]


def test_a_number_that_changes_is_not_announced_again(sample: BoardView) -> None:
    some, more = (WarningView(WarningKind.NO_POWER, ("cafe",), sample.now_ts - age, 3 + age) for age in (1, 2))
    assert only(sample, some)["say.outages"] == only(sample, more)["say.outages"] == "Café: outlets without power"


@pytest.mark.parametrize(("free", "said"), [(0, "in use"), (1, "free")])
def test_the_last_value_of_a_booth_is_told_as_its_door_shows_it(sample: BoardView, free: int, said: str) -> None:
    old = WarningView(WarningKind.OLD, ("booth-1",), sample.now_ts - 840, free)
    assert only(sample, old)["w.0.when"] == f"since 14:18 · last value: {said}"


def test_a_room_s_rows_have_the_alerts_about_it_too_and_of_what_they_explain() -> None:
    view = alerted_view()
    assert [row[2] for row in warning_rows(view, "workshop", language_of("en"))] == ["pi-atelier: battery low"]
    assert [row[0] for row in warning_rows(view, "cafe", language_of("en"))] == ["crit"]
    nodes = alert("nodes-silent")
    cause = replace(nodes, dependants=(replace(nodes, room_ids=("cafe",)),))
    rows = warning_rows(replace(view, alerts=(cause,)), "cafe", language_of("en"))
    assert [row[2] for row in rows] == ["Café: 6 outlets without power", "Most sensors are silent at once"]


def test_who_has_something_in_hand_is_said_with_the_time_if_that_is_known() -> None:
    view = alerted_view()
    assert fields(view)["w.0.taken"] == "Accueil, 13:52"
    assert (fields(view)["w.0.act"], fields(view)["w.0.idle"]) == ("/alerts/1/acknowledge?l=en", "true")
    assert (fields(view)["w.1.taken"], fields(view)["w.1.idle"]) == ("", "")
    assert fields(replace(view, is_time_known=False))["w.0.taken"] == "Accueil"


def test_a_warning_without_an_alert_leads_nowhere(sample: BoardView) -> None:
    made = fields(sample)
    assert [made[f"w.0.{part}"] for part in ("act", "link", "taken", "idle")] == ["", "", "", "true"]


def test_what_is_wrong_is_counted_and_who_has_it_is_said_in_one_sentence() -> None:
    made = fields(alerted_view())
    assert made["w.count"] == "4"
    assert made["say.taken"] == "Accueil is on it: Café: outlets without power"
    assert fields(replace(alerted_view(), warnings=(), alerts=()))["w.count"] == ""


@pytest.mark.parametrize(
    ("silenced", "said"),
    [(0, "Nothing to report since 11:32"), (1, " · 1 silenced alert"), (2, " · 2 silenced alerts")],
)
def test_calm_says_how_many_alerts_are_silenced(bare: BoardView, silenced: int, said: str) -> None:
    assert fields(replace(bare, silenced=silenced))["w.calm"].endswith(said)


def test_an_alert_says_since_when_its_figures_and_that_nothing_is_known_of_it_any_more() -> None:
    view = alerted_view()
    lost = replace(view, warnings=(), alerts=(replace(view.alerts[0], unknown_since_ts=view.now_ts - 60),))
    assert fields(lost)["w.0.when"] == ("since 14:22 · 8% · nothing heard since 14:31: nobody knows whether it is over")
    # Ages are true while the time is not known; times of day are not.
    assert fields(replace(lost, is_time_known=False))["w.0.when"] == "10 min ago · 8%"


@pytest.mark.parametrize(
    ("current", "said"), [(None, "Alertes : on ne sait pas"), (0, "Alertes : aucune"), (3, "Alertes : 3")]
)
def test_what_leads_to_alerts_says_how_many_there_are_or_that_nobody_knows(
    sample: BoardView, current: int | None, said: str
) -> None:
    assert fields(replace(sample, current=current), "fr")["w.current"] == said
