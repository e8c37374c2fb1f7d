"""A screen on a wall and a real gateway: let in by its code, live, and out as soon as it is revoked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from tests.bench import load
from tests.dashboard.chromium import is_installed, open_browser

from vigie_gateway.broker import find_mosquitto

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]


@dataclass(frozen=True)
class Gateway:
    """A gateway on whose own machine nobody may see the board without being let in."""

    config: Path
    address: str
    process: subprocess.Popen[bytes]

    def token(self, *arguments: str) -> None:
        """As an administrator types it."""
        command = [sys.executable, "-m", "vigie_gateway", "token", "--config", str(self.config), *arguments]
        subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with load.broker(tmp_path) as broker:
        config, port = load.write_config(tmp_path, broker)
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("[http]\n", '[http]\nlocal_role = "public"\n'), encoding="utf-8")
        with (tmp_path / "gateway.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)], stdout=log, stderr=log
            )
        try:
            load.wait_for(port, lambda: process.poll() is None)
            yield Gateway(config, f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait(15)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def test_a_screen_is_let_in_by_its_code_and_shows_no_figure_once_it_is_revoked(
    browser: Browser, gateway: Gateway
) -> None:
    with browser.new_context(viewport={"width": 1920, "height": 1080}) as context:
        asked: list[str] = []
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.goto(f"{gateway.address}/kiosk?l=fr")
        assert page.url == f"{gateway.address}/kiosk/wait?l=fr"
        first = page.inner_text(".code")
        gateway.token("screen", "hall", first)
        page.wait_for_url(f"{gateway.address}/kiosk?l=fr")
        page.wait_for_selector("#fresh[data-s=live]")
        (cookie,) = context.cookies()
        assert cookie["name"] == "__Host-vigie-kiosk"
        assert cookie["httpOnly"]
        assert not [url for url in asked if cookie["value"] in url]
        gateway.token("remove", "hall")
        page.wait_for_selector(".code")
        assert page.inner_text(".code") != first
        assert page.locator(".fig").count() == 0


def test_a_stop_ends_the_stream_of_an_open_board_which_says_so_at_once(browser: Browser, gateway: Gateway) -> None:
    page = browser.new_page()
    page.goto(f"{gateway.address}/kiosk?l=en")
    gateway.token("screen", "hall", page.inner_text(".code"))
    page.wait_for_selector("#fresh[data-s=live]")
    gateway.process.terminate()
    page.wait_for_selector("#fresh[data-s=cut]:has-text('Connection lost')")
    assert gateway.process.wait(30) == 0
