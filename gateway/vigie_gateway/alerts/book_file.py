"""``alerts.db`` and its one connection: opening, transactions, and going on when the disk does not.

Built once, for ``Book`` and ``notify.outbox``; used from any thread, one transaction at a time. Alerts must be told
when the disk is the trouble. So

- a file that is damaged is set aside, and a new one begins with the rows that can still be read;
- a disk that takes no write is left alone: the rows go on in memory, under the same numbers and keys, and are put on
  the disk once it takes them. What only the memory knows is forgotten by a crash meanwhile: a message may come twice
  then, and an alert that began meanwhile begins again.

Only another program's file, or one of a newer Vigie, is refused.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from vigie_gateway.alerts.book_schema import ALERTS, TABLES, open_database
from vigie_gateway.store import DamagedError, ForeignError, StoreError
from vigie_gateway.store.aside import free_name, log_path, removed, sync_folder
from vigie_gateway.store.schema import CHECK_BELOW_BYTES, Connect, check_identity, converted, first_damage, open_reader

log = logging.getLogger(__name__)

RETRY_S = 30.0
"""From a write that the disk refused to the next try. Lower makes a dying card work; higher leaves more to a crash."""

_Result = TypeVar("_Result")
Work = Callable[[sqlite3.Connection], _Result]


class BookError(StoreError):
    """The alerts cannot be read or written as asked; one line that names the file."""


class SeenFile:
    """The file of a gateway that may run, to be read by another process, which repairs nothing."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            StoreError: It is not there, is damaged, or is not one of ours.
        """
        self.path = path
        if not path.exists():
            raise BookError(f"{path}: there are no alerts yet: no gateway has run here")
        self._database = open_reader(path)
        try:
            with converted(path, "the alerts cannot be read"):
                check_identity(self._database, path, ALERTS)
        except BaseException:
            self.close()
            raise

    def read(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows, as they are now. Raises StoreError."""
        with converted(self.path, "the alerts cannot be read"):
            return self._database.execute(text, values).fetchall()

    def close(self) -> None:
        """Close it."""
        self._database.close()


