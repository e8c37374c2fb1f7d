"""Edges of pins, from their interrupts to the loop: what both chips' boards have in common, but for the chip.

An interrupt may take no heap: its ring is made once, and holds what comes while a connection is opened, for seconds.
"""

from array import array
from time import sleep_us, ticks_diff, ticks_ms, ticks_us  # type: ignore[attr-defined]  # MicroPython's

from machine import ADC, Pin  # type: ignore[import-not-found]  # MicroPython's

from vigie_node.waveform import STEPS

EDGES = 256
"""Kept between two rounds. Lower loses edges of a busy door while a connection is opened; higher costs RAM."""
SAMPLE_US = 430
"""Between two samples of an input: 46 of a period at 50 Hz. Lower fills RAM; higher misses the peaks of small
supplies."""


class Edges:
    """Of all pins that are watched.

    Attributes:
        lost: Edges that found the ring full.
    """

    def __init__(self) -> None:
        self.lost = 0
        self._ticks = array("L", [0] * EDGES)
        self._what = bytearray(EDGES)
        self._put = self._got = 0
        self._pins: "list[object]" = []
        self._last, self._now_ms = ticks_ms(), 0

    def now_ms(self) -> int:
        """Milliseconds since the start, that do not wrap."""
        ticks = ticks_ms()
        self._now_ms += ticks_diff(ticks, self._last)
        self._last = ticks
        return self._now_ms

    def watch(self, number: int, active_low: bool) -> bool:
        """Notice a pin from now on; whether it is active now."""
        pin = Pin(number, Pin.IN, Pin.PULL_UP if active_low else Pin.PULL_DOWN)

        def noticed(changed: Pin) -> None:
            put = self._put
            after = (put + 1) % EDGES
            if after == self._got:
                self.lost += 1
                return
            self._ticks[put] = ticks_ms()
            self._what[put] = number << 1 | (changed.value() ^ active_low)
            self._put = after

        pin.irq(noticed, Pin.IRQ_RISING | Pin.IRQ_FALLING)
        self._pins.append(pin)
        return bool(pin.value()) != active_low

    def drain(self) -> list[tuple[int, int, bool]]:
        """What happened since the last call: (milliseconds, pin, whether it became active)."""
        found = []
        now_ms = self.now_ms()
        while self._got != self._put:
            what = self._what[self._got]
            at_ms = now_ms - ticks_diff(self._last, self._ticks[self._got])
            found.append((at_ms, what >> 1, bool(what & 1)))
            self._got = (self._got + 1) % EDGES
        return found


def samples(adc: int, period_us: int, periods: int) -> list[int]:
    """Of an input, for whole periods, as ``waveform`` wants them."""
    source = ADC(Pin(adc))
    if hasattr(ADC, "ATTN_11DB"):
        source.atten(ADC.ATTN_11DB)  # an ESP32's input ends at 1.1 V otherwise
    found: list[int] = []
    start = ticks_us()
    while True:
        at_us = ticks_diff(ticks_us(), start)
        if at_us >= period_us * periods:
            return found
        found.append(at_us % period_us * STEPS + (source.read_u16() >> 4))
        sleep_us(max(0, SAMPLE_US - ticks_diff(ticks_us(), start) + at_us))
