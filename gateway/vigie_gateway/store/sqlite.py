"""The store in one SQLite file: the log, the tails in memory, and rounds of sealing. Built by ``open_store``.

``register``, ``commit`` and ``maintain`` are called by the writer thread and use its connection. Readers take one of a
few connections of their own: they see the file as it was when their query began, lay over it the tail that was there
just before, and so never wait for the writer, nor it for them.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.store import (
    Behind,
    Commit,
    Correction,
    Cursor,
    DamagedError,
    Gap,
    MaintenanceReport,
    Older,
    Refused,
    SalvageReport,
    Sample,
    Series,
    SetAside,
    StoreError,
)
from vigie_gateway.store import corrections as correction_table
from vigie_gateway.store import gaps as gap_table
from vigie_gateway.store.aside import Remains, remains_of
from vigie_gateway.store.channels import all_series, register, row_of
from vigie_gateway.store.chunks import FULL, Chunks, Head
from vigie_gateway.store.codec import CodecError, Value
from vigie_gateway.store.cursors import Cursors, Snapshot, behind, held_after
from vigie_gateway.store.file import StoreFile
from vigie_gateway.store.history import View, columns_of, ms_of, span_of
from vigie_gateway.store.log import Tail, append, batch_of, decode_batch, encode_batch
from vigie_gateway.store.rehearsals import RehearsalTable
from vigie_gateway.store.retention import expire, give_back
from vigie_gateway.store.rollup import MEAN_DIGITS, Rule, rule_of
from vigie_gateway.store.salvage import Salvage, salvage_reports, without
from vigie_gateway.store.schema import Connect, converted
from vigie_gateway.store.sealing import Sealed, seal

LOG_READINGS = 262_144
"""Readings that the log may hold before a round of sealing. Lower seals smaller chunks (more bytes a reading); higher
holds more memory (about 20 bytes each) and takes longer to read at start (about 0.3 s for these on a Pi 4)."""
LOG_AGE_S = 21_600.0
"""After so long the log is sealed although it is short. Lower writes the small chunks of slow series more often; higher
keeps them in the log's wider form."""
STEP_READINGS = 16_384
"""Readings sealed in one call of ``maintain``. Lower commits more often; higher holds up the next commit for longer
(about 3 us each)."""
EXPIRY_EVERY_S = 3_600.0
"""How often retention looks. Lower walks all series for nothing; higher keeps single readings past their time."""
_Result = TypeVar("_Result")

log = logging.getLogger(__name__)


