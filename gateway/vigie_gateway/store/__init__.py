"""Where readings are kept: the types and the protocol that the rest of the gateway codes against.

Step 9 in the way of a reading. The writer thread registers channels, commits batches and calls for maintenance; the
place, the API and the board read from any thread. ``sqlite`` is the implementation; ``docs/store.md`` describes the
file.

How readings become a history, the same for every implementation:

- Times are kept to the millisecond, values exactly. Two readings of one series with one time are both kept; a history
  takes the one that was committed last, a known one before an unknown one.
- A reading stamped ``t`` speaks for the time before it: back to the previous reading of its series, known or unknown,
  when that is at most ``LATE_PERIODS`` periods away, else for one period. So regular readings, jitter included, cover
  the whole time, and one that is missing leaves a hole of its own size.
- An unknown covers nothing and is in no mean, low or high.
- Intervals are left-open and stamped at their end: ``(at_ts - step, at_ts]``.
- What a counter rose by since the last known reading belongs to the moment of the reading that says so, so that
  counts stay whole and none is lost in a gap; a value below the last one means a restart from zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from vigie_contract.clock import Clock
from vigie_contract.messages import Channel
from vigie_contract.quantities import QUANTITIES, Quantity
from vigie_dashboard.view import HistoryPoint
from vigie_gateway.store.rehearsals import RehearsalTable

if TYPE_CHECKING:
    from vigie_gateway.store.sqlite import SqliteStore

BY_HAND = "by_hand"
"""The node of what people say. With an underscore, which no id of a real node can have."""
LATE_PERIODS = 1.5
"""Periods after which the previous reading is no neighbour any more. Lower makes holes out of jitter; from 2 on, one
lost reading would not show in the coverage."""


class StoreError(Exception):
    """The store cannot do what was asked; the message names the file and the reason.

    Nothing of a call that raised was stored: the same call may be made again.
    """


class DiskFullError(StoreError):
    """There is no room for it."""


class DamagedError(StoreError):
    """What lies on the disk is not what was written."""


class ForeignError(StoreError):
    """The file is another program's."""


class InUseError(StoreError):
    """Another process has the store open."""


@dataclass(frozen=True, slots=True)
class Series:
    """One channel as the store knows it.

    Attributes:
        id: Stable over restarts; never given to another channel.
        node: The node or third-party device that it belongs to.
        channel: As last registered.
    """

    id: int
    node: str
    channel: Channel

    @property
    def name(self) -> str:
        """``{node}.{channel}``, unique among live series."""
        return f"{self.node}.{self.channel.id}"

    @property
    def quantity(self) -> Quantity:
        """What it measures."""
        return QUANTITIES[self.channel.quantity]


class Sample(NamedTuple):
    """One reading of one series.

    Attributes:
        series: Its series' id.
        at_ts: Epoch seconds, kept to 1 ms.
        value: None when unknown.
        reason: Why it is unknown, a word of UNKNOWN_REASONS; None when it is known.
    """

    series: int
    at_ts: float
    value: float | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Readings that can never come: sequence numbers ``first`` to ``last`` (inclusive) of a node's journal.

    ``reason`` is a word for the health page (``evicted``, or one of REFUSALS); ``at_ts`` is when it was found out.
    """

    node: str
    journal: str
    first: int
    last: int
    reason: str
    at_ts: float


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person said of a room or an outlet: a reading with an author.

    Attributes:
        kind: The quantity of its reading: ``people``, ``closed`` or ``out_of_order``.
        subject: Id of a room; of an outlet for ``out_of_order``. It may have left the site file since.
        value: How many people; 1 for closed or out of order, 0 for open or in order again.
        was: What stood before; None when that was unknown.
        reason: Why; "" when nothing was given.
        author: Who said it.
        at_ts: When, to 1 ms.
        until_ts: When a closing ends by itself; None when it does not.
        id: Rises by one with each; 0 until it is stored.
    """

    kind: str
    subject: str
    value: int
    was: int | None
    reason: str
    author: str
    at_ts: float
    until_ts: float | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class MaintenanceReport:
    """What one call of ``maintain`` did.

    Attributes:
        sealed: Readings moved from the log into chunks.
        too_late: Readings of these that were dropped, because what they would change is past its retention.
        expired: Chunks deleted by retention.
        has_more: More is due: call again before waiting.
    """

    sealed: int
    too_late: int
    expired: int
    has_more: bool


