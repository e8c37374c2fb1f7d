"""How many bytes the throughput tests of a month may move, kept in a small file over restarts and power cuts.

Called by the ``throughput`` driver on its sensor's thread. A test's most is booked on the disk before it begins and
set to what it really moved when it ends, so that a power cut in the middle counts as the whole of it. Whatever cannot
be known of this month counts as spent: an unreadable file must not become a bill.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

_log = logging.getLogger(__name__)

_MAX_FILE_BYTES = 4_096
_MAX_BYTES = 2**63


class BudgetError(Exception):
    """The file cannot be read or written, or its content cannot be true; one line naming it."""


@dataclass(frozen=True, slots=True)
class Spending:
    """What is known of one calendar month (UTC).

    Attributes:
        month: ``2026-11``.
        spent_bytes: Moved or booked in it.
        last_ts: Epoch seconds of the last test's start; 0 for none.
    """

    month: str
    spent_bytes: int
    last_ts: float


def month_of(now_ts: float) -> str:
    """The calendar month in UTC, ``2026-11``; text order is time order."""
    return datetime.fromtimestamp(now_ts, UTC).strftime("%Y-%m")


def parse_spending(content: bytes) -> Spending:
    """Read the file's content.

    Raises:
        BudgetError: It is not what ``encode_spending`` writes.
    """
    try:
        found = json.loads(content)
        month, spent_bytes, last_ts = found["month"], found["spent_bytes"], found["last_ts"]
        datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
        is_good = type(spent_bytes) is int and 0 <= spent_bytes < _MAX_BYTES and type(last_ts) in (int, float)
        if not is_good or not 0 <= last_ts < _MAX_BYTES or len(month) != len("2026-11"):
            raise ValueError("a number is out of range")  # noqa: TRY301 - one way out for all that is wrong
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BudgetError(f"is damaged ({error!s:.80})") from error
    return Spending(month, spent_bytes, float(last_ts))


def encode_spending(spending: Spending) -> bytes:
    """The file's content."""
    return json.dumps(asdict(spending)).encode() + b"\n"


def carried_to(spending: Spending, now_ts: float, limit_bytes: int) -> Spending:
    """The spending of the month that is now: a new month begins at nothing.

    A file from a later month was written under a wrong clock, or the clock is wrong now: this month counts as spent.
    """
    month = month_of(now_ts)
    if spending.month == month:
        return spending
    if spending.month < month:
        return Spending(month, 0, min(spending.last_ts, now_ts))
    return Spending(month, limit_bytes, now_ts)


class DataBudget:
    """The budget of one sensor."""

    def __init__(self, path: Path, limit_bytes: int) -> None:
        """Take a file, which need not exist, and the most bytes of a month."""
        self._path = path
        self._limit_bytes = limit_bytes

    def load(self, now_ts: float) -> Spending:
        """What this month has spent so far.

        A damaged file is set aside as ``….damaged`` and the month counts as spent; the log says so.

        Raises:
            BudgetError: The file cannot be read, or not be set aside.
        """
        try:
            with self._path.open("rb") as file:
                content = file.read(_MAX_FILE_BYTES)
        except FileNotFoundError:
            return Spending(month_of(now_ts), 0, 0.0)
        except OSError as error:
            raise BudgetError(f"{self._path} cannot be read: {error.strerror}") from error
        try:
            found = parse_spending(content)
        except BudgetError as error:
            spent = Spending(month_of(now_ts), self._limit_bytes, now_ts)
            self._set_aside()
            self.save(spent)
            _log.error(
                "the data budget %s %s: it is set aside beside it, and %s counts as spent, "
                "so there is no throughput test before the next month",
                self._path,
                error,
                spent.month,
            )
            return spent
        return carried_to(found, now_ts, self._limit_bytes)

    def remaining_bytes(self, now_ts: float) -> int:
        """What may still be moved this month, at least 0; raises BudgetError like ``load``."""
        return max(0, self._limit_bytes - self.load(now_ts).spent_bytes)

    def book(self, most_bytes: int, now_ts: float) -> Spending:
        """Count a test that begins now as if it moved its most; returns the spending before it.

        Raises:
            BudgetError: There is not that much left, or it cannot be written down: the test must not begin.
        """
        before = self.load(now_ts)
        spent_bytes = before.spent_bytes + most_bytes
        if spent_bytes > self._limit_bytes:
            left = max(0, self._limit_bytes - before.spent_bytes)
            raise BudgetError(
                f"{left / 1e6:.1f} MB of this month's data budget are left, {most_bytes / 1e6:.1f} needed"
            )
        self.save(Spending(before.month, spent_bytes, now_ts))
        return before

    def settle(self, before: Spending, moved_bytes: int, now_ts: float) -> None:
        """Replace what was booked by what was moved, more or less; raises BudgetError when it cannot be written."""
        booked = self.load(now_ts)
        if booked.month == before.month:
            self.save(replace(booked, spent_bytes=before.spent_bytes + moved_bytes))

    def save(self, spending: Spending) -> None:
        """Write the file whole or not at all, and have it on the disk on return; raises BudgetError."""
        partial = self._path.with_name(self._path.name + ".new")
        try:
            with partial.open("wb") as file:
                file.write(encode_spending(spending))
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
            directory = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)
            raise BudgetError(f"{self._path} cannot be written: {error.strerror}") from error

    def _set_aside(self) -> None:
        try:
            self._path.replace(self._path.with_name(self._path.name + ".damaged"))
        except OSError as error:
            raise BudgetError(f"{self._path} is damaged and cannot be set aside: {error.strerror}") from error
