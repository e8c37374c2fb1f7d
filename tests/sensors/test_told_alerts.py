"""``told_alerts``: whom a node believes, and for how long."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from vigie_contract.alerts import TRUST_S, Firing, encode_alerts
from vigie_contract.errors import ContractError
from vigie_sensors.told_alerts import ToldAlerts

WARNING = encode_alerts(Firing(warning=1))
NOTHING = encode_alerts(Firing(in_hand=2))
NOT_KNOWN = encode_alerts(None)


def test_before_anybody_has_spoken_and_after_what_was_said_is_too_old_nothing_is_known(hand_clock: Any) -> None:
    told = ToldAlerts(["main"], hand_clock)
    assert told.is_called("warning") is None
    told.take("main", NOTHING)
    assert told.is_called("warning") is False
    hand_clock.advance(TRUST_S)
    assert told.is_called("warning") is False
    hand_clock.advance(0.1)
    assert told.is_called("warning") is None


@pytest.mark.parametrize(("least", "is_called"), [("outage", False), ("warning", True), ("unknown", True)])
def test_it_is_called_by_what_is_as_bad_as_asked_or_worse(hand_clock: Any, least: str, is_called: bool) -> None:
    told = ToldAlerts(["main"], hand_clock)
    told.take("main", WARNING)
    assert told.is_called(least) is is_called


@pytest.mark.parametrize(
    ("first", "second", "is_called"),
    [
        (WARNING, NOT_KNOWN, True),
        (NOTHING, WARNING, True),
        (NOTHING, NOT_KNOWN, None),
        (NOTHING, NOTHING, False),
    ],
)
def test_of_two_gateways_one_that_calls_is_heeded_and_one_that_does_not_know_is_no_all_is_well(
    hand_clock: Any, first: bytes, second: bytes, is_called: bool | None
) -> None:
    told = ToldAlerts(["main", "spare"], hand_clock)
    told.take("main", first)
    told.take("spare", second)
    assert told.is_called("warning") is is_called


def test_a_gateway_that_the_configuration_does_not_name_is_not_believed(hand_clock: Any) -> None:
    told = ToldAlerts(["main"], hand_clock)
    told.take("stranger", NOTHING)
    assert told.is_called("outage") is None


def test_what_no_gateway_says_is_refused_and_changes_nothing(hand_clock: Any) -> None:
    told = ToldAlerts(["main"], hand_clock)
    told.take("main", WARNING)
    with pytest.raises(ContractError):
        told.take("main", b'{"v":1,"known":true}')
    assert told.is_called("warning") is True


def test_who_follows_is_woken_by_what_is_said_until_they_leave(hand_clock: Any) -> None:
    told, woken = ToldAlerts(["main"], hand_clock), threading.Event()
    told.follow(woken)
    told.take("main", NOTHING)
    assert woken.is_set()
    woken.clear()
    told.leave(woken)
    told.take("main", NOTHING)
    assert not woken.is_set()
