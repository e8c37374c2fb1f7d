"""The plan editor of the set-up pages in a real browser: drawing, fields and keyboard say the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Locator, Page, expect
from tests.dashboard.chromium import OUTPUT, assert_accessible, is_installed, open_browser, overflow_px
from tests.dashboard.conftest import POLICY
from tests.dashboard.places import NOW_TS

from vigie_dashboard.assets import asset
from vigie_dashboard.setup_text import render_setup
from vigie_dashboard.setup_view import SetupView

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
]

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><rect x="20" y="20" width="360" height="260" '
    'fill="none" stroke="#a00" stroke-width="6"/></svg>'
)
ROOM_FIELDS = ("id", "name_fr", "name_en", "seats", "x", "y", "width", "height")
ROOMS = (
    ("hall", "Grande salle", "Main hall", "40", "2", "2", "14", "10"),
    ("cafe", "Café", "Café <b>&", "18", "16", "2", "10", "8"),
    ("booth", "Cabine", "Booth", "1", "", "", "", ""),
)
DOOR_FIELDS = ("id", "between_a", "between_b", "x1", "y1", "x2", "y2", "in", "out")
DOORS = (("door", "cafe", "hall", "", "", "", "", "", ""),)
NAMES = (("hall", "Hall"), ("booth", "Booth <i>"), ("cafe", "Café"))
DRAWN = (
    ("hall", [(2, 2), (22, 2), (22, 14), (2, 14)]),
    ("booth", [(2, 2), (6, 2), (6, 6), (2, 6)]),
    ("cafe", [(22, 2), (34, 2), (34, 14), (22, 14)]),
)
PLAIN = SetupView(
    site_name={"en": "The place"},
    timezone="Europe/Paris",
    now_ts=NOW_TS,
    step="plan",
    steps=[(step, "open") for step in ("place", "plan", "doors", "outlets", "review")],
    csrf="c",
    file="/etc/vigie/site.toml",
    is_first=False,
    grid=(40, 30, 1),
    languages=("fr", "en"),
)
VIEWS = {
    "plan": replace(
        PLAIN,
        fields={"plan-width": "40", "plan-height": "30"},
        rows={"rooms": [dict(zip(ROOM_FIELDS, room, strict=True)) for room in ROOMS]},
        drawn=[
            ("hall", [(2, 2), (16, 2), (16, 12), (2, 12)]),
            ("cafe", [(16, 2), (26, 2), (26, 10), (21, 10), (21, 6), (16, 6)]),
        ],
        has_picture=True,
    ),
    "doors": replace(
        PLAIN,
        step="doors",
        rows={"doors": [dict(zip(DOOR_FIELDS, door, strict=True)) for door in DOORS]},
        rooms=NAMES,
        drawn=DRAWN,
    ),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Say nothing."""

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.do_GET()

        def do_GET(self) -> None:
            found = asset(self.path.removeprefix("/static/"))
            view = VIEWS["doors" if self.path.startswith("/setup/doors?l=en") else "plan"]
            page = render_setup(view, "fr" if "l=fr" in self.path else "en", None)
            kind, body = "text/html; charset=utf-8", page.encode()
            if found is not None:
                kind, body = found.content_type, found.body
            elif self.path == "/setup/picture":
                kind, body = "image/svg+xml", PICTURE.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def make(path: str = "/setup/plan?l=en", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": 1366, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.goto(address + path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def box_of(page: Page, n: int) -> tuple[str, ...]:
    """What stands in the fields of a room: x, y, width, height."""
    return tuple(page.input_value(f"[name=rooms-{n}-{what}]") for what in ("x", "y", "width", "height"))


def room(page: Page, name: str) -> Locator:
    return page.locator(".plan-room", has=page.get_by_text(name, exact=True))


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], drop: bool = True) -> None:
    """From one place of the sheet to another, in squares."""
    page.locator(".plan-sheet").scroll_into_view_if_needed()
    box = page.locator(".plan-sheet").bounding_box()
    assert box is not None
    left, top, square = box["x"] + 2, box["y"] + 2, (box["width"] - 4) / 40
    page.mouse.move(left + start[0] * square, top + start[1] * square)
    page.mouse.down()
    page.mouse.move(left + end[0] * square, top + end[1] * square, steps=4)
    if drop:
        page.mouse.up()


