"""Bytes into text, numbers, states and times: generous in how they are written, strict in what they may be."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.gateway.devices.conftest import NOW_TS

from vigie_contract.readings import UNKNOWN_REASONS
from vigie_gateway.devices.measures import Entity, Message, RefusedError
from vigie_gateway.devices.payloads import believed_ts, json_of, measured, number_of, state_of, text_of, time_in

POWER = Entity("shelly", "plug", "power", "Power", "power", "kW")
MESSAGE = Message("t", b"", NOW_TS)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("12", 12.0),
        (" -12.5e1 ", -125.0),
        (".5", 0.5),
        ("5.", 5.0),
        (7, 7.0),
        (True, None),
        (None, None),
        ("21,5", None),
        ("0x10", None),
        ("1_000", None),
        ("12 W", None),
        ("١٢", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        (10**400, None),
        (math.inf, None),
        ("9" * 60, None),
        ([1], None),
    ],
)
def test_a_number_is_one_or_spells_one(written: Any, number: float | None) -> None:
    assert number_of(written) == number


@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("ON", True),
        ("off", False),
        (1, True),
        (0.0, False),
        (2, None),
        (True, True),
        ("open", None),
        (None, None),
        ([], None),
    ],
)
def test_a_state_is_on_or_off_or_none(written: Any, state: bool | None) -> None:
    assert state_of(written) is state


@pytest.mark.parametrize(
    ("written", "at_ts"),
    [
        ("2026-11-24T11:00:00Z", NOW_TS),
        ("2026-11-24T12:00:00.500+01:00", NOW_TS + 0.5),
        ("2026-11-24T11:40:00", None),
        ("2026-13-45T99:99:99Z", None),
        ("T", None),
        (NOW_TS, NOW_TS),
        (NOW_TS * 1000, NOW_TS),
        ("", None),
        (None, None),
        ({}, None),
    ],
)
def test_a_time_has_a_zone_or_counts_from_1970(written: Any, at_ts: float | None) -> None:
    assert time_in(written) == at_ts


@pytest.mark.parametrize(
    ("told_ts", "believed"),
    [(NOW_TS - 60, NOW_TS - 60), (NOW_TS + 60, NOW_TS + 60), (NOW_TS + 3_600, NOW_TS), (1.61, NOW_TS), (None, NOW_TS)],
)
def test_a_time_that_cannot_be_is_the_receipts(told_ts: float | None, believed: float) -> None:
    assert believed_ts(told_ts, MESSAGE) == believed


@pytest.mark.parametrize(
    ("payload", "text"), [(b"12\x00", "12"), (b"\xef\xbb\xbf{}", "{}"), (b" ON\r\n", "ON"), ("été".encode(), "été")]
)
def test_firmwares_ways_of_ending_a_text_are_taken_off(payload: bytes, text: str) -> None:
    assert text_of(payload) == text


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "9" * 5_000, "{'a': 1}", "nul"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        json_of(text)
    assert refused.value.refusal.reason == "not-json"


def test_numbers_that_are_none_are_null() -> None:
    assert json_of("[NaN, Infinity, -Infinity, 1]") == [None, None, None, 1]


@given(st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2))
def test_whatever_an_entity_says_is_a_value_in_range_or_a_reason(value: Any) -> None:
    measure = measured(POWER, value, MESSAGE)
    assert (measure.value is None) == (measure.reason is not None)
    assert measure.reason is None or measure.reason in UNKNOWN_REASONS
    assert measure.value is None or -100_000 <= measure.value <= 100_000
    assert len(measure.said) <= 64


def test_a_value_is_said_as_it_was_told_and_stored_in_our_unit() -> None:
    measure = measured(POWER, "0.1", MESSAGE)
    assert (measure.value, measure.said) == (100.0, "0.1 kW")
    assert measured(POWER, 0.1, MESSAGE, told="a tenth").said == "a tenth kW"
