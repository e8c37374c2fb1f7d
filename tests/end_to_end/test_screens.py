"""What looks at every page sees what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from tests.dashboard.chromium import is_installed, open_browser, overflow_px, violations
from tests.end_to_end.screens import Watch, lost_texts, walk_by_keyboard

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
]

HOME = "http://127.0.0.1:9"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-ours'; img-src http://127.0.0.2:9"
FAULTY = """<!doctype html><html lang="en"><title>Faulty</title><main><h1>Faulty</h1>
<style>.unseen:focus { outline: none } .cut { width: 90px; overflow: hidden; white-space: nowrap }</style>
<p><a href="#b" class="unseen" style="display: inline-block; padding: 20px">nobody sees it</a></p>
<p><button style="height: 10px; padding: 0; border: 0; font-size: 8px">small</button></p>
<p inert><a href="#c" style="display: inline-block; padding: 20px">out of reach</a></p>
<p><a href="#a" tabindex="2" style="display: inline-block; padding: 20px">last in order, first reached</a></p>
<p class="cut">so long that the end of it is lost to everybody</p>
<p style="width: 500px">wide</p><p style="color: #aaa">pale</p>
<script nonce="ours">console.error("an error of its own"); document.body.append(new Image());
document.images[0].alt = ""; document.images[0].src = "http://127.0.0.2:9/x.png"</script>
<script>alert("against the policy")</script></main></html>"""


@pytest.fixture(scope="module")
def faulty() -> Iterator[tuple[Page, Watch]]:
    """A page with a fault of every kind."""
    with open_browser() as browser, browser.new_context(viewport={"width": 320, "height": 700}) as context:
        watch, page = Watch(context, HOME), context.new_page()
        page.route(HOME + "/", lambda route: route.fulfill(
            body=FAULTY, content_type="text/html", headers={"content-security-policy": POLICY}
        ))  # fmt: skip
        page.goto(HOME + "/")
        yield page, watch


def test_what_is_logged_what_breaks_the_policy_and_other_hosts_are_noted_once(faulty: tuple[Page, Watch]) -> None:
    page, watch = faulty
    noted = watch.noted(page)
    assert "foreign: http://127.0.0.2:9/x.png" in noted
    assert "console: an error of its own" in noted
    assert any(line.startswith("policy: script-src-elem inline") for line in noted)
    assert watch.noted(page) == []


def test_a_page_that_is_too_wide_too_pale_or_cut_off_is_found(faulty: tuple[Page, Watch]) -> None:
    page, _ = faulty
    assert overflow_px(page, 320) > 100
    assert any(line.startswith("color-contrast") and "pale" in line for line in violations(page))
    assert [line.partition(" is cut")[0] for line in lost_texts(page)] == ['"so long that the end of it is lost to ev"']


def test_stops_that_are_unseen_small_out_of_order_or_out_of_reach_are_found(faulty: tuple[Page, Watch]) -> None:
    page, _ = faulty
    wrong = walk_by_keyboard(page)
    kinds = [line.partition(":")[0] for line in wrong]
    assert kinds == ["not seen when reached", "a target of 10 px", "reached out of order", "never reached"]