def test_a_room_dragged_on_the_squares_stands_in_its_fields(open_page: Callable[..., Page]) -> None:
    page = open_page()
    drag(page, (20.2, 20.1), (25.8, 23.9))
    assert box_of(page, 2) == ("20", "20", "6", "4")
    assert page.locator(".plan-waiting").is_hidden()
    drag(page, (30, 12), (34, 18))
    assert box_of(page, 3) == ("30", "12", "4", "6")
    page.keyboard.type("Atelier")
    page.get_by_label("Its seats").fill("12")
    assert (page.input_value("[name=rooms-3-name_en]"), page.input_value("[name=rooms-3-seats]")) == ("Atelier", "12")
    assert room(page, "Atelier").inner_text() == "Atelier\n12 seats"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className").startswith("plan-room")
    drag(page, (34.1, 12.1), (38, 18))
    assert box_of(page, 4) == ("34", "12", "4", "6")
    page.keyboard.type("Bureau")
    drag(page, (1, 20), (9, 26))
    page.get_by_role("button", name="Undo").click()
    assert page.locator("#plan-rooms tbody tr").count() == 5
    assert page.input_value("[name=rooms-4-name_en]") == "Bureau"
    assert box_of(page, 3) == ("30", "12", "4", "6")
    page.screenshot(path=OUTPUT / "setup-plan.png", full_page=True)
    assert_accessible(page)


