"""The sheet for the front desk: its codes say what stands below them, to a phone and to a person."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import zxingcpp
from hypothesis import example, given, settings
from hypothesis import strategies as st

from vigie_dashboard import pages
from vigie_dashboard.poster import PosterView
from vigie_dashboard.qr import drawing_of, join_text

VIEW = PosterView(
    site_name={"fr": "Le Sémaphore"},
    languages=("fr", "en"),
    address="http://vigie.local:8080/",
    second_address="http://vigie2.local:8080/",
    wifi_name="Semaphore-Invites",
    is_wifi_open=False,
    wifi_password="ouvert a tous",
)
DOTS = 4
"""Of a module, in the picture that is read."""


def read(svg: str) -> list[str]:
    """What a phone's camera reads of the drawing: its strokes of one unit are painted into a picture."""
    side = int(re.findall(r'viewBox="0 0 (\d+) \1"', svg)[0])
    picture = bytearray(b"\xff" * (side * DOTS) ** 2)
    (path,) = re.findall(r'stroke="#000" d="([^"]+)"', svg)
    x = y = 0.0
    for command, first, second in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", path):
        if command == "M":
            x, y = float(first), float(second)
        elif command == "m":
            x, y = x + float(first), y + float(second or 0)
        else:
            for row in range(int(y) * DOTS, int(y) * DOTS + DOTS):
                begin = row * side * DOTS + int(x) * DOTS
                picture[begin : begin + int(first) * DOTS] = bytes(int(first) * DOTS)
            x += float(first)
    image = memoryview(bytes(picture)).cast("B", (side * DOTS, side * DOTS))
    return [found.text for found in zxingcpp.read_barcodes(image)]


def codes(page: str) -> list[str]:
    """What the codes of a page say."""
    return [text for svg in re.findall(r'<svg role="img".*?</svg>', page, re.DOTALL) for text in read(svg)]


def test_the_codes_open_the_page_and_join_the_network() -> None:
    assert codes(pages.render_poster(VIEW, "fr", None)) == [
        "http://vigie.local:8080/",
        "WIFI:T:WPA;S:Semaphore-Invites;P:ouvert a tous;;",
    ]


def test_what_a_code_says_stands_below_it() -> None:
    page = pages.render_poster(VIEW, "fr", None)
    letters = re.findall(r'class="letters">.*?<bdi>(.*?)</bdi>', page)
    assert '<span lang="fr">mot de passe</span> / <span lang="en">password</span>' in page
    assert letters == [VIEW.address, VIEW.second_address, VIEW.wifi_name, VIEW.wifi_password]


def test_each_text_stands_in_every_language_of_the_place_and_says_which() -> None:
    for lang in pages.LANGUAGES:
        page = pages.render_poster(VIEW, lang, None)
        assert re.search(r'<h2[^>]* lang="fr">Se connecter au Wi-Fi', page)
        assert re.search(r'<h2[^>]* lang="en">Join the Wi-Fi', page)
    assert 'lang="en">Join' not in pages.render_poster(replace(VIEW, languages=("fr",)), "fr", None)


def test_an_open_network_is_joined_without_a_password() -> None:
    page = pages.render_poster(replace(VIEW, is_wifi_open=True, wifi_password=None), "en", None)
    assert codes(page)[1] == "WIFI:S:Semaphore-Invites;;"
    assert "No password." in page


@pytest.mark.parametrize("view", [replace(VIEW, wifi_password=None), replace(VIEW, wifi_name=None)])
def test_a_network_that_may_not_be_joined_has_no_code(view: PosterView) -> None:
    assert codes(pages.render_poster(view, "fr", None)) == [VIEW.address]


def test_a_page_that_does_not_know_its_address_says_so_and_draws_no_wrong_code() -> None:
    page = pages.render_poster(replace(VIEW, address=None), "en", None)
    assert "does not know under which address" in page
    assert len(codes(page)) == 1


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, categories=("L", "N", "P", "Zs")), min_size=1).filter(
        lambda name: len(name.encode()) <= 32 and name.isprintable()
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8, max_size=63),
)
@example("¡¡", "00000000")  # in Latin-1 a reader took it for Japanese
def test_any_network_and_password_come_out_of_the_code_as_they_went_in(name: str, password: str) -> None:
    (text,) = read(drawing_of(join_text(name, password), "label"))
    fields = dict(re.findall(r"([TSP]):((?:\\.|[^;\\])*);", text.removeprefix("WIFI:")))
    plain = {key: re.sub(r"\\(.)", r"\1", value) for key, value in fields.items()}
    assert (plain["T"], plain["S"], plain["P"]) == ("WPA", name, password)


def test_a_label_is_text_and_never_markup() -> None:
    assert "<script>" not in drawing_of("x", '"><script>')
