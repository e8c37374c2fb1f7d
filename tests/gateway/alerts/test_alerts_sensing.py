"""Signals say what is, or that it is not known and why; never 0 for what nobody heard."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.gateway.conftest import Bench

from vigie_contract import topics
from vigie_contract.messages import OFFLINE, ONLINE
from vigie_contract.readings import Reading
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.sensing import Sensing
from vigie_gateway.alerts.signals import SIGNALS, Signal
from vigie_gateway.clock.watch import ClockWatch
from vigie_gateway.machine import Machine


class Senses:
    """The signals of a bench, by name and subject; its clock is known to be right."""

    def __init__(self, bench: Bench, tmp_path: Path) -> None:
        self.bench = bench
        watch = ClockWatch(bench.clock, None, lambda: None, boot="boot-1", read_rtc=lambda: None)
        self._sensing = Sensing(
            bench.board,
            bench.bus,
            bench.pipeline,
            watch,
            Machine(tmp_path, sysfs=tmp_path),
            bench.clock,
            bench.clock.now_mono,
        )
        self._numbers = itertools.count(1)

    def all(self) -> dict[str, Signal]:
        signals = self._sensing.signals(self.bench.clock.now)
        found = {f"{one.name} {one.subject}": one for one in signals}
        assert len(found) == len(signals)
        return found

    def at(self, which: str) -> tuple[float | None, str]:
        found = self.all()[which]
        return found.value, found.why

    def read(self, channel: str, value: float | None) -> None:
        reason = "failed" if value is None else None
        self.bench.send(Reading(channel, self.bench.clock.now, value, reason), first=next(self._numbers))


@pytest.fixture
def senses(bench: Bench, tmp_path: Path) -> Senses:
    return Senses(bench, tmp_path)


def test_every_signal_is_one_that_is_declared_with_its_subject_and_figures(senses: Senses) -> None:
    senses.bench.declare()
    senses.read("c4-mains", 1.0)
    for one in senses.all().values():
        kind = SIGNALS[one.name]
        assert one.subject.kind is kind.subject
        assert set(one.figures) <= set(kind.figures)
        assert (one.value is None) == bool(one.why), one


def test_a_breaker_that_trips_is_dead_since_the_reading_that_says_so(senses: Senses) -> None:
    senses.bench.declare()
    senses.read("c4-mains", 1.0)
    assert senses.at("circuit-dead circuit:c4") == (0.0, "")
    senses.bench.clock.pass_time(5)
    senses.read("c4-mains", 0.0)
    found = senses.all()["circuit-dead circuit:c4"]
    assert (found.value, found.since_ts, found.figures["outlets"]) == (1.0, senses.bench.clock.now, 6)
    assert found.figures["room_outlets"] == 6


def test_a_circuit_whose_channel_is_silent_is_unknown_and_not_dead(senses: Senses) -> None:
    senses.bench.declare()
    assert senses.at("circuit-dead circuit:c4") == (None, "starting")
    senses.read("c4-mains", 0.0)
    senses.bench.clock.pass_time(120)
    assert senses.at("circuit-dead circuit:c4") == (None, "silent")


def test_while_the_broker_is_away_nothing_is_silent(senses: Senses) -> None:
    senses.bench.declare()
    senses.read("c4-mains", 1.0)
    senses.all()
    senses.bench.bus.is_connected = False
    senses.bench.clock.pass_time(3_600)
    found = senses.all()
    assert found["broker broker"].value == 1.0
    for which in (
        "node-silent node:tableau",
        "channel-silent channel:tableau.c4-mains",
        "circuit-dead circuit:c4",
        "broker-drops broker",
    ):
        assert (found[which].value, found[which].why) == (None, "broker")


def test_when_the_broker_is_back_a_node_has_its_usual_time_to_speak(senses: Senses) -> None:
    senses.bench.declare()
    senses.read("c4-mains", 1.0)
    senses.bench.bus.is_connected = False
    senses.all()
    senses.bench.clock.pass_time(3_600)
    senses.bench.bus.is_connected = True
    assert senses.at("node-silent node:tableau") == (None, "starting")
    senses.bench.clock.pass_time(90)
    assert senses.at("node-silent node:tableau") == (90.0, "")
    senses.read("c4-mains", 1.0)
    assert senses.at("node-silent node:tableau") == (0.0, "")


def test_a_node_that_only_what_was_retained_speaks_of_is_not_known_to_be_there(senses: Senses) -> None:
    senses.bench.declare()
    assert senses.at("node-silent node:tableau") == (None, "starting")


def test_a_node_that_left_is_silent_since_its_last_reading(senses: Senses) -> None:
    senses.bench.declare()
    senses.read("c4-mains", 1.0)
    senses.bench.clock.pass_time(40)
    senses.bench.receive(topics.status("semaphore", "tableau"), OFFLINE)
    assert senses.at("node-silent node:tableau") == (40.0, "")
    for silent in ("node-silent node:tableau", "channel-silent channel:tableau.c4-mains"):
        assert senses.all()[silent].heard_ts == senses.bench.clock.now - 40
    senses.bench.receive(topics.status("semaphore", "tableau"), ONLINE)
    assert senses.at("node-silent node:tableau") == (0.0, "")


def test_most_nodes_silent_at_once_are_one_signal_of_three_or_more(senses: Senses) -> None:
    for node in ("tableau", "accueil"):
        senses.bench.declare(node)
    assert "nodes-silent gateway" not in senses.all()
    senses.bench.declare("ondes")
    assert senses.at("nodes-silent gateway") == (None, "starting")
    senses.read("c4-mains", 1.0)
    for node in ("accueil", "ondes"):
        senses.bench.receive(topics.status("semaphore", node), OFFLINE)
    senses.bench.clock.pass_time(30)
    found = senses.all()["nodes-silent gateway"]
    assert found.figures == {"silent": 2, "nodes": 3}


def test_a_channel_that_only_says_unknown_grows_old_in_periods_of_its_own(senses: Senses) -> None:
    senses.bench.declare()
    senses.read("c4-mains", 1.0)
    senses.all()
    for _ in range(15):
        senses.bench.clock.pass_time(10)
        senses.read("c4-mains", None)
    found = senses.all()
    assert found["channel-silent channel:tableau.c4-mains"].value == 15.0
    assert found["node-silent node:tableau"].value == 0.0
    assert found["reading channel:tableau.c4-mains"].why == "unknown"


def test_what_came_between_two_looks_dates_a_silence(senses: Senses) -> None:
    senses.bench.declare()
    senses.read("c4-mains", 1.0)
    senses.all()
    for value in (1.0, 1.0, None):  # what a node had kept comes within a second, days of it
        senses.bench.clock.pass_time(86_400)
        senses.read("c4-mains", value)
    senses.bench.clock.pass_time(20)
    found = senses.all()["channel-silent channel:tableau.c4-mains"]
    assert found.value == 8_642.0
    assert found.heard_ts == senses.bench.clock.now - 86_420


def test_a_line_that_was_never_measured_is_unknown_and_its_wifi_too(senses: Senses) -> None:
    senses.bench.clock.pass_time(3_600)
    senses.all()
    senses.bench.clock.pass_time(3_600)
    found = senses.all()
    assert (found["internet uplink:fibre"].value, found["internet uplink:fibre"].why) == (None, "never")
    assert found["wifi room:salle"].value is None
    assert "wifi room:hall" not in found


def test_a_machine_that_cannot_tell_its_heat_is_not_cold(senses: Senses) -> None:
    assert senses.at("heat gateway") == (None, "no-sensor")
    assert senses.at("under-voltage gateway") == (None, "no-sensor")
    share = senses.all()["disk gateway"].value
    assert share is not None
    assert 0 < share < 1


def test_readings_that_are_not_stored_are_told_with_the_reason(senses: Senses) -> None:
    assert senses.at("store gateway") == (0.0, "")
    senses.bench.pipeline.store_trouble = "the disk is full"
    found = senses.all()["store gateway"]
    assert (found.value, found.figures) == (1.0, {"trouble": "the disk is full"})


def test_a_gateway_that_has_just_begun_sees_nothing_wrong_in_a_place_that_is_well(senses: Senses) -> None:
    """No storm at the start: whatever is not heard yet is unknown."""
    senses.bench.declare()
    wrong = {
        (rule.id, str(one.subject))
        for one in senses.all().values()
        for rule in DEFAULT_RULES
        if rule.signal == one.name and one.value is not None and rule.is_wrong(one.value)
    }
    # The disk is that of whoever runs the test.
    assert wrong - {("disk-low", "gateway")} == set()


def test_a_rule_of_vigie_clears_on_its_well_side_and_looks_at_a_declared_signal() -> None:
    assert len({rule.id for rule in DEFAULT_RULES}) == len(DEFAULT_RULES)
    assert {rule.signal for rule in DEFAULT_RULES} == set(SIGNALS) - {"reading"}
    for rule in DEFAULT_RULES:
        assert rule.clears <= rule.level if rule.is_above else rule.clears >= rule.level, rule.id


def test_the_documentation_has_every_signal_and_every_rule_of_vigie() -> None:
    text = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text()
    for rule in DEFAULT_RULES:
        compared = "above" if rule.is_above else "below"
        assert f"| `{rule.id}` | `{rule.signal}` {compared} {rule.level:g} |" in text
    assert [name for name in SIGNALS if f"| `{name}` | {SIGNALS[name].subject} |" not in text] == []


def test_a_node_that_was_taken_out_of_the_place_is_no_silence(senses: Senses) -> None:
    bench = senses.bench
    bench.declare("spare")
    bench.receive(topics.status("semaphore", "spare"), OFFLINE)
    bench.clock.pass_time(3_600)
    assert senses.at("node-silent node:spare") == (3_600, "")
    bench.receive(topics.about("semaphore", "spare"), b"")
    assert [which for which in senses.all() if "spare" in which] == []
