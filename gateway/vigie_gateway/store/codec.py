"""Columns of numbers to few bytes, and back without loss. Pure; called by the log, the chunks and the roll-ups.

A column of integers is stored as its distance from the minimum, from the previous value, or from a straight line,
whichever is smallest, cut into byte planes that are deflated each with its own code. Floats that are short decimals
are stored as integers and the number of decimals; others as the planes of their eight bytes. Every blob begins with a
version, so that a later codec can still read it.

Formats, little-endian:

- integers: a byte (mode in bits 0 to 1, packing in bit 2, bytes an integer from bit 3), base, step and length of the
  planes (each a number of 7 bits a byte, the least first; signed ones zigzag), planes
- floats: one byte of decimals (``_RAW`` for doubles), then integers or planes
- readings: ``<BI`` version and count; integers (times, ms); unknowns; floats (the known values)
"""

from __future__ import annotations

import struct
import sys
import zlib
from array import array
from collections.abc import Sequence
from itertools import accumulate, repeat
from operator import sub, truediv

VERSION = 1
MAX_DECIMALS = 6
"""Decimals tried before a float is kept as eight bytes. Lower stores fine values at 7 bytes instead of 2 to 3; higher
tries longer on values that are no decimals at all."""
_SAFE = 2.0**53
"""Above, not every integer is a double."""
_RAW = 255
_CONSTANT, _OFFSET, _DELTA, _LINE = range(4)
_STORED, _DEFLATED = range(2)
_READINGS = struct.Struct("<BI")
_CODES = {1: "B", 2: "H", 4: "I", 8: "Q"}

Value = float | str
"""A known value, or the reason why there is none."""


class CodecError(ValueError):
    """Bytes that no version of this codec wrote."""


def _little(column: array[int] | array[float]) -> array[int] | array[float]:
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _deflate(planes: Sequence[bytes], level: int) -> bytes:
    # Z_BLOCK ends a Huffman code: low planes are noise and high ones nearly constant, one code for both costs a bit.
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15, 9, zlib.Z_FILTERED)
    parts: list[bytes] = []
    for plane in planes:
        parts += (deflater.compress(plane), deflater.flush(zlib.Z_BLOCK))
    parts.append(deflater.flush())
    return b"".join(parts)


def _planes(raw: bytes, width: int) -> list[bytes]:
    return [raw] if width == 1 else [raw[plane::width] for plane in range(width)]


def _pack(mode: int, base: int, step: int, residuals: list[int], level: int) -> bytes:
    high = max(residuals)
    if high == 0:
        return _header(_CONSTANT if mode == _OFFSET else mode, _STORED, 0, base, step, 0)
    width = 1 if high < 1 << 8 else 2 if high < 1 << 16 else 4 if high < 1 << 32 else 8
    raw = bytes(residuals) if width == 1 else _little(array(_CODES[width], residuals)).tobytes()
    packing, packed = _DEFLATED, _deflate(_planes(raw, width), level)
    if len(packed) >= len(raw):
        packing, packed = _STORED, raw
    return _header(mode, packing, width, base, step, len(packed)) + packed


def _header(mode: int, packing: int, width: int, base: int, step: int, length: int) -> bytes:
    header = bytearray((mode | packing << 2 | width << 3,))
    for number in (base * 2 if base >= 0 else -2 * base - 1, step * 2 if step >= 0 else -2 * step - 1, length):
        while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
            header.append(number & 0x7F | 0x80)
            number >>= 7  # noqa: PLW2901 - what is left of it
        header.append(number)
    return bytes(header)


def _read_header(blob: memoryview) -> tuple[int, int, int, int, int, int, int]:
    """Mode, packing, width, base, step, length, and where the planes begin."""
    first, place = blob[0], 1
    numbers: list[int] = []
    for _ in range(3):
        number, shift = 0, 0
        while True:
            byte = blob[place]
            place += 1
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
                break
        numbers.append(number)
    base, step = ((number >> 1) ^ -(number & 1) for number in numbers[:2])
    return first & 3, first >> 2 & 1, first >> 3, base, step, numbers[2], place


