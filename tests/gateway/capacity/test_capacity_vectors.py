"""Published numbers come out: every vector of ``vectors.json``, and of the file that VIGIE_WIFI_VECTORS names, if any.

A vector says what it is of by its words ("Bianchi …", "PPDU duration …"), so that more of the same families can be
tried without a line of code.
"""

import json
import math
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vigie_gateway.capacity.airtime.aggregation import flow_throughput_bps, mpdus_that_fit
from vigie_gateway.capacity.airtime.dcf import (
    AT_5_GHZ,
    Contention,
    Exchange,
    basic_exchange,
    frame_exchange,
    saturate,
)
from vigie_gateway.capacity.airtime.ppdu import ACK_OCTETS, control_us, ppdu_us
from vigie_gateway.capacity.airtime.rates import Mode, Phy
from vigie_gateway.capacity.airtime.sensitivity import mode_at
from vigie_gateway.capacity.planning import access_points_needed
from vigie_gateway.capacity.quality import mean_opinion_score, responsiveness_rpm
from vigie_gateway.place.wifi import Requirement, quality_of_outcome
from vigie_sensors.iw import busy_share, parse_survey

Vector = dict[str, Any]

FILES = [Path(__file__).with_name("vectors.json")]
SHARED = Path(__file__).resolve().parents[4] / "shared" / "wifi" / "vectors.json"
if SHARED.exists():
    FILES.append(SHARED)
if "VIGIE_WIFI_VECTORS" in os.environ:
    FILES.append(Path(os.environ["VIGIE_WIFI_VECTORS"]))
VECTORS = [
    pytest.param(vector, id=f"{number}-{vector['id']}")
    for number, path in enumerate(FILES)
    for vector in json.loads(path.read_text(encoding="utf-8"))["vectors"]
]

OFDM_MBPS = ("6", "9", "12", "18", "24", "36", "48", "54")
DSSS_MBPS = ("1", "2", "5_5", "11")


def mode_named(name: str, width_mhz: int, guard_ns: int, streams: int = 1) -> Mode:
    """A mode by its name in ns-3, such as ``ErpOfdmRate54Mbps`` or ``HtMcs15``."""
    rate = re.fullmatch(r"(?:Erp)?(Ofdm|Dsss)Rate([\d_]+)Mbps(?:BW\d+MHz)?", name)
    if rate is not None:
        known = OFDM_MBPS if rate[1] == "Ofdm" else DSSS_MBPS
        return Mode(Phy(rate[1].lower()), known.index(rate[2]), width_mhz)
    index = re.fullmatch(r"(Ht|Vht|He)Mcs(\d+)(?:_\d+MHz)?", name)
    assert index is not None, f"no mode is called {name}"
    phy, mcs = Phy(index[1].lower()), int(index[2])
    if phy is Phy.HT and mcs > 7:
        streams, mcs = mcs // 8 + 1, mcs % 8
    return Mode(phy, mcs, width_mhz, streams, guard_ns)


def airtime_of_rate(rate_mbps: float, phy_us: float, symbol_us: float, bits: float) -> float:
    """The time of a frame at a rate that its source has rounded."""
    return phy_us + symbol_us * math.ceil((16 + bits + 6) / (rate_mbps * symbol_us))


def check_bianchi(vector: Vector) -> None:
    params = vector["params"]
    contention = Contention(
        params.get("W", 16),
        params.get("m", 6),
        params.get("slot_us", 9),
        params.get("sifs_us", 16),
        params.get("difs_us", 34),
    )
    again = 1 / params["W"] if str(params.get("B", 0)).startswith("1/") else 0.0
    exchange = exchange_of(vector, contention)
    for stations, expected_mbps in vector["expect"].items():
        found = saturate(int(stations), exchange, contention, is_frozen=True, again=again).throughput_bps / 1e6
        assert found == pytest.approx(expected_mbps, rel=vector["tol_rel"]), f"n = {stations}"


