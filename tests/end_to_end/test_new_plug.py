"""A plug that was just switched on, from its first word to a free outlet of the board, in a gateway that goes on.

Real broker with the rights that are shipped, a real gateway as a process; the plug says what a Tasmota says.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.dashboard.chromium import is_installed, open_browser
from tests.sensors.wire.conftest import Broker, wait_until

from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock, SystemClock
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.broker import free_port
from vigie_gateway.recording.wire import Wire
from vigie_gateway.settings import BrokerSettings
from vigie_gateway.store import open_store

SHIPPED_RIGHTS = Path(__file__).resolve().parents[2] / "systemd" / "mosquitto" / "vigie.acl"
SITE = """# The place of this test.
id = "place"
name = "Place"
timezone = "Europe/Paris"
languages = ["en"]
rooms = [{ id = "hall", name = "Hall", seats = 9 }]
circuits = [{ id = "c1", name = "C1" }]
outlets = [{ room = "hall", circuit = "c1", id = "a", count = 12 }]
"""
TWELFTH = """
[[devices]]
id = "plug"
device = "tasmota/plug-12"
outlet = "a-12"
measures = [{ channel = "power", key = "ENERGY/Power", quantity = "power", unit = "W" }]
"""


NAME, PASSWORD = "lou", "eight rooms, one lamp"


class Place:
    """Broker and gateway of a place, and a plug on the broker."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        rights = SHIPPED_RIGHTS.read_text(encoding="utf-8")
        rights += "\nuser plug\ntopic readwrite tele/plug-12/#\ntopic readwrite stat/plug-12/#\n"
        (folder / "acl").write_text(rights, encoding="utf-8")
        self.broker = Broker(folder, ["allow_anonymous true", f"acl_file {folder}/acl"])
        self.broker.start()
        (folder / "any").write_text("any: this broker tells its users apart by their names alone\n", encoding="utf-8")
        accounts = Accounts(folder / "accounts.db")
        self._token = accounts.add_token("desk", "admin", time.time() + 3_600, "test", time.time())
        accounts.add_user(NAME, Role.ADMIN, PASSWORD, "test", time.time())
        accounts.close()
        self._port = free_port()
        self.says(SITE)
        (folder / "gateway.toml").write_text(
            f'site = "{folder}/site.toml"\n'
            f'[broker]\nport = {self.broker.port}\npassword_file = "{folder}/any"\n'
            f'[devices]\npassword_file = "{folder}/any"\nfamilies = ["tasmota"]\n'
            f'[http]\nport = {self._port}\n[store]\npath = "{folder}/vigie.db"\ncommit_interval_s = 1\n',
            encoding="utf-8",
        )
        self.start()

    def start(self) -> None:
        # The kernel of a test machine may not know whether its clock is right; a simulated one is.
        clock = SimulatedClock(time.time(), time.monotonic(), 1.0)
        with (self._folder / "gateway.log").open("ab") as log:
            self.gateway = subprocess.Popen(
                [sys.executable, "-m", "vigie_gateway", "run", "--config", str(self._folder / "gateway.toml")],
                env=os.environ | {CLOCK_VARIABLE: clock.to_environment()},
                stderr=log,
            )
        wait_until(lambda: self.health() is not None, "the gateway hears devices")

    def health(self) -> dict[str, Any] | None:
        """Of devices; None until they are heard."""
        try:
            part: dict[str, Any] = self.asked("/healthz")["parts"]["devices"]
        except OSError:
            return None
        return part if part["trouble"] is None else None

    def says(self, site: str) -> None:
        (self._folder / "site.toml").write_text(site, encoding="utf-8")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def asked(self, path: str) -> Any:
        request = urllib.request.Request(f"{self.address}{path}", headers={"Authorization": f"Bearer {self._token}"})  # noqa: S310 - this test's own gateway
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310 - this test's own gateway
            return json.load(answer)

    def free(self) -> int | None:
        """Free outlets of the hall, as the board's API says."""
        try:
            rooms: list[dict[str, Any]] = self.asked("/api/v1/rooms")["rooms"]
        except OSError:  # taken over: the place is being read again
            return None
        outlets = rooms[0]["outlets"]
        return None if outlets is None else outlets["free"]

    def stored(self, channel: str) -> list[float | None]:
        """What is on the disk of a gateway that has ended."""
        with closing(open_store(self._folder / "vigie.db", SystemClock())) as store:
            [series] = [one for one in store.series() if one.name == channel]
            return [sample.value for sample in store.samples(series.id, 0, time.time() + 3_600)]

    def plug(self) -> Wire:
        return Wire(BrokerSettings(port=self.broker.port, username="plug", password_file=f"{self._folder}/any"))

    def end(self, number: int) -> None:
        self.gateway.send_signal(number)
        self.gateway.wait(20)

    def close(self) -> None:
        self.end(signal.SIGKILL)
        self.broker.kill()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.close()


