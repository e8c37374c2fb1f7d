"""What the sink sends next: from the store's log, or, where that does not reach back, from each series in turn.

The log has every commit in its order, late readings among them, whatever their own time. It is held for three weeks or
so (``store/cursors.py``). A sink that was never here, or was away for longer, is filled first: all single readings of
every series, oldest first, while the log gathers what is committed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass

from vigie_gateway.store import Cursor, Sample, Series, Store

BATCH_READINGS = 5_000
"""Readings of one write: InfluxDB's own advice, and 30 kB on the wire. Lower pays a round trip for fewer; higher takes
longer than the time-out on bad Wi-Fi, and more writes to find one bad row."""
WINDOW_S = 21_600.0
"""How much of a series is read at once while filling: 2,160 readings of one every 10 s. Lower asks the store for a
chunk again and again; higher holds more memory for a fast series."""
EMPTY_WINDOWS = 100
"""Windows without a reading that are passed in one step. Lower writes the cursor for nothing; higher keeps a stop
waiting."""
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings, and where the cursor stands once they are sent.

    Attributes:
        samples: In the order in which they must be sent: of two with one time the last one counts.
        cursor: After them.
        has_more: More is there already.
    """

    samples: list[Sample]
    cursor: Cursor
    has_more: bool


def next_batch(store: Store, cursor: Cursor | None, now_ts: float) -> Batch:
    """What comes after a cursor; None is one that has nothing yet.

    Raises:
        StoreError: The store cannot be read.
    """
    if cursor is None:
        return Batch([], Cursor(store.last_row(), (0, 0)), has_more=True)
    if cursor.fill is not None:
        return _fill(store, cursor.row, cursor.fill, now_ts)
    commits = store.commits(cursor.row, BATCH_READINGS)
    if commits is None:
        return Batch([], Cursor(store.last_row(), (0, 0)), has_more=True)
    samples = [sample for commit in commits for sample in commit.samples]
    upto = commits[-1].row if commits else cursor.row
    return Batch(samples, Cursor(upto), has_more=len(samples) >= BATCH_READINGS)


def _fill(store: Store, row: int, fill: tuple[int, int], now_ts: float) -> Batch:
    # A clock may be a little ahead of ours.
    end_ms = round((now_ts + DAY_S) * 1000)
    every_series = store.every_series()
    for _ in range(EMPTY_WINDOWS):
        series = next((entry for entry in every_series if entry.id >= fill[0]), None)
        if series is None:
            return Batch([], Cursor(row), has_more=True)
        after_ms = max(_first_ms(series, now_ts), fill[1] if series.id == fill[0] else 0)
        upto_ms = after_ms + round(WINDOW_S * 1000)
        fill = (series.id, upto_ms) if upto_ms < end_ms else (series.id + 1, 0)
        samples = store.samples(series.id, after_ms / 1000, upto_ms / 1000)
        if samples:
            return Batch(samples, Cursor(row, fill), has_more=True)
    return Batch([], Cursor(row, fill), has_more=True)


def _first_ms(series: Series, now_ts: float) -> int:
    """Before all that retention has left of it."""
    return round((now_ts - (series.quantity.keep_days + 2) * DAY_S) * 1000)
