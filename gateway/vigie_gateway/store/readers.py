"""The connections that queries read with: a few, each used by one thread at a time. Called by ``sqlite``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import LifoQueue

from vigie_gateway.store import DamagedError, StoreError
from vigie_gateway.store.codec import CodecError
from vigie_gateway.store.schema import Connect, converted, open_reader

READERS = 4
"""Connections to read with; the next reader waits. Lower queues pages behind a slow history; each costs 0.5 MB."""


class Readers:
    """A pool; ``reading`` may be entered from any thread."""

    def __init__(self, path: Path, connect: Connect, on_damage: Callable[[str], None]) -> None:
        self._path = path
        self._connect = connect
        self._on_damage = on_damage
        self._idle: LifoQueue[sqlite3.Connection | None] = LifoQueue()
        for _ in range(READERS):
            self._idle.put(None)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that sees one moment of the file."""
        database = self._idle.get()
        try:
            with converted(self._path, "could not be read"):
                if database is None:
                    database = open_reader(self._path, self._connect)
                database.execute("BEGIN")
                try:
                    yield database
                finally:
                    database.execute("ROLLBACK")
        except DamagedError as error:
            self._on_damage(str(error).removeprefix(f"{self._path}: "))
            raise
        except CodecError as error:
            raise StoreError(f"{self._path}: could not be read: a chunk is damaged: {error}") from error
        finally:
            self._idle.put(database)

    @contextmanager
    def kept_out(self) -> Iterator[None]:
        """Nobody reads inside, and who reads afterwards opens the file anew; those who read now end first."""
        taken = [self._idle.get() for _ in range(READERS)]
        try:
            for database in taken:
                if database is not None:
                    database.close()
            yield
        finally:
            for _ in taken:
                self._idle.put(None)

    def close(self) -> None:
        """Close what is idle."""
        while not self._idle.empty():
            database = self._idle.get_nowait()
            if database is not None:
                database.close()
