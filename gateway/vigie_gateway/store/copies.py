"""Copies of the database that were proved: made while the gateway runs, opened and checked before they count.

``upkeep`` makes one a day on its own thread; the commands ``backup`` and ``restore`` and an update of the file's schema
use the same. A copy is one file, without a write-ahead log, made under another name and renamed when it is right: what
bears a copy's name is one, whatever was killed.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date
from pathlib import Path

from vigie_gateway.store import StoreError
from vigie_gateway.store.aside import sync_folder
from vigie_gateway.store.companions import COMPANIONS
from vigie_gateway.store.schema import (
    MIGRATIONS,
    READINGS,
    Connect,
    FileKind,
    check_identity,
    converted,
    first_damage,
    open_reader,
    pragma,
)

log = logging.getLogger(__name__)

STEP_PAGES = 256
"""Pages copied before anybody is asked whether to go on (1 MB). Lower asks more often; higher stops later."""
SPARE_BYTES = 32 << 20
"""Left free beside a copy: commits go on while it is made. Lower lets a copy fill the disk."""
_DAILY = re.compile(r"vigie-\d{4}-\d\d-\d\d\.db")

Progress = Callable[[float], None]
"""Is told the share that is done, 0 to 1; what it raises ends the copy."""


def copy_database(source: Path, target: Path, progress: Progress, kind: FileKind = READINGS) -> None:
    """Make a checked copy of a database, also of one that is written to meanwhile: of one moment of it.

    Raises:
        StoreError: It could not be made, or is not right; nothing of it is left.
    """
    made = target.with_name(f"{target.name}.partial")
    try:
        _refuse_without_room(source, target.parent)
        made.unlink(missing_ok=True)
        os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with converted(made, "could not be copied"), closing(open_reader(source)) as reader:
            _copy(reader, made, progress)
        check_copy(made, kind)
        _sync_file(made)
        made.rename(target)
        sync_folder(target.parent)
    except OSError as error:
        raise StoreError(f"{target}: could not be made: {error.strerror}") from error
    finally:
        for name in (made.name, f"{made.name}-journal"):
            made.with_name(name).unlink(missing_ok=True)


def copy_with_companions(source: Path, target: Path, progress: Progress) -> None:
    """Copy a database, and the files beside it that go with it, each as it is in itself.

    Raises:
        StoreError: One of them could not be copied; where it is not the database, the others' copies are there.
    """
    copy_database(source, target, progress)
    troubles = []
    for companion in COMPANIONS:
        if companion.beside(source).exists():
            try:
                copy_database(companion.beside(source), companion.copy_of(target), lambda _share: None, companion.kind)
            except StoreError as error:
                troubles.append(error)
    if troubles:
        raise troubles[0]


def _copy(reader: sqlite3.Connection, made: Path, progress: Progress) -> None:
    # A transaction holds one moment of the file: without it each commit would begin the copy again.
    reader.execute("BEGIN")
    pragma(reader, "user_version")
    with closing(sqlite3.connect(made, isolation_level=None)) as copy:

        def tell(_status: int, remaining: int, total: int) -> None:
            progress(1 - remaining / max(1, total))

        reader.backup(copy, pages=STEP_PAGES, progress=tell)
        copy.execute("PRAGMA journal_mode = DELETE")


def _refuse_without_room(source: Path, folder: Path) -> None:
    needed = source.stat().st_size + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(f"{folder}: a copy needs {needed >> 20} MB free, there are {free >> 20}")


def check_copy(path: Path, kind: FileKind = READINGS) -> None:
    """Open a database that nobody writes to, and look at all of it.

    Raises:
        StoreError: Not a database of ours, of a newer Vigie, or damaged.
    """
    if not path.is_file():
        raise StoreError(f"{path}: there is no such file")
    uri = f"{path.absolute().as_uri()}?immutable=1"
    with converted(path, "could not be read"), closing(sqlite3.connect(uri, uri=True)) as database:
        check_identity(database, path, kind)
        if pragma(database, "user_version") == 0:
            raise StoreError(f"{path}: this is not a database of Vigie")
        damage = first_damage(database)
    if damage is not None:
        raise StoreError(f"{path}: it is damaged: {damage}")


def _sync_file(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def keep_before_update(path: Path, connect: Connect = sqlite3.connect) -> None:
    """Copy a file whose schema is older than ours, before it is changed; nothing when it is not.

    Raises:
        StoreError: The copy could not be made: the file is left as it is.
    """
    with converted(path, "could not be read"), closing(open_reader(path, connect)) as database:
        version = pragma(database, "user_version")
    if 0 < version < len(MIGRATIONS):
        kept = path.with_name(f"{path.name}.schema-{version}")
        log.info("%s is copied to %s before its tables are changed", path, kept.name)
        copy_database(path, kept, lambda _share: None)


class DailyCopies:
    """The copies of the last days, in their folder."""

    def __init__(self, folder: Path, kept: int) -> None:
        """Know the folder; it is made with the first copy.

        Args:
            folder: Where they are.
            kept: How many; 0 makes none.
        """
        self.folder = folder
        self.kept = kept

    def all(self) -> list[Path]:
        """Those that are there, the oldest first."""
        try:
            return sorted(found for found in self.folder.iterdir() if _DAILY.fullmatch(found.name))
        except OSError:
            return []

    def newest_day(self) -> date | None:
        """Of the newest; None when there is none."""
        found = self.all()
        return date.fromisoformat(found[-1].stem.removeprefix("vigie-")) if found else None

    def of(self, day: date) -> Path:
        """Where the copy of a day is, or will be."""
        return self.folder / f"vigie-{day.isoformat()}.db"

    def make(self, source: Path, day: date, progress: Progress) -> None:
        """Make a day's copy, and only then delete the oldest of more than are kept.

        Raises:
            StoreError: It could not be made; those that are there stay.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self.folder}: copies cannot be kept there: {error.strerror}") from error
        try:
            copy_with_companions(source, self.of(day), progress)
        finally:
            for old in self.all()[: -self.kept]:
                with suppress(OSError):
                    old.unlink()
                    for companion in COMPANIONS:
                        companion.copy_of(old).unlink(missing_ok=True)
