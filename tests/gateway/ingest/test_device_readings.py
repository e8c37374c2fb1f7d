"""What approved devices say, on its way to the board and the disk: real decoders, real pipeline, real store."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import BusInMemory
from tests.gateway.pipeline_alone import pipeline_alone

from vigie_contract import topics
from vigie_contract.errors import ContractError
from vigie_contract.messages import ONLINE
from vigie_dashboard.view import OutletsView
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.devices.measures import Message
from vigie_gateway.ingest import device_readings
from vigie_gateway.ingest.bus import Message as OwnMessage
from vigie_gateway.ingest.device_bus import Receipt
from vigie_gateway.ingest.device_readings import DeviceReadings
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.place.site import Site, read_site
from vigie_gateway.registry.registry import Registry
from vigie_gateway.store import StoreError, open_store
from vigie_gateway.store.sqlite import SqliteStore

SITE = """
id = "here"
name = "Here"
timezone = "Europe/Paris"
languages = ["en"]
rooms = [{ id = "hall", name = "Hall", seats = 9 }]
circuits = [{ id = "c1", name = "C1" }]
doors = [{ id = "front", between = ["outside", "hall"] }]
outlets = [{ room = "hall", circuit = "c1", id = "a", count = 12 }]
[[devices]]
id = "plug"
device = "tasmota/plug-12"
outlet = "a-12"
measures = [
  { channel = "power", key = "ENERGY/Power", quantity = "power", unit = "W" },
  { channel = "voltage", key = "ENERGY/Voltage", quantity = "voltage", unit = "V" },
  { channel = "current", key = "ENERGY/Current", quantity = "current", unit = "A" },
  { channel = "switched-on", key = "POWER1", quantity = "switched_on" },
]
"""


def energy(**values: float | None) -> bytes:
    return json.dumps({"ENERGY": values}).encode()


class World:
    """A pipeline with one approved plug, turned by hand."""

    def __init__(self, site: Site, store: SqliteStore, clock: ManualClock, folder: Path) -> None:
        self.clock, self.store, self.bus = clock, store, BusInMemory()
        self.pipeline = pipeline_alone("main", site, store, self.bus, clock)
        self.decoding, self.refusals = Decoding(), Refusals()
        self.registry = Registry(folder / "devices.db")
        self.released: list[Receipt] = []
        self.is_connected = True
        self.readings = DeviceReadings(
            site,
            store,
            self.pipeline._board,
            clock,
            self.pipeline._watch,
            self.refusals,
            self.registry,
            self,
        )
        self.pipeline._devices = self.readings

    def done(self, receipt: Receipt) -> None:
        """As the devices' connection."""
        self.released.append(receipt)

    def hear(self, topic: str, payload: bytes, *, is_retained: bool = False, qos: int = 1) -> bool:
        """A message of a device; whether its acknowledgement is left to the store's writer."""
        message = Message(topic, payload, self.clock.now, is_retained)
        decoded = self.decoding.decode(message)
        assert decoded.refusal is None, decoded.refusal
        self.registry.take(message, decoded)
        return self.readings.offer(Receipt(message, 1, qos, 1), decoded)

    def outlets(self) -> OutletsView:
        self.pipeline._round()
        [hall] = self.pipeline._board.view(self.clock.now).rooms
        assert hall.outlets is not None
        return hall.outlets

    def stored(self, channel: str) -> list[tuple[float | None, str | None]]:
        found = [one for one in self.store.series() if one.name == f"plug.{channel}"]
        return [(one.value, one.reason) for series in found for one in self.store.samples(series.id, 0, 4e9)]

    def commit(self) -> None:
        self.pipeline._round()
        self.clock.pass_time(11)
        self.pipeline._round()


@pytest.fixture
def site() -> Site:
    site, problems = read_site("site.toml", SITE)
    assert site is not None, problems
    return site


@pytest.fixture
def world(site: Site, clock: ManualClock, tmp_path: Path) -> Iterator[World]:
    with closing(open_store(tmp_path / "vigie.db", clock)) as store:
        made = World(site, store, clock, tmp_path)
        yield made
        made.registry.close()