class Cursor(NamedTuple):
    """How far a follower of the log has come.

    Attributes:
        row: It has every commit up to this one, but for what is still to be filled.
        fill: While it is filled from the single readings of each series: the series, and the milliseconds up to which
            it has them; series with a lower id are done. None when nothing is to be filled.
    """

    row: int
    fill: tuple[int, int] | None = None


class Commit(NamedTuple):
    """The readings of one commit, by series; ``row`` is its number, which rises by one."""

    row: int
    samples: list[Sample]


class Behind(NamedTuple):
    """What a follower has not had: readings committed, and when the first of them was; None for none."""

    readings: int
    since_ts: float | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A reading that a follower's server refuses, with the server's reason; ``unknown`` as ``Sample.reason``."""

    series: int
    at_ts: float
    value: float | None
    unknown: str | None
    reason: str
    found_ts: float


@dataclass(frozen=True, slots=True)
class Refused:
    """How many readings were set aside for a follower since ever, and the last of them; None for none."""

    count: int
    last: SetAside | None


@dataclass(frozen=True, slots=True)
class Older:
    """Single readings that were kept elsewhere, for a span that ``Store.missing`` told.

    Attributes:
        samples: Of one series, oldest first.
        known_before: The last known value before the span; None when there is none.
    """

    samples: Sequence[Sample]
    known_before: float | None = None


@dataclass(frozen=True, slots=True)
class SalvageReport:
    """What became of a damaged file.

    Attributes:
        file: Its name now, beside the database.
        reason: What was found.
        begun_ts: When it was set aside.
        done_ts: When all that could be read was put back; None while that goes on.
        readings: Single readings put back so far.
        rollups: Roll-ups put back or made again.
        unreadable: Rows that cannot be read.
    """

    file: str
    reason: str
    begun_ts: float
    done_ts: float | None
    readings: int
    rollups: int
    unreadable: int


class Corrections(Protocol):
    """The corrections that a store holds, never deleted. Any thread; each raises StoreError when it cannot be read."""

    def newest(self, limit: int, before: int | None = None) -> list[Correction]:
        """The newest first; with ``before``, those with a lower id."""

    def standing(self) -> list[Correction]:
        """The last one of each kind and subject, oldest first."""

    def between(self, kind: str, from_ts: float, to_ts: float) -> list[Correction]:
        """Those of a kind with ``from_ts < at_ts <= to_ts``, oldest first."""


class Store(Protocol):
    """A place for readings. ``register``, ``commit``, ``maintain``: one thread; the rest: any thread."""

    @property
    def corrections(self) -> Corrections:
        """What people said, with its author."""

    @property
    def rehearsals(self) -> RehearsalTable:
        """What was asked of a line, and what came of it."""

    def register(self, node: str, channels: Sequence[Channel]) -> dict[str, Series]:
        """Make the channels of a node known, and return their series by channel id.

        Idempotent. Room, label, period and labels are updated in place. A channel whose quantity changed becomes
        another series: the old one is retired, its readings are kept, and it comes back with its quantity. Channels
        that are not named stay as they are. A new period counts for what is sealed from then on.

        Raises:
            StoreError: It could not be written.
        """

    def series(self) -> list[Series]:
        """The live ones, by id."""

    def every_series(self) -> list[Series]:
        """The live and the retired ones, by id."""

    def progress(self) -> dict[tuple[str, str], int]:
        """The last sequence number stored, by (node, journal)."""

    def commit(
        self,
        samples: Sequence[Sample],
        progress: Mapping[tuple[str, str], int],
        gaps: Sequence[Gap] = (),
        corrections: Sequence[Correction] = (),
    ) -> None:
        """Store all of it in one durable transaction, or nothing.

        A value that is not finite is stored as unknown, ``out-of-range``.

        Args:
            samples: In any order, of any time; those of 1,000 and more cost least each.
            progress: New last sequence numbers by (node, journal).
            gaps: Found since the last commit.
            corrections: Said since then; their ids are given here.

        Raises:
            StoreError: It is not on disk (disk full, read-only, a series that was never registered).
        """

    def latest(self) -> dict[int, Sample]:
        """The newest reading by time of each series that has any, retired ones included, unknowns included."""

    def samples(self, series: int, from_ts: float, to_ts: float, limit: int | None = None) -> list[Sample]:
        """Single readings with ``from_ts < at_ts <= to_ts``, oldest first; with a limit, the oldest of them."""

    def history(
        self, series: int, from_ts: float, to_ts: float, points: int, older: Older | None = None
    ) -> list[HistoryPoint]:
        """The series over a span, at most ``points`` equal intervals, oldest first, empty intervals included.

        From the coarsest roll-up that still gives the resolution asked for, from single readings where that is
        finer than a minute. The grid of a roll-up is made of whole UTC minutes (quarters of an hour, days), so that
        it may begin before ``from_ts`` and end after ``to_ts`` by less than one of those; it is exactly as asked
        when ``from_ts`` and the step are whole. Where retention has taken the fine data away, fewer points come,
        unless ``older`` has what ``missing`` told for the same span: then it is as if nothing had been deleted.

        ``mean`` is by the quantity's ``average``: weighted by time, the increase of a counter over the interval,
        or the last value of a choice.

        Raises:
            StoreError: The series was never registered, or the file cannot be read.
            ValueError: ``points`` is below 1, or ``to_ts`` is not after ``from_ts``.
        """

    def missing(self, series: int, from_ts: float, to_ts: float, points: int) -> tuple[float, float] | None:
        """The span ``(after, upto]`` of single readings without which a history is coarser than it was asked for.

        None when nothing is missing. Raises as ``history``.
        """

    def gaps(self) -> list[Gap]:
        """Gaps on record, in the order found."""

    def follow(self, follower: str) -> Cursor | None:
        """From now on commits are held for a follower until its cursor has passed them, within a bound.

        Returns:
            Where it was; None when it has never been here.
        """

    def move(self, follower: str, cursor: Cursor, set_aside: tuple[SetAside, ...] = ()) -> None:
        """The follower has come so far; ``set_aside`` could not be taken by it.

        Written down some minutes later and at ``close``: what was done since then is done again after a kill.
        """

    def refused(self, follower: str) -> Refused:
        """What was set aside for a follower."""

    def last_row(self) -> int:
        """The number of the last commit; 0 when there is none."""

    def commits(self, after_row: int, readings: int) -> list[Commit] | None:
        """The commits after a row in order, until they hold so many readings; those without readings too.

        None when some of them are held no more: their readings are among ``samples``.
        """

    def behind(self, after_row: int) -> Behind:
        """What was committed after a row and is still held."""

    def maintain(self, now_ts: float) -> MaintenanceReport:
        """Seal what is due and delete what is past its retention: some ten milliseconds of work a call.

        Raises:
            StoreError: It could not be written; nothing is lost.
        """

    def close(self) -> None:
        """Close the file; nothing may be called after."""


def open_store(path: Path, clock: Clock, ballast_bytes: int = 0) -> SqliteStore:
    """Open the SQLite store at ``path``, made when absent (its folder must exist).

    A damaged file of ours is set aside, and another one begun, into which ``maintain`` puts back what can be read.

    Args:
        path: Of the file.
        clock: Dates commits.
        ballast_bytes: Room kept for a full disk in a file beside it; 0 for none.

    Raises:
        StoreError: Not a database, not ours, of a newer Vigie, in use, or not writable.
    """
    from vigie_gateway.store.sqlite import SqliteStore  # the implementation imports the types above

    return SqliteStore(path, clock, ballast_bytes=ballast_bytes)
