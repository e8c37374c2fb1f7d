"""Which nodes measure what an alert is about: its subject in, node ids out. Pure.

Called by ``api.alerts``, so that each node stands beside what its readings say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from vigie_dashboard.alert_view import AlertView
from vigie_gateway.alerts.signals import SubjectKind
from vigie_gateway.place.wiring import Wiring


def alerts_by_node(wiring: Wiring, alerts: Iterable[AlertView]) -> Mapping[str, tuple[AlertView, ...]]:
    """By node, the alerts about it or what it measures, with those that they explain."""
    found: dict[str, list[AlertView]] = {}
    for alert in _with_dependants(alerts):
        for node in nodes_of(wiring, alert):
            found.setdefault(node, []).append(alert)
    return {node: tuple(of_node) for node, of_node in found.items()}


def nodes_of(wiring: Wiring, alert: AlertView) -> set[str]:
    """The nodes that an alert is about, or whose readings tell of it; empty of the gateway itself."""
    if alert.subject_kind == SubjectKind.NODE:
        return {alert.subject}
    channels = (alert.subject,) if alert.subject_kind == SubjectKind.CHANNEL else _channels(wiring, alert)
    return {channel.partition(".")[0] for channel in channels}


def _channels(wiring: Wiring, alert: AlertView) -> Iterator[str]:
    kind, subject = alert.subject_kind, alert.subject
    if kind == SubjectKind.CIRCUIT:
        cells = (wiring.mains if alert.signal.endswith("circuit-dead") else wiring.meters).get(subject)
        if cells is not None:
            yield cells.name
    elif kind == SubjectKind.DOOR and subject in wiring.open_doors:
        yield wiring.open_doors[subject].name
    elif kind == SubjectKind.ACCESS_POINT:
        yield from (
            one.stations.name for one in wiring.access_points if one.site.id == subject and one.stations is not None
        )
    elif kind == SubjectKind.UPLINK:
        for uplink in wiring.uplinks:
            cell = uplink.download if alert.signal.endswith("uplink-speed") else uplink.portal
            if uplink.site.id == subject and cell is not None:
                yield cell.name


def _with_dependants(alerts: Iterable[AlertView]) -> Iterator[AlertView]:
    for alert in alerts:
        yield alert
        yield from _with_dependants(alert.dependants)
