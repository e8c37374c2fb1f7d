"""The board on a wall in a real browser: on one screen, never fresher than it is, finding its way by itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.dashboard.alerts import alerted_view, plain
from tests.dashboard.chromium import ARGUMENTS, OUTPUT, assert_accessible, is_installed, open_browser, overflow_px
from tests.dashboard.places import sample_view

from vigie_dashboard import pages

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
]

MINUTE_MS = 60_000
HEAP_GROWTH_BYTES = 400_000
"""What 5,000 updates may leave: the strings of the last ones and the garbage collector's own. A kept update is 2 kB or
more, so that a leak would leave 10 MB."""
CLIPPED = """[...document.querySelectorAll("main, .board, .col, .card, .rooms, .warnings li")]
  .filter(each => each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > each.clientWidth + 1)
  .map(each => each.className)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all of these tests."""
    with open_browser() as opened:
        yield opened


def kiosk(browser: Browser, site: Any, path: str = "/kiosk?l=fr", *, clock: bool = False) -> Page:
    """A kiosk whose stream has spoken."""
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    if clock:
        page.clock.install()
    page.goto(site.address + path)
    page.wait_for_selector("#fresh[data-s=live]")
    return page


@pytest.mark.parametrize("lang", pages.LANGUAGES)
@pytest.mark.parametrize("path", ["/kiosk", "/kiosk-closed"])
def test_a_kiosk_shows_eight_rooms_and_three_warnings_on_one_screen(
    browser: Browser, site: Any, path: str, lang: str
) -> None:
    page = kiosk(browser, site, f"{path}?l={lang}")
    page.screenshot(path=OUTPUT / f"{path[1:]}-{lang}.png")
    assert page.evaluate("document.documentElement.scrollHeight") == 1080
    assert page.evaluate("document.documentElement.scrollWidth") == 1920
    assert page.evaluate(CLIPPED) == []
    assert page.locator(".rooms tbody tr").count() == 8
    assert page.locator(".warnings li:visible").count() == 3
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "17.5px"
    assert page.locator("a[href]").count() == 0
    assert_accessible(page)
    assert overflow_px(page, 320) <= 0
    page.close()


def test_a_kiosk_shows_who_has_what_in_hand_and_offers_nothing_to_press(browser: Browser, site: Any) -> None:
    site.views["board"] = alerted_view()
    page = kiosk(browser, site)
    page.screenshot(path=OUTPUT / "kiosk-alerts-fr.png")
    assert plain(page.inner_text(".warnings .taken:visible")) == "Accueil, 13 h 52"
    assert page.locator(".warnings form, .warnings .btn, a[href]").count() == 0
    assert page.evaluate("document.documentElement.scrollHeight") == 1080
    assert page.evaluate(CLIPPED) == []
    page.close()


def test_a_kiosk_is_dark_when_the_place_is_closed_and_light_when_it_opens(browser: Browser, site: Any) -> None:
    page = kiosk(browser, site, "/kiosk-closed?l=fr")
    assert page.get_attribute("html", "data-theme") == "dark"
    site.send("u", {"page.closed": ""})
    page.wait_for_selector("html[data-theme=light]")
    site.send("u", {"page.closed": "true"})
    page.wait_for_selector("html[data-theme=dark]")
    page.close()


def test_a_kiosk_says_within_15_seconds_that_it_is_frozen_and_still_fits(browser: Browser, site: Any) -> None:
    page = kiosk(browser, site, clock=True)
    page.clock.fast_forward(12_000)
    assert not page.is_visible("#frozen")
    page.clock.fast_forward(2_000)
    page.wait_for_selector("#fresh[data-s=lost]")
    assert "depuis 1" in page.inner_text("#frozen-since")
    assert "secondes" in page.inner_text("#frozen-since")
    page.screenshot(path=OUTPUT / "kiosk-frozen-fr.png")
    assert page.evaluate("document.documentElement.scrollHeight") == 1080
    assert page.evaluate(CLIPPED) == []
    page.close()


def test_a_kiosk_goes_to_the_second_address_after_ten_minutes_if_it_answers(
    browser: Browser, site: Any, other_site: Any
) -> None:
    site.views["board"] = replace(site.views["board"], second_address=other_site.address + "/")
    page = kiosk(browser, site, clock=True)
    page.clock.fast_forward(2 * MINUTE_MS)
    page.wait_for_selector("#fresh[data-s=lost]")
    page.clock.run_for(2_000)
    assert other_site.requests == []
    with page.expect_navigation(url=f"{other_site.address}/kiosk?l=fr"):
        page.clock.fast_forward(11 * MINUTE_MS)
        page.clock.run_for(2_000)
    assert other_site.requests[0][0] == "/kiosk/alive"
    page.close()


def test_a_kiosk_stays_where_it_is_while_nobody_answers(browser: Browser, site: Any) -> None:
    site.views["board"] = replace(site.views["board"], second_address="http://127.0.0.1:9/")
    page = kiosk(browser, site, clock=True)
    page.evaluate("window.isSamePage = true")
    page.clock.fast_forward(2 * MINUTE_MS)
    page.wait_for_selector("#fresh[data-s=lost]")
    with page.expect_event("requestfailed"):
        page.clock.fast_forward(11 * MINUTE_MS)
        page.clock.run_for(2_000)
    assert page.evaluate("isSamePage")
    page.close()


def test_a_kiosk_loads_itself_again_at_four_in_the_night_if_its_gateway_is_there(browser: Browser, site: Any) -> None:
    """It is 14:32: four o'clock is 13 hours and 28 minutes away, and a kiosk loads within ten minutes of it."""
    page = kiosk(browser, site, clock=True)
    page.evaluate("window.isSamePage = true")
    page.clock.fast_forward(13 * 60 * MINUTE_MS + 27 * MINUTE_MS)
    site.send("b", {"now": 1})
    page.wait_for_selector("#fresh[data-s=live]")
    page.clock.run_for(2_000)
    assert page.evaluate("isSamePage")
    page.clock.fast_forward(12 * MINUTE_MS)
    page.wait_for_selector("#fresh[data-s=lost]")
    page.clock.run_for(2_000)
    assert page.evaluate("isSamePage")
    assert "/kiosk/alive" not in [path for path, _ in site.requests]
    with page.expect_navigation():
        site.send("b", {"now": 2})
        page.wait_for_selector("#fresh[data-s=live]")
        page.clock.run_for(2_000)
    assert "/kiosk/alive" in [path for path, _ in site.requests]
    page.close()


