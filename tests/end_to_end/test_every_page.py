"""Every page of the running gateway, in both languages and themes, on narrow and wide screens, in a real browser.

The pages are the application's own routes, so that a new one is looked at from its first day: in French, whose words
are longer, in every theme and width. Nothing overflows, nothing is logged, no policy is broken and no other host is
asked. A screenshot and axe take longer: they are had for every other pair of theme and width, axe where it can differ.
With ``--long`` everything is had in both languages, everywhere, and the keyboard walks every page.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import product

import pytest
from playwright.sync_api import BrowserContext, Page
from tests.conftest import TUESDAY_1430_TS, ManualClock
from tests.dashboard.chromium import OUTPUT, is_installed, open_browser, overflow_px, violations
from tests.end_to_end.place_lived_in import Place, lived_in
from tests.end_to_end.screens import Watch, lost_texts, walk_by_keyboard
from tests.gateway.conftest import SAMPLE_SITE, make_bench
from tests.gateway.routes import routes_of

from vigie_dashboard.pages import LANGUAGES
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.broker import find_mosquitto
from vigie_gateway.place.site import load_site
from vigie_gateway.store import open_store

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

THEMES = ("light", "dark")
WIDTHS = (320, 768, 1366, 1920)
CONTRAST = {("light", 1366), ("dark", 320)}
"""Once in each theme: on a screen, and on a phone."""
HEIGHT = 900
SCREENS = OUTPUT / "screens"
"""One picture a combination, to be looked at beside those of the last version."""
EXAMPLES = {
    "/rooms/{room_id}": "/rooms/salle",
    "/history/{name}": "/history/salle",
    "/history/series/{name}": "/history/series/tableau.linky-va",
    "/alerts/{number}": "/alerts/1",
    "/alerts/rules/{rule_id}": "/alerts/rules/room-full-over",
    "/alerts/told": "/alerts/told?who=",
}
"""An address of each route that has a parameter, or shows most with one."""
NOT_PAGES = {
    "/static/{name}", "/kiosk/alive", "/api/v1/openapi.json", "/setup/export", "/setup/draft.toml", "/setup/picture",
    "/setup/start/{code}", "/corrections.csv", "/check.ics", "/s/{token}.ics", "/a/{token}.atom",
    "/alerts/feed.atom",
}  # fmt: skip
"""Routes that answer something else, although they are not in the API's description; a used one-time address is
among OTHER_STATES."""
OTHER_STATES = (
    "/alerts?tab=history",
    "/alerts?tab=silenced",
    "/setup/start/used",
    "/rehearsals?room=&down=24&up=9",
    "/rehearsals?down=much",
    "/nowhere",
    "/history/salle?from=le+24&from_time=8h",
    "/history?q=nothing+like+it",
    "/check?room=salle&people=36&activity=video-call&bring-projector=1",
    "/check?room=cellar&people=0&to=late",
)
"""Of pages that are there, and of those that are not."""
NAME, PASSWORD = "lou", "eight rooms, one lamp"


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Of every page that the application has."""
    directory, clock = tmp_path_factory.mktemp("routes"), ManualClock(TUESDAY_1430_TS)
    store, accounts = open_store(directory / "vigie.db", clock), Accounts(directory / "accounts.db")
    routes = routes_of(make_bench(store, clock, load_site(SAMPLE_SITE), accounts))
    store.close()
    accounts.close()
    paths = [
        path
        for (method, path), route in routes.items()
        if method == "GET" and not route.include_in_schema and path not in NOT_PAGES
    ]
    return [EXAMPLES.get(path, path) for path in paths]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One for all of these tests, with an administrator."""
    with lived_in(tmp_path_factory.mktemp("place")) as made:
        command = [sys.executable, "-m", "vigie_gateway", "user", "--config", str(made.config), "add", NAME, "admin"]
        subprocess.run(command, input=PASSWORD.encode() + b"\n", check=True, timeout=60)
        yield made


@pytest.fixture(scope="module")
def context(place: Place) -> Iterator[BrowserContext]:
    """Of a browser in which the administrator has signed in."""
    with open_browser() as browser, browser.new_context(viewport={"width": 1366, "height": HEIGHT}) as made:
        page = made.new_page()
        page.goto(f"{place.address}/sign-in")
        page.fill("#name", NAME)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/board?**")
        page.close()
        yield made


def file_name(address: str) -> str:
    """Of its screenshots."""
    plain = "".join(sign if sign.isalnum() else "-" for sign in address)
    return plain.strip("-") or "public"


def opened(page: Page, place: Place, address: str, lang: str) -> list[str]:
    """Go there in that language; what is wrong with the answer."""
    answer = page.goto(f"{place.address}{address}{'&' if '?' in address else '?'}l={lang}")
    assert answer is not None
    kind = answer.headers.get("content-type", "")
    if not kind.startswith("text/html"):
        return [f"{address} is {kind}: if it is no page, it goes into NOT_PAGES"]
    if address not in OTHER_STATES and answer.status != 200:
        return [f"{address} answered {answer.status}: if its route has a parameter, EXAMPLES says one"]
    if page.get_attribute("html", "lang") != lang:
        return [f"{address} is not in the language {lang}"]
    return []


def violations_here(page: Page, theme: str, width: int, *, is_every: bool) -> list[str]:
    """What axe finds where it can differ.

    Contrast takes it longer than everything else together, and the dark theme differs by its colours alone.
    """
    if is_every:
        return violations(page)
    has_contrast = (theme, width) in CONTRAST
    if theme == "light":
        return violations(page, without="" if has_contrast else "color-contrast")
    return violations(page, "color-contrast") if has_contrast else []


@pytest.mark.parametrize(
    ("lang", "is_every"),
    [("fr", False), *(pytest.param(lang, True, marks=pytest.mark.long) for lang in LANGUAGES)],
)
def test_every_page_is_accessible_and_whole_on_every_screen(
    context: BrowserContext, place: Place, addresses: list[str], lang: str, is_every: bool
) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    print(f"screenshots: {SCREENS}")
    page, watch, wrong = context.new_page(), Watch(context, place.address), []
    for address in [*addresses, *OTHER_STATES]:
        wrong += opened(page, place, address, lang)
        for theme, width in product(THEMES, WIDTHS):
            where = f"{address} {lang} {theme} {width}"
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of two words
            if (wider := overflow_px(page, width)) > 0:
                wrong.append(f"{where}: {wider} px wider than the screen")
            # Half of them, so that every two of language, theme and width meet.
            if is_every or (LANGUAGES.index(lang) + THEMES.index(theme) + WIDTHS.index(width)) % 2 == 0:
                picture = SCREENS / f"{file_name(address)}-{lang}-{theme}-{width}.jpg"
                page.screenshot(path=picture, type="jpeg", full_page=True)
                wrong += [f"{where}: {each}" for each in violations_here(page, theme, width, is_every=is_every)]
        wrong += [f"{address} {lang}: {each}" for each in watch.noted(page)]
    page.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("lang", ["fr", pytest.param("en", marks=pytest.mark.long)])
def test_type_of_twice_the_size_loses_nothing_on_any_page(
    context: BrowserContext, place: Place, addresses: list[str], lang: str
) -> None:
    page, wrong = context.new_page(), []
    for address in [*addresses, *OTHER_STATES]:
        wrong += opened(page, place, address, lang)
        for width in (1366, 320):
            if (wider := overflow_px(page, width, "32px")) > 0:
                wrong.append(f"{address} {lang} {width}: {wider} px wider than the screen")
            wrong += [f"{address} {lang} {width}: {each}" for each in lost_texts(page)]
    page.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.long
@pytest.mark.parametrize("width", [320, 1366])
def test_the_keyboard_reaches_everything_of_every_page_in_its_order_and_shows_where_it_is(
    context: BrowserContext, place: Place, addresses: list[str], width: int
) -> None:
    page, wrong = context.new_page(), []
    page.set_viewport_size({"width": width, "height": HEIGHT})
    for address in [*addresses, *OTHER_STATES]:
        wrong += opened(page, place, address, "fr")
        wrong += [f"{address}: {each}" for each in walk_by_keyboard(page)]
    page.close()
    assert not wrong, "\n".join(wrong)


def test_every_page_but_a_screen_on_a_wall_leads_to_the_accessibility_statement(
    context: BrowserContext, place: Place, addresses: list[str]
) -> None:
    pages = {
        address: context.request.get(place.address + address, headers={"accept": "text/html"}).text()
        for address in [*addresses, *OTHER_STATES]
    }
    assert [address for address, page in pages.items() if 'href="/accessibilite' not in page] == [
        "/kiosk",
        "/kiosk/wait",
    ]
