"""Pins and an ADC bus that a simulated day drives: gpiozero's mock factory, told the day's time.

Made by ``installation`` before any driver opens a pin, driven by ``player`` on its thread, read by drivers on theirs.
What is wired to a pin is stronger than the pin's own pull, and an edge carries the time at which it happened in the
simulated day, so that a day at sixty times its speed gives drivers the same edges as one at its own.
"""

from __future__ import annotations

import errno
import math
import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from gpiozero.mixins import SharedMixin
from gpiozero.pins import SPI
from gpiozero.pins.mock import MockFactory, MockPin
from gpiozero.pins.pi import PiPin

ADC_FULL_SCALE = 1023
ADC_CONVERSION_S = 0.0057
"""Of the simulated bus. Lower would keep a processor busy with thirty outlets at sixty times the speed of a day;
higher leaves too few samples for a true RMS of the twenty mains periods that the sample nodes take."""
MAINS_HZ = 50


class SimulatedPin(MockPin):  # type: ignore[misc]  # gpiozero ships no types
    """An input with something wired to it."""

    def __init__(self, factory: SimulatedFactory, info: Any) -> None:
        super().__init__(factory, info)
        self._state = factory.levels.get(info.name, False)

    def _set_pull(self, value: str) -> None:
        self._pull = value

    def _get_state(self) -> bool:
        if self._factory.is_dead(self._info.name):
            # What lgpio's own error says when a GPIO expander no longer answers.
            raise OSError(errno.EIO, "Input/output error")
        return bool(self._state)

    def _change_state(self, value: bool) -> bool:
        """As the mock's, without its record of every change, which would grow for ever."""
        has_changed = self._state != value
        self._state = value
        return has_changed

    def _call_when_changed(self) -> None:
        PiPin._call_when_changed(self, self._factory.ticks(), self._state)  # noqa: SLF001 - the mock's own takes the machine's time

    def drive(self, *, is_high: bool) -> None:
        """What is wired to the pin changes."""
        if self._change_state(is_high) and not self._factory.is_dead(self._info.name):
            with self._when_changed_lock:
                if self._when_changed is not None:
                    self._call_when_changed()


class SimulatedFactory(MockFactory):  # type: ignore[misc]  # gpiozero ships no types
    """Pins of a Raspberry Pi 3B.

    Attributes:
        levels: By pin name (``GPIO17``), whether what is wired there is high; those that are absent are low.
    """

    def __init__(self, ticks: Callable[[], float], levels: Mapping[str, bool]) -> None:
        """Make it.

        Args:
            ticks: The simulated monotonic time, up to which everything that happens has been driven.
            levels: At the beginning.
        """
        super().__init__(pin_class=SimulatedPin)
        self.levels = dict(levels)
        self._ticks = ticks
        self._dead: frozenset[str] = frozenset()
        self._inputs: dict[tuple[str, int], Callable[[], float]] = {}
        self._lock = Lock()
        # The mock shares its pins with every factory of the process; an earlier simulation must leave none.
        self.reset()

    def ticks(self) -> float:
        """Seconds of the simulated day."""
        return self._ticks()

    def drive(self, name: str, *, is_high: bool) -> None:
        """Change the level at a pin, opened or not."""
        with self._lock:
            self.levels[name] = is_high
        pin = next((pin for info, pin in list(self.pins.items()) if info.name == name), None)
        if pin is not None:
            pin.drive(is_high=is_high)

    def kill(self, names: frozenset[str]) -> None:
        """From now on these pins, and no others, cannot be read."""
        self._dead = names

    def is_dead(self, name: str) -> bool:
        """Whether a pin cannot be read."""
        return name in self._dead

    def connect(self, select_pin: str, channel: int, amplitude: Callable[[], float]) -> None:
        """Wire an input of the ADC with that chip select: ``amplitude`` gives the current's RMS in ADC steps."""
        self._inputs[select_pin, channel] = amplitude

    def convert(self, select_pin: str, channel: int) -> int:
        """One conversion: half the scale and the mains' sine upon it."""
        amplitude = self._inputs.get((select_pin, channel))
        if amplitude is None:
            return ADC_FULL_SCALE // 2
        phase = time.monotonic() * MAINS_HZ % 1 * 2 * math.pi  # the mains has its frequency in real seconds
        step = ADC_FULL_SCALE / 2 + amplitude() * math.sqrt(2) * math.sin(phase)
        return min(ADC_FULL_SCALE, max(0, round(step)))

    def _get_spi_class(self, shared: bool, hardware: bool) -> type[Any]:
        del shared, hardware
        return SimulatedSpi


class SimulatedSpi(SharedMixin, SPI):  # type: ignore[misc]  # gpiozero ships no types
    """The hardware bus with an MCP3008 at one chip select; its eight channels share it."""

    @classmethod
    def _shared_key(cls, **wires: Any) -> Any:
        return (wires["clock_pin"], wires["select_pin"])

    def __init__(self, **wires: Any) -> None:
        super().__init__(pin_factory=wires["pin_factory"])
        self._select_pin: str = wires["select_pin"]
        self._is_closed = False

    def transfer(self, data: list[int]) -> list[int]:
        """Answer as the chip does: start bit, mode and channel in, ten bits out (MCP3004/3008 data sheet, §6.1)."""
        request = int.from_bytes(bytes(data), "big")
        channel = request >> 12 & 0b111
        step = self.pin_factory.convert(self._select_pin, channel)
        time.sleep(ADC_CONVERSION_S)
        return list(step.to_bytes(len(data), "big"))

    def close(self) -> None:
        """Let go of the bus."""
        self._is_closed = True
        super().close()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._is_closed

    def _get_clock_mode(self) -> int:
        return 0

    def _set_clock_mode(self, value: int) -> None:
        del value

    def _get_lsb_first(self) -> bool:
        return False

    def _get_bits_per_word(self) -> int:
        return 8
