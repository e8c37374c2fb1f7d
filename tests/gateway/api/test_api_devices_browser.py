"""The page of devices in a browser: what was just switched on appears, and a stranger's name is nothing but text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect
from tests.dashboard.chromium import assert_accessible, is_installed, open_browser, overflow_px
from tests.gateway.api.conftest import Served
from tests.gateway.api.test_api_names_browser import ACTIVE, HOSTILE
from tests.gateway.conftest import SAMPLE_SITE

from vigie_gateway.auth.roles import Role
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message
from vigie_gateway.registry.registry import Registry
from vigie_gateway.registry.showing import digest_of

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not is_installed(), reason="Chromium is not installed")]


class Bus:
    """What devices say, and the gateway's page about them."""

    def __init__(self, served: Served, registry: Registry) -> None:
        self._clock, self._registry, self._decoding = served.bench.clock, registry, Decoding()
        self.address = f"http://127.0.0.1:{served.port}"

    def say(self, topic: str, said: Any) -> None:
        self._clock.pass_time(1)
        message = Message(topic, json.dumps(said).encode(), self._clock.now)
        self._registry.take(message, self._decoding.decode(message))

    def announce(self, name: str, text: str) -> str:
        """A meter that says ``text`` wherever a device may say one; the address of its form."""
        device = {"ids": f"{name}{text}", "name": text, "mf": text, "mdl": text, "sw": text, "sa": text}
        config = {"name": text, "uniq_id": f"{name}{text}", "stat_t": name, "dev": device}
        self.say(f"homeassistant/sensor/{name}/config", config | {"dev_cla": "power", "unit_of_meas": "W"})
        self.say(f"homeassistant/sensor/{name}-odd/config", config | {"uniq_id": f"odd{text}", "val_tpl": text + "{{"})
        self.say(name, 7)
        [known] = [one for one in self._registry.devices() if one.device.id.startswith(name)]
        return f"{self.address}/devices?l=en&which={digest_of(f'homeassistant/{known.device.id}')}"


@pytest.fixture
def bus(served: Served, tmp_path: Path) -> Iterator[Bus]:
    registry = Registry(tmp_path / "devices.db")
    object.__setattr__(served.bench.gateway, "devices", registry)
    served.bench.gateway.setup.file.path.write_text(SAMPLE_SITE.read_text(encoding="utf-8"), encoding="utf-8")
    yield Bus(served, registry)
    registry.close()


@pytest.fixture
def page(served: Served, bus: Bus) -> Iterator[Page]:
    """Of an administrator who signed in."""
    headers = {name: text for name, text in served.staff(Role.ADMIN).headers.items() if name != "host"}
    with open_browser() as browser, browser.new_context(extra_http_headers=headers) as context:
        yield context.new_page()


def test_what_was_just_switched_on_appears_by_itself_above_the_rest_and_is_told(page: Page, bus: Bus) -> None:
    page.goto(f"{bus.address}/devices?l=en")
    expect(page.locator("#none")).to_be_visible()
    bus.say("tele/first/SENSOR", {"ENERGY": {"Power": 41}})
    expect(page.locator("#list > li h2")).to_have_text(["first"])
    expect(page.locator("#none")).to_be_hidden()
    expect(page.locator("#news")).to_have_text("New: first")
    page.locator("#list summary").focus()
    bus.say("tele/second/SENSOR", {"ENERGY": {"Power": 5}})
    bus.say("tele/first/SENSOR", {"ENERGY": {"Power": 42}})
    expect(page.locator("#list > li h2")).to_have_text(["second", "first"])
    expect(page.locator("#list summary").last).to_be_focused()
    expect(page.locator("#list")).to_contain_text("41\xa0W")
    page.locator("#follow").focus()
    expect(page.locator("#list")).to_contain_text("42\xa0W")


@pytest.mark.long
def test_a_strangers_name_is_nothing_but_text_also_when_it_appears_by_itself(page: Page, bus: Bus) -> None:
    wrong: list[str] = []

    def on_dialog(dialog: Dialog) -> None:
        wrong.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", on_dialog)
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    plain_form = bus.announce("plain", "Plain")
    page.goto(plain_form)
    expect(page.locator("#setup-device")).to_be_visible()
    in_form = page.locator(ACTIVE).count()
    page.goto(f"{bus.address}/devices?l=en")
    in_list = page.locator(ACTIVE).count()
    forms = []
    for number, text in enumerate(HOSTILE, 1):
        forms.append(bus.announce(f"strange{number}", text))
        expect(page.locator("#list > li")).to_have_count(1 + number)
    assert page.locator(ACTIVE).count() == in_list
    assert overflow_px(page, 320) <= 0
    assert_accessible(page)
    for form in forms:
        page.goto(form)
        expect(page.locator("#setup-device")).to_be_visible()
        assert page.locator(ACTIVE).count() == in_form
        assert overflow_px(page, 320) <= 0
    assert_accessible(page)
    assert wrong == []
