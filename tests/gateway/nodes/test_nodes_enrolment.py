"""A code holds once and for ten minutes, and whoever guesses waits; at a real door over TLS, a node gets in by it."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import ManualClock

from vigie_contract.enrolment import (
    MOST_ASKED_BYTES,
    Address,
    Credential,
    Invitation,
    decode_credential,
    decode_refusal,
    encode_request,
    encode_told,
    new_code,
)
from vigie_gateway.api.serving import Tls
from vigie_gateway.certificates.authority import Pair, certify_for_nodes, der_of, make_authority
from vigie_gateway.nodes.door import Door, DoorError
from vigie_gateway.nodes.enrolment import HOLDS_S, Answer, Enrolment, NotLetInError, Stage
from vigie_sensors.enrolment.asking import AskingError, ask_authority, ask_credential, tell

CODE = "K7QM2XRD9VTB4HNW"
AUTHORITY = make_authority("lieu", ["localhost"])
CREDENTIAL = Credential(
    "lieu", "pi-2", "x" * 32, AUTHORITY.certificate.decode(), (Address("vigie.local", 8883),), ("main",)
)


class Admission:
    """The broker's side: whom it let in, and whether it can."""

    def __init__(self) -> None:
        self.times = 0
        self.trouble = ""

    def __call__(self) -> Credential:
        if self.trouble:
            raise NotLetInError(self.trouble)
        self.times += 1
        return CREDENTIAL


@pytest.fixture
def admission() -> Admission:
    return Admission()


@pytest.fixture
def enrolment(admission: Admission, clock: ManualClock) -> Enrolment:
    ca = AUTHORITY.certificate
    return Enrolment(CODE, ca.decode(), der_of(ca), admission, clock.now_mono)


def word(answer: Answer) -> str:
    return decode_refusal(answer.body)[0]


def show(enrolment: Enrolment, code: str = CODE, address: str = "192.168.1.30") -> Answer:
    return enrolment.enrol(encode_request(code, "vigie-sensors 1"), address)


def test_the_right_code_gets_the_credential_once(enrolment: Enrolment, admission: Admission) -> None:
    first, second = show(enrolment), show(enrolment)
    assert (first.status, decode_credential(first.body)) == (200, CREDENTIAL)
    assert (second.status, word(second)) == (410, "used")
    assert (admission.times, enrolment.stage) == (1, Stage.HANDED)
    assert (enrolment.software, enrolment.address) == ("vigie-sensors 1", "192.168.1.30")


def test_a_code_holds_for_ten_minutes(enrolment: Enrolment, admission: Admission, clock: ManualClock) -> None:
    clock.pass_time(HOLDS_S - 1)
    assert enrolment.left_s() == pytest.approx(1)
    clock.pass_time(1)
    answer = show(enrolment)
    assert (answer.status, word(answer), admission.times) == (410, "expired", 0)


def test_whoever_guesses_waits_longer_and_longer_and_the_node_does_not(
    enrolment: Enrolment, clock: ManualClock
) -> None:
    answers = [show(enrolment, new_code(), "192.168.1.66") for _ in range(6)]
    assert [word(answer) for answer in answers] == ["wrong"] * 3 + ["busy"] * 3
    assert answers[-1].retry_after_s is not None
    assert word(show(enrolment, CODE, "192.168.1.66")) == "busy", "not even with the right one"
    tries = enrolment.tries
    clock.pass_time(60)
    for _ in range(100):
        show(enrolment, new_code(), "192.168.1.66")
        clock.pass_time(1)
    assert enrolment.tries - tries < 10
    assert show(enrolment).status == 200


def test_a_broker_that_does_not_take_the_node_spends_nothing(enrolment: Enrolment, admission: Admission) -> None:
    admission.trouble = "no broker runs"
    answer = show(enrolment)
    assert (answer.status, word(answer), enrolment.trouble) == (503, "broker", "no broker runs")
    admission.trouble = ""
    assert show(enrolment).status == 200


def test_what_the_node_says_of_itself_counts_with_its_code_and_after_it_was_let_in(enrolment: Enrolment) -> None:
    heard = encode_told(CODE, is_heard=True, detail="")
    assert word(enrolment.told(heard, "a")) == "shape"
    show(enrolment)
    assert word(enrolment.told(encode_told(new_code(), is_heard=True, detail=""), "a")) == "wrong"
    assert enrolment.stage is Stage.HANDED
    assert enrolment.told(heard, "a").status == 200
    assert (enrolment.wait(0), enrolment.is_heard) == (Stage.TOLD, True)


@given(st.binary(max_size=200))
def test_any_bytes_are_answered_with_a_refusal(payload: bytes) -> None:
    admission = Admission()
    enrolment = Enrolment(CODE, "ca", b"der", admission, lambda: 0.0)
    assert word(enrolment.enrol(payload, "a")) == "shape"
    assert word(enrolment.told(payload, "a")) == "shape"
    assert admission.times == 0


