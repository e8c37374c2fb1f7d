"""The recent log: one blob a commit on disk, and the same readings by series in memory until they are sealed.

Written by the writer thread. A reader on another thread takes a copy of a series' tail without a lock: the tail's
columns only ever grow, ``marks`` is extended last, and sealing puts a new tail in the old one's place.
"""

from __future__ import annotations

import math
import struct
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter

from vigie_gateway.store import Sample
from vigie_gateway.store.codec import (
    CodecError,
    Value,
    decode_floats,
    decode_integers,
    encode_floats,
    encode_integers,
    encode_times,
    scale,
)

VERSION = 1
_HEAD = struct.Struct("<BI")
_DOUBLES = 255
_FAST = 1
"""Deflate level: a log blob lives for hours, a chunk for weeks."""
_UNKNOWN = math.nan


@dataclass(slots=True)
class Batch:
    """The readings of one commit by series, each series' in the order given.

    Attributes:
        series: Ids, rising.
        counts: Readings of each.
        times: Milliseconds, all series one after the other.
        values: As many; NaN is an unknown.
        reasons: Of the unknowns, by position in ``values``.
    """

    series: list[int]
    counts: list[int]
    times: list[int]
    values: list[float]
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
        for place, value in enumerate(values):
            if not math.isfinite(value) and place not in reasons:
                reasons[place] = "out-of-range"
        values = tuple(value if math.isfinite(value) else _UNKNOWN for value in values)
    return Batch(list(counts), list(counts.values()), times, list(values), reasons)


def encode_batch(batch: Batch, decimals: Mapping[int, int]) -> bytes:
    """Pack a batch of at least one reading.

    Args:
        batch: See ``batch_of``.
        decimals: How many a series' values most likely have, by its id.
    """
    scales, integers, doubles = bytearray(), [], []
    start = 0
    for series, count in zip(batch.series, batch.counts, strict=True):
        values = batch.values[start : start + count]
        if batch.reasons:
            values = [value for value in values if value == value]  # noqa: PLR0124 - NaN is what differs from itself
        scaled = scale(values, decimals[series]) if values else (0, [])
        if scaled is None:
            scales.append(_DOUBLES)
            doubles += values
        else:
            scales.append(scaled[0])
            integers += scaled[1]
        start += count
    words = sorted(set(batch.reasons.values()))
    table = "\n".join(words).encode()
    parts = [
        _HEAD.pack(VERSION, len(batch.series)),
        encode_integers(batch.series, _FAST),
        encode_integers(batch.counts, _FAST),
        bytes(scales),
        encode_times(batch.times, _FAST),
        struct.pack("<IIII", len(integers), len(doubles), len(batch.reasons), len(table)),
        encode_integers(integers, _FAST) if integers else b"",
        encode_floats(doubles, _FAST) if doubles else b"",
        table,
    ]
    if batch.reasons:
        codes = {word: code for code, word in enumerate(words)}
        parts.append(encode_integers(list(batch.reasons), _FAST))
        parts.append(encode_integers([codes[word] for word in batch.reasons.values()], _FAST))
    return b"".join(parts)


def decode_batch(blob: bytes) -> Batch:
    """Unpack; raises CodecError."""
    try:
        return _decode_batch(blob)
    except (struct.error, IndexError) as error:
        raise CodecError(str(error)) from error


def _decode_batch(blob: bytes) -> Batch:
    version, size = _HEAD.unpack_from(blob)
    if version != VERSION:
        raise CodecError(f"log version {version} is unknown")
    series, rest = decode_integers(memoryview(blob)[_HEAD.size :], size)
    counts, rest = decode_integers(rest, size)
    scales, rest = bytes(rest[:size]), rest[size:]
    total = sum(counts)
    times, rest = decode_integers(rest, total)
    integer_count, double_count, unknown_count, table_size = struct.unpack_from("<IIII", rest)
    rest = rest[16:]
    integers: list[int] = []
    doubles: list[float] = []
    if integer_count:
        integers, rest = decode_integers(rest, integer_count)
    if double_count:
        doubles, rest = decode_floats(rest, double_count)
    words, rest = bytes(rest[:table_size]).decode().split("\n"), rest[table_size:]
    reasons: dict[int, str] = {}
    if unknown_count:
        places, rest = decode_integers(rest, unknown_count)
        codes, rest = decode_integers(rest, unknown_count)
        reasons = {place: words[code] for place, code in zip(places, codes, strict=True)}
    return Batch(series, counts, times, _values(counts, scales, integers, doubles, reasons), reasons)


def _values(
    counts: list[int], scales: bytes, integers: list[int], doubles: list[float], reasons: dict[int, str]
) -> list[float]:
    values: list[float] = []
    place, integer, double = 0, 0, 0
    for count, decimals in zip(counts, scales, strict=True):
        unknown = [spot - place for spot in reasons if place <= spot < place + count] if reasons else []
        known = count - len(unknown)
        if decimals == _DOUBLES:
            column = doubles[double : double + known]
            double += known
        else:
            factor = 10**decimals
            column = [number / factor for number in integers[integer : integer + known]]
            integer += known
        for spot in sorted(unknown):
            column.insert(spot, _UNKNOWN)
        values += column
        place += count
    return values


@dataclass(slots=True)
class Tail:
    """What of one series is committed and not sealed, in order of commit.

    Attributes:
        times: Milliseconds.
        values: NaN is an unknown.
        reasons: Of the unknowns, by position.
        marks: Pairs of numbers: the log row, and how many readings of the tail it and those before it hold.
    """

    times: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    reasons: dict[int, str] = field(default_factory=dict)
    marks: array[int] = field(default_factory=lambda: array("q"))

    def after(self, row: int) -> tuple[list[int], list[Value]]:
        """The readings of log rows above ``row``, in order of commit."""
        marks = self.marks[:]
        if not marks:
            return [], []
        known = bisect_right(marks[::2], row)
        start, end = (marks[known * 2 - 1] if known else 0), marks[-1]
        values: list[Value] = list(self.values[start:end])
        for place, reason in self.reasons.copy().items():
            if start <= place < end:
                values[place - start] = reason
        return list(self.times[start:end]), values

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


def append(tails: dict[int, Tail], row: int, batch: Batch, sealed: dict[int, int]) -> None:
    """Add a committed batch to the tails, but for series that are sealed up to ``row`` or further."""
    ends = list(accumulate(batch.counts))
    for series, count, end in zip(batch.series, batch.counts, ends, strict=True):
        if sealed.get(series, 0) >= row:
            continue
        tail = tails.get(series)
        if tail is None:
            tail = Tail()
        start, base = end - count, len(tail.times)
        if batch.reasons:
            for place in range(start, end):
                if place in batch.reasons:
                    tail.reasons[base + place - start] = batch.reasons[place]
        tail.times.extend(batch.times[start:end])
        tail.values.extend(batch.values[start:end])
        tail.marks.extend((row, base + count))
        tails[series] = tail
