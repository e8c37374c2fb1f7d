"""The recent log: one blob a commit on disk, and the same readings by series in memory until they are sealed.

Written by the writer thread. A reader on another thread takes a copy of a series' tail without a lock: the tail's
columns only ever grow, ``marks`` is extended last, and sealing puts a new tail in the old one's place.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from operator import itemgetter

from vigie_gateway.store import Sample
from vigie_gateway.store.codec import (
    MOST_ROWS,
    CodecError,
    Reader,
    Value,
    Writer,
    exactly,
    read_reasons,
    scale,
    unscaled,
    write_reasons,
)

_DOUBLES = 255
"""In the place of decimals: kept as eight bytes."""
_UNKNOWN = math.nan


@dataclass(slots=True)
class Batch:
    """The readings of one commit by series, each series' in the order given.

    Attributes:
        series: Ids, rising.
        counts: Readings of each.
        times: Milliseconds, all series one after the other.
        values: As many; NaN is an unknown.
        reasons: Of the unknowns, by position in ``values``, which rises.
    """

    series: list[int]
    counts: list[int]
    times: list[int]
    values: Sequence[float]
    reasons: dict[int, str]


def batch_of(samples: Sequence[Sample]) -> Batch:
    """Sort samples by series; what is no finite number becomes an unknown."""
    if not samples:
        return Batch([], [], [], [], {})
    ids, at, values, words = zip(*sorted(samples, key=itemgetter(0)), strict=True)
    counts = Counter(ids)
    times = [int(at_ts * 1000.0 + 0.5) for at_ts in at]
    reasons: dict[int, str] = {}
    if None in values:
        reasons = {place: words[place] or "" for place, value in enumerate(values) if value is None}
        values = tuple(_UNKNOWN if value is None else value for value in values)
    if not math.isfinite(sum(values)):
        is_finite = list(map(math.isfinite, values))
        reasons = {
            place: reasons.get(place, "out-of-range") for place, is_known in enumerate(is_finite) if not is_known
        }
        values = tuple(value if is_known else _UNKNOWN for value, is_known in zip(values, is_finite, strict=True))
    return Batch(list(counts), list(counts.values()), times, values, reasons)


def encode_batch(batch: Batch, decimals: MutableMapping[int, int]) -> bytes:
    """Pack a batch of at least one reading.

    Args:
        batch: See ``batch_of``.
        decimals: How many a series' values most likely have, by its id; corrected where that was wrong.
    """
    classes = _classes(batch, decimals)
    scales = bytes(map(decimals.__getitem__, batch.series))
    writer = Writer()
    writer.number(len(batch.series))
    writer.integers(batch.series)
    writer.integers(batch.counts)
    writer.integers(scales)
    writer.times(_in_turn(batch.times, batch.counts))
    write_reasons(writer, list(batch.reasons), list(batch.reasons.values()))
    for number in sorted(classes):
        if number == _DOUBLES:
            writer.doubles(classes[number])
        elif classes[number]:
            writer.integers(classes[number])  # type: ignore[arg-type]  # integers but for _DOUBLES
    return writer.blob()


def _classes(batch: Batch, decimals: MutableMapping[int, int]) -> dict[int, Sequence[float]]:
    """The known values by how many decimals they have, each series' after the other, as integers of that.

    So that what must be done for each value is done for all series of one kind at once.
    """
    for attempt in range(2):
        classes: dict[int, list[float]] = {}
        for series, column in _columns(batch):
            if attempt and decimals[series] != _DOUBLES and exactly(column, decimals[series]) is None:
                scaled = scale(column)
                decimals[series] = _DOUBLES if scaled is None else scaled[0]
            classes.setdefault(decimals[series], []).extend(column)
        integers = {
            number: column if number == _DOUBLES else exactly(column, number) for number, column in classes.items()
        }
        if None not in integers.values():
            break
    return {number: column for number, column in integers.items() if column is not None}


def _in_turn(times: list[int], counts: Sequence[int]) -> list[int]:
    """The first of each series, then the second of each: nearly the order they came in, and small differences."""
    count = counts[0]
    if min(counts) != max(counts):
        return times
    return list(chain.from_iterable(times[place::count] for place in range(count)))


def _by_series(times: list[int], counts: Sequence[int]) -> list[int]:
    """Undo ``_in_turn``."""
    if min(counts) != max(counts):
        return times
    size = len(counts)
    return list(chain.from_iterable(times[place::size] for place in range(size)))


def _columns(batch: Batch) -> Iterator[tuple[int, Sequence[float]]]:
    values, start = batch.values, 0
    for series, count in zip(batch.series, batch.counts, strict=True):
        column = values[start : start + count]
        if batch.reasons:
            column = [value for value in column if value == value]  # noqa: PLR0124 - NaN is what differs from itself
        yield series, column
        start += count


def decode_batch(blob: bytes) -> Batch:
    """Unpack; raises CodecError."""
    reader = Reader(blob)
    size = reader.count()
    if not size:
        raise CodecError("no series")
    series, counts, scales = reader.integers(size), reader.integers(size), reader.integers(size)
    total = sum(counts)
    if not 0 < total <= MOST_ROWS or min(counts) < 1:
        raise CodecError(f"{total} readings cannot be")
    times = _by_series(reader.integers(total), counts)
    reasons = read_reasons(reader)
    known = _known_counts(counts, reasons)
    columns: dict[int, list[float]] = {}
    for number in sorted(set(scales)):
        expected = sum(count for count, decimals in zip(known, scales, strict=True) if decimals == number)
        if number == _DOUBLES:
            columns[number] = reader.doubles(expected)
        elif expected:
            columns[number] = unscaled(reader.integers(expected), number)
    return Batch(series, counts, times, _values(counts, known, scales, columns, reasons), reasons)


def _known_counts(counts: Sequence[int], reasons: Mapping[int, str]) -> list[int]:
    if not reasons:
        return list(counts)
    ends = list(accumulate(counts))
    places = sorted(reasons)
    if places[0] < 0 or places[-1] >= ends[-1]:
        raise CodecError("an unknown is at no place")
    upto = [bisect_left(places, end) for end in ends]
    return [count - (end - start) for count, start, end in zip(counts, [0, *upto], upto, strict=False)]


def _values(
    counts: Sequence[int],
    known: Sequence[int],
    scales: Sequence[int],
    columns: Mapping[int, Sequence[float]],
    reasons: Mapping[int, str],
) -> list[float]:
    values: list[float] = []
    starts = dict.fromkeys(columns, 0)
    for decimals, count in zip(scales, known, strict=True):
        if count:
            start = starts[decimals]
            values += columns[decimals][start : start + count]
            starts[decimals] = start + count
    if reasons:
        for place in sorted(reasons):
            values.insert(place, _UNKNOWN)
    if len(values) != sum(counts):
        raise CodecError("a column is cut short")
    return values


@dataclass(slots=True)
class Tail:
    """What of one series is committed and not sealed, in order of commit.

    Attributes:
        times: Milliseconds.
        values: NaN is an unknown.
        reasons: Of the unknowns, by position.
        marks: Pairs of numbers: the log row, and how many readings of the tail it and those before it hold.
        examined: How many readings ``newest`` has looked at, and which of them is the newest.
    """

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    reasons: dict[int, str] = field(default_factory=dict)
    marks: array[int] = field(default_factory=lambda: array("q"))
    examined: tuple[int, int] = (0, 0)

    def after(self, row: int) -> tuple[list[int], list[Value]]:
        """The readings of log rows above ``row``, in order of commit."""
        marks = self.marks[:]
        if not marks:
            return [], []
        known = bisect_right(marks[::2], row)
        start, end = (marks[known * 2 - 1] if known else 0), marks[-1]
        values: list[Value] = self.values[start:end].tolist()  # type: ignore[assignment]  # floats are values
        if self.reasons:
            for place, reason in self.reasons.copy().items():
                if start <= place < end:
                    values[place - start] = reason
        return self.times[start:end].tolist(), values

    def newest(self) -> tuple[int, Value] | None:
        """The newest reading by time, of equal ones the last; looks only at what came since it was last asked."""
        marks = self.marks[-1:]
        if not marks:
            return None
        end, (seen, place) = marks[0], self.examined
        if seen < end:
            times = self.times[seen:end]
            newest_ms = max(times)
            if seen == 0 or self.times[place] <= newest_ms:
                place = end - 1 - times[::-1].index(newest_ms)
            self.examined = (end, place)
        value = self.values[place]
        return self.times[place], self.reasons.get(place, "") if math.isnan(value) else value

    def count_to(self, row: int) -> int:
        """How many readings the log rows up to ``row`` hold."""
        known = bisect_right(self.marks[::2], row)
        return self.marks[known * 2 - 1] if known else 0

    def without(self, row: int) -> Tail:
        """A tail without what log rows up to ``row`` hold."""
        start = self.count_to(row)
        rows = [mark for mark in zip(self.marks[::2], self.marks[1::2], strict=True) if mark[0] > row]
        reasons = {place - start: reason for place, reason in self.reasons.items() if place >= start}
        marks = array("q", [number for mark, end in rows for number in (mark, end - start)])
        return Tail(self.times[start:], self.values[start:], reasons, marks)


def append(tails: dict[int, Tail], row: int, batch: Batch, sealed: Mapping[int, int]) -> None:
    """Add a committed batch to the tails, but for series that are sealed up to ``row`` or further."""
    times, values = array("q", batch.times), array("d", batch.values)
    start = 0
    for series, count in zip(batch.series, batch.counts, strict=True):
        begin, start = start, start + count
        if sealed and sealed.get(series, 0) >= row:
            continue
        tail = tails.get(series)
        if tail is None:
            tail = Tail()
        base = len(tail.times)
        if batch.reasons:
            for place in range(begin, start):
                if place in batch.reasons:
                    tail.reasons[base + place - begin] = batch.reasons[place]
        tail.times.extend(times[begin:start])
        tail.values.extend(values[begin:start])
        tail.marks.extend((row, base + count))
        tails[series] = tail
