"""``alerts.beacon``: what lamps of nodes are told, on a real broker, and what is counted."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from tests.sensors.wire.conftest import PATIENCE_S, Broker, wait_until

from vigie_contract import topics
from vigie_contract.alerts import REPEAT_S, Firing, decode_alerts, encode_alerts
from vigie_contract.clock import SystemClock
from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Phase, Silence
from vigie_gateway.alerts.beacon import Beacon, firing_of
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.settings import BrokerSettings

TOPIC = topics.alerts("place", "main")
RULES = {rule.id: rule for rule in DEFAULT_RULES}
OUTAGE = AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, "c4"))
WARNING = AlertKey("wifi-slow", Subject(SubjectKind.ROOM, "salle"))
SILENT = AlertKey("node-silent", Subject(SubjectKind.NODE, "pi"))


class Sea:
    """A beacon on a real broker, whoever looks at it, and what fires."""

    def __init__(self, folder: Path) -> None:
        (folder / "acl").write_text(f"topic readwrite {TOPIC}\n")
        self.broker = Broker(folder, ["allow_anonymous true", f"acl_file {folder}/acl"])
        self.broker.start()
        self.bus = self.connected(TOPIC)
        self.firing, self.now_mono = Firing(), 0.0
        self.beacon = self.beacon_at(TOPIC)
        self.seen: queue.Queue[tuple[Firing | None, bool]] = queue.Queue()
        self._ship = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="ship", protocol=mqtt.MQTTv5)
        self._ship.on_message = lambda _client, _data, message: self.seen.put(
            (decode_alerts(bytes(message.payload)), message.retain)
        )

    def connected(self, topic: str) -> Bus:
        settings = BrokerSettings(port=self.broker.port)
        bus = Bus(settings, "place", SystemClock(), Refusals(), will=(topic, encode_alerts(None)))
        bus.start()
        wait_until(lambda: bus.is_connected)
        return bus

    def beacon_at(self, topic: str) -> Beacon:
        return Beacon(topic, self.bus, lambda: self.firing, lambda: self.now_mono)

    def look(self) -> None:
        """From now on."""
        heard: queue.Queue[None] = queue.Queue()
        self._ship.on_subscribe = lambda *_: heard.put(None)
        self._ship.connect("127.0.0.1", self.broker.port)
        self._ship.loop_start()
        self._ship.subscribe(TOPIC, qos=1)
        heard.get(timeout=PATIENCE_S)

    def sees(self) -> tuple[Firing | None, bool]:
        """What came, and whether it was there before."""
        return self.seen.get(timeout=PATIENCE_S)

    def close(self) -> None:
        self._ship.disconnect()
        self._ship.loop_stop()
        self.bus.stop()
        self.broker.kill()


@pytest.fixture
def sea(tmp_path: Path) -> Iterator[Sea]:
    made = Sea(tmp_path)
    yield made
    made.close()


def test_it_is_there_for_whoever_comes_later_said_at_each_change_and_again_in_its_time(sea: Sea) -> None:
    sea.firing = Firing(outage=1)
    sea.beacon.refresh()
    wait_until(lambda: sea.beacon.report()["status"] == "pass")
    sea.look()
    assert sea.sees() == (Firing(outage=1), True)
    sea.beacon.refresh()  # nothing new: nothing is said
    sea.firing = Firing(in_hand=1)
    sea.beacon.refresh()
    assert sea.sees() == (Firing(in_hand=1), False)
    sea.now_mono += REPEAT_S
    sea.beacon.refresh()
    assert sea.sees() == (Firing(in_hand=1), False)


def test_after_a_restart_of_the_broker_it_is_said_again(sea: Sea) -> None:
    sea.beacon.refresh()
    sea.broker.kill()
    wait_until(lambda: not sea.bus.is_connected)
    sea.broker.start()
    sea.look()
    wait_until(lambda: sea.bus.is_connected)
    sea.beacon.refresh()
    assert sea.sees() == (Firing(), False)


def test_at_its_end_it_says_that_nobody_knows_and_nothing_after(sea: Sea) -> None:
    sea.look()
    sea.beacon.refresh()
    assert sea.sees() == (Firing(), False)
    sea.beacon.stop()
    assert sea.sees() == (None, False)
    sea.now_mono += REPEAT_S
    sea.beacon.refresh()
    assert sea.seen.empty()


def test_a_broker_that_refuses_it_is_said(sea: Sea) -> None:
    forbidden = sea.beacon_at(topics.alerts("place", "other"))

    def trouble() -> str | None:
        forbidden.refresh()
        return forbidden.trouble

    wait_until(trouble)
    assert forbidden.report() == {
        "status": "warn",
        "topic": "vigie/1/place/other/alerts",
        "trouble": "the broker refuses vigie/1/place/other/alerts (Not authorized): see its acl_file",
    }


def alert(number: int, key: AlertKey) -> Alert:
    return Alert(number, key, Phase.FIRING, 0.0, fired_ts=1.0)


def test_what_nobody_has_in_hand_is_counted_by_how_bad_it_is() -> None:
    fires = alert(1, OUTAGE)
    taken = replace(alert(2, OUTAGE), acknowledged=Acknowledgement("Samia", 2.0))
    found = firing_of([fires, taken, alert(3, WARNING), alert(4, SILENT)], RULES)
    assert found == Firing(outage=1, warning=1, unknown=1, in_hand=1)


@pytest.mark.parametrize(
    "one",
    [
        replace(alert(1, OUTAGE), phase=Phase.PENDING),
        replace(alert(1, OUTAGE), silence=Silence("Samia", 2.0, "electrician", None)),
        replace(alert(1, OUTAGE), cause=7),
        alert(1, AlertKey("deleted", OUTAGE.subject)),
    ],
)
def test_what_is_told_to_nobody_is_not_counted(one: Alert) -> None:
    assert firing_of([one], RULES) == Firing()
