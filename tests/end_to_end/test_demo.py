"""``vigie-gateway demo`` as a person starts it: the real broker, gateway and nodes, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from vigie_gateway.broker import find_mosquitto, free_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(find_mosquitto() is None, reason="mosquitto is not installed"),
]

WAIT_S = 120.0


class Demo:
    """A demo that runs in a folder of its own."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder
        self.port = free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "vigie_gateway", "demo", "--port", str(self.port), *arguments],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return bytes(answer.read())

    def json(self, path: str) -> Any:
        return json.loads(self.get(path))

    def rooms(self) -> dict[str, Any]:
        return {room["id"]: room for room in self.json("/api/v1/rooms")["rooms"]}

    def wait_for(self, is_true: Callable[[], bool]) -> None:
        deadline_mono = time.monotonic() + WAIT_S
        while True:
            try:
                if is_true():
                    return
            except (OSError, KeyError):
                pass  # not listening yet
            if time.monotonic() > deadline_mono or self.process.poll() is not None:
                pytest.fail(f"it did not happen; the demo said:\n{self.end()}\n{self.logs()}")
            time.sleep(0.1)

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def logs(self) -> str:
        return "\n".join(f"{path}:\n{path.read_text()[-2000:]}" for path in self.folder.glob(".vigie/demo/logs/*.log"))

    def end(self, number: int = signal.SIGTERM) -> str:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.communicate(timeout=30)[0]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Start a demo; it is ended with the test."""
    started: list[Demo] = []

    def make(*arguments: str) -> Demo:
        started.append(Demo(tmp_path, *arguments))
        return started[-1]

    yield make
    for demo in started:
        demo.end()


def test_the_board_shows_the_sample_place_alive_and_ctrl_c_ends_it_all(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.wait_for(lambda: b"<html" in demo.get("/board"))
    # The counts are right when the history of today has come in.
    demo.wait_for(lambda: demo.rooms()["salle"]["state"] == "full")
    demo.wait_for(lambda: demo.rooms()["cafe"]["outlets"]["cut"] == 6)
    rooms = demo.rooms()
    assert rooms["salle"]["people"] == 40
    assert rooms["cabine-1"]["state"] == "full"
    assert rooms["mezzanine"]["state"] in {"old", "silent"}
    assert rooms["fablab"]["state"] == "no-sensor"
    demo.wait_for(lambda: demo.rooms()["cabine-2"]["state"] == "empty")
    assert demo.json("/healthz")["parts"]["refused"]["by_reason"] == {}

    children = demo.children()
    assert len(children) >= 5
    told = demo.end(signal.SIGINT)
    assert demo.process.returncode == 0, told
    assert f"http://127.0.0.1:{demo.port}/board" in told
    assert psutil.wait_procs(children, timeout=0)[1] == []


def test_it_ends_by_itself_with_code_0_and_leaves_nothing_running(start: Callable[..., Demo]) -> None:
    demo = start("--for", "15", "--speed", "60")
    demo.wait_for(lambda: len(demo.children()) >= 5)
    children = demo.children()
    told, _ = demo.process.communicate(timeout=WAIT_S)
    assert demo.process.returncode == 0, told
    assert psutil.wait_procs(children, timeout=0)[1] == []
    with socket.create_server(("127.0.0.1", demo.port)):
        pass


def test_a_node_that_dies_is_named_and_started_again_while_the_rest_goes_on(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.wait_for(lambda: demo.json("/healthz")["parts"]["nodes"]["by_id"]["accueil"]["is_online"])
    node = next(child for child in demo.children() if any("accueil.toml" in word for word in child.cmdline()))
    os.kill(node.pid, signal.SIGKILL)
    demo.wait_for(
        lambda: any("accueil.toml" in word for child in demo.children() if child != node for word in child.cmdline())
    )
    assert b"<html" in demo.get("/board")
    told = demo.end()
    assert demo.process.returncode == 0
    assert "accueil ended unexpectedly" in told
    assert "accueil is started again" in told


def test_a_gateway_that_dies_ends_the_demo_with_its_last_words(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.wait_for(lambda: b"<html" in demo.get("/board"))
    gateway = next(child for child in demo.children() if any("gateway.toml" in word for word in child.cmdline()))
    children = demo.children()
    os.kill(gateway.pid, signal.SIGKILL)
    told, _ = demo.process.communicate(timeout=WAIT_S)
    assert demo.process.returncode == 1
    assert "gateway ended unexpectedly; the end of .vigie/demo/logs/gateway.log:" in told
    assert psutil.wait_procs(children, timeout=5)[1] == []


def test_a_demo_that_is_killed_takes_its_children_with_it(start: Callable[..., Demo]) -> None:
    demo = start()
    demo.wait_for(lambda: len(demo.children()) >= 5)
    children = demo.children()
    demo.process.kill()
    assert psutil.wait_procs(children, timeout=15)[1] == []
