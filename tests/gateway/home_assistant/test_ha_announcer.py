"""Home Assistant is told again when it starts, when the broker comes back, and when something changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue

import pytest
from tests.conftest import ManualClock

from vigie_contract import topics
from vigie_contract.alerts import Firing, decode_alerts, encode_alerts
from vigie_contract.clock import SystemClock
from vigie_gateway.broker import GATEWAY_USER, HOME_ASSISTANT_USER, Mosquitto, find_mosquitto, make_passwords
from vigie_gateway.home_assistant import announcer as announcer_module
from vigie_gateway.home_assistant.announcement import BIRTH, BIRTH_TOPIC, Announcement
from vigie_gateway.home_assistant.announcer import REPEAT_S, Announcer
from vigie_gateway.ingest.bus import Bus
from vigie_gateway.ingest.refusals import Refusals
from vigie_gateway.recording.wire import Wire
from vigie_gateway.settings import BrokerSettings

CONFIG = "homeassistant/device/vigie-place-main/config"
PLACE = topics.place("place", "main")


class Answered:
    """A publication that the broker took, or not."""

    def __init__(self, refused: str | None) -> None:
        self.refused = refused

    def is_answered(self, timeout_s: float = 0.0) -> bool:
        return True

    def refusal(self) -> str | None:
        return self.refused


class Told:
    """A broker that keeps what it was told, in order."""

    def __init__(self) -> None:
        self.connections = 1
        self.is_there = True
        self.refused: str | None = None
        self.topics: list[str] = []

    def say(self, topic: str, payload: bytes, expires_s: int, *, retain: bool = False) -> Answered | None:
        assert retain
        assert expires_s > REPEAT_S
        if not self.is_there:
            return None
        self.topics.append(topic)
        return Answered(self.refused)

    def since(self) -> list[str]:
        told, self.topics = self.topics, []
        return told


class Place:
    """What is announced, as a test sets it."""

    def __init__(self) -> None:
        self.people = b"1"

    def __call__(self) -> Announcement:
        return Announcement(CONFIG, b"{}", {PLACE: self.people}, 0)


@pytest.fixture
def place() -> Place:
    return Place()


def test_only_what_changed_is_said_again(place: Place, clock: ManualClock) -> None:
    broker = Told()
    announcer = Announcer(broker, place, clock.now_mono)
    announcer.refresh()
    assert broker.since() == [CONFIG, PLACE]
    announcer.refresh()
    assert broker.since() == []
    place.people = b"2"
    announcer.refresh()
    assert broker.since() == [PLACE]


@pytest.mark.parametrize("why", ["birth", "connection", "hour"])
def test_all_of_it_is_said_again_when_it_may_not_be_known(place: Place, clock: ManualClock, why: str) -> None:
    broker = Told()
    announcer = Announcer(broker, place, clock.now_mono)
    announcer.refresh()
    broker.since()
    announcer.hear(b"offline")
    announcer.refresh()
    assert broker.since() == []
    if why == "birth":
        announcer.hear(BIRTH)
    elif why == "connection":
        broker.connections += 1
    else:
        clock.pass_time(REPEAT_S)
    announcer.refresh()
    assert broker.since() == [CONFIG, PLACE]


def test_what_could_not_be_said_is_said_later(place: Place, clock: ManualClock) -> None:
    broker = Told()
    broker.is_there = False
    announcer = Announcer(broker, place, clock.now_mono)
    announcer.refresh()
    broker.is_there = True
    announcer.refresh()
    assert broker.since() == [CONFIG, PLACE]


def test_a_broker_that_refuses_it_is_told_to_a_person_until_it_takes_it(place: Place, clock: ManualClock) -> None:
    broker = Told()
    broker.refused = "Not authorized"
    announcer = Announcer(broker, place, clock.now_mono)
    announcer.refresh()
    assert announcer.report()["status"] == "warn"
    assert announcer.trouble == f"the broker refuses {CONFIG} (Not authorized): see its acl_file"
    broker.refused = None
    announcer.hear(BIRTH)
    announcer.refresh()
    assert announcer.report() == {"status": "pass", "trouble": None, "topics": 2, "births": 1}


def wait_for(is_true: Callable[[], bool]) -> None:
    deadline_mono = time.monotonic() + 10
    while not is_true():
        assert time.monotonic() < deadline_mono, "it did not happen"
        time.sleep(0.01)


@pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")
def test_home_assistant_hears_it_at_its_birth_follows_a_change_and_sees_the_gateway_go(
    tmp_path: Path, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(announcer_module, "INTERVAL_S", 0.01)
    alerts = topics.alerts("place", "main")
    with Mosquitto(tmp_path / "broker", "place", make_passwords([GATEWAY_USER, HOME_ASSISTANT_USER])) as broker:

        def settings(user: str) -> BrokerSettings:
            return BrokerSettings(port=broker.port, username=user, password_file=str(broker.password_file(user)))

        bus = Bus(
            settings(GATEWAY_USER),
            "place",
            SystemClock(),
            Refusals(),
            will=(alerts, encode_alerts(None)),
        )
        announcer = Announcer(bus, place, time.monotonic)
        bus.hear(BIRTH_TOPIC, announcer.hear)
        heard: Queue[tuple[str, bytes]] = Queue()
        bus.start()
        try:
            wait_for(lambda: bus.is_connected)
            announcer.start()
            with Wire(settings(HOME_ASSISTANT_USER), lambda topic, payload, _: heard.put((topic, payload))) as there:
                assert {heard.get(timeout=10)[0] for _ in range(2)} == {CONFIG, PLACE}
                place.people = b"2"
                announcer.poke()
                assert heard.get(timeout=10) == (PLACE, b"2")
                there.publish(BIRTH_TOPIC, BIRTH, is_retained=False)
                told = [heard.get(timeout=10) for _ in range(3)]
                assert sorted(told) == [(CONFIG, b"{}"), (BIRTH_TOPIC, BIRTH), (PLACE, b"2")]
                bus.say(alerts, encode_alerts(Firing()), 90, retain=True)
                assert decode_alerts(heard.get(timeout=10)[1]) == Firing()
                connection = bus._client.socket()
                assert connection is not None
                connection.close()  # as a gateway that died
                while (message := heard.get(timeout=10))[0] != alerts:
                    pass
                assert decode_alerts(message[1]) is None
                assert announcer.trouble is None
        finally:
            announcer.stop()
            bus.stop()
