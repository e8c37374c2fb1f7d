"""A whole set-up in a browser that runs no script: from the address of a first start to a board that counts."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from tests.bench import load
from tests.dashboard.chromium import is_installed, open_browser

from vigie_contract import topics
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, free_port, make_passwords
from vigie_gateway.place.hours import WEEKDAYS
from vigie_gateway.place.site import load_site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.skipif(not is_installed(), reason="Chromium is not installed"),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

PASSWORD = "a long enough password"
CHANNELS = [Channel("entree-in", "people_in", 600.0), Channel("entree-out", "people_out", 600.0)]
ADDRESS = re.compile(r"http://\S+/setup/start/\S+")


@dataclass
class Gateway:
    """A gateway that was just installed: a broker, and no place."""

    folder: Path
    broker: Mosquitto
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @property
    def site_path(self) -> Path:
        return self.folder / "site.toml"

    def listen(self) -> None:
        """Take its log, so that it never waits for somebody to read it."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def address(self) -> str:
        wait(lambda: any(ADDRESS.search(line) for line in self.lines))
        found = next(match for line in self.lines if (match := ADDRESS.search(line)))
        return found[0]


def wait(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with Mosquitto(tmp_path / "broker", load.SITE, make_passwords([GATEWAY_USER, load.NODE])) as broker:
        config = tmp_path / "gateway.toml"
        config.write_text(
            f'[broker]\nport = {broker.port}\npassword_file = "{broker.password_file(GATEWAY_USER)}"\n'
            f'[http]\nport = {free_port()}\n[store]\npath = "{tmp_path}/vigie.db"\ncommit_interval_s = 0.2\n',
            encoding="utf-8",
        )
        load.vouch_for_clock(tmp_path / "vigie.db")
        command = [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)]
        process = subprocess.Popen([*command, "--site", str(tmp_path / "site.toml")], stderr=subprocess.PIPE, text=True)
        made = Gateway(tmp_path, broker, process)
        listener = threading.Thread(target=made.listen)
        listener.start()
        yield made
        process.terminate()
        assert process.wait(20) == 0
        listener.join()
        assert process.stderr is not None
        process.stderr.close()


@pytest.fixture
def page() -> Iterator[Page]:
    with open_browser() as browser:
        yield _english(browser)


def _english(browser: Browser) -> Page:
    return browser.new_context(locale="en-GB", java_script_enabled=False).new_page()


def count_door(node: load.RawNode, number: int, people_in: float) -> None:
    """One reading of each counter of the door."""
    now_ts = time.time()
    readings = [
        (QUANTITIES["people_in"], Reading("entree-in", now_ts, people_in)),
        (QUANTITIES["people_out"], Reading("entree-out", now_ts, 0.0)),
    ]
    payload = encode_pack(load.SITE, load.NODE, "j1", 2 * number - 1, 1, readings)
    node.send(load.publish_packet(topics.data(load.SITE, load.NODE), payload, number))


def counts(node: load.RawNode, page: Page) -> bool:
    """Send the reading as a node does, again and again until the gateway, which takes the place over, has heard it."""
    count_door(node, 2, 3.0)
    return "3/12" in shown(page)


def shown(page: Page) -> str:
    """The board, loaded anew."""
    page.reload()
    return page.inner_text("main")


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Go on", exact=True).last.click()


def begin(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Name").fill("ada")
    for again in ("another long password", PASSWORD):
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_label("The same password again").fill(again)
        page.get_by_role("button", name="Make the account and go on").click()
        if again != PASSWORD:
            assert "The two passwords differ" in page.inner_text("#trouble")
            assert page.get_by_label("Name").input_value() == "ada"
    page.get_by_role("link", name="Begin").click()


def describe_place(page: Page) -> None:
    page.fill("#name_fr", "Le Sémaphore")
    page.fill("#id", "Sémaphore !")
    for day in WEEKDAYS:
        page.fill(f"#{day}", "00:00-24:00")
    go_on(page)
    assert "1 to 32 characters" in page.inner_text("#said-id")
    assert page.input_value("#name_fr") == "Le Sémaphore"
    assert page.input_value("#id") == "Sémaphore !"
    page.fill("#id", load.SITE)
    go_on(page)
    page.wait_for_url("**/setup/plan*")


def describe_room(page: Page) -> None:
    page.get_by_role("button", name="Add a room", exact=True).click()
    page.fill("[name=rooms-0-name_fr]", "Grande salle")
    page.fill("[name=rooms-0-name_en]", "Main hall")
    page.fill("[name=rooms-0-seats]", "douze")
    go_on(page)
    assert "A whole number" in page.inner_text("[id=said-rooms-0-seats]")
    assert page.input_value("[name=rooms-0-name_en]") == "Main hall"
    assert page.input_value("[name=rooms-0-seats]") == "douze"
    page.fill("[name=rooms-0-seats]", "12")
    go_on(page)
    page.wait_for_url("**/setup/doors*")


def describe_door(page: Page) -> None:
    page.get_by_role("button", name="Add a door", exact=True).click()
    page.select_option("[name=doors-0-between_b]", label="Grande salle")
    page.select_option("[name=doors-0-in]", f"{load.NODE}.entree-in")
    go_on(page)
    assert "Both counters or none" in page.inner_text("[id=said-doors-0-out]")
    assert page.input_value("[name=doors-0-in]") == f"{load.NODE}.entree-in"
    page.select_option("[name=doors-0-out]", f"{load.NODE}.entree-out")
    go_on(page)
    page.wait_for_url("**/setup/outlets*")


def describe_outlets(page: Page) -> None:
    page.get_by_role("button", name="Add an outlet", exact=True).click()
    page.fill("[name=outlets-0-ids]", "Prise n° 1")
    page.select_option("[name=outlets-0-room]", label="Grande salle")
    go_on(page)
    assert "One or several ids" in page.inner_text("[id=said-outlets-0-ids]")
    assert page.input_value("[name=outlets-0-ids]") == "Prise n° 1"
    page.fill("[name=outlets-0-ids]", "p01 p02")
    go_on(page)
    page.wait_for_url("**/setup/review*")


def test_a_place_is_set_up_without_any_script(gateway: Gateway, page: Page) -> None:
    """A wrong entry at each step is told, and nothing that was typed is lost by it."""
    began_mono = time.monotonic()
    with load.RawNode(gateway.broker.port, load.NODE, gateway.broker.password(load.NODE)) as node:
        node.declare(CHANNELS)
        begin(page, gateway.address())
        describe_place(page)
        describe_room(page)
        count_door(node, 1, 0.0)
        describe_door(page)
        describe_outlets(page)
        page.get_by_role("button", name="Put in place", exact=True).click()
        page.wait_for_url("**done=applied*")
        page.get_by_role("link", name="Back to the live board").click()
        wait(lambda: counts(node, page))
        print(f"from the address to a board that counts: {time.monotonic() - began_mono:.1f} s")
    assert [outlet.id for outlet in load_site(gateway.site_path).all_outlets()] == ["p01", "p02"]