def many_rooms(site: Any) -> list[str]:
    """Twice as many rooms, the second half in nobody's warning; their ids."""
    view = site.views["board"]
    more = tuple(replace(room, id=f"{room.id}-2", name={"fr": f"{room.name['fr']} 2"}) for room in view.rooms)
    site.views["board"] = replace(view, rooms=view.rooms + more)
    return [room.id for room in view.rooms + more if not room.is_passage]


SHOWN = """[...document.querySelectorAll("#rooms tbody tr")].filter(each => each.getClientRects().length)
  .map(each => each.querySelector("[data-f$='.free']").dataset.f.split(".")[1])"""


def test_rooms_that_do_not_fit_take_turns_and_those_that_need_attention_stay(browser: Browser, site: Any) -> None:
    rooms = set(many_rooms(site))
    page = kiosk(browser, site, clock=True)
    warned = {room for warning in site.views["board"].warnings for room in warning.rooms}
    seen: set[str] = set()
    for _ in range(8):
        shown = page.evaluate(SHOWN)
        assert set(shown[: len(warned)]) == warned
        assert len(warned) < len(shown) < len(rooms)
        seen.update(shown)
        assert page.inner_text("#turn") == f"{len(shown)} salles sur {len(rooms)}, les autres suivent"
        assert page.evaluate("document.documentElement.scrollHeight") == 1080
        assert page.evaluate(CLIPPED) == []
        site.send("b", {"now": 1})
        page.clock.run_for(11_000)
    page.screenshot(path=OUTPUT / "kiosk-many-fr.png")
    assert seen == rooms
    page.close()


@pytest.mark.long
def test_a_room_that_begins_to_need_attention_comes_to_the_top_and_p_ends_the_turns(
    browser: Browser, site: Any
) -> None:
    many_rooms(site)
    page = kiosk(browser, site, clock=True)
    site.send("u", {"r.library-2.first": "true"})
    page.wait_for_selector("#rooms tr[data-first]:has([data-f='r.library-2.free'])")
    page.clock.run_for(1_100)
    assert "library-2" in page.evaluate(SHOWN)[:4]
    page.keyboard.press("p")
    page.wait_for_selector("#fresh[data-s=paused]")
    held = page.evaluate(SHOWN)
    page.clock.run_for(12_000)  # a banner may have come meanwhile, and leaves room for fewer
    assert held[: len(page.evaluate(SHOWN))] == page.evaluate(SHOWN)
    page.clock.run_for(15 * MINUTE_MS)
    assert page.get_attribute("#fresh", "data-s") != "paused"
    page.close()


