"""``notify.notifiers.mqtt_lamp``: a lamp on the broker is lit while something calls, and right again after a fault."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from tests.sensors.wire.conftest import PATIENCE_S, Broker, wait_until

from vigie_contract.clock import SystemClock
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.notify.notices import Message, NotifierError
from vigie_gateway.notify.notifiers.mqtt_lamp import REPEAT_S, Commands, MqttLamp
from vigie_gateway.settings import BrokerSettings

TOPIC = "cmnd/lampe-accueil/POWER"
COMMANDS = Commands(TOPIC, b"ON", b"OFF", b"BLINK")
MESSAGE = Message("0" * 32, "Panne", "", "crit", "fr", (1,), 0.0)


class Lamp:
    """A lamp in the hall: it does what it is told."""

    def __init__(self, port: int) -> None:
        self.told: queue.Queue[bytes] = queue.Queue()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="lamp")
        self._client.on_message = lambda _client, _data, message: self.told.put(bytes(message.payload))
        heard: queue.Queue[None] = queue.Queue()
        self._client.on_subscribe = lambda *_: heard.put(None)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._client.subscribe(TOPIC, qos=1)
        heard.get(timeout=PATIENCE_S)

    def does(self) -> bytes:
        return self.told.get(timeout=PATIENCE_S)

    def unplug(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class Hall:
    """A gateway's lamp on a real broker, and what it is called by."""

    def __init__(self, folder: Path) -> None:
        (folder / "acl").write_text(f"topic readwrite {TOPIC}\ntopic read #\n")
        self.broker = Broker(folder, ["allow_anonymous true", f"acl_file {folder}/acl"])
        self.broker.start()
        self.bus = Bus(BrokerSettings(port=self.broker.port), "place", SystemClock(), Refusals())
        self.bus.start()
        wait_until(lambda: self.bus.is_connected)
        self.lamp = Lamp(self.broker.port)
        self.now_mono, self.is_calling = 0.0, False
        self.notifier = self.switching(COMMANDS)

    def switching(self, commands: Commands) -> MqttLamp:
        return MqttLamp("lampe", commands, self.bus.say, lambda *_: self.is_calling, lambda: self.now_mono)

    def close(self) -> None:
        self.lamp.unplug()
        self.bus.stop()
        self.broker.kill()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.close()


def test_it_is_lit_while_something_calls_and_said_again_each_minute(hall: Hall) -> None:
    hall.is_calling = True
    hall.notifier.send(MESSAGE)
    assert hall.lamp.does() == b"ON"
    hall.notifier.refresh()  # nothing new: nothing is said
    hall.is_calling = False
    hall.notifier.refresh()
    assert hall.lamp.does() == b"OFF"
    hall.now_mono += REPEAT_S
    hall.notifier.refresh()
    assert hall.lamp.does() == b"OFF"
    assert hall.lamp.told.empty()


def test_without_the_broker_the_outbox_keeps_the_message_and_the_state_is_said_after(hall: Hall) -> None:
    hall.broker.kill()
    wait_until(lambda: not hall.bus.is_connected)
    hall.is_calling = True
    with pytest.raises(NotifierError, match="no connection to the broker"):
        hall.notifier.send(MESSAGE)
    hall.notifier.refresh()
    hall.broker.start()
    wait_until(lambda: hall.bus.is_connected)
    hall.lamp.unplug()
    hall.lamp = Lamp(hall.broker.port)
    hall.notifier.refresh()
    assert hall.lamp.does() == b"ON"


def test_a_topic_that_the_broker_does_not_let_the_gateway_write_does_not_count_as_told(hall: Hall) -> None:
    forbidden = hall.switching(replace(COMMANDS, topic="cmnd/another/POWER"))
    with pytest.raises(NotifierError, match=r"does not let the gateway write cmnd/another/POWER \(Not authorized\)"):
        forbidden.send(MESSAGE)
    assert forbidden.trouble is not None


def test_a_lamp_that_does_not_listen_is_trouble_until_it_does(hall: Hall) -> None:
    hall.lamp.unplug()
    wait_until(lambda: trouble_of(hall.notifier, hall), "the broker has noticed")
    assert hall.notifier.trouble == f"nothing listens to {TOPIC}: is the lamp without power?"
    with pytest.raises(NotifierError, match="nothing listens"):
        hall.notifier.send(MESSAGE)
    hall.lamp = Lamp(hall.broker.port)
    wait_until(lambda: not trouble_of(hall.notifier, hall))
    assert hall.lamp.does() == b"OFF"


def trouble_of(notifier: MqttLamp, hall: Hall) -> str | None:
    """After another minute."""
    hall.now_mono += REPEAT_S
    notifier.refresh()
    return notifier.trouble


def test_at_the_end_of_the_gateway_it_shows_that_nobody_knows_and_stays_so(hall: Hall) -> None:
    hall.is_calling = True
    hall.notifier.refresh()
    assert hall.lamp.does() == b"ON"
    hall.notifier.stop()
    assert hall.lamp.does() == b"BLINK"
    hall.now_mono += REPEAT_S
    hall.notifier.refresh()
    assert hall.lamp.told.empty()
