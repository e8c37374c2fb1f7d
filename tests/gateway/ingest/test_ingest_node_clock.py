"""A node whose own clock is wrong is found out by its live readings, and never by a backlog."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.conftest import ManualClock
from tests.gateway.conftest import Bench, make_bench

from vigie_contract.readings import Reading
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.clock import word
from vigie_gateway.clock.belief import Witness, Word
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.place.site import Site
from vigie_gateway.store import open_store


def _off_s(bench: Bench) -> object:
    part = bench.gateway.health.report()["parts"]["nodes"]
    return part["by_id"]["tableau"]["clock_off_s"]


def _send(bench: Bench, number: int, off_s: float, last: int | None = None) -> None:
    bench.clock.pass_time(10)
    reading = Reading("linky-va", bench.clock.now + off_s, 100.0 + number)
    bench.send(reading, first=number, last=number if last is None else last)


@pytest.mark.parametrize(
    ("off_s", "words"), [(-960.0, "960 s behind"), (-3_600.0, "3600 s behind"), (600.0, "600 s ahead")]
)
def test_live_readings_again_and_again_far_from_now_are_told_with_the_node_and_how_far(
    bench: Bench, off_s: float, words: str
) -> None:
    bench.declare()
    for number in (1, 2):
        _send(bench, number, off_s)
        assert _off_s(bench) is None
    _send(bench, 3, off_s)
    assert _off_s(bench) == off_s
    part = bench.gateway.health.report()["parts"]["nodes"]
    assert (part["status"], part["trouble"]) == ("warn", f"the clock of tableau is {words}")


def test_a_gateway_that_only_a_person_vouches_for_may_be_the_one_that_is_wrong(
    tmp_path: Path, clock: ManualClock, site: Site, accounts: Accounts
) -> None:
    clock.is_right = False
    word.write(tmp_path / "clock.json", Word(Witness.PERSON, "boot-1", clock.now, clock.mono))
    watch = ClockWatch(clock, tmp_path / "clock.json", lambda: None, boot="boot-1", read_rtc=lambda: None)
    store = open_store(tmp_path / "vigie.db", clock)
    bench = make_bench(store, clock, site, accounts, watch)
    bench.declare()
    for number in (1, 2, 3):
        _send(bench, number, -600.0)
    part = bench.gateway.health.report()["parts"]["nodes"]
    assert part["trouble"] == "the clock of tableau is 600 s behind, or the gateway is wrong"
    store.close()


def test_a_clock_that_was_put_right_is_not_told_of_any_more(bench: Bench) -> None:
    bench.declare()
    for number in (1, 2, 3):
        _send(bench, number, -960.0)
    _send(bench, 4, 0.0)
    assert _off_s(bench) is None
    assert bench.gateway.health.report()["parts"]["nodes"]["status"] == "pass"


def test_a_backlog_says_nothing_of_a_nodes_clock(bench: Bench) -> None:
    bench.declare()
    for number in range(1, 10):
        _send(bench, number, -7_200.0, last=50)
    assert _off_s(bench) is None


def test_the_last_readings_before_an_outage_sent_again_say_nothing(bench: Bench) -> None:
    bench.declare()
    _send(bench, 1, 0.0)
    for _ in range(5):
        bench.clock.pass_time(3_600)
        bench.send(Reading("linky-va", bench.clock.now - 3_600, 1.0), first=1, last=1)
    assert _off_s(bench) is None


def test_a_gateway_whose_clock_is_moved_looks_anew(bench: Bench) -> None:
    bench.declare()
    for number in (1, 2, 3):
        _send(bench, number, -960.0)
    bench.clock.now -= 960
    bench.pipeline._round()
    assert _off_s(bench) is None
