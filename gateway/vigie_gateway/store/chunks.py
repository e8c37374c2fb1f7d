"""Sealed readings and roll-ups: rows of the ``chunk`` table, by series, tier and time.

Sealing writes them on the writer thread; queries read them over connections of their own. Chunks of one series and
tier follow each other in time and never overlap but in their edge: the last of one may have the time (roll-ups: be
another part of the bucket) of the first of the next.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from vigie_contract.quantities import Average
from vigie_gateway.store.codec import Value, decode_readings, encode_readings
from vigie_gateway.store.rollup import Buckets, Context, Rule, decode_buckets, encode_buckets, fold, rounded

RAW = 0
TIERS_S = (60, 300, 900, 7_200, 86_400)
"""Roll-ups: a minute, a quarter of an hour, a day, in UTC, and two between them without which a week in 1,000 points
would read 10,080 buckets and a year 35,040. Each is made from the one before."""
FULL = 2_560
"""Readings or buckets of a chunk, up to twice as many. Lower costs headers and code tables (at 640 about 0.15 byte a
reading), and at 2,048 a third of the pages, for two of those chunks are just too long for one; higher decodes more than
a query asked for, and more again for each late reading."""
SMALL = 256
"""Fewer are joined with their neighbours. Lower leaves short chunks that cost a row each; higher packs again what a
round of sealing has just packed."""
_IDS = 1 << 40
"""Row ids of a tier: rows of one tier lie together in the file, so that joining small ones empties whole pages
instead of leaving holes between single readings."""
MAX_SMALL = 8
"""Small chunks in a row before they are made one. Lower writes a slow series again and again; higher makes its queries
open more rows."""


def tier_ms(tier: int) -> int:
    """The width of a tier's buckets."""
    return tier * 1000


@dataclass(frozen=True, slots=True)
class Head:
    """Where the sealed readings of a series end.

    Attributes:
        row: The log row up to which they are sealed.
        last_ms: Of the newest reading; None of it known with ``last_reason``.
        last_value: None when unknown.
        last_reason: Why, else None.
        known: The newest known value, None when there never was one.
    """

    row: int
    last_ms: int
    last_value: float | None
    last_reason: str | None
    known: float | None


def place(values: Sequence[Value]) -> float | None:
    """The last known one of some values, None when there is none."""
    return next((value for value in reversed(values) if not isinstance(value, str)), None)


