"""The code of an enrolment, its proof, and what is asked and answered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.enrolment import (
    ALPHABET,
    Address,
    Credential,
    Invitation,
    decode_authority,
    decode_credential,
    decode_refusal,
    decode_request,
    decode_told,
    encode_authority,
    encode_credential,
    encode_refusal,
    encode_request,
    encode_told,
    is_proof,
    new_code,
    proof_of,
    read_code,
    read_invitation,
    shown_code,
)
from vigie_contract.errors import ContractError

codes = st.text(ALPHABET, min_size=16, max_size=16)


@given(codes, st.booleans(), st.sampled_from(["-", " ", "", "--"]))
def test_a_code_is_read_however_it_is_typed(code: str, is_small: bool, between: str) -> None:
    typed = shown_code(code).replace("-", between)
    assert read_code(typed.lower() if is_small else typed) == code


def test_letters_that_look_like_digits_are_read_as_these() -> None:
    assert read_code("oOiI-lL00-1111-0000") == "0011110011110000"


def test_no_two_codes_are_alike() -> None:
    assert len({new_code() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    ("typed", "host", "port"),
    [
        ("K7QM-2XRD-9VTB-4HNW", "vigie.local", 8884),
        (" k7qm2xrd9vtb4hnw@192.168.1.20 ", "192.168.1.20", 8884),
        ("K7QM-2XRD-9VTB-4HNW@Vigie.Local:9000", "vigie.local", 9000),
        ("K7QM-2XRD-9VTB-4HNW@[fd00::20]", "fd00::20", 8884),
        ("K7QM-2XRD-9VTB-4HNW@[fd00::20]:9000", "fd00::20", 9000),
    ],
)
def test_an_invitation_names_its_code_and_where_it_holds(typed: str, host: str, port: int) -> None:
    assert read_invitation(typed) == Invitation("K7QM2XRD9VTB4HNW", host, port)


@pytest.mark.parametrize("where", ["", "a b", "host:0", "host:65536", "host:x", "host:", "a/b", "é.fr"])
def test_an_invitation_to_nowhere_is_refused_in_one_sentence(where: str) -> None:
    with pytest.raises(ContractError, match=r"is no HOST or HOST:PORT after the @ of the code"):
        read_invitation(f"K7QM-2XRD-9VTB-4HNW@{where}")


@given(st.text(max_size=60))
def test_any_text_is_an_invitation_or_the_one_error(text: str) -> None:
    try:
        code = read_invitation(text).code
    except ContractError:
        return
    assert set(code) <= set(ALPHABET)


def test_the_proof_is_the_hmac_that_the_protocol_names() -> None:
    """Reckoned anew by RFC 2104's own definition, as a board without the module would."""
    import hashlib

    key = hashlib.sha256(b"vigie-enrolment-1:K7QM2XRD9VTB4HNW").digest().ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + b"der").digest()
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).hexdigest()
    assert proof_of("K7QM2XRD9VTB4HNW", b"der") == outer


@given(codes, codes, st.binary(max_size=40), st.binary(max_size=40))
def test_a_proof_holds_for_its_code_and_authority_alone(code: str, other: str, der: bytes, another: bytes) -> None:
    proof = proof_of(code, der)
    assert is_proof(proof, code, der)
    assert is_proof(proof, other, another) == ((code, der) == (other, another))


CREDENTIAL = Credential(
    "lieu", "pi-2", "x" * 24, "-----BEGIN", (Address("vigie.local", 8883), Address("192.168.1.20", 8883)), ("main",)
)


def test_everything_said_is_read_as_it_was_meant() -> None:
    code = "K7QM2XRD9VTB4HNW"
    assert decode_authority(encode_authority("pem", "ab")) == ("pem", "ab")
    assert decode_request(encode_request(code, "vigie-sensors 1")) == (code, "vigie-sensors 1")
    assert decode_told(encode_told(code, is_heard=True, detail="")) == (code, True, "")
    assert decode_credential(encode_credential(CREDENTIAL)) == CREDENTIAL
    assert decode_refusal(encode_refusal("used", "the code has been used")) == ("used", "the code has been used")


@pytest.mark.parametrize("decode", [decode_authority, decode_request, decode_told, decode_credential, decode_refusal])
@given(payload=st.one_of(st.binary(max_size=80), st.sampled_from([b"{}", b"[]", b'{"v":1}', b'{"v":true}'])))
def test_any_bytes_are_a_value_or_the_one_error(decode: Callable[[bytes], object], payload: bytes) -> None:
    with pytest.raises(ContractError):
        decode(payload)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"node":"pi-2"', b'"node":"+"'),
        (b'"site":"lieu"', b'"site":"#"'),
        (b'"v":1', b'"v":2'),
        (b'"port":8883', b'"port":0'),
        (b'"port":8883', b'"port":true'),
        (b'"vigie.local"', b'"a b"'),
        (b'["main"]', b"[]"),
        (b'["main"]', b'"main"'),
        (b"x" * 24, b"short"),
        (b"x" * 24, b"x" * 20 + b"\\n"),
    ],
)
def test_a_credential_that_could_not_be_used_is_refused(was: bytes, becomes: bytes) -> None:
    payload = encode_credential(CREDENTIAL)
    assert was in payload
    with pytest.raises(ContractError):
        decode_credential(payload.replace(was, becomes))
