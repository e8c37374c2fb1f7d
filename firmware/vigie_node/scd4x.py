"""An SCD40 or SCD41 on its I2C bus, as Sensirion's datasheet says. Made and asked by ``sensors.Air``.

It measures by itself every five seconds. Its modes of low power and single shots are left alone, and so is its own
calibration, which takes the least that it meets in a week for fresh air.
"""

from vigie_node.boards.board import I2c

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has neither, and reads no annotation
    from collections.abc import Callable

ADDRESS = 0x62
START, STOP, IS_READY, READ = 0x21B1, 0x3F86, 0xE4B8, 0xEC05
STOP_MS = 500
"""What it takes to stop; before, it hears nothing."""
ANSWER_MS = 1
"""What it takes to answer."""
SILENT_MS = 30_000
"""Without a new measurement, after which it is started again: it lost its supply meanwhile, and is idle. Lower starts
one that is slow; higher leaves the room without values for longer."""
CHANNELS = 3


class Scd4x:
    """One sensor."""

    def __init__(self, bus: I2c, sleep_ms: "Callable[[int], object]") -> None:
        self._bus, self._sleep_ms = bus, sleep_ms
        self._stopped_ms: "int | None" = None
        self._heard_ms: "int | None" = None

    def say(self, now_ms: int) -> "list[tuple[float | None, str]]":
        """CO2, temperature and humidity; each unknown with its reason; nothing while there is nothing new."""
        try:
            return self._ask(now_ms)
        except OSError:
            self._stopped_ms = self._heard_ms = None  # it may come back with its supply, and is idle then
            return _unknown("absent")

    def _ask(self, now_ms: int) -> "list[tuple[float | None, str]]":
        if self._heard_ms is None:
            self._begin(now_ms)
            return _unknown("starting")
        ready = self._words(IS_READY, 1)
        if ready is None:
            return _unknown("failed")
        if not ready[0] & 0x7FF:
            if now_ms - self._heard_ms < SILENT_MS:
                return []
            self._stopped_ms = self._heard_ms = None
            return _unknown("failed")
        found = self._words(READ, CHANNELS)
        if found is None:
            return _unknown("failed")
        self._heard_ms = now_ms
        co2_ppm, temperature, humidity = found
        # Air without any carbon dioxide there is none: it has measured nothing.
        first = (co2_ppm, "") if co2_ppm else (None, "out-of-range")
        return [first, (-45 + 175 * temperature / 65_535, ""), (100 * humidity / 65_535, "")]

    def _begin(self, now_ms: int) -> None:
        """Stop what it did before this board started, and once it has, have it measure."""
        if self._stopped_ms is None:
            self._tell(STOP)
            self._stopped_ms = now_ms
        elif now_ms - self._stopped_ms >= STOP_MS:
            self._tell(START)
            self._heard_ms = now_ms

    def _tell(self, command: int) -> None:
        self._bus.writeto(ADDRESS, bytes((command >> 8, command & 0xFF)))

    def _words(self, command: int, count: int) -> "list[int] | None":
        """Its answer: numbers of 16 bits; None when one is not what its check says."""
        self._tell(command)
        self._sleep_ms(ANSWER_MS)
        raw = self._bus.readfrom(ADDRESS, 3 * count)
        if any([crc(raw[at : at + 2]) != raw[at + 2] for at in range(0, 3 * count, 3)]):
            return None
        return [raw[at] << 8 | raw[at + 1] for at in range(0, 3 * count, 3)]


def _unknown(why: str) -> "list[tuple[float | None, str]]":
    return [(None, why)] * CHANNELS


def crc(data: bytes) -> int:
    """Sensirion's check of two bytes: polynomial 0x31, from 0xFF."""
    found = 0xFF
    for byte in data:
        found ^= byte
        for _ in range(8):
            found = (found << 1 ^ 0x31) & 0xFF if found & 0x80 else found << 1
    return found
