"""What of a file set aside can still be read, put back into the new one. On the writer thread, a few pages a step.

``sqlite`` calls ``step`` from ``maintain``, in quiet moments. Sealed chunks and roll-ups are checked (their CRC, their
bounds) and put back as they are. Readings of the log, and of chunks whose time the new file already tells of, are
committed again as late ones, without those that are there already: whatever a node sent again meanwhile is in a
history once. At the end, roll-ups that were lost are made again where single readings are left. A process that is
killed on the way begins again at the first page, for the same reason without harm.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from vigie_gateway.store import SalvageReport, Sample
from vigie_gateway.store.aside import believable_log, is_like, is_log
from vigie_gateway.store.chunks import RAW, TIERS_S, Chunks, Head, merged, place, tier_ms
from vigie_gateway.store.codec import CodecError, Value, decode_readings
from vigie_gateway.store.history import View
from vigie_gateway.store.log import decode_batch
from vigie_gateway.store.pages import Field, Pages, Row
from vigie_gateway.store.rollup import Buckets, Rule, decode_buckets, rounded

log = logging.getLogger(__name__)

STEP_PAGES = 64
"""Pages looked at in one step, some 20,000 readings. Lower takes longer in all; higher holds up a commit."""
STEP_CHUNKS = 4
"""Chunks whose roll-ups are looked at in one step; see STEP_PAGES."""
COMMIT_SAMPLES = 8_192
"""Late readings committed in one step; see STEP_READINGS of ``sqlite``."""
_CHUNK = ("integer", "integer", "integer", "integer", "integer", "blob")


class _Found(NamedTuple):
    """A row of ``chunk``."""

    series: int
    tier: int
    first_ms: int
    last_ms: int
    size: int
    data: bytes


@dataclass
class Recovered:
    """What came of a salvage so far.

    Attributes:
        readings: Put back.
        rollups: Buckets put back.
        unreadable: Rows that were there and cannot be read.
    """

    readings: int = 0
    rollups: int = 0
    unreadable: int = 0


@dataclass
class Salvage:
    """One file that was set aside, on its way back.

    Attributes:
        path: Of that file.
        is_done: Nothing is left to do.
        late: Readings to be committed, which the caller takes with ``take_late``.
    """

    path: Path
    recovered: Recovered = field(default_factory=Recovered)
    is_done: bool = False
    late: list[Sample] = field(default_factory=list)
    _page: int = 1
    _log: list[Row] = field(default_factory=list)
    _unrolled: list[tuple[int, int, int]] | None = None

    def __post_init__(self) -> None:
        self._pages = Pages(self.path, believable_log(self.path))

    @property
    def share(self) -> float:
        """How much of the file has been looked at, 0 to 1."""
        return min(1.0, self._page / max(1, self._pages.count))

    def close(self) -> None:
        """Close the file."""
        self._pages.close()

    def step(self, database: sqlite3.Connection, rules: Mapping[int, Rule], heads: Mapping[int, Head]) -> list[int]:
        """Do a little, inside the writer's transaction.

        Args:
            database: The new file.
            rules: Of every series that it knows, by id.
            heads: Where their sealed readings end.

        Returns:
            The series whose head was moved in the file.
        """
        moved: list[int] = []
        if self._page <= self._pages.count:
            for number in range(self._page, min(self._page + STEP_PAGES, self._pages.count + 1)):
                moved += self._take_page(number, database, rules)
            self._page += STEP_PAGES
        elif self.late:
            pass  # the caller commits them first
        elif self._log:
            rows, self._log = self._log[:STEP_PAGES], self._log[STEP_PAGES:]
            for row in rows:
                self._take_log(row, rules, heads)
        elif self._unrolled is None:
            self._unrolled = [
                (series, *span) for series, rule in rules.items() for span in Chunks(database, series, rule).spans(RAW)
            ]
        elif self._unrolled:
            spans, self._unrolled = self._unrolled[:STEP_CHUNKS], self._unrolled[STEP_CHUNKS:]
            for series, first_ms, last_ms in spans:
                chunks = Chunks(database, series, rules[series])
                self.recovered.rollups += _roll_missing(chunks, rules[series], first_ms, last_ms)
        else:
            self.is_done = True
        return moved

    def take_late(self) -> list[Sample]:
        """Some readings to commit, which the caller counts as put back."""
        taken, self.late = self.late[:COMMIT_SAMPLES], self.late[COMMIT_SAMPLES:]
        return taken

    def save(self, database: sqlite3.Connection, now_ms: int) -> None:
        """Write down how far it is, inside the writer's transaction."""
        found, done_ms = self.recovered, now_ms if self.is_done else None
        database.execute(
            "UPDATE salvage SET readings = ?, rollups = ?, unreadable = ?, done_ms = ? WHERE file = ?",
            (found.readings, found.rollups, found.unreadable, done_ms, self.path.name),
        )
        if self.is_done:
            log.info("%s: %d readings put back, %d rows unreadable", self.path, found.readings, found.unreadable)

    def _take_page(self, number: int, database: sqlite3.Connection, rules: Mapping[int, Rule]) -> list[int]:
        moved = []
        before = self._pages.unreadable
        for row in self._pages.rows(number):
            if row.id is None or not row.fields or row.fields[0] is not None:
                continue
            if is_like(row.fields[1:], _CHUNK):
                found = _Found(*row.fields[1:])  # type: ignore[arg-type]  # their types were just looked at
                if found.series in rules and self._put_back(found, database, rules[found.series]):
                    moved.append(found.series)
            elif is_log(row.fields) and row.fields[4] is not None:
                self._log.append(row)
        self.recovered.unreadable += self._pages.unreadable - before
        return moved

    def _put_back(self, found: _Found, database: sqlite3.Connection, rule: Rule) -> bool:
        """Put a chunk back; whether the series' head was moved by it."""
        chunks = Chunks(database, found.series, rule)
        try:
            if chunks.holds(found.tier, found.first_ms, found.data):
                return False
            if found.tier == RAW:
                return self._put_readings(found, chunks)
            if found.tier in TIERS_S:
                self._put_buckets(found, chunks)
        except CodecError:
            self.recovered.unreadable += 1
        return False

    def _put_readings(self, found: _Found, chunks: Chunks) -> bool:
        times, values = decode_readings(found.data)
        if (len(times), times[0], times[-1]) != (found.size, found.first_ms, found.last_ms):
            raise CodecError("its row says something else")
        if chunks.is_told(RAW, found.first_ms, found.last_ms):
            self.late += _missing(found.series, times, values, *chunks.readings(found.first_ms - 1, found.last_ms))
            return False
        chunks.restore(RAW, found.first_ms, found.last_ms, found.size, found.data)
        self.recovered.readings += found.size
        head = chunks.head()
        if head is not None and head.last_ms >= found.last_ms:
            return False
        known = place(values)
        last = values[-1]
        is_unknown = isinstance(last, str)
        chunks.set_head(
            Head(
                0 if head is None else head.row,
                times[-1],
                None if isinstance(last, str) else last,
                last if is_unknown else None,  # type: ignore[arg-type]  # then it is the reason
                head.known if known is None and head is not None else known,
            )
        )
        return True

    def _put_buckets(self, found: _Found, chunks: Chunks) -> None:
        width_ms = tier_ms(found.tier)
        buckets = decode_buckets(found.data, found.size)
        if ((buckets.index[0] + 1) * width_ms, (buckets.index[-1] + 1) * width_ms) != (found.first_ms, found.last_ms):
            raise CodecError("its row says something else")
        # Two chunks may each hold a part of the bucket in which one ends and the next begins.
        if not chunks.is_told(found.tier, found.first_ms + 1, found.last_ms - 1):
            chunks.restore(found.tier, found.first_ms, found.last_ms, found.size, found.data)
            self.recovered.rollups += found.size
            return
        there = chunks.buckets(found.tier, buckets.index[0], buckets.index[-1])
        known = set(there.index)
        fresh = [position for position, index in enumerate(buckets.index) if index not in known]
        if fresh:
            chunks.replace_buckets(
                found.tier, buckets.index[0], buckets.index[-1], _both(there, _chosen(buckets, fresh))
            )
            self.recovered.rollups += len(fresh)

    def _take_log(self, row: Row, rules: Mapping[int, Rule], heads: Mapping[int, Head]) -> None:
        data: Field = row.fields[4]
        try:
            batch = decode_batch(bytes(data))  # type: ignore[arg-type]  # a blob, as is_log saw
        except CodecError:
            self.recovered.unreadable += 1
            return
        start = 0
        for series, count in zip(batch.series, batch.counts, strict=True):
            begin, start = start, start + count
            # What a round of sealing had already taken out of this row is in a chunk.
            if series not in rules or (series in heads and heads[series].row >= (row.id or 0)):
                continue
            for position in range(begin, start):
                reason = batch.reasons.get(position)
                value = None if position in batch.reasons else batch.values[position]
                self.late.append(Sample(series, batch.times[position] / 1000, value, reason or None))


