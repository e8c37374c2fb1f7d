"""Which alert explains which: the place as a graph of what hangs on what. Pure; asked by ``watch`` once a round.

Each alert says that one thing has failed: a circuit has no power, a node is not heard. From the site file is known what
fails with it:

    gateway → broker → node → channel → what the channel tells of a circuit, room, door, access point or line
    circuit → the circuits below → the nodes fed by them            ([[nodes]] of the site file)
    line → names, speed, their channels, Wi-Fi unfit for a reason that is the line's, notifiers that need internet
    access point → the Wi-Fi of its rooms

An alert is explained by one that fires and whose thing its own hangs on; where several could, by the one nearest to the
root. Decided:

- What is pending explains nothing: it may be dropped yet. What is silenced or acknowledged still does: who knows of the
  tripped breaker and wants no more messages of it wants none of its outlets either.
- Of two rules on the same signal and subject the one with the farther level explains the other: down explains slow.
- Rooms whose Wi-Fi is unfit for one reason, by one probe, are one alert: the worst, and of those the oldest.
- A silent node explains its channels and what they do not tell any more, never its low battery, which was there before;
  and a low battery explains no silence: that is told, and its ``fault`` says battery.
- When the cause is over, what hung on it has GRACE_S to come back before it is told by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from vigie_gateway.alerts.alert import Alert, Phase
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.signals import Subject
from vigie_gateway.place.site import Circuit, Site

GRACE_S = 180.0
"""How long what hung on a cause that is over may take to come back: nodes boot, connect and speak. Lower sends forty
messages after a power cut; higher tells that much later of the node that did not survive it."""

_ABSENT = "absent:"
_LINE_REASONS = frozenset({"no-internet", "portal", "dns", "throughput"})


class Loss(StrEnum):
    """What can have failed; in the order in which one fails with another."""

    POWER = "power"
    ALL_NODES = "all-nodes"
    BROKER = "broker"
    INTERNET = "internet"
    NAMES = "names"
    SPEED = "speed"
    ACCESS_POINT = "access-point"
    WIFI = "wifi"
    NODE = "node"
    CHANNEL = "channel"
    DISK = "disk"
    CLOCK = "clock"
    STORE = "store"
    BACKLOG = "backlog"
    NOTIFIER = "notifier"
    KNOWING = "knowing"
    OTHER = "other"


class Failure(NamedTuple):
    """One thing that has failed: what, of which id, and of KNOWING and OTHER the signal."""

    loss: Loss
    id: str
    signal: str = ""


_LOSSES: Mapping[str, Loss] = {
    "circuit-dead": Loss.POWER,
    "nodes-silent": Loss.ALL_NODES,
    "broker": Loss.BROKER,
    "internet": Loss.INTERNET,
    "dns": Loss.NAMES,
    "uplink-speed": Loss.SPEED,
    "access-point-load": Loss.ACCESS_POINT,
    "node-silent": Loss.NODE,
    "channel-silent": Loss.CHANNEL,
    "disk": Loss.DISK,
    "clock": Loss.CLOCK,
    "store": Loss.STORE,
    "backlog": Loss.BACKLOG,
    "notifier": Loss.NOTIFIER,
}
"""By signal. All others explain nothing."""


class Graph:
    """What hangs on what in one place.

    Args:
        site: The place.
        circuit_of: By node, the circuit that feeds it, as far as the site says so.
        remote: Names of the notifiers that need internet.
        by_broker: Names of those that need the broker.
    """

    def __init__(
        self,
        site: Site,
        circuit_of: Mapping[str, str] | None = None,
        remote: Iterable[str] = (),
        by_broker: Iterable[str] = (),
    ) -> None:
        self._circuits = {circuit.id: circuit for circuit in site.circuits}
        self._circuit_of = dict(circuit_of or {})
        self._lines = tuple(uplink.id for uplink in site.uplinks if uplink.role == "main")
        self._over_line = _over_line(site)
        self._points: dict[str, list[str]] = {}
        for point in site.access_points:
            for room in point.rooms:
                self._points.setdefault(room, []).append(point.id)
        self._remote, self._by_broker = frozenset(remote), frozenset(by_broker)
        self._tellers = _tellers(site)
        self._probes = {
            room.id: frozenset(
                one.latency for one in site.wifi if one.latency is not None and (not one.rooms or room.id in one.rooms)
            )
            for room in site.rooms
        }

    def probes_of(self, room: str) -> frozenset[str]:
        """What measures the delay of its Wi-Fi: rooms that share it are unfit as one."""
        return self._probes.get(room, frozenset())

    def causes(self, failure: Failure) -> frozenset[Failure]:
        """Everything that this can have failed with, itself left out."""
        found: set[Failure] = set()
        ahead = list(self._above(failure))
        while ahead:
            one = ahead.pop()
            if one not in found:
                found.add(one)
                ahead += self._above(one)
        return frozenset(found)

    def _above(self, failure: Failure) -> Iterable[Failure]:
        """What it hangs on directly. Each comes before it in the order of Loss, or is a circuit above it."""
        loss, name, signal = failure
        if loss in {Loss.POWER, Loss.ALL_NODES}:
            return self._above_power(loss, name)
        if loss is Loss.WIFI:
            return self._above_wifi(name, signal)
        if loss is Loss.NOTIFIER:
            return self._above_notifier(name)
        if loss is Loss.KNOWING:
            told_by = self._tellers.get((signal, name), ())
            return [Failure(Loss.CHANNEL, channel) for channel in told_by] or _teller_itself(signal, name)
        return self._above_one(loss, name) or _ABOVE.get(loss, ())

    def _above_power(self, loss: Loss, name: str) -> Iterable[Failure]:
        if loss is Loss.ALL_NODES:
            tops = [one.id for one in self._circuits.values() if one.parent is None]
            return [Failure(Loss.POWER, top) for top in tops] if len(tops) == 1 else ()
        parent = self._circuits[name].parent if name in self._circuits else None
        return () if parent is None else (Failure(Loss.POWER, parent),)

    def _above_one(self, loss: Loss, name: str) -> Iterable[Failure]:
        if loss in {Loss.NAMES, Loss.SPEED}:
            return (Failure(Loss.INTERNET, name),)
        if loss is Loss.CHANNEL:
            return (Failure(Loss.NODE, name.partition(".")[0]), *self._over_line.get(name, ()))
        if loss is not Loss.NODE:
            return ()
        fed = [] if name not in self._circuit_of else [Failure(Loss.POWER, self._circuit_of[name])]
        return [Failure(Loss.ALL_NODES, ""), Failure(Loss.BROKER, ""), *fed]

    def _above_wifi(self, room: str, reason: str) -> Iterable[Failure]:
        if reason not in _LINE_REASONS:
            return [Failure(Loss.ACCESS_POINT, point) for point in self._points.get(room, ())]
        by_reason = {"dns": Loss.NAMES, "throughput": Loss.SPEED}
        return [Failure(by_reason.get(reason, Loss.INTERNET), line) for line in self._lines]

    def _above_notifier(self, name: str) -> Iterable[Failure]:
        if name in self._remote:
            return [Failure(loss, line) for line in self._lines for loss in (Loss.INTERNET, Loss.NAMES)]
        return (Failure(Loss.BROKER, ""),) if name in self._by_broker else ()


_ABOVE: Mapping[Loss, tuple[Failure, ...]] = {
    # Without the right time nothing is stored, and without the store everything waits.
    Loss.STORE: (Failure(Loss.DISK, ""), Failure(Loss.CLOCK, "")),
    Loss.BACKLOG: (Failure(Loss.STORE, ""),),
}


def _teller_itself(signal: str, name: str) -> tuple[Failure, ...]:
    """Of a signal that nodes give of themselves."""
    if signal in {"reading", "channel-silent"}:
        return (Failure(Loss.CHANNEL, name),)
    return (Failure(Loss.NODE, name),) if signal in {"battery", "node-cloned"} else ()


def _tellers(site: Site) -> Mapping[tuple[str, str], tuple[str, ...]]:
    """By signal and subject, the channels without which it is not known."""
    found: dict[tuple[str, str], list[str | None]] = {}
    circuits = {circuit.id: circuit for circuit in site.circuits}
    for circuit in site.circuits:
        found["circuit-dead", circuit.id] = [above.mains for above in _path(circuits, circuit)]
        outlets = [one.power for one in site.all_outlets() if one.circuit == circuit.id]
        found["circuit-load", circuit.id] = outlets if circuit.power is None else [circuit.power]
    for point in site.access_points:
        found["access-point-load", point.id] = [point.stations]
    for uplink in site.uplinks:
        found["internet", uplink.id] = [uplink.portal]
        found["dns", uplink.id] = [uplink.dns]
        found["uplink-speed", uplink.id] = [uplink.download]
    for door in site.doors:
        found["door-open", door.id] = [door.open]
        for side in door.between:
            found.setdefault(("people", side), []).extend([door.in_, door.out])
    for motion in site.motions():
        found.setdefault(("people", motion.room), []).append(motion.channel)
    for room in site.rooms:
        speaking = [one for one in site.wifi if not one.rooms or room.id in one.rooms]
        found["wifi", room.id] = [None if one.latency is None else f"{one.latency}-p50" for one in speaking]
    return {key: tuple(one for one in channels if one is not None) for key, channels in found.items()}


def _over_line(site: Site) -> Mapping[str, tuple[Failure, ...]]:
    """By channel that is measured over a line, what of the line it fails with."""
    found: dict[str, tuple[Failure, ...]] = {}
    for line in site.uplinks:
        delays = [f"{line.latency}-{one}" for one in ("p50", "p95", "jitter")] if line.latency is not None else []
        for channel in (line.download, line.upload, *delays):
            if channel is not None:
                found[channel] = (Failure(Loss.INTERNET, line.id),)
        if line.dns is not None:
            found[line.dns] = (Failure(Loss.NAMES, line.id),)
    return found


def _path(circuits: Mapping[str, Circuit], circuit: Circuit | None) -> Iterable[Circuit]:
    while circuit is not None:
        yield circuit
        circuit = None if circuit.parent is None else circuits[circuit.parent]


def failure_of(alert: Alert, rules: Mapping[str, Rule]) -> Failure | None:
    """What an alert says has failed; None for one whose rule is no longer there."""
    rule = rules.get(alert.key.rule)
    if rule is None:
        return None
    if rule.signal.startswith(_ABSENT):
        return Failure(Loss.KNOWING, alert.key.subject.id, rule.signal.removeprefix(_ABSENT))
    if rule.signal == "wifi":
        return Failure(Loss.WIFI, alert.key.subject.id, str(alert.figures.get("reason") or ""))
    loss = _LOSSES.get(rule.signal, Loss.OTHER)
    return Failure(loss, alert.key.subject.id, rule.signal if loss is Loss.OTHER else "")


def explain(alerts: Iterable[Alert], rules: Mapping[str, Rule], graph: Graph) -> dict[int, int]:
    """By number of an alert that another explains, the number of the one that does, which none explains itself.

    Args:
        alerts: Open ones, in any order: the answer does not depend on it.
        rules: By id.
        graph: Of the place.
    """
    failures = [(alert, found) for alert in alerts if (found := failure_of(alert, rules)) is not None]
    firing: dict[Failure, list[Alert]] = {}
    same: dict[tuple[str, bool, Subject], list[Alert]] = {}
    silent: dict[str, list[Alert]] = {}
    wifi: dict[str, list[Alert]] = {}
    for alert, failure in failures:
        if alert.phase is Phase.FIRING:
            rule = rules[alert.key.rule]
            firing.setdefault(failure, []).append(alert)
            same.setdefault((rule.signal, rule.is_above, alert.key.subject), []).append(alert)
            if rule.signal == "channel-silent":
                silent.setdefault(_sensor_of(alert.key.subject.id), []).append(alert)
            if rule.signal == "wifi":
                wifi.setdefault(failure.signal, []).append(alert)
    above: dict[int, set[int]] = {}
    for alert, failure in failures:
        rule = rules[alert.key.rule]
        direct = [one for cause in graph.causes(failure) for one in firing.get(cause, ())]
        alike = same.get((rule.signal, rule.is_above, alert.key.subject), ())
        direct += [one for one in alike if _is_farther(rules[one.key.rule], rule)]
        if rule.signal == "channel-silent":
            # One sensor tells several channels, and falls silent as one.
            direct += [one for one in silent.get(_sensor_of(alert.key.subject.id), ()) if one.number < alert.number]
        if rule.signal == "wifi":
            direct += [one for one in wifi.get(failure.signal, ()) if _speaks_for(one, alert, rules, graph)]
        above[alert.number] = {one.number for one in direct}
    return {number: _root(number, above) for number, causes in above.items() if causes}


def _speaks_for(one: Alert, other: Alert, rules: Mapping[str, Rule], graph: Graph) -> bool:
    """Whether a room's Wi-Fi, unfit for the same reason by the same probe, is told for that of another."""
    if graph.probes_of(one.key.subject.id).isdisjoint(graph.probes_of(other.key.subject.id)):
        return False
    rule, others = rules[one.key.rule], rules[other.key.rule]
    return _is_farther(rule, others) or (rule.level == others.level and one.number < other.number)


