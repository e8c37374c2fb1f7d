"""What a history page shows, as plain values; ``view`` has what the other pages show, and the rules of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vigie_dashboard.view import HistoryPoint


@dataclass(frozen=True, slots=True)
class UsualPoint:
    """The same hours of so many ``weeks`` before: their median, and the middle half from ``low`` to ``high``."""

    median: float
    low: float
    high: float
    weeks: int


@dataclass(frozen=True, slots=True)
class HistorySeries:
    """One line of a history page.

    Attributes:
        id: Its own on the page.
        label: By language; empty when it is called by its quantity.
        unit: Of vigie_contract.quantities.
        points: Oldest first.
        quantity: Its name, empty where the line is made of several.
        average: What ``mean`` is: ``time``, ``increase`` (how much a counter rose) or ``last`` (of a choice).
        labels: Of a choice, by its value.
        usual: One for each point, None where too few weeks are known; empty when nothing was compared.
        is_coarse: Finer points of then are kept elsewhere and could not be had now.
    """

    id: str
    label: dict[str, str]
    unit: str
    points: tuple[HistoryPoint, ...]
    quantity: str = ""
    average: str = "time"
    labels: tuple[str, ...] = ()
    usual: tuple[UsualPoint | None, ...] = ()
    is_coarse: bool = False


@dataclass(frozen=True, slots=True)
class PeriodView:
    """The period of a history page, as parameters of its address.

    Attributes:
        span: ``day``, ``week``, ``month`` or ``year``; None for one's own.
        query: Of this very period.
        previous: Of the one before; None when there is none.
        next: Of the one after; None when it is not yet.
        spans: Of each span that the page offers.
        typed: What the fields of the form hold: ``from``, ``from_time``, ``to``, ``to_time``.
        problem: (field, reason) when what was typed is no period: then another one is shown.
    """

    span: str | None
    query: dict[str, str]
    previous: dict[str, str] | None
    next: dict[str, str] | None
    spans: dict[str, dict[str, str]]
    typed: dict[str, str]
    problem: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class HistoryView:
    """A history page of a room or of one series.

    Attributes:
        site_name: By language.
        timezone: IANA name.
        path: Of the page, without its parameters.
        name: Of the room, or of the room and node of the series, by language.
        is_room: Whether it shows a room; else one series.
        now_ts: The gateway's time.
        from_ts: Where the points begin.
        to_ts: Where they end.
        period: What was asked for.
        is_compared: Whether each line has what is usual.
        can_compare: Whether the period is short enough for it.
        series: The lines.
    """

    site_name: dict[str, str]
    timezone: str
    path: str
    name: dict[str, str]
    is_room: bool
    now_ts: float
    from_ts: float
    to_ts: float
    period: PeriodView
    is_compared: bool
    can_compare: bool
    series: tuple[HistorySeries, ...]


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """A series in the list of all: ``name`` is ``node.channel``, ``room`` None where it has none.

    ``called`` is what the place calls it, by language; empty where it calls it by its label or id.
    """

    name: str
    node: str
    channel: str
    label: str
    quantity: str
    unit: str
    room: dict[str, str] | None
    at_ts: float | None
    called: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeriesListView:
    """All that has a history: ``rooms`` are (id, name by language), ``series`` in order of room, node and channel."""

    site_name: dict[str, str]
    timezone: str
    now_ts: float
    rooms: tuple[tuple[str, dict[str, str]], ...]
    series: tuple[SeriesEntry, ...]
