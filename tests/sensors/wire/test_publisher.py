"""The publisher over the real broker: nothing is lost, whatever goes away, and what is wrong is said once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from vigie_contract.alerts import Firing, encode_alerts
from vigie_contract.messages import Ack, Channel, decode_birth, encode_ack
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import decode_pack
from vigie_contract.topics import ack, alerts
from vigie_sensors import publisher as publisher_module
from vigie_sensors.config import SensorsConfig
from vigie_sensors.connection import Connection
from vigie_sensors.journal import Journal
from vigie_sensors.publisher import Publisher
from vigie_sensors.told_alerts import ToldAlerts

CHANNELS = (Channel("desk-current", "current", 10.0, "big"), Channel("desk-on", "in_use", 10.0, "big"))
Config = Callable[..., SensorsConfig]
Gateways = Callable[..., Any]


class RightClock:
    speed = 1.0
    is_right = True

    def now_ts(self) -> float:
        return time.time()

    def now_mono(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, duration_s: float) -> bool:
        return event.wait(max(0.0, duration_s))

    def is_synchronised(self) -> bool:
        return self.is_right


def readings(count: int, start: int = 0) -> list[Reading]:
    return [Reading("desk-current", time.time(), (start + index) / 100) for index in range(count)]


def wait_until(is_true: Callable[[], object]) -> None:
    end = time.monotonic() + 40
    while not is_true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def values(gateway: Any) -> list[float]:
    return [record["v"] for _, record in gateway.stored if "v" in record]


@pytest.fixture
def start(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Publisher]]:
    monkeypatch.setattr(publisher_module, "SHORTEST_RETRY_S", 0.05)
    made: list[Publisher] = []

    def make(config: SensorsConfig, clock: Any = None, of: Journal | None = None, **given: Any) -> Publisher:
        publisher = Publisher(config, CHANNELS, of or journal, clock or RightClock(), **given)
        publisher.start()
        made.append(publisher)
        return publisher

    yield make
    for publisher in made:
        publisher.stop(0.0)


def test_a_reading_goes_out_at_once_and_is_freed_when_acknowledged(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    gateway = make_gateway(commit=1)
    publisher = start(make_config(broker.port))
    wait_until(lambda: publisher.health.state == "connected")
    journal.append([Reading("desk-current", 1_790_000_000.5, 1.25), Reading("desk-on", 1_790_000_000.5, 1.0)])
    journal.append([Reading("desk-on", 1_790_000_001.0, None, "absent")])
    publisher.wake()
    wait_until(lambda: journal.floor == 4)
    assert [record.get("v", record.get("vb", record.get("vs"))) for _, record in gateway.stored] == [
        1.25,
        True,
        "absent",
    ]
    assert gateway.stored[0][1]["at"] == 1_790_000_000.5


def test_birth_and_presence_are_retained_and_come_before_data(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    publisher = start(make_config(broker.port))
    wait_until(lambda: publisher.health.state != "starting")
    late = make_gateway()
    wait_until(lambda: len(late.told) == 2)
    told = dict(late.told)
    assert told["status"] == b"online"
    assert decode_birth(told["about"]).channels == CHANNELS
    publisher.stop(0.0)
    wait_until(lambda: late.told[-1] == ("status", b"offline"))
    assert publisher.health.state == "stopped"


def test_a_backlog_arrives_whole_in_full_packs(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    journal.append(readings(30_000))
    gateway = make_gateway()
    start(make_config(broker.port))
    wait_until(lambda: len(gateway.stored) == 30_000)
    assert values(gateway) == [index / 100 for index in range(30_000)]
    assert gateway.packs <= 90


def test_a_broker_killed_and_started_again_loses_nothing(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    gateway = make_gateway(commit=50)
    publisher = start(make_config(broker.port))
    for turn in range(3):
        for part in range(10):
            journal.append(readings(20, turn * 200 + part * 20))
            publisher.wake()
            if part == 5:
                broker.kill()
                wait_until(lambda: publisher.health.state == "away")
        broker.start()
        wait_until(lambda: publisher.health.state == "connected")
    wait_until(lambda: len(gateway.stored) == 600)
    assert values(gateway) == [index / 100 for index in range(600)]


def test_a_broker_away_at_start_is_told_once_and_found_later(
    broker: Any,
    make_config: Config,
    journal: Journal,
    start: Callable[..., Publisher],
    caplog: pytest.LogCaptureFixture,
) -> None:
    broker.kill()
    publisher = start(make_config(broker.port))
    wait_until(lambda: publisher.health.state == "away")
    assert f"127.0.0.1:{broker.port}" in publisher.health.text
    time.sleep(0.5)  # several tries
    assert len([record for record in caplog.records if "no broker at" in record.getMessage()]) == 1
    broker.start()
    wait_until(lambda: publisher.health.state == "connected")


def test_packs_lost_on_the_way_are_sent_again(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    gateway = make_gateway(commit=100, loses_every=9)
    journal.append(readings(20_000))
    start(make_config(broker.port))
    wait_until(lambda: len(gateway.stored) == 20_000)
    assert values(gateway) == [index / 100 for index in range(20_000)]


def test_while_nobody_listens_readings_are_kept_and_health_says_so(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    publisher = start(make_config(broker.port))
    journal.append(readings(5))
    publisher.wake()
    wait_until(lambda: publisher.health.state == "unheard")
    assert journal.floor == 1
    gateway = make_gateway(commit=1)
    journal.append(readings(5, 5))
    publisher.wake()
    wait_until(lambda: journal.floor == 11)
    assert values(gateway) == [index / 100 for index in range(10)]
    assert publisher.health.state == "connected"


def test_a_gateway_that_may_not_store_still_sees_each_new_reading(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    gateway = make_gateway(is_mute=True)
    journal.append(readings(7_000))
    publisher = start(make_config(broker.port))
    lane = publisher._lanes["main"]
    wait_until(lambda: not lane.is_heard)
    journal.append(readings(1, 7_000))
    publisher.wake()
    wait_until(lambda: any(record.get("v") == 70 for record in gateway.seen))
    assert journal.floor == 1


def test_two_gateways_on_one_broker_each_get_everything_and_share_the_packs(
    broker: Any, make_gateway: Gateways, make_config: Config, tmp_path: Path, start: Callable[..., Publisher]
) -> None:
    journal = Journal.open(tmp_path / "two" / "journal.sqlite", ["main", "mirror"], 7, 64_000_000, RightClock())
    main, mirror = make_gateway(), make_gateway(name="mirror")
    journal.append(readings(20_000))
    publisher = start(make_config(broker.port, gateways=("main", "mirror")), of=journal)
    wait_until(lambda: len(main.stored) == len(mirror.stored) == 20_000)
    assert values(main) == values(mirror)
    assert publisher.counts["readings"] < 40_000
    publisher.stop(0.0)
    journal.close()


def test_evicted_readings_become_a_gap_and_the_rest_arrives(
    broker: Any, make_gateway: Gateways, make_config: Config, tmp_path: Path, start: Callable[..., Publisher]
) -> None:
    journal = Journal.open(tmp_path / "ring" / "journal.sqlite", ["main"], 7, 1_000_000, RightClock())
    journal.append(readings(40_000))
    assert journal.floor > 1
    gateway = make_gateway()
    publisher = start(make_config(broker.port), of=journal)
    wait_until(lambda: gateway.high.get(journal.id) == 40_000)
    assert gateway.gaps == [(1, journal.evicted)]
    publisher.stop(0.0)
    journal.close()


def test_a_clock_that_is_not_right_sends_ages(
    broker: Any, make_gateway: Gateways, make_config: Config, tmp_path: Path, start: Callable[..., Publisher]
) -> None:
    clock = RightClock()
    clock.is_right = False
    journal = Journal.open(tmp_path / "ages" / "journal.sqlite", ["main"], 7, 10**7, clock)
    gateway = make_gateway()
    journal.append([Reading("desk-current", time.time() - 100, 1.5)])
    publisher = start(make_config(broker.port), clock, journal)
    wait_until(lambda: gateway.seen)
    assert "bt" not in gateway.seen[0]
    assert -140 < gateway.seen[0]["t"] <= -100
    publisher.stop(0.0)
    journal.close()


def test_readings_of_a_channel_no_longer_configured_take_their_number_as_unknowns(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    gateway = make_gateway(commit=1)
    journal.append([Reading("old-one", time.time(), 4.0), *readings(1)])
    publisher = start(make_config(broker.port))
    wait_until(lambda: journal.floor == 3)
    assert gateway.stored[0][1]["vs"] == "restarted"
    assert publisher.counts["undeclared"] >= 1


def test_acknowledgements_that_make_no_sense_are_counted_and_free_nothing(
    broker: Any, make_gateway: Gateways, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    gateway = make_gateway(is_mute=True)
    publisher = start(make_config(broker.port))
    wait_until(lambda: ("status", b"online") in gateway.told)  # said after the node has subscribed
    topic = ack("house", "pi", "main")
    bad = [b"", b"\xff", b"[" * 60_000, b'{"journal":"x"}', b'{"journal":"%s","upto":9}' % journal.id.encode()]
    for payload in bad:
        gateway.client.publish(topic, payload)
    gateway.client.publish(topic, encode_ack(Ack("another", 5)))
    wait_until(lambda: publisher.counts["refused-ack"] == len(bad))
    assert publisher.health.state == "connected"
    assert journal.floor == 1


def test_what_fires_at_a_gateway_reaches_a_node_that_shows_it_and_what_cannot_be_read_is_counted(
    broker: Any, make_gateway: Gateways, make_config: Config, start: Callable[..., Publisher]
) -> None:
    gateway, told = make_gateway(), ToldAlerts(["main"], RightClock())
    topic = alerts("house", "main")
    gateway.client.publish(topic, encode_alerts(Firing(warning=1)), qos=1, retain=True)
    publisher = start(make_config(broker.port), alerts=told)
    wait_until(lambda: told.is_called("warning"))  # said before the node was there
    gateway.client.publish(topic, b'{"v":1,"known":"yes"}', qos=1)
    gateway.client.publish(topic, encode_alerts(None), qos=1)
    wait_until(lambda: told.is_called("warning") is None)
    assert publisher.counts["refused-alerts"] == 1
    assert publisher.counts["refused-ack"] == 0


def test_what_the_broker_does_not_let_a_node_hear_is_named(make_config: Config, journal: Journal) -> None:
    publisher = Publisher(make_config(1), CHANNELS, journal, RightClock())
    connection = Connection(make_config(1), lambda: None, hears_alerts=True)
    granted, refused = (ReasonCode(PacketTypes.SUBACK, identifier=code) for code in (1, 0x87))
    connection._on_subscribe(connection.client, None, 1, [granted, granted, refused], None)
    publisher._handle(connection)
    assert publisher.health.state == "refused"
    assert publisher.health.text == "the broker does not let this node hear vigie/1/house/+/alerts"


def test_something_that_is_no_broker_is_told(
    make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        publisher = start(make_config(server.getsockname()[1]))
        wait_until(lambda: publisher.health.state == "away")
        thread.join()


def test_a_wrong_password_is_said_in_one_line_and_shown_as_health(
    tmp_path: Path,
    make_config: Config,
    journal: Journal,
    start: Callable[..., Publisher],
    secured_broker: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "password").write_text("wrong\n")
    publisher = start(make_config(secured_broker.port, password_file=tmp_path / "password"))
    wait_until(lambda: publisher.health.state == "refused")
    time.sleep(0.5)  # several tries
    lines = [record.getMessage() for record in caplog.records if "refuses user 'pi'" in record.getMessage()]
    assert len(lines) == 1
    (tmp_path / "password").write_text("right\n")
    wait_until(lambda: publisher.health.state in ("connected", "unheard"))


def test_readings_that_the_broker_refuses_are_kept_and_health_says_so(
    tmp_path: Path, make_config: Config, journal: Journal, start: Callable[..., Publisher], secured_broker: Any
) -> None:
    (tmp_path / "password").write_text("right\n")
    journal.append(readings(3))
    publisher = start(make_config(secured_broker.port, password_file=tmp_path / "password", site="forbidden"))
    wait_until(lambda: publisher.health.state == "refused")
    assert journal.floor == 1


def test_what_is_sent_decodes_by_the_contract(
    broker: Any, make_config: Config, journal: Journal, start: Callable[..., Publisher]
) -> None:
    publisher = Publisher(make_config(broker.port), CHANNELS, journal, RightClock())
    journal.append([Reading("desk-current", 1_790_000_000.0, 1.25), Reading("desk-on", 1_790_000_003.5, 0.0)])
    payload, count = publisher._encode(journal.read(0, 500), is_dated=True)
    channels = {channel.id: QUANTITIES[channel.quantity] for channel in CHANNELS}
    pack = decode_pack(payload, "house", "pi", channels, 0.0)
    assert count == 2
    assert (pack.journal, pack.first, pack.floor, pack.is_dated) == (journal.id, 1, 1, True)
    assert pack.readings == [Reading("desk-current", 1_790_000_000.0, 1.25), Reading("desk-on", 1_790_000_003.5, 0.0)]


def test_an_answer_that_the_connection_did_not_take_is_sent_over_the_next(
    make_config: Config, journal: Journal
) -> None:
    publisher = Publisher(make_config(1), CHANNELS, journal, RightClock())
    publisher.answer(b"first")
    publisher.answer(b"last")
    taken: list[bytes] = []

    class Going:
        """A connection that goes after its first message."""

        def publish(self, _topic: str, payload: bytes) -> int | None:
            if taken:
                return None
            taken.append(payload)
            return 1

    assert not publisher._send_answers(Going())  # type: ignore[arg-type] # all that is used of it
    assert taken == [b"first"]
    taken.clear()
    assert publisher._send_answers(Going())  # type: ignore[arg-type] # the same
    assert taken == [b"last"]
