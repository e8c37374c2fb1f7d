"""The gateway as a process: real broker, real socket, real signals."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.bench import load
from tests.gateway.conftest import SAMPLE_SITE
from tests.gateway.notify.servers import receiver

from vigie_contract.clock import SystemClock
from vigie_contract.messages import Channel
from vigie_gateway.broker import DEVICES_USER, GATEWAY_USER, HOME_ASSISTANT_USER, Mosquitto, free_port, make_passwords
from vigie_gateway.clock import rtc
from vigie_gateway.recording.wire import Wire
from vigie_gateway.settings import BrokerSettings

NODE = load.NODE


@dataclass
class Running:
    """A gateway process and where it answers."""

    process: subprocess.Popen[str]
    port: int

    def get(self, path: str, timeout_s: float = 10) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def health(self) -> dict[str, object]:
        found = json.loads(self.get("/healthz")[1])
        assert isinstance(found, dict)
        return found

    def part(self, name: str) -> dict[str, Any]:
        """One part of its health."""
        parts = self.health()["parts"]
        assert isinstance(parts, dict)
        found = parts[name]
        assert isinstance(found, dict)
        return found

    def stop(self) -> float:
        """Send SIGTERM; the seconds until it was gone."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        return time.monotonic() - began


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    described = Mosquitto(
        tmp_path / "broker", "semaphore", make_passwords([GATEWAY_USER, DEVICES_USER, HOME_ASSISTANT_USER, NODE])
    )
    yield described
    described.stop()


@pytest.fixture
def run_gateway(tmp_path: Path, broker: Mosquitto) -> Iterator[Callable[..., Running]]:
    """Start a gateway with what is given; it is stopped with the test."""
    running: list[Running] = []

    def start(*, is_vouched: bool = True, site: Path = SAMPLE_SITE, settings: str = "", **environment: str) -> Running:
        port = free_port()
        password_file = broker.password_file(GATEWAY_USER)
        password_file.parent.mkdir(parents=True, exist_ok=True)
        password_file.write_text(broker.password(GATEWAY_USER), encoding="utf-8")
        config = tmp_path / "gateway.toml"
        config.write_text(
            f'site = "{site}"\n[broker]\nport = {broker.port}\npassword_file = "{password_file}"\n'
            f'[http]\nport = {port}\n[store]\npath = "{tmp_path}/vigie.db"\ncommit_interval_s = 0.2\n{settings}',
            encoding="utf-8",
        )
        if is_vouched:
            load.vouch_for_clock(tmp_path / "vigie.db")
        process = subprocess.Popen(
            [sys.executable, "-m", "vigie_gateway", "run", "--config", str(config)],
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
        )
        found = Running(process, port)
        running.append(found)
        _wait(lambda: _answers(port) or process.poll() is not None)
        return found

    yield start
    for each in running:
        each.process.kill()
        each.process.wait()
        assert each.process.stderr is not None
        each.process.stderr.close()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False


