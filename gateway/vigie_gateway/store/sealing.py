"""Sealing a series, on the writer thread inside its transaction: readings out of the log into chunks and roll-ups.

Readings after the sealed end are appended: one chunk, and for each tier the buckets that they make, parts of buckets
included. Late ones go into the chunks of their own time, and every bucket that they touch is rolled up again from
what lies below it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from vigie_contract.quantities import Average
from vigie_gateway.store.chunks import TIERS_S, Chunks, Head, place, tier_ms
from vigie_gateway.store.codec import Value
from vigie_gateway.store.history import View, by_time, dirty_span, keepable_from_ms, split_late
from vigie_gateway.store.rollup import Context, Rule, fold, roll, rounded

CLUSTER_MS = 15 * 60_000
"""Late readings closer than this are put in their place together. Lower rolls one quarter of an hour up again and
again; higher rolls up hours that nothing has touched."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing a series did: its new head, how many readings, and how many of them came too late."""

    head: Head
    readings: int
    too_late: int


def seal(chunks: Chunks, rule: Rule, row: int, times: list[int], values: list[Value]) -> Sealed:
    """Seal readings of one series.

    Args:
        chunks: Of the series, in the writer's transaction.
        rule: Of the series.
        row: The log row up to which these are all its readings.
        times: In order of commit, at least one.
        values: As many.
    """
    head = chunks.head()
    oldest_ms = keepable_from_ms(chunks.retained())
    late, fresh, too_late = split_late(
        *by_time(times, values), head, None if oldest_ms is None else oldest_ms + rule.reach_ms
    )
    if fresh[0]:
        head = _append(chunks, rule, row, head, *fresh)
    elif head is not None:
        head = Head(row, head.last_ms, head.last_value, head.last_reason, head.known)
    if head is None:
        raise ValueError("nothing to seal")
    chunks.set_head(head)
    for some_times, some_values in _clusters(*late, rule):
        chunks.merge_readings(some_times, some_values)
        _roll_again(chunks, rule, head, some_times)
    if late[0]:
        head = _true_head(chunks, rule, head)
        chunks.set_head(head)
    return Sealed(head, len(times), too_late)


def _append(chunks: Chunks, rule: Rule, row: int, head: Head | None, times: list[int], values: list[Value]) -> Head:
    chunks.append_readings(times, values)
    before = Context() if head is None else Context(head.last_ms, head.known)
    buckets = roll(times, values, before, rule, tier_ms(TIERS_S[0]))
    for finer, tier in zip((None, *TIERS_S[:-1]), TIERS_S, strict=True):
        if finer is not None:
            buckets = rounded(fold(buckets, rule.average, tier_ms(finer), tier_ms(tier)), rule)
        if len(buckets):
            chunks.append_buckets(tier, buckets)
    last, known = values[-1], place(values)
    if known is None and head is not None:
        known = head.known
    if isinstance(last, str):
        return Head(row, times[-1], None, last, known)
    return Head(row, times[-1], last, None, known)


def _clusters(times: list[int], values: list[Value], rule: Rule) -> Iterator[tuple[list[int], list[Value]]]:
    start = 0
    for position in range(1, len(times) + 1):
        if position == len(times) or times[position] - times[position - 1] > max(CLUSTER_MS, 2 * rule.reach_ms):
            yield times[start:position], values[start:position]
            start = position


def _roll_again(chunks: Chunks, rule: Rule, head: Head, times: list[int]) -> None:
    from_ms, to_ms = dirty_span(times, rule, chunks)
    view = View(chunks, rule, head, [], [])
    for tier in TIERS_S:
        first, last = from_ms // tier_ms(tier), (to_ms - 1) // tier_ms(tier)
        chunks.replace_buckets(tier, first, last, rounded(view.again(tier, first, last), rule))


def _true_head(chunks: Chunks, rule: Rule, head: Head) -> Head:
    """The head after late readings: one of the very last time replaces it, one after the last known is the known."""
    _, values = chunks.readings(head.last_ms - 1, head.last_ms)
    last = values[-1] if values else (head.last_reason or "" if head.last_value is None else head.last_value)
    known = chunks.before(head.last_ms).known if rule.average is Average.INCREASE else head.known
    if isinstance(last, str):
        return Head(head.row, head.last_ms, None, last, known)
    return Head(head.row, head.last_ms, last, None, known)
