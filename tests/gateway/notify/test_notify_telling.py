"""``notify.telling``: notifiers, threads and the dead man's switch together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.notify.outbox_recorded import RecordedOutbox, compose
from tests.gateway.notify.servers import Receiver, receiver

from vigie_contract.clock import SystemClock
from vigie_gateway.alerts.book_file import BookFile
from vigie_gateway.notify.notices import Message
from vigie_gateway.notify.notifier_file import NO_NOTIFIERS, NotifierFile, read_notifiers
from vigie_gateway.notify.notifiers.mqtt_lamp import REPEAT_S, Commands, MqttLamp
from vigie_gateway.notify.recipients import Recipient
from vigie_gateway.notify.telling import Telling, build_telling


class Place:
    """What the rest of the gateway is to it."""

    def __init__(self, folder: Path, web: Receiver, switch: Receiver) -> None:
        self.file = BookFile(folder / "alerts.db", "2026-11-24")
        self.outbox = RecordedOutbox(self.file)
        self.rounds, self.stores, self.shown = 0, True, 0
        notifiers = folder / "notifiers.toml"
        notifiers.write_text(
            f'[notifiers.hook]\nurl = "json://127.0.0.1:{web.port}/"\nloopback = true\n'
            f'[heartbeat]\nurl = "http://127.0.0.1:{switch.port}/uuid"\nloopback = true\n',
            encoding="utf-8",
        )
        notifiers.chmod(0o600)
        clock = SystemClock()
        self.telling: Telling = build_telling(
            read_notifiers(notifiers, clock.now_ts),
            self.outbox,
            clock,
            people=[Recipient("technician", "Technician", "fr", ("hook", "screen"))],
            compose=compose,
            show=self.show,
            counters={"alerts": lambda: self.rounds},
            is_sound={"store": lambda: self.stores},
        )

    def show(self) -> None:
        self.shown += 1


@pytest.fixture
def switch() -> Iterator[Receiver]:
    with receiver() as there:
        yield there


@pytest.fixture
def place(tmp_path: Path, web: Receiver, switch: Receiver) -> Iterator[Place]:
    made = Place(tmp_path, web, switch)
    yield made
    made.file.close()


def test_who_is_told_by_two_notifiers_is_told_by_both(place: Place, web: Receiver, switch: Receiver) -> None:
    now_ts = SystemClock().now_ts()
    place.outbox.queue("technician", "hook", 1, now_ts)
    place.outbox.queue("technician", "screen", 1, now_ts)
    place.telling.start()
    try:
        while not web.received or not place.shown or not switch.received:
            SystemClock().wait(place.telling.senders._by_name["hook"]._stopping, 0.01)
    finally:
        place.telling.stop()
    assert web.messages == ["fired 1"]
    assert set(place.telling.notifiers) == {"screen", "hook"}
    assert place.telling.report()["status"] == "pass"


def test_a_name_that_no_notifier_has_is_told_and_shown(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    clock = SystemClock()
    people = [Recipient("technician", "Technician", "fr", ("fax", "screen"))]
    telling = build_telling(
        NO_NOTIFIERS, place.outbox, clock, people=people, compose=compose, show=place.show, counters={}, is_sound={}
    )
    assert (telling.report()["status"], telling.report()["unknown"]) == ("warn", ("fax",))
    assert caplog.messages == ["[[told]]: no notifier fax here: expected one of screen"]


def test_whether_a_notifier_gets_through_is_a_signal_and_unknown_before_it_was_tried(
    place: Place, web: Receiver
) -> None:
    (signal,) = place.telling.signals()
    assert (str(signal.subject), signal.value, signal.why) == ("notifier:hook", None, "never")
    web.fault = "503"
    place.outbox.queue("technician", "hook", 1, SystemClock().now_ts())
    sender = place.telling.senders._by_name["hook"]
    sender.look()
    (signal,) = place.telling.signals()
    assert (signal.value, signal.figures) == (1.0, {"failures": 1.0, "error": "it answered 503"})
    web.fault = None
    sender.send_test(Message("f" * 32, "essai", "essai", "ok", "fr", (), 0.0))
    (signal,) = place.telling.signals()
    assert signal.value == 0.0
    assert signal.at_ts is not None


class Answer:
    """Of a broker, to what a lamp is told."""

    def __init__(self, refusal: str | None) -> None:
        self._refusal = refusal

    def is_answered(self, timeout_s: float = 0.0) -> bool:
        return timeout_s >= 0

    def refusal(self) -> str | None:
        return self._refusal

    def is_heard(self) -> bool:
        return self._refusal is None


def test_a_lamp_that_the_broker_refuses_is_a_signal_and_shown_before_any_message_is_due(place: Place) -> None:
    refusal: str | None = "Not authorized"
    clock = ManualClock(0.0)
    commands = Commands("cmnd/lampe/POWER", b"ON", b"OFF", b"OFF")
    lamp = MqttLamp("lampe", commands, lambda *_: Answer(refusal), lambda *_: True, clock.now_mono)
    telling = build_telling(
        NO_NOTIFIERS,
        place.outbox,
        SystemClock(),
        lamps=[lamp],
        compose=compose,
        show=place.show,
        counters={},
        is_sound={},
    )

    def value() -> float | None:
        (signal,) = telling.signals()
        return signal.value

    assert value() is None
    telling.refresh()  # says it
    telling.refresh()  # reads the answer
    assert value() == 1.0
    assert telling.report()["status"] == "warn"
    assert "cmnd/lampe/POWER (Not authorized)" in telling.report()["lamps"]["lampe"]
    refusal = None
    clock.pass_time(REPEAT_S)
    telling.refresh()
    telling.refresh()
    assert value() == 0.0
    assert telling.report()["status"] == "pass"


def test_the_switch_is_fed_only_while_threads_come_round_and_the_store_takes_readings(
    place: Place, switch: Receiver
) -> None:
    heartbeat = place.telling.heartbeat
    assert heartbeat is not None

    def go_on() -> None:
        place.rounds += 1
        for one in place.telling.senders._by_name.values():
            one.round()

    for _ in range(2):
        go_on()
        heartbeat.beat()
    assert len(switch.received) == 2
    heartbeat.beat()
    assert heartbeat.report()["trouble"] == "not fed: no progress of alerts, notifiers"
    place.stores = False
    go_on()
    heartbeat.beat()
    assert heartbeat.report()["trouble"] == "not fed: no progress of store"
    assert place.telling.report()["status"] == "warn"
    place.stores = True
    go_on()
    heartbeat.beat()
    assert len(switch.received) == 3


@pytest.mark.parametrize(("by", "people"), [(("hook",), 1), (("screen",), 0), (("fax",), 0), (("screen", "hook"), 1)])
def test_how_many_are_told_besides_the_screen_is_reported(place: Place, by: tuple[str, ...], people: int) -> None:
    file = NotifierFile(tuple(one for one in place.telling.notifiers.values() if one.name == "hook"))
    told = [Recipient("technician", "Technician", "fr", by)]
    telling = build_telling(
        file, place.outbox, SystemClock(), people=told, compose=compose, show=place.show, counters={}, is_sound={}
    )
    assert telling.report()["people"] == people
