"""A browser takes no name for anything but text: no dialog, no element, no report of the policy."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, Page, expect
from tests.dashboard.chromium import is_installed, open_browser
from tests.gateway.api.conftest import Served
from tests.gateway.api.named_place import PLAIN, Maker
from tests.gateway.conftest import Bench

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not is_installed(), reason="Chromium is not installed")]
HOSTILE = (
    "</text></svg></title><script>alert(1)</script><img src=x onerror=alert(1)>",
    '" autofocus onfocus="alert(1)" x=\'{{7*7}}${alert(1)}<svg onload=alert(1)>',
)
PAGES = ("/board", "/kiosk", "/", "/history", "/history/atelier", "/rooms/atelier", "/health", "/poster", "/sign-in")
ACTIVE = "script, style, iframe, img, form, input, [autofocus], [onload], [onerror], [onfocus]"


@pytest.fixture
def bench(make: Maker) -> Bench:
    return make(PLAIN)


def counts(page: Page, address: str, wrong: list[str]) -> dict[str, int]:
    """Elements that do something on each page, once it is live."""
    found = {}
    for path in PAGES:
        page.goto(address + path)
        if path in {"/board", "/kiosk"}:
            expect(page.locator("#age")).not_to_be_empty()
        found[path] = page.locator(ACTIVE).count()
    assert wrong == []
    return found


def test_no_name_is_more_than_text_in_a_browser(served: Served, make: Maker) -> None:
    address = f"http://127.0.0.1:{served.port}"
    wrong: list[str] = []
    with open_browser() as browser:
        page = browser.new_page()

        def on_dialog(dialog: Dialog) -> None:
            wrong.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", on_dialog)
        page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((address, "data:")) else None
        )
        plain = counts(page, address, wrong)
        for text in HOSTILE:
            hostile = make(text)
            _put_in_place_of(served.bench, hostile)
            assert counts(page, address, wrong) == plain
            assert text in page.request.get(address + "/api/v1/rooms").json()["rooms"][0]["name"].values()


def _put_in_place_of(served: Bench, other: Bench) -> None:
    """The server goes on with the parts of another gateway."""
    for part in ("site", "store", "board", "health"):
        object.__setattr__(served.gateway, part, getattr(other.gateway, part))
    served.gateway.live._fields = other.gateway.live._fields
