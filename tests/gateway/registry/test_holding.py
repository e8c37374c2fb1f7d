"""What is said in the place of a silent device."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_contract.quantities import Kind
from vigie_contract.readings import UNKNOWN_REASONS
from vigie_gateway.devices.measures import Device, Entity, Presence
from vigie_gateway.registry.holding import MEASURED_STANDS_S, Held, Standing, Terms, next_word, terms_of

CONTACT = Terms(Kind.STATE)
MOTION = Terms(Kind.STATE, off_delay_s=30.0)
PLUG = Terms(Kind.GAUGE)
DEVICE = Device("homeassistant", "node", "Node")
PERIOD_S = 300.0
YEAR_S = 365 * 86_400.0


def said(value: float | None, at_ts: float = 1000.0) -> Standing:
    return Standing(value, at_ts, at_ts)


def presence(*, is_online: bool, at_ts: float = 900.0) -> Presence:
    return Presence("homeassistant", "node", None, is_online, at_ts, is_retained=True)


def words(standing: Standing, terms: Terms, told: Presence | None, until_ts: float) -> list[Held]:
    """All that is said until a time, asked each second."""
    found = []
    now_ts = standing.at_ts
    while now_ts < until_ts:
        now_ts += 1
        while (held := next_word(standing, terms, told, PERIOD_S, now_ts)) is not None:
            found.append(held)
            standing = standing.after(held)
    return found


def test_a_motion_is_over_its_delay_after_the_last_one() -> None:
    assert words(said(1.0), MOTION, None, 2000.0) == [Held(1030.0, 0.0)]
    assert words(said(0.0), MOTION, None, 2000.0) == []
    assert words(said(1.0), CONTACT, None, 2000.0) == []


def test_a_motion_that_is_over_stands_as_over_while_its_device_is_connected() -> None:
    assert words(said(1.0), MOTION, presence(is_online=True), 1700.0) == [
        Held(1030.0, 0.0),
        Held(1330.0, 0.0),
        Held(1630.0, 0.0),
    ]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_connected_contact_that_says_nothing_is_as_it_was_for_a_year(value: float) -> None:
    standing = replace(said(value), at_ts=1000.0 + YEAR_S)
    now_ts = standing.at_ts + PERIOD_S
    assert next_word(standing, CONTACT, presence(is_online=True), PERIOD_S, now_ts) == Held(now_ts, value)
    assert next_word(standing, CONTACT, presence(is_online=True), PERIOD_S, now_ts - 1) is None, "not due yet"


def test_a_measured_value_stands_for_a_week() -> None:
    standing = replace(said(0.0), at_ts=1000.0 + MEASURED_STANDS_S - PERIOD_S)
    online = presence(is_online=True)
    assert next_word(standing, PLUG, online, PERIOD_S, 1000.0 + MEASURED_STANDS_S) is not None
    assert next_word(standing, PLUG, online, PERIOD_S, 1001.0 + MEASURED_STANDS_S) is None


def test_nothing_stands_where_nobody_would_say_that_the_device_is_gone() -> None:
    assert words(said(1.0), CONTACT, None, 5000.0) == []


def test_a_device_that_says_that_it_is_away_is_unknown_at_once_and_once() -> None:
    gone = presence(is_online=False, at_ts=1200.0)
    assert next_word(said(1.0), CONTACT, gone, PERIOD_S, 1200.0) == Held(1200.0, None, "absent")
    assert words(said(1.0), CONTACT, gone, 5000.0)[1:] == []
    assert "absent" in UNKNOWN_REASONS


def test_what_a_device_says_after_it_was_away_counts() -> None:
    gone = presence(is_online=False, at_ts=900.0)
    assert words(said(1.0, 1000.0), CONTACT, gone, 5000.0) == []


def test_a_motion_was_over_before_its_device_went_away() -> None:
    gone = presence(is_online=False, at_ts=1200.0)
    held = [
        found := next_word(said(1.0), MOTION, gone, PERIOD_S, 1300.0),
        next_word(said(1.0).after(found), MOTION, gone, PERIOD_S, 1300.0) if found else None,
    ]
    assert held == [Held(1030.0, 0.0), Held(1200.0, None, "absent")]
    soon = presence(is_online=False, at_ts=1010.0)
    assert next_word(said(1.0), MOTION, soon, PERIOD_S, 1300.0) == Held(1010.0, None, "absent")


MOVES = Entity("homeassistant", "node", "k", "Motion", "occupied")


def test_an_entity_has_its_terms_from_its_announcement() -> None:
    assert terms_of(replace(MOVES, off_delay_s=30.0), DEVICE) == MOTION
    assert terms_of(replace(MOVES, quantity="power"), DEVICE) == PLUG
    assert terms_of(replace(MOVES, quantity=None), DEVICE) is None


def test_neither_what_expires_nor_what_speaks_through_another_stands() -> None:
    for terms in (
        terms_of(replace(MOVES, expire_after_s=60.0), DEVICE),
        terms_of(MOVES, replace(DEVICE, via="bridge")),
    ):
        assert terms is not None
        assert words(said(1.0), terms, presence(is_online=True), 5000.0) == []


@given(
    st.none() | st.floats(-10, 10),
    st.sampled_from([CONTACT, MOTION, PLUG, Terms(Kind.STATE, may_stand=False)]),
    st.none() | st.builds(lambda on, at: presence(is_online=on, at_ts=at), st.booleans(), st.integers(0, 4000)),
    st.integers(-1_000_000, 1_000_000),
)
def test_what_is_held_never_goes_back_in_time_nor_ahead_and_never_makes_up_a_value(
    value: float | None, terms: Terms, told: Presence | None, step_s: float
) -> None:
    standing = said(value)
    found = next_word(standing, terms, told, PERIOD_S, 4000.0)
    moved = None if told is None else told._replace(at_ts=told.at_ts + step_s)
    again = next_word(standing.moved(step_s), terms, moved, PERIOD_S, 4000.0 + step_s)
    assert value is not None or found is None
    assert (found is None) is (again is None)
    if found is not None and again is not None:
        assert 1000.0 <= found.at_ts <= 4000.0
        assert found.value in {value, None} or (terms is MOTION and found.value == 0.0)
        assert (found.value is None) is (found.reason == "absent")
        assert (again.value, again.reason) == (found.value, found.reason), "the clock's step is no silence"
