"""``notify.heartbeat``: the dead man's switch, at a real web server."""

from __future__ import annotations

import logging

import pytest
from tests.conftest import ManualClock
from tests.gateway.notify.servers import Receiver

from vigie_contract.clock import SystemClock
from vigie_gateway.notify.heartbeat import Heartbeat, Progress


class Parts:
    """Counters of two threads."""

    def __init__(self) -> None:
        self.ingest, self.alerts = 1, 1

    def progress(self) -> Progress:
        return Progress({"ingest": lambda: self.ingest, "alerts": lambda: self.alerts})

    def go_on(self) -> None:
        self.ingest += 1
        self.alerts += 1


def heartbeat(web: Receiver, progress: Progress, clock: ManualClock) -> Heartbeat:
    url = f"http://127.0.0.1:{web.port}/canary-uuid"
    return Heartbeat(url, 60, may_be_here=True, stuck=progress.stuck, clock=clock)


def test_it_is_fed_while_all_parts_get_on_and_not_while_one_does_not(web: Receiver, clock: ManualClock) -> None:
    parts = Parts()
    there = heartbeat(web, parts.progress(), clock)
    for _ in range(3):
        parts.go_on()
        there.beat()
    assert [one.path for one in web.received] == ["/canary-uuid"] * 3
    assert there.report() == {"status": "pass", "fed_ts": clock.now, "trouble": None}
    parts.ingest += 1
    there.beat()
    there.beat()
    assert len(web.received) == 3
    assert there.report()["trouble"] == "not fed: no progress of ingest, alerts"
    parts.go_on()
    there.beat()
    assert len(web.received) == 4
    assert there.report()["trouble"] is None


@pytest.mark.parametrize("fault", ["500", "404", "reset"])
def test_an_address_that_does_not_answer_is_shown_and_logged_once_without_its_secret(
    web: Receiver, clock: ManualClock, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    parts = Parts()
    there = heartbeat(web, parts.progress(), clock)
    web.fault = fault
    with caplog.at_level(logging.DEBUG):
        for _ in range(3):
            parts.go_on()
            there.beat()
    assert there.report()["status"] == "warn"
    assert there.report()["fed_ts"] is None
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "canary" not in caplog.text + str(there.report())


def test_the_thread_feeds_at_once_and_ends_when_asked(web: Receiver) -> None:
    there = Heartbeat(
        f"http://127.0.0.1:{web.port}/x", 3_600, may_be_here=True, stuck=Parts().progress().stuck, clock=SystemClock()
    )
    there.start()
    while not web.received:
        SystemClock().wait(there._stopping, 0.01)
    there.stop()
    assert there._thread is not None
    assert not there._thread.is_alive()