def _sensor_of(channel: str) -> str:
    """``node.sensor`` of a channel, which drivers call ``sensor-what``; a number there is part of the sensor's name."""
    sensor, _, what = channel.rpartition("-")
    return channel if what.isdigit() else sensor or channel


def _is_farther(one: Rule, other: Rule) -> bool:
    return one.level > other.level if one.is_above else one.level < other.level


def _root(number: int, above: Mapping[int, set[int]]) -> int:
    """The oldest of those that explain it and that nothing explains."""
    reached: set[int] = set()
    ahead = [number]
    while ahead:
        for one in above[ahead.pop()] - reached:
            reached.add(one)
            ahead.append(one)
    return min(one for one in reached if not above[one])


class Causes:
    """``explain`` with the grace after a cause is over. One thread: the alerts'.

    A restart within the grace begins it anew: whom a cause explained is written on the alert.
    """

    def __init__(self, rules: Mapping[str, Rule], graph: Graph) -> None:
        self._rules = rules
        self._graph = graph
        self._over_mono: dict[int, float] = {}

    def explain(self, alerts: Iterable[Alert], now_mono: float) -> dict[int, int]:
        """As the function, and what was explained by one that was over less than GRACE_S ago still is by that."""
        alerts = tuple(alerts)
        found = explain(alerts, self._rules, self._graph)
        is_open = {alert.number for alert in alerts}
        gone = {alert.cause for alert in alerts if alert.cause is not None and alert.cause not in is_open}
        self._over_mono = {number: self._over_mono.get(number, now_mono) for number in gone}
        for alert in alerts:
            if alert.cause in gone and alert.number not in found and now_mono - self._over_mono[alert.cause] < GRACE_S:
                found[alert.number] = alert.cause
        return found
