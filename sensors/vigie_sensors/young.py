"""What is too young for the card: readings in a file in memory, which outlives the process but not the machine.

A gateway acknowledges within seconds, as a rule: of what is written to the card before that, nothing is ever read. So
the journal keeps each reading here first, under its lock, and moves to its file on the card only what nobody has
acknowledged within a minute, or at a stop (see ``journal``).

The file is text, a line for each reading, appended by one ``write``: kill -9 leaves a whole line or the last one cut,
and a reading counts as taken when its line is whole. Its first line says whose it is. There is no fsync: a file that a
power cut left on a disk after all is of another boot, and is not believed.
"""

from __future__ import annotations

import json
import logging
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

Row = tuple[int, int, float, float, int, int, float | None, str | None]
"""Of a reading: number, channel, at_ts, at_mono, boot, is_dated, value, reason."""

_IN_MEMORY = frozenset({"tmpfs", "ramfs"})
_ROW_FIELDS = 8
_MOUNTS = Path("/proc/self/mountinfo")
_SHARED_FOLDER = Path("/dev/shm")  # noqa: S108 - the folder made in it is checked for whose it is

_log = logging.getLogger(__name__)


class Head(NamedTuple):
    """The first line.

    Attributes:
        session: Of the journal's file when it began this one: another session's readings are none of its own.
        boot: The kernel's boot id.
        floor: Least number that the journal held when this file was begun.
        last: Greatest number that it had given then.
    """

    session: str
    boot: str
    floor: int
    last: int


class YoungFile:
    """The file, open for writing. The journal calls under its lock; every method but ``remove`` raises OSError."""

    def __init__(self, path: Path, head: Head, rows: Sequence[Row]) -> None:
        """Begin anew with ``rows``: what was in the file before is there until all of them are."""
        self._path = path
        self._file = -1
        self.lines = 0
        self.rewrite(head, rows)

    def rewrite(self, head: Head, rows: Sequence[Row]) -> None:
        """Leave out what is no longer needed."""
        coming = self._path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(coming, flags, 0o600)
        try:
            _write(file, [head, *rows])
            coming.replace(self._path)
        except BaseException:
            os.close(file)
            coming.unlink(missing_ok=True)
            raise
        self._close()
        self._file, self.lines = file, len(rows)

    def append(self, rows: Sequence[Row]) -> None:
        """Keep these; when it raises, the last of them may be cut."""
        _write(self._file, rows)
        self.lines += len(rows)

    def remove(self) -> None:
        """The card has everything: nobody may find it here again."""
        self._path.unlink(missing_ok=True)
        self._close()

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def read_young(path: Path, session: str, boot: str) -> tuple[Head, list[Row]] | None:
    """What a process that is gone left; None when it is not of this session and boot, or is not there.

    A last line that is cut, and whatever could follow it, was never taken.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return None
    head = _fields(lines[0])
    if head is None or len(head) != len(Head._fields) or head[:2] != [session, boot]:
        return None
    rows: list[Row] = []
    for line in lines[1:-1]:
        fields = _fields(line)
        if fields is None or len(fields) != _ROW_FIELDS or (rows and fields[0] != rows[-1][0] + 1):
            break
        rows.append(tuple(fields))
    return Head(*head), rows


def choose_folder(configured: Path | None) -> Path | None:
    """The folder in memory for what is young; None, and one line in the log, when there is none.

    Args:
        configured: The only one to consider; None for the first that will do of systemd's runtime folder,
            ``/dev/shm`` and the user's runtime folder.
    """
    candidates = [configured] if configured is not None else _usual_folders()
    for folder in candidates:
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            if _is_private(folder) and is_in_memory(folder):
                return folder
        except OSError:
            continue
    _log.warning(
        "no folder in memory for young readings (%s): each is written to the card, which wears it",
        ", ".join(map(str, candidates)),
    )
    return None


def is_in_memory(folder: Path) -> bool:
    """Whether the file system that a folder is on is memory."""
    place = folder.resolve()
    point, kind = Path("/"), ""
    for line in _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        mount, _, system = line.partition(" - ")
        mounted = Path(mount.split(" ")[4].replace("\\040", " "))
        if place.is_relative_to(mounted) and len(mounted.parts) >= len(point.parts):
            point, kind = mounted, system.split(" ")[0]  # of two on one point the later covers the former
    return kind in _IN_MEMORY


def _usual_folders() -> list[Path]:
    own = f"vigie-sensors-{os.geteuid()}"
    given = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    # The user's runtime folder comes last: it goes when the user's last session ends.
    user = os.environ.get("XDG_RUNTIME_DIR", "")
    return [*([Path(given)] if given else []), _SHARED_FOLDER / own, *([Path(user) / own] if user else [])]


def _is_private(folder: Path) -> bool:
    """Whether nobody else can put a file there: ``/dev/shm`` is everybody's."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o022


def _fields(line: bytes) -> list[Any] | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, list) else None


def _write(file: int, lines: Sequence[Sequence[object]]) -> None:
    data = b"".join([json.dumps(line, separators=(",", ":")).encode() + b"\n" for line in lines])
    if os.write(file, data) != len(data):
        raise OSError(f"only a part of {len(data)} bytes was written")
