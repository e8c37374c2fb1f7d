"""A plug that was just switched on, from its first word to a free outlet of the board, in a gateway that goes on.

Real broker with the rights that are shipped, a real gateway as a process; the plug says what a Tasmota says.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.dashboard.chromium import is_installed, open_browser
from tests.end_to_end.plug_place import NAME, PASSWORD, SITE, Place
from tests.sensors.wire.conftest import wait_until

TWELFTH = """
[[devices]]
id = "plug"
device = "tasmota/plug-12"
outlet = "a-12"
measures = [{ channel = "power", key = "ENERGY/Power", quantity = "power", unit = "W" }]
"""


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
