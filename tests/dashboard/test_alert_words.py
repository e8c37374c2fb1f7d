"""What an alert says in one line, and the figures behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.dashboard.alerts import DEAD, FULL, SILENT, WIFI, alert, plain

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.alert_words import figures_line, headline
from vigie_dashboard.language import NBSP, NNBSP, language_of
from vigie_dashboard.pages import LANGUAGES


def said(view: AlertView, lang: str = "fr") -> str:
    return plain(headline(view, language_of(lang)))


def figures(view: AlertView, lang: str = "fr") -> str:
    return plain(figures_line(view, language_of(lang)))


def test_dead_outlets_are_counted_with_what_is_measured_and_their_breaker() -> None:
    assert (said(DEAD), figures(DEAD)) == (
        "Café : 6 prises sans courant",
        "0 W mesuré, 6 prises sur 6 · disjoncteur C4",
    )
    assert figures(DEAD, "en") == "0 W measured, 6 outlets of 6 · breaker C4"


def test_a_crowded_access_point_says_for_how_many_it_is_meant_and_how_slow_it_is() -> None:
    assert figures(FULL) == figures(WIFI) == "41 appareils, borne prévue pour 30 · 180 ms"
    assert said(WIFI) == "Grande salle : Wi-Fi lent"


def test_a_silent_sensor_says_what_its_battery_and_signal_were_and_what_that_means() -> None:
    assert (said(SILENT), figures(SILENT)) == (
        "Mezzanine : capteur muet",
        "pile à 8 %, signal \u221283 dBm : probablement la pile",
    )
    assert figures(replace(SILENT, fault="device")) == "pile à 8 %, signal \u221283 dBm"


def test_a_sensor_that_is_called_as_its_room_is_named_once() -> None:
    silent = alert("channel-silent", name="Mezzanine", rooms=("Mezzanine",))
    assert said(silent) == "Mezzanine : aucune mesure"
    assert said(replace(silent, name={"fr": "Porte"})) == "Mezzanine : aucune mesure de Porte"


def test_french_spaces_are_those_of_printing() -> None:
    assert headline(DEAD, language_of("fr")) == f"Café{NBSP}: 6 prises sans courant"
    assert f"0{NBSP}W mesuré" in figures_line(DEAD, language_of("fr"))
    assert NNBSP not in headline(DEAD, language_of("en"))


@pytest.mark.parametrize(
    ("signal", "told", "expected"),
    [
        ("circuit-dead", {"power_w": 1.0}, "1 W mesuré · disjoncteur C4"),
        ("circuit-dead", {"power_w": 2.0}, "2 W mesurés · disjoncteur C4"),
        ("circuit-dead", {"power_w": 1_900.0}, "1,9 kW mesuré · disjoncteur C4"),
        ("circuit-dead", {"outlets": 1.0, "room_outlets": 6.0}, "1 prise sur 6 · disjoncteur C4"),
        ("circuit-load", {"power_va": 3_800.0, "limit_va": 3_680.0}, "3,8 kVA sur 3,7 kVA"),
        ("access-point-load", {"stations": 1.0, "limit": 30.0}, "1 appareil, borne prévue pour 30"),
        ("wifi", {"reason": "latency", "latency_ms": 420.0}, "répond lentement · 420 ms"),
        ("uplink-speed", {"download_bps": 11.8e6, "subscribed_bps": 84e6}, "12 sur 84 Mb/s souscrits"),
        ("nodes-silent", {"silent": 5.0, "nodes": 6.0}, "5 muets sur 6"),
        ("nodes-silent", {"silent": 1.0, "nodes": 1.0}, "1 muet sur 1"),
        ("people", {"people": 21.0, "seats": 18.0}, "21 comptés sur 18"),
        ("backlog", {"readings": 1.0}, "1 mesure attend"),
        ("backlog", {"readings": 1_200.0}, "1 200 mesures attendent"),
        ("broker-drops", {"dropped": 1.0}, "1 message perdu"),
        ("broker-drops", {"dropped": 41.0}, "41 messages perdus"),
        ("notifier", {"error": "535 refused"}, "535 refused"),
        ("store", {"trouble": "the disk is full"}, "le disque est plein"),
    ],
)
def test_figures_are_counted_as_french_counts(signal: str, told: dict[str, float | str | None], expected: str) -> None:
    assert figures(alert(signal, subject="c4", name="C4", figures=told)) == expected


@pytest.mark.parametrize(
    ("signal", "value", "expected"),
    [
        ("disk", 0.04, "4 % libres"),
        ("battery", 8.0, "8 %"),
        ("heat", 81.4, "81 °C"),
        ("reading", 8.25, "8,25, limite 6"),
        ("reading", 1_412.6, "1 413, limite 6"),
    ],
)
def test_of_one_value_the_value_is_the_figure(signal: str, value: float, expected: str) -> None:
    assert figures(alert(signal, value=value, level=6.0)) == expected


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    ("signal", "names"),
    [
        ("circuit-load", ("power_va", "limit_va")),
        ("wifi", ("reason", "stations", "limit", "latency_ms")),
        ("access-point-load", ("stations", "limit", "latency_ms")),
        ("uplink-speed", ("download_bps", "subscribed_bps")),
        ("node-silent", ("battery_percent", "rssi_dbm")),
        ("channel-silent", ("age_s", "period_s", "battery_percent", "rssi_dbm")),
        ("nodes-silent", ("silent", "nodes")),
        ("people", ("people", "seats")),
        ("broker-drops", ("dropped",)),
        ("store", ("trouble",)),
        ("backlog", ("readings",)),
        ("notifier", ("failures", "error")),
        ("disk", ("free_bytes",)),
        ("battery", ("battery_percent",)),
        ("heat", ()),
        ("reading", ()),
    ],
)
def test_what_is_not_known_is_left_out_and_never_zero(signal: str, names: tuple[str, ...], lang: str) -> None:
    assert figures(alert(signal, figures=dict.fromkeys(names)), lang) == ""
    assert figures(alert(signal), lang) == ""


def test_outlets_that_nobody_counted_are_not_none_at_all() -> None:
    assert said(alert("circuit-dead", name="C4", rooms=("Café",), figures={"outlets": 0})) == "C4 : sans courant"
    assert said(alert("circuit-dead", name="C4", rooms=("Café",))) == "C4 : sans courant"
    one = alert("circuit-dead", name="C4", rooms=("Café",), figures={"outlets": 1})
    assert said(one) == "Café : 1 prise sans courant"


def test_more_rooms_than_fit_in_a_line_become_the_name_of_what_it_is_about() -> None:
    rooms = ("Café", "Atelier", "Cabine")
    assert said(alert("circuit-dead", name="C4", rooms=rooms, figures={"outlets": 9})) == "C4 : 9 prises sans courant"
    assert said(alert("node-silent", name="pi-2", rooms=rooms)) == "pi-2 : capteur muet"


def test_a_rule_of_the_place_speaks_by_the_name_that_the_place_gave_it() -> None:
    fridge = alert(
        "reading",
        "fridge",
        name="frigo",
        rooms=("Café",),
        rule_name={"fr": "frigo trop chaud", "en": "fridge too warm"},
    )
    assert said(fridge) == "Café : frigo trop chaud"
    assert said(fridge, "en") == "Café: fridge too warm"
    assert said(replace(fridge, rule_name={"fr": "frigo trop chaud"}), "en") == "Café: frigo trop chaud"
    assert said(replace(fridge, rooms=(), name={}, subject="")) == "frigo trop chaud"


def test_a_rule_without_a_name_or_that_is_not_known_says_what_is_out_of_bounds() -> None:
    assert said(alert("reading", "fridge", name="frigo")) == "frigo : hors limites"
    assert said(alert("flood", "flood")) == "flood : hors limites"
    assert said(alert("circuit-load", "heaters", name="C2")) == "C2 : plus que le circuit ne peut porter"


def test_that_nothing_is_known_is_said_of_what_it_is_about_whatever_its_rule_is_called() -> None:
    fridge = alert("absent:reading", "fridge.absent", name="frigo", rule_name={"fr": "frigo trop chaud"})
    assert said(fridge) == "frigo : aucune mesure"
    assert said(replace(fridge, name={}, subject="")) == "frigo trop chaud : aucune mesure"
    # Of a rule that is gone, the gateway knows no more than its name.
    assert said(alert("disk-low.absent", "disk-low.absent")) == "disk-low : aucune mesure"


def test_of_what_is_not_known_no_old_figure_is_told() -> None:
    assert figures(alert("absent:people", figures={"people": 3, "seats": 18})) == ""
    assert figures(alert("absent:disk", value=600.0)) == ""
