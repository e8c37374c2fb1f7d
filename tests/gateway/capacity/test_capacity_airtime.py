"""Rates, durations, sensitivity, aggregation and airtime load: the standard's figures, and what is no mode at all."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.capacity.airtime.aggregation import (
    ampdu_octets,
    amsdu_octets,
    flow_throughput_bps,
    mpdus_that_fit,
    msdus_that_fit,
)
from vigie_gateway.capacity.airtime.load import Flow, airtime_demand, airtime_supply, contention_share
from vigie_gateway.capacity.airtime.ppdu import control_mode, control_us, ppdu_us, preamble_us
from vigie_gateway.capacity.airtime.rates import RESOURCE_UNITS, Mode, Phy, non_ht_reference_bps
from vigie_gateway.capacity.airtime.sensitivity import mode_at

MODES = [
    Mode(phy, mcs, width, streams, guard)
    for phy, widths, top, guards in (
        (Phy.HT, (20, 40), 8, (800, 400)),
        (Phy.VHT, (20, 80), 8, (800, 400)),
        (Phy.HE, (20, 40, 80, 160), 12, (800, 1600, 3200)),
    )
    for mcs in range(top)
    for width in widths
    for streams in (1, 2)
    for guard in guards
] + [Mode(Phy.OFDM, mcs) for mcs in range(8)]
modes = st.sampled_from(MODES)


@pytest.mark.parametrize(
    ("mode", "mbps"),
    [
        (Mode(Phy.DSSS, 2), 5.5),
        (Mode(Phy.OFDM, 0), 6),
        (Mode(Phy.OFDM, 7), 54),
        (Mode(Phy.OFDM, 7, 10), 27),
        (Mode(Phy.OFDM, 7, 5), 13.5),
        (Mode(Phy.HT, 7, 20, 1, 400), 72.2),
        (Mode(Phy.HT, 7, 40, 4, 400), 600),
        (Mode(Phy.VHT, 9, 80, 1, 400), 433.3),
        (Mode(Phy.VHT, 9, 80, 2, 400), 866.7),
        (Mode(Phy.VHT, 9, 160, 8, 400), 6933.3),
        (Mode(Phy.HE, 11, 20), 143.4),
        (Mode(Phy.HE, 11, 40, 2), 573.5),
        (Mode(Phy.HE, 9, 80), 480.4),
        (Mode(Phy.HE, 11, 160, 2), 2401.9),
        (Mode(Phy.HE, 11, 20, 1, 800, 26), 14.7),
        (Mode(Phy.HE, 11, 20, 1, 800, 106), 62.5),
        (Mode(Phy.HE, 0, 160, 1, 3200, 52), 1.5),
    ],
)
def test_the_rates_on_the_box_come_out(mode: Mode, mbps: float) -> None:
    assert mode.rate_bps / 1e6 == pytest.approx(mbps, abs=0.05)


def test_the_widest_resource_unit_is_the_channel() -> None:
    for tones, width in ((242, 20), (484, 40), (996, 80), (1992, 160)):
        assert RESOURCE_UNITS[tones] == Mode(Phy.HE, 0, width).subcarriers


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"phy": "eht", "mcs": 0}, r"phy is 'eht', expected one of dsss, ofdm, ht, vht, he"),
        ({"phy": Phy.HT, "mcs": 8}, r"mcs of ht is 8, expected one of 0 to 7"),
        ({"phy": Phy.HE, "mcs": -1}, r"mcs of he is -1, expected one of 0 to 11"),
        ({"phy": Phy.HE, "mcs": True}, r"mcs of he is True"),
        ({"phy": Phy.HT, "mcs": 0, "width_mhz": 80}, r"width_mhz of ht is 80, expected one of 20, 40"),
        ({"phy": Phy.HT, "mcs": 0, "streams": 5}, r"streams of ht is 5, expected one of 1 to 4"),
        ({"phy": Phy.VHT, "mcs": 0, "guard_ns": 3200}, r"guard_ns of vht is 3200, expected one of 800, 400"),
        ({"phy": Phy.VHT, "mcs": 9}, r"VHT MCS 9 at 20 MHz with 1 streams, expected a combination"),
        ({"phy": Phy.VHT, "mcs": 6, "width_mhz": 80, "streams": 3}, r"VHT MCS 6 at 80 MHz with 3 streams"),
        ({"phy": Phy.HT, "mcs": 0, "ru_tones": 26}, r"ru_tones of ht is 26, expected none"),
        ({"phy": Phy.HE, "mcs": 0, "ru_tones": 484}, r"ru_tones at 20 MHz is 484, expected one of 26, 52, 106, 242"),
    ],
)
def test_a_mode_that_the_standard_has_not_is_refused_with_what_was_expected(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Mode(**given)


@pytest.mark.parametrize("octets", [-1, 1.5, True])
def test_a_length_that_is_none_is_refused(octets: int) -> None:
    with pytest.raises(ValueError, match=r"octets is .*, expected a whole number, 0 or more"):
        ppdu_us(Mode(Phy.OFDM, 0), octets)


def test_an_empty_frame_is_its_preamble_and_one_symbol() -> None:
    assert ppdu_us(Mode(Phy.OFDM, 7), 0) == 24


def test_the_standard_s_vht_preamble_is_one_field_longer_than_ns_3_s() -> None:
    mode = Mode(Phy.VHT, 0)
    assert preamble_us(mode) == preamble_us(mode, has_signal_b=False) + 4 == 40


def test_short_preambles_are_not_for_one_megabit() -> None:
    assert preamble_us(Mode(Phy.DSSS, 0), is_short=True) == 192
    assert preamble_us(Mode(Phy.DSSS, 3), is_short=True) == 96


@pytest.mark.parametrize(("streams", "us"), [(1, 36), (2, 40), (3, 48), (4, 48)])
def test_streams_lengthen_the_preamble(streams: int, us: float) -> None:
    assert preamble_us(Mode(Phy.HT, 0, streams=streams)) == us


def test_an_answer_goes_at_the_highest_mandatory_rate_below_the_data() -> None:
    rates = [control_mode(Mode(Phy.HE, mcs)).rate_bps / 1e6 for mcs in range(12)]
    assert rates == pytest.approx([6, 12, 12, *[24] * 9])
    assert control_us(Mode(Phy.HT, 7), 14) == 28
    assert control_us(Mode(Phy.HT, 7), 32) == 32
    assert control_mode(Mode(Phy.DSSS, 3)).rate_bps == 2e6


@given(mode=modes, octets=st.integers(0, 60_000), more=st.integers(0, 5_000), is_2g4=st.booleans())
def test_more_octets_never_take_less_time(mode: Mode, octets: int, more: int, is_2g4: bool) -> None:
    assert ppdu_us(mode, octets, is_2g4=is_2g4) <= ppdu_us(mode, octets + more, is_2g4=is_2g4)


@given(mode=modes, octets=st.integers(1, 60_000))
def test_a_frame_never_beats_its_rate(mode: Mode, octets: int) -> None:
    assert 8 * octets / ppdu_us(mode, octets) * 1e6 < mode.rate_bps


@given(mode=modes)
def test_the_reference_rate_is_one_that_ofdm_has(mode: Mode) -> None:
    assert non_ht_reference_bps(mode) / 1e6 in {6, 9, 12, 18, 24, 36, 48, 54}


@given(rssi_dbm=st.floats(-100, -20), louder_db=st.floats(0, 30), phy=st.sampled_from([Phy.HT, Phy.VHT, Phy.HE]))
def test_a_louder_signal_is_never_slower(rssi_dbm: float, louder_db: float, phy: Phy) -> None:
    quiet, loud = (mode_at(level, phy, 40, 2) for level in (rssi_dbm, rssi_dbm + louder_db))
    assert (quiet.rate_bps if quiet else 0) <= (loud.rate_bps if loud else 0)


@pytest.mark.parametrize("rssi_dbm", [math.nan, math.inf, True])
def test_a_signal_that_is_none_is_refused(rssi_dbm: float) -> None:
    with pytest.raises(ValueError, match="rssi_dbm is"):
        mode_at(rssi_dbm, Phy.HE)


def test_dsss_has_no_rate_by_signal() -> None:
    with pytest.raises(ValueError, match="phy is"):
        mode_at(-50, Phy.DSSS)


def test_a_vht_mode_that_is_left_out_falls_to_the_next_below() -> None:
    found = mode_at(-40, Phy.VHT, 20, 1)
    assert found is not None
    assert found.mcs == 8


@pytest.mark.parametrize(
    ("mode", "options", "mbps"),
    [
        (Mode(Phy.HT, 7), {"longest": 65_535}, 59.75),
        (Mode(Phy.HT, 7), {"longest": 1}, 30.79),
        (Mode(Phy.HT, 7), {"longest": 1, "amsdu": 7_935}, 51.90),
        (Mode(Phy.HT, 7), {"longest": 32_768, "amsdu": 3_839}, 59.08),
        (Mode(Phy.HT, 7, 40, 1, 400), {"longest": 65_535}, 135.35),
        (Mode(Phy.HE, 11, 160), {"window": 64}, 867.4),
        (Mode(Phy.HE, 11, 160), {"window": 256}, 1061.2),
        (Mode(Phy.HE, 11, 160), {"window": 64, "has_rts": True}, 787.6),
    ],
)
def test_a_flow_alone_carries_what_ns_3_asserts(mode: Mode, options: dict[str, Any], mbps: float) -> None:
    """Within what its regression allows; the figures are docs/capacity.md's."""
    msdus = msdus_that_fit(1508, options["amsdu"]) if "amsdu" in options else 1
    mpdu_octets = 30 + (1508 if msdus == 1 else amsdu_octets(msdus, 1508))
    mpdus = mpdus_that_fit(mode, mpdu_octets, options.get("longest"), options.get("window", 64))
    found = flow_throughput_bps(mode, 1472, mpdus, msdus, has_rts=options.get("has_rts", False))
    assert found / 1e6 == pytest.approx(mbps, abs=0.05)


