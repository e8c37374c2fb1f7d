"""The gateway's own wheel and its pinned ones for arm64, each instruction of them emulated: it starts and answers.

Only when asked for (``./run test --emulated``). The system calls are this machine's: only the processor is another.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from requirements.bundle import build_own
from tests.gateway.conftest import SAMPLE_SITE
from tests.hardware.machine_parts import PYTHON, PartsError, gateway_parts, parts, run, unzip

from vigie_gateway.broker import GATEWAY_USER, Mosquitto, find_mosquitto, free_port, make_passwords

pytestmark = [
    pytest.mark.emulated,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(find_mosquitto() is None, reason="Mosquitto is missing: apt-get install mosquitto"),
]
PATIENCE_S = 300.0
"""Until the first answer: everything is interpreted, and each module is compiled anew."""


def arm64_python(folder: Path) -> Path:
    """A program that runs Debian's arm64 Python, with Vigie and all that is pinned; raises PartsError.

    It names itself as the interpreter, so that what Python starts of its own kind is emulated too.
    """
    guest, kept = parts() / "guest", gateway_parts()
    unzip(build_own(folder), folder / "vigie")
    program = folder / "python"
    program.write_text(
        f"""#!/bin/sh
export PYTHONHOME={guest}/usr PYTHONPATH={folder}/vigie:{kept}/wheels PYTHONDONTWRITEBYTECODE=1
exec {kept}/emulator/usr/bin/qemu-aarch64-static -0 "$0" -L {guest} {guest}/usr/bin/python{PYTHON} "$@"
"""
    )
    program.chmod(0o700)
    return program


@dataclass
class Gateway:
    python: Path
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def part(self, name: str) -> dict[str, Any]:
        """One part of its health."""
        found: dict[str, Any] = json.loads(self.get("/healthz")[1])["parts"][name]
        return found

    def wait_for_answer(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert self.process.poll() is None, self.log.read_text()[-3_000:]
            assert time.monotonic() < deadline, self.log.read_text()[-3_000:]
            try:
                self.get("/healthz")
            except OSError:
                time.sleep(0.2)
            else:
                return


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("arm64")
    try:
        python = arm64_python(folder)
    except PartsError as error:
        pytest.skip(f"nothing of arm64 can be emulated here: {error}")
    broker = Mosquitto(folder / "broker", "semaphore", make_passwords([GATEWAY_USER]))
    broker.start()
    port, log = free_port(), folder / "log"
    (folder / "gateway.toml").write_text(
        f'site = "{SAMPLE_SITE}"\n[broker]\nport = {broker.port}\n'
        f'password_file = "{broker.password_file(GATEWAY_USER)}"\n'
        f'[http]\nport = {port}\n[store]\npath = "{folder}/vigie.db"\n'
    )
    command = ["nice", str(python), "-m", "vigie_gateway", "run", "--config", str(folder / "gateway.toml")]
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=dict(os.environ))
    try:
        found = Gateway(python, process, port, log)
        found.wait_for_answer()
        yield found
    finally:
        process.kill()
        process.wait()
        broker.stop()


def test_it_is_another_processor_that_runs_it(gateway: Gateway) -> None:
    assert run([gateway.python, "-c", "import platform; print(platform.machine())"]).strip() == "aarch64"


def test_it_shows_the_board_and_reaches_its_broker(gateway: Gateway) -> None:
    status, page = gateway.get("/board")
    assert (status, "Le Sémaphore" in page) == (200, True)
    deadline = time.monotonic() + PATIENCE_S
    while gateway.part("broker")["status"] != "pass":
        assert time.monotonic() < deadline, gateway.part("broker")
        time.sleep(0.5)


def test_it_ends_in_order_when_told(gateway: Gateway) -> None:
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.process.wait(120) == 0, gateway.log.read_text()[-3_000:]
    assert "Exec format error" not in gateway.log.read_text()
