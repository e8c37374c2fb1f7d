"""What iw prints becomes values, or one IwError: examples of our own, captures where they are, and any text at all."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_sensors.iw import (
    IwError,
    Survey,
    busy_share,
    channel_of,
    is_plausible_count,
    parse_info,
    parse_link,
    parse_power_save,
    parse_scan,
    parse_station_dump,
    parse_survey,
)

SHARED = Path(__file__).resolve().parents[3] / "shared"

LINK = """Connected to 02:00:5E:00:00:01 (on wlan0)
\tSSID: example
\tfreq: 5180.0
\tRX: 100 bytes (2 packets)
\tsignal: -61 [-63, -65] dBm
\trx bitrate: 390.0 MBit/s VHT-MCS 4 80MHz VHT-NSS 2
\ttx bitrate: (unknown) MCS 253
"""
STATION = """Station 02:00:5e:00:00:01 (on wlan0)
\ttx packets:\t200
\ttx retries:\t50
\tsignal:  \t-61 [-63, -65] dBm
\ttx bitrate:\t866.7 MBit/s VHT-MCS 9
"""
SCAN = """BSS 02:00:5e:00:00:01(on wlan0) -- associated
\tlast seen: 4206.107s [boottime]
\tfreq: 5180.0
\tlast seen: 1410 ms ago
\tBSS Load:
\t\t * station count: 10
\t\t * channel utilisation: 51/255
BSS 02:00:5e:00:00:02 (on wlan0)
    freq: 2412
    last seen: 20 ms ago