def _wait(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_it_starts_without_a_broker_says_so_and_goes_on_when_the_broker_comes(
    broker: Mosquitto, run_gateway: Callable[..., Running]
) -> None:
    gateway = run_gateway()
    assert gateway.get("/board")[0] == 200
    status, body = gateway.get("/healthz")
    assert status == 503
    assert json.loads(body)["parts"]["broker"]["status"] == "fail"
    broker.start()
    _wait(lambda: gateway.get("/healthz")[0] == 200)


def test_a_broker_that_goes_and_comes_back_costs_no_reading(
    broker: Mosquitto, run_gateway: Callable[..., Running]
) -> None:
    broker.start()
    gateway = run_gateway()
    first = load.make_load("j-away", 40, 5, start_ts=time.time() - 60, step_s=0.01)
    with load.RawNode(broker.port, NODE, broker.password(NODE)) as node:
        node.declare(load.CHANNELS)
        _wait(lambda: NODE in str(gateway.health()["parts"]))
        load.run_load(node, load.Load(first.journal, first.packets[:20], first.ends[:20]))
    broker.stop()
    _wait(lambda: gateway.get("/healthz")[0] == 503)
    broker.start()
    _wait(lambda: gateway.get("/healthz")[0] == 200)
    with load.RawNode(broker.port, NODE, broker.password(NODE)) as node:
        load.run_load(node, first)
    parts = gateway.health()["parts"]
    assert isinstance(parts, dict)
    assert (parts["ingest"]["stored"], parts["ingest"]["gaps"]) == (200, 0)


def test_what_was_acknowledged_survives_a_kill(broker: Mosquitto, run_gateway: Callable[..., Running]) -> None:
    broker.start()
    gateway = run_gateway()
    with load.RawNode(broker.port, NODE, broker.password(NODE)) as node:
        node.declare(load.CHANNELS)
        _wait(lambda: NODE in str(gateway.health()["parts"]))
        load.run_load(node, load.make_load("j-kill", 10, 10, start_ts=time.time() - 60, step_s=0.01))
    gateway.process.kill()
    gateway.process.wait()
    again = run_gateway()
    listed = json.loads(again.get("/api/v1/series")[1])
    assert sum(series["latest"] is not None for series in listed) == 100


def test_an_open_stream_does_not_delay_the_stop(broker: Mosquitto, run_gateway: Callable[..., Running]) -> None:
    broker.start()
    gateway = run_gateway()
    with socket.create_connection(("127.0.0.1", gateway.port)) as stream:
        stream.sendall(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in stream.recv(1_000)
        assert gateway.stop() < 3
    assert gateway.process.returncode == 0


def test_a_reading_reaches_an_open_stream(broker: Mosquitto, run_gateway: Callable[..., Running]) -> None:
    broker.start()
    gateway = run_gateway()
    with load.RawNode(broker.port, NODE, broker.password(NODE)) as node:
        node.declare([Channel("linky-va", "apparent_power", 10.0)])
        _wait(lambda: NODE in str(gateway.health()["parts"]))
        connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=10)
        connection.request("GET", "/events?l=en")
        with connection.getresponse() as stream:
            while not stream.readline().startswith(b"event: state"):
                pass
            pack = (
                f'[{{"bn":"semaphore/{NODE}/","journal":"j-live","first":1,"floor":1,"bt":{time.time():.3f},'
                '"n":"linky-va","u":"VA","v":4200}]'
            )
            node.send(load.publish_packet(f"vigie/1/semaphore/{NODE}/data", pack.encode(), 1))
            line = b""
            while b"k.power" not in line or b"4.2" not in line:
                line = stream.readline()
                assert line
        connection.close()


def test_one_line_tells_home_assistant_what_the_board_shows(
    broker: Mosquitto, run_gateway: Callable[..., Running]
) -> None:
    broker.start()
    heard: dict[str, bytes] = {}
    password = str(broker.password_file(HOME_ASSISTANT_USER))
    there = BrokerSettings(port=broker.port, username=HOME_ASSISTANT_USER, password_file=password)
    with Wire(there, lambda topic, payload, _: heard.update({topic: payload})):
        gateway = run_gateway(settings="[home_assistant]\nenabled = true\n")
        _wait(lambda: "homeassistant/device/vigie-semaphore-main/config" in heard)
        with load.RawNode(broker.port, NODE, broker.password(NODE)) as node:
            node.declare([Channel("linky-va", "apparent_power", 10.0)])
            _wait(lambda: NODE in str(gateway.health()["parts"]))
            pack = (
                f'[{{"bn":"semaphore/{NODE}/","journal":"j-live","first":1,"floor":1,"bt":{time.time():.3f},'
                '"n":"linky-va","u":"VA","v":4200}]'
            )
            node.send(load.publish_packet(f"vigie/1/semaphore/{NODE}/data", pack.encode(), 1))
            _wait(lambda: b'"power_va":4200' in heard["vigie/1/semaphore/main/place"])
        assert gateway.part("home_assistant")["status"] == "pass"
        gateway.process.kill()
        _wait(lambda: b'"known":false' in heard["vigie/1/semaphore/main/alerts"])


def test_devices_of_others_are_listened_to_where_the_settings_say_so(
    broker: Mosquitto, run_gateway: Callable[..., Running], tmp_path: Path
) -> None:
    broker.start()
    password = broker.password_file(DEVICES_USER).resolve()
    gateway = run_gateway(settings=f'[devices]\npassword_file = "{password}"\nfamilies = ["tasmota"]\n')
    _wait(lambda: gateway.part("devices")["status"] == "pass")
    assert gateway.stop() < 15
    assert (tmp_path / "devices.db").exists()


@pytest.mark.skipif(
    SystemClock().is_synchronised() or rtc.read() is not None, reason="something keeps this machine's clock"
)
def test_a_gateway_that_runs_stores_as_soon_as_a_person_vouches_for_its_clock(
    broker: Mosquitto, run_gateway: Callable[..., Running], tmp_path: Path
) -> None:
    broker.start()
    gateway = run_gateway(is_vouched=False)
    given = load.make_load("j-clock", 20, 5, start_ts=time.time() - 60, step_s=0.01)
    with load.RawNode(broker.port, NODE, broker.password(NODE)) as node:
        node.declare(load.CHANNELS)
        _wait(lambda: NODE in str(gateway.health()["parts"]))
        for packet in given.packets:
            node.send(packet)
        _wait(lambda: gateway.part("ingest")["messages"] >= len(given.packets))
        assert (gateway.part("clock")["is_known"], gateway.part("ingest")["stored"]) == (False, 0)
        assert "ne sait pas quelle heure il est" in gateway.get("/board?l=fr")[1].decode()
        command = [sys.executable, "-m", "vigie_gateway", "clock", "set", "--config", str(tmp_path / "gateway.toml")]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
        _wait(lambda: gateway.part("clock")["witness"] == "person")
        load.run_load(node, given)
    assert gateway.part("ingest")["stored"] == 100


def test_a_taken_port_is_one_clear_line(broker: Mosquitto, run_gateway: Callable[..., Running], tmp_path: Path) -> None:
    broker.start()
    first = run_gateway()
    config = (tmp_path / "gateway.toml").read_text(encoding="utf-8").replace("vigie.db", "other.db")
    (tmp_path / "second.toml").write_text(config, encoding="utf-8")
    again = subprocess.run(
        [sys.executable, "-m", "vigie_gateway", "run", "--config", str(tmp_path / "second.toml")],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert again.returncode == 69
    assert again.stderr.strip().splitlines()[-1].startswith(f"http.port {first.port} on 127.0.0.1 cannot be used")


@pytest.mark.parametrize(
    ("site", "expected"),
    [
        ("id = 1\n", "site.toml"),
        ("id = \n", "site.toml"),
        ('id = "a"\nname = "A"\ntimezone = "Mars/Olympus"\n', "Mars/Olympus"),
    ],
)
def test_a_broken_site_file_ends_with_78_and_names_the_file(tmp_path: Path, site: str, expected: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(site, encoding="utf-8")
    for command in ("run", "check"):
        ended = subprocess.run(
            [sys.executable, "-m", "vigie_gateway", command, "--site", str(path)],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert ended.returncode == 78
        assert expected in ended.stderr
        assert "Traceback" not in ended.stderr


def test_a_gateway_feeds_the_dead_mans_switch_and_shows_what_it_tells_people_by(
    run_gateway: Callable[..., Running], tmp_path: Path
) -> None:
    with receiver() as switch:
        notifiers = tmp_path / "notifiers.toml"
        url = f"http://127.0.0.1:{switch.port}/canary"
        notifiers.write_text(f'[heartbeat]\nurl = "{url}"\nloopback = true\n', encoding="utf-8")
        notifiers.chmod(0o600)
        gateway = run_gateway(settings=f'[notify]\nfile = "{notifiers}"\n')
        _wait(lambda: bool(switch.received))
        _wait(lambda: gateway.part("notifiers")["heartbeat"]["fed_ts"] is not None)
        told = gateway.part("notifiers")
    assert switch.received[0].path == "/canary"
    assert (told["status"], told["notifiers"]["screen"]["is_local"]) == ("pass", True)
    assert "canary" not in json.dumps(told)


def test_a_database_that_is_none_ends_with_74_and_names_the_file(
    broker: Mosquitto, run_gateway: Callable[..., Running], tmp_path: Path
) -> None:
    (tmp_path / "vigie.db").write_bytes(b"this is no database" * 1_000)
    gateway = run_gateway()
    assert gateway.process.wait(20) == 74
    assert gateway.process.stderr is not None
    assert "vigie.db" in gateway.process.stderr.read()


def test_the_service_manager_is_told_when_it_is_ready_and_fed_while_it_works(
    broker: Mosquitto, run_gateway: Callable[..., Running], tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        run_gateway(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="1000000")
        assert manager.recv(1_000).startswith(b"READY=1")
        assert manager.recv(1_000) == b"WATCHDOG=1"


def test_a_gateway_whose_database_is_damaged_starts_all_the_same_and_says_so(
    tmp_path: Path, broker: Mosquitto, run_gateway: Callable[..., Running]
) -> None:
    broker.start()
    run_gateway().stop()
    database = tmp_path / "vigie.db"
    database.write_bytes(b"\xff" * 64 + database.read_bytes()[64:])
    gateway = run_gateway()
    parts = gateway.health()["parts"]
    assert isinstance(parts, dict)
    assert parts["store"]["status"] == "warn"
    assert parts["store"]["salvage"]["file"].startswith("vigie.db.damaged-")
    assert (tmp_path / parts["store"]["salvage"]["file"]).read_bytes()[:4] == b"\xff" * 4
    assert gateway.get("/board")[0] == 200


def test_a_second_gateway_on_the_same_database_is_refused(
    tmp_path: Path, broker: Mosquitto, run_gateway: Callable[..., Running]
) -> None:
    broker.start()
    run_gateway()
    second = run_gateway()
    assert second.process.wait(20) == 74
    assert second.process.stderr is not None
    assert "another vigie-gateway has it open" in second.process.stderr.read()


ROOM = '[[rooms]]\nid = "serre"\nname = "Serre"\nseats = 7\n'


@pytest.fixture
def own_site(tmp_path: Path) -> Path:
    """The sample place in a file that a test may change."""
    path = tmp_path / "site.toml"
    path.write_text(SAMPLE_SITE.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "sessions.ics").write_bytes(SAMPLE_SITE.with_name("sessions.ics").read_bytes())
    return path


def _rooms(gateway: Running) -> list[str]:
    return [room["id"] for room in json.loads(gateway.get("/api/v1/rooms")[1])["rooms"]]


def test_a_changed_place_is_read_again_without_refusing_anybody_or_losing_a_reading(
    broker: Mosquitto, run_gateway: Callable[..., Running], own_site: Path
) -> None:
    broker.start()
    gateway = run_gateway(site=own_site)
    given = load.make_load("j-reread", 200, 5, start_ts=time.time() - 60, step_s=0.01)
    refused: list[Exception] = []
    is_over = threading.Event()

    def ask_all_the_time() -> None:
        while not is_over.is_set():
            try:
                gateway.get("/api/v1/public")
            except ConnectionRefusedError as error:
                refused.append(error)
            except (OSError, http.client.HTTPException):
                pass  # a connection that was open at the change may be closed; a new one may not be refused

    asking = threading.Thread(target=ask_all_the_time)
    with load.RawNode(broker.port, NODE, broker.password(NODE)) as node:
        node.declare(load.CHANNELS)
        _wait(lambda: NODE in str(gateway.health()["parts"]))
        asking.start()
        for change in range(3):
            own_site.write_text(
                own_site.read_text(encoding="utf-8") + ROOM.replace("serre", f"serre-{change}"), "utf-8"
            )
            gateway.process.send_signal(signal.SIGHUP)
            part = slice(change * 60, (change + 1) * 60)
            load.run_load(node, load.Load(given.journal, given.packets[part], given.ends[part]))
            _wait(lambda number=change: f"serre-{number}" in _rooms(gateway))  # type: ignore[misc] # a default of its own
        load.run_load(node, given)
    is_over.set()
    asking.join()
    assert refused == []
    listed = json.loads(gateway.get("/api/v1/series")[1])
    assert sum(series["latest"] is not None for series in listed) == 100
    assert gateway.part("ingest")["gaps"] == 0
    assert gateway.stop() < 5
    assert gateway.process.returncode == 0


def test_a_wrong_place_is_refused_with_its_line_and_the_gateway_goes_on(
    broker: Mosquitto, run_gateway: Callable[..., Running], own_site: Path
) -> None:
    broker.start()
    gateway = run_gateway(site=own_site)
    before = _rooms(gateway)
    own_site.write_text(own_site.read_text(encoding="utf-8") + ROOM.replace("7", "-7"), encoding="utf-8")
    gateway.process.send_signal(signal.SIGHUP)
    assert gateway.process.stderr is not None
    line = ""
    while "the place stays as it was" not in line:
        line = gateway.process.stderr.readline()
        assert line
    assert "site.toml:" in line
    assert "rooms[10].seats is -7, expected a whole number, 0 or more" in line
    assert _rooms(gateway) == before


def test_a_first_start_without_a_place_says_where_to_begin(
    broker: Mosquitto, run_gateway: Callable[..., Running], tmp_path: Path
) -> None:
    gateway = run_gateway(site=tmp_path / "none.toml")
    assert gateway.process.stderr is not None
    line = ""
    while "no place yet" not in line:
        line = gateway.process.stderr.readline()
        assert line
    address = re.search(r"http://127\.0\.0\.1:(\d+)(/setup/start/\S+)", line)
    assert address is not None
    assert int(address[1]) == gateway.port
    assert gateway.get(address[2])[0] == 200
    assert gateway.get("/board")[0] == 200
    assert gateway.get("/setup")[0] == 401
