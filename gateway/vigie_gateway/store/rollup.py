"""From readings to what is said of an interval: coverage, mean, low, high, last. Pure.

The sealing makes the kept roll-ups with it, on the writer thread; a query rolls up what is not sealed yet, and folds
buckets into the points it was asked for, on the thread that asks. The rules are those of the package's docstring.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import chain, repeat
from operator import floordiv, itemgetter, lt, mul, sub, truediv

from vigie_contract.quantities import Average, Quantity
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.store import LATE_PERIODS
from vigie_gateway.store.codec import Reader, Value, Writer

MEAN_DIGITS = 2
"""Decimals of a mean beyond those of its quantity's resolution. Lower rounds what a person could see in a long
average; each one costs about 0.07 byte a reading taken every 10 s."""

MOST_ROUNDED = 1e9
"""Means of at least this are kept as they are, and so are those beside them: beyond, a double hardly
has such digits. Lower keeps more of them at eight bytes."""


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

    def columns(self) -> tuple[list[int], list[float], list[float], list[float], list[float]]:
        """All but the index."""
        return self.covered_ms, self.amount, self.low, self.high, self.last

    def between(self, first: int, last: int) -> Buckets:
        """Rows whose index is ``first`` to ``last``, inclusive."""
        start, end = bisect_left(self.index, first), bisect_right(self.index, last)
        return self if start == 0 and end == len(self.index) else self.part(start, end)


def encode_buckets(buckets: Buckets) -> bytes:
    """Pack at least one bucket; the caller keeps the count."""
    writer = Writer()
    writer.integers(buckets.index)
    writer.integers(buckets.covered_ms)
    for column in (buckets.amount, buckets.low, buckets.high, buckets.last):
        writer.floats(column)
    return writer.blob()


def decode_buckets(blob: bytes, count: int) -> Buckets:
    """Unpack; raises CodecError."""
    reader = Reader(blob)
    return Buckets(
        reader.integers(count),
        reader.integers(count),
        reader.floats(count),
        reader.floats(count),
        reader.floats(count),
        reader.floats(count),
    )


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
    """Append the buckets of a run; a column at a time, which costs a third of a bucket at a time."""
    times, values = run.times, run.values
    first, last = (run.start_ms - origin_ms) // width_ms, (times[-1] - 1 - origin_ms) // width_ms
    ends = list(range(origin_ms + (first + 1) * width_ms, origin_ms + (last + 1) * width_ms + 1, width_ms))
    begins = [run.start_ms, *times[:-1]]
    # Readings [froms[n], tos[n]) are in bucket n; the next one speaks for its rest when it begins before its end.
    tos = list(map(bisect_right, repeat(times), ends))
    froms = [0, *tos[:-1]]
    uptos = [to + 1 if begins[to] < end else to for to, end in zip(tos[:-1], ends[:-1], strict=True)] + [len(times)]
    inside = list(map(values.__getitem__, map(slice, froms, uptos)))
    starts = [run.start_ms, *ends[:-1]]
    ends[-1] = times[-1]
    covered = list(map(sub, ends, starts))
    if rule.average is Average.TIME:
        products = list(map(mul, values, map(sub, times, begins)))
        totals = map(sum, map(products.__getitem__, map(slice, froms, uptos)))
        # What the first and the last reading say of the time outside the bucket.
        leads = map(mul, map(values.__getitem__, froms), map(sub, starts, map(begins.__getitem__, froms)))
        lasts = [upto - 1 for upto in uptos]
        trails = map(mul, map(values.__getitem__, lasts), map(sub, map(times.__getitem__, lasts), ends))
        buckets.amount += _means(map(sub, map(sub, totals, leads), trails), covered, rule.decimals)
    elif rule.average is Average.INCREASE:
        buckets.amount += map(float, map(sum, map(run.increases.__getitem__, map(slice, froms, tos))))
    else:
        buckets.amount += repeat(0.0, len(ends))
    buckets.index += range(first, last + 1)
    buckets.covered_ms += covered
    buckets.low += map(min, inside)
    buckets.high += map(max, inside)
    buckets.last += map(itemgetter(-1), inside)


def _means(totals: Iterable[float], covered_ms: Iterable[int], decimals: int) -> list[float]:
    return _rounded(list(map(truediv, totals, covered_ms)), decimals)


def _rounded(means: list[float], decimals: int) -> list[float]:
    if not means or max(means) >= MOST_ROUNDED or min(means) <= -MOST_ROUNDED:
        return means
    factor = 10.0**decimals
    return list(map(truediv, map(round, map(mul, means, repeat(factor))), repeat(factor)))


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
    index, ratio, first = buckets.index, to_width_ms // width_ms, to_origin_ms // width_ms
    if not index:
        return Buckets()
    if max(map(sub, index[1:], index), default=0) <= ratio:
        targets = list(range((index[0] - first) // ratio, (index[-1] - first) // ratio + 1))
    else:
        # A hole may hold whole buckets.
        targets = list(dict.fromkeys(map(floordiv, map(sub, index, repeat(first)), repeat(ratio))))
    if len(targets) == len(index):
        return Buckets(targets, *buckets.columns())
    tos = list(map(bisect_left, repeat(index), [first + (target + 1) * ratio for target in targets]))
    rows = list(map(slice, [0, *tos[:-1]], tos))
    covered = list(map(sum, map(buckets.covered_ms.__getitem__, rows)))
    if average is Average.TIME:
        products = list(map(mul, buckets.amount, buckets.covered_ms))
        amount = list(map(truediv, map(sum, map(products.__getitem__, rows)), covered))
    else:
        amount = list(map(float, map(sum, map(buckets.amount.__getitem__, rows))))
    low = list(map(min, map(buckets.low.__getitem__, rows)))
    high = list(map(max, map(buckets.high.__getitem__, rows)))
    last = [buckets.last[to - 1] for to in tos]
    return Buckets(targets, covered, amount, low, high, last)


def rounded(buckets: Buckets, rule: Rule) -> Buckets:
    """The same with its means rounded as they are kept."""
    if rule.average is Average.TIME:
        buckets.amount = _rounded(buckets.amount, rule.decimals)
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
    means = buckets.last if average is Average.LAST else buckets.amount
    if average is Average.TIME:
        # A mean of equal values may differ from them in its last bit, or in its rounding.
        means = list(map(max, buckets.low, map(min, means, buckets.high)))
    ends = [(origin_ms + number * step_ms) / 1000 for number in range(1, count + 1)]
    coverages = map(truediv, buckets.covered_ms, repeat(step_ms))
    at = ends if len(buckets) == count else map(ends.__getitem__, buckets.index)
    known = _history_points(len(buckets), (at, means, buckets.low, buckets.high, buckets.last, coverages))
    if len(buckets) == count:
        return known
    points = [HistoryPoint(end, None, None, None, None, 0.0) for end in ends]
    for index, point in zip(buckets.index, known, strict=True):
        points[index] = point
    return points


_SETTERS = [getattr(HistoryPoint, field_.name).__set__ for field_ in fields(HistoryPoint)]
"""What its own ``__init__`` does by name, one call of ``object.__setattr__`` each, because it is frozen."""


def _history_points(count: int, columns: Iterable[Iterable[float]]) -> list[HistoryPoint]:
    """Points from the columns of their fields: a column at a time takes a fifth of the time, 1 ms of a history's 5."""
    points = list(map(object.__new__, repeat(HistoryPoint, count)))
    for setter, column in zip(_SETTERS, columns, strict=True):
        deque(map(setter, points, column), maxlen=0)
    return points
