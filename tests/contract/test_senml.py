"""Packs: round trips, any bytes give readings or one ContractError, and the checks that these tests would miss."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.contract.wrong import check_refusal

from vigie_contract import senml
from vigie_contract.errors import ContractError
from vigie_contract.messages import MAX_PAYLOAD_BYTES
from vigie_contract.quantities import QUANTITIES, Kind, Quantity
from vigie_contract.readings import UNKNOWN_REASONS, Reading
from vigie_contract.senml import MAX_RECORDS, Pack, decode_pack, encode_pack

NOW_TS = 1_750_000_000.0
CHANNELS = {
    "amps": "current",
    "open": "mains",
    "people": "people_in",
    "portal": "internet_access",
    "p95": "latency_p95",
}
QUANTITY_OF = {channel: QUANTITIES[name] for channel, name in CHANNELS.items()}

AMPS = {"n": "amps", "t": 0, "u": "A", "v": 1.5}
ENVELOPE = {"bn": "lieu/pi/", "bt": NOW_TS, "journal": "j1", "first": 7, "floor": 3}


def decode(payload: bytes) -> Pack:
    return decode_pack(payload, "lieu", "pi", QUANTITY_OF, NOW_TS)


def pack_of(*records: Any, **envelope: Any) -> bytes:
    """A pack of these records, its envelope changed as told; ``...`` removes a label."""
    first = ENVELOPE | envelope | (records[0] if records else AMPS)
    kept = {label: value for label, value in first.items() if value is not ...}
    return json.dumps([kept, *records[1:]]).encode()


@st.composite
def readings(draw: st.DrawFn) -> tuple[Quantity, Reading]:
    channel = draw(st.sampled_from(sorted(CHANNELS)))
    quantity = QUANTITY_OF[channel]
    at_ts = NOW_TS - draw(st.integers(0, 7 * 86_400_000)) / 1_000
    if draw(st.booleans()):
        return quantity, Reading(channel, at_ts, None, draw(st.sampled_from(sorted(UNKNOWN_REASONS))))
    if quantity.kind is Kind.STATE:
        return quantity, Reading(channel, at_ts, float(draw(st.booleans())))
    if quantity.kind is Kind.GAUGE:
        return quantity, Reading(channel, at_ts, draw(st.floats(quantity.low, quantity.high)))
    return quantity, Reading(channel, at_ts, float(draw(st.integers(0, int(quantity.high)))))


packs = st.lists(readings(), min_size=1, max_size=12)


@given(packs, st.integers(0, 2**53 - 100), st.booleans(), st.none() | st.integers(12, 100))
def test_readings_come_back_as_they_were_sent_dated_or_by_age(
    sent: list[tuple[Quantity, Reading]], first: int, is_dated: bool, ahead: int | None
) -> None:
    """Values exactly, times within the millisecond of the wire; ages by a receiver of the same time."""
    last = None if ahead is None else first + ahead
    payload = encode_pack("lieu", "pi", "j1", first, 0, sent, last=last, now_ts=None if is_dated else NOW_TS)
    pack = decode(payload)
    assert (pack.journal, pack.first, pack.floor, pack.last, pack.is_dated) == ("j1", first, 0, last, is_dated)
    assert [(found.channel, found.value, found.reason) for found in pack.readings] == [
        (reading.channel, reading.value, reading.reason) for _, reading in sent
    ]
    for found, (_, reading) in zip(pack.readings, sent, strict=True):
        assert abs(found.at_ts - reading.at_ts) <= 0.0011


def test_ages_count_from_the_receivers_time_whatever_the_senders_clock_says() -> None:
    sent = [(QUANTITIES["current"], Reading("amps", 90.0, 1.0)), (QUANTITIES["current"], Reading("amps", 95.0, 2.0))]
    pack = decode(encode_pack("lieu", "pi", "j1", 1, 1, sent, now_ts=100.0))
    assert [reading.at_ts for reading in pack.readings] == [NOW_TS - 10, NOW_TS - 5]
    assert not pack.is_dated


def is_total(payload: bytes) -> None:
    """Decode; anything but finite readings of declared channels or a complete ContractError is a failure."""
    try:
        pack = decode(payload)
    except ContractError as error:
        check_refusal(error)
        return
    assert 1 <= len(pack.readings) <= MAX_RECORDS
    assert 0 <= pack.floor <= pack.first
    assert pack.last is None or pack.first + len(pack.readings) - 1 <= pack.last <= 2**53
    for reading in pack.readings:
        assert reading.channel in CHANNELS
        assert type(reading.at_ts) is float
        assert 0 <= reading.at_ts < senml.LATEST_TS
        if reading.value is None:
            assert reading.reason in UNKNOWN_REASONS
        else:
            assert type(reading.value) is float
            assert math.isfinite(reading.value)
            assert reading.reason is None


@given(st.binary())
def test_any_bytes_give_readings_or_a_refusal(payload: bytes) -> None:
    is_total(payload)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([2**63, -(2**63), 10**400, 1e308, -0.0, "\ud800", "NaN", 2**53 + 1, NOW_TS]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
LABELS = st.sampled_from(
    ["n", "t", "u", "v", "vb", "vs", "bn", "bt", "bu", "journal", "first", "floor", "last", "s", "\ud800"]
)


@st.composite
def damaged_packs(draw: st.DrawFn) -> bytes:
    """A good pack with a field replaced, added or removed, a record replaced, or bits flipped."""
    sent = draw(packs)
    payload = encode_pack("lieu", "pi", "j1", 7, 3, sent, now_ts=draw(st.sampled_from([None, NOW_TS])))
    document: Any = json.loads(payload)
    for _ in range(draw(st.integers(0, 3))):
        index = draw(st.integers(0, len(document) - 1))
        if draw(st.booleans()) and isinstance(document[index], dict):
            document[index][draw(LABELS)] = draw(JSON)
        elif draw(st.booleans()) and isinstance(document[index], dict) and document[index]:
            del document[index][draw(st.sampled_from(sorted(document[index])))]
        else:
            document[index] = draw(JSON)
    damaged = bytearray(json.dumps(document).encode())
    for _ in range(draw(st.integers(0, 2))):
        damaged[draw(st.integers(0, len(damaged) - 1))] ^= 1 << draw(st.integers(0, 7))
    return bytes(damaged)


@given(damaged_packs())
def test_a_damaged_pack_gives_readings_or_a_refusal(payload: bytes) -> None:
    is_total(payload)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("NaN", "range"),
        ("Infinity", "range"),
        ("-Infinity", "range"),
        ("1e400", "range"),
        ("-1e400", "range"),
        ("1e301", "range"),
        ("1" + "0" * 400, "range"),
        ("1" + "0" * 4_999, "not-json"),
        ("1_000", "not-json"),
        ("٣", "not-json"),
        ("21,5", "not-json"),
        ("0x10", "not-json"),
        ("+1", "not-json"),
        ("true", "type"),
        ("null", "missing"),
        ('"21,5"', "type"),
        ('"1_000"', "type"),
        ('"٣"', "type"),
        ('"NaN"', "type"),
        ("[1]", "type"),
        ("{}", "type"),
        ("[" * 60_000, "not-json"),
        ("[" * 100_000, "too-large"),
        ('"\\ud800"', "type"),
        ('"\x00"', "not-json"),
    ],
)
def test_a_value_that_is_no_finite_number_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ContractError) as caught:
        decode(pack_of(AMPS | {"v": "@"}).replace(b'"@"', text.encode()))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("text", "value"),
    [("-0.0", 0.0), ("0", 0.0), ("9223372036854775808", 2.0**63), ("1e-400", 0.0), ("1E2", 100.0), ("1e300", None)],
)
def test_a_value_that_is_a_finite_number_is_a_float(text: str, value: float | None) -> None:
    payload = pack_of(AMPS | {"v": "@"}).replace(b'"@"', text.encode())
    if value is None:
        with pytest.raises(ContractError):
            decode(payload)
    else:
        found = decode(payload).readings[0].value
        assert found == value
        assert type(found) is float


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not-json"),
        (b"\xff", "not-utf8"),
        (b"\xef\xbb\xbf" + pack_of(), "not-json"),
        (pack_of().decode().encode("utf-16"), "not-utf8"),
        (pack_of().decode().encode("utf-16-le"), "not-json"),
        (pack_of() + b"\x00", "not-json"),
        (b" " * 1_000_000, "too-large"),
        (b"{}", "shape"),
        (b"[]", "shape"),
        (b"null", "shape"),
        (b"[1]", "shape"),
        (b"[[]]", "shape"),
        (b"[{}]", "missing"),
        (b"[" + b"1," * 30_000 + b"1]", "shape"),
        (b"[" + b"{}," * MAX_RECORDS + b"{}]", "shape"),
    ],
)
def test_what_is_no_pack_at_all_is_refused_with_its_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(ContractError) as caught:
        decode(payload)
    assert caught.value.reason == reason
    assert caught.value.span is None


@pytest.mark.parametrize(
    ("envelope", "reason"),
    [
        ({"bn": "lieu/other/"}, "id"),
        ({"bn": "lieu/pi"}, "id"),
        ({"bn": None}, "id"),
        ({"bn": [[]]}, "id"),
        ({"bn": ...}, "missing"),
        ({"journal": "J"}, "id"),
        ({"journal": ...}, "missing"),
        ({"first": -1}, "range"),
        ({"first": 2**63}, "range"),
        ({"first": 7.0}, "type"),
        ({"first": True}, "type"),
        ({"first": "7"}, "type"),
        ({"first": ...}, "missing"),
        ({"floor": 8}, "range"),
        ({"floor": None}, "type"),
        ({"floor": ...}, "missing"),
        ({"last": 6}, "range"),
        ({"last": 2**53 + 1}, "range"),
        ({"last": None}, "type"),
        ({"last": 7.0}, "type"),
    ],
)
def test_a_pack_whose_envelope_cannot_be_believed_claims_no_numbers(envelope: dict[str, Any], reason: str) -> None:
    with pytest.raises(ContractError, match=r"floor|first|last|journal|bn") as caught:
        decode(pack_of(AMPS, **envelope))
    assert (caught.value.reason, caught.value.span) == (reason, None)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ([], "shape"),
        (None, "shape"),
        ({}, "shape"),
        ({"t": 0, "v": 1}, "shape"),
        ({"n": "amps"}, "missing"),
        ({"n": "amps", "v": 1, "vb": True}, "shape"),
        ({"n": "amps", "v": 1, "vs": "absent"}, "shape"),
        ({"n": "open", "vb": True, "vs": "absent"}, "shape"),
        ({"n": "open", "v": 1}, "type"),
        ({"n": "open", "vb": 1}, "type"),
        ({"n": "open", "vb": "true"}, "type"),
        ({"n": "open", "vb": None}, "type"),
        ({"n": "amps", "vb": True}, "type"),
        ({"n": "amps", "vs": "bored"}, "range"),
        ({"n": "amps", "vs": ["absent"]}, "range"),
        ({"n": "amps", "vs": None}, "range"),
        ({"n": "amps", "u": "A", "vs": "absent"}, "shape"),
        ({"n": "amps", "u": "mA", "v": 1}, "unit"),
        ({"n": "amps", "u": 1, "v": 1}, "unit"),
        ({"n": "portal", "u": "A", "v": 1}, "unit"),
        ({"n": "nobody", "v": 1}, "id"),
        ({"n": "<b>", "v": 1}, "id"),
        ({"n": ["amps"], "v": 1}, "shape"),
        ({"n": None, "v": 1}, "id"),
        ({"n": "amps", "v": 1, "t": "0"}, "type"),
        ({"n": "amps", "v": 1, "t": True}, "type"),
        ({"n": "amps", "v": 1, "t": None}, "type"),
        ({"n": "amps", "v": 1, "t": 1e15}, "range"),
        ({"n": "amps", "v": 1, "t": 10**400}, "range"),
        ({"n": "amps", "v": 1, "t": -NOW_TS}, "range"),
        ({"n": "amps", "v": 1, "s": 2}, "shape"),
        ({"n": "amps", "v": 1, "\ud800": 2}, "shape"),
        ({"n": "amps", "v": 1, "bt": 5}, "shape"),
        ({"n": "amps", "v": 1, "bn": "other/pi/"}, "shape"),
        ({"n": "amps", "v": 1, "first": 9}, "shape"),
    ],
)
def test_one_bad_record_refuses_the_pack_naming_the_record_and_the_numbers_claimed(record: Any, reason: str) -> None:
    with pytest.raises(ContractError, match=r"^[a-z-]+: record 1: ") as caught:
        decode(pack_of(AMPS, record, AMPS))
    assert (caught.value.reason, caught.value.span) == (reason, ("j1", 7, 3))
    assert caught.value.detail.isprintable()


@pytest.mark.parametrize("base", ["0", True, None, [1], 2**63, 1e15, -1e9])
def test_a_base_time_that_is_none_is_refused_with_the_numbers_claimed(base: object) -> None:
    with pytest.raises(ContractError, match="bt is") as caught:
        decode(pack_of(AMPS, bt=base))
    assert caught.value.span == ("j1", 7, 1)


@pytest.mark.parametrize(
    ("base", "offset"), [(..., NOW_TS), (NOW_TS, -NOW_TS + 5), (2.0**28 - 1, 2.0), (-5.0, 2.0**28 + 10)]
)
def test_a_time_of_the_other_kind_than_its_packs_base_is_refused(base: object, offset: float) -> None:
    """By RFC 8428 §4.5.3 the sum decides between date and age; mixed within a pack it would be misread."""
    with pytest.raises(ContractError, match="neither an age") as caught:
        decode(pack_of(AMPS | {"t": offset}, bt=base))
    assert caught.value.reason == "range"


@pytest.mark.parametrize("where", ["n", "v", "t", "u", "vs", "journal", "bn", "first", "bt"])
def test_a_field_nested_as_deep_as_json_allows_is_refused_without_writing_it_out(where: str) -> None:
    for depth in range(900, 1_000, 3):
        deep = "[" * depth + "]" * depth
        is_total(pack_of(AMPS | {where: "@"}).replace(b'"@"', deep.encode()))
        is_total(pack_of(AMPS, "@").replace(b'"@"', deep.encode()))


def test_the_fullest_pack_that_can_be_sent_fits_in_a_message() -> None:
    name = "a" * 32
    quantity = QUANTITIES["download"]
    sent = [(quantity, Reading(name, NOW_TS + index * 1_209.601, 12_345_678.123456789)) for index in range(MAX_RECORDS)]
    payload = encode_pack("s" * 32, "n" * 32, "j" * 32, 2**53 - 499, 2**53 - 499, sent, last=2**53)
    assert len(payload) <= MAX_PAYLOAD_BYTES
    assert len(decode_pack(payload, "s" * 32, "n" * 32, {name: quantity}, NOW_TS).readings) == MAX_RECORDS


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_never_sent(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_pack("lieu", "pi", "j1", 1, 1, [(QUANTITIES["current"], Reading("amps", NOW_TS, value))])


def _number_unchecked(value: Any, unit: Any, quantity: Quantity, channel: str) -> float:
    return float(value) if isinstance(value, float) else _NUMBER(value, unit, quantity, channel)


def _state_of_anything(record: dict[str, Any], quantity: Quantity, channel: str, at_ts: float) -> Reading:
    return Reading(channel, at_ts, record.get("vb", 0.0))


def _reading_at_any_time(
    record: dict[str, Any], channels: dict[str, Quantity], frame: tuple[float, float, float]
) -> Reading:
    return _READING(record, channels, (frame[0], -math.inf, math.inf))


def _sequence_of_anything(found: Any, what: str) -> Any:
    return found


_NUMBER = senml._number
_READING = senml._reading


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("_number", _number_unchecked),
        ("_state_or_unknown", _state_of_anything),
        ("_reading", _reading_at_any_time),
        ("sequence_number", _sequence_of_anything),
    ],
)
def test_the_property_of_totality_catches_a_decoder_with_a_check_taken_away(
    monkeypatch: pytest.MonkeyPatch, name: str, mutant: Callable[..., Any]
) -> None:
    """Seeded faults: finite numbers, booleans of a state, times of our calendar, whole sequence numbers."""

    @settings(
        max_examples=2_000,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(documents())
    def holds(payload: bytes) -> None:
        is_total(payload)

    holds()
    monkeypatch.setattr(senml, name, mutant)
    with pytest.raises((AssertionError, TypeError, AttributeError)):
        holds()


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """A good record with one label of another value, infinity by 1e400 among them."""
    record = draw(st.sampled_from([AMPS, {"n": "open", "vb": True}])) | ENVELOPE
    label = draw(st.sampled_from(["v", "vb", "vs", "t", "first", "floor", "last"]))
    value = draw(st.sampled_from(["1e400", "-1e400", "1", "true", '"x"', "null", "-9e9", "2.5", "[]", "1e13"]))
    return json.dumps([record | {label: "@"}]).replace('"@"', value).encode()
