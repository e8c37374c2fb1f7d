"""Whole pages in French: their spaces are those of printing, and their times and decimals those of people."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from tests.dashboard import places
from tests.dashboard.test_poster import VIEW as POSTER

from vigie_dashboard import pages
from vigie_dashboard.kiosk import render_kiosk

PAGES: dict[str, Callable[[], str]] = {
    "board": lambda: pages.render_board(places.sample_view(), "fr", None),
    "board in every state": lambda: pages.render_board(places.states_view(), "fr", None),
    "bare board": lambda: pages.render_board(places.bare_view(), "fr", None),
    "kiosk": lambda: render_kiosk(places.sample_view(), "fr", None),
    "visitors": lambda: pages.render_visitors(places.sample_visitors(), "fr"),
    "silent visitors": lambda: pages.render_visitors(places.silent_visitors(), "fr"),
    "sheet": lambda: pages.render_sheet(places.sheet_view("main-hall"), "fr", None, places.history_view()),
    "history": lambda: pages.render_history(places.compared_view(), "fr", None),
    "health": lambda: pages.render_health(places.health_of(*places.ILL), "fr", None),
    "poster": lambda: pages.render_poster(POSTER, "fr", None),
    "accessibility": lambda: pages.render_accessibility({"fr": "Le lieu"}, "02 61 91 00 00", "fr", None),
    "no page": lambda: pages.render_problem(404, "fr", None),
}
WRONG = {
    "a plain space before ; ? ! or »": r"\w [;?!»]",
    "no space before ; ? or !": r"[a-zé][;?!]",
    "a plain space after «": "« ",
    "a plain space before :": r"\w :",
    "no space before :": r"[a-zé]: ",
    "a plain space before a unit": r"\d (?:kVA|VA|kW|W|Mb/s|Mo|Go|ms|min|h|s|dBm|%)(?!\w)",
    "a time of machines": r"\b\d\d:\d\d\b",
    "a decimal point": r"\d\.\d",
    "a hyphen for a minus": r"(?<![\w.-])-\d",
}


def said(page: str) -> str:
    """What a French page says to its reader: without tags, scripts, addresses, versions, and what is in English."""
    page = re.sub(r"<(style|script|code|bdi)\b.*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', " ", page, flags=re.DOTALL)
    page = re.sub(r"vigie 0\.1|RGAA 4\.1|Vigie [\d.]+", " ", page)
    return unescape(re.sub(r"<[^>]+>", "|", page))


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", PAGES)
def test_a_french_page_is_spaced_and_numbered_as_in_print(name: str, wrong: str) -> None:
    found = re.findall(f".{{0,30}}(?:{WRONG[wrong]}).{{0,20}}", said(PAGES[name]()))
    assert not found
