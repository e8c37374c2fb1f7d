"""Who is believed about the clock: the kernel, then what was said in this boot, then a battery-backed clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import TUESDAY_1430_TS

from vigie_gateway.clock.belief import (
    HOLD_S,
    NOT_AFTER_TS,
    NOT_BEFORE_TS,
    RTC_AGREES_S,
    Look,
    Witness,
    Word,
    implausible,
    judge,
)

NOW_TS = TUESDAY_1430_TS
NOTHING = Look(NOW_TS, 1_000.0, "boot-1", is_synchronised=False, rtc_ts=None, word=None, newest_ts=None)
WORD = Word(Witness.PERSON, "boot-1", NOW_TS - 100, 900.0)


def test_the_kernel_is_believed_before_anybody_else() -> None:
    belief = judge(replace(NOTHING, is_synchronised=True, rtc_ts=0.0, word=WORD, newest_ts=NOW_TS + 1e6))
    assert (belief.witness, belief.is_held) == (Witness.NTP, False)


def test_without_anybody_the_clock_is_not_known_and_it_is_said_what_is_missing() -> None:
    belief = judge(NOTHING)
    assert not belief.is_known
    assert belief.why == (
        "no NTP server answers, there is no battery-backed clock, and "
        "nobody has vouched for it since this machine started"
    )


@pytest.mark.parametrize(("witness", "is_held"), [(Witness.PERSON, False), (Witness.NTP, True), (Witness.RTC, True)])
def test_what_was_said_in_this_boot_holds_while_the_clock_is_not_moved(witness: Witness, is_held: bool) -> None:
    belief = judge(replace(NOTHING, word=WORD._replace(witness=witness)))
    assert (belief.witness, belief.is_held) == (witness, is_held)


@pytest.mark.parametrize(
    ("look", "why"),
    [
        (replace(NOTHING, word=WORD, boot="boot-2"), "before this machine started"),
        (replace(NOTHING, word=WORD, now_ts=NOW_TS + 1.5), "it was moved since"),
        (replace(NOTHING, word=WORD, now_ts=NOW_TS - 3_600), "it was moved since"),
        (
            replace(NOTHING, word=WORD, now_ts=NOW_TS + HOLD_S, now_mono=1_000.0 + HOLD_S),
            "more than 30 days old",
        ),
        (replace(NOTHING, word=WORD, newest_ts=NOW_TS + 121), "before the newest stored reading"),
        (
            replace(NOTHING, word=WORD._replace(at_ts=-100.0), now_ts=0.0),
            "before 2026-01-01, when this software was made",
        ),
        (replace(NOTHING, word=WORD._replace(at_ts=float("nan"))), "it was moved since"),
    ],
)
def test_a_word_is_void_in_another_boot_after_a_step_after_a_month_and_when_it_cannot_be(look: Look, why: str) -> None:
    belief = judge(look)
    assert not belief.is_known
    assert why in belief.why


def test_a_word_of_today_holds_though_readings_have_been_stored_since() -> None:
    later = replace(NOTHING, word=WORD, now_ts=NOW_TS + 86_400, now_mono=87_400.0, newest_ts=NOW_TS + 86_500)
    assert judge(later).witness is Witness.PERSON


def test_a_person_who_insists_is_believed_before_the_newest_stored_reading() -> None:
    look = replace(NOTHING, word=WORD._replace(is_forced=True), newest_ts=NOW_TS + 86_400)
    assert judge(look).witness is Witness.PERSON


@pytest.mark.parametrize(
    ("rtc_ts", "is_known"),
    [
        (NOW_TS, True),
        (NOW_TS + RTC_AGREES_S, True),
        (NOW_TS - RTC_AGREES_S, True),
        (NOW_TS + RTC_AGREES_S + 1, False),
        (0.0, False),
        (315_532_800.0, False),
    ],
)
def test_a_battery_backed_clock_is_believed_when_it_says_the_same(rtc_ts: float, is_known: bool) -> None:
    belief = judge(replace(NOTHING, rtc_ts=rtc_ts))
    assert belief.witness is (Witness.RTC if is_known else None)


def test_a_battery_backed_clock_in_1970_that_set_the_systems_is_not_believed() -> None:
    belief = judge(replace(NOTHING, now_ts=30.0, rtc_ts=30.0))
    assert not belief.is_known
    assert "the battery-backed clock is before 2026-01-01" in belief.why


@pytest.mark.parametrize(
    ("at_ts", "newest_ts", "is_possible"),
    [
        (NOW_TS, None, True),
        (NOW_TS, NOW_TS + 120, True),
        (NOW_TS, NOW_TS + 121, False),
        (NOT_BEFORE_TS - 1, None, False),
        (NOT_AFTER_TS + 1, None, False),
        (0.0, None, False),
        (datetime(9999, 12, 31, tzinfo=UTC).timestamp(), None, False),
        (float("nan"), None, False),
        (float("inf"), None, False),
        (float("-inf"), None, False),
    ],
)
def test_what_cannot_be_the_present_is_refused(at_ts: float, newest_ts: float | None, is_possible: bool) -> None:
    assert (implausible(at_ts, newest_ts) is None) is is_possible


@given(
    now_ts=st.floats(allow_nan=False, min_value=-1e9, max_value=1e12),
    rtc_ts=st.none() | st.floats(),
    at_ts=st.floats(),
    at_mono=st.floats(),
)
def test_whatever_the_files_say_a_verdict_comes_and_never_for_an_impossible_time(
    now_ts: float, rtc_ts: float | None, at_ts: float, at_mono: float
) -> None:
    look = replace(NOTHING, now_ts=now_ts, rtc_ts=rtc_ts, word=Word(Witness.PERSON, "boot-1", at_ts, at_mono))
    belief = judge(look)
    assert belief.why
    if belief.is_known:
        assert NOT_BEFORE_TS - RTC_AGREES_S <= now_ts <= NOT_AFTER_TS + RTC_AGREES_S
