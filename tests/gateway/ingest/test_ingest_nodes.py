"""What a node says of its journal: how much waits there, and since when."""

from __future__ import annotations

from typing import Any

import pytest
from tests.gateway.conftest import Bench

from vigie_contract import topics
from vigie_contract.messages import OFFLINE
from vigie_contract.readings import Reading
from vigie_gateway.store import StoreError


def _told(bench: Bench) -> tuple[int | None, float | None]:
    found: dict[str, Any] = bench.gateway.health.report()["parts"]["nodes"]["by_id"]["tableau"]
    return found["waiting_readings"], found["waiting_since_ts"]


def _send(bench: Bench, first: int, last: int | None, floor: int = 1) -> None:
    bench.send(Reading("linky-va", bench.clock.now, float(first)), first=first, floor=floor, last=last)


def test_what_waits_on_a_node_is_what_it_has_given_less_what_is_on_disk_here(bench: Bench) -> None:
    bench.declare()
    _send(bench, 1, last=40)
    assert _told(bench)[0] == 40
    bench.commit()
    assert _told(bench)[0] == 39


def test_a_node_that_is_not_heard_or_does_not_say_has_an_unknown_backlog_and_no_empty_one(bench: Bench) -> None:
    bench.declare()
    assert _told(bench) == (None, None)
    _send(bench, 1, last=None)
    bench.commit()
    assert _told(bench) == (None, None)


def test_a_backlog_is_as_old_as_the_last_moment_at_which_all_was_on_disk(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("vigie.db: disk full")

    bench.declare()
    _send(bench, 1, last=1)
    bench.commit()
    assert _told(bench) == (0, None)
    behind_ts = bench.clock.now
    with monkeypatch.context() as patched:
        patched.setattr(bench.store, "commit", refuse, raising=False)
        for number in range(2, 5):
            _send(bench, number, last=number)
            bench.commit()
    assert _told(bench) == (3, behind_ts)
    bench.commit()
    assert _told(bench) == (0, None)


def test_what_a_node_has_let_go_does_not_wait(bench: Bench) -> None:
    bench.declare()
    _send(bench, 100, last=110, floor=100)
    assert _told(bench)[0] == 11


def test_a_new_card_counts_its_own_readings(bench: Bench) -> None:
    bench.declare()
    _send(bench, 1, last=500)
    bench.send(Reading("linky-va", bench.clock.now, 1.0), first=1, journal="j2", last=3)
    assert _told(bench)[0] == 3


def _node(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = bench.gateway.health.report()["parts"]["nodes"]
    return found


def _leave(bench: Bench) -> None:
    bench.receive(topics.status("semaphore", "spare"), OFFLINE)
    bench.receive(topics.about("semaphore", "spare"), b"")
    bench.receive(topics.status("semaphore", "spare"), b"")


def test_a_node_that_was_taken_out_of_the_place_is_missed_by_no_health_page(bench: Bench) -> None:
    bench.declare("spare")
    bench.send(Reading("linky-va", bench.clock.now, 1.0), first=1, node="spare", last=9)
    bench.receive(topics.status("semaphore", "spare"), OFFLINE)
    assert "offline: spare" in _node(bench)["trouble"]
    _leave(bench)
    assert _node(bench)["trouble"] is None
    assert _node(bench)["by_id"]["spare"]["waiting_readings"] is None


def test_a_node_that_is_let_in_again_goes_on_with_its_journal(bench: Bench) -> None:
    bench.declare("spare")
    bench.send(Reading("linky-va", bench.clock.now, 1.0), first=1, node="spare", last=1)
    _leave(bench)
    bench.commit()
    bench.declare("spare")
    assert _node(bench)["by_id"]["spare"]["is_online"] is True
    bench.clock.pass_time(1)
    for first in (1, 2):
        bench.send(Reading("linky-va", bench.clock.now, float(first)), first=first, node="spare", last=2)
    bench.commit()
    assert [value for _, value in bench.stored("linky-va", "spare")] == [1.0, 2.0]


def test_a_node_that_nobody_knows_is_not_made_by_being_taken_out(bench: Bench) -> None:
    _leave(bench)
    bench.receive(topics.about("semaphore", "ghost"), b"")
    assert "ghost" not in _node(bench)["by_id"]
    assert bench.refusals.all() == {}
