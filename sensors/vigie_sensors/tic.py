"""What a French meter says on its TIC output ("télé-information client"): pure, fed by the ``linky`` driver.

Historical mode (1200 baud) and standard mode (9600 baud) are told apart by their separators, space and tab. Bytes are
masked to 7 bits: the line is 7E1, which an 8N1 port receives with the parity as eighth bit. A group whose checksum is
wrong is never used, and counted. Source: Enedis-NOI-CPT_54E, "Sorties de télé-information client des appareils de
comptage Linky".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

MAX_FRAME_BYTES = 4_096
"""Lower would cut a long standard frame (about 1,500 bytes); higher keeps more of a line that is only noise."""
VA_PER_SUBSCRIBED_A = 200
"""French contracts count 200 VA an ampere: ISOUSC 15, 30, 45 A a phase are 3, 6, 9 kVA. With 230 the headroom would
be overstated by 15 %."""

_STX, _ETX, _EOT = 0x02, 0x03, 0x04
_REGISTERS = (
    ("BASE",),
    ("HCHC", "HCHP"),
    ("EJPHN", "EJPHPM"),
    ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
)
"""By tariff, the energy registers of historical mode, in Wh. The energy is their sum, and only when all were read:
without one of them the total would go back."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, all that was heard of it.

    Attributes:
        values: Text by label, of the groups whose checksum is right.
        rejected: How many groups were not used since the frame before: wrong checksum or shape, or cut off.
    """

    values: dict[str, str]
    rejected: int


@dataclass(frozen=True, slots=True)
class Meter:
    """What a frame tells of the supply; None where it does not tell it.

    Attributes:
        apparent_power_va: Drawn now, over all phases.
        subscribed_power_va: The contract's limit, over all phases.
        energy_wh: Total drawn, over all tariffs.
        current_a: Of the phase that carries most: the one that trips first.
    """

    apparent_power_va: int | None
    subscribed_power_va: int | None
    energy_wh: int | None
    current_a: int | None


@dataclass(slots=True)
class TicReader:
    """Bytes in, frames out; any bytes are taken."""

    _buffer: bytearray | None = None
    _cut: int = field(default=0)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take what was read, and give each frame that ends in it."""
        for byte in data:
            character = byte & 0x7F
            if character == _ETX and self._buffer is not None:
                yield self._end(bytes(self._buffer))
            elif character in (_STX, _ETX, _EOT):
                self._drop()
                self._buffer = bytearray() if character == _STX else None
            elif self._buffer is not None:
                self._buffer.append(character)
                if len(self._buffer) > MAX_FRAME_BYTES:
                    self._drop()

    def _drop(self) -> None:
        self._cut += self._buffer is not None
        self._buffer = None

    def _end(self, body: bytes) -> Frame:
        values: dict[str, str] = {}
        rejected, self._cut, self._buffer = self._cut, 0, None
        for line in filter(None, body.split(b"\n")):
            group = parse_group(line)
            if group is None:
                rejected += 1
            else:
                values[group[0]] = group[1]
        return Frame(values, rejected)


def parse_group(line: bytes) -> tuple[str, str] | None:
    """The label and the value of one group, between its line feed and its carriage return included.

    Returns:
        None when its checksum or its shape is wrong. The date that some groups of standard mode carry is left out.
    """
    if not line.endswith(b"\r") or len(line) < 5:  # noqa: PLR2004 - label, separator, separator, checksum, CR
        return None
    text, separator, checksum = line[:-3], line[-3:-2], line[-2]
    if separator == b"\t":
        sums = {_checksum(text + separator)}
    elif separator == b" ":
        # Old meters leave the last separator out of the sum (mode 1), others take it in (mode 2).
        sums = {_checksum(text), _checksum(text + separator)}
    else:
        return None
    if checksum not in sums or not all(_is_printable(byte) or byte == separator[0] for byte in text):
        return None
    label, *values = text.decode("ascii").split(separator.decode())
    return (label, values[-1]) if label and values else None


def _checksum(summed: bytes) -> int:
    return (sum(summed) & 0x3F) + 0x20


def _is_printable(byte: int) -> bool:
    # Flips of the bits that the checksum cannot see (6, and 5 between its two modes) turn a digit into something else.
    return 0x20 <= byte < 0x7F  # noqa: PLR2004 - printable ASCII


def read_meter(frame: Frame) -> Meter:
    """Make quantities of a frame of either mode, one phase or three."""
    number = _Numbers(frame.values)
    phases = 3 if "IINST3" in frame.values else 1
    subscribed_a = number("ISOUSC")
    subscribed_kva = number("PREF")
    return Meter(
        apparent_power_va=_first(number("SINSTS"), number("PAPP")),
        subscribed_power_va=_first(
            None if subscribed_kva is None else subscribed_kva * 1_000,
            None if subscribed_a is None else subscribed_a * VA_PER_SUBSCRIBED_A * phases,
        ),
        energy_wh=_first(number("EAST"), *(number.total(labels) for labels in _REGISTERS)),
        current_a=_first(number.greatest("IRMS"), number("IINST"), number.greatest("IINST")),
    )


class _Numbers:
    """The numbers of a frame; None for what it does not hold, or not as digits."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def __call__(self, label: str) -> int | None:
        text = self._values.get(label, "")
        return int(text) if text.isascii() and text.isdigit() else None

    def total(self, labels: tuple[str, ...]) -> int | None:
        found = [number for label in labels if (number := self(label)) is not None]
        return sum(found) if len(found) == len(labels) else None

    def greatest(self, label: str) -> int | None:
        present = [name for phase in "123" if (name := f"{label}{phase}") in self._values]
        found = [number for name in present if (number := self(name)) is not None]
        return max(found) if found and len(found) == len(present) else None


def _first(*found: int | None) -> int | None:
    return next((number for number in found if number is not None), None)
