"""The sensors beside the alerts: each node's state in a word, its last day in bars, and how it does. Pure.

Called by ``alerts_page``. A bar's height and dash carry what its colour says. ``health`` has the same nodes in full.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vigie_dashboard import health
from vigie_dashboard.alert_text import duration
from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.alert_words import is_about_absence
from vigie_dashboard.health_view import LOW_BATTERY_PERCENT, HealthView, NodeHealth
from vigie_dashboard.language import NBSP, Language
from vigie_dashboard.notices import Severity

SILENT = frozenset({"node-silent", "channel-silent", "nodes-silent"})
SLOW = frozenset({"wifi", "access-point-load", "uplink-speed"})
HEIGHTS = {"whole": 100, "part": 55, "outage": 25, "none": 100, "new": 4}
"""Of a bar's place. Were they closer, the height alone would not tell them apart."""
LISTED_ROOMS = 2
"""More rooms than this are not named below a node: it is then about the whole place."""


@dataclass(frozen=True, slots=True)
class SensorRow:
    """A node; ``shape`` is the name of its icon."""

    id: str
    where: str
    shape: str
    word: str
    bars: tuple[health.Bar, ...]
    bars_text: str
    heard: str
    battery: str
    is_low: bool
    signal: str


def sensor_rows(view: HealthView, alerts: Mapping[str, Sequence[AlertView]], language: Language) -> list[SensorRow]:
    """Every node.

    Args:
        view: What they told.
        alerts: By node, those about what it measures that fire or ended within the day.
        language: The reader's.
    """
    texts = health.nodes_of(view, language)
    return [
        _row(one, text, view, alerts.get(one.id, ()), language) for one, text in zip(view.nodes, texts, strict=True)
    ]


def _row(
    node: NodeHealth, text: health.Node, view: HealthView, alerts: Sequence[AlertView], language: Language
) -> SensorRow:
    shape, word = _state(node, [one for one in alerts if one.ended_ts is None], language)
    is_low = node.battery_percent is not None and node.battery_percent < LOW_BATTERY_PERCENT
    names = dict.fromkeys(language.named(one.room) for one in node.channels if one.room)
    heard_s = None if node.heard_ts is None else max(0.0, view.now_ts - node.heard_ts)
    bars = tuple(_bar(index, node, alerts, view) for index in range(len(node.bars)))
    outages = sum(bar.kind == "outage" for bar in bars)
    said = language.ngettext(
        "In %(num)s half hour an outage was measured.", "In %(num)s half hours an outage was measured.", outages
    )
    return SensorRow(
        id=node.id,
        where=language.joined(list(names)) if len(names) <= LISTED_ROOMS else "",
        shape=shape,
        word=word,
        bars=bars,
        bars_text=f"{text.bars_text} {said}" if outages else text.bars_text,
        heard="" if heard_s is None else language.gettext("%(span)s ago", span=duration(heard_s, language)),
        battery="" if node.battery_percent is None else language.percent(node.battery_percent / 100),
        is_low=is_low,
        signal="" if node.signal_dbm is None else f"{language.number(node.signal_dbm, 0)}{NBSP}dBm",
    )


def _state(node: NodeHealth, alerts: Sequence[AlertView], language: Language) -> tuple[str, str]:
    """Its icon and its word: of the worst alert that is not silenced, then of a silenced one, then of itself."""
    order = (Severity.OUTAGE, Severity.WARNING, Severity.UNKNOWN)
    told = sorted((one for one in alerts if not one.is_silenced), key=lambda one: order.index(one.severity))
    if told:
        return _alert_state(told[0], language)
    if alerts:
        return "mute", language.pgettext("sensor", "silenced")
    if node.is_online is False:
        return "unk", language.pgettext("sensor", "silent")
    if node.is_online is None:
        return "unk", language.pgettext("sensor", "not heard yet")
    return "ok", language.pgettext("sensor", "receiving")


def _alert_state(alert: AlertView, language: Language) -> tuple[str, str]:
    if alert.signal in SILENT or is_about_absence(alert):
        return "unk", language.pgettext("sensor", "silent")
    if alert.signal == "circuit-dead":
        return "crit", language.pgettext("sensor", "no power")
    if alert.signal in SLOW:
        return str(alert.severity), language.pgettext("sensor", "slow")
    if alert.severity is Severity.OUTAGE:
        return "crit", language.pgettext("sensor", "outage")
    return str(alert.severity), language.pgettext("sensor", "beyond a limit")


def _bar(index: int, node: NodeHealth, alerts: Sequence[AlertView], view: HealthView) -> health.Bar:
    kind = _kind(index, node, alerts, view)
    height = HEIGHTS[kind]
    return health.Bar(index * health.BAR_WIDTH, health.BAR_HEIGHT - height, height, kind)


def _kind(index: int, node: NodeHealth, alerts: Sequence[AlertView], view: HealthView) -> str:
    """``new``, ``none``, ``outage``, ``part`` (of the readings, or beyond a limit) or ``whole``."""
    if index < node.bars_before:
        return "new"
    if node.bars[index] <= 0:
        return "none"
    begin_ts = node.bars_from_ts + index * health.BAR_S
    end_ts = min(begin_ts + health.BAR_S, view.now_ts)
    there = [
        one
        for one in alerts
        if one.signal not in SILENT
        and not is_about_absence(one)
        and one.since_ts < end_ts
        and (view.now_ts if one.ended_ts is None else one.ended_ts) > begin_ts
    ]
    if any(one.severity is Severity.OUTAGE for one in there):
        return "outage"
    return "part" if there or node.bars[index] < health.WHOLE else "whole"
