"""The edge to gpiozero: pins and the ADC as plain values, its errors as one DriverError.

Drivers open lines here on the thread that the daemon opens sensors on, and drain them on their sensor's thread.
gpiozero calls back on a thread of its own, which only appends to a queue: hold times, debouncing and directions are
decided elsewhere, in pure code. gpiozero is imported when the first line is opened, so that a daemon which measures
Wi-Fi alone needs neither it nor a Pi. Tests and a simulated day replace ``Device.pin_factory``, nothing above it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock
from typing import Any, NamedTuple

from vigie_sensors.driver import DriverError

MAX_EDGES = 20_000
"""Kept between two samples. Lower would refuse a fast meter on a long period; higher lets a floating pin, which hums
at the mains frequency or far above, take memory before somebody is told."""
MAX_TICK_AGE_S = 1.0
"""An edge's own time is believed when it is at most so old. Lower would restamp what a busy machine delivers late;
higher would believe times of another clock than ``ticks()`` (kernels before 5.7 stamp edges with the wall clock)."""

_OPENING = Lock()
"""gpiozero's sharing of devices and Python's capture of warnings are not made for several threads."""


class Edge(NamedTuple):
    """A line that changed, or what it was when it was opened.

    Attributes:
        at_s: Seconds on the lines' own clock (``Lines.now_s``), of the edge itself and not of its delivery.
        line: The line's name.
        active: What it changed to.
    """

    at_s: float
    line: str
    active: bool


class Lines:
    """Some input pins, read as one stream of edges in the order of their times.

    Attributes:
        arrived: Set at every edge, for who waits for one.
    """

    def __init__(self, pins: Mapping[str, int], active_high: bool) -> None:
        """Open the pins, pulled towards inactive by the resistor inside the Pi.

        Args:
            pins: BCM number by line name.
            active_high: True when 3.3 V means active, False when ground does.

        Raises:
            DriverError: A pin is absent or in use; none is then left open.
        """
        self.arrived = Event()
        self._edges: deque[Edge] = deque(maxlen=MAX_EDGES)
        self._lines: dict[str, _Line] = {}
        self._active: dict[str, bool] = {}
        try:
            for name, pin in pins.items():
                self._open(name, pin, active_high)
        except DriverError:
            self.close()
            raise

    def _open(self, name: str, pin: int, active_high: bool) -> None:
        with opening(f"GPIO{pin}"):
            import gpiozero

            device = gpiozero.InputDevice(pin, pull_up=not active_high)
            if not self._lines:
                self._factory = device.pin_factory
                self._origin = self._factory.ticks()
            line = self._lines[name] = _Line(self, name, device, active_high)
            line.listen()
            self._edges.append(Edge(self.now_s(), name, line.is_active()))

    def now_s(self) -> float:
        """Seconds since the first line was opened."""
        return float(self._factory.ticks_diff(self._factory.ticks(), self._origin))

    def hear(self, name: str, ticks: Any, active: bool) -> None:
        """Take an edge, on gpiozero's thread."""
        now_s = self.now_s()
        at_s = float(self._factory.ticks_diff(ticks, self._origin))
        self._edges.append(Edge(at_s if 0 <= now_s - at_s <= MAX_TICK_AGE_S else now_s, name, active))
        self.arrived.set()

    def take(self) -> list[Edge]:
        """The edges heard since the last call, oldest first, exactly as they came.

        Raises:
            DriverError: There were more than MAX_EDGES of them.
        """
        edges = []
        with suppress(IndexError):
            while True:
                edges.append(self._edges.popleft())
        if len(edges) >= MAX_EDGES:
            raise DriverError(
                f"{self._names()}: more than {MAX_EDGES} edges, is a wire loose or a pin floating?", "failed"
            )
        return sorted(edges, key=lambda edge: edge.at_s)

    def drain(self) -> list[Edge]:
        """The changes since the last call, oldest first; of each line, the first is what it was at opening.

        An edge that the kernel or the network of wires lost is made up for: a line that stands elsewhere than its
        last edge left it changes now.

        Raises:
            DriverError: The pins can no longer be read, or one of them floats.
        """
        heard = self.take()
        levels = {name: line.is_active() for name, line in self._lines.items()}
        now_s = self.now_s()
        changes = []
        for edge in [*heard, *(Edge(now_s, name, active) for name, active in levels.items())]:
            if self._active.get(edge.line) is not edge.active:
                self._active[edge.line] = edge.active
                changes.append(edge)
        return changes

    def close(self) -> None:
        """Give the pins back, so that they can be opened again."""
        for line in self._lines.values():
            line.close()
        self._lines.clear()

    def _names(self) -> str:
        return ", ".join(str(line) for line in self._lines.values())


class _Line:
    """One input pin. gpiozero keeps only a weak reference to its callback: this object is what keeps it alive."""

    def __init__(self, lines: Lines, name: str, device: Any, active_high: bool) -> None:
        self._lines = lines
        self._name = name
        self._device = device
        self._active_high = active_high

    def __str__(self) -> str:
        return str(self._device.pin)

    def listen(self) -> None:
        # The pin's own callback brings the time of the edge, which when_activated does not. Bounces are left in:
        # lgpio's debouncing compares two different clocks (github.com/joan2937/lg/issues/19).
        self._device.pin.bounce = None
        self._device.pin.edges = "both"
        self._device.pin.when_changed = self._changed

    def _changed(self, ticks: Any, state: Any) -> None:
        self._lines.hear(self._name, ticks, bool(state) is self._active_high)

    def is_active(self) -> bool:
        with reading(str(self)):
            return bool(self._device.pin.state) is self._active_high

    def close(self) -> None:
        # A pin whose chip has gone cannot be given back, and needs not be.
        with suppress(Exception):
            self._device.pin.when_changed = None
        with suppress(Exception):
            self._device.close()


