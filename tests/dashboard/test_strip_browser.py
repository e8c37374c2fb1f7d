"""The strip above the board in a real browser: who has what in hand, taken by a form, live and announced once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.dashboard.alerts import plain
from tests.dashboard.chromium import OUTPUT, assert_accessible, is_installed, open_browser, overflow_px

from vigie_dashboard import pages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
]

LINES = "[...document.querySelectorAll('.warnings li')].filter(each => each.getClientRects().length).length"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all of these tests."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def open_page(browser: Browser, site: Any) -> Iterator[Callable[..., Page]]:
    """Opens a path of the test server; at the end no page may have logged or failed."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(path: str, width: int = 1366, clock: bool = False, **options: object) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)  # type: ignore[arg-type]  # loose
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
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


def send_changes(site: Any, before: Any, after: Any) -> None:
    """What a gateway would send when the board changes so."""
    old, new = pages.board_fields(before, "fr"), pages.board_fields(after, "fr")
    site.send("u", {key: value for key, value in new.items() if old[key] != value})


def taken(view: Any) -> Any:
    """The board once the desk has the slow Wi-Fi in hand too."""
    warnings = tuple(
        replace(one, taken_by="Accueil", taken_ts=view.now_ts) if one.alert == 2 else one for one in view.warnings
    )
    return replace(view, warnings=warnings)


