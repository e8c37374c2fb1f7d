"""Columns of numbers to few bytes, and back without loss. Pure; called by the log, the chunks and the roll-ups.

A blob is written by a ``Writer`` and read in the same order by a ``Reader``. A column of integers is stored as its
distance from the minimum, from the previous value, or from a straight line; what is left is cut into byte planes, and
the planes of all columns are deflated as one stream, each long one with a Huffman code of its own. Floats that are
short decimals are stored as integers and the number of decimals; others as the planes of their eight bytes.

Everything that is done for each number is done by a built-in over the whole column: a loop in Python costs five times
as much, and a Pi seals on the core that it listens with.

Format: the version (one byte), the length of the header, the header, the planes, and a CRC-32 of all these (four bytes,
the least first; version 1 has none): planes that a card damaged mostly still inflate, to other numbers, and SQLite does
not look at what a blob holds. The header is numbers of 7 bits a byte, the least first, signed ones zigzag: whether the
planes are deflated, then what each column needs.

- integers: mode in bits 0 to 1, bytes an integer from bit 2; base; step
- floats: decimals (``_DOUBLES`` for eight bytes), then integers or nothing
- readings: count; times (integers, ms); unknowns; floats (the known values)
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate, repeat
from operator import add, mul, sub, truediv

VERSION = 2
_UNCHECKED = 1
"""The version before the CRC: read, not written."""
_CRC_BYTES = 4
MAX_DECIMALS = 6
"""Decimals tried before a float is kept as eight bytes. Lower stores fine values at 7 bytes instead of 2 to 3; higher
tries longer on values that are no decimals at all."""
MOST_ROWS = 1 << 22
"""Rows of a column: a count above is damage, not to be believed with all the memory there is. Lower refuses commits
that a gateway makes after days without its disk."""
_SAFE = 2.0**53
"""Above, not every integer is a double."""
_DOUBLES = 255
_CONSTANT, _OFFSET, _DELTA, _LINE = range(4)
_LINE_BITS = 20
"""Bits of a line's slope below a millisecond: over a thousand rows it is then right to a thousandth of one."""
_NARROW = 256
"""Residuals below fill one byte: nothing narrower is looked for."""
_LONG_PLANE = 256
"""Bytes from which a plane gets a Huffman code of its own. Lower spends more on the codes than they save."""
_SHORT_BODY = 48
"""Bytes up to which deflating is not tried."""
_PROBES, _PROBE = 3, 32
"""Where a column is looked at to choose between distances: so many stretches of so many numbers."""
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}

Value = float | str
"""A known value, or the reason why there is none."""


class CodecError(ValueError):
    """Bytes that no version of this codec wrote."""


def _little(column: array[int] | array[float]) -> array[int] | array[float]:
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _deflate(planes: Iterable[bytes]) -> bytes:
    # Run lengths and Huffman codes alone: as small as a search for repeats, which noise has none of, in half the time.
    # Z_BLOCK ends a Huffman code: low planes are noise and high ones nearly constant, one code for both costs a bit.
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_RLE)
    parts: list[bytes] = []
    for plane in planes:
        parts.append(deflater.compress(plane))
        if len(plane) >= _LONG_PLANE:
            parts.append(deflater.flush(zlib.Z_BLOCK))
    parts.append(deflater.flush())
    return b"".join(parts)


