"""Energy and power from pulses."""

from __future__ import annotations

import pytest

from vigie_sensors.metering import PulseMeter


def pulse(meter: PulseMeter, at_s: float) -> None:
    meter.feed(at_s, active=True)
    meter.feed(at_s + 0.05, active=False)


def at_rest() -> PulseMeter:
    meter = PulseMeter(pulses_per_kwh=1_000, quiet_s=0.005)
    meter.feed(0, active=False)
    return meter


def test_a_thousand_pulses_are_a_kilowatt_hour() -> None:
    meter = at_rest()
    for number in range(1_000):
        pulse(meter, number + 1)
    assert meter.energy_wh == 1_000


def test_power_is_unknown_until_two_pulses_were_seen() -> None:
    meter = at_rest()
    assert meter.power_w(100) is None
    pulse(meter, 101)
    assert meter.power_w(500) is None
    pulse(meter, 501)
    assert meter.power_w(501) == pytest.approx(9)


def test_power_is_the_mean_over_the_pulses_since_the_last_sample() -> None:
    meter = at_rest()
    for at_s in (1.0, 2.0, 3.0, 4.0):
        pulse(meter, at_s)
    assert meter.power_w(4.5) == pytest.approx(3_600)
    for at_s in (4.5, 5.0, 5.5, 6.0):
        pulse(meter, at_s)
    assert meter.power_w(6.1) == pytest.approx(7_200)


def test_a_load_that_was_switched_off_decays_as_an_upper_bound() -> None:
    """At 1000 imp/kWh, an hour without a pulse means at most 1 W: not the last power, and not 0."""
    meter = at_rest()
    pulse(meter, 1)
    pulse(meter, 2)
    assert meter.power_w(2.5) == pytest.approx(3_600)
    assert meter.power_w(12) == pytest.approx(360)
    assert meter.power_w(2 + 3_600) == pytest.approx(1)


def test_bounces_are_no_energy() -> None:
    meter = at_rest()
    for at_s in (1.0, 1.002, 1.004):
        meter.feed(at_s, active=True)
        meter.feed(at_s + 0.001, active=False)
    assert meter.energy_wh == 1
