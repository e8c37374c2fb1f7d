"""The line of a place is cut, for real: who is on its network is told at once, who is outside after, by one message."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.end_to_end.outside_the_place import PORT
from tests.gateway.notify.servers import Receiver, receiver
from tests.own_network import own_network, run

from vigie_contract.clock import CLOCK_VARIABLE, SimulatedClock
from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, make_passwords

pytestmark = [
    pytest.mark.root,
    pytest.mark.timeout(400),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
    pytest.mark.skipif(shutil.which("ip") is None, reason="needs ip: sudo apt install iproute2"),
]
HERE, THERE = "10.77.2.2", "10.77.2.1"
CHECK_S = 10.0
BEAT_S = 10.0
TOLD_WITHIN_S = 60.0
"""On the place's own network, from the cut on: what is promised."""
ROOT = Path(__file__).resolve().parents[2]

SITE = """
id = "place"
name = "Place"
timezone = "Europe/Paris"
languages = ["en"]

[[rooms]]
id = "hall"
name = "Hall"
seats = 9

[[uplinks]]
id = "line"
name = "Line"
portal = "pi.check"

[[told]]
id = "desk"
name = "Desk"
by = ["near"]

[[told]]
id = "chief"
name = "Chief"
by = ["far"]
"""


@pytest.fixture(autouse=True)
def _network_of_its_own() -> Iterator[None]:
    with own_network():
        yield


class Outside:
    """The rest of the world, at the other end of a cable."""

    def __init__(self) -> None:
        command = ["unshare", "--net", sys.executable, "-m", "tests.end_to_end.outside_the_place"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdin is not None
        assert json.loads(self._process.stdout.readline())["what"] == "ready"
        run("ip", "link", "add", "w", "type", "veth", "peer", "name", "o", "netns", str(self._process.pid))
        run("ip", "addr", "add", f"{HERE}/24", "dev", "w")
        run("ip", "link", "set", "w", "up")
        self._ip("addr", "add", f"{THERE}/24", "dev", "o")
        self._ip("link", "set", "lo", "up")
        self.plug(is_in=True)
        run("ip", "route", "add", "default", "via", THERE)
        self.asked: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def _ip(self, *words: str) -> None:
        run("nsenter", "-t", str(self._process.pid), "-n", "ip", *words)

    def plug(self, *, is_in: bool) -> None:
        """The cable, at the far end: the place's own interface stays as it is."""
        self._ip("link", "set", "o", "up" if is_in else "down")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.asked.append(json.loads(line))

    def times(self, what: str) -> list[float]:
        return [one["at_mono"] for one in self.asked if one["what"] == what]

    def messages(self) -> list[str]:
        return [one["text"] for one in self.asked if one["what"] == "message"]

    def close(self) -> None:
        self._process.kill()
        self._thread.join()
        self._process.communicate()


class Inside:
    """Broker, gateway and node, each a process."""

    def __init__(self, folder: Path, broker: Mosquitto, near: Receiver) -> None:
        self.folder, self.port = folder, 8_080
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        notifiers = folder / "notifiers.toml"
        notifiers.write_text(
            f'[notifiers.near]\nurl = "json://127.0.0.1:{near.port}/"\nlocal = true\nloopback = true\n'
            f'[notifiers.far]\nurl = "json://{THERE}:{PORT}/"\n'
            f'[heartbeat]\nurl = "http://{THERE}:{PORT}/beat"\nevery_s = {BEAT_S:.0f}\n',
            encoding="utf-8",
        )
        notifiers.chmod(0o600)
        (folder / "gateway.toml").write_text(
            f'site = "{folder}/site.toml"\n[broker]\nport = {broker.port}\n'
            f'password_file = "{broker.password_file(GATEWAY_USER)}"\n[http]\nport = {self.port}\n'
            f'[store]\npath = "{folder}/vigie.db"\n[notify]\nfile = "{notifiers}"\n',
            encoding="utf-8",
        )
        (folder / "sensors.toml").write_text(
            f'site = "place"\nnode = "pi"\ngateways = ["main"]\n'
            f'[broker]\nhost = "127.0.0.1"\nport = {broker.port}\npassword_file = "{broker.password_file("pi")}"\n'
            f'[journal]\ndirectory = "{folder}/journal"\n'
            f'[[sensors]]\nname = "check"\ndriver = "portal"\nperiod_s = {CHECK_S:.0f}\n'
            f'url = "http://{THERE}:{PORT}/generate_204"\n',
            encoding="utf-8",
        )
        # The kernel of a test machine may not know whether its clock is right; a simulated one is.
        clock = SimulatedClock(time.time(), time.monotonic(), 1.0)
        environment = os.environ | {CLOCK_VARIABLE: clock.to_environment()}
        self._processes = []
        for program, name in (("vigie_gateway", "gateway"), ("vigie_sensors", "sensors")):
            with (folder / f"{name}.log").open("wb") as log:
                command = [sys.executable, "-m", program, "run", "--config", str(folder / f"{name}.toml")]
                self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environment))

    def board(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/board?l=en", timeout=10) as answer:
            return str(answer.read().decode())

    def said(self) -> str:
        return "".join(path.read_text(encoding="utf-8")[-2_000:] for path in sorted(self.folder.glob("*.log")))

    def close(self) -> None:
        for process in self._processes:
            process.terminate()
            process.wait(20)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Outside, Inside, Receiver]]:
    outside = Outside()
    try:
        with (
            receiver() as near,
            Mosquitto(tmp_path / "broker", "place", make_passwords([GATEWAY_USER, "pi"])) as broker,
        ):
            inside = Inside(tmp_path, broker, near)
            yield outside, inside, near
            inside.close()
    finally:
        outside.close()