class Writer:
    """Packs columns and numbers into a blob; they are read back in the order written."""

    def __init__(self) -> None:
        self._header = bytearray()
        self._planes: list[bytes] = []

    def number(self, number: int) -> None:
        """Add an integer of any size and sign."""
        _put(self._header, number)

    def text(self, text: str) -> None:
        """Add a text."""
        raw = text.encode()
        self.number(len(raw))
        self._header += raw

    def integers(self, column: Sequence[int]) -> None:
        """Add integers of 63 bits, at least one."""
        lowest, highest = min(column), max(column)
        if lowest == highest:
            self._describe(_CONSTANT, 0, lowest, 0)
        elif _rises_evenly(column):
            self._delta(column)
        else:
            self._residuals(_OFFSET, column, lowest, highest, lowest, 0)

    def times(self, times: Sequence[int]) -> None:
        """Add integers that mostly rise by equal steps, at least one."""
        steps = len(times) - 1
        slope = 0 if steps < 2 else ((times[-1] - times[0]) << _LINE_BITS) // steps  # noqa: PLR2004 - no line
        if slope <= 0:
            self.integers(times)
            return
        residuals = list(map(sub, times, _line(slope, len(times))))
        lowest, highest = min(residuals), max(residuals)
        if highest - lowest >= _NARROW:
            deltas = list(map(sub, times[1:], times))
            if highest - lowest > max(deltas) - min(deltas):
                self._delta(times)
                return
        self._residuals(_LINE, residuals, lowest, highest, lowest, slope)

    def floats(self, values: Sequence[float]) -> None:
        """Add finite floats exactly (-0.0 becomes 0.0), at least one."""
        scaled = scale(values)
        if scaled is None:
            self.number(_DOUBLES)
            self.doubles(values)
        else:
            self.number(scaled[0])
            self.integers(scaled[1])

    def doubles(self, values: Sequence[float]) -> None:
        """Add floats as their eight bytes."""
        raw = _little(array("d", values)).tobytes()
        self._planes += [raw[plane::8] for plane in range(8)]

    def _delta(self, column: Sequence[int]) -> None:
        deltas = list(map(sub, column[1:], column))
        lowest, highest = min(deltas), max(deltas)
        self._residuals(_DELTA, deltas, lowest, highest, column[0], lowest)

    def _residuals(self, mode: int, column: Sequence[int], lowest: int, highest: int, base: int, step: int) -> None:
        spread = highest - lowest
        if spread == 0:
            self._describe(mode, 0, base, step)
            return
        width = 1 if spread < 1 << 8 else 2 if spread < 1 << 16 else 4 if spread < 1 << 32 else 8
        self._describe(mode, width, base, step)
        residuals = map(sub, column, repeat(lowest)) if lowest else column
        if width == 1:
            self._planes.append(bytes(residuals))
            return
        raw = _little(array(_CODES[width], residuals)).tobytes()
        self._planes += [raw[plane::width] for plane in range(width)]

    def _describe(self, mode: int, width: int, base: int, step: int) -> None:
        self._header.append(mode | width << 2)
        _put(self._header, base)
        _put(self._header, step)

    def blob(self) -> bytes:
        """All of it."""
        body = b"".join(self._planes)
        is_deflated = 0
        if len(body) > _SHORT_BODY:
            packed = _deflate(self._planes)
            if len(packed) < len(body):
                body, is_deflated = packed, 1
        prefix = bytearray((VERSION,))
        _put(prefix, len(self._header) + 1)
        prefix.append(is_deflated)
        blob = bytes(prefix) + bytes(self._header) + body
        return blob + zlib.crc32(blob).to_bytes(_CRC_BYTES, "little")


def _put(header: bytearray, number: int) -> None:
    number = number * 2 if number >= 0 else -2 * number - 1
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        header.append(number & 0x7F | 0x80)
        number >>= 7
    header.append(number)


def _line(slope: int, count: int) -> list[int]:
    return [number >> _LINE_BITS for number in range(0, slope * count, slope)]


