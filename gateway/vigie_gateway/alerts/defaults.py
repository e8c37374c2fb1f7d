"""Vigie's own rules, for a place that writes none. Pure; joined with the site's by ``place.alert_tables``.

What explains others comes first and fires first: a node before its channels, a line before what is asked over it. In
each line: what is wrong, from where, back to where it is well, for how long wrong, for how long well. For all of them a
lower level or a shorter time tells of what ends by itself, a higher or longer one tells late; what is special to one
stands beside it.
"""

from __future__ import annotations

from vigie_dashboard.health_view import LOW_BATTERY_PERCENT
from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.machine import HOT_CELSIUS
from vigie_gateway.place.cells import FRESH_PERIODS, SILENT_PERIODS

_MINUTE_S = 60.0


def _above(
    name: str,
    signal: str,
    level: float,
    clears: float,
    for_s: float,
    keep_s: float,
    severity: Severity,
    when: When = When.ALWAYS,
) -> Rule:
    return Rule(name, signal, True, level, clears, for_s, keep_s, when, severity)


def _state(name: str, signal: str, for_s: float, keep_s: float, severity: Severity, when: When = When.ALWAYS) -> Rule:
    """One of a signal that is 0 or 1."""
    return _above(name, signal, 0.5, 0.5, for_s, keep_s, severity, when)


def _below(
    name: str, signal: str, level: float, clears: float, for_s: float, keep_s: float, severity: Severity
) -> Rule:
    return Rule(name, signal, False, level, clears, for_s, keep_s, When.ALWAYS, severity)


_BAD, _WARN, _UNKNOWN = Severity.OUTAGE, Severity.WARNING, Severity.UNKNOWN

DEFAULT_RULES: tuple[Rule, ...] = (
    # The bus reconnects within 15 s: a broker that was restarted is no outage.
    _state("broker-down", "broker", 30.0, 10.0, _BAD),
    _state("clock", "clock", 2 * _MINUTE_S, 30.0, _WARN),
    # A commit is tried again within seconds; readings stay on their nodes meanwhile.
    _state("store", "store", 30.0, 30.0, _BAD),
    # Most of them at once are one fault, of what they share; told before each of them would be.
    _above("nodes-silent", "nodes-silent", 0.5, 0.2, _MINUTE_S, 60.0, _BAD),
    # A node that restarts is back within two minutes; a Pico on bad Wi-Fi takes three.
    _above("node-silent", "node-silent", 180.0, 0.0, 0.0, 30.0, _UNKNOWN),
    _state("node-cloned", "node-cloned", 0.0, 0.0, _WARN),
    # As the board: silent after 12 periods, fresh within 3. The time lets the node's own alert come first.
    _above("channel-silent", "channel-silent", SILENT_PERIODS, FRESH_PERIODS, 5 * _MINUTE_S, 30.0, _UNKNOWN),
    # A detector settles in 0.1 s; ten seconds let somebody try the breaker.
    _state("circuit-dead", "circuit-dead", 10.0, 10.0, _BAD),
    # Beyond its limit for two minutes: motors and heaters draw several times theirs for seconds when they start, and a
    # breaker of type C bears 1.13 times for an hour (EN 60898-1).
    _above("circuit-overload", "circuit-load", 1.0, 0.9, 2 * _MINUTE_S, 2 * _MINUTE_S, _WARN),
    # The probe asks every 20 s, and twice before it says none: with both tries of 10 s and the group's wait, people on
    # the place's own network are told within a minute of the cut.
    _above("internet-down", "internet", 1.5, 1.0, 5.0, 30.0, _BAD),
    # Beyond 0.5, a sign-in page or nothing: where nothing comes, "internet-down" is there first and explains it.
    _above("portal", "internet", 0.5, 0.5, 90.0, 30.0, _BAD),
    _state("dns", "dns", 2 * _MINUTE_S, _MINUTE_S, _BAD),
    # Two measurements a day are usual: half of what is paid for, once, is worth a look and no alarm.
    _below("uplink-slow", "uplink-speed", 0.3, 0.5, 0.0, 0.0, _WARN),
    _above("access-point-full", "access-point-load", 1.0, 0.85, 5 * _MINUTE_S, 5 * _MINUTE_S, _WARN, When.OPEN),
    # 2 is down, 1 is slow, 0.5 is fit for pages and not for calls, which is no fault by itself.
    _above("wifi-down", "wifi", 1.5, 1.0, 2 * _MINUTE_S, 2 * _MINUTE_S, _BAD, When.OPEN),
    _above("wifi-slow", "wifi", 0.75, 0.5, 10 * _MINUTE_S, 5 * _MINUTE_S, _WARN, When.OPEN),
    _below("battery-low", "battery", LOW_BATTERY_PERCENT, LOW_BATTERY_PERCENT + 5.0, 10 * _MINUTE_S, 0.0, _WARN),
    # Doors count a person too many now and then: one in ten.
    _above("room-full-over", "people", 1.1, 1.0, 10 * _MINUTE_S, 5 * _MINUTE_S, _WARN, When.OPEN),
    _state("door-open", "door-open", 10 * _MINUTE_S, 0.0, _WARN, When.CLOSED),
    # Of a card of 16 GB 800 MB: above the 512 MB that the doctor warns of, while there is time to make room.
    _below("disk-low", "disk", 0.05, 0.06, 5 * _MINUTE_S, 0.0, _WARN),
    # As the health report: five minutes without a commit are more than a restart on bad Wi-Fi.
    _above("backlog", "backlog", 300.0, 60.0, 0.0, _MINUTE_S, _WARN),
    _state("broker-drops", "broker-drops", 0.0, 0.0, _WARN),
    # A start of a motor dips the supply for a second.
    _state("under-voltage", "under-voltage", 30.0, 5 * _MINUTE_S, _WARN),
    _above("heat", "heat", HOT_CELSIUS, HOT_CELSIUS - 5.0, 2 * _MINUTE_S, 2 * _MINUTE_S, _WARN),
    # Tries are spread over minutes: one that fails is no news.
    _state("notifier-failing", "notifier", 5 * _MINUTE_S, 0.0, _WARN),
)