def _offset(column: Sequence[int], level: int) -> bytes:
    base = min(column)
    return _pack(_OFFSET, base, 0, [number - base for number in column], level)


def _delta(column: Sequence[int], level: int) -> bytes:
    deltas = list(map(sub, column[1:], column))
    step = min(deltas)
    return _pack(_DELTA, column[0], step, [delta - step for delta in deltas], level)


def encode_times(times: Sequence[int], level: int = 6) -> bytes:
    """Pack a column that mostly rises by equal steps; at least one."""
    if len(times) < 3:  # noqa: PLR2004 - no line through fewer
        return encode_integers(times, level)
    first, rise, steps = times[0], times[-1] - times[0], len(times) - 1
    residuals = [time - first - rise * index // steps for index, time in enumerate(times)]
    lowest = min(residuals)
    deltas = list(map(sub, times[1:], times))
    if max(residuals) - lowest > max(deltas) - min(deltas):
        return _delta(times, level)
    return _pack(_LINE, first + lowest, rise, [residual - lowest for residual in residuals], level)


def encode_integers(column: Sequence[int], level: int = 6) -> bytes:
    """Pack integers of 63 bits; at least one."""
    offset = _offset(column, level)
    if len(column) < 2 or offset[0] & 3 == _CONSTANT:  # noqa: PLR2004 - no difference of fewer
        return offset
    delta = _delta(column, level)
    return delta if len(delta) < len(offset) else offset


def decode_integers(blob: memoryview, count: int) -> tuple[list[int], memoryview]:
    """Unpack ``count`` integers; returns them and the rest of the blob.

    Raises:
        CodecError: The blob is cut short or of another codec.
    """
    try:
        mode, packing, width, base, step, length, start = _read_header(blob)
    except IndexError as error:
        raise CodecError("a column is cut short") from error
    rest = blob[start + length :]
    if mode == _CONSTANT:
        return [base] * count, rest
    size = count - 1 if mode == _DELTA else count
    residuals = _residuals(blob[start : start + length], width, packing, size)
    if mode == _OFFSET:
        return ([base + residual for residual in residuals] if base else list(residuals)), rest
    if mode == _DELTA:
        deltas = [step + residual for residual in residuals] if step else residuals
        return list(accumulate(deltas, initial=base)), rest
    if mode == _LINE:
        steps = count - 1
        return [base + step * index // steps + residual for index, residual in enumerate(residuals)], rest
    raise CodecError(f"column mode {mode} is unknown")


def _residuals(packed: memoryview, width: int, packing: int, size: int) -> Sequence[int]:
    if width == 0:
        return [0] * size
    if width not in _CODES:
        raise CodecError(f"integers of {width} bytes are unknown")
    raw = _unplane(packed, width, size) if packing == _DEFLATED else bytes(packed)
    if len(raw) != size * width:
        raise CodecError(f"a column of {len(raw)} bytes, expected {size * width}")
    if width == 1:
        return raw
    column: array[int] = array(_CODES[width])
    column.frombytes(raw)
    return _little(column)  # type: ignore[return-value]  # an array of integers stays one


def _unplane(packed: memoryview, width: int, size: int) -> bytes:
    try:
        planes = zlib.decompress(packed, -15)
    except zlib.error as error:
        raise CodecError(str(error)) from error
    if width == 1 or len(planes) != size * width:
        return planes
    raw = bytearray(len(planes))
    for plane in range(width):
        raw[plane::width] = planes[plane * size : (plane + 1) * size]
    return bytes(raw)


def scale(values: list[float], likely: int = 0) -> tuple[int, list[int]] | None:
    """Decimals that hold every value exactly, and the values as integers of that; None when none do.

    Args:
        values: Finite, at least one.
        likely: Decimals to try first; then the fewest are sought.
    """
    if max(values) >= _SAFE or min(values) <= -_SAFE:
        return None
    for decimals in (likely, *range(MAX_DECIMALS + 1)):
        if decimals == 0:
            integers = list(map(int, values))
            if integers == values:
                return 0, integers
            continue
        factor = 10**decimals
        # The first value tells most scales apart, before the whole column is tried.
        if round(values[0] * factor) / factor != values[0]:
            continue
        integers = [round(value * factor) for value in values]
        if list(map(truediv, integers, repeat(factor))) == values and max(map(abs, integers)) < _SAFE:
            return decimals, integers
    return None


def encode_floats(values: Sequence[float], level: int = 6) -> bytes:
    """Pack finite floats exactly (-0.0 becomes 0.0); at least one."""
    scaled = scale(list(values))
    if scaled is not None:
        return bytes((scaled[0],)) + encode_integers(scaled[1], level)
    raw = _little(array("d", values)).tobytes()
    packed = _deflate(_planes(raw, 8), level)
    return bytes((_RAW,)) + struct.pack("<I", len(packed)) + packed


def decode_floats(blob: memoryview, count: int) -> tuple[list[float], memoryview]:
    """Unpack ``count`` floats; returns them and the rest of the blob; raises CodecError."""
    if not blob:
        raise CodecError("a column is missing")
    decimals, blob = blob[0], blob[1:]
    if decimals != _RAW:
        integers, rest = decode_integers(blob, count)
        if decimals == 0:
            return list(map(float, integers)), rest
        factor = 10.0**decimals
        return [number / factor for number in integers], rest
    (length,) = struct.unpack_from("<I", blob)
    raw = _unplane(blob[4 : 4 + length], 8, count)
    if len(raw) != count * 8:
        raise CodecError(f"a column of {len(raw)} bytes, expected {count * 8}")
    column = array("d")
    column.frombytes(raw)
    return list(_little(column)), blob[4 + length :]


def encode_readings(times: Sequence[int], values: Sequence[Value]) -> bytes:
    """Pack the readings of one series.

    Args:
        times: Milliseconds since the epoch, at least one.
        values: As many; a str is the reason of an unknown.
    """
    unknown = [index for index, value in enumerate(values) if isinstance(value, str)]
    known = [value for value in values if not isinstance(value, str)] if unknown else values
    parts = [_READINGS.pack(VERSION, len(times)), encode_times(times), struct.pack("<I", len(unknown))]
    if unknown:
        words = sorted({str(values[index]) for index in unknown})
        table = "\n".join(words).encode()
        codes = {word: code for code, word in enumerate(words)}
        parts += (
            struct.pack("<I", len(table)),
            table,
            encode_integers(unknown),
            encode_integers([codes[str(values[index])] for index in unknown]),
        )
    if known:
        parts.append(encode_floats(known))  # type: ignore[arg-type]  # the reasons were taken out above
    return b"".join(parts)


def decode_readings(blob: bytes) -> tuple[list[int], list[Value]]:
    """Unpack the readings of one series, in the order they were packed; raises CodecError."""
    try:
        version, count = _READINGS.unpack_from(blob)
        if version != VERSION:
            raise CodecError(f"version {version} is unknown")
        times, rest = decode_integers(memoryview(blob)[_READINGS.size :], count)
        (unknown_count,) = struct.unpack_from("<I", rest)
        rest = rest[4:]
        if not unknown_count:
            floats, _ = decode_floats(rest, count)
            return times, floats  # type: ignore[return-value]  # a list of floats where no reason is
        return times, _with_unknowns(rest, count, unknown_count)
    except struct.error as error:
        raise CodecError(str(error)) from error


def _with_unknowns(blob: memoryview, count: int, unknown_count: int) -> list[Value]:
    (length,) = struct.unpack_from("<I", blob)
    words = bytes(blob[4 : 4 + length]).decode().split("\n")
    unknown, blob = decode_integers(blob[4 + length :], unknown_count)
    codes, blob = decode_integers(blob, unknown_count)
    known: list[float] = decode_floats(blob, count - unknown_count)[0] if count > unknown_count else []
    values: list[Value] = []
    start = 0
    for position, (index, code) in enumerate(zip(unknown, codes, strict=True)):
        end = index - position
        values += known[start:end]
        values.append(words[code])
        start = end
    values += known[start:]
    return values
