"""One reading as bytes: the same in the RAM of the journal and in its files. Called by ``journal``.

26 bytes, little-endian: number, channel, flags, value, time, boot, check.
"""

import struct
from binascii import crc32

SIZE = 26
_HEAD = "<IBB"
_TAIL = "<qHH"
_IS_WHOLE, _IS_UNKNOWN, _IS_DATED = 1, 2, 4

REASONS = (
    "absent",
    "busy",
    "failed",
    "inconclusive",
    "not-told",
    "not-associated",
    "starting",
    "counter-back",
    "out-of-range",
)
"""Why a value is unknown, by what is written for it; new words are added at the end. Words of docs/protocol.md."""


class Record:
    """A reading.

    Attributes:
        number: In the journal, from 1.
        channel: Index of its channel in the birth.
        value: None when it is unknown; a whole number stays one, since floats here may have 24 bits only.
        reason: Why it is unknown, of REASONS; "" where it is known.
        at_ms: Epoch milliseconds where ``is_dated``; else on the monotonic clock of its boot.
        is_dated: Whether the node knew the date then.
        boot: Of which boot, modulo 65,536.
    """

    def __init__(
        self,
        number: int,
        channel: int,
        value: float | None,
        reason: str,
        at_ms: int,
        is_dated: bool,
        boot: int,
    ) -> None:
        self.number = number
        self.channel = channel
        self.value = value
        self.reason = reason
        self.at_ms = at_ms
        self.is_dated = is_dated
        self.boot = boot


def write(record: Record, into: bytearray, at: int) -> None:
    """Put it into SIZE bytes from there on."""
    flags, value = _IS_DATED if record.is_dated else 0, record.value
    if value is None:
        flags |= _IS_UNKNOWN
        struct.pack_into("<q", into, at + 6, REASONS.index(record.reason))
    elif isinstance(value, int):
        flags |= _IS_WHOLE
        struct.pack_into("<q", into, at + 6, value)
    else:
        struct.pack_into("<d", into, at + 6, value)
    struct.pack_into(_HEAD, into, at, record.number, record.channel, flags)
    struct.pack_into(_TAIL, into, at + 14, record.at_ms, record.boot, 0)
    struct.pack_into("<H", into, at + 24, _check(into, at))


def read(data: bytes | bytearray, at: int) -> Record | None:
    """The record there; None where power was cut while it was written, or the flash has lost it."""
    if len(data) < at + SIZE or struct.unpack_from("<H", data, at + 24)[0] != _check(data, at):
        return None
    number, channel, flags = struct.unpack_from(_HEAD, data, at)
    at_ms, boot, _ = struct.unpack_from(_TAIL, data, at + 14)
    value, reason = None, ""
    if flags & _IS_UNKNOWN:
        reason = REASONS[struct.unpack_from("<q", data, at + 6)[0]]
    else:
        value = struct.unpack_from("<q" if flags & _IS_WHOLE else "<d", data, at + 6)[0]
    return Record(number, channel, value, reason, at_ms, bool(flags & _IS_DATED), boot)


def _check(data: bytes | bytearray, at: int) -> int:
    # Zeroed flash must not look like a record, hence the start value.
    return crc32(bytes(data[at : at + 24]), 0x5649) & 0xFFFF
