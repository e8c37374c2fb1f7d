"""What a real broker answers a stranger and the gateway, and what a running gateway says of itself."""

from __future__ import annotations

import http.server
import json
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.gateway.conftest import Bench

from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, free_port, make_passwords
from vigie_gateway.doctor import broker_live, running
from vigie_gateway.doctor.broker_live import Told
from vigie_gateway.ingest.bus import Message
from vigie_gateway.settings import BrokerSettings, HttpSettings

needs_broker = pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker", "place", make_passwords([GATEWAY_USER, "hall"])) as found:
        yield found


def settings_of(broker: Mosquitto, user: str = GATEWAY_USER) -> BrokerSettings:
    return BrokerSettings(port=broker.port, password_file=str(broker.password_file(user)))


@needs_broker
def test_a_broker_that_refuses_strangers_and_knows_the_gateway_passes(broker: Mosquitto) -> None:
    settings = settings_of(broker)
    told = broker_live.told_by_broker(settings, "place")
    assert (told.trouble, told.dropped) == (None, 0)
    found = broker_live.stranger_findings(settings) + broker_live.judge(told)
    assert [finding.status for finding in found] == ["pass", "pass"]
    assert "mosquitto version" in found[1].text


@needs_broker
def test_a_wrong_password_is_the_brokers_own_word(broker: Mosquitto) -> None:
    told = broker_live.told_by_broker(settings_of(broker, "hall"), "place")
    (found,) = broker_live.judge(told)
    assert (found.status, "Not authorized" in found.text) == ("fail", True)


@needs_broker
def test_a_broker_that_lets_everybody_in_is_found(tmp_path: Path) -> None:
    port = free_port()
    path = tmp_path / "mosquitto.conf"
    path.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    with subprocess.Popen([str(find_mosquitto()), "-c", path], stderr=subprocess.DEVNULL) as process:
        settings = BrokerSettings(port=port)
        deadline_mono = time.monotonic() + 20
        while "no broker answers" in (found := broker_live.stranger_findings(settings))[0].text:
            assert time.monotonic() < deadline_mono
            time.sleep(0.02)
        process.terminate()
    assert (found[0].status, "lets in whoever comes" in found[0].text) == ("fail", True)


def test_no_broker_and_something_else_in_its_place_are_found() -> None:
    port = free_port()
    assert "no broker answers" in broker_live.stranger_findings(BrokerSettings(port=port))[0].text
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = BrokerSettings(port=server.getsockname()[1])

        def answer() -> None:
            connection, _ = server.accept()
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        (found,) = broker_live.stranger_findings(settings)
        thread.join()
    assert (found.status, "b'HTTP'" in found.text) == ("fail", True)


def test_what_was_dropped_or_is_not_told_is_a_warning_and_never_taken_for_zero() -> None:
    assert [finding.status for finding in broker_live.judge(Told(None, "m", 0.01, 7))] == ["pass", "warn"]
    assert "7 messages" in broker_live.judge(Told(None, "m", 0.01, 7))[1].text
    assert [finding.status for finding in broker_live.judge(Told(None, None, None, None))] == ["warn", "warn"]
    assert [finding.status for finding in broker_live.judge(Told(None, "m", 2.0, 0))] == ["warn"]


def test_a_broker_that_may_be_asked_and_says_no_number_is_not_called_closed() -> None:
    found = broker_live.judge(Told(None, "mosquitto version 2.0.11", 0.01, None))
    assert [finding.status for finding in found] == ["pass", "pass"]
    assert "tells of no message that it dropped lately" in found[1].text


def test_a_gateways_report_becomes_sentences(bench: Bench) -> None:
    bench.declare()
    bench.receive("vigie/1/semaphore/tableau/status", b"offline")
    bench.receive("nonsense", b"x")
    bench.bus.is_connected, bench.bus.trouble = False, "no broker answers at 127.0.0.1:1883; trying again"
    report = json.loads(json.dumps(bench.gateway.health.report()))
    found = {finding.text.partition(":")[0]: finding for finding in running.judge(report)}
    assert (found["broker"].status, "no broker answers" in found["broker"].text) == ("fail", True)
    assert (found["nodes"].status, found["nodes"].text) == ("warn", "nodes: offline: tableau")
    assert "topic, 1 times, last nonsense" in found["refused"].text
    told = broker_live.told_by_gateway(report)
    assert told is not None
    assert (told.trouble, told.dropped) == (bench.bus.trouble, None)


def test_what_waits_too_long_is_told_with_its_number_and_its_age(bench: Bench) -> None:
    bench.bus.waiting.append(Message("vigie/1/semaphore/tableau/status", b"online", bench.clock.now))
    bench.clock.pass_time(600)
    told = [finding.text for finding in running.judge(bench.gateway.health.report())]
    assert "backlog: 1 messages wait for the ingest thread, some for 10 min" in told


def test_a_gateway_that_does_not_tell_this_machine_is_one_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answer, "status", 401)
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(running.UntoldError, match="local_role is public"):
            running.ask(HttpSettings(host="0.0.0.0", port=server.server_port))
        thread.join()


def test_something_that_hangs_in_the_gateways_place_is_not_taken_for_its_absence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(running, "ANSWER_S", 0.05)
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        pytest.raises(running.UntoldError, match="does not answer"),
    ):
        running.ask(HttpSettings(port=server.getsockname()[1]))


def test_what_influxdb_refuses_and_waits_for_is_told() -> None:
    part: dict[str, Any] = {"status": "warn", "trouble": None, "set_aside": 3, "set_aside_last": "power v=1: too old"}
    part |= {"waiting_readings": 40, "waiting_since_ts": 400.0}
    told = [finding.text for finding in running.judge({"now_ts": 1000.0, "parts": {"influxdb": part}})]
    assert told[1:] == [
        "influxdb: 3 readings are refused and set aside, the last: power v=1: too old",
        "influxdb: 40 readings wait for it, some for 10 min",
    ]


class Answer(http.server.BaseHTTPRequestHandler):
    body = b""
    status = 503

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"parts": 1}', b"\xff"])
def test_what_is_no_gateway_is_said(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answer, "body", body)
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(running.UntoldError, match="is no gateway of Vigie"):
            running.ask(HttpSettings(port=server.server_port))
        thread.join()


def test_a_gateway_that_is_away_is_said() -> None:
    with pytest.raises(running.NoGatewayError, match="no gateway answers at http://127"):
        running.ask(HttpSettings(port=free_port()))
