"""What was measured and no gateway has stored yet: in RAM, and in files for what waits for long. Called by ``node``.

A number is given once, whatever happens: they are taken from the flash in blocks, before the first of a block is
used. What a power cut took is a hole that the gateway books as a gap. The files are a ring: when it is full the
oldest are let go, and ``floor`` says so.
"""

import os

from vigie_node import records
from vigie_node.files import replace
from vigie_node.records import SIZE, Record

BLOCK = 64
"""Numbers taken at once. Lower writes to the flash more often; higher makes the gap after a power cut look longer."""
SEGMENT_RECORDS = 128
"""Of one file: 3.3 kB, less than a block of the flash (4 kB). Higher keeps what is stored for longer; lower wastes
blocks."""
SPILL_MS = 60_000
"""What nobody has acknowledged for so long goes to the flash. Lower wears it at each short loss of the link; higher
loses more at a power cut."""


class Journal:
    """One node's journal.

    Attributes:
        id: Random, made with its folder.
        floor: Least number still held; one more than ``last`` when nothing is.
        last: Greatest number given.
        evicted: Readings let go without a gateway since the start.
    """

    def __init__(self, folder: str, new_id: str, ram_records: int = 600, segments: int = 64) -> None:
        """Open it, or make it.

        Args:
            folder: Its own; made where it is not.
            new_id: For one that is made now.
            ram_records: Held in RAM at most, 26 bytes each. Fewer go to the flash sooner.
            segments: Files at most; 64 are 8,192 readings: with six channels each ten seconds nearly four hours.
        """
        self._folder, self._most_segments = folder, segments
        self._ram = bytearray(ram_records * SIZE)
        self._most_ram = ram_records
        self.evicted = 0
        names = _made(folder)
        self.id = _text(folder + "/id", new_id if "id" not in names else None)
        self._segments = sorted(int(name[1:]) for name in names if name[0] == "s")
        self._next_block = int(_text(folder + "/next", "1" if "next" not in names else None))
        self.last = self._next_block - 1
        self._written = self._last_written()
        self.floor = self._segments[0] if self._segments else self._next_block
        self._ram_first = self._next_block  # number of the oldest in RAM; what is older is in a segment, or gone

    def add(self, channel: int, value: float | None, reason: str, at_ms: int, is_dated: bool, boot: int) -> int:
        """Keep a reading; its number."""
        number = self.last + 1
        if number >= self._next_block:
            replace(self._folder + "/next", str(number + BLOCK).encode())
            self._next_block = number + BLOCK
        if number - self._ram_first >= self._most_ram:
            self.spill(number)
            self._ram_first = number
        if self.is_empty():
            self.floor = number
        self.last = number
        record = Record(number, channel, value, reason, at_ms, is_dated, boot)
        records.write(record, self._ram, self._place(number))
        return number

    def is_empty(self) -> bool:
        """Whether nothing waits for a gateway."""
        return self.floor > self.last

    def forget(self, upto: int) -> None:
        """Everything up to that number is on the disk of every gateway."""
        if upto < self.floor or upto > self.last:
            return
        while self._segments and self._end_of(0) <= upto + 1:
            os.remove(self._file(self._segments.pop(0)))
        self.floor = self.after(upto + 1)
        self._ram_first = max(self._ram_first, min(self.floor, self.last + 1))

    def let_go(self, upto: int) -> None:
        """Give up what no gateway will have: nobody can say of when it is."""
        self.evicted += min(upto, self.last) - self.floor + 1
        self.forget(upto)

    def spill(self, below: int) -> None:
        """Write what is in RAM below that number, and not yet written, to the flash."""
        number = max(self.floor, self._written + 1, self._ram_first)
        below = min(below, self.last + 1)
        while number < below:
            if not self._segments or number != self._written + 1 or self._is_full():
                self._begin(number)
            end = min(below, self._segments[-1] + SEGMENT_RECORDS)
            with open(self._file(self._segments[-1]), "ab") as file:
                while number < end:
                    place = self._place(number)
                    file.write(self._ram[place : place + SIZE])
                    number += 1
            self._written = number - 1

    def spill_old(self, now_ms: int, wall_ms: int | None) -> None:
        """Write what has waited for longer than SPILL_MS.

        Args:
            now_ms: Of the monotonic clock.
            wall_ms: What epoch time it is; None where nobody knows.
        """
        below = max(self.floor, self._written + 1, self._ram_first)
        while below <= self.last:
            record = self.at(below)
            then_ms = wall_ms if record is not None and record.is_dated else now_ms
            if record is None or then_ms is None or then_ms - record.at_ms < SPILL_MS:
                break
            below += 1
        self.spill(below)

    def at(self, number: int) -> Record | None:
        """The reading of that number; None where it is not held, or the flash has lost it."""
        if number < self.floor or number > self.last:
            return None
        if number >= self._ram_first:
            return records.read(self._ram, self._place(number))
        for begin in reversed(self._segments):  # one that ended early may reach, by its size, beyond the next
            if begin <= number:
                with open(self._file(begin), "rb") as file:
                    file.seek((number - begin) * SIZE)
                    return records.read(file.read(SIZE), 0)
        return None

    def after(self, number: int) -> int:
        """The least number held from that one on; one more than ``last`` when there is none."""
        if number < self._ram_first:
            for index, begin in enumerate(self._segments):
                if number < self._end_of(index):
                    return max(number, begin)
        return min(max(number, self._ram_first), self.last + 1)

    def _place(self, number: int) -> int:
        return number % self._most_ram * SIZE

    def _file(self, begin: int) -> str:
        return self._folder + "/s" + str(begin)

    def _is_full(self) -> bool:
        return self._written + 1 - self._segments[-1] >= SEGMENT_RECORDS

    def _end_of(self, index: int) -> int:
        """One more than the last number of a segment."""
        return self._segments[index] + os.stat(self._file(self._segments[index]))[6] // SIZE

    def _begin(self, number: int) -> None:
        while len(self._segments) >= self._most_segments:
            gone = self._end_of(0)
            self.evicted += gone - max(self.floor, self._segments[0])
            os.remove(self._file(self._segments.pop(0)))
            self.floor = self.after(gone)
        self._segments.append(number)

    def _last_written(self) -> int:
        """The last whole record of the files; what a power cut left half written is cut off."""
        while self._segments:
            begin = self._segments[-1]
            with open(self._file(begin), "rb") as file:
                data = file.read()
            whole = 0
            while (found := records.read(data, whole)) is not None and found.number == begin + whole // SIZE:
                whole += SIZE
            if whole:
                if whole < len(data):
                    replace(self._file(begin), data[:whole])
                return begin + whole // SIZE - 1
            os.remove(self._file(self._segments.pop()))
        return 0


def _made(folder: str) -> list[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        os.mkdir(folder)
        return []
    for name in names:
        if name[-4:] == ".new":  # a power cut came before it was in its place
            os.remove(folder + "/" + name)
    return [name for name in names if name[-4:] != ".new"]


def _text(path: str, made: str | None) -> str:
    if made is not None:
        replace(path, made.encode())
    with open(path) as file:
        return file.read()
