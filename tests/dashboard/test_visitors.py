"""The words of the public page: the answer first, and the honest word where nothing is known."""

from __future__ import annotations

import gzip
import re
from dataclasses import replace

import pytest
from tests.dashboard.places import NOW_TS, sample_visitors, silent_visitors

from vigie_dashboard import pages
from vigie_dashboard.view import AtLeast

HEADERS_BYTES = 900
"""What a gateway sends before the page, its policy included."""


def text(lang: str = "fr", **changes: object) -> str:
    """What the page of the sample place says, with some changes."""
    return text_of(pages.render_visitors(replace(sample_visitors(), **changes), lang))  # type: ignore[arg-type]  # loose


def text_of(page: str) -> str:
    """What a page says, spaces made plain."""
    body = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_the_answer_comes_before_the_rooms() -> None:
    said = text()
    assert said.index("Une place avec prise Atelier") < said.index("Toutes les salles")
    assert "6 places avec prise · rez-de-chaussée" in said


def test_a_small_group_is_told_as_so_many_or_more() -> None:
    assert "14 places ou plus" in text()
    assert "14 seats or more" in text("en")


def test_it_says_of_when_the_figures_are_and_until_when_it_is_open() -> None:
    assert re.search("Tiers-lieu · ouvert jusqu.à 20 h", text())
    assert "Mesuré à 14 h 32" in text()
    assert "Measured at 14:32" in text("en")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("fr", "Heure inconnue : les chiffres sont ceux du moment"),
        ("en", "Time not known: the figures are of now"),
    ],
)
def test_a_gateway_without_the_time_says_that_figures_are_of_now(lang: str, said: str) -> None:
    told = text(lang, is_time_known=False, is_open=None, closes_at_ts=None, now_ts=30.0, measured_ts=25.0)
    assert said in re.sub(r"\s", " ", told)
    assert "1970" not in told


def test_one_warning_tells_what_to_do() -> None:
    assert "▲ Grande salle : Wi-Fi lent. Pour une visio, préférez Atelier." in text()


def test_where_nothing_is_known_it_says_so_and_whom_to_ask() -> None:
    said = text_of(pages.render_visitors(silent_visitors(), "fr"))
    assert "Mesures arrêtées à 13 h 05" in said
    assert "On ne sait pas" in said
    assert re.search(r"Appelez l.accueil : 02 98 00 00 00\.", said)
    assert re.search("Atelier . 16 places en tout", said)
    assert not re.search(r"\b0 place", said)


def test_a_room_says_what_takes_place_there_and_a_booth_until_when_it_is_free() -> None:
    assert "Grande salle Complet PapyCamp jusqu’à 16 h" in text().replace("\u00a0", " ")  # noqa: RUF001 - as printed
    assert "Cabine 2 Libre jusqu’à 15 h 30" in text().replace("\u00a0", " ")  # noqa: RUF001 - as printed
    hall = next(room for room in sample_visitors().rooms if room.session)
    assert "Booked until 16:00" in text("en", rooms=(replace(hall, session=""),))


def test_a_room_whose_sensor_fell_silent_says_since_when() -> None:
    assert "Mezzanine Voir sur place pas de mesure depuis 14 h 18" in text()
    (lost,) = (room for room in sample_visitors().rooms if room.silent_since_ts)
    assert "10 places en tout" in text(rooms=(replace(lost, silent_since_ts=None),))


@pytest.mark.parametrize(
    ("seats", "lang", "said"),
    [(20, "fr", "une vingtaine de places"), (70, "fr", "environ 70 places"), (100, "fr", "une centaine de places"),
     (20, "en", "about 20 seats"), (70, "en", "about 70 seats")],
)  # fmt: skip
def test_the_total_is_told_as_people_tell_round_numbers(seats: int, lang: str, said: str) -> None:
    assert said in text(lang, seats_free=seats)


def test_a_full_place_says_nowhere_and_not_unknown() -> None:
    assert "Nulle part" in text(pick=None, pick_count=None)
    assert "Nowhere right now" in text("en", pick=None, pick_count=None)


def test_a_seat_without_an_outlet_says_so() -> None:
    said = text(pick_has_outlet=False, pick_count=AtLeast(3, is_exact=True))
    assert "Une place Atelier 3 places libres · aucune prise libre connue" in said


def test_a_closed_place_says_when_it_opens_and_sends_nobody_anywhere() -> None:
    said = text(is_open=False, closes_at_ts=None, opens_at_ts=NOW_TS + 18 * 3600, measured_ts=None)
    assert "Tiers-lieu · fermé, ouvre mer. 25 à 8 h 32" in said
    assert "Une place" not in said
    assert "préférez" not in said


@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_a_page_of_many_rooms_is_at_most_3_kb_with_its_headers(lang: str) -> None:
    page = pages.render_visitors(sample_visitors(), lang).encode()
    assert len(gzip.compress(page, 5)) + HEADERS_BYTES <= 3_000


def test_names_are_text_and_never_markup() -> None:
    hostile = "<script>alert(1)</script>"
    rooms = tuple(replace(room, name={"en": hostile}) for room in sample_visitors().rooms)
    page = pages.render_visitors(replace(sample_visitors(), rooms=rooms, wifi_name=hostile), "en")
    assert hostile not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_the_statement_says_that_nobody_has_audited_the_pages(lang: str) -> None:
    page = pages.render_accessibility({"en": "The place"}, "02 98 00 00 00", lang, None)
    assert ("non conforme" if lang == "fr" else "not compliant") in page
    assert "02 98 00 00 00" in page
