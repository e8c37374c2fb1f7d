"""Whether the folder of the database is there, can be written and has room, and the database is ours and whole."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

from vigie_gateway.doctor.findings import AS_ROOT, Finding
from vigie_gateway.store import StoreError
from vigie_gateway.store.copies import DailyCopies
from vigie_gateway.store.probe import probe_write
from vigie_gateway.store.schema import damage_of

LEAST_FREE_MB = 64
"""Below it a commit may fail any moment: a write-ahead log, a seal and what else writes there share it."""
LOW_FREE_MB = 512
"""Half a year of 100 channels. Lower tells of a filling card too late to buy another."""
OLD_COPY_DAYS = 2
"""A copy may miss one night, of a machine that was off. Lower warns of that; higher tells late that copies fail."""
_MB = 1024 * 1024


def folder_findings(database: Path) -> list[Finding]:
    """The folder that ``[store] path`` names."""
    folder = database.parent
    try:
        is_there = folder.is_dir()
        free_mb = shutil.disk_usage(folder).free // _MB if is_there else 0
        is_there and database.exists()
    except PermissionError:
        return [Finding("store", "warn", f"{folder} may not be looked at by this user", AS_ROOT)]
    if not is_there:
        text = f"{folder}, the folder of the database, is not there"
        return [Finding("store", "fail", text, f"sudo install -d -o vigie-gateway -g vigie-gateway -m 700 {folder}")]
    return [*_room(folder, free_mb), *_written(folder)]


def _room(folder: Path, free_mb: int) -> list[Finding]:
    text = f"{free_mb} MB are free for {folder}"
    if free_mb < LEAST_FREE_MB:
        remedy = "delete what is not needed there: readings stay on their nodes until there is room"
        return [Finding("store", "fail", f"{text}, expected at least {LEAST_FREE_MB}", remedy)]
    if free_mb < LOW_FREE_MB:
        return [Finding("store", "warn", f"{text}, expected at least {LOW_FREE_MB}", "make room, or use a larger card")]
    return [Finding("store", "pass", text)]


def _written(folder: Path) -> list[Finding]:
    try:
        probe_write(folder)
    except PermissionError:
        return [Finding("store", "warn", f"{folder} may not be written by this user: not tried", AS_ROOT)]
    except OSError as error:
        text = f"{folder} cannot be written: {error.strerror}"
        remedy = "dmesg says why; a card that went read-only is worn out: restore a backup on a new one"
        return [Finding("store", "fail", text, remedy)]
    return [Finding("store", "pass", f"{folder} takes a write to the disk")]


def database_findings(path: Path) -> list[Finding]:
    """The file itself, without changing it, and what was set aside beside it."""
    try:
        if not path.exists():
            return [Finding("store", "pass", f"{path} is not there yet: the gateway makes it when it first starts")]
        damage, size_mb = damage_of(path), path.stat().st_size / _MB
        aside = sorted(path.parent.glob(f"{path.name}.damaged-*"))
    except PermissionError:
        return [Finding("store", "warn", f"{path} may not be looked at by this user", AS_ROOT)]
    except StoreError as error:
        remedy = "name another file in [store] path, or update Vigie: this one is left alone"
        return [Finding("store", "fail", str(error), remedy)]
    if damage is not None:
        remedy = "sudo systemctl restart vigie-gateway: it sets the file aside, goes on, and salvages what it can"
        return [Finding("store", "fail", f"{path} is damaged: {damage}", remedy)]
    found = [Finding("store", "pass", f"{path} is a database of Vigie, {size_mb:.1f} MB")]
    whole = [name for name in aside if not name.name.endswith(("-wal", "-shm"))]
    for name in whole:
        text = f"{name} was set aside because it was damaged"
        found.append(
            Finding("store", "warn", text, "docs/store.md, A damaged file; delete it when it is of no more use")
        )
    return found


def copy_findings(copies: DailyCopies, today: date) -> list[Finding]:
    """The daily copies of the database."""
    if not copies.kept:
        text = "no daily copies are kept: [store] copies_kept is 0"
        return [Finding("store", "warn", text, "keep some, or copy the database elsewhere: docs/store.md, Backup")]
    newest = copies.newest_day()
    if newest is None:
        return [Finding("store", "pass", f"no daily copy is in {copies.folder} yet: the gateway makes one a night")]
    days = (today - newest).days
    text = f"the newest daily copy in {copies.folder} is of {newest}"
    if days > OLD_COPY_DAYS:
        remedy = "journalctl -u vigie-gateway says why none was made since"
        return [Finding("store", "warn", f"{text}, {days} days ago", remedy)]
    return [Finding("store", "pass", text)]