def test_a_kiosk_has_no_pointer_and_blanks_its_figures_after_ten_minutes(browser: Browser, site: Any) -> None:
    page = kiosk(browser, site, clock=True)
    assert page.evaluate("[...document.querySelectorAll('*')].every(each => getComputedStyle(each).cursor === 'none')")
    page.clock.fast_forward(9 * MINUTE_MS)
    page.wait_for_selector("#fresh[data-s=lost]")
    assert page.inner_text("[data-f='k.seats']") == "20"
    page.clock.fast_forward(2 * MINUTE_MS)
    page.wait_for_selector(".blank")
    assert page.inner_text("[data-f='k.seats']") == "\u2013"
    assert page.inner_text("[data-f='r.workshop.free']") == "\u2013"
    page.close()


def test_a_screen_that_waits_shows_its_code_asks_and_tries_the_second_address_in_turn(
    browser: Browser, site: Any, other_site: Any
) -> None:
    site.views["board"] = replace(site.views["board"], second_address=other_site.address + "/")
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    page.clock.install()
    page.goto(f"{site.address}/kiosk/wait?l=fr")
    assert page.inner_text(".code") == "ABCD-EFGH"
    page.screenshot(path=OUTPUT / "kiosk-wait-fr.png")
    assert_accessible(page)
    assert page.locator("a[href]").count() == 0
    page.clock.run_for(4_000)
    assert page.url.endswith("/kiosk/wait?l=fr")
    with page.expect_navigation(url=f"{other_site.address}/kiosk?l=fr"):
        page.clock.fast_forward(11 * MINUTE_MS)
        page.clock.run_for(2_000)
    page.goto(f"{site.address}/kiosk/wait?l=fr")
    site.kiosk_state = "in"
    with page.expect_navigation(url=f"{site.address}/kiosk?l=fr"):
        page.clock.run_for(4_000)
    page.close()


def test_five_thousand_updates_leave_the_heap_as_it_was(browser: Browser, site: Any) -> None:
    page = kiosk(browser, site)
    session = page.context.new_cdp_session(page)

    def used() -> int:
        session.send("HeapProfiler.collectGarbage")
        return int(session.send("Runtime.getHeapUsage")["usedSize"])

    def update(numbers: range) -> None:
        for number in numbers:
            fields = {
                "k.seats": str(number),
                "r.workshop.free": str(number % 17),
                "w.0.what": f"Café : {number} prises",
            }
            site.send("u", fields | {"say.warnings": f"{number % 2}", "r.workshop.w": f"{number % 100}%"})
        page.wait_for_selector(f"[data-f='k.seats']:text-is('{numbers[-1]}')")

    update(range(500))
    before = used()
    update(range(500, 5_500))
    assert used() - before < HEAP_GROWTH_BYTES
    page.close()


CAFE, LIBRARY = "Café : prises sans courant", "Bibliothèque : prises sans courant"


@pytest.fixture(scope="module")
def loud_browser(browser: Browser) -> Iterator[Browser]:
    """One that plays sound unasked, as a screen on a wall is set up to."""
    loud = browser.browser_type.launch(
        executable_path=shutil.which("chromium"), args=[*ARGUMENTS, "--autoplay-policy=no-user-gesture-required"]
    )
    yield loud
    loud.close()


def sounded(page: Page) -> int:
    return int(page.get_attribute("html", "data-sounded") or 0)


def pass_time(page: Page, site: Any, seconds: int) -> None:
    """Have the page live on for so long: its gateway speaks every few seconds."""
    for left in range(seconds, 0, -10):
        send_fields(page, site, {})
        page.wait_for_selector("#fresh[data-s=live]")
        page.clock.run_for(min(left, 10) * 1_000)


def send_fields(page: Page, site: Any, fields: dict[str, str]) -> None:
    """Send fields, and wait until they are painted."""
    mark = str(int(page.text_content("[data-f='k.seats']") or 0) + 1)
    site.send("u", fields | {"k.seats": mark})
    page.wait_for_selector(f"[data-f='k.seats']:text-is('{mark}')")


def loud_kiosk(loud_browser: Browser, site: Any, path: str = "/kiosk?l=fr&sound=on") -> Page:
    """A kiosk with sound, of a place where nothing is wrong yet, whose clock the test drives."""
    site.views["board"] = replace(site.views["board"], warnings=())
    site.views["closed"] = replace(site.views["closed"], warnings=())
    page = kiosk(loud_browser, site, path, clock=True)
    page.wait_for_selector("#sound[hidden]", state="attached")  # sound may be played
    pass_time(page, site, 2)
    assert sounded(page) == 0
    return page