def test_moving_and_resizing_keep_to_the_squares_and_to_the_plan(open_page: Callable[..., Page]) -> None:
    page = open_page()
    drag(page, (5, 8), (8.4, 9.2))
    assert box_of(page, 0) == ("5", "3", "14", "10")
    drag(page, (18.7, 12.7), (21, 16.1))
    assert box_of(page, 0) == ("5", "3", "16", "13")
    drag(page, (10, 10), (-20, 70))
    assert box_of(page, 0) == ("0", "17", "16", "13")
    drag(page, (8, 20), (15, 5), drop=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert box_of(page, 0) == ("0", "17", "16", "13")


def test_arrows_move_and_with_shift_resize_and_are_told_politely(open_page: Callable[..., Page]) -> None:
    page = open_page()
    room(page, "Main hall").focus()
    for key in ("ArrowRight", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert box_of(page, 0) == ("3", "3", "15", "9")
    said = page.get_by_text("Main hall: 3 from the left, 3 from the top, 15 wide, 9 high")
    said.and_(page.locator("[role=status]")).wait_for()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    assert box_of(page, 0)[0] == "0"
    page.keyboard.press("Enter")
    page.keyboard.type("Hall")
    assert page.input_value("[name=rooms-0-name_en]") == "Hall"


def test_what_is_typed_is_drawn_as_text_at_once(open_page: Callable[..., Page]) -> None:
    page = open_page()
    assert room(page, "Café <b>&").inner_text() == "Café <b>&\n18 seats"
    page.fill("[name=rooms-1-name_en]", "<img src=x onerror=alert(1)>")
    page.fill("[name=rooms-1-seats]", "1")
    page.fill("[name=rooms-1-x]", "20")
    shape = room(page, "<img src=x onerror=alert(1)>")
    assert shape.inner_text().endswith("\n1 seat")
    page.fill("[name=rooms-1-seats]", "0")
    assert shape.inner_text().endswith("\npassage")
    assert shape.evaluate("each => each.style.left") == "50%"
    page.fill("[name=rooms-1-width]", "three")
    assert shape.count() == 0
    assert "<img src=x onerror=alert(1)>" in page.inner_text(".plan-waiting")


def test_a_room_of_another_shape_keeps_it_and_stretches(open_page: Callable[..., Page]) -> None:
    page = open_page()
    cafe = room(page, "Café <b>&")
    assert cafe.locator("polygon").get_attribute("points") == "0,0 1,0 1,1 0.5,1 0.5,0.5 0,0.5"
    assert room(page, "Main hall").locator("polygon").count() == 0
    page.fill("[name=rooms-1-width]", "20")
    box, drawn = cafe.bounding_box(), cafe.locator("polygon").bounding_box()
    assert box is not None
    assert drawn is not None
    assert abs(box["width"] - drawn["width"]) < 8


def test_each_step_can_be_undone(open_page: Callable[..., Page]) -> None:
    page = open_page()
    drag(page, (20, 20), (24, 24))
    page.locator("[name=remove]").first.click()
    assert page.input_value("[name=rooms-0-name_fr]") == "Café"
    assert page.locator("#plan-rooms tbody tr").count() == 2
    page.get_by_role("button", name="Undo").click()
    assert [page.input_value(f"[name=rooms-{n}-name_fr]") for n in range(3)] == ["Grande salle", "Café", "Cabine"]
    assert box_of(page, 2) == ("20", "20", "4", "4")
    room(page, "Main hall").focus()
    page.keyboard.press("Control+z")
    assert box_of(page, 2) == ("", "", "", "")
    assert page.get_by_role("button", name="Undo").is_disabled()


def test_an_overlap_is_said_in_words_but_a_booth_may_stand_in_a_room(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("button", name="Draw inside a room").click()
    drag(page, (4, 4), (6, 7))
    assert box_of(page, 2) == ("4", "4", "2", "3")
    assert page.inner_text(".plan-warnings") == ""
    page.fill("[name=rooms-2-x]", "15")
    assert "Main hall and Booth lie partly over each other" in page.inner_text(".plan-warnings")
    assert "Café" not in page.inner_text(".plan-warnings")
    page.fill("[name=rooms-2-x]", "39")
    assert page.inner_text(".plan-warnings") == "Booth reaches beyond the plan."


def test_a_room_needs_no_dragging(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_role("button", name="Put a room on the plan").press("Enter")
    assert box_of(page, 2) == ("26", "0", "8", "6")
    page.keyboard.press("Delete")
    assert page.locator("#plan-rooms tbody tr").count() == 2


def test_a_finger_draws_and_moves(open_page: Callable[..., Page]) -> None:
    page = open_page(has_touch=True)
    session = page.context.new_cdp_session(page)
    box = page.locator(".plan-sheet").bounding_box()
    assert box is not None
    square = (box["width"] - 4) / 40

    def touch(kind: str, x: float, y: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": box["x"] + 2 + x * square, "y": box["y"] + 2 + y * square}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for start, end in (((20, 12), (24, 16)), ((21, 14), (23, 15))):
        touch("touchStart", *start)
        touch("touchMove", (start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        touch("touchMove", *end)
        touch("touchEnd", 0, 0)
    assert box_of(page, 2) == ("22", "13", "4", "4")


def test_the_picture_lies_where_it_was_put(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.get_by_label("How much of it shows").fill("20")
    page.get_by_label("To the left or right").fill("-10")
    page.reload()
    picture = page.locator(".plan-picture img")
    assert picture.evaluate("each => [each.style.opacity, each.style.left, each.naturalWidth > 0]") == [
        "0.2",
        "-10%",
        True,
    ]


def test_it_is_accessible_in_both_themes_and_leaves_small_screens_to_the_fields(
    open_page: Callable[..., Page],
) -> None:
    page = open_page("/setup/plan?l=fr")
    room(page, "Grande salle").focus()
    page.screenshot(path=OUTPUT / "setup-plan-light.png", full_page=True)
    assert_accessible(page)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.screenshot(path=OUTPUT / "setup-plan-dark.png", full_page=True)
    assert_accessible(page, "color-contrast")
    assert overflow_px(page, 768) <= 0
    assert overflow_px(page, 320) <= 0
    assert page.locator("#plan-editor").is_hidden()


def test_without_javascript_the_fields_are_all(open_page: Callable[..., Page]) -> None:
    page = open_page(java_script_enabled=False)
    assert page.locator("#plan-editor").is_hidden()
    assert box_of(page, 0) == ("2", "2", "14", "10")


def door_of(page: Page, n: int) -> tuple[str, ...]:
    """What stands in the fields of a door."""
    fields = ("between_a", "between_b", "x1", "y1", "x2", "y2")
    return tuple(page.input_value(f"[name=doors-{n}-{what}]") for what in fields)


def test_a_click_on_a_wall_puts_a_door_between_the_rooms_on_either_side(open_page: Callable[..., Page]) -> None:
    page = open_page("/setup/doors?l=en")
    drag(page, (22.4, 8.1), (22.4, 8.1))
    assert door_of(page, 0) == ("cafe", "hall", "22", "7", "22", "9")
    drag(page, (14, 13.6), (14, 13.6))
    assert door_of(page, 1) == ("outside", "hall", "13", "14", "15", "14")
    drag(page, (5.8, 4), (5.8, 4))
    assert door_of(page, 2) == ("hall", "booth", "6", "3", "6", "5")
    drag(page, (38, 28), (38, 28))
    assert page.locator("#plan-doors tbody tr").count() == 3
    page.screenshot(path=OUTPUT / "setup-doors.png", full_page=True)
    assert_accessible(page)


def test_a_door_that_moves_stays_on_walls_and_keeps_which_way_it_counts(open_page: Callable[..., Page]) -> None:
    page = open_page("/setup/doors?l=en")
    drag(page, (22.4, 8.1), (22.4, 8.1))
    for key in ("ArrowDown", "ArrowDown", "Shift+ArrowUp"):
        page.keyboard.press(key)
    assert door_of(page, 0) == ("cafe", "hall", "22", "9", "22", "10")
    page.get_by_text(
        "Café \u2013 Hall: 22 from the left, 9 from the top, to 22 from the left, 10 from the top"
    ).wait_for()
    drag(page, (22, 9.5), (30, 13))
    assert door_of(page, 0) == ("cafe", "outside", "30", "14", "31", "14")
    page.keyboard.press("Control+z")
    assert door_of(page, 0) == ("cafe", "hall", "22", "9", "22", "10")


def test_who_leaves_what_was_not_sent_is_asked_first(open_page: Callable[..., Page]) -> None:
    page = open_page()
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", answer)
    page.locator(".steps a").nth(2).click()
    page.wait_for_selector("#plan-doors")
    page.go_back()
    drag(page, (20, 20), (26, 24))
    assert asked == []
    page.locator(".steps a").nth(2).click(no_wait_after=True)
    expect(page.locator("#plan-rooms tbody tr")).to_have_count(3)
    assert asked == ["beforeunload"]
    assert box_of(page, 2) == ("20", "20", "6", "4")
    page.locator("main .btn[value=save]").last.click()
    page.wait_for_load_state()
    assert asked == ["beforeunload"]
