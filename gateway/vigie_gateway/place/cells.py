"""The last reading of each channel that the place uses, and how far it can be believed.

Pure. Filled by the board's ``take`` and read by everything that makes its view, under the board's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from vigie_contract.quantities import INTERNET_ACCESS
from vigie_gateway.store import Sample, Series

FRESH_PERIODS = 3
"""A reading counts for so many periods of its channel. Lower makes a room old at one lost packet; higher shows a
free seat that was taken minutes ago."""
SILENT_PERIODS = 12
SILENT_S = 1800.0
"""A channel is silent after both, 30 minutes and 12 periods: a door that reports every ten seconds keeps its last
count, greyed and with its age, for half an hour; a meter that reports each hour may miss eleven. Lower hides a count
that still helps; higher shows one that has nothing to do with the room any more."""
ASSUMED_PERIOD_S = 60.0
"""Until the birth of its node tells a channel's period."""
NEVER_TS = float("-inf")


class Freshness(IntEnum):
    """Worse is greater."""

    FRESH = 0
    OLD = 1
    SILENT = 2
    NEVER = 3


class NodePresence:
    """Whether a node is connected, shared by its channels."""

    __slots__ = ("is_online",)

    def __init__(self) -> None:
        self.is_online = True


class Cell:
    """One channel.

    Attributes:
        name: ``node.channel``.
        node: Whether its node is there.
        period_s: A reading is due at least this often.
        quantity: Its name; None until the birth.
        labels: Of a choice.
        at_ts: Of the newest reading, known or not.
        value: Of the newest reading; None when unknown.
        reason: Why it is.
        known_ts: Of the newest reading with a value.
        known_value: That value; None when there never was one.
        since_ts: Of the first reading with that value; None when it was so at the first reading that is known, or
            changed while nothing was heard.
        moves: For a door's counter, from which room to which it moves people.
    """

    __slots__ = (
        "at_ts", "fresh_s", "known_ts", "known_value", "labels", "moves", "name", "node", "period_s", "quantity",
        "reason", "silent_s", "since_ts", "value",
    )  # fmt: skip

    def __init__(self, name: str, node: NodePresence) -> None:
        self.name = name
        self.node = node
        self.quantity: str | None = None
        self.labels: tuple[str, ...] = INTERNET_ACCESS
        self.at_ts = self.known_ts = NEVER_TS
        self.value: float | None = None
        self.reason: str | None = None
        self.known_value: float | None = None
        self.since_ts: float | None = None
        self.moves: tuple[str, str] | None = None
        self.set_period(ASSUMED_PERIOD_S)

    def set_period(self, period_s: float) -> None:
        """Take over the period and what follows from it."""
        self.period_s = period_s
        self.fresh_s = FRESH_PERIODS * period_s
        self.silent_s = max(SILENT_S, SILENT_PERIODS * period_s)

    def declare(self, series: Series) -> None:
        """Take over what a birth, or the store, says of the channel."""
        self.set_period(series.channel.period_s)
        self.quantity = series.channel.quantity
        self.labels = series.channel.labels or INTERNET_ACCESS

    def know(self, at_ts: float, value: float) -> None:
        """Take a newer known value."""
        if self.known_value is not None and value != self.known_value:
            self.since_ts = at_ts if at_ts - self.known_ts <= self.fresh_s else None
        self.known_ts, self.known_value = at_ts, value

    def clock_moved(self, step_s: float, now_ts: float) -> None:
        """The gateway's clock was set, and stands at ``now_ts``: its reading is as old as it was.

        A time that the node gave may have been right all along: of the two, the younger that is not in the future.
        """
        self.at_ts = _moved(self.at_ts, step_s, now_ts)
        self.known_ts = _moved(self.known_ts, step_s, now_ts)
        if self.since_ts is not None:
            self.since_ts = _moved(self.since_ts, step_s, now_ts)

    def freshness(self, now_ts: float) -> Freshness:
        """Of the last known value. An unknown does not renew it; a node that left makes it old at its next period."""
        age_s = now_ts - self.known_ts
        if age_s <= self.fresh_s:
            return Freshness.FRESH if self.node.is_online or age_s <= self.period_s else Freshness.OLD
        if self.known_value is None:
            return Freshness.NEVER
        return Freshness.OLD if age_s <= self.silent_s else Freshness.SILENT

    def fresh_value(self, now_ts: float) -> float | None:
        """The newest reading, None when it is unknown or not fresh."""
        if self.value is None or self.freshness(now_ts) is not Freshness.FRESH:
            return None
        return self.value

    def fresh_reason(self, now_ts: float) -> str | None:
        """Why the newest reading is unknown, if that is what a fresh one says."""
        return self.reason if self.value is None and now_ts - self.at_ts <= self.fresh_s else None

    def fresh_label(self, now_ts: float) -> str | None:
        """The word of a choice, None when unknown or not fresh."""
        value = self.fresh_value(now_ts)
        if value is None or not 0 <= value < len(self.labels):
            return None
        return self.labels[int(value)]


def last_change_ts(samples: Iterable[Sample], fresh_s: float) -> float | None:
    """When the value of the newest sample began, as ``Cell.since_ts``.

    Args:
        samples: Oldest first; unknown ones count for nothing.
        fresh_s: A change over a longer time is not dated.
    """
    since_ts: float | None = None
    before: Sample | None = None
    for sample in samples:
        if sample.value is None:
            continue
        if before is not None and sample.value != before.value:
            since_ts = sample.at_ts if sample.at_ts - before.at_ts <= fresh_s else None
        before = sample
    return since_ts


def _moved(at_ts: float, step_s: float, now_ts: float) -> float:
    return max((one for one in (at_ts, at_ts + step_s) if one <= now_ts), default=at_ts + step_s)