def send_outages(page: Page, site: Any, *lines: str, taken: str = "") -> None:
    send_fields(page, site, {"say.outages": "\n".join(lines), "say.taken": taken})
    pass_time(page, site, 2)


def test_a_new_outage_is_heard_once_and_one_more_when_another_begins(loud_browser: Browser, site: Any) -> None:
    page = loud_kiosk(loud_browser, site)
    send_outages(page, site, CAFE)
    assert sounded(page) == 1
    pass_time(page, site, 60)
    assert sounded(page) == 1
    send_outages(page, site, CAFE, LIBRARY)
    assert sounded(page) == 2
    # A breaker that comes and goes is not heard each time.
    send_outages(page, site, CAFE)
    send_outages(page, site, CAFE, LIBRARY)
    assert sounded(page) == 2
    page.close()


def test_what_nobody_has_in_hand_is_heard_again_every_five_minutes(loud_browser: Browser, site: Any) -> None:
    page = loud_kiosk(loud_browser, site)
    send_outages(page, site, CAFE)
    pass_time(page, site, 290)
    assert sounded(page) == 1
    pass_time(page, site, 20)
    assert sounded(page) == 2
    send_outages(page, site, CAFE, taken=f"Accueil s\u2019en occupe : {CAFE}")
    pass_time(page, site, 320)
    assert sounded(page) == 2
    send_outages(page, site, CAFE)
    assert sounded(page) == 3
    page.close()


def test_an_outage_that_somebody_has_in_hand_is_not_heard_when_the_screen_loads_again(
    loud_browser: Browser, site: Any
) -> None:
    page = loud_kiosk(loud_browser, site)
    warnings = sample_view().warnings
    site.views["board"] = replace(
        site.views["board"], warnings=(replace(warnings[0], alert=1, taken_by="Accueil", taken_ts=1.0),)
    )
    page.reload()
    page.wait_for_selector("#fresh[data-s=live]")
    page.wait_for_selector("#sound[hidden]", state="attached")
    pass_time(page, site, 3)
    assert page.inner_text("[data-f='w.0.what']")
    assert sounded(page) == 0
    page.close()


def test_a_kiosk_is_silent_while_the_place_is_closed_and_heard_when_it_opens(loud_browser: Browser, site: Any) -> None:
    page = loud_kiosk(loud_browser, site, "/kiosk-closed?l=fr&sound=on")
    send_outages(page, site, CAFE)
    pass_time(page, site, 20)
    assert sounded(page) == 0
    site.send("u", {"page.closed": ""})
    page.wait_for_selector("html:not([data-closed])")
    pass_time(page, site, 2)
    assert sounded(page) == 1
    page.close()


def test_a_kiosk_is_silent_while_it_is_paused_or_hears_nothing_of_its_gateway(loud_browser: Browser, site: Any) -> None:
    page = loud_kiosk(loud_browser, site)
    send_outages(page, site, CAFE)
    page.keyboard.press("p")
    page.wait_for_selector("#fresh[data-s=paused]")
    for _ in range(32):
        site.send("b", {"now": 1})
        page.clock.run_for(10_000)
    assert sounded(page) == 1
    page.keyboard.press("p")
    page.clock.fast_forward(60_000)
    page.wait_for_selector("#fresh[data-s=lost]")
    page.clock.run_for(5_000)
    assert sounded(page) == 1
    pass_time(page, site, 2)
    assert sounded(page) == 2
    page.close()


def test_a_browser_that_blocks_sound_shows_a_button_and_sounds_once_it_is_pressed(browser: Browser, site: Any) -> None:
    page = kiosk(browser, site, "/kiosk?l=fr&sound=on")
    assert page.is_visible("#sound")
    assert page.inner_text("#sound") == "Activer le son"
    assert sounded(page) == 0
    assert_accessible(page)
    page.screenshot(path=OUTPUT / "kiosk-sound-fr.png")
    page.click("#sound")
    page.wait_for_selector("html[data-sounded='1']")
    assert not page.is_visible("#sound")
    page.close()


def test_a_kiosk_that_was_not_asked_to_has_no_sound(browser: Browser, site: Any) -> None:
    page = kiosk(browser, site)
    assert page.locator("#sound").count() == 0
    assert sounded(page) == 0
    page.close()