class SqliteStore:
    """See ``Store``.

    Attributes:
        file: The file and its connections.
        salvage_report: What became of the last damaged file, as of a moment ago; None when there never was one.
    """

    def __init__(self, path: Path, clock: Clock, *, ballast_bytes: int = 0, connect: Connect = sqlite3.connect) -> None:
        """Open the file and read its log; a damaged file is set aside, and another one begun.

        Args:
            path: Of the file.
            clock: Dates commits.
            ballast_bytes: See ``Ballast``; 0 for none.
            connect: See ``Connect``.

        Raises:
            StoreError: See open_store.
        """
        self._path = path
        self._clock = clock
        self.file = StoreFile(path, connect, ballast_bytes)
        self.corrections = correction_table.CorrectionTable(self.file.reading)
        self.rehearsals = RehearsalTable(self.file.reading, self._in_transaction)
        self._rules: dict[int, Rule] = {}
        self._decimals: dict[int, int] = {}
        self._series: dict[tuple[str, str, str], Series] = {}
        self._live: list[Series] = []
        self._heads: dict[int, Head] = {}
        self._tails: dict[int, Tail] = {}
        self._progress: dict[tuple[str, str], int] = {}
        self._cursors = Cursors()
        self._log: deque[tuple[int, int, int]] = deque()
        self._log_readings = 0
        self._next_row = 1
        self._round: list[int] = []
        self._round_row = 0
        self._expired_ts: float | None = None
        self._expiring: list[int] = []
        self._salvage: Salvage | None = None
        self.salvage_report: SalvageReport | None = None
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        damage = self.file.open()
        if damage is None:
            try:
                self._load()
            except DamagedError as error:
                damage = str(error).removeprefix(f"{self._path}: ")
        if damage is not None:
            self.file.replace(lambda: remains_of(self._path, self.file.connect), damage, self._clock.now_ts())
            self._load()
        self._resume_salvage()

    def _load(self) -> None:
        """Read what is kept in memory; DamagedError where that cannot be read."""
        try:
            with converted(self._path, "could not be read"):
                self._load_tables(self.file.writer)
        except CodecError as error:
            raise DamagedError(f"{self._path}: its log is damaged: {error}") from error

    def _load_tables(self, database: sqlite3.Connection) -> None:
        self._load_series(database)
        for series, *head in database.execute("SELECT * FROM head"):
            self._heads[series] = Head(*head)
        for node, journal, upto in database.execute("SELECT node, journal, upto FROM progress"):
            self._progress[node, journal] = upto
        sealed = {series: head.row for series, head in self._heads.items()}
        self._cursors.load(database)
        floor = self._cursors.sealed_row
        rows = database.execute(
            "SELECT id, readings, at_ms, progress, data FROM log WHERE id > ? ORDER BY id", (floor,)
        )
        for row, readings, at_ms, progress, data in rows:
            if readings:
                append(self._tails, row, decode_batch(data), sealed)
            self._progress.update({(node, journal): upto for node, journal, upto in json.loads(progress)})
            self._log.append((row, readings, at_ms))
            self._log_readings += readings
        last_row = self._log[-1][0] if self._log else 0
        self._next_row = max(last_row, *sealed.values(), floor) + 1

    def _load_series(self, database: sqlite3.Connection) -> None:
        known: dict[tuple[str, str, str], Series] = {}
        live = []
        for found, is_retired in all_series(database):
            channel = found.channel
            known[found.node, channel.id, channel.quantity] = found
            rule = self._rules[found.id] = rule_of(QUANTITIES[channel.quantity], channel.period_s)
            self._decimals[found.id] = rule.decimals - MEAN_DIGITS
            if not is_retired:
                live.append(found)
        # Put in place at once: other threads look at them.
        self._series, self._live = known, live

    def _written(self, work: Callable[[], _Result]) -> _Result:
        """A write that makes room on a full disk and begins another file in the place of a damaged one, once."""
        if self.file.damage is not None:
            self._replace(self.file.damage)
        try:
            return self.file.with_room(work)
        except DamagedError as error:
            self._replace(str(error).removeprefix(f"{self._path}: "))
            return self.file.with_room(work)

    def _in_transaction(self, work: Callable[[sqlite3.Connection], int]) -> int:
        def write() -> int:
            with self.file.transaction("a rehearsal could not be kept") as database:
                return work(database)

        return self._written(write)

    def register(self, node: str, channels: Sequence[Channel]) -> dict[str, Series]:
        """See ``Store``."""
        live = {series.channel.id: series for series in self._live if series.node == node}
        changed = [channel for channel in channels if channel.id not in live or live[channel.id].channel != channel]
        if changed:
            self._written(lambda: self._register(node, changed))
        return {channel.id: self._series[node, channel.id, channel.quantity] for channel in channels}

    def _register(self, node: str, channels: Sequence[Channel]) -> None:
        with self.file.transaction("a channel could not be registered") as database:
            for channel in channels:
                register(database, node, channel)
        with converted(self._path, "could not be read"):
            self._load_series(self.file.writer)

    def series(self) -> list[Series]:
        """See ``Store``."""
        return list(self._live)

    def every_series(self) -> list[Series]:
        """See ``Store``."""
        return sorted(self._series.values(), key=lambda series: series.id)

    def progress(self) -> dict[tuple[str, str], int]:
        """See ``Store``."""
        return dict(self._progress)

    def commit(
        self, samples: Sequence[Sample], progress: Mapping[tuple[str, str], int],
        gaps: Sequence[Gap] = (), corrections: Sequence[Correction] = (),
    ) -> None:  # fmt: skip
        """See ``Store``."""
        if samples or progress or gaps or corrections:
            self._written(lambda: self._commit(samples, progress, gaps, corrections))

    def _commit(
        self, samples: Sequence[Sample], progress: Mapping[tuple[str, str], int],
        gaps: Sequence[Gap] = (), corrections: Sequence[Correction] = (),
    ) -> None:  # fmt: skip
        if self._log_readings > 4 * LOG_READINGS:
            # Nobody maintains: memory is bounded all the same.
            while self._seal_step().has_more:
                pass
        batch = batch_of(samples)
        unknown = [series for series in batch.series if series not in self._rules]
        if unknown:
            raise StoreError(f"{self._path}: could not commit: series {unknown[0]} was never registered")
        row, at_ms = self._next_row, round(self._clock.now_ts() * 1000)
        upto = json.dumps([[*key, number] for key, number in progress.items()], separators=(",", ":"))
        data = encode_batch(batch, self._decimals) if samples else None
        with self.file.transaction("could not commit") as database:
            database.execute("INSERT INTO log VALUES (?, ?, ?, ?, ?)", (row, len(samples), at_ms, upto, data))
            gap_table.insert(database, gaps)
            correction_table.insert(database, corrections)
            now_mono = self._clock.now_mono()
            snapshot = self._cursors.write(database) if self._cursors.is_due(now_mono) else None
        if snapshot is not None:
            self._cursors.written(snapshot, now_mono)
        self._next_row = row + 1
        self._log.append((row, len(samples), at_ms))
        self._log_readings += len(samples)
        append(self._tails, row, batch, {})
        self._progress = {**self._progress, **progress}

    def latest(self) -> dict[int, Sample]:
        """See ``Store``."""
        found: dict[int, Sample] = {}
        for series in list(self._rules):
            # The tail before the head: what sealing takes from one is in the other by then.
            tail = self._tails.get(series)
            newest = None if tail is None else tail.newest()
            head = self._heads.get(series)
            if newest is not None and (head is None or newest[0] >= head.last_ms):
                found[series] = _sample(series, *newest)
            elif head is not None:
                value = (head.last_reason or "") if head.last_value is None else head.last_value
                found[series] = _sample(series, head.last_ms, value)
        return found

    @contextmanager
    def _view(self, series: int) -> Iterator[View]:
        rule = self._rules.get(series)
        if rule is None:
            raise StoreError(f"{self._path}: series {series} was never registered")
        # The tail first, then the file: its head tells which of the tail was sealed in between.
        tail = self._tails.get(series)
        with self.file.reading() as database:
            chunks = Chunks(database, series, rule)
            head = chunks.head()
            times, values = ([], []) if tail is None else tail.after(0 if head is None else head.row)
            yield View(chunks, rule, head, times, values)

    def samples(self, series: int, from_ts: float, to_ts: float, limit: int | None = None) -> list[Sample]:
        """See ``Store``."""
        with self._view(series) as view:
            times, values = view.readings(ms_of(from_ts), ms_of(to_ts))
        pairs = zip(times[:limit], values[:limit], strict=True)
        return [_sample(series, at_ms, value) for at_ms, value in pairs]

    def history(
        self, series: int, from_ts: float, to_ts: float, points: int, older: Older | None = None
    ) -> list[HistoryPoint]:
        """See ``Store``."""
        from_ms, to_ms = span_of(from_ts, to_ts, points)
        with self._view(series) as view:
            if older is not None:
                view.lay_under(*columns_of(older.samples), older.known_before)
            return view.history(from_ms, to_ms, points)

    def missing(self, series: int, from_ts: float, to_ts: float, points: int) -> tuple[float, float] | None:
        """See ``Store``."""
        from_ms, to_ms = span_of(from_ts, to_ts, points)
        with self._view(series) as view:
            span = view.missing(from_ms, to_ms, points)
        return None if span is None else (span[0] / 1000, span[1] / 1000)

    def follow(self, follower: str) -> Cursor | None:
        """See ``Store``."""
        return self._cursors.follow(follower)

    def move(self, follower: str, cursor: Cursor, set_aside: tuple[SetAside, ...] = ()) -> None:
        """See ``Store``."""
        self._cursors.move(follower, cursor, set_aside)

    def refused(self, follower: str) -> Refused:
        """See ``Store``."""
        return self._cursors.refused(follower)

    def last_row(self) -> int:
        """See ``Store``."""
        return self._next_row - 1

    def commits(self, after_row: int, readings: int) -> list[Commit] | None:
        """See ``Store``."""
        with self.file.reading() as database:
            held = held_after(database, after_row, readings)
        if held is None:
            return None
        return [Commit(row, [_sample(*entry) for entry in entries]) for row, entries in held]

    def behind(self, after_row: int) -> Behind:
        """See ``Store``."""
        with self.file.reading() as database:
            return behind(database, after_row)

    def gaps(self) -> list[Gap]:
        """See ``Store``."""
        with self.file.reading() as database:
            return gap_table.all_gaps(database)

    def maintain(self, now_ts: float) -> MaintenanceReport:
        """See ``Store``."""
        report = self._written(lambda: self._maintain(now_ts))
        return report if self._salvage is None else replace(report, has_more=True)

    def _maintain(self, now_ts: float) -> MaintenanceReport:
        if not self._round and self._log:
            limit = min(FULL * max(1, len(self._tails)), LOG_READINGS)
            if self._log_readings >= limit or now_ts - self._log[0][2] / 1000 >= LOG_AGE_S:
                return self._seal_step()
        if self._round:
            return self._seal_step()
        if self._cursors.is_due(self._clock.now_mono()):
            self._write_cursors()
        if self._salvage is not None:
            return self._salvage_step(self._salvage)
        if self._expired_ts is None or abs(now_ts - self._expired_ts) >= EXPIRY_EVERY_S:
            self._expired_ts = now_ts
            self._expiring = list(self._rules)
        return self._expire_step(now_ts) if self._expiring else MaintenanceReport(0, 0, 0, has_more=False)

    def _seal_step(self) -> MaintenanceReport:
        """Seal some series of the round, beginning one when none is on; at its end the log's rows are deleted."""
        row = self._round_row if self._round else self._log[-1][0]
        due = self._round or list(self._tails)
        done: dict[int, Sealed] = {}
        budget = STEP_READINGS
        snapshot: Snapshot | None = None
        with self.file.transaction("readings could not be sealed") as database:
            for series in due:
                if budget <= 0:
                    break
                times, values = self._unsealed(series, row)
                budget -= len(times)
                if times:
                    done[series] = seal(
                        Chunks(database, series, self._rules[series]), self._rules[series], row, times, values
                    )
                due = due[1:]
            if not due:
                snapshot = self._cursors.write(database, row)
                free_row = self._cursors.free_row(database, row, snapshot)
                database.execute("DELETE FROM log WHERE id <= ?", (free_row,))
                upto = [(node, journal, number) for (node, journal), number in self._progress.items()]
                database.executemany("INSERT OR REPLACE INTO progress VALUES (?, ?, ?)", upto)
        if snapshot is not None:
            self._cursors.written(snapshot, self._clock.now_mono())
        for series, sealed in done.items():
            self._heads[series] = sealed.head
            rest = self._tails[series].without(row)
            if rest.times:
                self._tails[series] = rest
            else:
                del self._tails[series]
        self._round, self._round_row = due, row
        if not due:
            while self._log and self._log[0][0] <= row:
                self._log_readings -= self._log.popleft()[1]
        sealed_readings = sum(sealed.readings for sealed in done.values())
        too_late = sum(sealed.too_late for sealed in done.values())
        return MaintenanceReport(sealed_readings, too_late, 0, has_more=bool(due))

    def _unsealed(self, series: int, row: int) -> tuple[list[int], list[Value]]:
        tail = self._tails.get(series)
        if tail is None:
            return [], []
        times, values = tail.after(0)
        count = tail.count_to(row)
        return times[:count], values[:count]

    def _expire_step(self, now_ts: float) -> MaintenanceReport:
        """Delete what is past its retention, and give free pages back when there are many."""
        with self.file.transaction("retention could not be applied") as database:
            expired, self._expiring = expire(database, self._expiring, self.every_series(), self._rules, ms_of(now_ts))
        with converted(self._path, "free pages could not be given back"):
            give_back(self.file.writer)
        return MaintenanceReport(0, 0, expired, has_more=bool(self._expiring))

    def _write_cursors(self, sealed_row: int | None = None) -> None:
        with self.file.transaction("the cursors could not be written") as database:
            snapshot = self._cursors.write(database, sealed_row)
        self._cursors.written(snapshot, self._clock.now_mono())

    def _replace(self, reason: str) -> None:
        """Set the file aside while the gateway runs: nothing that is in memory is lost with it."""
        self.file.replace(self._remains, reason, self._clock.now_ts())
        self._tails, self._log, self._log_readings, self._round = {}, deque(), 0, []
        self._load()
        self._write_cursors(self._cursors.sealed_row)  # so that a follower sees what the new log no longer holds
        self._resume_salvage()

    def _remains(self) -> Remains:
        """The small tables and the log, of what is in memory; what is not (gaps, cuts of retention), of the file."""
        remains = remains_of(self._path, self.file.connect)
        for found in self._series.values():
            remains.series[found.id] = row_of(found, found not in self._live)
        remains.progress |= self._progress
        for series, head in self._heads.items():
            remains.head[series] = (head.row, head.last_ms, head.last_value, head.last_reason, head.known)
        unsealed = [sample for series in list(self._tails) for sample in self._tail_samples(series)]
        if unsealed:
            data = encode_batch(batch_of(unsealed), self._decimals)
            remains.log.append((self._next_row, len(unsealed), ms_of(self._clock.now_ts()), "[]", data))
        return remains

    def _tail_samples(self, series: int) -> list[Sample]:
        return [_sample(series, *pair) for pair in zip(*self._tails[series].after(0), strict=True)]

    def _resume_salvage(self) -> None:
        self.salvage_report = next(reversed(salvage_reports(self.file.writer)), None)
        row = self.file.writer.execute("SELECT file FROM salvage WHERE done_ms IS NULL ORDER BY begun_ms").fetchone()
        if self._salvage is not None:
            self._salvage.close()
        try:
            self._salvage = None if row is None else Salvage(self._path.with_name(row[0]))
        except OSError as error:
            log.warning("what is left of %s cannot be put back: %s", row[0], error.strerror)
            self._salvage = None

    def _salvage_step(self, salvage: Salvage) -> MaintenanceReport:
        """Put some of a file that was set aside back."""
        late = without(salvage.take_late(), self.samples)
        if late:
            self._commit(late, {})
            salvage.recovered.readings += len(late)
        with self.file.transaction("what was salvaged could not be put back") as database:
            moved = salvage.step(database, self._rules, self._heads)
            heads = {series: Chunks(database, series, self._rules[series]).head() for series in moved}
            salvage.save(database, ms_of(self._clock.now_ts()))
            self.salvage_report = salvage_reports(database)[-1]
        self._heads.update({series: head for series, head in heads.items() if head is not None})
        if salvage.is_done:
            self._resume_salvage()
        return MaintenanceReport(0, 0, 0, has_more=True)

    def close(self) -> None:
        """See ``Store``."""
        if self._cursors.is_moved:
            # A disk that refuses it now costs no more than a kill would.
            with contextlib.suppress(StoreError):
                self._write_cursors()
        if self._salvage is not None:
            self._salvage.close()
        self.file.close()


def _sample(series: int, at_ms: int, value: Value) -> Sample:
    if isinstance(value, str):
        return Sample(series, at_ms / 1000, None, value or None)
    return Sample(series, at_ms / 1000, value)
