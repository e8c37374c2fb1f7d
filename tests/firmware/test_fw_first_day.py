"""A node's first day on MicroPython: from what a person typed on its page to a reading that a gateway has stored."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.firmware.interpreters import FIRMWARE, interpreter, run_there
from tests.sensors.wire.conftest import Broker, FakeGateway, wait_until

from vigie_contract import enrolment as contract
from vigie_gateway.api.serving import Tls
from vigie_gateway.broker import free_port
from vigie_gateway.certificates.authority import certify_for_nodes, der_of, make_authority
from vigie_gateway.nodes.door import Door
from vigie_gateway.nodes.enrolment import Enrolment, Stage
from vigie_node.set_up import wanted_of

CODE = "K7QM2XRD9VTB4HNW"
AUTHORITY = make_authority("house", ["localhost"])
SET_UP = """
from vigie_node.boards.unix import Unix
from vigie_node.set_up import serve
serve(Unix(sys.stdin.readline().strip()), "")
"""


@pytest.fixture
def tls(tmp_path: Path) -> Tls:
    pair = certify_for_nodes(AUTHORITY, ["localhost"])
    (tmp_path / "crt").write_bytes(pair.certificate)
    (tmp_path / "key").write_bytes(pair.key)
    return Tls(str(tmp_path / "crt"), str(tmp_path / "key"))


@pytest.fixture
def gateway(tmp_path: Path, tls: Tls) -> Iterator[tuple[FakeGateway, int]]:
    """One that stores what is next in line, behind the real broker; and the port where that speaks TLS."""
    port = free_port()
    lines = ["allow_anonymous true", f"listener {port} 127.0.0.1", f"certfile {tls.certificate}", f"keyfile {tls.key}"]
    broker = Broker(tmp_path, lines)
    broker.start()
    running = FakeGateway(broker.port, node="pico-1", commit=1)
    running.start()
    yield running, port
    running.stop()
    broker.kill()


def test_a_code_typed_on_the_page_ends_in_a_reading_stored_and_the_gateway_is_told(
    gateway: tuple[FakeGateway, int], tls: Tls, tmp_path: Path, clock: ManualClock
) -> None:
    stores, port = gateway
    ca = AUTHORITY.certificate
    credential = contract.Credential(
        "house", "pico-1", "x" * 32, ca.decode(), (contract.Address("localhost", port),), ("main",)
    )
    waiting = Enrolment(CODE, ca.decode(), der_of(ca), lambda: credential, clock.now_mono)
    flash = tmp_path / "flash"
    flash.mkdir()
    with Door(waiting, tls, "127.0.0.1", 0) as door:
        typed = {"ssid": "lieu", "code": f"{CODE}@localhost:{door.port}", "kind": "motion", "id": "pir", "pin_1": "5"}
        (flash / "wanted.json").write_text(json.dumps(wanted_of(typed)), encoding="utf-8")
        run_there("micropython", SET_UP, f"{flash}\n")
        assert waiting.stage is Stage.HANDED
        assert not (flash / "wanted.json").exists()
        command = [*interpreter("micropython"), str(FIRMWARE / "run_unix.py"), str(flash)]
        node = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        try:
            wait_until(lambda: waiting.stage is Stage.TOLD, "the node tells that it is heard")
        finally:
            node.kill()
            node.communicate()
    assert waiting.is_heard
    assert stores.stored[0][1]["n"] in ("pir", "rssi")
    assert not (flash / "enrolled").exists()
