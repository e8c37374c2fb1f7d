"""What the health page shows, as plain values, by the rules of ``view``: None is unknown, times are epoch seconds.

Texts that the gateway or a node wrote (``trouble``, ``subject``, ``detail``, ``software``, labels) are in English or
anything at all: text, never markup.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LOW_BATTERY_PERCENT = 20
"""Below it a node's battery is warned of. Lower leaves a night at most; higher warns of each evening."""


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part of the gateway, as ``/healthz`` tells it.

    Attributes:
        name: ``broker``, ``store``…
        state: ``pass``, ``warn``, ``fail``, or ``unknown`` where this machine cannot tell.
        trouble: What the gateway says is wrong; None when nothing is.
        facts: Its numbers and words, by name.
    """

    name: str
    state: str
    trouble: str | None
    facts: dict[str, float | str | None]


@dataclass(frozen=True, slots=True)
class ChannelHealth:
    """One channel: ``series`` is ``node.channel``; ``reason`` says why its last reading was unknown.

    ``called`` is what the place calls it, by language; empty where it calls it by its label or id.
    """

    series: str
    label: str
    quantity: str
    room: dict[str, str] | None
    at_ts: float | None
    reason: str | None
    called: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """One node.

    Attributes:
        id: Its id.
        is_online: None when it never said.
        heard_ts: None when never since the gateway started.
        software: As its birth says; None before that.
        clock_off_s: How far its clock is ahead; None when not known.
        waiting_readings: Not on disk here yet; None when not known.
        waiting_since_ts: None when none wait.
        signal_dbm: Of its radio; None when it has none, or it is not known.
        battery_percent: How full its battery is; None when it has none, or it is not known.
        bars: Coverage, 0 to 1, of each half hour, oldest first; empty when it measures nothing.
        bars_from_ts: Where the first begins.
        bars_before: How many of them, from the first, are from before its very first reading.
        channels: What it measures.
    """

    id: str
    is_online: bool | None
    heard_ts: float | None
    software: str | None
    clock_off_s: float | None
    waiting_readings: int | None
    waiting_since_ts: float | None
    signal_dbm: float | None
    battery_percent: float | None
    bars: tuple[float, ...]
    bars_from_ts: float
    bars_before: int
    channels: tuple[ChannelHealth, ...]


@dataclass(frozen=True, slots=True)
class RefusalHealth:
    """What was refused for one reason: how often, and the last one."""

    reason: str
    count: int
    subject: str
    detail: str
    at_ts: float


@dataclass(frozen=True, slots=True)
class HealthView:
    """Everything on the health page; ``state`` is the worst of the parts'."""

    site_name: dict[str, str]
    timezone: str
    now_ts: float
    state: str
    versions: dict[str, str | None]
    up_s: float
    parts: tuple[PartHealth, ...]
    nodes: tuple[NodeHealth, ...]
    refusals: tuple[RefusalHealth, ...]
