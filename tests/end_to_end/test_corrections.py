"""What the front desk says, from a form without JavaScript to every open board, and through the gateway's death."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.dashboard.chromium import assert_accessible, is_installed, open_browser, overflow_px
from tests.end_to_end.place_lived_in import Place, lived_in

from vigie_gateway.broker import find_mosquitto

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
WAIT_MS = 20_000
"""Ends a test whose board does not change. Lower fails on a busy machine."""
COUNT = '[data-f="r.salle.count"]'


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with lived_in(tmp_path_factory.mktemp("place")) as made:
        yield made


@pytest.fixture
def desk(browser: Browser, place: Place) -> Iterator[Page]:
    """The front desk's own screen, whose browser runs no script."""
    with browser.new_context(java_script_enabled=False, base_url=place.address) as context:
        yield context.new_page()


def people_in(place: Place, room: str) -> object:
    rooms = json.loads(place.get("/api/v1/rooms"))["rooms"]
    return next(one["people"] for one in rooms if one["id"] == room)


def test_counters_go_on_from_what_the_desk_says_on_open_boards_and_after_a_kill(
    browser: Browser, place: Place, desk: Page
) -> None:
    with browser.new_context(base_url=place.address) as context:
        board = context.new_page()
        board.goto("/board?l=en")
        expect(board.locator(COUNT)).to_have_text("40/40", timeout=WAIT_MS)
        desk.goto("/rooms/salle?l=en")
        desk.get_by_label("People, from 0 to 120").fill("12")
        desk.get_by_role("button", name="Set the number").click()
        desk.wait_for_url("**/rooms/salle?l=en#correct")
        expect(board.locator(COUNT)).to_have_text("12/40", timeout=WAIT_MS)
        place.send("accueil", {"porte-salle-in": 43, "porte-salle-out": 1})
        expect(board.locator(COUNT)).to_have_text("14/40", timeout=WAIT_MS)
    place.kill()
    place.start()
    assert people_in(place, "salle") == 14


def test_a_closed_room_is_closed_for_all_and_stays_so_after_a_kill(place: Place, desk: Page) -> None:
    desk.goto("/rooms/cafe?l=en")
    desk.get_by_label("Why (shown on the board)").fill("water leak")
    desk.get_by_role("button", name="Close it").click()
    place.kill()
    place.start()
    desk.goto("/board?l=en")
    assert "Closed · water leak" in desk.locator("#rooms").inner_text()
    desk.goto("/?l=en")
    assert "water leak" not in desk.content()
    desk.goto("/rooms/cafe?l=en")
    desk.get_by_role("button", name="Open it again").click()
    assert people_in(place, "cafe") == 9


def test_the_list_says_who_said_what_and_its_table_is_the_same(place: Place, desk: Page) -> None:
    desk.goto("/rooms/atelier?l=en")
    desk.get_by_label("Why (staff read it)").fill("loose plate")
    desk.get_by_role("button", name="Out of order").click()
    desk.goto("/corrections?l=en")
    assert "this machine\tWorkshop\tOutlet p09" in desk.locator("tbody tr").first.inner_text()
    assert desk.locator("tbody tr").count() == len(place.get("/corrections.csv").decode().splitlines()) - 1
    assert b"loose plate" in place.get("/corrections.csv")


def test_each_word_is_a_reading_of_its_series_too(place: Place) -> None:
    table = place.get("/history/series/by_hand.people-salle.csv?l=en").decode()
    assert ",12," in table
    assert b"by_hand" not in place.get("/health")


@pytest.mark.parametrize("width", [320, 1366])
@pytest.mark.parametrize("path", ["/corrections?l=fr", "/rooms/atelier?l=fr&theme=dark"])
def test_the_pages_are_accessible_and_fit(browser: Browser, place: Place, path: str, width: int) -> None:
    with browser.new_context(base_url=place.address, viewport={"width": width, "height": 900}) as context:
        page = context.new_page()
        page.goto(path)
        assert overflow_px(page, width) == 0
        assert_accessible(page)
