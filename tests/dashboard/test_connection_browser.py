"""The connection of an open board in a real browser: one for all tabs, and never believed longer than it holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.dashboard.chromium import OUTPUT, assert_accessible, is_installed, open_browser

from vigie_dashboard import pages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
]

WITHOUT_SHARED_WORKERS = "delete window.SharedWorker"
"""As on Chromium for Android: the page has its own stream, and a test may move its clock."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all of these tests."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser of one person: its tabs share a worker."""
    with browser.new_context(viewport={"width": 1366, "height": 900}) as made:
        yield made


def open_board(context: BrowserContext, site: Any, lang: str = "en", *, clock: bool = False) -> Page:
    """A board whose stream has spoken; it is marked, so that a reload is seen."""
    page = context.new_page()
    if clock:
        page.clock.install()
    page.goto(f"{site.address}/board?l={lang}")
    page.wait_for_selector("#fresh[data-s=live]")
    page.evaluate("window.isSamePage = true")
    return page


def with_seats_free(site: Any, seats: int) -> None:
    """What the next full state will say."""
    view = site.views["board"]
    site.views["board"] = replace(view, figures=replace(view.figures, seats_free=seats))


def test_a_stream_that_ends_is_told_at_once_and_what_comes_back_is_painted_without_a_reload(
    context: BrowserContext, site: Any
) -> None:
    page = open_board(context, site, "fr")
    site.stream_status = 503
    site.cut()
    page.wait_for_selector("#fresh[data-s=cut]:has-text('Connexion perdue · il y a')")
    assert not page.is_visible("#frozen")
    page.screenshot(path=OUTPUT / "board-cut-fr.png")
    assert_accessible(page, "color-contrast")
    with_seats_free(site, 7)
    site.stream_status = 200
    page.wait_for_selector("#fresh[data-s=live]")
    page.wait_for_selector("[data-f='k.seats']:text-is('7')")
    assert page.evaluate("isSamePage")


def test_a_tab_opened_beside_others_while_nobody_answers_is_not_live(context: BrowserContext, site: Any) -> None:
    first = open_board(context, site)
    site.stream_status = 503
    site.cut()
    first.wait_for_selector("#fresh[data-s=cut]")
    late = context.new_page()
    late.goto(f"{site.address}/board?l=en")
    late.wait_for_selector("#fresh[data-s=cut]")
    site.stream_status = 200
    late.wait_for_selector("#fresh[data-s=live]")
    first.wait_for_selector("#fresh[data-s=live]")


def test_a_tab_opened_beside_others_gets_everything_as_it_is_now_over_the_same_stream(
    context: BrowserContext, site: Any
) -> None:
    first = open_board(context, site)
    site.send("u", {"k.seats": "5"})
    first.wait_for_selector("[data-f='k.seats']:text-is('5')")
    second = open_board(context, site)
    second.wait_for_selector("[data-f='k.seats']:text-is('5')")
    first.close()
    site.send("u", {"k.seats": "6"})
    second.wait_for_selector("[data-f='k.seats']:text-is('6')")
    assert [path for path, _ in site.requests].count("/events?l=en") == 1


def test_a_page_whose_reader_may_no_more_goes_where_the_gateway_sends_it(context: BrowserContext, site: Any) -> None:
    page = open_board(context, site)
    site.stream_status = 401
    with page.expect_navigation():
        site.cut()


def test_a_gateway_that_is_only_too_busy_is_asked_again_and_the_page_stays(context: BrowserContext, site: Any) -> None:
    page = open_board(context, site)
    site.stream_status = 503
    asked = len(site.requests)
    site.cut()
    page.wait_for_selector("#fresh[data-s=cut]")
    while len(site.requests) < asked + 4:
        page.wait_for_timeout(100)
    assert page.evaluate("isSamePage")
    assert page.get_attribute("#fresh", "data-s") == "cut"


def test_a_connection_that_says_nothing_more_is_replaced_by_one_that_speaks(context: BrowserContext, site: Any) -> None:
    """Half-open: nobody is told. The next tries are answered."""
    context.add_init_script(WITHOUT_SHARED_WORKERS)
    page = open_board(context, site, clock=True)
    with_seats_free(site, 7)
    page.clock.run_for(11_000)
    assert page.get_attribute("#fresh", "data-s") == "live"
    assert len(site.streams) == 1
    page.clock.run_for(2_000)
    page.wait_for_selector("#fresh[data-s=late]")
    page.clock.run_for(2_000)
    page.wait_for_selector("#fresh[data-s=live]")
    page.wait_for_selector("[data-f='k.seats']:text-is('7')")
    assert [path for path, _ in site.requests].count("/events?l=en") == 2
    assert page.evaluate("isSamePage")


def test_a_machine_that_slept_is_late_when_it_wakes(context: BrowserContext, site: Any) -> None:
    """performance.now() stands still while a laptop sleeps; the date does not."""
    page = open_board(context, site)
    page.evaluate("{ const now = Date.now; Date.now = () => now() + 8 * 3_600_000; }")
    page.wait_for_selector("#fresh[data-s=lost]")
    site.send("b", {"now": 1})
    page.wait_for_selector("#fresh[data-s=live]")


def test_what_is_said_is_ten_seconds_apart_urgent_first_merged_and_gone_once_it_may_not_be_true(
    context: BrowserContext, site: Any
) -> None:
    page = open_board(context, site, clock=True)
    before = pages.board_fields(site.views["board"], "en")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    outages, warnings = before["say.outages"] + "\nCellar: Wi-Fi down", "Loft: slow Wi-Fi\nAttic: slow Wi-Fi"
    site.send("u", {"say.warnings": warnings, "say.outages": outages})
    expect(page.locator("[data-f='say.outages']")).to_contain_text("Cellar")
    page.clock.run_for(1)
    assert page.text_content("#assertive") == "Cellar: Wi-Fi down"
    assert page.text_content("#polite") == ""
    page.clock.run_for(9_900)
    assert page.text_content("#polite") == ""
    page.clock.run_for(200)
    told = page.text_content("#polite") or ""
    assert "Loft: slow Wi-Fi. Attic: slow Wi-Fi" in told
    page.clock.run_for(30_000)
    assert page.text_content("#assertive") == page.text_content("#polite") == ""


def test_many_at_once_are_their_number_and_the_first_of_them(context: BrowserContext, site: Any) -> None:
    page = open_board(context, site)
    site.send("u", {"say.outages": "\n".join(f"Room {number}: Wi-Fi down" for number in range(6))})
    page.wait_for_selector("#assertive:has-text('6 new messages: Room 0: Wi-Fi down')", state="attached")
    assert "Room 3" not in (page.text_content("#assertive") or "")


def test_what_ticks_is_hidden_from_screen_readers_and_has_a_twin_that_stands_still(
    context: BrowserContext, site: Any
) -> None:
    page = open_board(context, site, clock=True)
    assert page.text_content("#fresh-word") == "Live"
    page.clock.fast_forward(130_000)
    page.wait_for_selector("#fresh[data-s=lost]")
    for ticking in ("#age", "#frozen-since"):
        assert page.get_attribute(ticking, "aria-hidden") == "true"
        assert page.locator(f"[aria-live] {ticking}, [role=status] {ticking}, [role=alert] {ticking}").count() == 0
    assert page.text_content("#fresh-word") == "Frozen"
    assert "The gateway is not answering" in page.locator("#frozen").aria_snapshot()
    assert page.locator("[role=status]").count() == page.locator("[role=alert]").count() == 1
