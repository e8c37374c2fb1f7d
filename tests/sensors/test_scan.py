"""The scan driver: the site's own access points' load, others as a number, and silence that is not zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vigie_contract.readings import Reading
from vigie_sensors.driver import Context, DriverError, SensorConfig
from vigie_sensors.drivers.scan import DRIVER
from vigie_sensors.iw import IwError

Configured = Callable[..., SensorConfig]
HALL_2G, HALL_5G, OTHER = "02:00:5e:00:00:01", "02:00:5e:00:00:02", "02:00:5e:00:00:99"
OWN = {"hall": f"{HALL_2G}, {HALL_5G}"}


def bss(address: str, mhz: int, stations: int | None = None, busy: int = 0, age_ms: int = 100) -> str:
    text = f"BSS {address}(on wlan0)\n\tfreq: {mhz}.0\n\tlast seen: {age_ms} ms ago\n"
    if stations is not None:
        text += f"\tBSS Load:\n\t\t * station count: {stations}\n\t\t * channel utilisation: {busy}/255\n"
    return text


class Radio:
    """An iw whose dump and own scan are given; a scan of None is refused as by a busy radio."""

    def __init__(self, dump: str, scan: str | None = None, survey: str | None = None) -> None:
        self.dump = dump
        self.survey = survey
        self.scan = scan
        self.scans = 0

    def __call__(self, arguments: list[str], deadline_s: float) -> str:
        if arguments[-2:] == ["scan", "dump"]:
            return self.dump
        if arguments[-2:] == ["survey", "dump"]:
            if self.survey is None:
                raise DriverError("iw: command failed: Device or resource busy (-16)", "failed")
            return self.survey
        self.scans += 1
        if self.scan is None:
            raise DriverError("iw: command failed: Device or resource busy (-16)", "failed")
        return self.scan


def opened(radio: Radio, clock: Any, configured: Configured, **options: Any) -> Any:
    options = {"access_points": OWN, "channels": ["1", "36"]} | options
    return DRIVER.open(configured(DRIVER, **options), Context(clock, radio, "/nowhere"))


def by_channel(readings: list[Reading]) -> dict[str, float | str | None]:
    return {reading.channel: reading.reason if reading.value is None else reading.value for reading in readings}


def test_two_radios_of_one_access_point_sum_stations_and_show_the_busier_channel(
    hand_clock: Any, configured: Configured
) -> None:
    dump = bss(HALL_2G, 2412, 3, 51) + bss(HALL_5G, 5180, 4, 102) + bss(OTHER, 2412)
    assert by_channel(opened(Radio(dump), hand_clock, configured).sample()) == {
        "s-hall-stations": 7.0,
        "s-hall-utilisation": 0.4,
        "s-ch1-neighbours": 1.0,
        "s-ch36-neighbours": 0.0,
    }


def test_half_of_an_access_point_gives_no_sum(hand_clock: Any, configured: Configured) -> None:
    dump = bss(HALL_2G, 2412, 3, 51) + bss(HALL_5G, 5180, 4, 102, age_ms=999_999)
    found = by_channel(opened(Radio(dump), hand_clock, configured).sample())
    assert found["s-hall-stations"] == "not-told"
    assert found["s-hall-utilisation"] == 0.2


def survey(mhz: int, active_ms: int, busy_ms: int) -> str:
    return (
        f"Survey data from wlan0\n\tfrequency:\t\t\t{mhz} MHz [in use]\n\tnoise:\t\t\t\t-92 dBm\n"
        f"\tchannel active time:\t\t{active_ms} ms\n\tchannel busy time:\t\t{busy_ms} ms\n"
    )


def test_an_access_point_that_tells_no_load_is_as_busy_as_our_radio_senses_its_channel(
    hand_clock: Any, configured: Configured
) -> None:
    radio = Radio(bss(HALL_2G, 2412) + bss(HALL_5G, 5180), survey=survey(5180, 10_000, 9_000))
    driver = opened(radio, hand_clock, configured)
    assert by_channel(driver.sample())["s-hall-utilisation"] == "not-told", "counters of before this sample"
    radio.survey = survey(5180, 70_000, 24_000)
    assert by_channel(driver.sample())["s-hall-utilisation"] == 0.25
    radio.survey = survey(5180, 1_000, 10)
    assert by_channel(driver.sample())["s-hall-utilisation"] == "not-told", "counters that went back"


def test_a_byte_swapped_count_is_out_of_range(hand_clock: Any, configured: Configured) -> None:
    dump = bss(HALL_2G, 2412, 768, 51) + bss(HALL_5G, 5180, 4, 102)
    found = by_channel(opened(Radio(dump), hand_clock, configured).sample())
    assert found["s-hall-stations"] == "out-of-range"


def test_what_is_not_heard_is_said_after_a_period_and_never_as_zero(hand_clock: Any, configured: Configured) -> None:
    driver = opened(Radio(""), hand_clock, configured)
    assert driver.sample() == []
    hand_clock.advance(60)
    assert by_channel(driver.sample()) == {
        "s-hall-stations": "absent",
        "s-hall-utilisation": "absent",
        "s-ch1-neighbours": "inconclusive",
        "s-ch36-neighbours": "inconclusive",
    }


def test_only_a_scan_makes_no_neighbours_a_zero(hand_clock: Any, configured: Configured) -> None:
    alone = bss(HALL_2G, 2412, 3, 51)
    found = by_channel(opened(Radio(alone), hand_clock, configured).sample())
    assert "s-ch1-neighbours" not in found
    found = by_channel(opened(Radio(alone, alone), hand_clock, configured, trigger_every_s=600.0).sample())
    assert found["s-ch1-neighbours"] == 0.0


def test_own_scans_come_at_most_every_ten_minutes_and_a_busy_radio_leaves_the_dump(
    hand_clock: Any, configured: Configured
) -> None:
    radio = Radio(bss(HALL_2G, 2412, 3, 51) + bss(HALL_5G, 5180, 4, 51))
    driver = opened(radio, hand_clock, configured, trigger_every_s=10.0)
    assert by_channel(driver.sample())["s-hall-stations"] == 7.0
    for _ in range(9):
        hand_clock.advance(60)
        driver.sample()
    assert radio.scans == 1
    hand_clock.advance(60)
    driver.sample()
    assert radio.scans == 2


def test_no_address_of_others_leaves_the_driver(hand_clock: Any, configured: Configured) -> None:
    driver = opened(Radio(bss(OTHER, 2412) + bss(HALL_2G, 5180)), hand_clock, configured)
    assert OTHER not in repr(driver.sample()) + repr(vars(driver))


def test_a_wrong_channel_is_a_value_error(configured: Configured) -> None:
    for wrong in ("0", "15", "abc", "6g0", "1a", "²"):
        with pytest.raises(ValueError, match="channels"):
            DRIVER.channels(configured(DRIVER, channels=[wrong]))
    good = DRIVER.channels(configured(DRIVER, channels=["1", "14", "36", "177", "6g37"]))
    assert [channel.id for channel in good][-1] == "s-ch6g37-neighbours"
    assert issubclass(IwError, ValueError)
