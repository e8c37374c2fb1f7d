"""What a driver returns is made fit for the journal."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import decode_pack, encode_pack
from vigie_sensors.intake import Intake

CHANNELS = (
    Channel("a", "current", 1.0),
    Channel("d", "download", 1.0),
    Channel("s", "mains", 1.0),
    Channel("c", "internet_access", 1.0, labels=("open", "portal", "none")),
)


def test_values_are_rounded_to_what_is_worth_keeping() -> None:
    admitted = Intake(CHANNELS).admit([Reading("a", 1.0, 1.2345), Reading("d", 1.0, 12_345_678.0)])
    assert [reading.value for reading in admitted] == [1.23, 12_350_000.0]


def test_a_channel_that_was_not_declared_is_refused_and_counted() -> None:
    intake = Intake(CHANNELS)
    assert intake.admit([Reading("zz", 1.0, 1.0), Reading("a", 1.0, 1.0)]) == [Reading("a", 1.0, 1.0)]
    assert intake.refused == {"channel": 1}


@pytest.mark.parametrize(
    "reading",
    [
        Reading("a", 1.0, math.nan),
        Reading("a", 1.0, math.inf),
        Reading("a", 1.0, 1e301),
        Reading("s", 1.0, 0.5),
        Reading("c", 1.0, 3.0),
        Reading("c", 1.0, -1.0),
    ],
)
def test_a_value_that_cannot_be_goes_on_as_unknown_never_as_zero(reading: Reading) -> None:
    intake = Intake(CHANNELS)
    assert intake.admit([reading]) == [Reading(reading.channel, 1.0, None, "out-of-range")]
    assert intake.refused == {"value": 1}


def test_an_unknown_without_a_word_of_the_protocol_is_failed() -> None:
    assert Intake(CHANNELS).admit([Reading("a", 1.0, None, "because")]) == [Reading("a", 1.0, None, "failed")]


def test_every_channel_can_be_made_unknown() -> None:
    assert {reading.channel for reading in Intake(CHANNELS).unknown("absent", 5.0)} == {"a", "d", "s", "c"}


@given(
    st.lists(
        st.builds(
            Reading,
            st.sampled_from(["a", "d", "s", "c", "zz", ""]),
            st.floats(),
            st.none() | st.floats() | st.integers(0, 3).map(float),
            st.none() | st.sampled_from(["absent", "nonsense"]),
        ),
        max_size=20,
    )
)
def test_whatever_a_driver_returns_the_gateway_can_decode(found: list[Reading]) -> None:
    quantities = {channel.id: QUANTITIES[channel.quantity] for channel in CHANNELS}
    admitted = [reading for reading in Intake(CHANNELS).admit(found) if reading.at_ts >= 2.0**28]
    if admitted:
        payload = encode_pack("h", "n", "j", 1, 1, [(quantities[reading.channel], reading) for reading in admitted])
        assert len(decode_pack(payload, "h", "n", quantities, 0.0).readings) == len(admitted)
