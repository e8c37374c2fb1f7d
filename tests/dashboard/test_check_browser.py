"""The page "will it fit?" in a real browser: whole on every screen and on paper, and quicker with its script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.dashboard.chromium import OUTPUT, assert_accessible, is_installed, open_browser, overflow_px

from vigie_dashboard.pages import LANGUAGES

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
]

PAPER_WIDTH_PX = 703
"""A4 less two margins of 12 mm, at 96 points an inch."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all of these tests."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1366, "height": 900})
    yield opened
    opened.close()


@pytest.mark.parametrize("state", ["tight", "no-go", "unchecked", "booked"])
def test_a_state_is_accessible_and_whole_in_both_languages_and_themes(page: Page, site: Any, state: str) -> None:
    # The themes differ by their colours alone, and French is the longer language.
    page.emulate_media(color_scheme="dark")
    page.goto(f"{site.address}/check?state={state}&l=en")
    page.screenshot(path=OUTPUT / f"check-{state}-en-dark.png", full_page=True)
    assert_accessible(page, "color-contrast")
    page.emulate_media(color_scheme="light")
    page.goto(f"{site.address}/check?state={state}&l=fr")
    page.screenshot(path=OUTPUT / f"check-{state}-fr.png", full_page=True)
    assert_accessible(page)
    assert overflow_px(page, 320) <= 0
    page.screenshot(path=OUTPUT / f"check-{state}-fr-320.png", full_page=True)


def test_a_gauge_is_drawn_under_the_strictest_policy(page: Page, site: Any) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(f"{site.address}/check?state=tight&l=en")
    boxes = [
        page.locator(f".gauges li:first-child .gauge .{part}").bounding_box()
        for part in ("track", "held", "need", "spear")
    ]
    track, held, need, spear = [box for box in boxes if box is not None]
    assert 0 < held["width"] < need["width"] < track["width"]
    assert spear["x"] + spear["width"] / 2 == pytest.approx(need["x"] + need["width"], abs=2)
    assert refused == []


def test_the_sheet_is_one_page_of_paper(page: Page, site: Any) -> None:
    for state in ("tight", "unchecked"):
        for lang in LANGUAGES:
            page.goto(f"{site.address}/check?state={state}&l={lang}")
            paper = page.pdf(
                path=OUTPUT / f"check-{state}-{lang}.pdf", prefer_css_page_size=True, print_background=True
            )
            assert len(re.findall(rb"/Type\s*/Page\b(?!s)", paper)) == 1, (state, lang)


def test_what_is_printed_is_the_answer_without_the_form(page: Page, site: Any) -> None:
    page.set_viewport_size({"width": PAPER_WIDTH_PX, "height": 900})
    page.goto(f"{site.address}/check?state=tight&l=en")
    page.emulate_media(media="print")
    for shown in ("#verdict", ".asked", ".gauges", ".to-do", ".unsaid"):
        expect(page.locator(shown)).to_be_visible()
    for left_out in ("#ask", ".take", ".try >> nth=0", ".foot"):
        expect(page.locator(left_out)).to_be_hidden()


def test_a_changed_verdict_is_told_once_and_the_address_asks_the_same(page: Page, site: Any) -> None:
    page.goto(f"{site.address}/check?people=36&l=en")
    expect(page.locator("#polite")).to_have_text("")
    page.fill("#f-people", "52")
    page.press("#f-people", "Enter")
    expect(page.locator("#polite")).to_have_text(re.compile(r"^It does not fit\. 12 seats are missing"))
    assert "people=52" in page.url
    assert "l=en" in page.url
    assert page.evaluate("document.activeElement.id") == "f-people"
    assert page.title().startswith("It does not fit")
    page.fill("#f-people", "53")
    page.press("#f-people", "Enter")
    expect(page.locator("#f-people")).to_have_value("53")
    page.wait_for_url("**people=53**")
    page.go_back()
    page.go_back()
    expect(page.locator("#h-verdict")).to_have_text("It fits, just about")
    expect(page.locator("#f-people")).to_have_value("36")


def test_trying_an_action_changes_the_form_and_the_answer_in_place(page: Page, site: Any) -> None:
    page.goto(f"{site.address}/check?people=52&l=en")
    page.click("a.try >> nth=1")
    expect(page.locator("#f-people")).to_have_value("26")
    expect(page.locator("#h-verdict")).to_have_text("It fits")
    assert "people=26" in page.url


def test_a_wrong_entry_gets_the_focus_and_its_sentence(page: Page, site: Any) -> None:
    page.goto(f"{site.address}/check?people=36&l=en")
    page.fill("#f-people", "0")
    page.click("#check-it")
    expect(page.locator("#said-people")).to_contain_text("This is too few: at least 1.")
    assert page.evaluate("document.activeElement.id") == "f-people"
    expect(page.locator("#f-people")).to_have_attribute("aria-describedby", "said-people")


def test_the_buttons_count_by_one_and_never_below_one(page: Page, site: Any) -> None:
    page.goto(f"{site.address}/check?people=1&l=en")
    page.click("[data-step='-1']")
    expect(page.locator("#f-people")).to_have_value("1")
    page.click("[data-step='1']")
    expect(page.locator("#f-people")).to_have_value("2")


def test_without_javascript_the_form_and_its_links_do_the_same(browser: Browser, site: Any) -> None:
    plain = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    page = plain.new_page()
    page.goto(f"{site.address}/check?l=en")
    page.fill("#f-people", "52")
    page.click("#check-it")
    assert page.title().startswith("It does not fit")
    page.click("a.try >> nth=1")
    assert page.title().startswith("It fits")
    assert page.locator("[data-step]:visible").count() == 0
    plain.close()
