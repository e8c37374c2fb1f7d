"""One series as a query sees it: what is sealed, with what is not sealed yet laid over it.

A query makes a view on its own thread, inside one read transaction; sealing makes one to roll up again what late
readings have touched. Nothing here writes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from vigie_contract.quantities import Average
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.store import Sample
from vigie_gateway.store.chunks import RAW, TIERS_S, Chunks, Head, merged, place, tier_ms
from vigie_gateway.store.codec import Value
from vigie_gateway.store.rollup import Buckets, Context, Rule, fold, roll, to_points

MOST_WIDENED = 1.5
"""How much wider than asked a step may become for whole buckets. Lower takes a finer tier and reads more; higher
gives too few points. A step that is whole minutes is kept as asked."""


def ms_of(at_ts: float) -> int:
    """A time as it is kept."""
    return int(at_ts * 1000.0 + 0.5)


def span_of(from_ts: float, to_ts: float, points: int) -> tuple[int, int]:
    """The span of a history as it is kept; raises ValueError where it is none."""
    from_ms, to_ms = ms_of(from_ts), ms_of(to_ts)
    if points < 1 or to_ms <= from_ms:
        raise ValueError(f"history of {points} points from {from_ts} to {to_ts}: expected 1 and a span")
    return from_ms, to_ms


def columns_of(samples: Sequence[Sample]) -> tuple[list[int], list[Value]]:
    """Times and values of samples; an unknown is its reason."""
    values: list[Value] = [(one.reason or "") if one.value is None else one.value for one in samples]
    return [ms_of(one.at_ts) for one in samples], values


def by_time(times: list[int], values: list[Value]) -> tuple[list[int], list[Value]]:
    """Readings in order of time, those of one time in the order given."""
    if sorted(times) == times:
        return times, values
    order = sorted(range(len(times)), key=times.__getitem__)
    return [times[position] for position in order], [values[position] for position in order]


def keepable_from_ms(retained: dict[int, tuple[int, float | None]]) -> int | None:
    """A reading whose time reaches before this comes too late: what it would change is no more. None for no limit."""
    limits = []
    for tier, coarser in zip((RAW, *TIERS_S[:-1]), TIERS_S, strict=True):
        if tier in retained:
            width_ms = tier_ms(coarser)
            limits.append(-(-retained[tier][0] // width_ms) * width_ms)
    return max(limits, default=None)


def split_late(
    times: list[int], values: list[Value], head: Head | None, oldest_ms: int | None
) -> tuple[tuple[list[int], list[Value]], tuple[list[int], list[Value]], int]:
    """Part readings, by time, into those before the sealed end and those after it.

    Returns:
        The late ones, the fresh ones, and how many were left out because they come too late (see keepable_from_ms).
    """
    cut = 0 if head is None else bisect_right(times, head.last_ms)
    start = 0 if oldest_ms is None else min(cut, bisect_right(times, oldest_ms - 1))
    return (times[start:cut], values[start:cut]), (times[cut:], values[cut:]), start


class View:
    """A series at one moment.

    Args:
        chunks: Of the series, in an open transaction.
        rule: Of the series.
        times: Of what is committed and not sealed, in order of commit, as ``values``.
    """

    def __init__(self, chunks: Chunks, rule: Rule, head: Head | None, times: list[int], values: list[Value]) -> None:
        self._chunks = chunks
        self._rule = rule
        self._head = head
        self._retained = chunks.retained()
        oldest_ms = keepable_from_ms(self._retained)
        late, fresh, _ = split_late(
            *by_time(times, values), head, None if oldest_ms is None else oldest_ms + rule.reach_ms
        )
        self._late, self._late_values = late
        self._fresh, self._fresh_values = fresh
        self._tail, self._tail_values = self._late + self._fresh, self._late_values + self._fresh_values
        self._older: tuple[list[int], list[Value]] | None = None
        self._known_before: float | None = None

    def lay_under(self, times: list[int], values: list[Value], known_before: float | None) -> None:
        """Put single readings that were deleted here back where they were.

        Args:
            times: Milliseconds, rising; what is after the cut of retention is left out.
            values: As many.
            known_before: The last known value before them.
        """
        cut_ms = self._retained[RAW][0] if RAW in self._retained else 0
        end = bisect_right(times, cut_ms)
        self._older = (times[:end], values[:end])
        self._known_before = known_before

    def readings(self, after_ms: int, to_ms: int) -> tuple[list[int], list[Value]]:
        """Single readings in ``(after_ms, to_ms]``, by time and then by commit."""
        start, end = bisect_right(self._tail, after_ms), bisect_right(self._tail, to_ms)
        times, values = self._chunks.readings(after_ms, to_ms)
        if self._older is not None:
            older, older_values = self._older
            cut, stop = bisect_right(older, after_ms), bisect_right(older, to_ms)
            times, values = merged(older[cut:stop], older_values[cut:stop], times, values)
        return merged(times, values, self._tail[start:end], self._tail_values[start:end])

    def _older_before(self, at_ms: int) -> Context:
        times, values = self._older or ([], [])
        last = bisect_right(times, at_ms) - 1
        for position in range(last, -1, -1):
            value = values[position]
            if not isinstance(value, str):
                return Context(times[last], value, times[position])
        return Context(times[last] if last >= 0 else None, self._known_before)

    def _before(self, at_ms: int) -> Context:
        if self._older is not None and at_ms < self._retained[RAW][0]:
            return self._older_before(at_ms)
        sealed = self._chunks.before(at_ms)
        end = bisect_right(self._tail, at_ms)
        if end == 0:
            return sealed
        last_ms = self._tail[end - 1] if sealed.at_ms is None else max(sealed.at_ms, self._tail[end - 1])
        for position in range(end - 1, -1, -1):
            value = self._tail_values[position]
            if not isinstance(value, str):
                if sealed.known_ms is not None and sealed.known_ms > self._tail[position]:
                    break
                return Context(last_ms, value, self._tail[position])
        return Context(last_ms, sealed.known, sealed.known_ms)

    def roll(self, after_ms: int, to_ms: int, width_ms: int, origin_ms: int) -> Buckets:
        """Buckets of the single readings, over whole buckets from ``after_ms`` to ``to_ms``."""
        times, values = self.readings(after_ms, to_ms + self._rule.reach_ms)
        rolled = roll(times, values, self._before(after_ms), self._rule, width_ms, origin_ms)
        return rolled.between((after_ms - origin_ms) // width_ms, (to_ms - origin_ms) // width_ms - 1)

    def dirty(self) -> tuple[int, int] | None:
        """The span whose kept roll-ups the late readings make untrue; None when none is late."""
        return dirty_span(self._late, self._rule, self._chunks, self._fresh, self._fresh_values) if self._late else None

    def _fresh_buckets(self, width_ms: int, first: int, last: int) -> Buckets:
        """Of the readings after the sealed end, as if nothing were late."""
        head = self._head
        known = None if head is None else head.known
        before = Context(None if head is None else head.last_ms, known)
        start = bisect_right(self._fresh, first * width_ms)
        end = bisect_right(self._fresh, (last + 1) * width_ms + self._rule.reach_ms)
        if start:
            found = place(self._fresh_values[:start])
            before = Context(self._fresh[start - 1], known if found is None else found)
        rolled = roll(self._fresh[start:end], self._fresh_values[start:end], before, self._rule, width_ms)
        return rolled.between(first, last)

    def buckets(self, tier: int, first: int, last: int) -> Buckets:
        """Roll-ups with index ``first`` to ``last``, late readings counted; one index may have parts in a row."""
        width_ms = tier_ms(tier)
        if self._older is not None and tier in self._retained:
            cut = self._retained[tier][0] // width_ms
            if first < cut:
                found = self.again(tier, first, min(last, cut - 1))
                if last >= cut:
                    found.extend(self.buckets(tier, cut, last))
                return found
        found = self._chunks.buckets(tier, first, last)
        found.extend(self._fresh_buckets(width_ms, first, last))
        span = self.dirty()
        if span is None:
            return found
        from_index, to_index = max(first, span[0] // width_ms), min(last, (span[1] - 1) // width_ms)
        if from_index > to_index:
            return found
        whole = found.between(first, from_index - 1).part(0, len(found))
        whole.extend(self.again(tier, from_index, to_index))
        whole.extend(found.between(to_index + 1, last))
        return whole

    def again(self, tier: int, first: int, last: int) -> Buckets:
        """The same, rolled up anew: minutes from single readings, each coarser tier from the one before."""
        width_ms = tier_ms(tier)
        if tier == TIERS_S[0]:
            return self.roll(first * width_ms, (last + 1) * width_ms, width_ms, 0)
        finer = TIERS_S[TIERS_S.index(tier) - 1]
        ratio = tier // finer
        parts = self.buckets(finer, first * ratio, (last + 1) * ratio - 1)
        return fold(parts, self._rule.average, tier_ms(finer), width_ms)

    def history(self, from_ms: int, to_ms: int, points: int) -> list[HistoryPoint]:
        """At most ``points`` points of a span that is longer than nothing; see Store.history."""
        tier = self._tier(from_ms, (to_ms - from_ms) / points)
        average = self._rule.average
        if tier == RAW:
            step_ms = -(-(to_ms - from_ms) // points)
            count = -(-(to_ms - from_ms) // step_ms)
            rolled = self.roll(from_ms, from_ms + count * step_ms, step_ms, from_ms)
            return to_points(rolled, average, from_ms, step_ms, count)
        width_ms = tier_ms(tier)
        first, end = from_ms // width_ms, -(-to_ms // width_ms)
        each = -(-(end - first) // points)
        count = -(-(end - first) // each)
        buckets = self.buckets(tier, first, first + count * each - 1)
        origin_ms, step_ms = first * width_ms, each * width_ms
        return to_points(fold(buckets, average, width_ms, step_ms, origin_ms), average, origin_ms, step_ms, count)

    def missing(self, from_ms: int, to_ms: int, points: int) -> tuple[int, int] | None:
        """The span of single readings without which a history is coarser than asked; see Store.missing."""
        step_ms = (to_ms - from_ms) / points
        tier = self._fitting(from_ms, step_ms)
        reach_ms = self._rule.reach_ms
        if tier not in self._retained or RAW not in self._retained or self._retained[tier][0] <= from_ms:
            return None
        after_ms = (from_ms if tier == RAW else from_ms // tier_ms(tier) * tier_ms(tier)) - reach_ms
        # A step may be widened to whole buckets, so that the last one ends after what was asked for.
        end_ms = min(to_ms + 2 * round(step_ms), self._retained[tier][0]) + reach_ms
        upto_ms = min(end_ms, self._retained[RAW][0])
        return (after_ms, upto_ms) if after_ms < upto_ms else None

    def _tier(self, from_ms: int, step_ms: float) -> int:
        tiers = [RAW, *TIERS_S]
        chosen = self._fitting(from_ms, step_ms)
        if self._older is not None:
            return chosen
        for tier in tiers[tiers.index(chosen) :]:
            if tier not in self._retained or self._retained[tier][0] <= from_ms:
                return tier
        return tiers[-1]

    def _fitting(self, from_ms: int, step_ms: float) -> int:
        """The coarsest tier that gives the resolution asked for, were nothing deleted."""
        fitting = [tier for tier in TIERS_S if tier_ms(tier) <= step_ms]
        exact = [tier for tier in fitting if step_ms % tier_ms(tier) == 0 and from_ms % tier_ms(tier) == 0]
        near = [tier for tier in fitting if -(-step_ms // tier_ms(tier)) * tier_ms(tier) <= MOST_WIDENED * step_ms]
        return max(exact or near or fitting[:1] or [RAW])


def dirty_span(
    late: Sequence[int], rule: Rule, chunks: Chunks, fresh: Sequence[int] = (), fresh_values: Sequence[Value] = ()
) -> tuple[int, int]:
    """What late readings change.

    That is the time that they speak for, that of the readings soon after, and of a counter the next known reading,
    however far.

    Args:
        late: Their times, in order, at least one.
        rule: Of the series.
        chunks: Of the series.
        fresh: Times after the sealed end that are not sealed.
        fresh_values: Their values.
    """
    end_ms = late[-1] + rule.reach_ms
    if rule.average is Average.INCREASE:
        next_ms = chunks.next_known_ms(late[-1])
        if next_ms is None:
            known = (at for at, value in zip(fresh, fresh_values, strict=True) if not isinstance(value, str))
            next_ms = next(known, None)
        end_ms = end_ms if next_ms is None else max(end_ms, next_ms)
    return late[0] - rule.reach_ms, end_ms
