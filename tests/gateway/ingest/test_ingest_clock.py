"""A gateway whose clock is not known to be right shows and does not store; one that is moved starts from the disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import TUESDAY_1430_TS, ManualClock
from tests.gateway.conftest import CHANNELS, Bench, make_bench

from vigie_contract import topics
from vigie_contract.messages import Ack, Birth, Channel, encode_birth
from vigie_contract.quantities import QUANTITIES
from vigie_contract.readings import Reading
from vigie_contract.senml import encode_pack
from vigie_dashboard.board import UNKNOWN
from vigie_dashboard.pages import board_fields
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.ingest.bus import Message
from vigie_gateway.place.site import Site
from vigie_gateway.store import MaintenanceReport, open_store

DOOR = (Channel("porte-atelier-in", "people_in", 10.0), Channel("porte-atelier-out", "people_out", 10.0))
DATA = topics.data("semaphore", "tableau")


@pytest.fixture
def started(tmp_path: Path, site: Site, accounts: Accounts) -> Iterator[Callable[[float], Bench]]:
    """A gateway that started at a time that nobody vouches for, and knows its node."""
    stores = []

    def start(now_ts: float) -> Bench:
        clock = ManualClock(now_ts)
        clock.is_right = False
        stores.append(open_store(tmp_path / "vigie.db", clock))
        bench = make_bench(stores[-1], clock, site, accounts)
        bench.declare()
        return bench

    yield start
    for store in stores:
        store.close()


def _send_ages(bench: Bench, *ages: tuple[str, float, float], first: int, node: str = "tableau") -> None:
    """Readings as (channel, value, age), from a node whose clock is not right either."""
    quantities = {channel.id: QUANTITIES[channel.quantity] for channel in (*CHANNELS, *DOOR)}
    pack = [(quantities[channel], Reading(channel, -age_s, value)) for channel, value, age_s in ages]
    last = first + len(ages) - 1
    bench.receive(
        topics.data("semaphore", node), encode_pack("semaphore", node, "j1", first, 1, pack, last=last, now_ts=0.0)
    )


def _walk_in(bench: Bench) -> None:
    """Five people come into the workshop."""
    bench.declare("accueil", DOOR)
    _send_ages(bench, ("porte-atelier-in", 3.0, 20.0), ("porte-atelier-out", 1.0, 20.0), first=1, node="accueil")
    _send_ages(bench, ("porte-atelier-in", 8.0, 10.0), ("porte-atelier-out", 1.0, 10.0), first=3, node="accueil")


def _people(bench: Bench) -> int | None:
    return next(room.people for room in bench.board.view(bench.clock.now).rooms if room.id == "atelier")


def _power(bench: Bench) -> float | None:
    return bench.board.view(bench.clock.now).figures.power_va


def _set_right(bench: Bench, true_ts: float = TUESDAY_1430_TS) -> None:
    bench.clock.now, bench.clock.is_right = true_ts, True
    bench.pipeline._round()


@pytest.mark.parametrize("wrong_ts", [30.0, TUESDAY_1430_TS - 3_600, TUESDAY_1430_TS + 86_400, 4e9])
def test_values_are_live_while_nothing_is_stored_or_acknowledged(
    started: Callable[[float], Bench], wrong_ts: float
) -> None:
    bench = started(wrong_ts)
    _send_ages(bench, ("linky-va", 5_100.0, 3.0), first=1)
    for _ in range(4):
        bench.commit()
    _send_ages(bench, ("linky-va", 5_200.0, 1.0), first=2)
    assert _power(bench) == 5_200.0
    assert (bench.acks(), bench.stored("linky-va"), bench.pipeline.pending()) == ([], [], 0)
    part = bench.gateway.health.report()["parts"]["clock"]
    assert (part["status"], part["is_known"], part["witness"]) == ("fail", False, None)
    assert "vigie-gateway clock set" in part["trouble"]
    assert bench.pipeline.nodes["tableau"].waiting_readings == 2


@pytest.mark.parametrize("wrong_ts", [30.0, TUESDAY_1430_TS - 3_600, TUESDAY_1430_TS + 86_400])
def test_dates_of_a_node_that_is_right_are_shown_as_of_now_when_they_have_just_been_sent(
    started: Callable[[float], Bench], wrong_ts: float
) -> None:
    bench = started(wrong_ts)
    bench.send(Reading("linky-va", TUESDAY_1430_TS - 7_200, 1.0), first=1, last=3)
    assert _power(bench) is None, "an old one, and nothing tells how old"
    bench.send(
        Reading("linky-va", TUESDAY_1430_TS - 5, 2.0), Reading("linky-va", TUESDAY_1430_TS, 3.0), first=2, last=3
    )
    assert _power(bench) == 3.0
    _set_right(bench)
    assert _power(bench) == 3.0


def test_old_readings_that_are_tried_again_are_not_shown_again(started: Callable[[float], Bench]) -> None:
    bench = started(30.0)
    _send_ages(bench, ("linky-va", 1.0, 0.0), first=1)
    bench.clock.pass_time(10)
    _send_ages(bench, ("linky-va", 2.0, 0.0), first=2)
    _send_ages(bench, ("linky-va", 1.0, 10.0), first=1)
    _send_ages(bench, ("linky-va", 9.0, 2_000.0), first=3)
    assert _power(bench) == 2.0


def test_when_the_time_is_known_nodes_are_told_where_to_go_on_and_dates_are_right(
    started: Callable[[float], Bench],
) -> None:
    bench = started(30.0)
    _send_ages(bench, ("linky-va", 5_100.0, 3.0), first=1)
    _set_right(bench)
    assert bench.acks() == [Ack("j1", 0)]
    _send_ages(bench, ("linky-va", 5_100.0, 4.0), first=1)
    bench.commit()
    assert bench.stored("linky-va") == [(TUESDAY_1430_TS - 4.0, 5_100.0)]
    part = bench.gateway.health.report()["parts"]["clock"]
    assert (part["witness"], part["steps"], part["status"]) == ("ntp", 1, "warn")
    assert part["last_step_s"] == TUESDAY_1430_TS - 30.0


@pytest.mark.parametrize("step_s", [-3_600.0, 3_600.0, 86_400.0, -86_400.0, 1.7e9, -1.7e9])
def test_what_the_board_shows_is_as_old_after_a_step_as_before(bench: Bench, step_s: float) -> None:
    bench.declare()
    bench.send(Reading("linky-va", bench.clock.now - 20, 4_000.0), first=1)
    _walk_in(bench)
    before = {room.id: (room.state, room.people, room.at_ts) for room in bench.board.view(bench.clock.now).rooms}
    assert _people(bench) == 5
    bench.clock.is_right = False
    bench.clock.now += step_s
    bench.pipeline._round()
    view = bench.board.view(bench.clock.now)
    assert view.figures.power_va == 4_000.0
    for room in view.rooms:
        state, people, at_ts = before[room.id]
        assert (room.state, room.people) == (state, people)
        assert room.at_ts == (None if at_ts is None else pytest.approx(at_ts + step_s, abs=1e-3))


@pytest.mark.parametrize("step_s", [-3_600.0, 86_400.0])
def test_what_was_not_on_disk_at_a_step_is_let_go_and_taken_again(bench: Bench, step_s: float) -> None:
    bench.declare()
    true_ts = bench.clock.now - step_s
    _send_ages(bench, ("linky-va", 1.0, 0.0), first=1)
    bench.clock.now = true_ts + 11
    bench.clock.mono += 11
    bench.pipeline._round()
    assert (bench.pipeline.pending(), bench.stored("linky-va")) == (0, [])
    assert bench.acks()[-1] == Ack("j1", 0)
    _send_ages(bench, ("linky-va", 1.0, 11.0), first=1)
    bench.commit()
    assert bench.stored("linky-va") == [(true_ts, 1.0)]


def test_a_step_between_taking_and_committing_is_seen_before_the_commit(bench: Bench) -> None:
    bench.declare()
    _send_ages(bench, ("linky-va", 1.0, 0.0), first=1)
    bench.clock.now += 3_600
    bench.pipeline._commit()
    assert bench.stored("linky-va") == []


def test_messages_that_wait_at_a_step_are_let_go_but_births_are_not(bench: Bench) -> None:
    stale_ts = bench.clock.now
    birth = encode_birth(Birth("test 1", "boot-1", CHANNELS))
    bench.bus.waiting.append(Message(DATA, b"[]", stale_ts))
    bench.bus.waiting.append(Message(topics.about("semaphore", "tableau"), birth, stale_ts))
    bench.clock.now -= 3_600
    bench.pipeline._round()
    assert bench.pipeline.nodes["tableau"].birth is not None
    assert bench.refusals.all() == {}


def test_memory_does_not_grow_while_the_time_is_not_known(started: Callable[[float], Bench]) -> None:
    bench = started(30.0)
    for first in range(1, 2_000, 100):
        _send_ages(bench, *[("linky-va", 1.0, 1.0)] * 100, first=first)
    assert bench.pipeline.pending() == 0
    assert len(bench.board._recent) == 0


def test_a_bad_pack_makes_no_gap_while_the_time_is_not_known(started: Callable[[float], Bench]) -> None:
    bench = started(30.0)
    bench.receive(DATA, b'[{"bn":"semaphore/tableau/","journal":"j1","first":1,"floor":1,"n":"linky-va","v":"x"}]')
    assert bench.refusals.all()["type"].count == 1
    assert bench.pipeline.counts["gaps"] == 0


def test_retention_deletes_nothing_by_a_clock_that_may_be_wrong(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[float] = []

    def maintain(now_ts: float) -> MaintenanceReport:
        called.append(now_ts)
        return MaintenanceReport(0, 0, 0, has_more=False)

    monkeypatch.setattr(bench.store, "maintain", maintain)
    bench.clock.now, bench.clock.is_right = bench.clock.now + 10 * 365 * 86_400, False
    for _ in range(5):
        bench.clock.pass_time(120)
        bench.pipeline._round()
    assert called == []
    bench.clock.is_right = True
    for _ in range(3):
        bench.clock.pass_time(120)
        bench.pipeline._round()
    assert called


def test_nothing_is_closed_and_no_curve_is_drawn_by_a_clock_that_may_be_wrong(
    started: Callable[[float], Bench],
) -> None:
    night_ts = TUESDAY_1430_TS + 12 * 3_600
    bench = started(night_ts)
    _walk_in(bench)
    bench.board.restore(bench.store, bench.clock.now)
    bench.board.refresh_day(bench.store, bench.clock.now)
    view = bench.board.view(bench.clock.now)
    assert (view.is_open, view.day, view.is_time_known) == (None, None, False)
    assert _people(bench) == 5


def test_the_board_says_so_and_says_no_time_of_day(started: Callable[[float], Bench]) -> None:
    bench = started(30.0)
    fields = board_fields(bench.board.view(bench.clock.now), "fr")
    assert (fields["page.clock"], fields["page.date"], fields["page.untimed"]) == (UNKNOWN, "heure inconnue", "")
    assert "La passerelle ne sait pas quelle heure il est" in fields["say.warnings"]
    bench.changes.clear()
    _set_right(bench)
    assert bench.changes, "browsers are told"
    fields = board_fields(bench.board.view(bench.clock.now), "fr")
    assert fields["page.untimed"] == "hidden"
    assert "14" in fields["page.clock"]


def test_counts_are_made_anew_from_history_once_the_time_is_known(started: Callable[[float], Bench]) -> None:
    bench = started(TUESDAY_1430_TS + 86_400)
    _walk_in(bench)
    _set_right(bench)
    assert bench.board.needs_restore
    _walk_in(bench)
    bench.commit()
    bench.board.restore(bench.store, bench.clock.now)
    assert _people(bench) == 5
    _send_ages(bench, ("porte-atelier-in", 9.0, 0.0), ("porte-atelier-out", 1.0, 0.0), first=5, node="accueil")
    assert _people(bench) == 6
