"""The page of devices: what each says, and a form that writes ``[[devices]]``; a stranger's names stay text."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.api.test_api_rules import SAMPLE, Reader
from tests.gateway.conftest import Bench, ask_from

from vigie_gateway.auth.roles import Role
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message
from vigie_gateway.place.site import read_site
from vigie_gateway.registry.registry import Registry
from vigie_gateway.registry.showing import digest_of

PATH = "/devices"
PLUG = "tasmota/plug-12"
PLUG_PATH = f"{PATH}?which={digest_of(PLUG)}"
BAR = '# At the bar.\n[[outlets]]\nroom = "cafe"\ncircuit = "c4"\nid = "bar"\n'
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\u202e"


class Heard:
    """Devices that spoke on the bus, and the administrator who reads about them."""

    def __init__(self, bench: Bench, registry: Registry) -> None:
        self.bench, self.registry, self.decoding = bench, registry, Decoding()
        self.reader = Reader(bench)

    def hear(self, topic: str, said: dict[str, Any], *, is_retained: bool = False) -> None:
        message = Message(topic, json.dumps(said).encode(), self.bench.clock.now, is_retained)
        self.registry.take(message, self.decoding.decode(message))

    def save(self, path: str = PLUG_PATH, status: int = 303, **typed: str) -> str:
        return self.reader.post(PATH, self.reader.fields(path) | {"do": "save"} | typed, status)

    def text(self) -> str:
        return self.reader.path.read_text(encoding="utf-8")

    def tables(self) -> list[dict[str, Any]]:
        """Of devices in the file, which is right."""
        site, problems = read_site(str(self.reader.path), self.text())
        assert site is not None, problems
        found: list[dict[str, Any]] = tomllib.loads(self.text()).get("devices", [])
        # What was put in place is what the gateway goes on with.
        self.bench.gateway = dataclasses.replace(self.bench.gateway, site=site)
        return found

    def put_in_place(self) -> None:
        """The pages are those of the gateway as it goes on."""
        cookies = self.reader.client.cookies
        self.reader.client = ask_from(self.bench, "192.168.1.20", scheme="https")
        self.reader.client.cookies = cookies


@pytest.fixture
def heard(bench: Bench, tmp_path: Path) -> Iterator[Heard]:
    registry = Registry(tmp_path / "devices.db")
    setup = dataclasses.replace(bench.gateway.setup, read_again=lambda: None)
    bench.gateway = dataclasses.replace(bench.gateway, setup=setup, devices=registry)
    setup.file.path.write_text(SAMPLE + BAR, encoding="utf-8")
    made = Heard(bench, registry)
    made.hear("tele/plug-12/SENSOR", {"ENERGY": {"Power": 0, "Voltage": 231, "Current": 0, "Total": 12.5}})
    made.hear("tele/plug-12/STATE", {"POWER": "ON"})
    yield made
    registry.close()


def test_a_gateway_that_listens_to_no_devices_says_how_that_is_turned_on(bench: Bench) -> None:
    assert "listens to no devices of others" in Reader(bench).get(PATH)


def test_a_device_waits_for_its_place_with_what_it_says_and_when(heard: Heard) -> None:
    heard.hear("tele/kept/SENSOR", {"ENERGY": {"Power": 7}}, is_retained=True)
    page = heard.reader.get(PATH)
    assert page.count("Give it a place") == 2
    assert "Waits for a place" in page
    assert "231\xa0V" in page
    assert "Last heard" in page
    assert "kept by the broker, nobody knows since when: no reading" in page
    assert "not since the gateway started" in page


def test_what_is_unknown_is_said_in_words_and_is_no_zero(heard: Heard) -> None:
    heard.hear("tele/none/SENSOR", {"ENERGY": {"Power": None}})
    heard.hear("homeassistant/sensor/t/config", {"name": "T", "uniq_id": "t", "stat_t": "x", "val_tpl": "{{ now() }}"})
    page = heard.reader.get(PATH)
    assert "unknown: this device does not tell it" in page
    assert "template not understood" in page
    assert "{{ now() }}" in page


def test_one_click_to_the_form_and_one_to_the_outlet_that_is_likeliest(heard: Heard) -> None:
    form = heard.reader.fields(PLUG_PATH)
    assert (form["place"], form["name"]) == ("outlet bar", "plug-12")
    assert heard.save(name="Prise du bar") == "/devices?l=en&done=saved"
    [table] = heard.tables()
    assert (table["id"], table["device"], table["outlet"]) == ("prise-du-bar", PLUG, "bar")
    assert [(one["channel"], one["quantity"], one["unit"]) for one in table["measures"]] == [
        ("power", "power", "W"),
        ("voltage", "voltage", "V"),
        ("current", "current", "A"),
        ("energy", "energy", "kWh"),
        ("switched-on", "switched_on", ""),
    ]
    assert heard.text().startswith(SAMPLE + BAR)
    assert heard.bench.gateway.access.accounts.audit(1)[0][2].startswith(f"device prise-du-bar ({PLUG}): ")


def test_programs_are_told_what_a_device_was_given(heard: Heard) -> None:
    [pending] = heard.reader.client.get("/api/v1/devices").json()
    heard.save(name="Prise du bar")
    assert heard.tables()
    heard.put_in_place()
    [given] = heard.reader.client.get("/api/v1/devices").json()
    nowhere = {"room": None, "circuit": None, "door": None, "access_point": None}
    assert (pending["state"], pending["places"]) == ("pending", [])
    assert (given["state"], given["places"]) == ("approved", [{"id": "prise-du-bar", "outlet": "bar"} | nowhere])


def test_a_new_outlet_is_added_with_its_plug(heard: Heard) -> None:
    heard.save(place="new cafe", circuit="c4")
    [table] = heard.tables()
    outlets = {one.id: one for one in heard.bench.gateway.site.all_outlets()}
    assert (outlets[table["outlet"]].room, outlets[table["outlet"]].circuit) == ("cafe", "c4")
    assert outlets[table["outlet"]].in_use == f"{table['id']}.in-use"


def test_what_was_given_can_be_changed_and_taken_back_and_the_rest_of_the_file_stays(heard: Heard) -> None:
    heard.save(name="Bar")
    [table] = heard.tables()
    where = f"{PLUG_PATH}&table={table['id']}"
    assert "In the place" in heard.reader.get(PATH)
    before = heard.text()
    heard.save(where)
    assert heard.text() == before
    heard.save(where, above="10", place="room cafe")
    [table] = heard.tables()
    assert (table["in_use_above_w"], table["room"], "outlet" in table) == (10, "cafe", False)
    heard.reader.post(PATH, heard.reader.fields(where) | {"do": "remove"}, 303)
    assert heard.tables() == []
    assert heard.text().startswith(SAMPLE + BAR)


def test_what_is_wrong_is_told_at_its_field_and_nothing_typed_is_lost(heard: Heard) -> None:
    fields = {name: text for name, text in heard.reader.fields(PLUG_PATH).items() if not name.startswith("measure-")}
    page = heard.reader.post(PATH, fields | {"do": "save", "above": "much", "place": "outlet nowhere"}, 422)
    assert "A number is expected here." in page
    assert "Take one measure at least." in page
    assert "Choose one of the list." in page
    assert 'value="much"' in page
    assert heard.text() == SAMPLE + BAR


def test_a_file_that_somebody_else_wrote_meanwhile_is_not_overwritten(heard: Heard) -> None:
    form = heard.reader.fields(PLUG_PATH)
    heard.reader.path.write_text(SAMPLE + BAR + "# theirs\n", encoding="utf-8")
    heard.reader.post(PATH, form | {"do": "save"}, 409)
    assert heard.text() == SAMPLE + BAR + "# theirs\n"


def test_another_unit_asks_again_and_saving_accepts_it(heard: Heard) -> None:
    config = {
        "name": "Power",
        "uniq_id": "p",
        "stat_t": "m",
        "dev_cla": "power",
        "unit_of_meas": "W",
        "dev": {"ids": "m"},
    }
    heard.hear("homeassistant/sensor/p/config", config)
    heard.hear("m", 7)  # type: ignore[arg-type] # a bare number is JSON too
    which = f"{PATH}?which={digest_of('homeassistant/m')}"
    heard.save(which)
    [table] = heard.tables()
    assert table["measures"][0]["announced_on"] == "homeassistant/sensor/p/config"
    heard.hear("homeassistant/sensor/p/config", config | {"unit_of_meas": "kW"})
    page = heard.reader.get(PATH)
    assert "Asks again" in page
    assert "was approved as Active power (W) and is now told as Active power (kW)" in page
    heard.save(f"{which}&table={table['id']}")
    [table] = heard.tables()
    assert table["measures"][0]["unit"] == "kW"
    assert "Asks again" not in heard.reader.get(PATH)


def test_a_strip_is_given_an_outlet_for_each_of_its_measures(heard: Heard) -> None:
    form = heard.reader.fields(PLUG_PATH)
    ticked = [name for name in form if name.startswith("measure-")]
    heard.reader.post(PATH, {key: text for key, text in form.items() if key not in ticked[2:]} | {"do": "save"}, 303)
    [first] = heard.tables()
    rest = heard.reader.fields(PLUG_PATH)
    assert [name for name in rest if name.startswith("measure-")] == ticked[2:]
    heard.save(place="room cafe")
    tables = heard.tables()
    assert [len(one["measures"]) for one in tables] == [2, 3]
    assert len({one["id"] for one in tables}) == 2
    assert tables[0] == first


def test_one_that_was_given_a_place_and_is_away_is_still_there(heard: Heard, tmp_path: Path) -> None:
    heard.save(name="Bar")
    [table] = heard.tables()
    heard.registry = Registry(tmp_path / "empty.db")
    heard.bench.gateway = dataclasses.replace(heard.bench.gateway, devices=heard.registry)
    heard.put_in_place()
    page = heard.reader.get(PATH)
    assert "Not heard since the gateway started" in page
    assert "(not told now)" in heard.reader.get(f"{PLUG_PATH}&table={table['id']}")
    heard.registry.close()


def test_what_strangers_call_themselves_is_text_and_in_no_address(heard: Heard) -> None:
    device = {"ids": HOSTILE, "name": HOSTILE, "mf": HOSTILE, "mdl": HOSTILE, "sw": HOSTILE, "sa": HOSTILE}
    heard.hear(
        "homeassistant/sensor/h/config",
        {"name": HOSTILE, "uniq_id": HOSTILE, "stat_t": "h", "dev_cla": "power", "unit_of_meas": "W", "dev": device},
    )
    heard.hear("h", 7)  # type: ignore[arg-type] # a bare number is JSON too
    [view] = [one for one in heard.registry.devices() if one.device.family == "homeassistant"]
    which = f"{PATH}?which={digest_of(f'homeassistant/{view.device.id}')}"
    for path in (PATH, which):
        page = heard.reader.get(path)
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;" in page
        assert "\u202e" not in page
    heard.save(which, name="Odd")
    assert heard.tables()[0]["id"] == "odd"


@pytest.mark.parametrize("which", ["", "0" * 16, "../../etc", "<b>"])
def test_an_address_that_names_no_device_is_not_found(heard: Heard, which: str) -> None:
    heard.reader.get(f"{PATH}?which={which}", 404)


def test_it_is_the_administrators_alone_and_health_leads_them_there(bench: Bench) -> None:
    concierge, admin = Reader(bench, Role.CONCIERGE), Reader(bench)
    concierge.get(PATH, 403)
    assert f'href="{PATH}?' not in concierge.get("/health")
    assert f'href="{PATH}?' in admin.get("/health")
