"""lamp and buzzer on gpiozero's mock pins: from what a gateway says to what is seen and heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from gpiozero.pins.mock import MockPin
from tests.sensors.wire.conftest import wait_until

from vigie_contract.alerts import Firing, encode_alerts
from vigie_contract.clock import SystemClock
from vigie_sensors.driver import DriverError
from vigie_sensors.drivers import buzzer, lamp
from vigie_sensors.rhythm import Rhythm
from vigie_sensors.signaller import Signaller
from vigie_sensors.told_alerts import ToldAlerts

PIN = 17
OUTAGE = encode_alerts(Firing(outage=1))
IN_HAND = encode_alerts(Firing(in_hand=1))


@pytest.fixture
def told() -> ToldAlerts:
    return ToldAlerts(["main"], SystemClock())


@pytest.fixture
def opened(pins: Any, context: Any, configured: Any, told: ToldAlerts) -> Iterator[Callable[..., Signaller]]:
    made: list[Signaller] = []

    def make(spec: Any, **given: Any) -> Signaller:
        made.append(spec.open(configured(spec, pin=PIN, **given), replace(context, alerts=told)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def shown(driver: Signaller) -> float | str | None:
    (reading,) = driver.sample()
    return reading.reason or reading.value


def is_high(pins: Any) -> bool:
    pin: MockPin = pins.pin(PIN)
    return bool(pin.state)


def changes(pins: Any) -> int:
    """How often the pin went up or down so far."""
    return len(pins.pin(PIN).states)


def test_the_lamp_is_lit_for_an_alert_dark_when_somebody_has_it_and_flashes_when_nobody_knows(
    opened: Any, pins: Any, told: ToldAlerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lamp, "UNKNOWN", Rhythm(0.01, 0.01))
    driver = opened(lamp.DRIVER)
    assert shown(driver) == "starting"
    told.take("main", OUTAGE)
    wait_until(lambda: is_high(pins))
    assert shown(driver) == 1.0
    told.take("main", IN_HAND)
    wait_until(lambda: not is_high(pins))
    assert shown(driver) == 0.0
    before = changes(pins)
    told.take("main", encode_alerts(None))
    wait_until(lambda: changes(pins) >= before + 4)
    assert shown(driver) == "silent"


def test_a_board_that_ground_switches_on_is_off_at_high(opened: Any, pins: Any, told: ToldAlerts) -> None:
    told.take("main", IN_HAND)
    opened(lamp.DRIVER, active_high=False)
    assert is_high(pins)
    told.take("main", OUTAGE)
    wait_until(lambda: not is_high(pins))


def test_the_buzzer_beeps_for_an_outage_and_not_for_less_unless_asked_to(
    opened: Any, pins: Any, told: ToldAlerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buzzer, "CALLED", Rhythm(0.01, 0.01))
    driver = opened(buzzer.DRIVER)
    told.take("main", encode_alerts(Firing(warning=1)))
    assert shown(driver) == 0.0
    told.take("main", OUTAGE)
    before = changes(pins)
    wait_until(lambda: changes(pins) >= before + 4)


@pytest.mark.parametrize(("is_right", "expected"), [(True, 0.0), (False, 1.0)])
def test_the_buzzer_heeds_quiet_hours_by_a_clock_that_is_right_and_by_no_other(
    opened: Any,
    told: ToldAlerts,
    hand_clock: Any,
    monkeypatch: pytest.MonkeyPatch,
    is_right: bool,
    expected: float,
) -> None:
    monkeypatch.setattr(hand_clock, "is_synchronised", lambda: is_right)
    driver = opened(buzzer.DRIVER, quiet=["00:00-12:00", "12:00-00:00"])
    told.take("main", OUTAGE)
    assert shown(driver) == expected


def test_quiet_hours_that_are_none_are_refused_with_their_key(configured: Any) -> None:
    with pytest.raises(ValueError, match=r'quiet: .22h.* is no time span, expected "HH:MM-HH:MM"'):
        buzzer.DRIVER.channels(configured(buzzer.DRIVER, pin=PIN, quiet=["22h-7h"]))


@pytest.mark.parametrize("spec", [lamp.DRIVER, buzzer.DRIVER])
def test_closed_it_is_off_and_its_pin_can_be_opened_again(
    opened: Any, pins: Any, context: Any, configured: Any, told: ToldAlerts, spec: Any
) -> None:
    told.take("main", OUTAGE)
    held = spec.open(configured(spec, pin=PIN), replace(context, alerts=told))
    wait_until(lambda: is_high(pins))
    with pytest.raises(DriverError, match="in use"):
        opened(spec)
    held.close()
    assert not is_high(pins)
    opened(spec)


def test_a_pin_that_fails_is_told_by_the_next_sample(
    opened: Any, pins: Any, told: ToldAlerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = opened(lamp.DRIVER)

    def broken(*_: object) -> None:
        raise OSError("the chip has gone")

    def is_told() -> bool:
        try:
            driver.sample()
        except DriverError as error:
            return "the chip has gone" in str(error)
        return False

    monkeypatch.setattr(pins.pin(PIN), "_set_state", broken)
    told.take("main", OUTAGE)
    wait_until(is_told)


def test_without_a_broker_as_once_has_none_it_shows_that_it_does_not_know(
    pins: Any, context: Any, configured: Any
) -> None:
    driver = lamp.DRIVER.open(configured(lamp.DRIVER, pin=PIN), context)
    assert [reading.reason for reading in driver.sample()] == ["starting"]  # for which ``once`` waits and waits
    wait_until(lambda: is_high(pins))  # it flashes at once: a lamp that is wired wrongly is seen
    driver.close()