def test_the_code_itself_is_kept_nowhere(enrolment: Enrolment) -> None:
    assert CODE not in repr(vars(enrolment))


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Tls:
    return files_of(tmp_path_factory.mktemp("tls"), certify_for_nodes(AUTHORITY, ["localhost", "127.0.0.1"]))


def files_of(folder: Path, pair: Pair) -> Tls:
    (folder / "crt").write_bytes(pair.certificate)
    (folder / "key").write_bytes(pair.key)
    return Tls(str(folder / "crt"), str(folder / "key"))


@pytest.fixture
def door(enrolment: Enrolment, tls: Tls) -> Iterator[Door]:
    with Door(enrolment, tls, "127.0.0.1", 0) as opened:
        yield opened


def test_at_the_door_a_node_gets_its_credential_and_says_that_it_is_heard(door: Door, enrolment: Enrolment) -> None:
    invitation = Invitation(CODE, "127.0.0.1", door.port)
    ca = ask_authority(invitation)
    assert ca == AUTHORITY.certificate.decode()
    assert ask_credential(invitation, ca, "vigie-sensors 1") == CREDENTIAL
    with pytest.raises(AskingError, match="has been used already"):
        ask_credential(invitation, ca, "vigie-sensors 1")
    tell(invitation, ca, is_heard=False, detail="no gateway\nanswers")
    assert (enrolment.stage, enrolment.is_heard, enrolment.detail) == (Stage.TOLD, False, "no gateway answers")


def test_a_node_that_meets_somebody_else_sends_its_code_to_nobody(
    door: Door, enrolment: Enrolment, tmp_path: Path, admission: Admission
) -> None:
    """Another who answers there knows no code; one who passes the proof on has no certificate of that authority."""
    stranger = Enrolment(
        new_code(), AUTHORITY.certificate.decode(), der_of(AUTHORITY.certificate), admission, lambda: 0.0
    )
    own = certify_for_nodes(make_authority("lieu", ["localhost"]), ["localhost", "127.0.0.1"])
    passes_on = Enrolment(new_code(), "", b"", admission, lambda: 0.0)
    passes_on.authority = enrolment.authority
    with (
        Door(stranger, files_of(tmp_path, own), "127.0.0.1", 0) as false_door,
        pytest.raises(AskingError, match=r"does not know this code.*Nothing was sent"),
    ):
        ask_authority(Invitation(CODE, "127.0.0.1", false_door.port))
    with Door(passes_on, files_of(tmp_path, own), "127.0.0.1", 0) as false_door:
        invitation = Invitation(CODE, "127.0.0.1", false_door.port)
        ca = ask_authority(invitation)
        with pytest.raises(AskingError, match=r"is not of the place's authority.*was not sent"):
            ask_credential(invitation, ca, "vigie-sensors 1")
    assert (stranger.tries, passes_on.tries, admission.times) == (0, 0, 0)


def test_where_nobody_waits_the_node_says_so_in_one_sentence(door: Door) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = int(closed.getsockname()[1])
    with pytest.raises(AskingError, match=f"nobody waits for a node at 127.0.0.1:{port}"):
        ask_authority(Invitation(CODE, "127.0.0.1", port))
    assert door.port != port


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("GET", "/", b"", {}),
        ("GET", "/enrol", b"", {}),
        ("POST", "/authority", b"{}", {}),
        ("POST", "/enrol", b"", {}),
        ("POST", "/enrol", b"x" * (MOST_ASKED_BYTES + 1), {}),
        ("POST", "/enrol", b"x", {"Content-Length": "99999999999"}),
        ("DELETE", "/enrol", b"", {}),
    ],
)
def test_what_else_is_asked_at_the_door_is_refused(
    door: Door, method: str, path: str, body: bytes, headers: dict[str, str]
) -> None:
    trust = ssl.create_default_context(cadata=AUTHORITY.certificate.decode())
    connection = http.client.HTTPSConnection("127.0.0.1", door.port, timeout=10, context=trust)
    connection.request(method, path, body or None, headers)
    with connection.getresponse() as answer:
        said = answer.read()
    connection.close()
    assert (answer.status, json.loads(said)["error"]) == (400, "shape")


def test_a_port_that_is_taken_is_one_sentence(door: Door, enrolment: Enrolment, tls: Tls) -> None:
    with pytest.raises(DoorError, match=f"port {door.port} cannot be used"):
        Door(enrolment, tls, "127.0.0.1", door.port)
    with pytest.raises(DoorError, match="cannot be used: No such file"):
        Door(enrolment, Tls("/none/crt", "/none/key"), "127.0.0.1", 0)
