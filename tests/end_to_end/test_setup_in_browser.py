"""A place set up in a real browser on a real gateway: from the one-time address to people on a live board."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.bench import load
from tests.dashboard.chromium import OUTPUT, is_installed, open_browser, overflow_px, violations
from tests.end_to_end.place_lived_in import CHANNELS, EMPTY, Place

from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, make_passwords
from vigie_gateway.place.site import load_site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

NODE = "accueil"
PASSWORD = "sept lanternes au port"
WIDTHS = (320, 768, 1366)


@contextmanager
def first_start(directory: Path) -> Iterator[tuple[Place, str]]:
    """A gateway without a place beside its broker, and the one-time address that it printed."""
    with Mosquitto(directory / "broker", load.SITE, make_passwords([GATEWAY_USER, *CHANNELS])) as broker:
        config, port = load.write_config(directory, broker)
        text = config.read_text(encoding="utf-8").replace(str(load.sample_site()), str(directory / "site.toml"))
        config.write_text(text + "commit_interval_s = 0.2\n", encoding="utf-8")
        place = Place(directory, broker, config, port)
        try:
            place.launch()
            place.wait_for(lambda: json.loads(place.get("/healthz"))["parts"]["broker"]["status"] == "pass")
            log = (directory / "gateway.log").read_text(encoding="utf-8")
            found = re.search(r"http://127\.0\.0\.1:\d+(/setup/start/[a-z2-7-]+)", log)
            assert found is not None, log
            yield place, found[1]
        finally:
            place.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for all of these tests."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def begun(tmp_path: Path, browser: Browser) -> Iterator[tuple[Place, Page]]:
    """A browser at the one-time address; at the end none may have failed or asked another host."""
    wrong: list[str] = []
    with first_start(tmp_path) as (place, path):
        context = browser.new_context(viewport={"width": 1366, "height": 900}, locale="fr-FR")
        page = watched(context, place.address, wrong)
        page.goto(place.address + path)
        yield place, page
        context.close()
    assert wrong == []


def watched(context: BrowserContext, home: str, wrong: list[str]) -> Page:
    def note(url: str) -> None:
        if not url.startswith((f"{home}/", "data:")):
            wrong.append(url)

    context.on("request", lambda request: note(request.url))
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    # Chromium logs answers with an error's status too, which a wrong entry has.
    page.on("console", lambda message: None if "status of 422" in message.text else wrong.append(message.text))
    return page


def at(page: Page, path: str) -> None:
    """The page of that path is there, in whatever language."""
    page.wait_for_url(re.compile(rf"{path}(\?|$)"))


def make_account(page: Page, name: str = "ada") -> None:
    for field, text in (("name", name), ("password", PASSWORD), ("again", PASSWORD)):
        page.fill(f"#{field}", text)
    page.locator("main form button").click()


def go_on(page: Page) -> None:
    page.locator("main .btn[value=save]").last.click()


def draw(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag on the sheet, from one place to another in its squares."""
    sheet = page.locator(".plan-sheet")
    sheet.scroll_into_view_if_needed()
    width = float(page.get_attribute("form[data-grid-width]", "data-grid-width") or 0)
    box = sheet.bounding_box()
    assert box is not None
    square = (box["width"] - 4) / width
    page.mouse.move(box["x"] + 2 + start[0] * square, box["y"] + 2 + start[1] * square)
    page.mouse.down()
    page.mouse.move(box["x"] + 2 + end[0] * square, box["y"] + 2 + end[1] * square, steps=3)
    page.mouse.up()


def name_place(page: Page, name: str = "Le Sémaphore") -> None:
    page.goto(re.sub(r"/setup.*", "/setup/place", page.url))
    page.fill("[name=name_fr]", name)
    page.fill("[name=id]", load.SITE)
    go_on(page)
    at(page, "/setup/plan")


def draw_rooms(page: Page) -> None:
    for (start, end), name, seats in (
        (((2, 2), (20, 14)), "Grande salle", "20"),
        (((20, 2), (34, 14)), "Café", "12"),
    ):
        draw(page, start, end)
        page.keyboard.type(name)
        page.keyboard.press("Tab")
        page.keyboard.type(seats)


def put_doors(page: Page) -> None:
    draw(page, (10, 14), (10, 14))
    draw(page, (20, 8), (20, 8))
    for n, door in enumerate(("entree", "cafe")):
        for way in ("in", "out"):
            page.select_option(f"[name=doors-{n}-{way}]", f"{NODE}.porte-{door}-{way}")