def test_a_plug_that_spoke_once_is_a_free_outlet_as_soon_as_it_was_given_one(place: Place) -> None:
    with place.plug() as plug:
        plug.publish("tele/plug-12/SENSOR", b'{"ENERGY":{"Power":0}}', is_retained=False)
        plug.settle()
    wait_until(lambda: [one["id"] for one in place.asked("/api/v1/devices")] == ["plug-12"], "it is listed")
    [pending] = place.asked("/api/v1/devices")
    assert (pending["state"], place.free()) == ("pending", None)
    place.says(SITE + TWELFTH)
    place.gateway.send_signal(signal.SIGHUP)
    wait_until(lambda: place.free() == 1, "the twelfth outlet is free")
    [approved] = place.asked("/api/v1/devices")
    assert (approved["state"], approved["entities"][0]["value"]) == ("approved", 0.0)
    assert place.gateway.poll() is None


@pytest.mark.long
@pytest.mark.browser
@pytest.mark.skipif(not is_installed(), reason="Chromium is not installed")
def test_a_plug_that_was_just_switched_on_is_a_free_outlet_by_three_clicks(place: Place) -> None:
    with open_browser() as browser, browser.new_page() as page:
        page.goto(f"{place.address}/sign-in?l=en")
        page.fill("#name", NAME)
        page.fill("#password", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/board*")
        page.goto(f"{place.address}/devices?l=en")
        begun_mono = time.monotonic()
        with place.plug() as plug:
            plug.publish("tele/plug-12/SENSOR", b'{"ENERGY":{"Power":0}}', is_retained=False)
            plug.settle()
        page.get_by_role("link", name="Give it a place").click()
        page.select_option("#place", label="Outlet a-12 \u2013 Hall")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#notice")).to_have_text("Saved: it holds from now on.")
        expect(page.locator("#list > li")).to_contain_text("Outlet a-12")
        wait_until(lambda: place.free() == 1, "the twelfth outlet is free")
        print(f"from switched on to a free outlet: {time.monotonic() - begun_mono:.1f} s")
    assert place.gateway.poll() is None


def test_a_gateway_that_is_killed_loses_nothing_that_a_device_made_sure_of(place: Place) -> None:
    place.end(signal.SIGTERM)
    place.says(SITE + TWELFTH)
    place.start()
    said = list(range(20))
    with place.plug() as plug:
        for power in said:
            plug.publish("tele/plug-12/SENSOR", b'{"ENERGY":{"Power":%d}}' % power, is_retained=False)
            if power == said[7]:
                wait_until(lambda: (place.health() or {}).get("stored", 0) > 0, "some of it is on the disk")
            if power == said[12]:
                place.end(signal.SIGKILL)
        plug.settle()
    place.start()

    left = len(said) - 13
    wait_until(lambda: (place.health() or {}).get("messages", 0) >= left, "what came meanwhile was heard")
    place.end(signal.SIGTERM)
    assert set(place.stored("plug.power")) == set(map(float, said))
