"""Births and acknowledgements: round trips, and any bytes give a value or one ContractError."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.wrong import IDS, JSON, TEXTS, check_refusal

from vigie_contract.errors import ContractError
from vigie_contract.messages import (
    MAX_CHANNELS,
    MAX_PAYLOAD_BYTES,
    Ack,
    Birth,
    Channel,
    decode_ack,
    decode_birth,
    encode_ack,
    encode_birth,
    load_json,
)
from vigie_contract.quantities import QUANTITIES, Kind


@st.composite
def channels(draw: st.DrawFn) -> Channel:
    quantity = draw(st.sampled_from(list(QUANTITIES.values())))
    words: tuple[str, ...] = ()
    if quantity.kind is Kind.CHOICE:
        words = tuple(draw(st.lists(TEXTS, min_size=1, max_size=64)))
    period_s = draw(st.floats(0, 86_400, exclude_min=True))
    return Channel(draw(IDS), quantity.name, period_s, draw(st.none() | IDS), draw(TEXTS), words)


births = st.builds(
    Birth,
    TEXTS,
    IDS,
    st.lists(channels(), max_size=8, unique_by=lambda channel: channel.id).map(tuple),
    st.none() | st.lists(IDS, max_size=3).map(tuple),
)


@given(births)
def test_a_birth_is_read_back_as_it_was_written(birth: Birth) -> None:
    assert decode_birth(encode_birth(birth)) == birth


@given(IDS, st.integers(0, 2**53))
def test_an_acknowledgement_is_read_back_as_it_was_written(journal: str, upto: int) -> None:
    assert decode_ack(encode_ack(Ack(journal, upto))) == Ack(journal, upto)


def is_total(payload: bytes) -> None:
    """Decode every way; anything but a value or a complete ContractError escapes."""
    for decode in (decode_ack, decode_birth):
        try:
            decode(payload)
        except ContractError as error:
            check_refusal(error)


@given(st.binary())
def test_any_bytes_give_a_value_or_a_refusal(payload: bytes) -> None:
    is_total(payload)


@given(JSON)
def test_any_json_gives_a_value_or_a_refusal(value: Any) -> None:
    is_total(json.dumps(value).encode())


@given(births, st.data())
def test_a_birth_with_one_field_of_another_kind_gives_a_value_or_a_refusal(birth: Birth, data: st.DataObject) -> None:
    document = json.loads(encode_birth(birth))
    target = data.draw(st.sampled_from([document, *document["channels"]]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JSON)
    is_total(json.dumps(document).encode())


@given(births, st.data())
def test_a_birth_with_flipped_bits_gives_a_value_or_a_refusal(birth: Birth, data: st.DataObject) -> None:
    payload = bytearray(encode_birth(birth))
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(payload) - 1))
        payload[position] ^= 1 << data.draw(st.integers(0, 7))
    is_total(bytes(payload))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not-json"),
        (b"online", "not-json"),
        (b"\xff\xfe{\x00}\x00", "not-utf8"),
        (b"\xef\xbb\xbf{}", "not-json"),
        ("{}".encode("utf-16-le"), "not-json"),
        (b'"\xc3\x28"', "not-utf8"),
        (b'"\xed\xa0\x80"', "not-utf8"),
        (b"{}\x00", "not-json"),
        (b"[" * 60_000, "not-json"),
        (b'{"a":' * 10_000, "not-json"),
        (b"[" * 100_000, "too-large"),
        (b" " * 1_000_000, "too-large"),
        (b"9" * 5_000, "not-json"),
        (b"NaN", "range"),
        (b"[-Infinity]", "range"),
        (b"1_000", "not-json"),
        ("٣".encode(), "not-json"),
        (b"21,5", "not-json"),
        (b"01", "not-json"),
        (b"1.", "not-json"),
        (b"True", "not-json"),
    ],
)
def test_what_is_no_json_of_ours_is_refused_with_its_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(ContractError) as caught:
        load_json(payload)
    assert caught.value.reason == reason


def test_a_payload_of_just_the_greatest_size_is_still_read() -> None:
    assert load_json(b" " * (MAX_PAYLOAD_BYTES - 1) + b"1") == 1


ACK = {"journal": "j1", "upto": 12}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"upto": "12"}, "type"),
        ({"upto": 12.0}, "type"),
        ({"upto": True}, "type"),
        ({"upto": None}, "type"),
        ({"upto": [[[]]]}, "type"),
        ({"upto": -1}, "range"),
        ({"upto": 2**53 + 1}, "range"),
        ({"upto": 2**63}, "range"),
        ({"upto": 10**4_000}, "range"),
        ({"journal": "J 1"}, "id"),
        ({"journal": "\ud800"}, "id"),
        ({"journal": None}, "id"),
        ({"more": 1}, "shape"),
        ({"\ud800": 1}, "shape"),
    ],
)
def test_an_acknowledgement_that_promises_nonsense_is_refused(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ContractError) as caught:
        decode_ack(json.dumps(ACK | change).encode())
    assert caught.value.reason == reason


@pytest.mark.parametrize("field", sorted(ACK))
def test_an_acknowledgement_without_a_field_is_refused_naming_it(field: str) -> None:
    with pytest.raises(ContractError, match=field) as caught:
        decode_ack(json.dumps({key: value for key, value in ACK.items() if key != field}).encode())
    assert caught.value.reason == "missing"


def test_of_a_repeated_key_the_last_counts() -> None:
    """As every JSON reader in Python, and as docs/protocol.md says, so that two readers never disagree."""
    assert decode_ack(b'{"journal":"a","upto":1,"upto":2}') == Ack("a", 2)


def birth_with(**change: Any) -> bytes:
    """A birth of one current channel, with fields of the channel replaced; ``...`` removes one."""
    channel: dict[str, Any] = {"id": "c1", "quantity": "current", "unit": "A", "period_s": 10} | change
    kept = {key: value for key, value in channel.items() if value is not ...}
    return json.dumps({"v": 1, "software": "vigie-sensors 1", "boot": "b1", "channels": [kept]}).encode()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "C1"}, "id"),
        ({"id": 3}, "id"),
        ({"id": ...}, "missing"),
        ({"quantity": "magic"}, "range"),
        ({"quantity": ["current"]}, "range"),
        ({"quantity": ...}, "missing"),
        ({"unit": "mA"}, "unit"),
        ({"unit": None}, "unit"),
        ({"period_s": 0}, "range"),
        ({"period_s": -1}, "range"),
        ({"period_s": 86_401}, "range"),
        ({"period_s": 10**400}, "range"),
        ({"period_s": True}, "range"),
        ({"period_s": "10"}, "range"),
        ({"room": "Salle 1"}, "id"),
        ({"room": None}, "id"),
        ({"label": "x" * 65}, "type"),
        ({"label": None}, "type"),
        ({"label": "a\nb"}, "range"),
        ({"label": "\u202eevil"}, "range"),
        ({"label": "\ud800"}, "range"),
        ({"labels": ["open"]}, "shape"),
        ({"labels": "open"}, "shape"),
        ({"quantity": "internet_access", "unit": "1"}, "shape"),
        ({"quantity": "internet_access", "unit": "1", "labels": [1]}, "type"),
        ({"quantity": "internet_access", "unit": "1", "labels": ["x"] * 65}, "shape"),
        ({"colour": "red"}, "shape"),
    ],
)
def test_a_channel_that_is_not_as_declared_is_refused_naming_it(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ContractError, match="channel 0") as caught:
        decode_birth(birth_with(**change))
    assert caught.value.reason == reason


@pytest.mark.parametrize("field", ["quantity", "unit", "period_s", "room", "label", "labels", "id"])
def test_a_field_nested_as_deep_as_json_allows_is_refused_without_writing_it_out(field: str) -> None:
    for depth in range(900, 1_000, 3):
        deep = "[" * depth + "]" * depth
        is_total(birth_with(**{field: "@"}).replace(b'"@"', deep.encode()))


@pytest.mark.parametrize("version", [0, 2, 1.0, True, "1", None, [1]])
def test_a_birth_of_another_version_is_refused(version: object) -> None:
    document = {"v": version, "software": "s", "boot": "b", "channels": []}
    with pytest.raises(ContractError, match="expected 1") as caught:
        decode_birth(json.dumps(document).encode())
    assert caught.value.reason == "range"


def test_two_channels_with_one_id_are_refused() -> None:
    channel = Channel("c1", "current", 10)
    with pytest.raises(ContractError, match="one id"):
        decode_birth(encode_birth(Birth("s", "b", (channel, channel))))


def test_a_birth_holds_as_many_channels_as_promised_and_no_more() -> None:
    full = tuple(Channel(f"outlet-{index:03d}-power", "apparent_power", 10, "great-room") for index in range(300))
    assert decode_birth(encode_birth(Birth("s", "b", full))).channels == full
    one_more = (*full, Channel("one-more", "current", 10))
    with pytest.raises(ContractError, match=str(MAX_CHANNELS)):
        decode_birth(encode_birth(Birth("s", "b", one_more)))


def test_a_birth_too_large_for_a_message_is_refused_where_it_is_made() -> None:
    wordy = tuple(Channel(f"outlet-{index:03d}", "current", 10, "room", "é" * 64) for index in range(300))
    with pytest.raises(ContractError, match="shorter labels") as caught:
        encode_birth(Birth("s", "b", wordy))
    assert caught.value.reason == "too-large"
