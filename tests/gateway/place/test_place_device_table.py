"""``[[devices]]`` of the site file: what a device is about, and the channels that follow."""

from __future__ import annotations

import pytest

from vigie_contract.messages import Channel
from vigie_gateway.place.channel_names import channel_names
from vigie_gateway.place.device_table import POWERS, filled, with_derived
from vigie_gateway.place.site import Site, read_site
from vigie_gateway.place.wiring import Wiring
from vigie_gateway.store import Series

PLACE = """
id = "here"
name = "Here"
timezone = "Europe/Paris"
languages = ["en"]
rooms = [{ id = "hall", name = "Hall", seats = 9 }]
circuits = [{ id = "c1", name = "C1" }, { id = "c2", name = "C2", power = "board.c2" }]
doors = [{ id = "front", between = ["outside", "hall"] }]
access_points = [{ id = "ap", name = "AP", rooms = ["hall"] }]
outlets = [
  { room = "hall", circuit = "c1", id = "a", count = 12 },
  { room = "hall", circuit = "c1", id = "b", in_use = "board.b" },
]
nodes = [{ id = "board" }]
"""
PLUG = """
[[devices]]
id = "plug"
device = "tasmota/60019F"
outlet = "a-12"
measures = [
  { channel = "power", key = "ENERGY/Power", quantity = "power", unit = "W" },
  { channel = "voltage", key = "ENERGY/Voltage", quantity = "voltage", unit = "V" },
  { channel = "current", key = "ENERGY/Current", quantity = "current", unit = "A" },
  { channel = "switched-on", key = "POWER1", quantity = "switched_on" },
]
"""


def place(devices: str) -> Site:
    site, problems = read_site("site.toml", PLACE + devices)
    assert site is not None, problems
    return site


def table(lines: str, quantity: str = "power") -> str:
    return f"""[[devices]]
id = "d"
device = "tasmota/1"
{lines}
measures = [{{ channel = "x", key = "k", quantity = "{quantity}" }}]
"""


def test_an_outlet_among_twelve_takes_its_channels_from_its_plug() -> None:
    outlets = {one.id: one for one in place(PLUG).all_outlets()}
    twelfth = outlets["a-12"]
    assert (twelfth.in_use, twelfth.power, twelfth.switched_on) == (
        "plug.in-use",
        "plug.apparent-power",
        "plug.switched-on",
    )
    assert outlets["a-11"].in_use is None
    assert "plug.in-use" in Wiring(place(PLUG)).cells


def test_a_circuit_a_door_and_a_room_take_theirs_too() -> None:
    site = place(
        table('circuit = "c1"', "apparent_power")
        + table('door = "front"', "open").replace('"d"', '"e"').replace('"k"', '"l"')
        + table('room = "hall"', "occupied").replace('"d"', '"f"').replace('"k"', '"m"')
        + table('access_point = "ap"', "stations").replace('"d"', '"g"').replace('"k"', '"n"')
    )
    assert [circuit.power for circuit in site.circuits] == ["d.x", "board.c2"]
    assert [door.open for door in site.doors] == ["e.x"]
    assert [(one.room, one.channel) for one in site.motions()] == [("hall", "f.x")]
    assert [one.stations for one in site.access_points] == ["g.x"]


def test_a_strip_is_one_table_an_outlet() -> None:
    second = (
        PLUG.replace('"plug"', '"plug-2"').replace("a-12", "a-11").replace("ENERGY", "SECOND").replace("POWER", "P2")
    )
    outlets = {one.id: one.in_use for one in place(PLUG + second).all_outlets()}
    assert (outlets["a-12"], outlets["a-11"]) == ("plug.in-use", "plug-2.in-use")


@pytest.mark.parametrize(
    ("devices", "key", "expected"),
    [
        (table(""), "devices[0]", "what it is about"),
        (table('outlet = "a-13"'), "devices[0].outlet", "the id of one of [[outlets]]"),
        (table('circuit = "c9"'), "devices[0].circuit", "the id of a circuit"),
        (table('circuit = "c2"'), "devices[0].circuit", "circuits[1].power does"),
        (table('outlet = "b"'), "devices[0].outlet", "outlets[1].in_use does"),
        (table('door = "back"', "open"), "devices[0].door", "the id of one of [[doors]]"),
        (table('room = "attic"'), "devices[0].room", "the id of a room"),
        (table('outlet = "a-1"', "powr"), "devices[0].measures[0].quantity", '"power"'),
        (table('outlet = "a-1"').replace('"d"', '"board"'), "devices[0].id", "no node has"),
        (table('outlet = "a-1"').replace("tasmota/1", "tasmota"), "devices[0].device", '"family/id"'),
        (table('outlet = "a-1"').replace('"x"', '"in-use"'), "devices[0]", "which Vigie reckons itself"),
        (PLUG + PLUG.replace('"plug"', '"two"').replace("a-12", "a-1"), "devices[1].measures[0].key", "no other table"),
        (
            PLUG + PLUG.replace('"plug"', '"two"').replace("ENERGY", "E").replace("POWER", "P"),
            "devices[1].outlet",
            "ne",
        ),
        (PLUG.replace('"voltage", key', '"power", key'), "devices[0]", "is there twice"),
    ],
)
def test_what_does_not_hold_is_told_by_its_key(devices: str, key: str, expected: str) -> None:
    site, problems = read_site("site.toml", PLACE + devices)
    assert site is None
    assert key in [problem.key for problem in problems]
    assert expected in " ".join(problem.expected for problem in problems)


def test_active_power_stands_for_the_outlet_where_nothing_better_is_told() -> None:
    assert filled("outlet", with_derived({"power"}, {"outlet"})) == {"in_use": "in_use", "power": "power"}
    assert filled("outlet", with_derived({"power", "voltage", "current"}, {"outlet"}))["power"] == POWERS[0]
    assert with_derived({"temperature"}, {"outlet"}) == {"temperature"}


def test_channels_of_an_outlets_plug_are_called_by_the_outlet() -> None:
    site = place(PLUG)
    series = [Series(1, "plug", Channel("in-use", "in_use", 60.0, "hall"))]
    assert "12" in channel_names(site, series)["plug.in-use"]["en"]