def test_a_plug_that_draws_nothing_is_a_free_outlet_at_once_and_on_the_disk_with_the_commit(world: World) -> None:
    assert world.outlets().free is None
    assert world.hear("tele/plug-12/SENSOR", energy(Power=0, Voltage=231, Current=0))
    assert (world.outlets().free, world.outlets().measured) == (1, 1)
    assert (world.released, world.stored("in-use")) == ([], [])
    world.commit()
    assert [receipt.mid for receipt in world.released] == [1]
    assert world.stored("in-use") == [(0.0, None)]
    assert world.stored("power") == [(0.0, None)]


def test_one_that_feeds_something_is_in_use_and_its_apparent_power_is_volts_times_amperes(world: World) -> None:
    world.hear("tele/plug-12/SENSOR", energy(Power=40, Voltage=230, Current=0.25))
    assert (world.outlets().free, world.outlets().measured) == (0, 1)
    world.commit()
    assert world.stored("in-use") == [(1.0, None)]
    assert world.stored("apparent-power")[-1] == (58.0, None)


def test_a_plug_whose_own_switch_is_off_is_no_free_outlet(world: World) -> None:
    world.hear("tele/plug-12/SENSOR", energy(Power=0))
    world.hear("stat/plug-12/POWER", b"OFF")
    assert (world.outlets().free, world.outlets().cut) == (0, 1)
    world.hear("stat/plug-12/POWER", b"ON")
    world.clock.pass_time(1)
    world.hear("stat/plug-12/POWER", b"ON")
    assert (world.outlets().free, world.outlets().cut) == (1, 0)


def test_what_the_broker_had_kept_is_no_reading(world: World) -> None:
    assert not world.hear("tele/plug-12/SENSOR", energy(Power=0), is_retained=True)
    assert world.outlets().free is None


def test_unknown_is_not_zero_and_a_plug_that_is_away_is_unknown_at_once(world: World) -> None:
    world.hear("tele/plug-12/SENSOR", energy(Power=0))
    assert world.outlets().free == 1
    world.clock.pass_time(5)
    world.hear("tele/plug-12/LWT", b"Offline")
    world.clock.pass_time(1)
    assert world.outlets().free is None
    world.commit()
    assert world.stored("in-use") == [(0.0, None), (None, "absent")]
    assert world.stored("power") == [(0.0, None), (None, "absent")]


def test_a_measure_in_another_unit_than_was_approved_is_not_taken(site: Site, world: World) -> None:
    announced = {
        "name": "Power", "uniq_id": "p", "stat_t": "meter", "dev_cla": "power", "unit_of_meas": "W", "dev": {"ids": "m"}
    }  # fmt: skip
    measure = {"channel": "power", "key": "p", "quantity": "power", "unit": "W"}
    table = site.devices[0].model_copy(update={"id": "m"})
    table = type(table)(id="m", device="homeassistant/m", outlet="a-1", measures=(measure,))  # type: ignore[arg-type]  # pydantic reads a table
    (world.store._path.parent / "other").mkdir()
    other = World(
        site.model_copy(update={"devices": (table,)}), world.store, world.clock, world.store._path.parent / "other"
    )
    topic = "homeassistant/sensor/p/config"
    other.hear(topic, json.dumps(announced).encode())
    assert other.hear("meter", b"1200")
    other.hear(topic, json.dumps(announced | {"unit_of_meas": "kW"}).encode())
    other.clock.pass_time(1)
    assert not other.hear("meter", b"1.3")
    changed = other.refusals.all()["changed"]
    assert (changed.count, changed.subject) == (1, "homeassistant/m/p")
    assert "'kW'" in changed.detail
    other.registry.close()


def test_what_it_said_before_it_was_approved_is_not_waited_for(world: World) -> None:
    world.hear("tele/other/SENSOR", energy(Power=0))
    message = Message("tele/plug-12/SENSOR", energy(Power=0), world.clock.now - 20)
    world.registry.take(message, world.decoding.decode(message))
    assert world.outlets().free is None
    world.readings.feed(world.registry.devices(), frozenset())
    assert world.outlets().free == 1
    world.commit()
    assert world.stored("in-use") == [(0.0, None)]
    world.readings.feed(world.registry.devices(), world.readings.approved.identities())
    world.commit()
    assert len(world.stored("in-use")) == 1


