"""A disk whose power can be cut: an SQLite VFS that knows which writes were synced, and what a cut would leave.

SQLite writes through it to real files; beside each, what would still be there without power: the bytes as of its last
sync, and the writes since, of which a cut keeps some. Nothing is disturbed by a cut: its files are written elsewhere,
while the store goes on, so that one run gives as many cuts as wanted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import apsw

SECTOR = 512
Mode = Literal["prefix", "subset", "torn"]


class Write(NamedTuple):
    """Bytes at a place; None cuts the file there."""

    at: int
    data: bytes | None


@dataclass
class Medium:
    """One file, as the disk has it."""

    durable: bytearray
    waiting: list[Write] = field(default_factory=list)

    def sync(self) -> None:
        """All that was written is on the disk."""
        for write in self.waiting:
            apply(self.durable, write)
        self.waiting.clear()

    def after_cut(self, chance: random.Random, mode: Mode) -> bytes:
        """What is there when the power comes back: the first of the waiting writes, any of them, or sectors of any."""
        left = bytearray(self.durable)
        if mode == "prefix":
            kept = self.waiting[: chance.randint(0, len(self.waiting))]
        elif mode == "subset":
            kept = [write for write in self.waiting if chance.random() < 0.5]
        else:
            kept = [part for write in self.waiting for part in sectors(write) if chance.random() < 0.5]
        for write in kept:
            apply(left, write)
        return bytes(left)


def apply(content: bytearray, write: Write) -> None:
    if write.data is None:
        del content[write.at :]
        return
    if len(content) < write.at:
        content.extend(bytes(write.at - len(content)))
    content[write.at : write.at + len(write.data)] = write.data


def sectors(write: Write) -> list[Write]:
    if write.data is None:
        return [write]
    return [Write(write.at + start, write.data[start : start + SECTOR]) for start in range(0, len(write.data), SECTOR)]


class Disk(apsw.VFS):
    """The VFS.

    Attributes:
        operations: Writes, syncs and deletions so far.
        before: Called before each of them.
        keeps_promises: False makes a sync do nothing, as some cards do.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.media: dict[str, Medium] = {}
        self.operations = 0
        self.before: Callable[[], None] = lambda: None
        self.keeps_promises = True
        super().__init__(name, "", maxpathname=1024)

    def count(self) -> None:
        self.before()
        self.operations += 1

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802 - SQLite's names
        return _File(self, name, flags)

    def xDelete(self, path: str, sync_folder: bool) -> None:  # noqa: N802
        self.count()
        super().xDelete(path, sync_folder)
        self.media.pop(path, None)

    def cut(self, folder: Path, chance: random.Random, mode: Mode) -> None:
        """Write what a cut at this moment leaves into a folder."""
        folder.mkdir()
        for path, medium in self.media.items():
            (folder / Path(path).name).write_bytes(medium.after_cut(chance, mode))

    def connect(self, target: Path | str, **options: Any) -> Any:
        """In the place of ``sqlite3.connect``."""
        is_read_only = "mode=ro" in str(target)
        may = apsw.SQLITE_OPEN_READONLY if is_read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        return Connection(str(target), flags=may | apsw.SQLITE_OPEN_URI, vfs=self.name)


class _File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._medium = Medium(bytearray())
        if path:
            content = Path(path).read_bytes() if Path(path).exists() else b""
            self._medium = disk.media.setdefault(path, Medium(bytearray(content)))
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._disk.count()
        super().xWrite(data, offset)
        self._medium.waiting.append(Write(offset, bytes(data)))

    def xTruncate(self, size: int) -> None:  # noqa: N802
        super().xTruncate(size)
        self._medium.waiting.append(Write(size, None))

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._disk.count()
        super().xSync(flags)
        if self._disk.keeps_promises:
            self._medium.sync()


class Connection(apsw.Connection):
    """With what ``sqlite3.Connection`` does otherwise."""

    def close(self, force: bool = False) -> None:
        """The last reader asks for a lock that its file, open to read, cannot have: SQLite goes on, apsw raises."""
        with suppress(apsw.IOError):
            super().close(force)

    def executescript(self, script: str) -> None:
        self.execute(script)
