"""Which alert explains which."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.alerts.alert import Alert, AlertKey, Phase, Silence
from vigie_gateway.alerts.causes import GRACE_S, Causes, Graph, explain
from vigie_gateway.alerts.defaults import DEFAULT_RULES
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import SIGNALS, Subject
from vigie_gateway.place.site import Site, read_site

TEXT = """
id = "here"
name = "Here"
timezone = "Europe/Paris"
rooms = [{ id = "hall", name = "Hall", seats = 9 }, { id = "loft", name = "Loft", seats = 9 }]
circuits = [
    { id = "main", name = "Main" },
    { id = "c1", name = "C1", parent = "main", mains = "board.c1" },
    { id = "c2", name = "C2", parent = "c1", power = "board.c2-va" },
]
outlets = [{ id = "p1", room = "hall", circuit = "c2" }]
doors = [{ id = "front", between = ["outside", "hall"], in = "desk.in", out = "desk.out", open = "desk.open" }]
access_points = [{ id = "ap", name = "AP", rooms = ["hall"], stations = "air.stations" }]
uplinks = [
    { id = "fibre", name = "Fibre", portal = "air.portal", dns = "air.dns", download = "air.down", latency = "air.ms" },
    { id = "lte", name = "LTE", role = "spare" },
]
wifi = [{ latency = "air.latency" }]
"""


def site() -> Site:
    found, problems = read_site("site.toml", TEXT)
    assert found is not None, problems
    return found


GRAPH = Graph(site(), {"desk": "c2", "air": "c1"}, remote=["mail"], by_broker=["lamp"])
RULES = {rule.id: rule for rule in DEFAULT_RULES}
RULES["all-silent"] = replace(RULES["broker-down"], id="all-silent", signal="nodes-silent")
RULES |= {
    f"{name}.absent": replace(RULES[name], id=f"{name}.absent", signal=f"absent:{RULES[name].signal}")
    for name in ("circuit-dead", "circuit-overload", "door-open", "battery-low", "uplink-slow", "wifi-slow")
}


def alert(number: int, text: str, phase: Phase = Phase.FIRING) -> Alert:
    """``rule id reason``."""
    rule, _, rest = text.partition(" ")
    name, _, reason = rest.partition(" ")
    subject = Subject(SIGNALS[RULES[rule].signal.removeprefix("absent:")].subject, name)
    return Alert(number, AlertKey(rule, subject), phase, float(number), figures={"reason": reason} if reason else {})


def explained(*texts: str) -> dict[int, int]:
    return explain([alert(number, text) for number, text in enumerate(texts, 1)], RULES, GRAPH)


TABLE: tuple[tuple[str, str, bool], ...] = (
    # The cause, the other alert, and whether it explains it.
    ("circuit-dead main", "circuit-dead c1", True),
    ("circuit-dead main", "circuit-dead c2", True),
    ("circuit-dead c2", "circuit-dead c1", False),
    ("circuit-dead c1", "node-silent desk", True),
    ("circuit-dead c2", "node-silent air", False),
    ("circuit-dead c1", "node-silent other", False),
    ("circuit-dead c1", "channel-silent desk.in", True),
    ("circuit-dead main", "all-silent", True),
    ("circuit-dead c1", "all-silent", False),
    ("all-silent", "node-silent other", True),
    ("broker-down", "node-silent other", True),
    ("broker-down", "door-open.absent front", True),
    ("node-silent desk", "channel-silent desk.in", True),
    ("node-silent desk", "channel-silent air.down", False),
    ("node-silent desk", "door-open.absent front", True),
    ("node-silent board", "circuit-dead.absent c2", True),
    ("node-silent air", "circuit-dead.absent c2", False),
    ("node-silent board", "circuit-overload.absent c2", True),
    ("node-silent air", "uplink-slow.absent fibre", True),
    ("node-silent air", "wifi-slow.absent hall", True),
    ("node-silent desk", "battery-low.absent desk", True),
    ("node-silent desk", "battery-low desk", False),
    ("battery-low desk", "node-silent desk", False),
    ("channel-silent desk.open", "door-open.absent front", True),
    ("channel-silent desk.in", "door-open.absent front", False),
    ("internet-down fibre", "portal fibre", True),
    ("portal fibre", "internet-down fibre", False),
    ("internet-down fibre", "dns fibre", True),
    ("internet-down fibre", "uplink-slow fibre", True),
    ("internet-down lte", "uplink-slow fibre", False),
    ("internet-down fibre", "channel-silent air.dns", True),
    ("internet-down fibre", "channel-silent air.down", True),
    ("internet-down fibre", "channel-silent air.ms-p50", True),
    ("internet-down fibre", "channel-silent air.stations", False),
    ("internet-down lte", "channel-silent air.dns", False),
    ("dns fibre", "channel-silent air.dns", True),
    ("dns fibre", "channel-silent air.down", False),
    ("internet-down fibre", "wifi-down hall no-internet", True),
    ("portal fibre", "wifi-down hall portal", True),
    ("internet-down lte", "wifi-down hall no-internet", False),
    ("internet-down fibre", "wifi-slow hall signal", False),
    ("dns fibre", "wifi-down hall dns", True),
    ("dns fibre", "wifi-down hall no-internet", False),
    ("uplink-slow fibre", "wifi-slow loft throughput", True),
    ("internet-down fibre", "notifier-failing mail", True),
    ("internet-down fibre", "notifier-failing lamp", False),
    ("broker-down", "notifier-failing lamp", True),
    ("wifi-down hall loss", "wifi-slow hall loss", True),
    ("wifi-down loft loss", "wifi-slow hall loss", True),
    ("access-point-full ap", "wifi-slow hall too-many-stations", True),
    ("access-point-full ap", "wifi-slow loft latency", False),
    ("access-point-full ap", "wifi-down hall no-internet", False),
    ("disk-low", "store", True),
    ("clock", "backlog", True),
    ("heat", "store", False),
    ("circuit-dead c1", "heat", False),
)


@pytest.mark.parametrize(("cause", "other", "is_explained"), TABLE)
def test_an_alert_is_explained_by_what_its_own_thing_hangs_on(cause: str, other: str, is_explained: bool) -> None:
    assert explained(cause, other).get(2) == (1 if is_explained else None)


def test_the_one_nearest_to_the_root_is_named_by_all_that_hang_on_it() -> None:
    found = explained("door-open.absent front", "node-silent desk", "circuit-dead c2", "circuit-dead main")
    assert found == {1: 4, 2: 4, 3: 4}


def test_forty_silent_nodes_of_a_place_without_power_are_one_alert() -> None:
    found = explained(*(f"node-silent n{number}" for number in range(40)), "all-silent")
    assert found == dict.fromkeys(range(1, 41), 41)


def test_the_channels_of_one_sensor_that_falls_silent_are_one_alert_and_numbered_sensors_are_several() -> None:
    names = ("air.latency-p50", "air.latency-loss", "air.latency-jitter", "desk.booth-1", "desk.booth-2")
    alerts = [alert(number, f"channel-silent {name}") for number, name in enumerate(names, 1)]
    assert explain(alerts, RULES, GRAPH) == {2: 1, 3: 1}


def test_rooms_whose_wifi_is_unfit_for_one_reason_by_one_probe_are_one_alert_the_worst() -> None:
    assert explained("wifi-slow hall loss", "wifi-slow loft loss") == {2: 1}
    assert explained("wifi-slow hall loss", "wifi-down loft loss") == {1: 2}
    assert explained("wifi-slow hall loss", "wifi-slow loft rssi") == {}
    apart = TEXT.replace(
        '{ latency = "air.latency" }',
        ", ".join(f'{{ latency = "air.{room}", rooms = ["{room}"] }}' for room in ("hall", "loft")),
    )
    found, problems = read_site("site.toml", apart)
    assert found is not None, problems
    alerts = [alert(1, "wifi-slow hall loss"), alert(2, "wifi-slow loft loss")]
    assert explain(alerts, RULES, Graph(found)) == {}


def test_what_is_pending_explains_nothing() -> None:
    alerts = [alert(1, "circuit-dead c1", Phase.PENDING), alert(2, "node-silent desk")]
    assert explain(alerts, RULES, GRAPH) == {}


def test_what_is_silenced_still_explains() -> None:
    quiet = replace(alert(1, "circuit-dead c1"), silence=Silence("Desk", 1.0, "works", None))
    assert explain([quiet, alert(2, "node-silent desk")], RULES, GRAPH) == {2: 1}


def test_an_alert_whose_rule_is_gone_stands_for_itself() -> None:
    rules: dict[str, Rule] = {"node-silent": RULES["node-silent"]}
    assert explain([alert(1, "circuit-dead c1"), alert(2, "node-silent desk")], rules, GRAPH) == {}


def test_what_still_fires_after_its_cause_is_told_by_itself_after_a_while() -> None:
    causes = Causes(RULES, GRAPH)
    left = replace(alert(2, "node-silent desk"), cause=1)
    assert causes.explain([alert(1, "circuit-dead c1"), left], 0.0) == {2: 1}
    assert causes.explain([left], 10.0) == {2: 1}
    assert causes.explain([left], 9.0 + GRACE_S) == {2: 1}
    assert causes.explain([left], 10.0 + GRACE_S) == {}


def test_a_new_cause_within_the_grace_takes_the_place_of_the_old_one() -> None:
    causes = Causes(RULES, GRAPH)
    left = replace(alert(2, "node-silent desk"), cause=1)
    assert causes.explain([left, alert(3, "broker-down")], 10.0) == {2: 3}


EVERY = sorted({text for row in TABLE for text in row[:2]})


@given(st.lists(st.sampled_from(EVERY), unique=True), st.sets(st.integers(1, 40)), st.randoms(use_true_random=False))
def test_a_cause_fires_and_is_explained_by_none_whatever_the_order(
    texts: list[str], pending: set[int], chance: Random
) -> None:
    alerts = [
        alert(number, text, Phase.PENDING if number in pending else Phase.FIRING)
        for number, text in enumerate(texts, 1)
    ]
    found = explain(alerts, RULES, GRAPH)
    assert all(cause not in found and alerts[cause - 1].phase is Phase.FIRING for cause in found.values())
    chance.shuffle(alerts)
    assert explain(alerts, RULES, GRAPH) == found
