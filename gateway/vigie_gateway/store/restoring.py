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
from vigie_gateway.store.copies import Progress, alerts_beside, alerts_copy, check_copy, copy_database
from vigie_gateway.store.lock import StoreLock
from vigie_gateway.store.schema import READINGS, FileKind, damage_of


class Restored(NamedTuple):
    """What was put back.

    Attributes:
        aside: Where the replaced database is now; None when there was none.
        has_alerts: Whether the copy had the alerts beside it.
        alerts_aside: Where the replaced alerts are now; None when none were replaced.
    """

    aside: Path | None
    has_alerts: bool
    alerts_aside: Path | None


def restore(source: Path, path: Path, now_ts: float, progress: Progress) -> Restored:
    """Let the database at ``path`` be a copy of ``source``, and the alerts beside it what lies beside that.

    Without a copy of the alerts those that are there stay. What waited to be told when the copy was made is told to
    nobody any more: it was, or is long over.

    Killed at any moment, ``path`` is either what it was or the copy, and what it was is beside it.

    Raises:
        InUseError: A gateway runs.
        StoreError: The copy is not right, or there is no room: nothing was changed.
    """
    check_copy(source)
    alerts, alerts_aside = alerts_copy(source), None
    has_alerts = alerts.exists()
    if has_alerts:
        check_copy(alerts, ALERTS)
    with closing(_Lock(path)):
        aside = _replace(source, path, now_ts, progress, READINGS)
        if has_alerts:
            alerts_aside = _replace(alerts, alerts_beside(path), now_ts, lambda _share: None, ALERTS)
    return Restored(aside, has_alerts, alerts_aside)


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
