"""Where the fault lies, in one word, by the figures beside an alert. Pure; asked by ``watch`` of each firing alert.

Only what was measured decides; where nothing tells the word is empty, and no sentence guesses. The combinations
(docs/alerts.md, "Where the fault lies"):

- No internet, and the place's own **router** loses probes too: the router. It answers well, and nothing beyond it does:
  the **provider**. A sign-in page: the **portal**. The line is open and only names are not found: **dns**.
- A room's Wi-Fi is bad for a reason that is the line's (no internet, portal, DNS, throughput): as the line. For one
  that is the air's (signal, too many stations, a busy channel): the **wifi**. For latency or loss, which could be
  either: the **wifi** when another room on the same line is well, or when probes to the router are lost; else the
  **provider**.
- A node or channel is silent: the **battery** when it was nearly empty; else a weak signal, which is the **device**'s
  own place or antenna, and the **wifi** when no room's Wi-Fi is well either; else, heard well until the end, the
  **node** itself or what feeds it, or of a node that is heard the **device** at its channel. Without a signal: nothing
  tells.
- What Vigie's own machine says of itself is the **gateway**; what the broker does, the **broker**; a breaker or a
  supply, the **power**.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vigie_gateway.alerts.alert import Alert
from vigie_gateway.alerts.signals import Signal

FAULTS: Mapping[str, str] = {
    "power": "Mains voltage or a supply: a breaker, a cut, a weak power pack",
    "router": "The place's own router, between its network and the line",
    "provider": "The line beyond the router",
    "portal": "A sign-in page of whoever gives the line",
    "dns": "The resolver: the line is open and names are not found",
    "wifi": "The air between access point and room: signal, crowd, busy channel",
    "device": "One device: its place, its antenna, a sensor at its end",
    "battery": "The node's own battery",
    "node": "The node itself: it had power and signal, and stopped",
    "broker": "The MQTT broker",
    "gateway": "Vigie's own machine: disk, clock, heat",
    "notifier": "What carries messages to people",
}
"""Every word that ``fault_of`` may say, with what it means; its sentences stand in the dashboard's ``alert_text``."""

LOST_SHARE = 0.2
"""Of probes to the router; from here on it is the place's network that loses them. Lower blames the router for a busy
minute of Wi-Fi; higher blames the provider for a router that drops every fifth packet."""
LOW_BATTERY_PERCENT = 10.0
"""Lower misses cells that die in the cold; higher calls a healthy node's silence its battery."""
WEAK_RSSI_DBM = -80.0
"""Lower misses nodes at the edge; higher blames the signal for a node that worked with it for months."""

_FIXED: Mapping[str, str] = {
    "circuit-dead": "power",
    "access-point-load": "wifi",
    "dns": "dns",
    "node-cloned": "node",
    "battery": "battery",
    "broker": "broker",
    "broker-drops": "broker",
    "store": "gateway",
    "disk": "gateway",
    "clock": "gateway",
    "backlog": "gateway",
    "heat": "gateway",
    "under-voltage": "power",
    "notifier": "notifier",
}
_WIFI_REASONS: Mapping[str, str] = {
    "portal": "portal",
    "dns": "dns",
    "signal": "wifi",
    "too-many-stations": "wifi",
    "channel-busy": "wifi",
}
_INTERNET_PORTAL, _INTERNET_NONE = 1.0, 2.0


def fault_of(signal: str, alert: Alert, now: Iterable[Signal]) -> str:
    """Where the fault of an alert lies.

    Args:
        signal: What its rule looks at; ``absent:`` before it, of a rule about what is not known.
        alert: With the figures of when it last was wrong.
        now: All that is known of the place at this moment; only the line, Wi-Fi and the alert's own subject count.

    Returns:
        A word of FAULTS; "" where nothing tells.
    """
    if signal in _FIXED:
        return _FIXED[signal]
    if signal == "wifi":
        return _of_wifi(alert, tuple(now))
    if signal in {"node-silent", "channel-silent"}:
        return _of_silence(signal, alert, now)
    return _of_line(signal, alert, now)


def _of_line(signal: str, alert: Alert, now: Iterable[Signal]) -> str:
    if signal == "uplink-speed":
        return _beyond_router(_gateway_loss(now, alert.key.subject.id))
    if signal != "internet":
        return ""
    if alert.value == _INTERNET_PORTAL:
        return "portal"
    return _beyond_router(_number(alert.figures.get("gateway_loss"))) if alert.value == _INTERNET_NONE else ""


def _beyond_router(gateway_loss: float | None) -> str:
    if gateway_loss is None:
        return ""
    return "router" if gateway_loss >= LOST_SHARE else "provider"


def _gateway_loss(now: Iterable[Signal], uplink: str | None = None) -> float | None:
    """Share of probes to the router that are lost, as the line's signal has it; None when unknown."""
    for one in now:
        if one.name == "internet" and uplink in {None, one.subject.id}:
            loss = _number(one.figures.get("gateway_loss"))
            if loss is not None:
                return loss
    return None


def _of_wifi(alert: Alert, now: tuple[Signal, ...]) -> str:
    reason = alert.figures.get("reason")
    if reason in _WIFI_REASONS:
        return _WIFI_REASONS[str(reason)]
    if reason in {"no-internet", "throughput"}:
        return _beyond_router(_gateway_loss(now))
    if reason not in {"latency", "loss"}:
        return ""
    if any(one.name == "wifi" and one.subject != alert.key.subject and one.value == 0 for one in now):
        return "wifi"
    loss = _gateway_loss(now)
    if loss is None:
        return ""
    return "provider" if loss < LOST_SHARE else "wifi"


def _of_silence(signal: str, alert: Alert, now: Iterable[Signal]) -> str:
    battery_percent, rssi_dbm = (_number(alert.figures.get(name)) for name in ("battery_percent", "rssi_dbm"))
    if battery_percent is not None and battery_percent < LOW_BATTERY_PERCENT:
        return "battery"
    if rssi_dbm is None:
        return ""
    if rssi_dbm < WEAK_RSSI_DBM:
        wifi = [one.value for one in now if one.name == "wifi" and one.value is not None]
        return "wifi" if wifi and min(wifi) > 0 else "device"
    return "device" if signal == "channel-silent" else "node"


def _number(value: float | str | None) -> float | None:
    return None if value is None or isinstance(value, str) else value
