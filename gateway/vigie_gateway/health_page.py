"""The health page's values: the report of ``/healthz``, and of each node what it measured in a day.

Called by ``api.pages`` on a worker thread; reads the store.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from typing import Any

from vigie_dashboard.health_view import ChannelHealth, HealthView, NodeHealth, PartHealth, RefusalHealth
from vigie_gateway.place.channel_names import channel_names
from vigie_gateway.place.site import Site
from vigie_gateway.store import BY_HAND, Sample, Series, Store

BARS = 48
BAR_S = 1_800
LOOKED_BACK_S = 35 * 86_400
"""How long a node must have been silent to count as new. Lower takes one that came back from a holiday for new; higher
looks through more than single readings are kept."""
_KEPT_APART = frozenset({"status", "trouble", "by_id", "by_reason"})


def health_view(site: Site, store: Store, report: Mapping[str, Any]) -> HealthView:
    """The page's values.

    Args:
        site: For its name and its rooms'.
        store: What was measured.
        report: Of ``Health.report``.

    Raises:
        StoreError: The store cannot be read.
    """
    parts = [_part(name, part) for name, part in report["parts"].items()]
    return HealthView(
        site_name=site.name,
        timezone=site.timezone,
        now_ts=report["now_ts"],
        state=report["status"],
        versions={
            "Vigie": report["version"],
            "Python": platform.python_version(),
            "MQTT": report["parts"]["broker"]["version"],
            "Linux": platform.release(),
        },
        up_s=report["up_s"],
        parts=tuple(parts),
        nodes=tuple(_nodes(site, store, report)),
        refusals=tuple(
            RefusalHealth(reason, one["count"], one["last"], one["detail"], one["at_ts"])
            for reason, one in report["parts"]["refused"]["by_reason"].items()
        ),
    )


def _part(name: str, part: Mapping[str, Any]) -> PartHealth:
    facts = {key: value for key, value in part.items() if key not in _KEPT_APART and not isinstance(value, dict | list)}
    # A calendar's trouble is its own: the part has none.
    of_each = [f"{key}: {one['trouble']}" for key, one in part.get("by_id", {}).items() if one.get("trouble")]
    return PartHealth(name, part["status"], part.get("trouble") or "; ".join(of_each) or None, facts)


def _nodes(site: Site, store: Store, report: Mapping[str, Any]) -> list[NodeHealth]:
    """Those of the report, and those that the store knows from before."""
    by_node: dict[str, list[Series]] = {}
    for series in store.series():
        if series.node == BY_HAND:
            continue
        by_node.setdefault(series.node, []).append(series)
    latest = store.latest()
    said = {**report["parts"].get("devices", {}).get("by_id", {}), **report["parts"]["nodes"]["by_id"]}
    names = channel_names(site, store.series())
    to_ts = -(-report["now_ts"] // BAR_S) * BAR_S
    return [
        _node(site, store, node, said.get(node, {}), by_node.get(node, []), names, latest, to_ts)
        for node in sorted(said.keys() | by_node.keys())
    ]


def _node(
    site: Site,
    store: Store,
    node: str,
    said: Mapping[str, Any],
    series: Sequence[Series],
    names: Mapping[str, Mapping[str, str]],
    latest: Mapping[int, Sample],
    to_ts: float,
) -> NodeHealth:
    rooms = {room.id: room.name for room in site.rooms}
    from_ts = to_ts - BARS * BAR_S
    bars = _bars([[point.coverage for point in store.history(one.id, from_ts, to_ts, BARS)] for one in series])
    newest = {one.id: latest.get(one.id) for one in series}

    def latest_of(quantity: str) -> float | None:
        found = next((newest[one.id] for one in series if one.channel.quantity == quantity), None)
        return None if found is None else found.value

    return NodeHealth(
        id=node,
        is_online=said.get("is_online"),
        heard_ts=said.get("heard_ts"),
        software=said.get("software"),
        clock_off_s=said.get("clock_off_s"),
        waiting_readings=said.get("waiting_readings"),
        waiting_since_ts=said.get("waiting_since_ts"),
        signal_dbm=latest_of("rssi"),
        battery_percent=latest_of("battery"),
        bars=bars,
        bars_from_ts=from_ts,
        bars_before=_bars_before(store, series, bars, from_ts),
        channels=tuple(
            ChannelHealth(
                series=one.name,
                label=one.channel.label,
                quantity=one.channel.quantity,
                room=rooms.get(one.channel.room or ""),
                at_ts=None if sample is None else sample.at_ts,
                reason=None if sample is None else sample.reason,
                called=names.get(one.name, {}),
            )
            for one in series
            for sample in (newest[one.id],)
        ),
    )


def _bars(coverages: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """The mean over the node's channels of each half hour; nothing for a node without channels."""
    return tuple(min(1.0, sum(of_bar) / len(of_bar)) for of_bar in zip(*coverages, strict=True)) if coverages else ()


def _bars_before(store: Store, series: Sequence[Series], bars: Sequence[float], from_ts: float) -> int:
    """How many bars are empty because the node was not there yet: those before the first, of a node without a past."""
    empty = next((index for index, share in enumerate(bars) if share > 0), len(bars))
    if not empty:
        return 0
    past = (store.history(one.id, from_ts - LOOKED_BACK_S, from_ts, 1)[0].coverage for one in series)
    return 0 if any(past) else empty