def exchange_of(vector: Vector, contention: Contention) -> Exchange:
    params = vector["params"]
    has_eifs = params.get("wait") == "eifs" or "EIFS" in vector["what"]
    if "mode" in params:
        mode = mode_named(params["mode"], params.get("width_mhz", 20), params.get("gi_ns", 800))
        octets = params["payload_octets"], params["overhead_octets"]
        return frame_exchange(mode, *octets, contention, has_eifs=has_eifs)
    rate = re.search(r"([\d.]+) Mb/s", vector["what"])
    index = re.search(r"HE-?MCS(\d+) (\d+) MHz", vector["what"], re.IGNORECASE)
    assert rate or index, vector["what"]
    bits = params["mac_hdr_bits"] + params["payload_bits"] + params["app_hdr_bits"]
    mode = Mode(Phy.HE, int(index[1]), int(index[2])) if index else mode_named(f"OfdmRate{rate[1]}Mbps", 20, 800)  # type: ignore[index] # one of the two was found
    symbol_us = params.get("symbol_us", 4.0)
    data_us = airtime_of_rate(mode.rate_bps / 1e6, params["phy_us"], symbol_us, bits)
    answer_us = control_us(mode, params.get("ack_bits", 8 * ACK_OCTETS) // 8)
    return basic_exchange(params["payload_bits"], data_us, answer_us, contention, has_eifs=has_eifs)


def check_duration(vector: Vector) -> None:
    for case in vector["cases"]:
        mode = mode_named(case["mode"], case["width_mhz"], case["gi_ns"], case.get("nss", 1))
        is_2g4 = case.get("band") == "2.4" or case["class"] == "ErpOfdmPhy"
        found = ppdu_us(
            mode, case["bytes"], is_2g4=is_2g4, is_short=case.get("preamble") == "short", has_signal_b=False
        )
        assert found == pytest.approx(case["expect_us"], abs=vector["tol_abs"]), case


def check_rssi(vector: Vector) -> None:
    found = re.search(r"(HT|VHT|HE|OFDM)(\d*)", vector["what"].replace("PHY", ""))
    assert found is not None
    streams = re.search(r"(\d+) streams", vector["what"])
    shape = (int(found[2] or 20), int(streams[1]) if streams else 1, 400 if "short GI" in vector["what"] else 800)
    for rssi_dbm, expected_mbps in vector["expect_mbps"].items():
        mode = mode_at(float(rssi_dbm), Phy(found[1].lower()), *shape)
        if expected_mbps is None:
            assert mode is None
        else:
            assert mode is not None
            assert mode.rate_bps / 1e6 == pytest.approx(expected_mbps, abs=vector["tol_abs"])


def check_qoo(vector: Vector) -> None:
    given, expect = vector["input"], vector["expect"]
    needed, worst, measured = given["nrp"], given["nrpou"], given["measured"]
    percentiles = {float(key[1:]): key for key in needed if key != "loss_pct"}
    requirement = Requirement(
        {number: (needed[key], worst[key]) for number, key in percentiles.items()},
        (needed["loss_pct"] / 100, worst["loss_pct"] / 100),
    )
    latency_ms = {number: measured[key] for number, key in percentiles.items()}
    perfect_ms = {number: needed[key] for number, key in percentiles.items()}
    loss = measured["loss_pct"] / 100
    found = {
        "qoo_latency": quality_of_outcome(requirement, latency_ms, None),
        "qoo_loss": quality_of_outcome(requirement, perfect_ms, loss),
        "qoo": quality_of_outcome(requirement, latency_ms, loss),
    }
    assert found == pytest.approx(expect, abs=vector["tol_abs"])


def check_mos(vector: Vector) -> None:
    for rating, expected in vector["expect"].items():
        assert mean_opinion_score(float(rating)) == pytest.approx(expected, abs=vector["tol_abs"])


def check_access_points(vector: Vector) -> None:
    found = access_points_needed(**vector["input"])
    assert list(found) == list(vector["expect"].values())


def check_flow(vector: Vector) -> None:
    given = vector["input"]
    mode = Mode(Phy.HT, 7)
    mpdu_octets = given["udp_payload"] + given["overhead_bytes"]
    mpdus = mpdus_that_fit(mode, mpdu_octets, given["ampdu_max"], longest_us=given["ppdu_max_us"])
    found = flow_throughput_bps(mode, given["udp_payload"], mpdus, contention=AT_5_GHZ, aifsn=given["aifsn"]) / 1e6
    assert vector["expect_range"][0] <= found <= vector["expect_range"][1]
    assert found == pytest.approx(vector["model"], abs=0.01)


def check_survey(vector: Vector) -> None:
    capture = next((path for path in (file.parent / vector["input"] for file in FILES) if path.exists()), None)
    if capture is None:
        pytest.skip(f"no capture {vector['input']} beside the vectors")
    surveys = parse_survey(capture.read_text(encoding="utf-8"))
    shares = {f"{one.interface}/{one.frequency_mhz:g}": busy_share(one) for one in surveys}
    for channel, expected_pct in vector["expect_pct"].items():
        share = shares[channel]
        assert share is not None
        assert 100 * share == pytest.approx(expected_pct, abs=vector["tol_abs"])


def check_rpm(vector: Vector) -> None:
    given = vector["input_ms"]
    foreign_ms = tuple(given[key] for key in ("tcp_f", "tls_f", "http_f") if key in given)
    found = responsiveness_rpm(foreign_ms, given["http_l"])
    assert found == pytest.approx(tuple(vector["expect"].values()), abs=vector["tol_abs"])


FAMILIES = {
    "Bianchi": check_bianchi,
    "PPDU duration": check_duration,
    "RSSI": check_rssi,
    "Quality of Outcome": check_qoo,
    "E-model": check_mos,
    "AP count": check_access_points,
    "One saturated UDP flow": check_flow,
    "Channel busy share": check_survey,
    "Responsiveness": check_rpm,
}


def families(vector: Vector) -> Iterator[str]:
    return (name for name in FAMILIES if vector["what"].startswith(name))


@pytest.mark.parametrize("vector", VECTORS)
def test_a_published_number_comes_out(vector: Vector) -> None:
    FAMILIES[next(families(vector))](vector)
