"""The pages in a real browser: accessible, live, frozen in time, small, and on their own host."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.dashboard.chromium import OUTPUT, assert_accessible, is_installed, open_browser, overflow_px

from vigie_dashboard import pages
from vigie_dashboard.assets import asset_url
from vigie_dashboard.board import UNKNOWN

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
]

WATCH_THE_TABLE = """
  window.seen = [];
  new MutationObserver(all => seen.push(...all.map(each => each.target.textContent)))
    .observe(document.querySelector("#rooms"), {subtree: true, childList: true, characterData: true});
"""
TO_DARK = "document.documentElement.dataset.theme = 'dark'"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all of these tests."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def open_page(browser: Browser, site: Any) -> Iterator[Callable[..., Page]]:
    """Opens a path of the test server; at the end no page may have logged, failed or asked another host."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def watch(request: str) -> None:
        if not request.startswith((site.address, "data:")):
            wrong.append(f"foreign: {request}")

    def make(path: str, width: int = 1366, height: int = 900, clock: bool = False, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]  # loose
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        context.on("request", lambda request: watch(request.url))
        if clock:
            page.clock.install()
        page.goto(site.address + path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def live(page: Page) -> Page:
    """The page once its stream has spoken."""
    page.wait_for_selector("#fresh[data-s=live]")
    return page


PAGES = (
    "/board", "/states", "/untimed", "/bare", "/none", "/rooms/cafe", "/rooms/main-hall", "/history",
    "/history/workshop", "/history/series/door.in", "/health", "/problem",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_axe_finds_nothing_wrong_and_nothing_overflows(open_page: Callable[..., Page], path: str, lang: str) -> None:
    """In both themes, which differ by nothing but colours; on narrow screens and with large type."""
    page = open_page(f"{path}?l={lang}&theme=light")
    if path in {"/board", "/states"}:
        live(page)
    page.screenshot(path=OUTPUT / f"{path.strip('/').replace('/', '-')}-{lang}.png", full_page=True)
    if page.locator("summary").count():
        page.locator("summary").first.click()  # the tables of all series are made alike
    assert_accessible(page)
    page.evaluate(TO_DARK)
    assert_accessible(page, "color-contrast")
    for width, size in ((320, "100%"), (320, "200%"), (640, "200%"), (768, "100%"), (1280, "200%")):
        assert overflow_px(page, width, size) <= 0, (width, size)


@pytest.mark.parametrize("path", ["/visitors", "/visitors-silent", "/accessibilite"])
@pytest.mark.parametrize("lang", pages.LANGUAGES)
def test_what_is_public_is_accessible_without_javascript_and_never_overflows(
    open_page: Callable[..., Page], path: str, lang: str
) -> None:
    page = open_page(f"{path}?l={lang}", width=390, height=844)
    page.screenshot(path=OUTPUT / f"{path.strip('/')}-{lang}.png", full_page=True)
    assert_accessible(page)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=OUTPUT / f"{path.strip('/')}-{lang}-dark.png", full_page=True)
    assert_accessible(page, "color-contrast")
    for width, size in ((320, "100%"), (320, "200%"), (768, "100%"), (1280, "200%")):
        assert overflow_px(page, width, size) <= 0, (width, size)


def test_the_public_page_asks_for_nothing_but_itself(open_page: Callable[..., Page], site: Any) -> None:
    page = open_page("/visitors?l=fr", java_script_enabled=False)
    assert page.locator("h1").inner_text() == "Le Sémaphore"
    assert [path for path, _ in site.requests] == ["/visitors?l=fr"]


def test_a_frozen_page_is_still_accessible(open_page: Callable[..., Page]) -> None:
    page = live(open_page("/board?l=fr&theme=light", clock=True))
    page.clock.fast_forward(180_000)
    page.wait_for_selector(".frozen")
    page.screenshot(path=OUTPUT / "frozen-fr.png", full_page=True)
    assert_accessible(page)
    page.evaluate(TO_DARK)
    assert_accessible(page, "color-contrast")


def test_the_first_load_is_at_most_40_kb_and_8_requests(open_page: Callable[..., Page], site: Any) -> None:
    live(open_page("/board?l=fr"))
    asked = list(site.requests)
    assert len(asked) <= 8, asked
    # 0.4 kB for the headers of each, as a gateway sends them.
    assert sum(size + 400 for _, size in asked) <= 40_000, asked


def test_what_the_stream_says_is_painted_and_nothing_else_is_touched(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/board?l=fr"))
    view = site.views["board"]
    rooms = tuple(
        replace(room, people=16, free=0, state=type(room.state).FULL) if room.id == "workshop" else room
        for room in view.rooms
    )
    before = pages.board_fields(view, "fr")
    after = pages.board_fields(replace(view, rooms=rooms), "fr")
    page.evaluate(WATCH_THE_TABLE)
    site.send("u", {key: value for key, value in after.items() if before[key] != value})
    page.wait_for_selector("[data-f='r.workshop.word']:text('Complet')")
    assert page.get_attribute(".plan a[href*=workshop]", "data-s") == "full"
    assert page.inner_text("[data-f='r.workshop.free']") == "0"
    assert page.evaluate("seen.length") <= 4


def test_a_page_grows_late_then_frozen_then_blank_and_comes_back(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/board?l=fr", clock=True))
    page.clock.fast_forward(20_000)
    page.wait_for_selector("#fresh[data-s=late]")
    assert "En retard" in page.inner_text("#age")
    page.clock.fast_forward(110_000)
    page.wait_for_selector("#fresh[data-s=lost]")
    banner = page.inner_text("#frozen")
    assert "plus à jour depuis 2" in banner
    assert "vigie2.lan" in banner
    page.wait_for_selector("#assertive:has-text('plus à jour')", state="attached")
    assert page.inner_text("[data-f='k.seats']") == "20"
    page.clock.fast_forward(500_000)
    page.wait_for_selector(".blank")
    assert page.inner_text("[data-f='k.seats']") == "\u2013"
    assert page.inner_text("[data-f='r.workshop.free']") == "\u2013"
    page.screenshot(path=OUTPUT / "blank-fr.png", full_page=True)
    site.send("state", {"seq": 9, "fields": pages.board_fields(site.views["board"], "fr")})
    page.wait_for_selector("#fresh[data-s=live]")
    assert page.inner_text("[data-f='k.seats']") == "20"
    assert not page.is_visible("#frozen")
    page.clock.fast_forward(10_000)
    page.wait_for_selector("#polite:has-text('rétablie')", state="attached")


def test_p_pauses_and_resumes_and_can_be_turned_off(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/board?l=en"))
    page.keyboard.press("p")
    page.wait_for_selector("#fresh[data-s=paused]")
    site.send("u", {"k.seats": "7"})
    site.send("b", {"now": 1})
    page.wait_for_timeout(300)
    assert page.inner_text("[data-f='k.seats']") == "20"
    page.click("#pause")
    page.wait_for_selector("[data-f='k.seats']:text('7')")
    page.click("#keys")
    page.keyboard.press("p")
    assert page.get_attribute("#pause", "aria-pressed") == "false"


def test_counts_are_not_announced_but_an_outage_is(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/board?l=en"))
    site.send("u", {"k.seats": "3", "r.workshop.free": "1"})
    page.wait_for_selector("[data-f='k.seats']:text('3')")
    assert page.inner_text("#polite") == page.inner_text("#assertive") == ""
    site.send("u", {"say.outages": "Café: outlets without power\nLibrary: outlets without power"})
    page.wait_for_selector("#assertive:has-text('Library')", state="attached")
    assert "Café" not in page.text_content("#assertive")  # type: ignore[operator]  # it is there


def test_warnings_come_and_go_without_loading_the_page_again_and_are_told_once(
    open_page: Callable[..., Page], site: Any
) -> None:
    page = live(open_page("/board?l=en", clock=True))
    page.evaluate("window.isSamePage = true")
    assert page.locator(".warnings li:visible").count() == 3
    view = site.views["board"]
    before = pages.board_fields(view, "en")
    calm = replace(view, warnings=(), calm_since_ts=view.now_ts)
    site.send("u", {key: text for key, text in pages.board_fields(calm, "en").items() if before[key] != text})
    page.wait_for_selector(".warnings .calm:has-text('since 14:32')")
    assert page.locator(".warnings li:visible").count() == 0
    page.clock.fast_forward(10_000)
    page.wait_for_selector("#polite:has-text('No longer: Café: outlets without power')", state="attached")
    assert page.inner_text("#assertive") == ""
    site.send("u", {key: before[key] for key in before if key.startswith(("w.", "say."))})
    page.wait_for_selector(".warnings li[data-s=crit]:has-text('Café: 6 outlets without power')")
    page.clock.fast_forward(10_000)
    page.wait_for_selector("#assertive:text-is('Café: outlets without power')", state="attached")
    assert page.evaluate("isSamePage")


def test_eight_boards_share_one_stream(browser: Browser, site: Any) -> None:
    """A browser opens six connections to a host: with a stream each, the seventh page would never load."""
    context = browser.new_context()
    opened = []
    for _ in range(8):
        page = context.new_page()
        page.goto(f"{site.address}/board?l=fr")
        opened.append(live(page))
    assert [path for path, _ in site.requests].count("/events?l=fr") == 1
    site.send("u", {"k.seats": "5"})
    for page in opened:
        page.wait_for_selector("[data-f='k.seats']:text('5')")
    context.close()


def test_a_new_day_loads_the_page_again_but_not_twice_in_a_minute(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/board?l=fr", clock=True))
    with page.expect_navigation():
        site.send("u", {"page.shape": "another"})
    live(page)
    site.send("u", {"page.shape": "yet another", "k.seats": "4"})
    page.wait_for_selector("[data-f='k.seats']:text-is('4')")
    with page.expect_navigation():
        page.clock.fast_forward(61_000)


def test_without_javascript_the_board_is_whole(open_page: Callable[..., Page]) -> None:
    page = open_page("/board?l=fr", java_script_enabled=False)
    assert "Mesuré à" in page.inner_text("#age")
    assert page.inner_text("[data-f='r.library.free']") == "2"
    assert page.is_visible("noscript a")
    assert not page.is_visible("#pause")
    page.screenshot(path=OUTPUT / "no-javascript.png", full_page=True)


def test_a_gateway_without_the_time_says_so_without_javascript_too(open_page: Callable[..., Page]) -> None:
    page = open_page("/untimed?l=fr", java_script_enabled=False)
    told = page.inner_text(".untimed")
    assert told.startswith("La passerelle ne sait pas quelle heure il est")
    assert "sudo /opt/vigie/bin/vigie-gateway clock set" in told
    assert page.inner_text("#age") == "Heure inconnue"
    assert page.inner_text(".clock") == UNKNOWN
    assert "il y a 30" in page.inner_text(".warnings")


def test_the_message_goes_and_the_time_comes_through_the_stream(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/untimed?l=en"))
    assert page.is_visible(".untimed")
    known = replace(site.views["untimed"], is_time_known=True, now_ts=site.views["board"].now_ts)
    site.send("u", pages.board_fields(known, "en"))
    page.wait_for_selector(".untimed", state="hidden")
    assert page.inner_text(".clock") == "14:32"
    site.send("u", pages.board_fields(site.views["untimed"], "en"))
    page.wait_for_selector(".untimed")


@pytest.mark.skipif(asset_url("vendor/uplot.js") is None, reason="uPlot was not built (no npm)")
def test_uplot_takes_the_place_of_the_curves_and_leaves_the_tables(open_page: Callable[..., Page]) -> None:
    page = open_page("/history/workshop?l=fr")
    expect(page.locator(".uplot")).to_have_count(2)
    assert page.locator("table caption").count() == 3
    page.hover(".u-over >> nth=0")
    page.wait_for_selector(".u-legend:has-text(' h')")
    page.screenshot(path=OUTPUT / "history-uplot.png", full_page=True)


@pytest.mark.skipif(asset_url("vendor/uplot.js") is None, reason="uPlot was not built (no npm)")
def test_zooming_in_asks_for_finer_points_and_going_back_for_none(open_page: Callable[..., Page], site: Any) -> None:
    page = open_page("/history/workshop?l=en")
    page.wait_for_selector(".uplot")
    box = page.locator(".u-over").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 60, steps=4)
    with page.expect_response(lambda response: ".json" in response.url):
        page.mouse.up()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 50)
    page.wait_for_selector(".u-legend >> nth=0 >> text=42")
    page.screenshot(path=OUTPUT / "history-zoomed.png")
    page.get_by_role("button", name="Show the whole period").first.click()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 50)
    expect(page.locator(".u-legend").first).not_to_contain_text("42")
    assert [path for path, _ in site.requests if ".json" in path][1:] == []


def test_what_was_mistyped_stands_in_its_field_beside_the_reason(open_page: Callable[..., Page]) -> None:
    page = open_page("/history/series/door.in?l=fr", java_script_enabled=False)
    assert (page.input_value("#f-from"), page.input_value("#f-from_time")) == ("le 24 <b>", "8h")
    assert page.get_attribute("#f-from", "aria-invalid") == "true"
    assert "ce n\u2019est pas une date" in page.inner_text("[role=alert]")
    page.screenshot(path=OUTPUT / "history-compared.png", full_page=True)


def test_the_health_page_is_whole_without_javascript_and_runs_nothing_of_the_wire(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/health?l=fr")
    assert page.locator("script").count() == 0
    assert page.locator("meta[http-equiv]").count() == 0
    assert page.locator("main img, main iframe, main [onload], main [onerror], main [onmouseover]").count() == 0
    assert page.locator(".coverage rect").count() == 96
    page.screenshot(path=OUTPUT / "health.png", full_page=True)


def test_a_period_of_ones_own_is_a_plain_address(open_page: Callable[..., Page]) -> None:
    page = open_page("/history/workshop?l=en", java_script_enabled=False)
    page.fill("#f-from", "2026-11-20")
    page.fill("#f-to_time", "12:00")
    page.check("input[name=compare]")
    page.click("main form button")
    assert page.url.endswith(
        "/history/workshop?l=en&from=2026-11-20&from_time=14%3A32&to=2026-11-24&to_time=12%3A00&compare=week"
    )


def test_without_javascript_the_history_has_its_curves(open_page: Callable[..., Page]) -> None:
    page = open_page("/history/workshop?l=fr&span=week", java_script_enabled=False)
    assert page.locator(".plot .line").count() >= 2
    page.screenshot(path=OUTPUT / "history-server.png", full_page=True)


def test_forced_colours_and_reduced_motion_are_honoured(open_page: Callable[..., Page]) -> None:
    page = open_page("/board?l=fr", forced_colors="active", reduced_motion="reduce")
    live(page)
    assert page.evaluate("getComputedStyle(document.querySelector('.plan .tide')).transitionDuration") == "0s"
    page.screenshot(path=OUTPUT / "forced-colours.png", full_page=True)


def test_rooms_of_the_plan_and_the_controls_can_be_reached_by_keyboard(open_page: Callable[..., Page]) -> None:
    page = live(open_page("/board?l=fr"))
    reached = []
    for _ in range(24):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.id"))
    assert reached[0] == "#rooms"
    assert reached[1] == "pause"
    assert "/rooms/cafe?l=fr" in reached
    assert "rooms" in reached
