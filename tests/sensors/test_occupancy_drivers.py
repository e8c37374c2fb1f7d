"""motion, door, clicker, contact and distance on gpiozero's mock pins: from edges to readings."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from gpiozero.pins.mock import MockTriggerPin

from vigie_contract.quantities import QUANTITIES
from vigie_sensors.driver import DriverError
from vigie_sensors.drivers import clicker, contact, distance, door, motion
from vigie_sensors.drivers.distance import PINGS, distance_of


def values(driver: Any) -> dict[str, Any]:
    """By channel, the value, or the reason where it is unknown."""
    return {reading.channel: reading.reason or reading.value for reading in driver.sample()}


def drive(pins: Any, pin: int, high: bool) -> None:
    (pins.pin(pin).drive_high if high else pins.pin(pin).drive_low)()


@pytest.mark.parametrize(
    ("spec", "given", "expected"),
    [
        (motion.DRIVER, {"pin": 17}, {"s": "occupied"}),
        (door.DRIVER, {"pin_outer": 17, "pin_inner": 27}, {"s-in": "people_in", "s-out": "people_out"}),
        (clicker.DRIVER, {"pin_plus": 17, "pin_minus": 27}, {"s-in": "people_in", "s-out": "people_out"}),
        (contact.DRIVER, {"pin": 17}, {"s": "open"}),
        (distance.DRIVER, {"trigger": 17, "echo": 27}, {"s": "distance"}),
        (
            distance.DRIVER,
            {"trigger": 17, "echo": 27, "occupied_below_m": 0.8},
            {"s": "distance", "s-occupied": "occupied"},
        ),
    ],
)
def test_channels_are_known_without_hardware(configured: Any, spec: Any, given: Any, expected: Any) -> None:
    found = spec.channels(configured(spec, **given))
    assert {channel.id: channel.quantity for channel in found} == expected
    assert all(channel.quantity in QUANTITIES and channel.room == "big" for channel in found)


@pytest.mark.parametrize(
    ("spec", "given"),
    [
        (motion.DRIVER, {"pin": 17}),
        (door.DRIVER, {"pin_outer": 5, "pin_inner": 17}),
        (clicker.DRIVER, {"pin_plus": 5, "pin_minus": 17}),
        (contact.DRIVER, {"pin": 17}),
        (distance.DRIVER, {"trigger": 17, "echo": 5}),
    ],
)
def test_a_closed_driver_can_be_opened_again_and_an_open_one_says_busy(
    pins: Any, context: Any, configured: Any, spec: Any, given: Any
) -> None:
    config = configured(spec, **given)
    spec.open(config, context).close()
    held = spec.open(config, context)
    with pytest.raises(DriverError, match="in use") as caught:
        spec.open(config, context)
    assert caught.value.reason == "busy"
    held.close()
    spec.open(configured(spec, **given), context).close()


def test_a_motion_of_a_fifth_of_a_second_between_two_samples_counts(
    pins: Any, context: Any, configured: Any, hand_clock: Any
) -> None:
    driver = motion.DRIVER.open(configured(motion.DRIVER, pin=17, hold_s=30.0), context)
    assert values(driver) == {"s": "starting"}
    hand_clock.advance(60)
    assert values(driver) == {"s": "starting"}
    hand_clock.advance(30)
    assert values(driver) == {"s": 0.0}
    drive(pins, 17, high=True)
    hand_clock.advance(0.2)
    drive(pins, 17, high=False)
    hand_clock.advance(5)
    [reading] = driver.sample()
    assert (reading.value, reading.at_ts) == (1.0, hand_clock.now_ts())
    hand_clock.advance(25)
    assert values(driver) == {"s": 0.0}
    driver.close()


@pytest.mark.parametrize("blocked_high", [False, True])
def test_a_door_counts_both_ways(pins: Any, context: Any, configured: Any, hand_clock: Any, blocked_high: bool) -> None:
    driver = door.DRIVER.open(configured(door.DRIVER, pin_outer=17, pin_inner=27, blocked_high=blocked_high), context)
    assert values(driver) == {"s-in": 0.0, "s-out": 0.0}
    for passage in (((17, 27), 3), ((27, 17), 1)):
        (first, second), times = passage
        for _ in range(times):
            for pin, blocked in ((first, True), (second, True), (first, False), (second, False)):
                drive(pins, pin, high=blocked is blocked_high)
                hand_clock.advance(0.2)
    assert values(driver) == {"s-in": 3.0, "s-out": 1.0}
    drive(pins, 17, high=blocked_high)
    hand_clock.advance(61)
    assert values(driver) == {"s-in": "busy", "s-out": "busy"}
    drive(pins, 17, high=not blocked_high)
    hand_clock.advance(1)
    assert values(driver) == {"s-in": 3.0, "s-out": 1.0}
    driver.close()


def test_a_clicker_counts_presses_and_not_their_bounces(
    pins: Any, context: Any, configured: Any, hand_clock: Any
) -> None:
    driver = clicker.DRIVER.open(configured(clicker.DRIVER, pin_plus=17, pin_minus=27), context)
    assert values(driver) == {"s-in": 0.0, "s-out": 0.0}
    for pin, presses in ((17, 5), (27, 2)):
        for _ in range(presses):
            hand_clock.advance(0.3)
            for low in (True, False, True, False):
                drive(pins, pin, high=not low)
                hand_clock.advance(0.002)
    assert values(driver) == {"s-in": 5.0, "s-out": 2.0}
    driver.close()


@pytest.mark.parametrize(
    ("echoes_s", "expected"),
    [
        ([0.0058, 0.0058, 0.0059, 0.0057, 0.02], (pytest.approx(0.9947), None)),
        ([0.0058] * 3, (pytest.approx(0.9947), None)),
        ([0.0058] * 2, (None, "absent")),
        ([], (None, "absent")),
        ([0.038] * PINGS, (None, "out-of-range")),
    ],
)
def test_echoes_give_a_median_distance_or_a_reason(echoes_s: Any, expected: Any) -> None:
    assert distance_of(echoes_s, max_m=4.0) == expected


class _Echo(MockTriggerPin):  # type: ignore[misc] # gpiozero ships no types
    """Answers a trigger at once, on the hand clock."""

    echo_s: float | None = None

    def _set_state(self, value: Any) -> None:
        super(MockTriggerPin, self)._set_state(value)
        if value and self.echo_s is not None:
            echo = self.factory.pin(27)
            echo.drive_high()
            self.factory.clock.advance(self.echo_s)
            echo.drive_low()


@pytest.mark.parametrize(
    ("echo_s", "expected"),
    [
        (0.00583, {"s": pytest.approx(1.0, abs=0.01), "s-occupied": 0.0}),
        (0.0035, {"s": pytest.approx(0.6, abs=0.01), "s-occupied": 1.0}),
        (0.038, {"s": "out-of-range", "s-occupied": "out-of-range"}),
        (None, {"s": "absent", "s-occupied": "absent"}),
    ],
)
@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_distance_is_measured_or_unknown(
    pins: Any, context: Any, configured: Any, hand_clock: Any, monkeypatch: Any, echo_s: Any, expected: Any, speed: Any
) -> None:
    """Sound is as fast in a simulated day: its clock runs faster."""
    hand_clock.speed = speed
    monkeypatch.setattr(_Echo, "echo_s", None if echo_s is None else echo_s * speed)
    pins.pin(17, pin_class=_Echo)
    driver = distance.DRIVER.open(configured(distance.DRIVER, trigger=17, echo=27, occupied_below_m=0.8), context)
    assert values(driver) == expected
    driver.close()


def test_a_distance_sensor_gives_its_pins_back_when_the_second_is_in_use(
    pins: Any, context: Any, configured: Any
) -> None:
    held = motion.DRIVER.open(configured(motion.DRIVER, pin=17), context)
    with pytest.raises(DriverError, match="GPIO17"):
        distance.DRIVER.open(configured(distance.DRIVER, trigger=17, echo=27), context)
    held.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        distance.DRIVER.open(configured(distance.DRIVER, trigger=17, echo=27), context).close()


@pytest.mark.parametrize("opens_closed", [False, True])
def test_a_contact_tells_that_the_door_opened_for_a_moment(
    pins: Any, context: Any, configured: Any, hand_clock: Any, opens_closed: bool
) -> None:
    driver = contact.DRIVER.open(configured(contact.DRIVER, pin=17, opens_closed=opens_closed), context)
    assert values(driver) == {"s": "starting"}
    drive(pins, 17, high=opens_closed)
    hand_clock.advance(5)
    assert values(driver) == {"s": 0.0}
    start_ts = hand_clock.now_ts()
    drive(pins, 17, high=not opens_closed)
    hand_clock.advance(2)
    drive(pins, 17, high=opens_closed)
    hand_clock.advance(3)
    found = [(reading.value, round(reading.at_ts - start_ts, 3)) for reading in driver.sample()]
    assert found == [(1.0, 0.0), (0.0, 2.0), (0.0, 5.0)]
    driver.close()
