"""Real bytes over real sockets: what a link of a known capacity holds is found out, and what it cost is told."""

from __future__ import annotations

import threading

from tests.sensors.rehearsal.links import SECRET, far_end, limited

from vigie_contract.clock import SystemClock
from vigie_contract.rehearsal import LONGEST_S
from vigie_sensors.rehearsal.course import Demand, Finding
from vigie_sensors.rehearsal.far_end import OwnFarEnd
from vigie_sensors.rehearsal.trial import Outcome, RoundTrips, rehearse

DOWN_BPS, UP_BPS = 16e6, 8e6
"""Of the relay. More would try the machine that runs the tests instead of the link."""


def rehearse_over(port: int, demand: Demand, most_bytes: int = 10**9, secret: str = SECRET) -> Outcome:
    return rehearse(
        OwnFarEnd("127.0.0.1", port, secret),
        demand,
        most_bytes,
        "",
        RoundTrips("127.0.0.1", port, ""),
        SystemClock(),
        threading.Event(),
        lambda share: None,
    )


def test_half_of_what_the_link_carries_has_headroom_and_costs_few_bytes() -> None:
    demand = Demand(DOWN_BPS / 2, UP_BPS / 2)
    with far_end() as server, limited(server.server_port, DOWN_BPS, UP_BPS) as port:
        outcome = rehearse_over(port, demand)
    assert (outcome.download.finding, outcome.upload.finding) == (Finding.HEADROOM, Finding.HEADROOM)
    assert outcome.moved_bytes < demand.cost_bytes() / 2
    assert outcome.latency.idle_ms is not None
    assert (outcome.stopped_by, outcome.trouble) == ("", "")


def test_twice_what_the_link_carries_is_short_by_how_much_it_carries() -> None:
    with far_end() as server, limited(server.server_port, DOWN_BPS, UP_BPS) as port:
        outcome = rehearse_over(port, Demand(2 * DOWN_BPS, 2 * UP_BPS))
    assert (outcome.download.finding, outcome.upload.finding) == (Finding.SHORT, Finding.SHORT)
    assert outcome.download.held_bps is not None
    assert outcome.upload.held_bps is not None
    assert outcome.download.held_bps <= DOWN_BPS * 1.1
    assert outcome.upload.held_bps <= UP_BPS * 1.1


def test_it_stops_at_its_most_bytes_and_says_that_it_could_not_tell() -> None:
    most_bytes = 400_000
    with far_end() as server:
        outcome = rehearse_over(server.server_port, Demand(8e6, 0), most_bytes)
    assert outcome.stopped_by == "most-bytes"
    assert outcome.download.finding is Finding.UNKNOWN
    assert outcome.upload.finding is Finding.NOT_ASKED
    assert outcome.moved_bytes < 3 * most_bytes


def test_a_far_end_that_refuses_us_says_nothing_of_the_line() -> None:
    with far_end() as server:
        outcome = rehearse_over(server.server_port, Demand(1e6, 1e6), secret=SECRET + " but another")
        assert server.refused > 0
    assert (outcome.download.finding, outcome.upload.finding) == (Finding.UNKNOWN, Finding.UNKNOWN)
    assert (outcome.download.held_bps, outcome.upload.held_bps) == (None, None)
    assert outcome.trouble == "127.0.0.1 answers 403 to the download: is the secret the same there?"
    assert outcome.took_s < LONGEST_S


def test_a_far_end_that_is_not_there_is_named() -> None:
    with far_end() as server:
        port = server.server_port
    outcome = rehearse_over(port, Demand(1e6, 0))
    assert outcome.download.finding is Finding.UNKNOWN
    assert "refused" in outcome.trouble


def test_told_to_stop_it_stops_and_knows_nothing() -> None:
    stop = threading.Event()
    with far_end() as server:
        port = server.server_port
        outcome = rehearse(
            OwnFarEnd("127.0.0.1", port, SECRET),
            Demand(1e6, 1e6),
            10**9,
            "",
            RoundTrips("127.0.0.1", port, ""),
            SystemClock(),
            stop,
            lambda share: stop.set(),
        )
    assert outcome.stopped_by == "stopped"
    assert (outcome.download.finding, outcome.upload.finding) == (Finding.UNKNOWN, Finding.UNKNOWN)
