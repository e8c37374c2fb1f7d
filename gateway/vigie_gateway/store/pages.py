"""A damaged SQLite file read page by page, without SQLite: what a leaf page says of itself. Pure but for the reading.

``salvage`` calls it, on the writer thread, a few pages at a time. SQLite reaches a row through the pages above it, so
that one damaged page takes all below it away, and a damaged first page the whole file. A leaf page needs none of them:
it names its own cells, and each cell where its overflow goes on (https://www.sqlite.org/fileformat2.html).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PAGE_BYTES = 1024
"""Of every file of ours, see ``schema``; what a damaged header says of it is not asked."""
_HEADER_BYTES = 100
_TABLE_LEAF, _INDEX_LEAF = 0x0D, 0x0A
_CELLS_AT = 8
_MOST_CELLS = PAGE_BYTES // 4
_MOST_PAYLOAD = 1 << 24
"""A row of more bytes is damage: the largest commit takes some 2 MB."""
_LEAST_LOCAL = (PAGE_BYTES - 12) * 32 // 255 - 23
_MOST_LOCAL = {_TABLE_LEAF: PAGE_BYTES - 35, _INDEX_LEAF: (PAGE_BYTES - 12) * 64 // 255 - 23}
_WAL_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}
_WAL_HEADER_BYTES, _FRAME_HEADER_BYTES = 32, 24
_INTEGER_BYTES = (0, 1, 2, 3, 4, 6, 8)
_REAL, _ZERO, _ONE, _FIRST_BLOB = 7, 8, 9, 12

Field = int | float | str | bytes | None


class PageError(ValueError):
    """Bytes that SQLite would not have written."""


class Row(NamedTuple):
    """One row.

    Attributes:
        id: Its rowid; None in an index or a table without one.
        fields: As stored: an INTEGER PRIMARY KEY is None, a REAL without a fraction an int.
    """

    id: int | None
    fields: tuple[Field, ...]


class Pages:
    """The pages of a file, numbered from 1, with what its write-ahead log holds of them laid over.

    Attributes:
        unreadable: Rows that leaf pages name and that cannot be read, counted by ``rows``.
    """

    def __init__(self, path: Path, log: Path | None) -> None:
        """Open the file.

        Args:
            path: Of the file.
            log: Its write-ahead log; None when there is none, or it is not to be believed.

        Raises:
            OSError: It cannot be read.
        """
        self._file = path.open("rb")
        self._laid_over = {} if log is None or not log.exists() else committed_frames(log.read_bytes())
        size = os.fstat(self._file.fileno()).st_size
        self.count = max(-(-size // PAGE_BYTES), *self._laid_over, 0)
        self.unreadable = 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def page(self, number: int) -> bytes:
        """The bytes of a page; PageError when there is no such page, or not all of it."""
        found = self._laid_over.get(number)
        if found is None:
            found = os.pread(self._file.fileno(), PAGE_BYTES, (number - 1) * PAGE_BYTES) if number > 0 else b""
            if len(found) < PAGE_BYTES:
                raise PageError(f"page {number} is cut short")
        return found

    def rows(self, number: int) -> Iterator[Row]:
        """What can be read of a page when it is a leaf; nothing when it is something else."""
        try:
            page = self.page(number)
            at = _HEADER_BYTES if number == 1 else 0
            kind, cells = page[at], int.from_bytes(page[at + 3 : at + 5], "big")
            if kind not in _MOST_LOCAL or cells > _MOST_CELLS:
                return
            places = struct.unpack_from(f">{cells}H", page, at + _CELLS_AT)
        except (PageError, struct.error):
            return
        for place in places:
            try:
                yield self._row(page, kind, place)
            except (PageError, IndexError, struct.error, UnicodeDecodeError, OverflowError):
                self.unreadable += 1

    def _row(self, page: bytes, kind: int, place: int) -> Row:
        size, place = _varint(page, place)
        row_id: int | None = None
        if kind == _TABLE_LEAF:
            row_id, place = _varint(page, place)
        if size > _MOST_PAYLOAD:
            raise PageError(f"a row of {size} bytes")
        return Row(row_id, _record(self._payload(page, kind, place, size)))

    def _payload(self, page: bytes, kind: int, place: int, size: int) -> bytes:
        if size <= _MOST_LOCAL[kind]:
            return page[place : place + size]
        local = _LEAST_LOCAL + (size - _LEAST_LOCAL) % (PAGE_BYTES - 4)
        if local > _MOST_LOCAL[kind]:
            local = _LEAST_LOCAL
        parts = [page[place : place + local]]
        number = int.from_bytes(page[place + local : place + local + 4], "big")
        missing = size - local
        while missing > 0:
            overflow = self.page(number)
            parts.append(overflow[4 : 4 + missing])
            missing -= PAGE_BYTES - 4
            number = int.from_bytes(overflow[:4], "big")
        return b"".join(parts)


def _varint(page: bytes, place: int) -> tuple[int, int]:
    """A number of 1 to 9 bytes, and where it ends."""
    number = 0
    for _ in range(8):
        byte = page[place]
        place += 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004 - seven bits a byte
            return number, place
    return number << 8 | page[place], place + 1


def _record(payload: bytes) -> tuple[Field, ...]:
    end, place = _varint(payload, 0)
    if end > len(payload):
        raise PageError("a row is cut short")
    kinds = []
    while place < end:
        kind, place = _varint(payload, place)
        kinds.append(kind)
    fields: list[Field] = []
    for kind in kinds:
        field, place = _field(payload, place, kind)
        fields.append(field)
    if place != len(payload):
        raise PageError("a row is longer than what it holds")
    return tuple(fields)


def _field(payload: bytes, place: int, kind: int) -> tuple[Field, int]:
    if kind >= _FIRST_BLOB:
        end = place + (kind - _FIRST_BLOB) // 2
        if end > len(payload):
            raise PageError("a field is cut short")
        return (payload[place:end].decode() if kind % 2 else payload[place:end]), end
    if kind == 0:
        return None, place
    if kind in {_ZERO, _ONE}:
        return kind - _ZERO, place
    if kind == _REAL:
        return struct.unpack_from(">d", payload, place)[0], place + 8
    if kind >= len(_INTEGER_BYTES):
        raise PageError(f"a field of kind {kind}")
    end = place + _INTEGER_BYTES[kind]
    return int.from_bytes(payload[place:end], "big", signed=True), end


def committed_frames(log: bytes) -> dict[int, bytes]:
    """The newest committed version of each page in a write-ahead log; what follows a wrong checksum never was.

    https://www.sqlite.org/walformat.html
    """
    if len(log) < _WAL_HEADER_BYTES or int.from_bytes(log[:4], "big") not in _WAL_MAGIC:
        return {}
    order = _WAL_MAGIC[int.from_bytes(log[:4], "big")]
    salts, page_bytes = log[16:24], int.from_bytes(log[8:12], "big")
    sums = _sums(order, log[:24], (0, 0))
    if page_bytes != PAGE_BYTES or sums != struct.unpack_from(">2I", log, 24):
        return {}
    committed: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    step = _FRAME_HEADER_BYTES + PAGE_BYTES
    for place in range(_WAL_HEADER_BYTES, len(log) - step + 1, step):
        head, page = log[place : place + _FRAME_HEADER_BYTES], log[place + _FRAME_HEADER_BYTES : place + step]
        number, pages_after = struct.unpack_from(">2I", head)
        sums = _sums(order, page, _sums(order, head[:8], sums))
        if head[8:16] != salts or sums != struct.unpack_from(">2I", head, 16):
            break
        waiting[number] = page
        if pages_after:
            committed.update(waiting)
            waiting.clear()
    return committed


def _sums(order: str, data: bytes, before: tuple[int, int]) -> tuple[int, int]:
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = first + even + second & 0xFFFFFFFF
        second = second + odd + first & 0xFFFFFFFF
    return first, second
