"""Devices of others on a real broker: heard in a connection of their own, acknowledged after the commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from vigie_contract.clock import SystemClock
from vigie_gateway import broker as broker_module
from vigie_gateway.broker import DEVICES_USER, Mosquitto, access_rules, find_mosquitto, make_passwords
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.devices.decoding import Decoding
from vigie_gateway.ingest.device_bus import MAX_WAITING_OF_A_TOPIC, DeviceBus
from vigie_gateway.ingest.device_ingest import DeviceIngest
from vigie_gateway.ingest.device_readings import DeviceReadings
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.place.board import Board
from vigie_gateway.place.site import read_site
from vigie_gateway.recording.wire import Wire
from vigie_gateway.registry.registry import Registry
from vigie_gateway.settings import BrokerSettings
from vigie_gateway.store import open_store

pytestmark = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")

SENSOR = b'{"ENERGY":{"Power":%d}}'
CONFIG = (
    b'{"name":"Temp","uniq_id":"t1","stat_t":"tele/other","dev_cla":"temperature","unit_of_meas":"\xc2\xb0C",'
    b'"dev":{"ids":"x"}}'
)
WAIT_S = 10.0


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline_mono = time.monotonic() + WAIT_S
    while not is_true():
        assert time.monotonic() < deadline_mono, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mosquitto]:
    """A broker on which the user ``plug`` may say what a Tasmota says."""
    rights = "user plug\ntopic readwrite tele/#\ntopic readwrite homeassistant/#\n"
    monkeypatch.setattr(broker_module, "access_rules", lambda site: access_rules(site) + rights)
    with Mosquitto(tmp_path / "broker", "place", make_passwords([DEVICES_USER, "plug", "hall"])) as running:
        yield running


def settings_of(broker: Mosquitto, user: str) -> BrokerSettings:
    return BrokerSettings(port=broker.port, username=user, password_file=str(broker.password_file(user)))


def nowhere(folder: Path, ingest: DeviceIngest, refusals: Refusals) -> DeviceReadings:
    """The readings of a place that took no device in."""
    site, problems = read_site("site.toml", 'id = "place"\nname = "Place"\ntimezone = "Europe/Paris"\n')
    assert site is not None, problems
    clock = SystemClock()
    watch = ClockWatch(clock, None, lambda: None, boot="boot-1", read_rtc=lambda: None)
    store = open_store(folder / "vigie.db", clock)
    return DeviceReadings(site, store, Board(site, clock), clock, watch, refusals, ingest.registry, ingest)


def bus_of(broker: Mosquitto, refusals: Refusals | None = None) -> DeviceBus:
    filters = Decoding((), (), ("tasmota",)).filters
    return DeviceBus(settings_of(broker, DEVICES_USER), filters, SystemClock(), refusals or Refusals())


def test_an_announced_plug_and_a_native_one_are_listed_with_what_they_say(broker: Mosquitto, tmp_path: Path) -> None:
    decoding, refusals = Decoding(families=("tasmota",)), Refusals()
    bus = DeviceBus(settings_of(broker, DEVICES_USER), decoding.filters, SystemClock(), refusals)
    with closing(Registry(tmp_path / "devices.db")) as registry:
        ingest = DeviceIngest(bus, decoding, registry, refusals)
        ingest.attach(nowhere(tmp_path, ingest, refusals))
        ingest.start()
        try:
            wait_for(lambda: bus.is_listening)
            with Wire(settings_of(broker, "plug"), lambda *_: None) as plug:
                plug.publish("homeassistant/sensor/t1/config", CONFIG, is_retained=True)
                plug.publish("homeassistant/sensor/t2/config", b"{", is_retained=False)
                plug.publish("tele/plug-12/SENSOR", SENSOR % 41, is_retained=False)
                wait_for(lambda: ingest.messages == 3)
                wait_for(lambda: len(registry.devices()) == 2)

                def values() -> list[float | None]:
                    # Said again: the subscription that the announcement asks for may be under way.
                    plug.publish("tele/other", b"21.5", is_retained=False)
                    return [said.value for one in registry.devices() for said in one.entities.values()]

                wait_for(lambda: 21.5 in values())
                assert 41.0 in values()
        finally:
            ingest.stop()
        report = ingest.report()
        assert report["by_reason"]["not-json"]["last"] == "homeassistant/sensor/t2/config"
        assert (report["devices"], report["status"]) == (2, "pass")


def test_what_was_not_acknowledged_comes_again_and_what_was_does_not(broker: Mosquitto) -> None:
    first = bus_of(broker)
    first.start()
    wait_for(lambda: first.is_listening)
    with Wire(settings_of(broker, "plug"), lambda *_: None) as plug:
        for power in (1, 2):
            plug.publish("tele/plug-12/SENSOR", SENSOR % power, is_retained=False)
        plug.settle()
    taken = [first.get(WAIT_S) for _ in range(2)]
    assert taken[0] is not None
    assert taken[1] is not None
    first.done(taken[0])
    first.stop()
    again = bus_of(broker)
    again.start()
    receipt = again.get(WAIT_S)
    assert receipt is not None
    assert receipt.message.payload == SENSOR % 2
    # Of an earlier connection: its number may be another message's by now.
    again.done(receipt._replace(connection=0))
    again.stop()
    last = bus_of(broker)
    last.start()
    receipt = last.get(WAIT_S)
    assert receipt is not None
    assert receipt.message.payload == SENSOR % 2
    last.done(receipt)
    last.stop()


def test_a_flooding_topic_loses_its_own_messages_and_is_named(broker: Mosquitto, tmp_path: Path) -> None:
    refusals = Refusals()
    bus = bus_of(broker, refusals)
    bus.start()
    wait_for(lambda: bus.is_listening)
    with Wire(settings_of(broker, "plug"), lambda *_: None) as plug:
        for power in range(MAX_WAITING_OF_A_TOPIC + 10):
            plug.publish("tele/loud/SENSOR", SENSOR % power, is_retained=False)
        plug.publish("tele/quiet/SENSOR", SENSOR % 7, is_retained=False)
        wait_for(lambda: bus.flooding(1) == [("tele/loud/SENSOR", 10)])
        assert refusals.all()["flood"].subject == "tele/loud/SENSOR"
        topics = set()
        while "tele/quiet/SENSOR" not in topics:
            receipt = bus.get(WAIT_S)
            assert receipt is not None
            topics.add(receipt.message.topic)
            bus.done(receipt)
    bus.stop()
    with closing(Registry(tmp_path / "devices.db")) as registry:
        report = DeviceIngest(bus, Decoding(), registry, refusals).report()
    assert report["flooding"] == {"tele/loud/SENSOR": 10}


def test_what_own_nodes_say_is_kept_from_the_connection_of_devices(broker: Mosquitto) -> None:
    bus = DeviceBus(settings_of(broker, DEVICES_USER), ("#",), SystemClock(), Refusals())
    bus.start()
    wait_for(lambda: bus.is_listening)
    for user, topic in (("hall", "vigie/1/place/hall/data"), ("plug", "tele/plug-12/SENSOR")):
        with Wire(settings_of(broker, user), lambda *_: None) as client:
            client.publish(topic, b"{}", is_retained=False)
            client.settle()
            assert client.refused == {}
    receipt = bus.get(WAIT_S)
    assert receipt is not None
    assert receipt.message.topic == "tele/plug-12/SENSOR"
    bus.stop()