class Chunks:
    """The chunks of one series, over a connection whose transaction the caller holds."""

    def __init__(self, database: sqlite3.Connection, series: int, rule: Rule) -> None:
        self._database = database
        self._series = series
        self._rule = rule

    def _rows(self, tier: int, after_ms: int, to_ms: int) -> list[tuple[int, int, bytes]]:
        """Id, count and data of the chunks that hold something in ``(after_ms, to_ms]``, in order."""
        return self._database.execute(
            "SELECT id, count, data FROM chunk WHERE series = ?1 AND tier = ?2 AND first_ms >= coalesce("
            "(SELECT max(first_ms) FROM chunk WHERE series = ?1 AND tier = ?2 AND first_ms <= ?3), ?3)"
            " AND first_ms <= ?4 AND last_ms > ?3 ORDER BY first_ms, id",
            (self._series, tier, after_ms, to_ms),
        ).fetchall()

    def head(self) -> Head | None:
        """Where the sealed readings end; None when none are."""
        row = self._database.execute(
            "SELECT row, last_ms, last_value, last_reason, known FROM head WHERE series = ?", (self._series,)
        ).fetchone()
        return None if row is None else Head(*row)

    def set_head(self, head: Head) -> None:
        """Say where they end."""
        self._database.execute(
            "INSERT OR REPLACE INTO head VALUES (?, ?, ?, ?, ?, ?)",
            (self._series, head.row, head.last_ms, head.last_value, head.last_reason, head.known),
        )

    def retained(self) -> dict[int, tuple[int, float | None]]:
        """By tier that retention has cut: everything after this time is there; the last known value before it."""
        rows = self._database.execute("SELECT tier, from_ms, known FROM retained WHERE series = ?", (self._series,))
        return {tier: (from_ms, known) for tier, from_ms, known in rows}

    def readings(self, after_ms: int, to_ms: int) -> tuple[list[int], list[Value]]:
        """Single readings in ``(after_ms, to_ms]``, by time and then by commit."""
        times: list[int] = []
        values: list[Value] = []
        for _, _, data in self._rows(RAW, after_ms, to_ms):
            some_times, some_values = decode_readings(data)
            start, end = bisect_right(some_times, after_ms), bisect_right(some_times, to_ms)
            times += some_times[start:end]
            values += some_values[start:end]
        return times, values

    def before(self, at_ms: int) -> Context:
        """The last reading up to and with ``at_ms``, and the last known one where the rule asks for it."""
        rows = self._database.execute(
            "SELECT data FROM chunk WHERE series = ? AND tier = 0 AND first_ms <= ? ORDER BY first_ms DESC, id DESC",
            (self._series, at_ms),
        )
        last_ms: int | None = None
        for (data,) in rows:
            times, values = decode_readings(data)
            end = bisect_right(times, at_ms)
            last_ms = times[end - 1] if last_ms is None else last_ms
            if self._rule.average is not Average.INCREASE:
                return Context(last_ms)
            for position in range(end - 1, -1, -1):
                value = values[position]
                if not isinstance(value, str):
                    return Context(last_ms, value, times[position])
        cut = self.retained().get(RAW)
        if cut is None or cut[0] > at_ms:
            return Context(last_ms)
        return Context(cut[0] if last_ms is None else last_ms, cut[1], cut[0])

    def next_known_ms(self, after_ms: int) -> int | None:
        """When the first known reading after ``after_ms`` was; None when there is none."""
        rows = self._database.execute(
            "SELECT data FROM chunk WHERE series = ? AND tier = 0 AND last_ms > ? ORDER BY first_ms, id",
            (self._series, after_ms),
        )
        for (data,) in rows:
            times, values = decode_readings(data)
            for position in range(bisect_right(times, after_ms), len(times)):
                if not isinstance(values[position], str):
                    return times[position]
        return None

    def buckets(self, tier: int, first: int, last: int) -> Buckets:
        """Kept roll-ups with index ``first`` to ``last``; of one index there may be several parts, in order."""
        found = Buckets()
        for _, count, data in self._rows(tier, first * tier_ms(tier), (last + 1) * tier_ms(tier)):
            some = decode_buckets(data, count).between(first, last)
            if len(found):
                found.extend(some)
            else:
                found = some
        return found

    def append_readings(self, times: list[int], values: list[Value]) -> None:
        """Add readings that are later than all others."""
        for start, end in _pieces(len(times)):
            self._insert(
                RAW, times[start], times[end - 1], end - start, encode_readings(times[start:end], values[start:end])
            )
        self._join_small(RAW)

    def append_buckets(self, tier: int, buckets: Buckets) -> None:
        """Add roll-ups that are not before any other."""
        self._insert_buckets(tier, buckets)
        self._join_small(tier)

    def merge_readings(self, times: list[int], values: list[Value]) -> None:
        """Put late readings, by time, where they belong; of one time they come after those that are there."""
        starts = self._database.execute(
            "SELECT id, first_ms FROM chunk WHERE series = ?1 AND tier = 0 AND first_ms >= coalesce("
            "(SELECT max(first_ms) FROM chunk WHERE series = ?1 AND tier = 0 AND first_ms <= ?2), ?2)"
            " AND first_ms <= ?3 ORDER BY first_ms, id",
            (self._series, times[0], times[-1]),
        ).fetchall()
        if not starts:
            starts = self._database.execute(
                "SELECT id, first_ms FROM chunk WHERE series = ? AND tier = 0 ORDER BY first_ms, id LIMIT 1",
                (self._series,),
            ).fetchall()
        if not starts:
            self.append_readings(times, values)
            return
        ends = [bisect_right(times, first_ms - 1) for _, first_ms in starts[1:]]
        for (chunk, _), start, end in zip(starts, [0, *ends], [*ends, len(times)], strict=True):
            if end > start:
                self._merge_into(chunk, times[start:end], values[start:end])

    def _merge_into(self, chunk: int, times: list[int], values: list[Value]) -> None:
        (data,) = self._database.execute("SELECT data FROM chunk WHERE id = ?", (chunk,)).fetchone()
        times, values = merged(*decode_readings(data), times, values)
        for number, (start, end) in enumerate(_pieces(len(times))):
            blob = encode_readings(times[start:end], values[start:end])
            if number == 0:
                self._database.execute(
                    "UPDATE chunk SET first_ms = ?, last_ms = ?, count = ?, data = ? WHERE id = ?",
                    (times[start], times[end - 1], end - start, blob, chunk),
                )
            else:
                self._insert(RAW, times[start], times[end - 1], end - start, blob)

    def replace_buckets(self, tier: int, first: int, last: int, buckets: Buckets) -> None:
        """Let ``buckets`` be all that is kept of index ``first`` to ``last``."""
        rows = self._rows(tier, first * tier_ms(tier), (last + 1) * tier_ms(tier))
        before, after = Buckets(), Buckets()
        for _, count, data in rows:
            found = decode_buckets(data, count)
            if found.index[0] < first:
                before.extend(found.between(found.index[0], first - 1))
            if found.index[-1] > last:
                after.extend(found.between(last + 1, found.index[-1]))
        self._delete(chunk for chunk, _, _ in rows)
        before.extend(buckets)
        before.extend(after)
        self._insert_buckets(tier, before)

    def _join_small(self, tier: int) -> None:
        rows = self._database.execute(
            "SELECT id, count FROM chunk WHERE series = ? AND tier = ? ORDER BY first_ms DESC, id DESC LIMIT ?",
            (self._series, tier, MAX_SMALL),
        ).fetchall()
        small: list[int] = []
        total = 0
        for chunk, count in rows:
            if count >= SMALL:
                break
            small.append(chunk)
            total += count
        if len(small) < MAX_SMALL and (total < FULL or len(small) < 2):  # noqa: PLR2004 - one is not joined
            return
        if tier == RAW:
            self._join_readings(small[::-1])
        else:
            self._join_buckets(tier, small[::-1])

    def _join_readings(self, chunks: list[int]) -> None:
        times: list[int] = []
        values: list[Value] = []
        for chunk in chunks:
            some_times, some_values = decode_readings(self._data(chunk)[1])
            times += some_times
            values += some_values
        self._delete(chunks)
        for start, end in _pieces(len(times)):
            self._insert(
                RAW, times[start], times[end - 1], end - start, encode_readings(times[start:end], values[start:end])
            )

    def _join_buckets(self, tier: int, chunks: list[int]) -> None:
        joined = Buckets()
        for chunk in chunks:
            count, data = self._data(chunk)
            joined.extend(decode_buckets(data, count))
        self._delete(chunks)
        self._insert_buckets(tier, rounded(fold(joined, self._rule.average, tier, tier), self._rule))

    def _data(self, chunk: int) -> tuple[int, bytes]:
        count, data = self._database.execute("SELECT count, data FROM chunk WHERE id = ?", (chunk,)).fetchone()
        return count, data

    def _delete(self, chunks: Iterable[int]) -> None:
        self._database.executemany("DELETE FROM chunk WHERE id = ?", [(chunk,) for chunk in chunks])

    def _insert_buckets(self, tier: int, buckets: Buckets) -> None:
        width_ms = tier_ms(tier)
        for start, end in _pieces(len(buckets)):
            piece = buckets.part(start, end)
            first_ms, last_ms = (piece.index[0] + 1) * width_ms, (piece.index[-1] + 1) * width_ms
            self._insert(tier, first_ms, last_ms, end - start, encode_buckets(piece))

    def _insert(self, tier: int, first_ms: int, last_ms: int, count: int, data: bytes) -> None:
        self._database.execute(
            "INSERT INTO chunk (id, series, tier, first_ms, last_ms, count, data) VALUES ("
            "(SELECT coalesce(max(id), ?1) + 1 FROM chunk WHERE id BETWEEN ?1 AND ?1 + ?2), ?3, ?4, ?5, ?6, ?7, ?8)",
            (tier * _IDS, _IDS - 2, self._series, tier, first_ms, last_ms, count, data),
        )

    def is_told(self, tier: int, first_ms: int, last_ms: int) -> bool:
        """Whether a chunk of the tier reaches into this time, ends included."""
        found = self._database.execute(
            "SELECT 1 FROM chunk WHERE series = ?1 AND tier = ?2 AND first_ms <= ?4 AND last_ms >= ?3 LIMIT 1",
            (self._series, tier, first_ms, last_ms),
        )
        return found.fetchone() is not None

    def spans(self, tier: int) -> list[tuple[int, int]]:
        """First and last time of each chunk of the tier, in order."""
        return self._database.execute(
            "SELECT first_ms, last_ms FROM chunk WHERE series = ? AND tier = ? ORDER BY first_ms, id",
            (self._series, tier),
        ).fetchall()

    def holds(self, tier: int, first_ms: int, data: bytes) -> bool:
        """Whether this very chunk is there."""
        found = self._database.execute(
            "SELECT 1 FROM chunk WHERE series = ? AND tier = ? AND first_ms = ? AND data = ?",
            (self._series, tier, first_ms, data),
        )
        return found.fetchone() is not None

    def restore(self, tier: int, first_ms: int, last_ms: int, count: int, data: bytes) -> None:
        """Put back a chunk as it was; none reaches into its time."""
        self._insert(tier, first_ms, last_ms, count, data)

    def expire(self, tier: int, before_ms: int, limit: int) -> int:
        """Delete at most ``limit`` chunks that end before ``before_ms``; returns how many, and notes the cut."""
        rows = self._database.execute(
            "SELECT id, last_ms FROM chunk WHERE series = ? AND tier = ? AND first_ms < ?"
            " ORDER BY first_ms, id LIMIT ?",
            (self._series, tier, before_ms, limit),
        ).fetchall()
        expired = [(chunk, last_ms) for chunk, last_ms in rows if last_ms < before_ms]
        if not expired:
            return 0
        cut_ms = expired[-1][1]
        known = self.before(cut_ms).known if tier == RAW else None
        self._delete(chunk for chunk, _ in expired)
        self._database.execute(
            "INSERT OR REPLACE INTO retained VALUES (?, ?, ?, ?)", (self._series, tier, cut_ms, known)
        )
        return len(expired)


def merged(
    times: list[int], values: list[Value], more_times: list[int], more_values: list[Value]
) -> tuple[list[int], list[Value]]:
    """Both by time; of equal times the first argument's come first."""
    if not times or not more_times or times[-1] <= more_times[0]:
        return times + more_times, values + more_values
    both_times, both_values = times + more_times, values + more_values
    order = sorted(range(len(both_times)), key=both_times.__getitem__)
    return [both_times[position] for position in order], [both_values[position] for position in order]


def _pieces(size: int) -> list[tuple[int, int]]:
    """Where to cut a column: pieces of FULL, the last one up to twice that."""
    cuts = [*range(0, max(1, size - FULL + 1), FULL), size] if size else [0]
    return list(pairwise(cuts))
