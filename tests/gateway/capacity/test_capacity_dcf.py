"""Bianchi's model against a simulation of its slots, its paper's own numbers, and its limits."""

import heapq
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.capacity.airtime.dcf import (
    AT_5_GHZ,
    Contention,
    Exchange,
    attempt_probability,
    basic_exchange,
    frame_exchange,
    rts_exchange,
    saturate,
)
from vigie_gateway.capacity.airtime.rates import Mode, Phy

PAPER = Contention(window=32, stages=3, slot_us=50, sifs_us=28, difs_us=128)
"""Table II of the paper, at 1 Mb/s: a bit is a microsecond."""
HEADER, PAYLOAD, ACK, RTS, CTS = 128 + 272, 8184, 112 + 128, 160 + 128, 112 + 128


def simulate(stations: int, exchange: Exchange, contention: Contention, exchanges: int, seed: int) -> float:
    """Throughput in b/s of stations that draw, count and double as the standard says, slot by slot."""
    rng = random.Random(seed)
    queue = [(rng.randrange(contention.window), station) for station in range(stations)]
    heapq.heapify(queue)
    stage = [0] * stations
    slots = successes = collisions = 0
    while successes + collisions < exchanges:
        slots = queue[0][0]
        senders = []
        while queue and queue[0][0] == slots:
            senders.append(heapq.heappop(queue)[1])
        has_collided = len(senders) > 1
        successes, collisions = successes + (not has_collided), collisions + has_collided
        for station in senders:
            stage[station] = min(stage[station] + 1, contention.stages) if has_collided else 0
            back_off = rng.randrange(contention.window << stage[station])
            heapq.heappush(queue, (slots + 1 + back_off, station))
    idle = slots + 1 - successes - collisions
    spent_us = idle * contention.slot_us + successes * exchange.success_us + collisions * exchange.collision_us
    return successes * exchange.payload_bits / spent_us * 1e6


@pytest.mark.parametrize("stations", [5, 10, 20, 50])
def test_the_model_is_within_half_a_percent_of_a_simulation(stations: int) -> None:
    exchange = basic_exchange(PAYLOAD, HEADER + PAYLOAD, ACK, PAPER, propagation_us=1)
    model = saturate(stations, exchange, PAPER).throughput_bps
    assert simulate(stations, exchange, PAPER, 60_000, seed=stations) == pytest.approx(model, rel=0.005)


@pytest.mark.long
@pytest.mark.parametrize("stations", [5, 30])
def test_the_model_is_within_half_a_percent_of_a_long_simulation_of_wifi(stations: int) -> None:
    exchange = frame_exchange(Mode(Phy.HE, 7, 20, 2), 1500, 38)
    contention = Contention(window=32, stages=5)
    model = saturate(stations, exchange, contention).throughput_bps
    assert simulate(stations, exchange, contention, 400_000, seed=stations) == pytest.approx(model, rel=0.005)


def test_the_paper_s_own_durations_come_out() -> None:
    basic = basic_exchange(PAYLOAD, HEADER + PAYLOAD, ACK, PAPER, propagation_us=1)
    assert (basic.success_us, basic.collision_us) == (8982, 8713)
    with_rts = rts_exchange(PAYLOAD, HEADER + PAYLOAD, ACK, RTS, CTS, PAPER, propagation_us=1)
    assert (with_rts.success_us, with_rts.collision_us) == (9568, 417)


def test_a_station_alone_never_collides() -> None:
    alone = saturate(1, frame_exchange(Mode(Phy.OFDM, 7), 1500, 34))
    assert alone.collision == 0
    assert alone.collision_share == pytest.approx(0, abs=1e-12)
    assert alone.attempt == pytest.approx(2 / (1 + AT_5_GHZ.window))


def test_rts_loses_less_to_collisions_among_many() -> None:
    mode = Mode(Phy.OFDM, 7)
    without = saturate(50, frame_exchange(mode, 1500, 34))
    with_rts = saturate(50, frame_exchange(mode, 1500, 34, has_rts=True))
    assert with_rts.collision_share < without.collision_share


@given(stations=st.integers(1, 300), window=st.sampled_from([1, 8, 16, 32, 128]), stages=st.integers(0, 7))
def test_the_fixed_point_holds(stations: int, window: int, stages: int) -> None:
    attempt = attempt_probability(stations, window, stages)
    collision = 1 - (1 - attempt) ** (stations - 1)
    doublings = sum((2 * collision) ** stage for stage in range(stages))
    assert attempt == pytest.approx(2 / (1 + window + collision * window * doublings), abs=1e-9)


@given(stations=st.integers(1, 200))
def test_the_shares_of_time_are_shares(stations: int) -> None:
    found = saturate(stations, frame_exchange(Mode(Phy.HE, 4, 40, 2), 1200, 38))
    assert 0 <= found.collision_share <= 1 - found.success_share <= 1


@pytest.mark.parametrize("stations", [0, -1, 2.5, True])
def test_a_number_of_stations_that_is_none_is_refused(stations: int) -> None:
    with pytest.raises(ValueError, match=r"stations is .*, expected a whole number, 1 or more"):
        attempt_probability(stations)


@pytest.mark.parametrize("field", ["window", "stages", "slot_us", "sifs_us", "difs_us"])
def test_a_rule_of_contention_that_is_none_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=rf"{field} is -1, expected"):
        Contention(**{field: -1})


@pytest.mark.parametrize("field", ["payload_bits", "success_us", "collision_us"])
def test_an_exchange_that_is_none_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match=rf"{field} is nan, expected"):
        Exchange(**({"payload_bits": 1.0, "success_us": 1.0, "collision_us": 1.0} | {field: float("nan")}))


@pytest.mark.parametrize("again", [-0.1, 1.0])
def test_a_chance_of_sending_again_that_is_none_is_refused(again: float) -> None:
    with pytest.raises(ValueError, match="again is"):
        saturate(5, Exchange(1, 1, 1), again=again)