def test_from_the_one_time_address_to_a_live_board(begun: tuple[Place, Page]) -> None:
    place, page = begun
    began = time.monotonic()
    make_account(page)
    at(page, "/setup")
    name_place(page)
    assert page.inner_text(".brand ~ *") == "Le Sémaphore"
    page.locator("header").screenshot(path=place.directory / "plan.png")
    page.set_input_files("#picture", place.directory / "plan.png")
    page.locator("form[enctype] button").click()
    page.locator(".plan-picture img").evaluate("picture => picture.decode()")
    draw_rooms(page)
    page.screenshot(path=OUTPUT / "setup-flow-plan.png", full_page=True)
    go_on(page)
    at(page, "/setup/doors")
    place.declare(NODE)
    place.send(NODE, EMPTY)
    page.reload()
    put_doors(page)
    page.screenshot(path=OUTPUT / "setup-flow-doors.png", full_page=True)
    go_on(page)
    at(page, "/setup/outlets")
    page.screenshot(path=OUTPUT / "setup-flow-outlets.png", full_page=True)
    go_on(page)
    at(page, "/setup/review")
    page.screenshot(path=OUTPUT / "setup-flow-review.png", full_page=True)
    page.click("[value=apply]")
    at(page, "/setup/review")
    page.goto(place.address + "/board?l=fr")
    page.wait_for_selector("#fresh[data-s=live]")
    place.send(NODE, {"porte-entree-in": 5, "porte-cafe-in": 2})
    page.wait_for_selector("[data-f='r.cafe.free'] >> text=10")
    assert page.inner_text("[data-f='r.grande-salle.free']") == "17"
    page.screenshot(path=OUTPUT / "setup-flow-board.png", full_page=True)
    print(f"from the address to people on the board: {time.monotonic() - began:.1f} s by machine")
    site = load_site(place.directory / "site.toml")
    assert [(room.id, room.seats, room.rect) for room in site.rooms] == [
        ("grande-salle", 20, (2, 2, 18, 12)),
        ("cafe", 12, (20, 2, 14, 12)),
    ]
    assert [door.between for door in site.doors] == [("outside", "grande-salle"), ("grande-salle", "cafe")]


def test_a_wrong_entry_at_each_step_says_so_at_its_field_and_loses_nothing(begun: tuple[Place, Page]) -> None:
    _, page = begun
    make_account(page, "ada lovelace")
    assert page.locator("#trouble").is_visible()
    assert page.input_value("#name") == "ada lovelace"
    make_account(page)
    at(page, "/setup")

    def refused(fields: dict[str, str], at: str, said: str) -> None:
        go_on(page)
        assert page.get_attribute(f"[name={at}]", "aria-invalid") == "true"
        assert said in page.inner_text(f"#said-{at}")
        assert {name: page.input_value(f"[name={name}]") for name in fields} == fields
        page.reload()
        assert {name: page.input_value(f"[name={name}]") for name in fields} == fields

    def typed(fields: dict[str, str]) -> dict[str, str]:
        for name, text in fields.items():
            page.fill(f"[name={name}]", text)
        return fields

    page.goto(re.sub(r"/setup.*", "/setup/place", page.url))
    refused(typed({"name_fr": "Le Sémaphore", "monday": "le matin"}), "monday", "08:00-12:00")
    page.fill("[name=monday]", "")
    go_on(page)
    at(page, "/setup/plan")
    draw(page, (2, 2), (10, 8))
    refused(typed({"rooms-0-name_fr": "Grande salle", "rooms-0-seats": "vingt"}), "rooms-0-seats", "nombre entier")
    assert page.input_value("[name=rooms-0-width]") == "8"
    page.fill("[name=rooms-0-seats]", "20")
    go_on(page)
    at(page, "/setup/doors")
    draw(page, (6, 8), (6, 8))
    page.select_option("[name=doors-0-between_a]", "grande-salle")
    refused(typed({"doors-0-x1": "5"}), "doors-0-between_b", "deux salles différentes")


def every_step(page: Page) -> Iterator[str]:
    for step in ("", "/place", "/plan", "/doors", "/outlets", "/review"):
        page.goto(re.sub(r"/setup.*", f"/setup{step}?l=fr&theme=light", page.url))
        yield step.strip("/") or "start"


@pytest.mark.long
def test_every_step_is_accessible_in_both_languages_and_themes_on_any_screen(begun: tuple[Place, Page]) -> None:
    place, page = begun
    check_page(page, "address")
    make_account(page)
    at(page, "/setup")
    name_place(page)
    draw_rooms(page)
    go_on(page)
    at(page, "/setup/doors")
    place.declare(NODE)
    put_doors_without_counters(page)
    go_on(page)
    at(page, "/setup/outlets")
    for step in every_step(page):
        check_page(page, step)


def put_doors_without_counters(page: Page) -> None:
    draw(page, (10, 14), (10, 14))


def check_page(page: Page, step: str) -> None:
    """As it is, in the dark, and in English, at every width."""
    page.set_viewport_size({"width": 1366, "height": 900})
    assert violations(page) == [], step
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert violations(page, "color-contrast") == [], step
    page.screenshot(path=OUTPUT / f"setup-{step}-dark.png", full_page=True)
    for width in WIDTHS:
        assert overflow_px(page, width) <= 0, (step, width)
    page.set_viewport_size({"width": 320, "height": 700})
    page.screenshot(path=OUTPUT / f"setup-{step}-320.png", full_page=True)
    page.goto(page.url.replace("l=fr", "l=en") if "l=fr" in page.url else f"{page.url}?l=en")
    assert violations(page, "target-size", "label", "button-name", "html-has-lang") == [], step
    assert overflow_px(page, 320) <= 0, step
    page.set_viewport_size({"width": 1366, "height": 900})
