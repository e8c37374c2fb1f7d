"""The store's file and its connections: opening, transactions, what is done on a full disk and on damage.

Built by ``SqliteStore``, whose writer thread it serves; ``reading`` may be entered from any thread. Whatever knows that
there is a disk under the store is here and in what this calls.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeVar

from vigie_gateway.store import DiskFullError, StoreError
from vigie_gateway.store.aside import Remains, begin, begin_anew
from vigie_gateway.store.ballast import Ballast
from vigie_gateway.store.copies import keep_before_update
from vigie_gateway.store.lock import StoreLock
from vigie_gateway.store.readers import Readers
from vigie_gateway.store.schema import Connect, converted, damage_of, open_writer

_Result = TypeVar("_Result")


class StoreFile:
    """One open file, locked against other processes.

    Attributes:
        path: Where it is.
        ballast: Room for a full disk.
        damage: What a query or a check found damaged; None when nothing. Set from any thread.
        written_mono: When the last transaction was on disk, by ``time.monotonic``.
    """

    def __init__(self, path: Path, connect: Connect, ballast_bytes: int) -> None:
        """Take the lock; nothing is opened yet.

        Raises:
            InUseError: Another process has it.
            StoreError: The folder is not there or cannot be written.
        """
        self.path = path
        self.connect = connect
        self.ballast = Ballast(path, ballast_bytes)
        self.damage: str | None = None
        self.written_mono = time.monotonic()
        self._lock = StoreLock(path)
        self._readers = Readers(path, connect, self.found_damaged)
        self._database: sqlite3.Connection | None = None

    def open(self) -> str | None:
        """Open it, made when absent; or say what is damaged about it, and leave it closed.

        Raises:
            StoreError: See ``open_store``.
        """
        damage = damage_of(self.path, self.connect)
        if damage is None:
            self.with_room(self._open)
        return damage

    def _open(self) -> None:
        if self.path.exists():
            keep_before_update(self.path, self.connect)
        else:
            begin(self.path, self.connect)
        self._database = open_writer(self.path, self.connect)

    def replace(self, remains_of: Callable[[], Remains], reason: str, now_ts: float) -> None:
        """Set the damaged file aside and open one that begins with what ``remains_of`` gives, while nobody reads.

        Raises:
            StoreError: It could not be done: the file is as it was, and open.
        """
        self.damage = reason
        with self._readers.kept_out():
            self._close_writer()
            try:
                remains = remains_of()
                self.with_room(lambda: begin_anew(self.path, remains, reason, now_ts, self.connect))
                self.damage = None
            finally:
                self._open()

    def found_damaged(self, reason: str) -> None:
        """Note what was found damaged; from any thread."""
        self.damage = reason

    @property
    def writer(self) -> sqlite3.Connection:
        """The writer's connection."""
        if self._database is None:
            raise StoreError(f"{self.path}: it is closed")
        return self._database

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection that sees one moment of the file."""
        return self._readers.reading()

    @contextmanager
    def transaction(self, doing: str) -> Iterator[sqlite3.Connection]:
        """A durable write, or none: what raises inside, or in the commit itself, is rolled back."""
        with converted(self.path, doing):
            database = self.writer
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
            self.written_mono = time.monotonic()

    def with_room(self, work: Callable[[], _Result]) -> _Result:
        """Do it; when the disk is full, once more with the ballast's room."""
        try:
            return work()
        except DiskFullError:
            if not self.ballast.free():
                raise
            return work()

    def close(self) -> None:
        """Close it and let others have it."""
        self._readers.close()
        self._close_writer()
        self._lock.release()

    def _close_writer(self) -> None:
        if self._database is not None:
            self._database.close()
            self._database = None
