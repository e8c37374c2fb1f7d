"""From the button to the result: the real broker, gateway and node, a far end, and a browser without JavaScript."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.dashboard.chromium import assert_accessible, is_installed, open_browser
from tests.end_to_end.place_lived_in import Place, lived_in

from vigie_gateway.broker import find_mosquitto
from vigie_sensors.rehearsal.far_end import FarEndServer

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]
NODE = "ondes"
WAIT_MS = 30_000
"""A rehearsal takes at most half of it. Lower fails on a busy machine."""
SECRET = "a far end of this test alone"
ASKED = {"room": "salle", "down": "2", "up": "1"}


class Node:
    """The daemon, in a process of its own."""

    def __init__(self, place: Place, folder: Path, far_end_port: int) -> None:
        secret_file = folder / "far-end.secret"
        secret_file.write_text(f"{SECRET}\n", encoding="utf-8")
        self.config = folder / "sensors.toml"
        self.config.write_text(
            f"""
site = "semaphore"
node = "{NODE}"
gateways = ["main"]

[broker]
host = "127.0.0.1"
port = {place.broker.port}
password_file = "{place.broker.password_file(NODE)}"

[journal]
directory = "{folder / "journal"}"

[rehearsal]
far_end = "127.0.0.1:{far_end_port}"
secret_file = "{secret_file}"
rooms = ["salle"]
most_mb = 20

[[sensors]]
name = "portail"
driver = "portal"
url = "http://127.0.0.1:9/"
period_s = 3600
""",
            encoding="utf-8",
        )
        self.log = folder / "node.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "vigie_sensors", "run", "--config", str(self.config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


class Desk:
    """The gateway's own screen: nobody signs in, and no script runs."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._csrf = ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def page(self, **asked: str) -> str:
        query = urllib.parse.urlencode({"l": "en", **asked})
        with self._opener.open(f"{self.place.address}/rehearsals?{query}", timeout=20) as answer:
            return str(answer.read().decode())

    def press(self, **more: str) -> tuple[int, str]:
        """Status and page, wherever that leads."""
        form = urllib.parse.urlencode({"csrf": self._csrf, **ASKED, **more}).encode()
        request = urllib.request.Request(f"{self.place.address}/rehearsals?l=en", form)  # noqa: S310 - our own address
        try:
            with self._opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def one(self, number: int) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.place.get(f"/api/v1/rehearsals/{number}"))
        return found

    def press_when_it_can(self, **more: str) -> int:
        """Its number. In the first moments the gateway may not have heard its node; a session may be on today."""
        self.place.wait_for(lambda: 'value="salle"' in self.page())
        self._csrf = re.findall(r'name="csrf" value="([^"]+)"', self.page(**ASKED))[0]
        status, page = self.press(force="1", **more)
        assert status == 200, page
        return int(re.findall(r"Rehearsal (\d+)", page)[0])


@pytest.fixture(scope="module")
def far_end() -> Iterator[int]:
    """The port of one on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    server = FarEndServer("127.0.0.1", port, SECRET)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield port
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with lived_in(tmp_path_factory.mktemp("place")) as made:
        yield made


@pytest.fixture(scope="module")
def node(place: Place, far_end: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    made = Node(place, tmp_path_factory.mktemp("node"), far_end)
    made.start()
    yield made
    made.kill()


def test_a_pressed_button_becomes_progress_and_a_result_on_page_and_api(place: Place, node: Node) -> None:
    desk = Desk(place)
    number = desk.press_when_it_can()
    status, page = desk.press(force="1")
    assert (status, "Another rehearsal is under way: wait for its result." in page) == (409, True)
    place.wait_for(lambda: 0 < desk.one(number)["share"] < 1 or not desk.one(number)["is_under_way"])
    place.wait_for(lambda: not desk.one(number)["is_under_way"])
    told = desk.one(number)
    assert (told["state"], told["author"]) == ("finished", "(this machine)"), (told, node.log.read_text("utf-8"))
    assert (told["result"]["download"], told["result"]["upload"]) == ("headroom", "headroom")
    assert 0 < told["result"]["moved_bytes"] <= told["most_bytes"]
    page = desk.page(shown=str(number))
    assert "The line holds it, and three tenths more." in page
    assert "the Wi-Fi was tried, not the line beyond" in page


@pytest.mark.browser
@pytest.mark.skipif(not is_installed(), reason="Chromium is not installed")
def test_with_a_script_the_page_goes_on_to_the_result_by_itself(place: Place, node: Node) -> None:
    place.wait_for(lambda: 'value="salle"' in Desk(place).page())
    with open_browser() as browser, browser.new_context(base_url=place.address) as context:
        page = context.new_page()
        page.goto("/rehearsals?l=en&room=salle&down=2&up=1")
        if page.locator("[name=force]").count():
            page.locator("[name=force]").check()
        page.get_by_role("button", name="Rehearse now").click()
        expect(page.locator("progress")).to_be_visible(timeout=WAIT_MS)
        assert_accessible(page)
        expect(page.locator(".verdict")).to_have_text("The line holds it, and three tenths more.", timeout=WAIT_MS)
        expect(page.locator("progress")).to_have_count(0)
    assert node.process is not None


def test_what_the_node_does_not_allow_is_told_in_words(place: Place, node: Node) -> None:
    desk = Desk(place)
    number = desk.press_when_it_can(down="500")
    place.wait_for(lambda: desk.one(number)["state"] == "refused")
    page = desk.page(shown=str(number))
    assert "it does not allow so many bytes at once" in page
    assert "this node allows 20 MB at once" in page
    assert node.process is not None


def test_a_node_that_dies_on_the_way_is_told_and_the_next_rehearsal_works(place: Place, node: Node) -> None:
    desk = Desk(place)
    number = desk.press_when_it_can()
    place.wait_for(lambda: desk.one(number)["state"] == "running")
    node.kill()
    place.wait_for(lambda: desk.one(number)["state"] == "silent")
    assert "The node does not answer: what it found is not known." in desk.page(shown=str(number))
    node.start()
    again = desk.press_when_it_can()
    place.wait_for(lambda: desk.one(again)["state"] == "finished")


def test_a_gateway_that_is_killed_on_the_way_does_not_claim_to_know(place: Place, node: Node) -> None:
    desk = Desk(place)
    number = desk.press_when_it_can()
    place.wait_for(lambda: desk.one(number)["state"] == "running")
    place.kill()
    place.start()
    told = desk.one(number)
    assert told["state"] in {"lost", "finished"}  # what the node said after the start is taken
    assert (told["result"] is None) == (told["state"] == "lost")
    assert node.process is not None