def without(samples: Sequence[Sample], read: Callable[[int, float, float], list[Sample]]) -> list[Sample]:
    """The samples that are not stored yet.

    Args:
        samples: Of any series.
        read: ``Store.samples``.
    """
    spans: dict[int, tuple[float, float]] = {}
    for series, at_ts, *_ in samples:
        first_ts, last_ts = spans.get(series, (at_ts, at_ts))
        spans[series] = (min(first_ts, at_ts), max(last_ts, at_ts))
    stored = [read(series, first_ts - 0.001, last_ts) for series, (first_ts, last_ts) in spans.items()]
    return _less(samples, chain.from_iterable(stored))


def _less(samples: Iterable[Sample], there: Iterable[Sample]) -> list[Sample]:
    """The samples that are not among ``there``; of equal ones as many as are too many."""
    known = Counter(there)
    missing = []
    for sample in samples:
        if known[sample] > 0:
            known[sample] -= 1
        else:
            missing.append(sample)
    return missing


def _missing(
    series: int, times: list[int], values: list[Value], there: list[int], there_values: list[Value]
) -> list[Sample]:
    return _less(_samples(series, times, values), _samples(series, there, there_values))


def _samples(series: int, times: list[int], values: list[Value]) -> list[Sample]:
    return [
        Sample(series, at_ms / 1000, None, value or None)
        if isinstance(value, str)
        else Sample(series, at_ms / 1000, value)
        for at_ms, value in zip(times, values, strict=True)
    ]


