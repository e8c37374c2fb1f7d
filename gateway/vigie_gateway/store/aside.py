"""A damaged file set aside, and another one begun in its place. Called by ``sqlite`` at start and when damage is met.

The new file is made whole beside the old one, and takes its place by a rename: whenever the process is killed or the
power cut, there is either the old file or the new one, and the old one is never written to again. What of the old one
is small and decides what nodes are told (series, progress) goes into the new file at once; ``salvage`` fetches the
rest later.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from vigie_gateway.store import StoreError
from vigie_gateway.store.pages import Field, Pages
from vigie_gateway.store.schema import Connect, check_identity, converted, open_reader, open_writer

log = logging.getLogger(__name__)

SCAN_PAGES = 16_384
"""Pages looked at for series and progress before the start goes on, where SQLite cannot read them (16 MB: about 2 s on
a Pi). Lower misses a series that was registered late; higher delays the start beyond ten seconds."""

_SERIES = ("text", "text", "text", "real", "text?", "text", "text", "integer")
_PROGRESS = ("text", "text", "integer")
_GAP = ("text", "text", "integer", "integer", "text", "integer")
_CORRECTION = ("integer", "text", "text", "integer", "integer?", "integer?", "text", "text")
_REHEARSAL = (
    "text", "integer", "text", "text?", "text", "real", "real", "integer", "integer", "text", "integer?", "text",
    "text", "text?",
)  # fmt: skip
_CURSOR = ("text", "integer", "integer?", "integer?", "integer")
_SALVAGE = ("text", "text", "integer", "integer?", "integer", "integer", "integer")
_HEAD = ("integer", "integer", "real?", "text?", "real?")
_TYPES: dict[str, tuple[type, ...]] = {"text": (str,), "integer": (int,), "real": (int, float), "blob": (bytes,)}


@dataclass
class Remains:
    """The small tables of a file, as their rows.

    Attributes:
        series: With its id, as all rows of tables that have one.
        progress: By (node, journal).
        log: What of the log is known to be whole, because it is in memory; ``salvage`` looks for the rest.
    """

    series: dict[int, tuple[Field, ...]] = field(default_factory=dict)
    head: dict[int, tuple[Field, ...]] = field(default_factory=dict)
    gap: dict[int, tuple[Field, ...]] = field(default_factory=dict)
    correction: dict[int, tuple[Field, ...]] = field(default_factory=dict)
    rehearsal: dict[int, tuple[Field, ...]] = field(default_factory=dict)
    retained: list[tuple[Field, ...]] = field(default_factory=list)
    cursor: list[tuple[Field, ...]] = field(default_factory=list)
    salvage: list[tuple[Field, ...]] = field(default_factory=list)
    progress: dict[tuple[str, str], int] = field(default_factory=dict)
    log: list[tuple[Field, ...]] = field(default_factory=list)

    def advance(self, node: str, journal: str, upto: int) -> None:
        """Take a progress, when it is the furthest one."""
        self.progress[node, journal] = max(upto, self.progress.get((node, journal), 0))

    def take(self, row_id: int | None, fields: tuple[Field, ...]) -> None:
        """Take a row of a page when its form says which table it is of."""
        if row_id is None:
            if is_like(fields, _PROGRESS):
                self.advance(*fields)  # type: ignore[arg-type]  # their types were just looked at
            elif is_like(fields, _CURSOR):
                self.cursor.append(fields)
            elif is_like(fields, _SALVAGE):
                self.salvage.append(fields)
        elif fields and fields[0] is None:
            tables = (
                (_SERIES, self.series), (_GAP, self.gap), (_HEAD, self.head), (_CORRECTION, self.correction),
                (_REHEARSAL, self.rehearsal),
            )  # fmt: skip
            for form, table in tables:
                if is_like(fields[1:], form):
                    table[row_id] = fields[1:]


def is_like(fields: tuple[Field, ...], form: tuple[str, ...]) -> bool:
    """Whether a row has these types; a question mark lets NULL be one."""
    return len(fields) == len(form) and all(
        isinstance(value, _TYPES[kind.rstrip("?")]) or (value is None and kind.endswith("?"))
        for value, kind in zip(fields, form, strict=True)
    )


def log_path(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def remains_of(path: Path, connect: Connect = sqlite3.connect) -> Remains:
    """What is left of the small tables of a damaged file: by SQLite, and by its first pages where that fails."""
    remains = Remains()
    try:
        with closing(open_reader(path, connect)) as database, converted(path, "could not be read"):
            _read_tables(database, remains)
            return remains
    except StoreError as error:
        log.warning("%s: its pages are read one by one", error)
    with closing(Pages(path, believable_log(path))) as pages:
        for number in range(1, min(pages.count, SCAN_PAGES) + 1):
            for row in pages.rows(number):
                remains.take(row.id, row.fields)
                if is_log(row.fields):
                    _take_progress(remains, row.fields[3])
    return remains


def believable_log(path: Path) -> Path | None:
    """The write-ahead log of a damaged file; None where the file is whole without it, so that the log is the damage."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as database:
            check_identity(database, path)
            if path.stat().st_size and database.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok":
                return None
    except (sqlite3.Error, StoreError, UnicodeDecodeError):  # see schema.converted
        pass
    return log_path(path)