class Output:
    """One pin that is driven, inactive at first."""

    def __init__(self, pin: int, *, active_high: bool = True) -> None:
        """Open it: active is 3.3 V, or ground; raises DriverError."""
        with opening(f"GPIO{pin}"):
            import gpiozero

            self._device: Any = gpiozero.OutputDevice(pin, active_high=active_high)

    def set(self, active: bool) -> None:
        """Drive it; raises DriverError."""
        with reading(str(self._device.pin)):
            self._device.value = active

    def close(self) -> None:
        """Make it inactive, and give the pin back."""
        with suppress(Exception):
            self._device.off()  # a pin that is given back may stay as it was
        with suppress(Exception):
            self._device.close()


class Adc:
    """One channel of an MCP3008 on the SPI bus; channels of one chip share it."""

    full_scale = 1023
    """``read`` gives 0 to this, for 0 V to the reference voltage (10 bits)."""

    def __init__(self, channel: int, clock_pin: int, mosi_pin: int, miso_pin: int, select_pin: int) -> None:
        """Open it.

        Args:
            channel: 0 to 7.
            clock_pin: BCM number; 11 with 10, 9 and 8 or 7 is the hardware bus, anything else is done in software.
            mosi_pin: To the chip's DIN.
            miso_pin: From the chip's DOUT.
            select_pin: To the chip's CS.

        Raises:
            DriverError: A pin is absent or in use, or SPI is off.
        """
        self._what = f"MCP3008 channel {channel} (CS on GPIO{select_pin})"
        with opening(self._what) as told:
            import gpiozero

            self._device: Any = gpiozero.MCP3008(
                channel=channel, clock_pin=clock_pin, mosi_pin=mosi_pin, miso_pin=miso_pin, select_pin=select_pin
            )
        if any(issubclass(warning.category, gpiozero.SPISoftwareFallback) for warning in told):
            # gpiozero goes on in software, at a speed that cannot follow the mains.
            self.close()
            raise DriverError(f"{self._what}: {_NO_SPI}")

    def read(self) -> int:
        """One conversion, 0 to ``full_scale``; raises DriverError."""
        with reading(self._what):
            return int(self._device.raw_value)

    def close(self) -> None:
        """Give the bus back, once for each channel opened."""
        with _OPENING, suppress(Exception):
            self._device.close()


@contextmanager
def opening(what: str) -> Iterator[list[warnings.WarningMessage]]:
    """Run the opening of a device, alone; gpiozero's warnings go into the list and its errors into a DriverError."""
    with _OPENING, warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        _keep_lgpio_out_of_the_current_folder()
        try:
            yield told
        except DriverError:
            raise
        # gpiozero, lgpio, RPi.GPIO and spidev each raise kinds of their own, and lgpio's is a bare Exception.
        except Exception as error:
            raise _open_error(what, error, [str(warning.message) for warning in told]) from error


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn whatever a pin library raises while a device is used into a DriverError."""
    try:
        yield
    except Exception as error:
        raise DriverError(f"{what}: {_first_line(error)}", "failed") from error


def _keep_lgpio_out_of_the_current_folder() -> None:
    """FIFOs of lgpio go into the current folder, which may be read-only or another process's, unless told where."""
    if "LG_WD" not in os.environ:
        directory = os.environ["LG_WD"] = tempfile.mkdtemp(prefix="vigie-lgpio-")
        atexit.register(shutil.rmtree, directory, ignore_errors=True)


_IN_USE = "in use by another program (see `gpioinfo`, package gpiod)"
_NO_SPI = "hardware SPI is off: type `sudo raspi-config nonint do_spi 0` and install python3-spidev"
_NO_CHIP = "may not open /dev/gpiochip*, add the user to the group gpio"
_CAUSES = (
    ("GPIOPinInUse", "in use by another sensor of this daemon, give each its own pins", "busy"),
    ("PinInvalidPin", "this board has no such pin, give the BCM number (GPIO2 to GPIO27)", "absent"),
    ("PinFixedPull", "has a pull-up soldered to it, take a pin other than GPIO2 and GPIO3", "absent"),
    ("GPIO busy", _IN_USE, "busy"),
    ("Device or resource busy", _IN_USE, "busy"),
    ("failed to initialize hardware SPI", _NO_SPI, "absent"),
    ("No module named 'gpiozero'", "gpiozero is missing, install python3-gpiozero and python3-lgpio", "absent"),
    ("No module named 'lgpio'", "no access to pins: install python3-lgpio, on a Raspberry Pi", "absent"),
    ("can not open gpiochip", _NO_CHIP, "absent"),
    ("Permission denied", _NO_CHIP, "absent"),
    ("Pi revision", "this machine is no Raspberry Pi, it has no pins that gpiozero knows", "absent"),
)
"""What an error's kind, message or warnings hold; what that means to a person; the reason. The first that fits."""


def _open_error(what: str, error: Exception, told: list[str]) -> DriverError:
    said = " ".join([type(error).__name__, str(error), *told])
    for mark, meaning, reason in _CAUSES:
        if mark in said:
            return DriverError(f"{what}: {meaning}", reason)
    return DriverError(f"{what}: {_first_line(error)} (is python3-lgpio installed?)")


def _first_line(error: Exception) -> str:
    return f"{(str(error) or type(error).__name__).splitlines()[0]:.160}"