@pytest.mark.parametrize(("lang", "csrf"), [("fr", "&csrf=token"), ("en", "")], ids=["acts", "reads"])
def test_the_strip_with_its_alerts_is_accessible_and_fits(open_page: Callable[..., Page], lang: str, csrf: str) -> None:
    page = live(open_page(f"/alerted?l={lang}&theme=light{csrf}"))
    page.screenshot(path=OUTPUT / f"strip-{lang}{'-acts' if csrf else ''}.png")
    assert_accessible(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.screenshot(path=OUTPUT / f"strip-{lang}-dark{'-acts' if csrf else ''}.png")
    assert_accessible(page, "color-contrast")
    for width, size in ((320, "100%"), (320, "200%"), (768, "100%"), (1280, "200%")):
        assert overflow_px(page, width, size) <= 0, (width, size)
    page.evaluate("document.documentElement.style.fontSize = '100%'")
    page.set_viewport_size({"width": 320, "height": 900})
    page.screenshot(path=OUTPUT / f"strip-320-{lang}{'-acts' if csrf else ''}.png")


def test_in_forced_colours_who_has_it_and_the_button_stay_visible(open_page: Callable[..., Page]) -> None:
    page = live(open_page("/alerted?l=fr&csrf=token", forced_colors="active"))
    page.screenshot(path=OUTPUT / "strip-forced.png")
    assert page.is_visible("[data-f='w.0.taken']")
    button = page.locator(".warnings li:has([data-f='w.1.what']) form button")
    assert button.is_visible()
    assert button.evaluate("each => getComputedStyle(each).borderTopStyle") != "none"


def test_who_may_act_has_a_form_and_who_may_not_a_link_to_the_alert(open_page: Callable[..., Page]) -> None:
    page = live(open_page("/alerted?l=fr&csrf=token"))
    row = page.locator(".warnings li").nth(1)
    assert row.locator("form").get_attribute("action") == "/alerts/2/acknowledge?l=fr"
    assert row.locator("input[name=from]").get_attribute("value") == "board"
    assert row.locator("button").inner_text().startswith("Je m")
    # Read aloud without its line, each button still says of what.
    assert "Grande salle" in row.locator("button").text_content()  # type: ignore[operator]  # it has text
    page = live(open_page("/alerted?l=fr"))
    row = page.locator(".warnings li").nth(1)
    assert row.locator("form").count() == 0
    assert row.locator("a.btn").get_attribute("href") == "/alerts/2?l=fr"
    assert row.locator("a:not(.btn)").get_attribute("href") == "/alerts/2?l=fr"
    assert page.locator(".warnings .more a").get_attribute("href") == "/alerts?l=fr"


def test_what_somebody_has_in_hand_has_no_button_nor_what_has_no_alert_yet(open_page: Callable[..., Page]) -> None:
    page = live(open_page("/alerted?l=fr&csrf=token"))
    first, second, third = (page.locator(".warnings li").nth(number) for number in range(3))
    assert not first.locator("form").is_visible()
    assert plain(first.locator(".taken").inner_text()) == "Accueil, 13 h 52"
    assert second.locator("form").is_visible()
    assert not second.locator(".taken").is_visible()
    assert third.locator("form").is_visible()
    page = live(open_page("/board?l=fr&csrf=token"))
    assert page.locator(".warnings form:visible").count() == 0


def test_an_alert_without_a_warning_of_its_own_has_its_line(open_page: Callable[..., Page]) -> None:
    page = live(open_page("/alerted?l=fr"))
    row = page.locator(".warnings li").nth(2)
    assert plain(row.locator("[data-f='w.2.what']").first.inner_text()) == "pi-atelier : pile faible"
    assert plain(row.locator("[data-f='w.2.when']").inner_text()) == "depuis 14 h 22 · 8 %"
    assert not row.locator(".tell").is_visible()
    assert page.inner_text(".more") == "et 1 autre"


def test_what_is_taken_elsewhere_shows_here_at_once_and_is_announced_once(
    open_page: Callable[..., Page], site: Any
) -> None:
    page = live(open_page("/alerted?l=fr&csrf=token", clock=True))
    page.evaluate("""window.said = [];
      new MutationObserver(() => said.push(document.getElementById("polite").textContent))
        .observe(document.getElementById("polite"), {childList: true, characterData: true, subtree: true});""")
    view = site.views["alerted"]
    send_changes(site, view, taken(view))
    page.wait_for_selector(".warnings li:nth-child(2) .taken:visible")
    assert plain(page.inner_text(".warnings li:nth-child(2) .taken")) == "Accueil, 14 h 32"
    assert not page.is_visible(".warnings li:nth-child(2) form")
    page.clock.run_for(9_000)
    site.send("u", {"k.seats": "7"})
    page.wait_for_selector("[data-f='k.seats']:text-is('7')")
    page.clock.run_for(9_000)
    said = [plain(each) for each in page.evaluate("said") if each]
    assert said == ["Accueil s'en occupe : Grande salle : Wi-Fi lent"]
    assert page.inner_text("#assertive") == ""


def test_a_tab_counts_what_is_wrong_in_its_title(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/alerted?l=fr"))
    title = page.title()
    assert title.startswith("(4) ")
    view = site.views["alerted"]
    send_changes(site, view, replace(view, warnings=view.warnings[:1]))
    expect(page).to_have_title(title.replace("(4)", "(2)"))
    send_changes(site, replace(view, warnings=view.warnings[:1]), replace(view, warnings=(), alerts=()))
    expect(page).to_have_title(title.removeprefix("(4) "))


def test_the_calm_line_says_how_many_are_silenced(open_page: Callable[..., Page], site: Any) -> None:
    page = live(open_page("/alerted?l=fr"))
    view = site.views["alerted"]
    calm = replace(view, warnings=(), alerts=(), silenced=1)
    send_changes(site, view, calm)
    page.wait_for_selector(".warnings .calm:visible")
    assert page.evaluate(LINES) == 0
    assert page.inner_text(".warnings .calm").strip() == "Rien à signaler · 1 alerte en silence"
    send_changes(site, calm, replace(calm, silenced=2, calm_since_ts=view.now_ts))
    page.wait_for_selector(".warnings .calm:has-text('depuis')")
    assert plain(page.inner_text(".warnings .calm")).strip() == "Rien à signaler depuis 14 h 32 · 2 alertes en silence"


def test_without_javascript_the_form_is_there_and_says_where_it_stood(open_page: Callable[..., Page]) -> None:
    page = open_page("/alerted?l=fr&theme=dark&csrf=token", java_script_enabled=False)
    page.route("**/acknowledge*", lambda route: route.fulfill(status=204))
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.locator(".warnings li").nth(1).locator("button").click()
    assert sent.value.url.endswith("/alerts/2/acknowledge?l=fr")
    assert sent.value.post_data == "csrf=token&from=board&theme=dark&also="