def clock(at_ts: float) -> str:
    """As the place's wall shows it."""
    return datetime.fromtimestamp(at_ts, ZoneInfo("Europe/Paris")).strftime("%H:%M")


def waited(inside: Inside, is_so: Callable[[], object], within_s: float) -> float:
    """Seconds until it was so."""
    began_mono = time.monotonic()
    while not is_so():
        assert time.monotonic() - began_mono < within_s, inside.said()
        time.sleep(0.1)
    return time.monotonic() - began_mono


def test_who_is_here_is_told_at_once_and_who_is_outside_after_by_one_message(
    place: tuple[Outside, Inside, Receiver],
) -> None:
    outside, inside, near = place
    waited(inside, lambda: len(outside.times("check")) > 1 and len(outside.times("beat")) > 1, 60)
    outside.plug(is_in=False)
    cut_ts, cut_mono = time.time(), time.monotonic()
    board_s = waited(inside, lambda: "Internet is down" in inside.board(), TOLD_WITHIN_S)
    near_s = board_s + waited(inside, lambda: near.messages, TOLD_WITHIN_S - board_s)
    time.sleep(max(0.0, cut_mono + 90.0 - time.monotonic()))  # as long as a service outside waits before it tells
    assert outside.messages() == []
    silent_s = time.monotonic() - max(outside.times("beat"))
    assert silent_s > 6 * BEAT_S
    outside.plug(is_in=True)
    back_ts = time.time()
    back_s = waited(inside, outside.messages, 120)
    waited(inside, lambda: time.monotonic() - max(outside.times("beat")) < 2 * BEAT_S, 60)
    waited(inside, lambda: len(near.messages) > 1, 60)
    time.sleep(15)
    print(
        f"board {board_s:.1f} s, near {near_s:.1f} s, heartbeat silent {silent_s:.0f} s, outside {back_s:.1f} s after"
    )
    (message,) = outside.messages()
    assert message.startswith("Place \u2013 Over: Internet is down\n")
    began, ended = (re.search(rf"{word} ([0-9:]+)", message) for word in ("from", "to"))
    # To the minute, as people read it: between the cut and what the probe makes of it.
    assert began is not None
    assert began[1] in {clock(cut_ts), clock(cut_ts + TOLD_WITHIN_S)}
    assert ended is not None
    assert ended[1] in {clock(back_ts), clock(back_ts + TOLD_WITHIN_S)}
    assert [title.removeprefix("Place \u2013 ") for title in near.messages] == [
        "Outage: Internet is down",
        "Over: Internet is down",
    ]
