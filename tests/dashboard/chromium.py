"""A real browser for tests, and what every page must hold in it. Also used by tests/end_to_end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

OUTPUT = Path(__file__).parents[1] / "output"
"""Where screenshots go, to be looked at; not in git."""
ARGUMENTS = [
    "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-default-apps",
    "--disable-sync", "--no-first-run", "--font-render-hinting=none",
]  # fmt: skip
"""Debian's Chromium, without its own traffic."""
LOOK_MS = 30_000
"""How long ``expect`` looks for what should be on a page: as long as the other waits of a page. Less fails on a busy
machine; more delays a true failure."""
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def is_installed() -> bool:
    """Whether there is a Chromium to test with."""
    return shutil.which("chromium") is not None


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser for as long as the block lasts: starting one takes seconds, so that a module shares it."""
    OUTPUT.mkdir(exist_ok=True)
    expect.set_options(timeout=LOOK_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield launched
        launched.close()


def violations(page: Page, *rules: str, without: str = "") -> list[str]:
    """What axe finds, a line an element; with ``rules``, by those alone; ``without`` is a rule that is left out."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    chosen: Any = {"type": "rule", "values": list(rules)} if rules else TAGS
    # Only what is wrong is described: to describe all that is right takes three times as long as to look for both.
    options: dict[str, Any] = {"runOnly": chosen, "resultTypes": ["violations"]}
    if without:
        options["rules"] = {without: {"enabled": False}}
    found = page.evaluate("options => axe.run(document, options).then(results => results.violations)", options)
    return [f"{each['id']}: {node['html']} {node['failureSummary']}" for each in found for node in each["nodes"]]


def assert_accessible(page: Page, *rules: str) -> None:
    """Axe finds nothing; with ``rules``, by those alone."""
    assert violations(page, *rules) == []


SETTLE_STEP_MS = 100
SETTLE_TRIES = 30
"""How long a resized page may take to settle, in steps. Fewer fail on a busy machine; more delay a true failure."""


def overflow_px(page: Page, width: int, type_size: str = "100%") -> int:
    """By how much the page is wider than a screen of that width, with type of that size, once charts have followed."""
    page.set_viewport_size({"width": width, "height": 700})
    page.evaluate("size => { document.documentElement.style.fontSize = size }", type_size)
    # A chart learns of its new width after the page has been laid out: at once for an eye, not for this call.
    for _ in range(SETTLE_TRIES):
        wider = int(page.evaluate("document.documentElement.scrollWidth - innerWidth"))
        if wider <= 0:
            break
        page.wait_for_timeout(SETTLE_STEP_MS)
    return wider
