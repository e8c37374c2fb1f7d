"""A node gets its credential by a one-time code, at the gateway's real door, and tells nobody else the code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import ManualClock
from tests.firmware.interpreters import run_there

from vigie_contract import enrolment as contract
from vigie_gateway.api.serving import Tls
from vigie_gateway.certificates.authority import certify_for_nodes, der_of, make_authority
from vigie_gateway.nodes.door import Door
from vigie_gateway.nodes.enrolment import Enrolment, Stage
from vigie_node.enrolment import EnrolmentError, parse, proof_of

CODE = "K7QM2XRD9VTB4HNW"
AUTHORITY = make_authority("lieu", ["localhost"])
CA = AUTHORITY.certificate
CREDENTIAL = contract.Credential(
    "lieu", "pico-1", "x" * 32, CA.decode(), (contract.Address("192.168.1.20", 8883),), ("main",)
)
THERE = """
import json
from vigie_node.enrolment import Enrolment, EnrolmentError
try:
    enrolment = Enrolment(sys.stdin.readline())
    enrolment.check()
    found = enrolment.take()
    enrolment.tell(True, "")
    print(json.dumps(found))
except EnrolmentError as error:
    print(json.dumps({"trouble": str(error)}))
"""


@pytest.fixture
def waiting(clock: ManualClock) -> Enrolment:
    return Enrolment(CODE, CA.decode(), der_of(CA), lambda: CREDENTIAL, clock.now_mono)


@pytest.fixture
def door(waiting: Enrolment, tmp_path: Path) -> Iterator[Door]:
    pair = certify_for_nodes(AUTHORITY, ["localhost", "127.0.0.1"])
    (tmp_path / "crt").write_bytes(pair.certificate)
    (tmp_path / "key").write_bytes(pair.key)
    with Door(waiting, Tls(str(tmp_path / "crt"), str(tmp_path / "key")), "127.0.0.1", 0) as opened:
        yield opened


@pytest.mark.parametrize("name", ["micropython", "cpython"])
def test_a_code_becomes_what_node_json_needs_and_the_gateway_hears_how_it_went(
    name: str, door: Door, waiting: Enrolment
) -> None:
    found = json.loads(run_there(name, THERE, f"k7qm-2xrd-9vtb-4hnw@localhost:{door.port}\n"))
    assert found == {
        "site": "lieu",
        "node": "pico-1",
        "password": "x" * 32,
        "ca": CA.decode(),
        "brokers": [{"host": "192.168.1.20", "port": 8883}],
        "gateways": ["main"],
    }
    assert (waiting.stage, waiting.is_heard) == (Stage.TOLD, True)
    assert waiting.software.startswith("vigie-node ")


def test_a_code_of_another_gateway_is_not_told_to_this_one(door: Door, waiting: Enrolment) -> None:
    found = json.loads(run_there("micropython", THERE, f"AAAA-AAAA-AAAA-AAAA@localhost:{door.port}\n"))
    assert "does not know this code" in found["trouble"]
    assert (waiting.stage, waiting.tries) == (Stage.WAITING, 0)


def test_a_gateway_that_waits_for_nobody_is_said_in_one_sentence() -> None:
    found = json.loads(run_there("micropython", THERE, f"{CODE}@localhost:1\n"))
    assert found["trouble"].startswith("No gateway that waits for a node: localhost:1")


@given(st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ", min_size=16, max_size=16), st.binary(max_size=200))
def test_the_proof_is_the_contracts(code: str, certificate: bytes) -> None:
    assert proof_of(code, certificate) == contract.proof_of(code, certificate)


@pytest.mark.parametrize("typed", [CODE, "k7qm-2xrd-9vtb-4hnw@192.168.1.20:8884", "O0IL 1234 5678 9ABC@vigie.local"])
def test_what_a_person_types_is_read_as_the_contract_reads_it(typed: str) -> None:
    expected = contract.read_invitation(typed)
    assert parse(typed) == (expected.code, expected.host, expected.port)


@pytest.mark.parametrize("typed", ["", "K7QM", CODE + "A", "K7QM2XRD9VTB4HN_", CODE + "@h:0", CODE + "@h:x", "@h"])
def test_what_is_no_code_is_said_before_anything_is_asked(typed: str) -> None:
    with pytest.raises(EnrolmentError):
        parse(typed)