def is_log(fields: tuple[Field, ...]) -> bool:
    """Whether a row is one of ``log``."""
    return is_like(fields[1:], ("integer", "integer", "text", "blob?")) and fields[0] is None


def _read_tables(database: sqlite3.Connection, remains: Remains) -> None:
    for name, table in (("series", remains.series), ("head", remains.head), ("gap", remains.gap)):
        for row_id, *fields in database.execute(f"SELECT * FROM {name}"):  # noqa: S608 - the three names above
            table[row_id] = tuple(fields)
    remains.retained = database.execute("SELECT * FROM retained").fetchall()
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_schema")}
    if "cursor" in tables:
        remains.cursor = database.execute("SELECT * FROM cursor").fetchall()
    if "salvage" in tables:
        remains.salvage = database.execute("SELECT * FROM salvage").fetchall()
    for name, table in (("correction", remains.correction), ("rehearsal", remains.rehearsal)):
        if name in tables:
            for row_id, *fields in database.execute(f"SELECT * FROM {name}"):  # noqa: S608 - the two names above
                table[row_id] = tuple(fields)
    for node, journal, upto in database.execute("SELECT * FROM progress"):
        remains.advance(node, journal, upto)
    for (progress,) in database.execute("SELECT progress FROM log"):
        _take_progress(remains, progress)


def _take_progress(remains: Remains, text: Field) -> None:
    with suppress(ValueError, TypeError):
        for node, journal, upto in json.loads(str(text)):
            remains.advance(str(node), str(journal), int(upto))


def begin(path: Path, connect: Connect = sqlite3.connect) -> None:
    """Make an empty file where there is none, whole at once.

    Raises:
        StoreError: It cannot be made.
    """
    made = path.with_name(f"{path.name}.new")
    if made.exists() and made.stat().st_size and not log_path(made).exists():
        # Killed between the two renames of ``begin_anew``: it is whole.
        made.rename(path)
        return
    removed(made)
    open_writer(made, connect).close()
    made.rename(path)


def begin_anew(path: Path, remains: Remains, reason: str, now_ts: float, connect: Connect = sqlite3.connect) -> Path:
    """Set the file aside, with its write-ahead log, and put one in its place that begins with ``remains``.

    Returns:
        Where the old one lies now.

    Raises:
        StoreError: There is no room, or the folder cannot be written: nothing was changed.
    """
    aside = free_name(path, datetime.fromtimestamp(now_ts, UTC).strftime("%Y-%m-%d"))
    made = path.with_name(f"{path.name}.new")
    removed(made)
    doing = "it is damaged, and another one could not be begun"
    with converted(path, doing), closing(open_writer(made, connect)) as database:
        database.execute("BEGIN IMMEDIATE")
        _insert(database, "series", ((number, *row) for number, row in remains.series.items()), 9)
        _insert(database, "head", ((number, *row) for number, row in remains.head.items()), 6)
        _insert(database, "gap", ((number, *row) for number, row in remains.gap.items()), 7)
        _insert(database, "correction", ((number, *row) for number, row in remains.correction.items()), 9)
        _insert(database, "rehearsal", ((number, *row) for number, row in remains.rehearsal.items()), 15)
        _insert(database, "retained", remains.retained, 4)
        _insert(database, "cursor", remains.cursor, 5)
        _insert(database, "progress", ((*key, upto) for key, upto in remains.progress.items()), 3)
        _insert(database, "log", remains.log, 5)
        # One that was damaged before this one, and is not all put back yet.
        _insert(database, "salvage", remains.salvage, 7)
        begun = (aside.name, reason, round(now_ts * 1000), None, 0, 0, 0)
        database.execute("INSERT OR REPLACE INTO salvage VALUES (?, ?, ?, ?, ?, ?, ?)", begun)
        database.execute("COMMIT")
    try:
        if log_path(path).exists():
            log_path(path).rename(log_path(aside))
        path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
        path.rename(aside)
        made.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: it is damaged and could not be set aside: {error.strerror}") from error
    log.error("%s is damaged (%s): set aside as %s, a new one is begun", path, reason, aside.name)
    return aside


def _insert(database: sqlite3.Connection, table: str, rows: Iterable[tuple[Field, ...]], columns: int) -> None:
    marks = ", ".join("?" * columns)
    # A damaged row may break a rule of its table: it is left out, the others are not.
    database.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows)  # noqa: S608 - names of this module


def free_name(path: Path, date: str) -> Path:
    """What a damaged file is called from now on: no file has that name."""
    names = (f"{path.name}.damaged-{date}{'' if number == 1 else f'.{number}'}" for number in count(1))
    return next(found for found in map(path.with_name, names) if not found.exists())


def removed(path: Path) -> None:
    """Let there be no such database."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let renames in a folder reach the disk."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
