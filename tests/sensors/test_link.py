"""The link driver: a BSSID becomes the site's own name, and what cannot be told is unknown with its reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vigie_contract.readings import Reading
from vigie_sensors.driver import Context, DriverError, SensorConfig
from vigie_sensors.drivers.link import DRIVER, retry_ratio
from vigie_sensors.iw import Station

OWN = {"hall": "02:00:5E:00:00:01, 02:00:5e:00:00:02", "attic": "02:00:5e:00:00:03"}
Configured = Callable[..., SensorConfig]


class FakeIw:
    """Answers by the words after the interface; a missing answer is a command that fails."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers

    def __call__(self, arguments: list[str], deadline_s: float) -> str:
        assert arguments[:3] == ["iw", "dev", "wlan0"]
        words = "_".join(arguments[3:])
        if words not in self.answers:
            raise DriverError(f"iw: command failed: {words}", "failed")
        return self.answers[words]


def link_text(bssid: str = "02:00:5e:00:00:02") -> str:
    return (
        f"Connected to {bssid} (on wlan0)\n\tfreq: 5180\n\tsignal: -60 dBm\n"
        "\trx bitrate: 433.3 MBit/s\n\ttx bitrate: 390.0 MBit/s\n"
    )


def dump_text(packets: int, retries: int) -> str:
    return f"Station 02:00:5e:00:00:02 (on wlan0)\n\ttx packets:\t{packets}\n\ttx retries:\t{retries}\n"


def opened(iw: FakeIw, clock: Any, configured: Configured, **options: Any) -> Any:
    return DRIVER.open(configured(DRIVER, **({"access_points": OWN} | options)), Context(clock, iw, "/nowhere"))


def by_channel(readings: list[Reading]) -> dict[str, float | str | None]:
    return {reading.channel: reading.reason if reading.value is None else reading.value for reading in readings}


def test_an_association_with_the_site_tells_all_that_the_radio_knows(hand_clock: Any, configured: Configured) -> None:
    iw = FakeIw(link=link_text(), get_power_save="Power save: on", station_dump=dump_text(100, 10))
    driver = opened(iw, hand_clock, configured)
    assert by_channel(driver.sample())["s-retry-ratio"] == "starting"
    iw.answers["station_dump"] = dump_text(190, 20)
    found = by_channel(driver.sample())
    assert found == {
        "s-power-save": 1.0,
        "s-rssi": -60.0,
        "s-frequency": 5180.0,
        "s-tx-rate": 390e6,
        "s-rx-rate": 433.3e6,
        "s-retry-ratio": 0.1,
        "s-ap": 0.0,
    }


@pytest.mark.parametrize("text", ["Not connected.", link_text("02:00:5e:00:00:99")])
def test_no_association_or_one_with_others_is_not_associated(
    text: str, hand_clock: Any, configured: Configured
) -> None:
    driver = opened(FakeIw(link=text, get_power_save="Power save: off"), hand_clock, configured)
    found = by_channel(driver.sample())
    assert found.pop("s-power-save") == 0.0
    assert set(found.values()) == {"not-associated"}
    assert len(found) == 6


def test_a_radio_that_tells_nothing_more_leaves_unknowns(hand_clock: Any, configured: Configured) -> None:
    driver = opened(FakeIw(link="Connected to 02:00:5e:00:00:03 (on wlan0)\n"), hand_clock, configured)
    found = by_channel(driver.sample())
    assert found.pop("s-ap") == 1.0
    assert set(found.values()) == {"not-told"}


def test_every_reading_is_of_a_declared_channel(hand_clock: Any, configured: Configured) -> None:
    driver = opened(FakeIw(link=link_text()), hand_clock, configured)
    declared = DRIVER.channels(configured(DRIVER, access_points=OWN))
    assert {channel.id for channel in declared} == {reading.channel for reading in driver.sample()}
    assert declared[-1].labels == ("hall", "attic")


def test_a_missing_iw_or_interface_is_one_driver_error(hand_clock: Any, configured: Configured) -> None:
    with pytest.raises(DriverError):
        opened(FakeIw(), hand_clock, configured).sample()


def test_text_that_iw_does_not_print_is_a_driver_error_without_addresses(
    hand_clock: Any, configured: Configured
) -> None:
    with pytest.raises(DriverError, match="wlan0") as caught:
        opened(FakeIw(link="garbage 02:00:5e:00:00:01"), hand_clock, configured).sample()
    assert "02:00" not in str(caught.value)


def test_without_access_points_the_link_is_measured_and_not_named(hand_clock: Any, configured: Configured) -> None:
    driver = opened(FakeIw(link=link_text()), hand_clock, configured, access_points={})
    found = by_channel(driver.sample())
    assert found["s-rssi"] == -60.0
    assert "s-ap" not in found


@pytest.mark.parametrize(
    "table", [{"Hall": "02:00:5e:00:00:01"}, {"hall": "02:00:5e"}, {"a": "02:00:5e:00:00:01", "b": "02:00:5E:00:00:01"}]
)
def test_a_wrong_access_point_is_one_clear_value_error(table: dict[str, str], configured: Configured) -> None:
    with pytest.raises(ValueError, match="access_points"):
        DRIVER.channels(configured(DRIVER, access_points=table))


def station(packets: int | None, retries: int | None, bssid: str = "a") -> Station:
    return Station(bssid, None, packets, retries, None, None)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (station(10, 5), station(20, 5), (0.0, "")),
        (station(10, 5), station(10, 15), (1.0, "")),
        (station(10, 5), station(9, 5), (None, "counter-back")),
        (station(10, 5), station(20, 4), (None, "counter-back")),
        (station(10, 5), station(10, 5), (None, "starting")),
        (station(10, 5), station(20, 6, "b"), (None, "starting")),
        (None, station(20, 6), (None, "starting")),
        (station(10, 5), station(20, None), (None, "not-told")),
        (station(10, 5), None, (None, "not-told")),
    ],
)
def test_retry_ratio_is_a_share_or_says_why_not(
    before: Station | None, now: Station | None, told: tuple[float | None, str]
) -> None:
    assert retry_ratio(before, now) == told
