"""From readings to what is said of an interval: coverage, mean, low, high, last. Pure.

The sealing makes the kept roll-ups with it, on the writer thread; a query rolls up what is not sealed yet, and folds
buckets into the points it was asked for, on the thread that asks. The rules are those of the package's docstring.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import lt, mul, sub

from vigie_contract.quantities import Average, Quantity
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.store import LATE_PERIODS
from vigie_gateway.store.codec import Value, decode_floats, decode_integers, encode_floats, encode_integers

MEAN_DIGITS = 2
"""Decimals of a mean beyond those of its quantity's resolution. Lower rounds what a person could see in a long
average; each one costs about 0.07 byte a reading taken every 10 s."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How one series rolls up.

    Attributes:
        average: Of its quantity.
        period_ms: Of its channel.
        decimals: To which a mean is rounded, see MEAN_DIGITS.
    """

    average: Average
    period_ms: int
    decimals: int

    @property
    def reach_ms(self) -> int:
        """How far back a reading can speak for the time before it."""
        return int(self.period_ms * LATE_PERIODS)


def rule_of(quantity: Quantity, period_s: float) -> Rule:
    """The rule of a channel."""
    decimals = MEAN_DIGITS
    while decimals < MEAN_DIGITS + 6 and quantity.resolution * 10.0 ** (decimals - MEAN_DIGITS) < 1:
        decimals += 1
    return Rule(quantity.average, max(1, round(period_s * 1000)), decimals)


@dataclass(frozen=True, slots=True)
class Context:
    """What came before the first of some readings.

    Attributes:
        at_ms: Of the reading before, known or not; None when there is none.
        known: The last known value; None when there is none, or the rule does not ask for it.
        known_ms: When that was; None when there is none.
    """

    at_ms: int | None = None
    known: float | None = None
    known_ms: int | None = None


@dataclass(slots=True)
class Buckets:
    """Columns, one row a bucket, in order of time; empty buckets are left out.

    Bucket ``index`` of a grid of ``width`` that begins at ``origin`` is
    ``(origin + index * width, origin + (index + 1) * width]``. An index may come twice, for two parts of a bucket
    that cover different times; ``fold`` joins them.

    Attributes:
        index: See above.
        covered_ms: How much of the bucket readings speak for, above 0.
        amount: The mean over the covered time; of a counter its increase; of a choice 0.
        low: Least value.
        high: Greatest value.
        last: The value at the end of the covered time.
    """

    index: list[int] = field(default_factory=list)
    covered_ms: list[int] = field(default_factory=list)
    amount: list[float] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    last: list[float] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.index)

    def add(self, index: int, covered_ms: int, amount: float, low: float, high: float, last: float) -> None:
        """Append one row."""
        self.index.append(index)
        self.covered_ms.append(covered_ms)
        self.amount.append(amount)
        self.low.append(low)
        self.high.append(high)
        self.last.append(last)

    def extend(self, other: Buckets) -> None:
        """Append rows that are not before the last one here."""
        self.index += other.index
        self.covered_ms += other.covered_ms
        self.amount += other.amount
        self.low += other.low
        self.high += other.high
        self.last += other.last

    def part(self, start: int, end: int) -> Buckets:
        """Rows ``start`` to ``end`` (exclusive), by position."""
        return Buckets(
            self.index[start:end],
            self.covered_ms[start:end],
            self.amount[start:end],
            self.low[start:end],
            self.high[start:end],
            self.last[start:end],
        )

    def between(self, first: int, last: int) -> Buckets:
        """Rows whose index is ``first`` to ``last``, inclusive."""
        start, end = bisect_left(self.index, first), bisect_right(self.index, last)
        return self if start == 0 and end == len(self.index) else self.part(start, end)


def encode_buckets(buckets: Buckets) -> bytes:
    """Pack at least one bucket; the caller keeps the count."""
    columns = [encode_integers(buckets.index), encode_integers(buckets.covered_ms)]
    columns += [encode_floats(column) for column in (buckets.amount, buckets.low, buckets.high, buckets.last)]
    return b"\x01" + b"".join(columns)


def decode_buckets(blob: bytes, count: int) -> Buckets:
    """Unpack; raises CodecError."""
    index, rest = decode_integers(memoryview(blob)[1:], count)
    covered_ms, rest = decode_integers(rest, count)
    amount, rest = decode_floats(rest, count)
    low, rest = decode_floats(rest, count)
    high, rest = decode_floats(rest, count)
    last, rest = decode_floats(rest, count)
    return Buckets(index, covered_ms, amount, low, high, last)


def roll(
    times: Sequence[int], values: Sequence[Value], before: Context, rule: Rule, width_ms: int, origin_ms: int = 0
) -> Buckets:
    """Roll readings up.

    Args:
        times: Milliseconds, in order; of equal ones the last known one counts.
        values: As many; a str is an unknown.
        before: What came before ``times[0]``; strictly earlier.
        rule: Of the series.
        width_ms: Of a bucket.
        origin_ms: Where bucket 0 begins.
    """
    buckets = Buckets()
    if not times:
        return buckets
    if not all(map(lt, times, times[1:])):
        times, values = _unique(times, values)
    for run in _runs(times, values, before, rule):
        _roll_run(run, rule, width_ms, origin_ms, buckets)
    return _joined(buckets, rule.average)


def _unique(times: Sequence[int], values: Sequence[Value]) -> tuple[list[int], list[Value]]:
    unique: dict[int, Value] = {}
    for time, value in zip(times, values, strict=True):
        if time not in unique or not isinstance(value, str):
            unique[time] = value
    return list(unique), list(unique.values())


@dataclass(frozen=True, slots=True)
class _Run:
    """Known readings without a hole: the first speaks from ``start_ms`` on, each other from the one before it."""

    start_ms: int
    times: Sequence[int]
    values: Sequence[float]
    increases: Sequence[float]


def _runs(times: Sequence[int], values: Sequence[Value], before: Context, rule: Rule) -> Iterator[_Run]:
    has_unknown = str in set(map(type, values))
    increases = _increases(values, before.known) if rule.average is Average.INCREASE else values
    first_gap = rule.reach_ms + 1 if before.at_ms is None else times[0] - before.at_ms
    gaps = list(chain((first_gap,), map(sub, times[1:], times)))
    reach_ms = rule.reach_ms
    if not has_unknown and max(gaps[1:], default=0) <= reach_ms:
        breaks = [0]
    else:
        # A run begins at the first reading, after a hole, and on both sides of an unknown.
        is_unknown = [isinstance(value, str) for value in values]
        breaks = [
            position
            for position, gap in enumerate(gaps)
            if position == 0 or gap > reach_ms or is_unknown[position] or is_unknown[position - 1]
        ]
    for start, end in zip(breaks, [*breaks[1:], len(times)], strict=True):
        if isinstance(values[start], str):
            continue
        lead_ms = gaps[start] if gaps[start] <= reach_ms else rule.period_ms
        yield _Run(times[start] - lead_ms, times[start:end], values[start:end], increases[start:end])  # type: ignore[arg-type]  # a run is known values


def _increases(values: Sequence[Value], known: float | None) -> list[float]:
    increases: list[float] = []
    for value in values:
        if isinstance(value, str):
            increases.append(0.0)
            continue
        if known is None:
            increases.append(0.0)
        else:
            increases.append(value - known if value >= known else max(value, 0.0))
        known = value
    return increases


def _roll_run(run: _Run, rule: Rule, width_ms: int, origin_ms: int, buckets: Buckets) -> None:
    times, values, is_mean = run.times, run.values, rule.average is Average.TIME
    begins = [run.start_ms, *times[:-1]]
    products = list(map(mul, values, map(sub, times, begins))) if is_mean else []
    position, size, ends_ms = 0, len(times), times[-1]
    for index in range((run.start_ms - origin_ms) // width_ms, (ends_ms - 1 - origin_ms) // width_ms + 1):
        start_ms = origin_ms + index * width_ms
        end_ms = start_ms + width_ms
        after = bisect_right(times, end_ms, position)
        # The reading after the bucket's end speaks for the rest of the bucket, when it begins before the end.
        is_straddled = after < size and begins[after] < end_ms
        inside = values[position : after + 1] if is_straddled else values[position:after]
        covered_ms = min(end_ms, ends_ms) - max(start_ms, run.start_ms)
        amount = 0.0
        if is_mean:
            total = sum(products[position + 1 : after])
            if after > position:
                total += values[position] * (times[position] - max(start_ms, begins[position]))
            if is_straddled:
                total += values[after] * (end_ms - max(start_ms, begins[after]))
            amount = _rounded(total / covered_ms, rule.decimals)
        elif rule.average is Average.INCREASE:
            amount = float(sum(run.increases[position:after]))
        buckets.add(index, covered_ms, amount, min(inside), max(inside), inside[-1])
        position = after


def _rounded(mean: float, decimals: int) -> float:
    return round(mean, decimals) if abs(mean) < 1e9 else mean  # noqa: PLR2004 - beyond, a double has no such digits


def _joined(buckets: Buckets, average: Average) -> Buckets:
    if all(map(lt, buckets.index, buckets.index[1:])):
        return buckets
    return fold(buckets, average, 1, 1)


def fold(buckets: Buckets, average: Average, width_ms: int, to_width_ms: int, to_origin_ms: int = 0) -> Buckets:
    """Join buckets of a grid that begins at 0 into those of a coarser one (or of the same, joining parts).

    Args:
        buckets: In order.
        average: Of the quantity.
        width_ms: Of ``buckets``.
        to_width_ms: A multiple of it.
        to_origin_ms: A multiple of it.
    """
    folded = Buckets()
    index, start, size = buckets.index, 0, len(buckets)
    ratio, first = to_width_ms // width_ms, to_origin_ms // width_ms
    while start < size:
        target = (index[start] - first) // ratio
        end = bisect_left(index, first + (target + 1) * ratio, start)
        if end - start == 1:
            low, high, amount = buckets.low[start], buckets.high[start], buckets.amount[start]
            covered_ms = buckets.covered_ms[start]
        else:
            covered = buckets.covered_ms[start:end]
            covered_ms = sum(covered)
            amounts = buckets.amount[start:end]
            is_mean = average is Average.TIME
            amount = sum(map(mul, amounts, covered)) / covered_ms if is_mean else float(sum(amounts))
            low, high = min(buckets.low[start:end]), max(buckets.high[start:end])
        folded.add(target, covered_ms, amount, low, high, buckets.last[end - 1])
        start = end
    return folded


def rounded(buckets: Buckets, rule: Rule) -> Buckets:
    """The same with its means rounded as they are kept."""
    if rule.average is Average.TIME:
        buckets.amount = [_rounded(mean, rule.decimals) for mean in buckets.amount]
    return buckets


def to_points(buckets: Buckets, average: Average, origin_ms: int, step_ms: int, count: int) -> list[HistoryPoint]:
    """The points of a grid, empty intervals included.

    Args:
        buckets: Of this very grid, each index once.
        average: Of the quantity.
        origin_ms: Where the grid begins.
        step_ms: Its step.
        count: How many points.
    """
    points: list[HistoryPoint | None] = [None] * count
    means = buckets.last if average is Average.LAST else buckets.amount
    columns = zip(buckets.index, buckets.covered_ms, means, buckets.low, buckets.high, buckets.last, strict=True)
    for index, covered_ms, mean, low, high, last in columns:
        at_ts = (origin_ms + (index + 1) * step_ms) / 1000
        # A mean of equal values may differ from them in its last bit, or in its rounding.
        if average is Average.TIME:
            mean = low if mean < low else min(mean, high)  # noqa: PLW2901 - the same thing, corrected
        points[index] = HistoryPoint(at_ts, mean, low, high, last, covered_ms / step_ms)
    return [
        HistoryPoint((origin_ms + (index + 1) * step_ms) / 1000, None, None, None, None, 0.0)
        if point is None
        else point
        for index, point in enumerate(points)
    ]