@given(mode=modes, octets=st.integers(40, 3_000), window=st.integers(1, 256))
def test_as_many_frames_go_together_as_the_limits_allow(mode: Mode, octets: int, window: int) -> None:
    count = mpdus_that_fit(mode, octets, 65_535, window)
    assert 1 <= count <= window
    if count > 1:
        assert ampdu_octets(count, octets) <= 65_535
        assert ppdu_us(mode, ampdu_octets(count, octets)) <= 5_484
    if mode.phy is Phy.OFDM:
        assert count == 1


def test_aggregation_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 1 or more"):
        ampdu_octets(0, 1500)
    with pytest.raises(ValueError, match="expected 1 or more"):
        amsdu_octets(1, 0)


@pytest.mark.parametrize(("stations", "share"), [(1, 0.94), (2, 0.92), (5, 0.84), (10, 0.78), (20, 0.71), (50, 0.62)])
def test_waiting_for_each_other_costs_what_the_model_says(stations: int, share: float) -> None:
    assert contention_share(stations) == pytest.approx(share, abs=0.01)


@given(mode=modes, rate_bps=st.floats(0, 1e8), more_bps=st.floats(0, 1e8), mpdus=st.floats(1, 40))
def test_more_traffic_never_takes_less_air(mode: Mode, rate_bps: float, more_bps: float, mpdus: float) -> None:
    little, much = (airtime_demand([Flow(rate, 1200, mpdus)], mode, 0.1) for rate in (rate_bps, rate_bps + more_bps))
    assert 0 <= little <= much


@given(busy=st.floats(0, 1), stations=st.integers(0, 60))
def test_there_is_never_more_air_than_neighbours_leave(busy: float, stations: int) -> None:
    supply = airtime_supply(busy, stations)
    assert 0 <= supply <= 1 - busy
    assert airtime_supply(busy, stations + 1) <= supply


@pytest.mark.parametrize("busy", [-0.1, 1.1])
def test_a_share_of_busy_air_that_is_none_is_refused(busy: float) -> None:
    with pytest.raises(ValueError, match="busy_share is"):
        airtime_supply(busy, 1)


@pytest.mark.parametrize("given", [(-1, 1200, 1), (1, 0, 1), (1, 1200, 0.5)])
def test_a_flow_that_is_none_is_refused(given: tuple[float, int, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Flow(*given)


def test_a_share_of_repeats_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="retry_share is 1"):
        airtime_demand([], Mode(Phy.HE, 0), 1)
