"""A copy put in the place of the database; what was there is kept aside. Called by the command ``restore``."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

from vigie_gateway.alerts.book_schema import ALERTS, forget_waiting
from vigie_gateway.store import StoreError
from vigie_gateway.store.aside import log_path, sync_folder
from vigie_gateway.store.companions import COMPANIONS, Companion
from vigie_gateway.store.copies import Progress, check_copy, copy_database
from vigie_gateway.store.lock import StoreLock
from vigie_gateway.store.schema import READINGS, FileKind, damage_of


class RestoredCompanion(NamedTuple):
    """What became of a file that goes with the database.

    Attributes:
        name: What it holds.
        copy: Where its copy would be.
        is_there: Whether it was; if not, the file stays as it is.
        aside: Where the replaced one is now; None when none was replaced.
    """

    name: str
    copy: Path
    is_there: bool
    aside: Path | None


class Restored(NamedTuple):
    """What was put back.

    Attributes:
        aside: Where the replaced database is now; None when there was none.
        companions: What became of each file that goes with it.
    """

    aside: Path | None
    companions: tuple[RestoredCompanion, ...]


def restore(source: Path, path: Path, now_ts: float, progress: Progress) -> Restored:
    """Let the database at ``path`` be a copy of ``source``, and its companions what lies beside that.

    A companion without a copy stays as it is. What waited to be told when the copy was made is told to
    nobody any more: it was, or is long over.

    Killed at any moment, ``path`` is either what it was or the copy, and what it was is beside it.

    Raises:
        InUseError: A gateway runs.
        StoreError: The copy is not right, or there is no room: nothing was changed.
    """
    check_copy(source)
    for companion in COMPANIONS:
        if companion.copy_of(source).exists():
            check_copy(companion.copy_of(source), companion.kind)
    with closing(_Lock(path)):
        aside = _replace(source, path, now_ts, progress, READINGS)
        return Restored(aside, tuple(_with(companion, source, path, now_ts) for companion in COMPANIONS))


def _with(companion: Companion, source: Path, path: Path, now_ts: float) -> RestoredCompanion:
    copy = companion.copy_of(source)
    if not copy.exists():
        return RestoredCompanion(companion.name, copy, is_there=False, aside=None)
    aside = _replace(copy, companion.beside(path), now_ts, lambda _share: None, companion.kind)
    return RestoredCompanion(companion.name, copy, is_there=True, aside=aside)


def _replace(source: Path, path: Path, now_ts: float, progress: Progress, kind: FileKind) -> Path | None:
    made = path.with_name(f"{path.name}.restoring")
    copy_database(source, made, progress, kind)
    try:
        if kind is ALERTS:
            forget_waiting(made)
        _give_to_owner(made, path)
        aside = _keep(path, now_ts) if path.exists() else None
        made.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: could not be replaced: {error.strerror}") from error
    finally:
        made.unlink(missing_ok=True)
    return aside


class _Lock(StoreLock):
    def close(self) -> None:
        """For ``closing``."""
        self.release()


def _keep(path: Path, now_ts: float) -> Path:
    """Give the database a second name. No write-ahead log may meet another file: a whole one is taken into its own."""
    with suppress(StoreError, sqlite3.Error):
        if damage_of(path) is None:
            with closing(sqlite3.connect(path, isolation_level=None)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    stamp = datetime.fromtimestamp(now_ts, UTC).strftime("%Y-%m-%d")
    names = (f"{path.name}.replaced-{stamp}{'' if number == 1 else f'.{number}'}" for number in count(1))
    aside = next(found for found in map(path.with_name, names) if not found.exists())
    os.link(path, aside)
    if log_path(path).exists():
        log_path(path).rename(log_path(aside))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    return aside


def _give_to_owner(made: Path, path: Path) -> None:
    """Typed by root, the database still belongs to the gateway's user."""
    owner = (path if path.exists() else path.parent).stat()
    with suppress(PermissionError):
        os.chown(made, owner.st_uid, owner.st_gid)
        lock = path.with_name(f"{path.name}.lock")
        if lock.exists():
            os.chown(lock, owner.st_uid, owner.st_gid)
    if path.exists():
        shutil.copymode(path, made)