def _chosen(buckets: Buckets, positions: list[int]) -> Buckets:
    chosen = Buckets()
    for position in positions:
        chosen.extend(buckets.part(position, position + 1))
    return chosen


def _both(first: Buckets, second: Buckets) -> Buckets:
    """Both in order; of one index the first argument's come first."""
    _, order = merged(first.index, list(range(len(first))), second.index, [len(first) + n for n in range(len(second))])
    rows = Buckets()
    rows.extend(first)
    rows.extend(second)
    return _chosen(rows, order)  # type: ignore[arg-type]  # positions, as given


def _roll_missing(chunks: Chunks, rule: Rule, first_ms: int, last_ms: int) -> int:
    """Make roll-ups of a chunk again that the damage took; returns how many."""
    head = chunks.head()
    if head is None:
        return 0
    made = 0
    view = View(chunks, rule, head, [], [])
    times, _ = chunks.readings(first_ms - 1, last_ms)
    for tier in TIERS_S:
        width_ms = tier_ms(tier)
        wanted = {(at_ms - 1) // width_ms for at_ms in times}
        missing = wanted - set(chunks.buckets(tier, min(wanted), max(wanted)).index)
        if missing:
            first, last = min(missing), max(missing)
            chunks.replace_buckets(tier, first, last, rounded(view.again(tier, first, last), rule))
            made += len(missing)
    return made


def salvage_reports(database: sqlite3.Connection) -> list[SalvageReport]:
    """Every file that was set aside, the newest last."""
    rows = database.execute("SELECT * FROM salvage ORDER BY begun_ms").fetchall()
    return [
        SalvageReport(file, reason, begun_ms / 1000, None if done_ms is None else done_ms / 1000, *counts)
        for file, reason, begun_ms, done_ms, *counts in rows
    ]