class BookFile:
    """The open file.

    Attributes:
        path: Where it is.
        trouble: Why the rows are in memory only; None while they are on the disk. Read from any thread.
        set_aside: What was done with a damaged file since the start, in one line; None when none was.
    """

    def __init__(
        self,
        path: Path,
        date: str,
        connect: Connect = sqlite3.connect,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open it, made when absent, or go on without it.

        Args:
            path: Where it is.
            date: Of today; a damaged file is named after it.
            connect: Opens a database.
            monotonic: The machine's.

        Raises:
            StoreError: It is another program's, or a newer Vigie's.
        """
        self.path = path
        self.trouble: str | None = None
        self.set_aside: str | None = None
        self._date = date
        self._connect = connect
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._tried_mono = monotonic()
        self._database = self._opened()

    def close(self) -> None:
        """Put on the disk what is not, if it takes it, and close the file."""
        with self._lock:
            if self.trouble is not None:
                self._return()
            self._database.close()

    def change(self, doing: str, work: Work[_Result]) -> _Result:
        """Do it in one durable transaction; in memory when the disk refuses it. ``work`` may be called twice.

        Raises:
            BookError: Not even in memory.
        """
        with self._lock:
            self._settle()
            try:
                return self._transact(doing, work)
            except StoreError as error:
                if self.trouble is not None or isinstance(error, BookError):
                    raise
                self._leave(error)
                return self._transact(doing, work)

    def read(self, text: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows, as they are now.

        Raises:
            BookError: They cannot be read, not even what can be read of a damaged file.
        """
        with self._lock:
            self._settle()
            try:
                return self._rows(text, values)
            except StoreError as error:
                if self.trouble is not None:
                    raise BookError(str(error)) from error
                self._leave(error)
                return self._rows(text, values)

    def _rows(self, text: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with converted(self.path, "the alerts cannot be read"):
            return self._database.execute(text, values).fetchall()

    def _transact(self, doing: str, work: Work[_Result]) -> _Result:
        database = self._database
        with converted(self.path, doing):
            database.execute("BEGIN IMMEDIATE")
            try:
                result = work(database)
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        return result

    # Opening, and a damaged file

    def _opened(self) -> sqlite3.Connection:
        try:
            damage = self._damage()
            return open_database(self.path, self._connect) if damage is None else self._begun_anew(damage)
        except (StoreError, OSError) as error:
            if self._is_refused():
                raise
            self._say(str(error))
            return self._in_memory()

    def _is_refused(self) -> bool:
        """Whether the file is whole, and of another program or of a newer Vigie."""
        try:
            with closing(open_reader(self.path, self._connect)) as database, converted(self.path, "cannot be read"):
                database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                try:
                    check_identity(database, self.path, ALERTS)
                except DamagedError:
                    return False
                except (ForeignError, StoreError):
                    return True
        except (StoreError, OSError):
            pass
        return False

    def _damage(self) -> str | None:
        """What is damaged about the file; None when nothing is, or nothing is there."""
        if not self.path.exists():
            return None
        try:
            with closing(open_reader(self.path, self._connect)) as database, converted(self.path, "cannot be read"):
                check_identity(database, self.path, ALERTS)
                return first_damage(database) if self.path.stat().st_size <= CHECK_BELOW_BYTES else None
        except DamagedError as error:
            return str(error).removeprefix(f"{self.path}: ")

    def _begun_anew(self, damage: str) -> sqlite3.Connection:
        """Set a damaged file aside; the new one is made whole beside it, and takes its place by a rename."""
        made, aside = self.path.with_name(f"{self.path.name}.new"), free_name(self.path, self._date)
        removed(made)
        with closing(open_database(made, self._connect)) as database:
            unread = self._rescue(database)
        if log_path(self.path).exists():
            log_path(self.path).rename(log_path(aside))
        self.path.with_name(f"{self.path.name}-shm").unlink(missing_ok=True)
        self.path.rename(aside)
        made.rename(self.path)
        sync_folder(self.path.parent)
        kept = "all its rows could be read" if unread is None else f"what could be read of it was kept ({unread})"
        self.set_aside = f"{self.path} was damaged ({damage}): it is {aside.name} now, and {kept}"
        log.error("%s", self.set_aside)
        return open_database(self.path, self._connect)

    def _rescue(self, target: sqlite3.Connection) -> str | None:
        """Copy each row that can be read, the newest first; what could not be is said, None when all could."""
        unread = []
        target.execute("BEGIN")
        with (
            suppress(sqlite3.Error),
            closing(sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)) as old,
        ):
            for table in TABLES:
                try:
                    _copy(old, target, table, "DESC")
                except (sqlite3.Error, UnicodeDecodeError):
                    unread.append(table)
                    # From the other end, up to the same place.
                    with suppress(sqlite3.Error, UnicodeDecodeError):
                        _copy(old, target, table, "ASC")
        target.execute("COMMIT")
        return f"not all of: {', '.join(unread)}" if unread else None

    # Without the disk

    def _say(self, why: str) -> None:
        self.trouble = f"{why}: alerts are kept in memory until it can be written"
        log.error("%s", self.trouble)

    def _in_memory(self) -> sqlite3.Connection:
        self._tried_mono = self._monotonic()
        database = open_database(None)
        if self.path.exists():
            self._rescue(database)
        return database

    def _leave(self, error: StoreError) -> None:
        """Go on in memory, from what the disk has."""
        self._say(str(error))
        with suppress(sqlite3.Error):
            self._database.close()
        self._database = self._in_memory()
        if isinstance(error, DamagedError):
            self._return()

    def _settle(self) -> None:
        """Put what is in memory on the disk when it is time to try: whoever looks next does it."""
        if self.trouble is not None and self._monotonic() - self._tried_mono >= RETRY_S:
            self._return()

    def _return(self) -> None:
        """Put on the disk what differs, in one transaction, and go on there; stay in memory when it cannot be."""
        self._tried_mono = self._monotonic()
        disk = None
        try:
            damage = self._damage()
            disk = open_database(self.path, self._connect) if damage is None else self._begun_anew(damage)
            with converted(self.path, "the alerts cannot be written"):
                disk.execute("BEGIN IMMEDIATE")
                for table in TABLES:
                    self._put_back(disk, table)
                disk.execute("COMMIT")
        except (StoreError, OSError) as error:
            if disk is not None:
                disk.close()
            log.warning("%s", error)
            return
        self._database.close()
        self._database = disk
        self.trouble = None
        log.warning("%s takes alerts again", self.path)

    def _put_back(self, disk: sqlite3.Connection, table: str) -> None:
        query = f"SELECT * FROM {table} ORDER BY number"  # noqa: S608 - the names of TABLES
        there = {row[0]: row for row in disk.execute(query)}
        rows = [row for row in self._database.execute(query) if there.get(row[0]) != row]
        # The end of one alert before the beginning of the next about the same: only one of them may be open.
        rows.sort(key=lambda row: row[0])
        for row in rows:
            marks = ", ".join("?" * len(row))
            disk.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)  # noqa: S608 - the names of TABLES


def _copy(old: sqlite3.Connection, target: sqlite3.Connection, table: str, order: str) -> None:
    for row in old.execute(f"SELECT * FROM {table} ORDER BY number {order}"):  # noqa: S608 - the names of TABLES
        marks = ", ".join("?" * len(row))
        # A damaged row may break a rule of its table: it is left out, the others are not.
        target.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row)  # noqa: S608 - the names of TABLES
