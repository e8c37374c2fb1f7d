"""Step 7 of a reading's way: is it believable? Pure; called by the ingest thread for each reading.

A reading that cannot be true is not dropped: its value becomes unknown with the reason, so that history shows a hole
where the sensor told nonsense, and the count of each reason is on /healthz.
"""

from __future__ import annotations

from typing import NamedTuple

from vigie_contract.quantities import Kind, Quantity

FUTURE_LIMIT_S = 120.0
"""How far ahead of the gateway a node's date may be. Lower refuses clocks that NTP is still pulling in; higher lets a
wrong clock write readings that will hide true ones for as long."""
BACKLOG_AGE_S = 900.0
"""A reading older than this belongs to a backlog: it goes to history and not on the board. Lower would take a short
outage's readings, which still tell how many are in the room, for history; higher would show the past as if live."""
PAST_LIMIT_S = 60 * 86_400.0
"""How old a date may be. Lower misplaces the backlog of a node long away (journals hold 7 days by default, more where
a place says so); higher lets a node that believes in 1970 write where retention deletes at once."""

SENTINELS: dict[str, frozenset[float]] = {
    "rssi": frozenset({0.0}),  # drivers that do not know print 0 dBm, a watt-like signal that no receiver sees
    "stations": frozenset({255.0, 768.0}),  # unfilled, and 3 byte-swapped: both seen in public BSS Load captures
}
"""Values that mean "I do not know" in disguise, by quantity."""

MAX_RISE_PER_S: dict[str, float] = {
    "people_in": 5.0,
    "people_out": 5.0,
    "energy": 100_000 / 3600,
}
"""How fast a counter can rise: five people a second through one door is a crowd running; 100 kW is the range of
``power``. Lower refuses a true rush; higher lets a bouncing contact fill a room."""
RISE_ALLOWANCE = 5.0
"""Counts that may come in one moment whatever the rate: two samples may be close together."""


class Verdict(NamedTuple):
    """What quality says of a reading.

    Attributes:
        at_ts: The time to store it at: the reading's own, or the receipt's when that was impossible.
        value: The value to store; None when unknown.
        reason: Why it is unknown; None when it is known.
        flag: What to count: ``range``, ``sentinel``, ``spike``, ``clock``, ``duplicate``; None when nothing is wrong.
            A ``duplicate`` is not stored at all.
    """

    at_ts: float
    value: float | None
    reason: str | None
    flag: str | None


def plain_range(quantity: Quantity) -> tuple[float, float] | None:
    """Least and greatest value that need no judging beside their date; None for a quantity with rules of its own.

    Most readings are plain, and asking this once a channel keeps ``judge`` off the busy path.
    """
    if quantity.name in SENTINELS or quantity.name in MAX_RISE_PER_S:
        return None
    return quantity.low, quantity.high


def judge(
    quantity: Quantity,
    at_ts: float,
    value: float | None,
    reason: str | None,
    previous: tuple[float, float | None] | None,
    now_ts: float,
) -> Verdict:
    """Judge one reading.

    Args:
        quantity: Of its channel.
        at_ts: Its time.
        value: Its value, None when it says unknown.
        reason: Why unknown.
        previous: Time and value of the channel's reading before it, None when there is none.
        now_ts: The gateway's time at receipt.
    """
    flag = None
    if at_ts > now_ts + FUTURE_LIMIT_S or at_ts < now_ts - PAST_LIMIT_S:
        at_ts, flag = now_ts, "clock"
    if value is None:
        return Verdict(at_ts, None, reason, flag)
    if not quantity.low <= value <= quantity.high:
        return Verdict(at_ts, None, "out-of-range", "range")
    if value in SENTINELS.get(quantity.name, ()):
        return Verdict(at_ts, None, "not-told", "sentinel")
    if previous is not None:
        before_ts, before = previous
        if before_ts == at_ts and before == value:
            return Verdict(at_ts, value, None, "duplicate")
        if (
            quantity.kind is Kind.COUNTER
            and before is not None
            and _is_spike(quantity, at_ts - before_ts, value - before)
        ):
            return Verdict(at_ts, None, "spike", "spike")
    return Verdict(at_ts, value, None, flag)


def _is_spike(quantity: Quantity, elapsed_s: float, rise: float) -> bool:
    limit = MAX_RISE_PER_S.get(quantity.name)
    return limit is not None and elapsed_s >= 0 and rise > RISE_ALLOWANCE + limit * elapsed_s
