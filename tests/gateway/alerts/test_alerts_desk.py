"""What the gateway itself makes of a fault: real board, real rules, real book; a test turns its rounds."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient
from tests.gateway.conftest import Bench

from vigie_contract.readings import Reading
from vigie_gateway.alerts.showing import MarkError


def run(bench: Bench, seconds: int, *, mains: float) -> None:
    """Let time go by, the circuit's sensor telling every ten seconds; every round must go through."""
    for second in range(seconds):
        bench.clock.pass_time(1)
        if second % 10 == 0:
            sequence = bench.pipeline.nodes["tableau"].accepted.get("j1", 0) + 1
            bench.send(Reading("c4-mains", bench.clock.now, mains), first=sequence)
        assert bench.alerts.watch.look(), bench.alerts.watch.report()["trouble"]


@pytest.fixture
def dead(bench: Bench) -> Bench:
    """The café's breaker has tripped, and it is an alert."""
    bench.declare()
    run(bench, 60, mains=1.0)
    run(bench, 60, mains=0.0)
    return bench


def test_a_tripped_breaker_is_one_alert_on_the_desk_and_on_the_strip(dead: Bench) -> None:
    (alert,) = dead.alerts.desk.current()
    assert (alert.rule, alert.subject, alert.fault) == ("circuit-dead", "c4", "power")
    (warning,) = [one for one in dead.board.view(dead.clock.now).warnings if "c4" in one.circuits]
    assert warning.alert == alert.number


def test_when_it_has_voltage_again_it_is_recovered(dead: Bench) -> None:
    run(dead, 60, mains=1.0)
    assert dead.alerts.desk.current() == []
    (alert,) = dead.alerts.desk.recovered(0.0)
    assert alert.phase == "resolved"


def test_who_has_it_in_hand_is_kept_and_is_asked_before_somebody_else_takes_it(dead: Bench) -> None:
    desk = dead.alerts.desk
    number = desk.current()[0].number
    desk.acknowledge(number, "desk", "je vais au tableau")
    with pytest.raises(MarkError, match="desk") as refused:
        desk.acknowledge(number, "chief")
    assert (refused.value.kind, refused.value.author) == ("taken", "desk")
    found = desk.one(number)
    assert found is not None
    assert (found.view.taken_by, found.view.note) == ("desk", "je vais au tableau")
    assert [one.what for one in found.course][:3] == ["began", "fired", "acknowledged"]
    desk.release(number, "desk")
    assert desk.current()[0].taken_by == ""


def test_a_silenced_alert_leaves_the_strip_until_its_silence_ends_by_itself(dead: Bench) -> None:
    desk = dead.alerts.desk
    number = desk.current()[0].number
    desk.silence(number, "desk", "électricien là", dead.clock.now + 120)
    assert (desk.current(), [one.number for one in desk.silenced()]) == ([], [number])
    assert not [one for one in dead.board.view(dead.clock.now).warnings if "c4" in one.circuits]
    run(dead, 130, mains=0.0)
    assert [one.number for one in desk.current()] == [number]


def test_whoever_was_told_is_reminded_when_somebody_ends_a_silence(dead: Bench) -> None:
    desk, outbox = dead.alerts.desk, dead.alerts.outbox
    number = desk.current()[0].number
    desk.silence(number, "desk", "électricien là", None)
    desk.unsilence(number, "desk")
    soon_ts = dead.clock.now + 60
    assert [one.occasion for one in outbox.waiting("accueil", "screen", soon_ts)] == ["fired", "reminded"]


def test_a_silence_needs_its_reason_and_an_open_alert(dead: Bench) -> None:
    desk = dead.alerts.desk
    with pytest.raises(MarkError) as refused:
        desk.silence(desk.current()[0].number, "desk", " ", None)
    assert refused.value.kind == "reason"
    with pytest.raises(MarkError) as refused:
        desk.acknowledge(99, "desk")
    assert refused.value.kind == "unknown"
    number = desk.current()[0].number
    run(dead, 60, mains=1.0)
    with pytest.raises(MarkError) as refused:
        desk.acknowledge(number, "desk")
    assert refused.value.kind == "over"


def test_metrics_have_it_as_prometheus_own_rules_would(dead: Bench, client: TestClient) -> None:
    text = client.get("/metrics").text
    assert 'ALERTS{alertname="circuit-dead",alertstate="firing",subject="circuit:c4"' in text
    assert "vigie_alerts_firing 1" in text