def test_a_disk_that_refuses_keeps_them_in_memory_and_their_messages_with_the_broker(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.hear("tele/plug-12/SENSOR", energy(Power=0))
    world.commit()

    def refuse(*_: Any) -> None:
        raise StoreError("no room")

    with monkeypatch.context() as full:
        full.setattr(world.store, "commit", refuse)
        world.hear("tele/plug-12/SENSOR", energy(Power=50))
        world.commit()
        assert world.outlets().free == 0
        assert len(world.released) == 1
    world.clock.pass_time(60)
    world.commit()
    assert len(world.released) == 2
    assert [value for value, _ in world.stored("power")] == [0.0, 50.0]


def test_channels_that_cannot_be_registered_wait_and_nothing_is_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise StoreError("no room")

    with monkeypatch.context() as full:
        full.setattr(world.store, "register", refuse)
        world.hear("tele/plug-12/SENSOR", energy(Power=0))
        world.pipeline._round()
        assert world.pipeline.store_trouble is not None
        assert world.readings.is_blocked()
    world.clock.pass_time(60)
    world.pipeline._round()
    world.commit()
    assert world.stored("in-use") == [(0.0, None)]


def test_more_than_may_wait_stays_with_the_broker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_readings, "MAX_OFFERED", 2)
    assert all(world.hear("tele/plug-12/SENSOR", energy(Power=power)) for power in (0, 1))
    assert world.hear("tele/plug-12/SENSOR", energy(Power=2))
    assert not world.hear("tele/plug-12/SENSOR", energy(Power=3), qos=0)
    assert world.refusals.all()["store-behind"].count == 2
    world.commit()
    assert len(world.released) == 2


def test_many_that_wait_for_their_acknowledgement_bring_the_commit_forward(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_readings, "COMMIT_SOON", 3)
    for power in range(3):
        world.clock.pass_time(0.1)
        world.hear("tele/plug-12/SENSOR", energy(Power=power))
    world.pipeline._round()
    world.pipeline._round()
    assert len(world.released) == 3


def test_no_node_takes_the_id_of_a_device(world: World) -> None:
    world.hear("tele/plug-12/SENSOR", energy(Power=0))
    world.commit()
    world.bus.waiting.append(OwnMessage(topics.status("here", "plug"), ONLINE, world.clock.now))
    world.pipeline._round()
    assert "plug" not in world.pipeline.nodes
    with pytest.raises(ContractError, match="id of a device"):
        world.pipeline._presence.take(
            "plug", "status", OwnMessage(topics.status("here", "plug"), ONLINE, world.clock.now)
        )


def test_after_a_start_its_channels_are_no_nodes(site: Site, world: World) -> None:
    world.hear("tele/plug-12/SENSOR", energy(Power=0))
    world.commit()
    again = pipeline_alone("main", site, world.store, BusInMemory(), world.clock)
    assert again.nodes == {}


def test_the_last_value_of_a_silent_plug_stands_while_the_broker_would_tell_that_it_is_gone(world: World) -> None:
    world.hear("tele/plug-12/SENSOR", energy(Power=0))
    world.hear("tele/plug-12/LWT", b"Online")
    for _ in range(10):
        world.clock.pass_time(300)
        assert world.outlets().free == 1
    world.is_connected = False
    world.clock.pass_time(3_600)
    assert world.outlets().free is None


def test_a_channel_is_registered_with_the_period_that_its_device_was_heard_to_have(world: World) -> None:
    for _ in range(8):
        world.hear("tele/plug-12/SENSOR", energy(Power=0, Voltage=230, Current=0))
        world.pipeline._round()
        world.clock.pass_time(600)
    periods = {one.name: one.channel.period_s for one in world.store.series()}
    assert {periods[f"plug.{channel}"] for channel in ("power", "in-use", "apparent-power")} == {600.0}


def test_current_alone_says_whether_an_outlet_is_in_use(site: Site, world: World, tmp_path: Path) -> None:
    table = site.devices[0].model_copy(update={"measures": site.devices[0].measures[1:3]})
    (tmp_path / "other").mkdir()
    other = World(site.model_copy(update={"devices": (table,)}), world.store, world.clock, tmp_path / "other")
    other.hear("tele/plug-12/SENSOR", energy(Voltage=230, Current=0.5))
    assert (other.outlets().free, other.outlets().measured) == (0, 1)
    other.registry.close()