"""


def capture(path: str) -> str:
    file = SHARED / path
    if not file.exists():
        pytest.skip(f"no captures at {SHARED}")
    return file.read_text()


def test_link_tells_signal_rate_and_frequency_and_leaves_out_what_it_does_not_know() -> None:
    link = parse_link(LINK)
    assert link is not None
    assert (link.bssid, link.frequency_mhz, link.rssi_dbm) == ("02:00:5e:00:00:01", 5180.0, -61.0)
    assert (link.rx_rate_bps, link.tx_rate_bps) == (390e6, None)


def test_not_connected_is_none_and_other_text_an_error() -> None:
    assert parse_link("Not connected.\n") is None
    with pytest.raises(IwError):
        parse_link("Usage: iw [options] command")
    with pytest.raises(IwError):
        parse_link("")


def test_station_dump_tells_retries_where_the_radio_does() -> None:
    (station,) = parse_station_dump(STATION)
    assert (station.tx_packets, station.tx_retries, station.rssi_dbm, station.tx_rate_bps) == (200, 50, -61, 866.7e6)
    assert parse_station_dump("") == []


def test_scan_reads_load_as_a_share_and_the_age_in_milliseconds_not_since_boot() -> None:
    loaded, plain = parse_scan(SCAN)
    assert (loaded.bssid, loaded.age_s, loaded.stations, loaded.utilisation) == ("02:00:5e:00:00:01", 1.41, 10, 0.2)
    assert (plain.frequency_mhz, plain.stations, plain.utilisation) == (2412.0, None, None)


def test_power_save_is_on_or_off_or_an_error() -> None:
    assert parse_power_save("Power save: on\n") is True
    assert parse_power_save("Power save: off\n") is False
    with pytest.raises(IwError):
        parse_power_save("command failed: Operation not supported (-95)")


def test_info_tells_type_and_tuned_frequency() -> None:
    text = "Interface wlan0\n\ttype managed\n\tchannel 36 (5180 MHz), width: 80 MHz, center1: 5210 MHz\n"
    assert parse_info(text) == ("managed", 5180.0)


@pytest.mark.parametrize(
    ("count", "is_plausible"), [(0, True), (10, True), (257, True), (768, False), (2_007, True), (2_008, False)]
)
def test_byte_swapped_and_impossible_station_counts_are_not_believed(count: int, is_plausible: bool) -> None:
    assert is_plausible_count(count) is is_plausible


@pytest.mark.parametrize(
    ("mhz", "name"),
    [(2412, "1"), (2472, "13"), (2484, "14"), (5180.0, "36"), (5885, "177"), (5955, "6g1"), (2413, None), (900, None)],
)
def test_frequencies_have_the_channel_names_of_their_band(mhz: float, name: str | None) -> None:
    assert channel_of(mhz) == name


@pytest.mark.parametrize(
    ("path", "rssi", "tx_rate"),
    [
        ("wifi/fixtures/iw/link_brcmfmac_cm4.txt", -54, 24e6),
        ("wifi/fixtures/iw/link_mt7922_he.txt", -45, 1200.9e6),
        ("wifi/fixtures/iw/link_coworking_he40.txt", -39, 573.5e6),
        ("wifi/fixtures/iw/link_ath11k_unknown_rate.txt", -104, None),
    ],
)
def test_captured_links_are_read(path: str, rssi: float, tx_rate: float | None) -> None:
    link = parse_link(capture(path))
    assert link is not None
    assert (link.rssi_dbm, link.tx_rate_bps) == (rssi, tx_rate)


def test_the_captured_pi_radio_tells_no_retries_and_the_rich_one_does() -> None:
    (pi,) = parse_station_dump(capture("payloads/hostapd-iw/iw_station_dump_brcmfmac_pi5.txt"))
    (rich,) = parse_station_dump(capture("payloads/hostapd-iw/iw_station_dump_rich.txt"))
    assert (pi.tx_packets, pi.tx_retries, pi.rssi_dbm) == (74_689, None, -52)
    assert (rich.tx_packets, rich.tx_retries) == (20, 150)


@pytest.mark.parametrize(
    ("path", "frequencies", "stations"),
    [
        ("wifi/fixtures/jc/iw-scan0.out", [2412, 2462], [None, None]),
        ("wifi/fixtures/jc/iw-scan2.out", [2412], [None]),
        ("wifi/fixtures/iw/scan_excerpt_bssload_box.txt", [5180], [10]),
    ],
)
def test_captured_scans_are_read(path: str, frequencies: list[float], stations: list[int | None]) -> None:
    found = parse_scan(capture(path))
    assert [bss.frequency_mhz for bss in found] == frequencies
    assert [bss.stations for bss in found] == stations


PARSERS: list[Callable[[str], Any]] = [
    parse_link,
    parse_station_dump,
    parse_scan,
    parse_survey,
    parse_info,
    parse_power_save,
]
_lines = st.sampled_from([*LINK.splitlines(), *STATION.splitlines(), *SCAN.splitlines(), "Power save: on", "\tfreq: "])
_numbers = st.integers(-(10**40), 10**40).map(lambda number: f"\tsignal: {number} dBm\n\tfreq: {number}e999")
texts = st.text(max_size=200) | st.lists(_lines | _numbers | st.text(max_size=20), max_size=12).map("\n".join)


@given(st.sampled_from(PARSERS), texts)
def test_any_text_gives_a_value_or_an_iw_error(parse: Callable[[str], Any], text: str) -> None:
    refusal = ""
    found = None
    try:
        found = parse(text)
    except IwError as error:
        refusal = str(error)
    assert "02:00" not in refusal, "an error message must not quote an address"
    for bss in (found or []) if parse is parse_scan else []:
        assert bss.utilisation is None or 0 <= bss.utilisation <= 1
        assert bss.age_s is None or math.isfinite(bss.age_s)
        assert bss.frequency_mhz is None or math.isfinite(bss.frequency_mhz)
        channel_of(bss.frequency_mhz or 0)


SURVEY = """Survey data from wlan0
\tfrequency:\t\t\t2412 MHz
\tchannel active time:\t\t59 ms
\tchannel busy time:\t\t32 ms
Survey data from wlan0
  frequency:      2412 MHz [in use]
  noise:        -95 dBm
  channel active time:    1000 ms
  channel busy time:    250 ms
Survey data from wlan0
\tfrequency:\t\t\t5180 MHz
Survey data from wlan0
\tchannel active time:\t\t59 ms
\tchannel busy time:\t\t32 ms
"""


def test_a_survey_tells_its_counters_and_of_a_channel_that_comes_twice_the_longer() -> None:
    assert parse_survey(SURVEY) == [Survey("wlan0", 2412.0, 1000, 250)]
    assert parse_survey("") == []
    with pytest.raises(IwError, match="something else than surveys"):
        parse_survey("command failed: Device or resource busy (-16)")


@pytest.mark.parametrize(
    ("now", "before", "share"),
    [
        ((1000, 250), None, 0.25),
        ((2000, 750), (1000, 250), 0.5),
        ((1000, 250), (1000, 250), None),
        ((900, 100), (1000, 250), None),
        ((2000, 100), (1000, 250), None),
        ((1100, 900), (1000, 250), None),
        ((0, 0), None, None),
    ],
)
def test_busy_air_is_a_share_of_time_that_passed_and_of_counters_that_did_not_go_back(
    now: tuple[int, int], before: tuple[int, int] | None, share: float | None
) -> None:
    found = busy_share(Survey("wlan0", 2412.0, *now), None if before is None else Survey("wlan0", 2412.0, *before))
    assert found == share