def _rises_evenly(column: Sequence[int]) -> bool:
    """Whether neighbours are closer to each other than to the column's own mean."""
    size = len(column)
    if size < 3:  # noqa: PLR2004 - two differences at least
        return False
    starts = [0] if size <= _PROBES * _PROBE else [(size - _PROBE) * probe // (_PROBES - 1) for probe in range(_PROBES)]
    length = size if len(starts) == 1 else _PROBE
    parts = [column[start : start + length] for start in starts]
    mean = sum(map(sum, parts)) // (length * len(parts))
    apart = sum(sum(map(abs, map(sub, part, repeat(mean)))) for part in parts)
    steps = [list(map(sub, part[1:], part)) for part in parts]
    step = sum(map(sum, steps)) // (len(steps) * (length - 1))
    return sum(sum(map(abs, map(sub, part, repeat(step)))) for part in steps) < apart


class Reader:
    """Reads what a ``Writer`` packed. Every method raises CodecError when there is no such thing."""

    def __init__(self, blob: bytes) -> None:
        blob = _checked(blob)
        self._header, self._place = blob, 1
        length = self.number()
        start = self._place + length
        if length < 1 or start > len(blob):
            raise CodecError("a blob is cut short")
        self._body = blob[start:]
        if blob[self._place]:
            try:
                self._body = zlib.decompress(self._body, -15)
            except zlib.error as error:
                raise CodecError(str(error)) from error
        self._header = blob[:start]
        self._place += 1
        self._start = 0

    def number(self) -> int:
        """The next integer."""
        number, shift, header = 0, 0, self._header
        try:
            while (byte := header[self._place]) > 0x7F:  # noqa: PLR2004 - seven bits a byte
                number |= (byte & 0x7F) << shift
                shift += 7
                self._place += 1
        except IndexError as error:
            raise CodecError("a header is cut short") from error
        self._place += 1
        number |= byte << shift
        return (number >> 1) ^ -(number & 1)

    def count(self) -> int:
        """The next integer, which says how many."""
        count = self.number()
        if not 0 <= count <= MOST_ROWS:
            raise CodecError(f"{count} rows cannot be")
        return count

    def text(self) -> str:
        """The next text."""
        length = self.count()
        raw = self._header[self._place : self._place + length]
        self._place += length
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise CodecError(str(error)) from error

    def integers(self, count: int) -> list[int]:
        """The next column, of ``count`` integers, at least one."""
        mode, base, step, residuals = self._column(count)
        if mode == _CONSTANT:
            return [base] * count
        if residuals is None:
            if mode == _DELTA:
                return list(range(base, base + step * count, step)) if step else [base] * count
            residuals = repeat(0, count)
        if mode == _OFFSET:
            return list(map(add, residuals, repeat(base)))
        if mode == _DELTA:
            return list(accumulate(map(add, residuals, repeat(step)) if step else residuals, initial=base))
        if step <= 0:
            raise CodecError("a line that does not rise")
        return list(map(add, map(add, residuals, repeat(base)), _line(step, count)))

    def _column(self, count: int) -> tuple[int, int, int, Iterable[int] | None]:
        """Mode, base, step and residuals (None: all 0) of the next column."""
        if self._place >= len(self._header):
            raise CodecError("a column is missing")
        kind = self._header[self._place]
        self._place += 1
        mode, width = kind & 3, kind >> 2
        base, step = self.number(), self.number()
        if width == 0:
            return mode, base, step, None
        if width not in _CODES:
            raise CodecError(f"integers of {width} bytes are unknown")
        size = count - 1 if mode == _DELTA else count
        raw = self._take(width, size)
        if width == 1:
            return mode, base, step, raw
        column: array[int] = array(_CODES[width])
        column.frombytes(raw)
        return mode, base, step, _little(column)  # type: ignore[return-value]  # an array of integers stays one

    def _take(self, width: int, size: int) -> bytes:
        start, self._start = self._start, self._start + width * size
        body = self._body
        if self._start > len(body):
            raise CodecError(f"planes of {len(body)} bytes, expected {self._start}")
        if width == 1:
            return body[start : start + size]
        raw = bytearray(width * size)
        for plane in range(width):
            raw[plane::width] = body[start + plane * size : start + (plane + 1) * size]
        return bytes(raw)

    def floats(self, count: int) -> list[float]:
        """The next column, of ``count`` floats, at least one."""
        decimals = self.number()
        if decimals == _DOUBLES:
            return self.doubles(count)
        if not 0 <= decimals <= MAX_DECIMALS:
            raise CodecError(f"{decimals} decimals are unknown")
        integers = self.integers(count)
        try:
            return unscaled(integers, decimals)
        except OverflowError as error:
            raise CodecError(str(error)) from error

    def doubles(self, count: int) -> list[float]:
        """The next column, of ``count`` floats of eight bytes."""
        column = array("d")
        column.frombytes(self._take(8, count))
        return list(_little(column))


def is_whole(blob: bytes) -> bool:
    """Whether a blob is still what was written; True of version 1, which cannot tell."""
    try:
        _checked(blob)
    except CodecError:
        return False
    return True


def _checked(blob: bytes) -> bytes:
    """The blob without its CRC, which is right."""
    if blob[:1] == bytes((_UNCHECKED,)):
        return blob
    if blob[:1] != bytes((VERSION,)):
        raise CodecError(f"version {blob[0]} is unknown" if blob else "an empty blob")
    whole, crc = blob[:-_CRC_BYTES], blob[-_CRC_BYTES:]
    if zlib.crc32(whole) != int.from_bytes(crc, "little"):
        raise CodecError("its checksum is wrong: it was damaged after it was written")
    return whole


def unscaled(integers: Sequence[int], decimals: int) -> list[float]:
    """The floats that ``exactly`` made integers of."""
    if decimals == 0:
        return list(map(float, integers))
    return list(map(truediv, integers, repeat(10.0**decimals)))


def exactly(values: Sequence[float], decimals: int) -> list[int] | None:
    """Finite values as integers of so many decimals; None when one of them would not come back as it is."""
    limit = _SAFE / 10**decimals
    if not values:
        return []
    if max(values) >= limit or min(values) <= -limit:
        return None
    if decimals == 0:
        integers = list(map(int, values))
        return integers if integers == list(values) else None
    factor = 10.0**decimals
    integers = list(map(round, map(mul, values, repeat(factor))))
    return integers if list(map(truediv, integers, repeat(factor))) == list(values) else None


def scale(values: Sequence[float]) -> tuple[int, list[int]] | None:
    """The fewest decimals that hold every value exactly, and the values as integers of that; None when none do."""
    for decimals in range(MAX_DECIMALS + 1):
        # The first values tell most scales apart, before the whole column is tried.
        if exactly(values[:4], decimals) is None:
            continue
        integers = exactly(values, decimals)
        if integers is not None:
            return decimals, integers
    return None


def write_reasons(writer: Writer, places: Sequence[int], words: Sequence[str]) -> None:
    """Add why the readings at some places are unknown; none is fine."""
    writer.number(len(places))
    if places:
        table = sorted(set(words))
        codes = {word: code for code, word in enumerate(table)}
        writer.text("\n".join(table))
        writer.integers(places)
        writer.integers([codes[word] for word in words])


def read_reasons(reader: Reader) -> dict[int, str]:
    """What ``write_reasons`` wrote: the reasons by place, in the order written."""
    count = reader.count()
    if not count:
        return {}
    table = reader.text().split("\n")
    places, codes = reader.integers(count), reader.integers(count)
    if min(codes) < 0 or max(codes) >= len(table):
        raise CodecError("a reason is missing")
    return dict(zip(places, map(table.__getitem__, codes), strict=True))


def encode_readings(times: Sequence[int], values: Sequence[Value]) -> bytes:
    """Pack the readings of one series.

    Args:
        times: Milliseconds since the epoch, at least one.
        values: As many; a str is the reason of an unknown.
    """
    writer = Writer()
    writer.number(len(times))
    writer.times(times)
    known: list[float] = values  # type: ignore[assignment]  # unless a reason is among them, which the next lines see
    unknown: list[int] = []
    if str in set(map(type, values)):
        unknown = [place for place, value in enumerate(values) if isinstance(value, str)]
        known = [value for value in values if not isinstance(value, str)]
    write_reasons(writer, unknown, [str(values[place]) for place in unknown])
    if known:
        writer.floats(known)
    return writer.blob()


def decode_readings(blob: bytes) -> tuple[list[int], list[Value]]:
    """Unpack the readings of one series, in the order they were packed; raises CodecError."""
    reader = Reader(blob)
    count = reader.count()
    if not count:
        raise CodecError("no readings")
    times = reader.integers(count)
    reasons = read_reasons(reader)
    known = reader.floats(count - len(reasons)) if count > len(reasons) else []
    return times, with_reasons(known, reasons) if reasons else known  # type: ignore[return-value]  # floats are values


def with_reasons(known: Sequence[float], reasons: dict[int, str]) -> list[Value]:
    """Known values with the unknown ones at their places, which rise."""
    values: list[Value] = []
    start = 0
    for number, (place, reason) in enumerate(reasons.items()):
        end = place - number
        values += known[start:end]
        values.append(reason)
        start = end
    values += known[start:]
    return values
